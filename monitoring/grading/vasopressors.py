"""How many vasopressors run, and for how long, as the older scales read it: vasopressin is one of them.

Only ASTCT says that vasopressin is not counted beside another drug; the older tables say "pressor" (clinical.md e).
Inotropes are not vasopressors (D17).
"""

from __future__ import annotations

import numpy as np

from monitoring.evidence import Evidence, VasopressorState
from monitoring.grading.attribution import elsewhere, unless_elsewhere
from monitoring.grading.duration import sustained
from monitoring.grading.engine import Axis
from monitoring.timeline import Steps, combine, hours
from monitoring.vocabulary import Sign, Syndrome

ONE, SEVERAL = 1.0, 2.0
A_DAY_HOURS = 24.0


def unless_other_cause(evidence: Evidence, steps: Steps) -> Steps:
    """The axis, and 0 where the low pressure is attributed to another cause."""
    return unless_elsewhere(steps, elsewhere(evidence, Sign.HYPOTENSION, Syndrome.CRS), 0.0)


def agents(evidence: Evidence) -> Steps:
    """Number of vasopressors running, vasopressin included."""
    counted = evidence.numbers.get("vasopressor_agents") or combine(
        lambda others, vasopressin: (others[0] + vasopressin[0], others[1] + vasopressin[1]),
        evidence.number("vasopressors"),
        evidence.number("vasopressin"),
    )
    return unless_other_cause(evidence, Steps(counted.at, np.maximum(counted.lo, 0), counted.hi))


def _a_day(state: object | None) -> tuple[float, float]:
    if not isinstance(state, VasopressorState):
        return 0.0, 1.0
    certain = any(drug.hours is not None and drug.hours >= A_DAY_HOURS for drug in state.running)
    possible = any(drug.hours is None or drug.hours >= A_DAY_HOURS for drug in state.running)
    return float(certain), float(possible)


def for_a_day(evidence: Evidence) -> Steps:
    """1 where a vasopressor has been running for 24 hours or more without a break."""
    if not evidence.over_time:
        return unless_other_cause(evidence, evidence.label("vasopressor_doses").map(_a_day))
    running = combine(lambda count: ((count[0] >= 1).astype(float), (count[1] >= 1).astype(float)), agents(evidence))
    return sustained(running, hours(A_DAY_HOURS))


AGENTS = Axis("vasopressors", agents, ("vasopressors",))
FOR_A_DAY = Axis("vasopressor_hours", for_a_day, ("vasopressors",), inputs=("vasopressors",))
INOTROPE = Axis("inotrope", lambda evidence: evidence.number("inotrope"))
