"""FHIR resources as a test writes them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from monitoring.records import RowRead

RECEIVED = datetime(2026, 3, 20, tzinfo=UTC)
ReadFhir = Callable[..., list[RowRead]]


def temperature(value: object = 38.5, **more: Any) -> dict[str, Any]:
    """A temperature of patient P1, 1 March 2026 at 08:00 in UTC+1."""
    return {
        "resourceType": "Observation",
        "id": "t1",
        "status": "final",
        "code": coded("8310-5"),
        "subject": {"reference": "Patient/P1"},
        "effectiveDateTime": "2026-03-01T08:00:00+01:00",
        "valueQuantity": {"value": value, "unit": "C", "system": "http://unitsofmeasure.org", "code": "Cel"},
    } | more


def coded(*codes: str, system: str = "http://loinc.org", display: str | None = None) -> dict[str, Any]:
    """A CodeableConcept of codes of one system."""
    words = {"display": display} if display else {}
    return {"coding": [{"system": system, "code": code, **words} for code in codes]}


def quantity(value: float, code: str) -> dict[str, Any]:
    """A UCUM quantity."""
    return {"value": value, "unit": code, "system": "http://unitsofmeasure.org", "code": code}


def bundle(*resources: dict[str, Any], kind: str = "collection") -> dict[str, Any]:
    """A Bundle of resources."""
    return {"resourceType": "Bundle", "type": kind, "entry": [{"resource": one} for one in resources]}
