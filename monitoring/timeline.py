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
from functools import cached_property
from typing import TypeVar

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
        lapses = ends < np.append(times[1:], END_OF_TIME)
        place = np.arange(1, times.size + 1) + np.cumsum(lapses) - lapses
        size = int(place[-1]) + int(lapses[-1]) + 1
        at = np.full(size, BEGINNING_OF_TIME)
        low, high = np.full(size, outside[0], float), np.full(size, outside[1], float)
        at[place], low[place], high[place] = times, lo, hi
        at[place[lapses] + 1] = ends[lapses]
        return cls(at, low, high).compact()

    @classmethod
    def during(cls, starts: Sequence[int] | Times, ends: Sequence[int] | Times) -> Steps:
        """How many of the half-open intervals [start, end) cover each moment, known everywhere."""
        first, last = np.asarray(starts, np.int64), np.asarray(ends, np.int64)
        if first.size == 0:
            return cls.constant(0)
        at = np.concatenate([[BEGINNING_OF_TIME], first, last])
        change = np.concatenate([[0], np.ones(first.size), -np.ones(last.size)])
        order = np.argsort(at, kind="stable")
        at, count = at[order], np.cumsum(change[order])
        settled = np.append(at[1:] != at[:-1], True)
        return cls(at[settled], count[settled], count[settled]).compact()

    def compact(self) -> Steps:
        """The same function without boundaries at which nothing changes."""
        keep = np.append(True, (self.lo[1:] != self.lo[:-1]) | (self.hi[1:] != self.hi[:-1]))
        return Steps(self.at[keep], self.lo[keep], self.hi[keep])

    def on(self, grid: Times) -> tuple[Values, Values]:
        """(lo, hi) at each moment of `grid`."""
        if self.at is grid or self.at.size == grid.size == 1:
            return self.lo, self.hi
        if self.at.size == 1:
            return np.broadcast_to(self.lo, grid.size), np.broadcast_to(self.hi, grid.size)
        place = np.searchsorted(self.at, grid, side="right") - 1
        return self.lo[place], self.hi[place]

    def spread(self, grid: Times, places: dict[int, Times]) -> tuple[Values, Values]:
        """(lo, hi) at each moment of a grid that holds every boundary of this function, as `joined` makes them.

        `places` remembers, by the identity of `at`, where boundaries went; the caller keeps the parts alive.
        """
        if self.at is grid or self.at.size == 1:
            return self.on(grid)
        place = places.get(id(self.at))
        if place is None:
            turns = np.bincount(np.searchsorted(grid, self.at), minlength=grid.size)
            places[id(self.at)] = place = np.cumsum(turns) - 1
        return self.lo[place], self.hi[place]


@dataclass(frozen=True)
class Situations:
    """What is so along a grid: from `at[i]` on, situation number `index[i]`; the same number means the same inputs."""

    at: Times
    index: NDArray[np.int32]


class Told(Steps):
    """A step function told by situation: [low[s], high[s]] wherever situation s is so.

    A few hundred situations stand for all boundaries of a cohort: what is worked out for them need not be worked
    out again at each boundary. `lo` and `hi` are the long form, made when somebody asks.
    """

    situations: Situations
    low: Values
    high: Values

    def __init__(self, situations: Situations, low: Values, high: Values) -> None:
        vars(self).update(situations=situations, low=low, high=high)

    @property
    def at(self) -> Times:
        """The grid of the situations."""
        return self.situations.at

    @cached_property
    def lo(self) -> Values:
        """The lower bound at each boundary."""
        return self.low[self.situations.index]

    @cached_property
    def hi(self) -> Values:
        """The upper bound at each boundary."""
        return self.high[self.situations.index]


UNKNOWN = Steps.constant(-np.inf, np.inf)
NO = Steps.constant(0)
UNKNOWN_TRUTH = Steps.constant(0, 1)


def joined(*parts: Steps) -> Times:
    """Every boundary of the parts, sorted, each once; parts on one and the same grid keep it."""
    grids = list({id(part.at): part.at for part in parts if part.at.size > 1}.values())
    if len(grids) == 1:
        return grids[0]
    return ordered(np.concatenate(grids)) if grids else parts[0].at


_Number = TypeVar("_Number", bound=np.generic)


def ordered(values: NDArray[_Number]) -> NDArray[_Number]:
    """The values sorted, each once; `np.unique` hashes, which takes six times as long here."""
    found = np.sort(values)
    once: NDArray[_Number] = found[np.append(True, found[1:] != found[:-1])]
    return once


def numbered(keys: NDArray[np.int64], size: int) -> tuple[NDArray[np.int32], Times]:
    """A number for each different key of 0..size (exclusive) as they stand, and one place of each number."""
    if size > max(4 * keys.size, 4096):
        _, one, index = np.unique(keys, return_index=True, return_inverse=True)
        return index.astype(np.int32), one
    last = np.full(size, -1)
    last[keys] = np.arange(keys.size)
    found = last >= 0
    return (np.cumsum(found, dtype=np.int32) - 1)[keys], last[found]


_MANY = 16
"""Segments from which on it pays to find out which are alike."""


def first_alike(told: Sequence[NDArray[np.generic]]) -> list[int]:
    """For each place the first one of which all of `told` (small whole numbers) say the same; of few, each itself."""
    if told[0].size < _MANY:
        return list(range(told[0].size))
    _, first, which = np.unique(np.array(told, np.int8), axis=1, return_index=True, return_inverse=True)
    alike: list[int] = first[which.ravel()].tolist()
    return alike


def combine(function: Callable[..., tuple[NDArray[np.generic], NDArray[np.generic]]], *parts: Steps) -> Steps:
    """`function((lo, hi), ...)` of the parts on their common grid, as a step function.

    `function` takes one (lo, hi) pair of arrays a part and returns the (lo, hi) of the result. Parts that share
    one grid are neither sorted nor searched, and the result stays on that grid; of parts told by the same
    situations only the situations are worked out.
    """
    told = next((part for part in parts if isinstance(part, Told)), None)
    if told is not None and all(part.at is told.at if isinstance(part, Told) else part.at.size == 1 for part in parts):
        low, high = function(*(_by_situation(part, told.low.size) for part in parts))
        return Told(told.situations, low.astype(float, copy=False), high.astype(float, copy=False))
    grid = joined(*parts)
    places: dict[int, Times] = {}
    lo, hi = function(*(part.spread(grid, places) for part in parts))
    steps = Steps(grid, lo.astype(float, copy=False), hi.astype(float, copy=False))
    shared = all(part.at is grid or part.at.size == 1 for part in parts)
    return steps if shared else steps.compact()


def _by_situation(part: Steps, count: int) -> tuple[Values, Values]:
    if isinstance(part, Told):
        return part.low, part.high
    return part.lo.repeat(count), part.hi.repeat(count)


@dataclass(frozen=True)
class Labels:
    """A step function whose values are words or records: `values[index[i]]` on [at[i], at[i+1]), -1 = unknown.

    With `situations`, `index` has one place for each situation instead.
    """

    at: Times
    index: NDArray[np.int64]
    values: tuple[object, ...]
    situations: Situations | None = None

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
        if self.situations is not None:
            return Told(self.situations, table[self.index, 0], table[self.index, 1])
        return Steps(self.at, table[self.index, 0], table[self.index, 1])
