"""A patient's facts in little room: what they say alike is kept once, and each is given back as the fact it was.

Vital signs say the same few things again and again. Such a fact is a row of numbers here, about a hundred bytes where
the record itself takes more than a thousand; every other fact is kept as it is. Facts are only ever added, and whoever
holds some keeps seeing those alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from monitoring.fact import DERIVED
from monitoring.records import Correction, Fact, Observation, OxygenSupport
from monitoring.stamp import CONTENT, EXTRA, FIELDS_SET, NEW, PRIVATE
from monitoring.timeline import BEGINNING_OF_TIME, Times, micros, moment, ordered
from monitoring.vocabulary import RETRACTED

_OWN = ("effective_at", "recorded_at", "received_at", "source", "record_id", "value", *DERIVED)
"""What a packed fact has for itself; all else it shares with its like."""
_NOT_SAID = BEGINNING_OF_TIME
_WHOLE = -1
_ID = re.compile("[0-9a-f]{32}")
_HALF = 16
"""Hexadecimal digits of half an id: what a number of 64 bits holds."""
_MORE_ROOM = 1.25
_DIGITS = 15

_ROW = np.dtype(
    [
        ("effective", np.int64),
        ("received", np.int64),
        ("recorded", np.int64),
        ("value", np.float64),
        ("id_begins", np.uint64),
        ("id_ends", np.uint64),
        ("line", np.int64),
        ("record", np.int64),
        ("like", np.int32),
        ("matter", np.int32),
    ]
)
"""A fact's own numbers. `line` ends its source where that is a number, `record` is a hash of its record id, `like`
numbers what it shares with others, or _WHOLE, and `matter` what it is about: its kind and concept."""


class _Like:
    """What packed facts share: a record in which a fact's own is written over."""

    def __init__(self, fact: Fact) -> None:
        self.first = fact
        self.of = type(fact)
        self.said = {name: value for name, value in fact.__dict__.items() if name not in DERIVED}
        self.measures = isinstance(fact, Observation)
        self.fields_set = fact.__pydantic_fields_set__


class _Room:
    """The rows of everything added so far; they are never changed, so that many may look at the first of them."""

    def __init__(self) -> None:
        self.size = 0
        self.rows = np.zeros(16, _ROW)
        self.places: list[str] = []
        self.records: list[str | None] = []
        self.whole: dict[int, Fact] = {}
        self.likes: list[_Like] = []
        self._known: dict[tuple[object, ...], int] = {}
        self.matters: dict[tuple[type, str], int] = {}
        self.numbered = False
        self.withdraws = False

    def add(self, fact: Fact) -> None:
        """One more row."""
        if self.size == len(self.rows):
            rows = np.zeros(int(self.size * _MORE_ROOM) + 16, _ROW)
            rows[: self.size] = self.rows
            self.rows = rows
        place, line = _split(fact.source)
        halves = _halves(fact.fact_id)
        like = _WHOLE if halves is None else self._like(fact)
        if like == _WHOLE:
            self.whole[self.size] = fact
        said = fact.__dict__
        value = said.get("value")
        matter = (type(fact), fact.concept if isinstance(fact, Observation) else "")
        number = fact.record_id
        self.rows[self.size] = (
            micros(fact.effective_at),
            micros(fact.received_at),
            _NOT_SAID if fact.recorded_at is None else micros(fact.recorded_at),
            np.nan if value is None else value,
            *(halves or (0, 0)),
            line,
            0 if number is None else hash((number, matter)),
            like,
            self.matters.setdefault(matter, len(self.matters)),
        )
        self.places.append(self.places[-1] if self.places and self.places[-1] == place else place)
        self.records.append(number)
        self.numbered |= number is not None
        self.withdraws |= isinstance(fact, Correction) or fact.status in RETRACTED
        self.size += 1

    def _like(self, fact: Fact) -> int:
        """The number of what the fact shares with others; _WHOLE where a row cannot hold it."""
        if not isinstance(fact, Observation | OxygenSupport) or not _exact(fact):
            return _WHOLE
        said = fact.__dict__
        key = (type(fact), *(said[name] for name in _shared(type(fact))))
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = len(self.likes)
            self.likes.append(_Like(fact))
        return found


