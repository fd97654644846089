"""Late ICAHT grade, after day 30. Rejeski K et al., Blood 2023;142:865-877, doi:10.1182/blood.2023020578.

Thresholds read in a secondary source (clinical.md f.2). A count must not be transient: two days count, so the grade is
that of the second-lowest day after day 30 (D56). No value after day 30 is unknown and never grade 0; a single one
is at most its own grade; seven days after the last value a lower one may have been missed.
"""

from __future__ import annotations

from math import inf

import numpy as np

from monitoring.evidence import Evidence
from monitoring.grading.engine import Axis, Criterion, GradingSystem, Remark
from monitoring.grading.neutrophils import LONGEST_GAP_DAYS, lowest_by_day
from monitoring.timeline import BEGINNING_OF_TIME, Steps, hours
from monitoring.vocabulary import Flag, Syndrome

FROM_DAY = 31
NEEDS_COURSE = "ICAHT needs two neutrophil values after day 30; a picture of one moment has none"
_DAY = hours(24)


def _second_lowest(evidence: Evidence) -> Steps:
    """The second-lowest daily count after day 30, cells/uL; infinite before day 31, where nothing is late."""
    if evidence.day_zero is None:
        return Steps.constant(0, inf)
    begins = evidence.day_zero + FROM_DAY * _DAY
    labs = [lab for lab in evidence.daily.get("anc", ()) if lab[0] >= FROM_DAY]
    grid = sorted({begins} | {edge for *_, at in labs for edge in (at, at + LONGEST_GAP_DAYS * _DAY)})
    bounds = [(inf, inf)]
    for at in grid:
        known = [lab for lab in labs if lab[2] <= at]
        lowest = sorted(lowest_by_day(known).values())
        stale = not known or at - max(lab[2] for lab in known) >= LONGEST_GAP_DAYS * _DAY
        high = lowest[1] if len(lowest) > 1 else inf
        low = 0.0 if stale else lowest[min(1, len(lowest) - 1)]
        bounds.append((low, high))
    table = np.array(bounds, dtype=float)
    return Steps(np.array([BEGINNING_OF_TIME, *grid], np.int64), table[:, 0], table[:, 1]).compact()


ANC = Axis("anc", _second_lowest, ("anc",))
ONE_MOMENT = Axis("one_moment", lambda evidence: Steps.constant(float(not evidence.over_time)))


def _row(grade: int, cut: float) -> Criterion:
    wording = f"ANC ≤{cut:.0f}/µL after day 30, not transient"
    return Criterion(
        grade, f"anc_{cut:.0f}", wording, f"ICAHT table, late, grade {grade}", ANC, at_or_below=cut, decision="D56"
    )


SYSTEM = GradingSystem(
    id="icaht-late-2023",
    revision=1,
    syndrome=Syndrome.ICAHT,
    title="Late ICAHT, EHA/EBMT 2023",
    reference="Rejeski K et al. Blood 2023;142:865-877, doi:10.1182/blood.2023020578",
    criteria=(_row(1, 1500.0), _row(2, 1000.0), _row(3, 500.0), _row(4, 100.0)),
    also=(ONE_MOMENT,),
    remarks=(Remark(Flag.ASSESSMENT_NOT_DONE, lambda sweep: sweep.yes("one_moment"), blocks=True),),
    needs_course=NEEDS_COURSE,
)
