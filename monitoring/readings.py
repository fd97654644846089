"""What one fact says of a concept, in the numbers and words that grading holds over time; None = nothing."""

from __future__ import annotations

from typing import Any

from monitoring.at_once import LOWER_IS_WORSE, support
from monitoring.cognition import capd_range, ice_range
from monitoring.evidence import ConsciousnessState, OxygenState, SeizureState
from monitoring.records import Fact, NeuroAssessment, Observation, OxygenSupport, SymptomReport
from monitoring.vocabulary import AbsentReason, Consciousness, Icp, Motor, NeuroTool, Seizure

_FINDINGS = {"consciousness": Consciousness, "seizure": Seizure, "motor": Motor, "icp": Icp}
_YES = frozenset({"true", "yes", "1"})


def observed(fact: Fact) -> tuple[float, float] | None:
    """A measured value."""
    value = fact.value if isinstance(fact, Observation) else None
    return None if value is None else (value, value)


def said(fact: Fact) -> tuple[float, float] | None:
    """A word that is yes or no, as 1 or 0."""
    if not isinstance(fact, Observation) or fact.code is None:
        return None
    said = float(fact.code.casefold() in _YES)
    return said, said


def severity(fact: Fact) -> tuple[float, float] | None:
    """How severe somebody reported a symptom to be."""
    return (float(fact.severity), float(fact.severity)) if isinstance(fact, SymptomReport) else None


def cognitive_score(fact: Fact) -> tuple[float, float] | None:
    """ICE or CAPD: the range the items done leave open, or a score charted as a number."""
    if not isinstance(fact, NeuroAssessment):
        return observed(fact)
    if fact.tool is NeuroTool.ICE:
        return ice_range(fact.total, {k: int(v) for k, v in (fact.items or {}).items()})
    return capd_range(fact.total, {k: str(v) for k, v in (fact.items or {}).items()})


def unable(fact: Fact) -> tuple[float, float] | None:
    """1 where a CAPD could not be done because the child was unable, 0 where another word was said of it."""
    if not isinstance(fact, NeuroAssessment) or fact.tool is not NeuroTool.CAPD:
        return None
    unable = float((fact.absent or {}).get("capd") is AbsentReason.UNABLE)
    return unable, unable


def consciousness(fact: Fact) -> ConsciousnessState | None:
    """How the patient wakes."""
    if not isinstance(fact, NeuroAssessment) or fact.consciousness is None:
        return None
    return ConsciousnessState(fact.consciousness, drug_cause=bool(fact.consciousness_cause))


def seizure(fact: Fact) -> SeizureState | None:
    """A seizure finding with its minutes."""
    return SeizureState(fact.seizure, fact.seizure_minutes) if isinstance(fact, NeuroAssessment) else None


def rank(concept: str, fact: Fact) -> Any:  # noqa: ANN401 - whatever orders the facts of one concept
    """What orders the facts of one concept and minute, the worst highest; None where a fact says nothing of it."""
    if isinstance(fact, OxygenSupport):
        return support(OxygenState(fact.device, fact.flow_l_min, fact.fio2, fact.reason))
    if concept in _FINDINGS:
        found = getattr(fact, concept, None)
        return None if found is None else list(_FINDINGS[concept]).index(found)
    if not isinstance(fact, Observation | SymptomReport | NeuroAssessment):
        return None
    read = severity(fact) or said(fact) or cognitive_score(fact)
    if read is None:
        return None
    return -read[0] if concept in LOWER_IS_WORSE else read[1]
