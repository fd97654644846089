"""A value or its absence as the record its concept is kept as."""

from __future__ import annotations

from typing import Any

from monitoring.concepts import Concept
from monitoring.ingest.hl7v2.values import NoValue
from monitoring.records import NeuroAssessment, Observation, OxygenSupport
from monitoring.vocabulary import AbsentReason, NeuroTool, OxygenDevice

BedsideFact = Observation | OxygenSupport | NeuroAssessment
_TOOLS = {"ice": NeuroTool.ICE, "capd": NeuroTool.CAPD}
_DOMAINS = frozenset({"consciousness", "seizure", "motor", "icp"})


def fact_of(
    concept: Concept, said: dict[str, Any], value: float | str | NoValue, method: str | None
) -> BedsideFact | None:
    """The fact; None for half a point of a score. `said` is what every record carries."""
    if isinstance(value, NoValue):
        return _absent(concept, said, value, method)
    if isinstance(value, str):
        return _in_words(concept, said, value, method)
    if concept.id in _TOOLS:
        return NeuroAssessment(**said, tool=_TOOLS[concept.id], total=int(value)) if value == int(value) else None
    return Observation(**said, concept=concept.id, value=value, unit=concept.unit, method=method)


def _in_words(concept: Concept, said: dict[str, Any], value: str, method: str | None) -> BedsideFact:
    if concept.id == "oxygen_support":
        return OxygenSupport(**said, device=OxygenDevice(value))
    if concept.id in _DOMAINS:
        return NeuroAssessment(**{**said, concept.id: value})
    return Observation(**said, concept=concept.id, code=value, method=method)


def _absent(concept: Concept, said: dict[str, Any], value: NoValue, method: str | None) -> BedsideFact:
    """Asked for and not there. What a device sent in place of a value says that it tried."""
    reason = AbsentReason.UNABLE if value.why else AbsentReason.NOT_TAKEN
    if concept.id == "oxygen_support":
        return OxygenSupport(**said)
    if concept.id in _TOOLS:
        return NeuroAssessment(**said, tool=_TOOLS[concept.id], absent={concept.id: reason})
    if concept.id in _DOMAINS:
        return NeuroAssessment(**said, absent={concept.id: reason})
    how = ", ".join(filter(None, (method, value.why))) or None
    return Observation(**said, concept=concept.id, absent_reason=reason, method=how)
