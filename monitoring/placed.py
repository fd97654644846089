"""Facts in the order of time, and the columns they make: what was charted of one concept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import overload

import numpy as np

from monitoring.packed import Packed
from monitoring.records import Fact
from monitoring.timeline import Times, Values


class Placed(Sequence[Fact]):
    """Some facts in the order of time; `at` is when each is true, microseconds since 1970."""

    __slots__ = ("_of", "_places", "at")

    def __init__(self, of: Packed, places: Times, at: Times) -> None:
        self._of, self._places, self.at = of, places, at

    def until(self, at: int) -> Placed:
        """Those that are true at `at` or before."""
        if not self.at.size or self.at[-1] <= at:
            return self
        return self[: int(np.searchsorted(self.at, at, side="right"))]

    @property
    def values(self) -> Values:
        """The number each says; NaN where it says none."""
        return self._of.values[self._places]

    def saying(self) -> list[tuple[int, Fact]]:
        """(time, a fact that says the same): one fact for all that say the same, whenever they were charted."""
        return [(at, self._of.saying(place)) for at, place in zip(self.at.tolist(), self._places.tolist(), strict=True)]

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, place: int) -> Fact: ...
    @overload
    def __getitem__(self, place: slice) -> Placed: ...
    def __getitem__(self, place: int | slice) -> Fact | Placed:
        if isinstance(place, slice):
            return Placed(self._of, self._places[place], self.at[place])
        return self._of[int(self._places[place])]


class Column(Sequence[tuple[int, Fact]]):
    """What was charted of one concept, as (time, fact), by time."""

    __slots__ = ("facts",)

    def __init__(self, facts: Placed) -> None:
        self.facts = facts

    @property
    def at(self) -> Times:
        """When each is true, microseconds since 1970."""
        return self.facts.at

    def __len__(self) -> int:
        return len(self.facts)

    @overload
    def __getitem__(self, place: int) -> tuple[int, Fact]: ...
    @overload
    def __getitem__(self, place: slice) -> Column: ...
    def __getitem__(self, place: int | slice) -> tuple[int, Fact] | Column:
        if isinstance(place, slice):
            return Column(self.facts[place])
        return int(self.at[place]), self.facts[place]


_NO_PLACES = np.zeros(0, np.int64)
NOTHING_CHARTED = Column(Placed(Packed(), _NO_PLACES, _NO_PLACES))
"""The column of a concept of which nothing was charted."""
