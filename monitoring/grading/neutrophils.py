"""Neutrophil counts by day after the infusion: the lowest of each day, short gaps filled, runs of low days.

Operational rules of the automated grading by Liang et al. (github emilyliangmd/automatedicahtgrading; clinical.md
f.2): the longest run counts, runs with fewer than three days between them are one, up to seven missing days between
two values are interpolated on a line. A longer gap, and days before the first or after the last value, stay unknown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

LONGEST_GAP_DAYS = 7
RECOVERY_DAYS = 3
PER_UL = 1000.0
_TOLERANCE = 1e-6

Reading = tuple[int, float, int]
"""(day post infusion, 10*3/uL, moment)."""


@dataclass(frozen=True)
class Run:
    """Days `first`..`last` of one run, both included."""

    first: int
    last: int

    @property
    def days(self) -> int:
        """How many days the run lasted."""
        return self.last - self.first + 1


def lowest_by_day(readings: Sequence[Reading]) -> dict[int, float]:
    """The lowest count of each day, cells/uL."""
    lowest: dict[int, float] = {}
    for day, value, _ in readings:
        lowest[day] = min(value * PER_UL, lowest.get(day, float("inf")))
    return lowest


def filled(lowest: Mapping[int, float]) -> dict[int, float]:
    """The days between two values filled on a straight line, where no more than seven are missing."""
    known = sorted(lowest)
    days = dict(lowest)
    for left, right in pairwise(known):
        if right - left - 1 <= LONGEST_GAP_DAYS:
            slope = (lowest[right] - lowest[left]) / (right - left)
            days |= {day: lowest[left] + slope * (day - left) for day in range(left + 1, right)}
    return days


def runs(days: Mapping[int, float], last_day: int, at_most: float, *, unknown_is_low: bool) -> list[Run]:
    """Runs of days 0..`last_day` at or below `at_most`; fewer than three days above between two runs join them."""
    found: list[Run] = []
    for day in range(last_day + 1):
        low = days[day] <= at_most + _TOLERANCE if day in days else unknown_is_low
        if not low:
            continue
        if found and day - found[-1].last - 1 < RECOVERY_DAYS:
            found[-1] = Run(found[-1].first, day)
        else:
            found.append(Run(day, day))
    return found


def longest(found: Sequence[Run]) -> int:
    """Days of the longest run; 0 without one."""
    return max((run.days for run in found), default=0)
