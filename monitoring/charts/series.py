"""Series made ready to draw: cut to the range, thinned without losing an extreme, looked up at a moment."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitoring.views import Series, Step

Numbers = NDArray[np.float64]
Times = NDArray[Any]
"""Aware datetimes as objects."""

MOST_POINTS = 1000
"""A series with more points in view than this is reduced to the extremes of its buckets."""


def within(series: Series, start: datetime, end: datetime) -> tuple[Times, Numbers]:
    """The points from `start` to `end` and one neighbour on each side, so that a line does not end at the edge.

    A gap is NaN.
    """
    first = max(0, bisect_right(series.times, start) - 1)
    last = bisect_right(series.times, end) + 1
    values = [np.nan if value is None else value for value in series.values[first:last]]
    return np.array(series.times[first:last], dtype=object), np.array(values, dtype=float)


def reduced(times: Times, values: Numbers, most: int = MOST_POINTS) -> tuple[Times, Numbers]:
    """`times` and `values` thinned to about `most` points: each bucket keeps its lowest and highest value.

    A gap (NaN) inside a bucket is kept as a gap. Shorter series come back as they are.
    """
    if values.size <= most:
        return times, values
    keep: set[int] = {0, values.size - 1}
    for chunk in np.array_split(np.arange(values.size), max(1, most // 3)):
        part = values[chunk]
        known = ~np.isnan(part)
        if known.any():
            keep |= {int(chunk[np.nanargmin(part)]), int(chunk[np.nanargmax(part)])}
        if not known.all():
            keep.add(int(chunk[np.argmin(known)]))
    order = np.array(sorted(keep))
    return times[order], values[order]


def merged(steps: Iterable[Step], shortest: timedelta) -> list[Step]:
    """Steps that follow one another with less than `shortest` in all, as one with the worst of their bounds.

    For drawing: what is narrower than can be seen must not hide a peak. A longer step comes back as it is.
    """
    found: list[Step] = []
    for step in steps:
        last = found[-1] if found else None
        if last is not None and last.end == step.start and step.end - last.start < shortest:
            at_least, at_most = _worst(last.at_least, step.at_least), _worst(last.at_most, step.at_most)
            found[-1] = replace(last, end=step.end, at_least=at_least, at_most=at_most)
        else:
            found.append(step)
    return found


def _worst(one: int | None, other: int | None) -> int | None:
    return max((grade for grade in (one, other) if grade is not None), default=None)


def last_known(series: Series, at: datetime) -> int | None:
    """The place of the last value at or before `at`; None before the first and inside a gap."""
    place = bisect_right(series.times, at) - 1
    return place if place >= 0 and series.values[place] is not None else None
