"""Step functions kept as two lists, for a course that changes a little at a time.

Arrays (`monitoring.timeline`) are for sweeping a course whole; a list takes one more boundary without being copied.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from typing import Generic, TypeVar

from monitoring.timeline import END_OF_TIME

Value = TypeVar("Value")


class Timeline(Generic[Value]):
    """A step function over all time as two lists: `value[i]` holds from `at[i]` to the next."""

    def __init__(self, pieces: Iterable[tuple[int, Value]]) -> None:
        """The function of (start, value) pieces by time, the first at the beginning of time."""
        self.at: list[int] = []
        self.value: list[Value] = []
        for at, value in pieces:
            if not self.value or self.value[-1] != value:
                self.at.append(at)
                self.value.append(value)

    def pieces(self) -> Iterable[tuple[int, Value]]:
        """Every (start, value) by time."""
        return zip(self.at, self.value, strict=True)

    def holds(self, at: int) -> Value:
        """The value at a moment."""
        return self.value[bisect_right(self.at, at) - 1]

    def between(self, start: int, end: int) -> list[tuple[int, Value]]:
        """(start, value) pieces that cover [start, end), the first cut to begin there."""
        first, last = bisect_right(self.at, start) - 1, bisect_left(self.at, end)
        if last - first <= 1:
            return [(start, self.value[first])]
        return [(start, self.value[first]), *zip(self.at[first + 1 : last], self.value[first + 1 : last], strict=True)]

    def splice(self, start: int, end: int, pieces: Sequence[tuple[int, Value]]) -> None:
        """Put `pieces`, the first of which begins at `start`, in the place of what held on [start, end)."""
        ats, values = self.at, self.value
        first, last = bisect_left(ats, start), bisect_left(ats, end)
        new_at: list[int] = []
        new_value: list[Value] = []
        held = bool(first)
        before = values[first - 1] if first else None
        for at, value in pieces:
            if not held or before != value:
                new_at.append(at)
                new_value.append(value)
                before, held = value, True
        if last < len(ats) and ats[last] == end:
            if values[last] == before:
                last += 1
        elif end < END_OF_TIME and values[last - 1] != before:
            new_at.append(end)
            new_value.append(values[last - 1])
        ats[first:last], values[first:last] = new_at, new_value


def union(windows: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The windows by time, those that touch or overlap joined."""
    if len(windows) == 1:
        return list(windows)
    found: list[tuple[int, int]] = []
    for start, end in sorted(windows):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return found
