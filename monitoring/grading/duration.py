"""For how long something has held without a break."""

from __future__ import annotations

import numpy as np

from monitoring.timeline import BEGINNING_OF_TIME, END_OF_TIME, Steps, Times, Truths, combine


def _held_for(at: Times, holds: Truths, length: int) -> Steps:
    """1 where `holds` has been true for at least `length` microseconds."""
    padded = np.concatenate([[False], holds, [False]])
    edges = np.append(at, END_OF_TIME)
    starts, ends = np.flatnonzero(padded[1:] & ~padded[:-1]), np.flatnonzero(padded[:-1] & ~padded[1:])
    spans = []
    for start, end in zip(edges[starts], edges[ends], strict=True):
        begin = int(start) if start == BEGINNING_OF_TIME else int(start) + length
        if begin < end:
            spans.append((begin, int(end)))
    return Steps.during([begin for begin, _ in spans], [end for _, end in spans])


def sustained(steps: Steps, length: int) -> Steps:
    """1 where a truth has certainly held for `length` microseconds; [0, 1] where it possibly has."""
    return combine(
        lambda certain, possible: (certain[0], possible[0]),
        _held_for(steps.at, steps.lo >= 1, length),
        _held_for(steps.at, steps.hi >= 1, length),
    )
