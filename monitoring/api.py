"""HTTP beside the screens: whether the application is up, and what happens when it starts."""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Route

import monitoring.charts
import monitoring.rounds  # noqa: F401  warm imports, so that the first visitor does not wait for them
from monitoring.settings import read_settings
from monitoring.store import StoreUnavailable, open_store


async def healthz(_: Request) -> JSONResponse:
    """`{"status": "ok"}`; 503 with the reason where the store does not answer."""
    try:
        open_store(read_settings().database_url)
    except StoreUnavailable as silent:
        return JSONResponse({"status": "store unavailable", "reason": str(silent)}, status_code=503)
    return JSONResponse({"status": "ok"})


@asynccontextmanager
async def lifespan(_: object) -> AsyncIterator[None]:
    """Freezes what the imports made: Streamlit collects garbage after every run, and need not walk it each time."""
    gc.collect()
    gc.freeze()
    yield


ROUTES: list[BaseRoute] = [Route("/healthz", healthz)]
