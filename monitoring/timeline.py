"""Step functions of time with interval values: the one shape in which the grader sees everything.

A value that is known is the interval [v, v]; one that nobody knows is the widest interval there is. A step
function is a handful of sorted arrays, so a course is graded by a sweep over its few boundaries, and a cohort
is the same sweep over one long axis on which every patient has a stretch of their own.

Times are integer microseconds since 1970 UTC. All functions are pure.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

Times = NDArray[np.int64]
Values = NDArray[np.float64]
Truths = NDArray[np.bool_]

BEGINNING_OF_TIME = int(np.iinfo(np.int64).min)
END_OF_TIME = int(np.iinfo(np.int64).max)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def micros(at: datetime) -> int:
    """Microseconds since 1970 UTC, exactly."""
    return (at - _EPOCH) // _MICROSECOND


def moment(at: int) -> datetime:
    """The aware UTC datetime of `at` microseconds since 1970."""
    return _EPOCH + timedelta(microseconds=int(at))


def hours(count: float) -> int:
    """`count` hours in microseconds."""
    return round(count * 3_600_000_000)


@dataclass(frozen=True)
class Steps:
    """An interval-valued step function: on [at[i], at[i+1]) the value lies in [lo[i], hi[i]].

    `at[0]` is the beginning of time, so the function is total.
    """

    at: Times
    lo: Values
    hi: Values

    @classmethod
    def constant(cls, lo: float, hi: float | None = None) -> Steps:
        """The same interval always; [lo, lo] when `hi` is not given."""
        return cls(
            np.array([BEGINNING_OF_TIME]),
            np.array([lo], dtype=float),
            np.array([lo if hi is None else hi], dtype=float),
        )

    @classmethod
    def held(
        cls, times: Times, lo: Values, hi: Values, ends: Times, outside: tuple[float, float] = (-np.inf, np.inf)
    ) -> Steps:
        """Values held from their time to the next value or to their own end, whichever comes first.

        `times` strictly increasing; `ends[i] > times[i]`. Between an end and the next value, and before the
        first, the function is `outside`.
        """
        if times.size == 0:
            return cls.constant(*outside)
        following = np.append(times[1:], END_OF_TIME)
        lapses = ends < following
        at = np.concatenate([np.array([BEGINNING_OF_TIME]), times, ends[lapses]])
        low = np.concatenate([[outside[0]], lo, np.full(int(lapses.sum()), outside[0])])
        high = np.concatenate([[outside[1]], hi, np.full(int(lapses.sum()), outside[1])])
        order = np.argsort(at, kind="stable")
        return cls(at[order], low[order], high[order]).compact()

    @classmethod
    def during(cls, starts: Sequence[int], ends: Sequence[int]) -> Steps:
        """How many of the half-open intervals [start, end) cover each moment, known everywhere."""
        if not starts:
            return cls.constant(0)
        at = np.array([BEGINNING_OF_TIME, *starts, *ends], dtype=np.int64)
        change = np.concatenate([[0], np.ones(len(starts)), -np.ones(len(ends))])
        order = np.argsort(at, kind="stable")
        at, count = at[order], np.cumsum(change[order])
        last = np.append(at[1:] != at[:-1], True)
        return cls(at[last], count[last], count[last]).compact()

    def compact(self) -> Steps:
        """The same function without boundaries at which nothing changes."""
        keep = np.append(True, (self.lo[1:] != self.lo[:-1]) | (self.hi[1:] != self.hi[:-1]))
        return Steps(self.at[keep], self.lo[keep], self.hi[keep])

    def on(self, grid: Times) -> tuple[Values, Values]:
        """(lo, hi) at each moment of `grid`."""
        place = np.searchsorted(self.at, grid, side="right") - 1
        return self.lo[place], self.hi[place]


UNKNOWN = Steps.constant(-np.inf, np.inf)
NO = Steps.constant(0)
UNKNOWN_TRUTH = Steps.constant(0, 1)


def joined(*parts: Steps) -> Times:
    """Every boundary of the parts, sorted, each once."""
    return np.unique(np.concatenate([part.at for part in parts]))


def combine(function: Callable[..., tuple[NDArray[np.generic], NDArray[np.generic]]], *parts: Steps) -> Steps:
    """`function((lo, hi), ...)` of the parts on their common grid, as a step function.

    `function` takes one (lo, hi) pair of arrays a part and returns the (lo, hi) of the result.
    """
    grid = joined(*parts)
    lo, hi = function(*(part.on(grid) for part in parts))
    return Steps(grid, lo.astype(float), hi.astype(float)).compact()


@dataclass(frozen=True)
class Labels:
    """A step function whose values are words or records: `values[index[i]]` on [at[i], at[i+1]), -1 = unknown."""

    at: Times
    index: NDArray[np.int64]
    values: tuple[object, ...]

    @classmethod
    def constant(cls, value: object | None) -> Labels:
        """The same value always; None = unknown always."""
        at = np.array([BEGINNING_OF_TIME])
        return cls(at, np.array([-1]), ()) if value is None else cls(at, np.array([0]), (value,))

    @classmethod
    def held(cls, times: Times, values: Sequence[object], ends: Times) -> Labels:
        """Values held as by `Steps.held`, unknown outside."""
        index = np.arange(len(values), dtype=float)
        steps = Steps.held(times, index, index, ends, outside=(-1.0, -1.0))
        return cls(steps.at, steps.lo.astype(np.int64), tuple(values))

    def map(self, reading: Callable[[object | None], tuple[float, float]]) -> Steps:
        """The step function of `reading(value)`, with `reading(None)` where the value is unknown."""
        table = np.array([*(reading(value) for value in self.values), reading(None)], dtype=float)
        return Steps(self.at, table[self.index, 0], table[self.index, 1]).compact()
