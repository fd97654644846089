"""The bedside examination as every neurological scale reads it: wakefulness, seizures, and what hides them.

D10 sedation and drugs as the cause, D12 a seizure of exactly five minutes. Sedated or paralysed, or unarousable
from a drug, nobody can be graded by any of them.
"""

from __future__ import annotations

from monitoring.evidence import ConsciousnessState, Evidence, SeizureState
from monitoring.grading.attribution import elsewhere, unless_elsewhere
from monitoring.grading.engine import Axis
from monitoring.timeline import Steps
from monitoring.vocabulary import Consciousness, Seizure, Sign, Syndrome

PROLONGED_MINUTES = 5.0
TO_VOICE, TO_TOUCH, NOT_TO_TOUCH = 1.0, 2.0, 3.0
BRIEF, PROLONGED = 1.0, 2.0

_WAKES = {
    Consciousness.AWAKE: 0.0,
    Consciousness.AWAKENS_TO_VOICE: TO_VOICE,
    Consciousness.AWAKENS_TO_TOUCH: TO_TOUCH,
    Consciousness.NEEDS_VIGOROUS_STIMULUS: NOT_TO_TOUCH,
    Consciousness.UNAROUSABLE: NOT_TO_TOUCH,
}
_SEIZURE = {
    Seizure.NONE: 0.0,
    Seizure.BRIEF_RESOLVED: BRIEF,
    Seizure.EEG_NONCONVULSIVE_RESOLVED: BRIEF,
    Seizure.PROLONGED_OVER_5MIN: PROLONGED,
    Seizure.REPETITIVE_NO_RECOVERY: PROLONGED,
}


def seizure_rung(state: object | None) -> tuple[float, float]:
    """0 none, 1 brief and resolved, 2 prolonged or repetitive; minutes, where given, decide about "prolonged"."""
    if not isinstance(state, SeizureState):
        return 0.0, PROLONGED
    long = state.minutes is not None and state.minutes > PROLONGED_MINUTES
    if state.seizure is None:
        return (PROLONGED if long else BRIEF), PROLONGED
    rung = PROLONGED if long and state.seizure is not Seizure.NONE else _SEIZURE[state.seizure]
    if state.seizure is Seizure.PROLONGED_OVER_5MIN and state.minutes is not None and not long:
        rung = BRIEF
    return rung, rung


def _wakes(state: object | None) -> tuple[float, float]:
    if not isinstance(state, ConsciousnessState):
        return 0.0, NOT_TO_TOUCH
    rung = 0.0 if state.drug_cause else _WAKES[state.consciousness]
    return rung, rung


def _drug_cause(state: object | None) -> tuple[float, float]:
    if not isinstance(state, ConsciousnessState) or not state.drug_cause:
        return 0.0, 0.0
    return (_WAKES[state.consciousness],) * 2


def consciousness(evidence: Evidence) -> Steps:
    """How the patient wakes, where it is neither a drug nor attributed to another cause."""
    steps = evidence.label("consciousness").map(_wakes)
    return unless_elsewhere(steps, elsewhere(evidence, Sign.CONSCIOUSNESS, Syndrome.ICANS), 0.0)


CONSCIOUSNESS = Axis("consciousness", consciousness, ("consciousness",))
SEIZURE = Axis("seizure", lambda evidence: evidence.label("seizure").map(seizure_rung), ("seizure",))
DRUG_CAUSE = Axis("drug_cause", lambda evidence: evidence.label("consciousness").map(_drug_cause))
SEDATED = Axis("sedated", lambda evidence: evidence.stated("sedated"))
CONSCIOUSNESS_ELSEWHERE = Axis(
    "consciousness_elsewhere", lambda evidence: elsewhere(evidence, Sign.CONSCIOUSNESS, Syndrome.ICANS)
)
