"""Early ICAHT grade, day 0 to 30. Rejeski K et al., Blood 2023;142:865-877, doi:10.1182/blood.2023020578.

Thresholds read in a secondary source (clinical.md f.2). Graded from a course: the number of low days so far, so that
the grade never falls; day by day in the ward's calendar from the first infusion. "Never above 500" is counted when
the count has been low from day 0-3 to the last value and day 30 is over, or no value has come for eight days;
until then it is possible and not certain (D55). Nothing of fever, platelets or growth factors is asked.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from monitoring.evidence import Evidence
from monitoring.grading.engine import Axis, Criterion, GradingSystem, Remark
from monitoring.grading.neutrophils import LONGEST_GAP_DAYS, Reading, filled, longest, lowest_by_day, runs
from monitoring.timeline import BEGINNING_OF_TIME, Steps, hours
from monitoring.vocabulary import Flag, Syndrome

LAST_DAY = 30
STARTS_BY_DAY = 3
SILENT_DAYS = LONGEST_GAP_DAYS + 1
LOW, VERY_LOW = 500.0, 100.0
NEEDS_COURSE = "ICAHT counts days in a series of neutrophil values; a picture of one moment has none"
_DAY = hours(24)

Bounds = tuple[float, float]
SoFar = Callable[[list[Reading], int, bool], Bounds]


def _over_days(evidence: Evidence, so_far: SoFar, most: float) -> Steps:
    """`so_far(values known by then, last day to count, whether the series is closed)` from day 0 on."""
    if evidence.day_zero is None:
        return Steps.constant(0, most)
    start = evidence.day_zero
    labs = [lab for lab in evidence.daily.get("anc", ()) if lab[0] <= LAST_DAY + 1 + LONGEST_GAP_DAYS]
    turns = {start + day * _DAY for day in range(LAST_DAY + 2)} | {lab[2] for lab in labs if lab[2] > start}
    turns |= {lab[2] + SILENT_DAYS * _DAY for lab in labs}
    grid = sorted(turn for turn in turns if turn >= start)
    bounds = [(0.0, 0.0)]
    for at in grid:
        known = [lab for lab in labs if lab[2] <= at]
        today = (at - start) // _DAY
        last = max((lab[0] for lab in known), default=None)
        until = today if last is None else max(last, today - 1)
        silent = bool(known) and at - max(lab[2] for lab in known) >= SILENT_DAYS * _DAY
        bounds.append(so_far(known, min(until, LAST_DAY), today > LAST_DAY or silent))
    table = np.array(bounds, dtype=float)
    return Steps(np.array([BEGINNING_OF_TIME, *grid], np.int64), table[:, 0], table[:, 1]).compact()


def _longest_run(at_most: float) -> Callable[[Evidence], Steps]:
    def so_far(known: list[Reading], until: int, _closed: bool) -> Bounds:
        days = filled(lowest_by_day(known))
        certain = longest(runs(days, until, at_most, unknown_is_low=False))
        return float(certain), float(longest(runs(days, until, at_most, unknown_is_low=True)))

    return lambda evidence: _over_days(evidence, so_far, LAST_DAY + 1)


def _never_above(evidence: Evidence) -> Steps:
    def so_far(known: list[Reading], until: int, closed: bool) -> Bounds:
        days = filled(lowest_by_day(known))
        last = min(max((lab[0] for lab in known), default=until), LAST_DAY)
        certain, possible = (
            any(
                run.first <= STARTS_BY_DAY and run.last >= last
                for run in runs(days, until, LOW, unknown_is_low=unknown_is_low)
            )
            for unknown_is_low in (False, True)
        )
        return float(certain and closed), float(possible)

    return _over_days(evidence, so_far, 1)


def _axis(name: str, read: Callable[[Evidence], Steps]) -> Axis:
    return Axis(name, read, ("anc",), inputs=("anc",))


DAYS_LOW = _axis("days_anc_500", _longest_run(LOW))
DAYS_VERY_LOW = _axis("days_anc_100", _longest_run(VERY_LOW))
NEVER_ABOVE = _axis("anc_never_above_500", _never_above)
ONE_MOMENT = Axis("one_moment", lambda evidence: Steps.constant(float(not evidence.over_time)))


def _row(grade: int, key: str, wording: str, axis: Axis, days: float) -> Criterion:
    return Criterion(grade, key, wording, f"ICAHT table, early, grade {grade}", axis, days, decision="D55")


SYSTEM = GradingSystem(
    id="icaht-early-2023",
    revision=1,
    syndrome=Syndrome.ICAHT,
    title="Early ICAHT, EHA/EBMT 2023",
    reference="Rejeski K et al. Blood 2023;142:865-877, doi:10.1182/blood.2023020578",
    criteria=(
        _row(1, "anc_500_1_day", "ANC ≤500/µL for 1-6 days", DAYS_LOW, 1),
        _row(2, "anc_500_7_days", "ANC ≤500/µL for 7-13 days", DAYS_LOW, 7),
        _row(3, "anc_500_14_days", "ANC ≤500/µL for 14-30 days", DAYS_LOW, 14),
        _row(4, "anc_never_above_500", "ANC never above 500/µL", NEVER_ABOVE, 1),
        _row(3, "anc_100_7_days", "ANC ≤100/µL for 7-13 days", DAYS_VERY_LOW, 7),
        _row(4, "anc_100_14_days", "ANC ≤100/µL for 14 days or more", DAYS_VERY_LOW, 14),
    ),
    also=(ONE_MOMENT,),
    remarks=(Remark(Flag.ASSESSMENT_NOT_DONE, lambda sweep: sweep.yes("one_moment"), blocks=True),),
    needs_course=NEEDS_COURSE,
)