class Packed(Sequence[Fact]):
    """Facts about one patient in the order in which they were added. Immutable; `followed_by` shares what there is."""

    def __init__(self, facts: Iterable[Fact] = ()) -> None:
        self._room, self._size = _Room(), 0
        for fact in facts:
            self._room.add(fact)
        self._size = self._room.size

    def followed_by(self, facts: Iterable[Fact]) -> Packed:
        """These facts and then more."""
        if self._room.size != self._size:
            return Packed([*self, *facts])
        more = Packed.__new__(Packed)
        more._room = self._room
        for fact in facts:
            more._room.add(fact)
        more._size = more._room.size
        return more

    @property
    def _rows(self) -> NDArray[np.void]:
        return self._room.rows[: self._size]

    @property
    def effective(self) -> Times:
        """When each was true, microseconds since 1970."""
        found: Times = self._rows["effective"]
        return found

    @property
    def received(self) -> Times:
        """When each reached us, microseconds since 1970."""
        found: Times = self._rows["received"]
        return found

    @property
    def values(self) -> NDArray[np.float64]:
        """The number each says; NaN where it says none."""
        found: NDArray[np.float64] = self._rows["value"]
        return found

    @property
    def matters(self) -> NDArray[np.int32]:
        """What each is about, as a number; `about` names it."""
        found: NDArray[np.int32] = self._rows["matter"]
        return found

    def about(self) -> list[tuple[type[Fact], str]]:
        """Kind, and concept of an observation, of every matter by its number."""
        return list(self._room.matters)

    @property
    def withdraws(self) -> bool:
        """Whether any fact may take another one back."""
        return self._room.withdraws

    def repeats_a_record(self) -> bool:
        """Whether two facts may have one record id and matter."""
        if not self._room.numbered:
            return False
        numbers = self._rows["record"][self._rows["record"] != 0]
        return bool(ordered(numbers).size < numbers.size)

    def in_time(self) -> Times:
        """The places of the facts by the moment they speak of, those of one moment by their ids."""
        return np.lexsort((self._rows["id_ends"], self._rows["id_begins"], self.effective))

    def saying(self, place: int) -> Fact:
        """A fact that says the same as the one at `place`: the same one for all that do, whenever they were charted."""
        number = int(self._room.rows["like"][place])
        if number == _WHOLE or self._room.likes[number].measures:
            return self[place]
        return self._room.likes[number].first

    def __len__(self) -> int:
        return self._size

    @overload
    def __getitem__(self, place: int) -> Fact: ...
    @overload
    def __getitem__(self, place: slice) -> list[Fact]: ...
    def __getitem__(self, place: int | slice) -> Fact | list[Fact]:
        if isinstance(place, slice):
            return [self[one] for one in range(*place.indices(self._size))]
        if place < 0:
            place += self._size
        if not 0 <= place < self._size:
            raise IndexError(place)
        return self._fact(place, self._room.rows[place].item())

    def __iter__(self) -> Iterator[Fact]:
        return (self._fact(place, row) for place, row in enumerate(self._rows.tolist()))

    def _fact(self, place: int, row: tuple[Any, ...]) -> Fact:
        effective, received, recorded, value, begins, ends, line, _, number, _ = row
        if number == _WHOLE:
            return self._room.whole[place]
        like = self._room.likes[number]
        said = like.said.copy()
        said["effective_at"] = moment(effective)
        said["received_at"] = moment(received)
        said["recorded_at"] = None if recorded == _NOT_SAID else moment(recorded)
        before = self._room.places[place]
        said["source"] = before if line < 0 else f"{before}{line}"
        said["record_id"] = self._room.records[place]
        if like.measures:
            said["value"] = None if value != value else value  # noqa: PLR0124 - NaN stands for none
        said["fact_id"] = f"{begins:016x}{ends:016x}"
        fact: Fact = NEW(like.of)
        CONTENT(fact, said)
        FIELDS_SET(fact, like.fields_set)
        EXTRA(fact, None)
        PRIVATE(fact, None)
        return fact


@cache
def _shared(kind: type[Fact]) -> tuple[str, ...]:
    return tuple(name for name in kind.model_fields if name not in _OWN)


def _exact(fact: Fact) -> bool:
    """Whether times of a row give back those of the fact: the same moments, told in UTC."""
    return all(at is None or _in_utc(at) for at in (fact.effective_at, fact.received_at, fact.recorded_at))


def _in_utc(at: datetime) -> bool:
    return at.tzinfo is UTC or at.utcoffset() == timedelta(0)


def _halves(fact_id: str) -> tuple[int, int] | None:
    """An id as two numbers; None for what is no id of ours, as a store that was tampered with may give back."""
    return (int(fact_id[:_HALF], 16), int(fact_id[_HALF:], 16)) if _ID.fullmatch(fact_id) else None


def _split(source: str) -> tuple[str, int]:
    """`vitals.csv:17` as what stands before the number and the number; all of it and -1 where it ends in none."""
    before, colon, last = source.rpartition(":")
    if colon and last.isascii() and last.isdecimal() and len(last) <= _DIGITS and (last == "0" or last[0] != "0"):
        return before + colon, int(last)
    return source, -1
