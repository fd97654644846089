"""What is said beside a CRS grade of any of the scales; none of it moves a grade."""

from __future__ import annotations

import numpy as np

from monitoring.grading import fever, oxygen, pressure, vasopressors
from monitoring.grading.engine import Remark, Sweep
from monitoring.timeline import Truths
from monitoring.vocabulary import Flag

AXES = (
    fever.FEVER_ELSEWHERE,
    pressure.PRESSURE_ELSEWHERE,
    pressure.AGE,
    oxygen.OXYGEN_ELSEWHERE,
    vasopressors.INOTROPE,
    pressure.BELOW_AGE,
    pressure.BELOW_BASELINE,
    oxygen.OTHER_OXYGEN,
)


def attributed_elsewhere(sweep: Sweep) -> Truths:
    """Where a sign belongs to another cause."""
    return sweep.yes("fever_elsewhere") | sweep.yes("hypotension_elsewhere") | sweep.yes("hypoxia_elsewhere")


def always(sweep: Sweep) -> Truths:
    """Everywhere."""
    return np.ones(sweep.at.size, bool)


SIGNS = (
    Remark(Flag.ATTRIBUTED_ELSEWHERE, attributed_elsewhere),
    Remark(Flag.INOTROPE_NOT_COUNTED, lambda sweep: sweep.yes("inotrope")),
    Remark(Flag.OXYGEN_NOT_FOR_HYPOXIA, lambda sweep: sweep.yes("oxygen_for_another_reason")),
    Remark(
        Flag.HYPOTENSION_BELOW_AGE_THRESHOLD, lambda sweep: sweep.yes("blood_pressure") & sweep.yes("below_age_limit")
    ),
    Remark(
        Flag.HYPOTENSION_RELATIVE_TO_BASELINE,
        lambda sweep: sweep.yes("blood_pressure") & sweep.yes("below_baseline_pressure"),
    ),
)
UNVERIFIED = Remark(Flag.UNVERIFIED_RULE, always)
"""On every scale with a rule that clinical.md marks recalled and not re-read (D42)."""
