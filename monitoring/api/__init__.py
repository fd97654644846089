"""HTTP beside the screens: the gate in front of everything, signing in, health, and what happens at the start."""

from __future__ import annotations

from starlette.routing import BaseRoute, Route

from monitoring.api.board import board
from monitoring.api.fault import fault_of_ours
from monitoring.api.gate import Gate
from monitoring.api.health import healthz
from monitoring.api.intake import post_fhir, post_observations, post_only
from monitoring.api.metrics import prometheus
from monitoring.api.openapi import described
from monitoring.api.sign_in import (
    set_password,
    set_password_page,
    sign_in,
    sign_in_page,
    sign_out,
    sign_out_page,
    still_in,
)
from monitoring.api.single_sign_on import begin, finish
from monitoring.api.start import lifespan
from monitoring.api.timing import Timed

__all__ = ["ROUTES", "Gate", "Timed", "fault_of_ours", "lifespan"]

ROUTES: list[BaseRoute] = [
    Route("/healthz", healthz),
    Route("/metrics", prometheus),
    Route("/api/openapi.json", described),
    Route("/api/board", board),
    Route("/api/fhir", post_fhir, methods=["POST"]),
    Route("/api/fhir", post_only),
    Route("/api/observations", post_observations, methods=["POST"]),
    Route("/api/observations", post_only),
    Route("/auth/session", still_in),
    Route("/auth/sign-in", sign_in_page),
    Route("/auth/sign-in", sign_in, methods=["POST"]),
    Route("/auth/sign-out", sign_out_page),
    Route("/auth/sign-out", sign_out, methods=["POST"]),
    Route("/auth/set-password", set_password_page),
    Route("/auth/set-password", set_password, methods=["POST"]),
    Route("/auth/single-sign-on", begin),
    Route("/auth/single-sign-on/return", finish),
]
"""Every route of ours. Each has its row in `monitoring.access.ROUTES`, or the gate keeps it shut."""
