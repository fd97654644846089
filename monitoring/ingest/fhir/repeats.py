"""Observations made of what was read before: an export says the same few things again and again.

What an Observation says (`Observation` in `resources.py`: code, value, components, status and all else the reader
looks at) is read once by the reader, the only place that knows a rule; what it gave is kept and stamped with whose it
is, when, by whom and where when the same bytes come again. Elements that no reader looks at are only held to be sound.
Whatever was refused, passed over or needs its neighbours is not answered here but read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from operator import itemgetter
from typing import Generic, NamedTuple, NoReturn, TypeVar

import msgspec

from monitoring.fact import STAMPED
from monitoring.ingest.fhir.codes import Codes
from monitoring.ingest.fhir.documents import NotJson, checked
from monitoring.ingest.fhir.reading import ID, NotRead, One, decoded
from monitoring.ingest.fhir.resources import UNREADABLE, Head, Meta, Observation, Reference, Search
from monitoring.ingest.rows import Reading
from monitoring.records import Fact, RowRead
from monitoring.stamp import Stamp
from monitoring.vocabulary import Status

_MOST_KEPT, _LONGEST_KEPT = 8192, 2048
"""Answers kept of each kind, and the bytes of a piece worth keeping; memory stays flat whatever an input holds."""
_MEMBERS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_TEXT, _PERFORMERS = msgspec.json.Decoder(str), msgspec.json.Decoder(list[Reference])
_NAMED = re.compile(rb'"(%s)"' % ID.pattern.encode())
_PLAIN_TEXT = re.compile(rb'"[ !#-\[\]-~]*"')
"""A JSON string of printable ASCII without an escape: sound as it stands."""
_STAMPED_PARTS = frozenset({"resourceType", "id", "meta", "issued", "subject", "performer", "effectiveDateTime"})
_READ = frozenset(Observation.__struct_encode_fields__) - _STAMPED_PARTS
_NEEDED = frozenset({"resourceType", "id", "subject", "effectiveDateTime", "status", "code"})
_PLAIN_ENTRY = frozenset({"fullUrl", "resource", "search"})
_LEFT = (*UNREADABLE, NotJson, NotRead)
"""What ends an answer from memory: the one reader says what is wrong."""
_NOBODY: tuple[str | None, int] = None, 0

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")


class _Kept(dict[Asked, Answer], Generic[Asked, Answer]):
    """Answers to what was asked before. What `ask` raises is raised each time."""

    def __init__(self, ask: Callable[[Asked], Answer]) -> None:
        super().__init__()
        self._ask = ask

    def __missing__(self, asked: Asked) -> Answer:
        answer = self._ask(asked)
        if not isinstance(asked, bytes) or len(asked) <= _LONGEST_KEPT:
            if len(self) >= _MOST_KEPT:
                self.clear()
            self[asked] = answer
        return answer


class _Elsewhere(Mapping[str, bytes]):
    """The surroundings of a resource that are not known here: who asks for them has to read it there."""

    def __getitem__(self, name: str) -> NoReturn:
        raise NotRead

    def __iter__(self) -> Iterator[str]:
        raise NotRead

    def __len__(self) -> int:
        raise NotRead


class _Answer(NamedTuple):
    """What the reader gave, and how many colons are in what it was given."""

    status: Status
    stamps: tuple[Stamp[Fact], ...]
    colons: int


_Picks = Callable[[list[bytes]], tuple[bytes, ...]]


@dataclass(slots=True)
class _Shape:
    """Where in an Observation with these members each stands; `answers` are kept by the bytes that are read.

    `read` picks what the reader looks at and is not stamped, `passed_over` what it does not look at,
    `charted` the pieces that say when it was charted. After the last piece there is an empty one, for what is absent.
    """

    kind: int
    name: int
    subject: int
    effective: int
    performer: int | None
    charted: _Picks
    read: _Picks
    passed_over: _Picks
    answers: dict[tuple[bytes, ...], _Answer] = field(default_factory=dict)


def _colons(piece: bytes) -> int:
    """The colons of a piece of JSON that is sound. Raises NotJson."""
    if _PLAIN_TEXT.fullmatch(piece) is None:
        checked(piece)
    return piece.count(b":")


def _searched(piece: bytes) -> int:
    """The colons of how an entry was found. Raises any of UNREADABLE and NotJson."""
    decoded(piece, Search)
    return _colons(piece)


def _shape(names: tuple[str, ...]) -> _Shape:
    """Raises NotRead for members that are not answered here."""
    if not _NEEDED.issubset(names) or "contained" in names:
        raise NotRead
    places = {name: place for place, name in enumerate(names)}
    others = [places[name] for name in names if name not in _READ and name not in _STAMPED_PARTS]
    return _Shape(
        kind=places["resourceType"],
        name=places["id"],
        subject=places["subject"],
        effective=places["effectiveDateTime"],
        performer=places.get("performer"),
        charted=itemgetter(places.get("meta", -1), places.get("issued", -1)),
        read=itemgetter(*(places[name] for name in names if name in _READ)),
        passed_over=itemgetter(places["resourceType"], *(others or [places["resourceType"]])),
    )


class Repeats:
    """The Observations of one input."""

    def __init__(self, reading: Reading, codes: Codes) -> None:
        self._reading, self._codes = reading, codes
        self._shapes = _Kept(_shape)
        self._sound = _Kept(_colons)
        self._found = _Kept(_searched)
        self._patients = _Kept(self._patient)
        self._moments = _Kept(self._moment)
        self._authors = _Kept(self._author)
        self._charted = _Kept(self._recorded)
        self._anybody = self._fresh()
        self._place, self._received_at = f"{reading.source}:", reading.received_at

    def resource(self, entry: bytes) -> bytes | None:
        """The resource of a Bundle entry that says nothing else than how it is called and found."""
        try:
            parts = _MEMBERS.decode(entry)
            if "resource" not in parts or not parts.keys() <= _PLAIN_ENTRY:
                return None
            resource, url = bytes(parts["resource"]), bytes(parts.get("fullUrl", b'""'))
            if _PLAIN_TEXT.fullmatch(url) is None:
                return None
            found = self._found[bytes(parts["search"])] if "search" in parts else 0
            colons = resource.count(b":") + url.count(b":") + found + len(parts)
        except _LEFT:
            return None
        return resource if colons == entry.count(b":") else None

    def row(self, raw: bytes, where: str, entry: bytes, ask: Callable[[bytes, str], RowRead]) -> RowRead | None:
        """The Observation as `ask` reads its entry at this place; None where that is left to the caller.

        A member that stands twice is lost in decoding, and so are its colons: as many as in the text prove that all
        stand once, and that no name holds one.
        """
        try:
            parts = _MEMBERS.decode(raw)
            shape = self._shapes[tuple(parts)]
            pieces = b"\0".join(parts.values()).split(b"\0")  # no JSON holds it: faster than bytes() of each
            pieces.append(b"")
            said, place, colons = self._stamped(shape, pieces, where)
            content = shape.read(pieces)
            answer = shape.answers.get(content)
            if answer is None:
                return self._learned(shape, content, ask(entry, where))
            colons += sum(map(self._sound.__getitem__, shape.passed_over(pieces)), answer.colons)
        except _LEFT:
            return None
        if colons + len(parts) != raw.count(b":"):
            return None
        said["status"] = answer.status
        facts = tuple([stamp.copy(said) for stamp in answer.stamps])
        return RowRead(self._reading.source, place, facts)

    def _stamped(self, shape: _Shape, pieces: list[bytes], where: str) -> tuple[dict[str, object], str, int]:
        """What is stamped on every fact but the status, its place, and the colons in it. Raises any of `_LEFT`."""
        named = _NAMED.fullmatch(pieces[shape.name])
        if named is None or pieces[shape.kind] != b'"Observation"':
            raise NotRead
        patient_id, colons = self._patients[pieces[shape.subject]]
        effective_at, offset, of_time = self._moments[pieces[shape.effective]]
        recorded_at, of_charting = self._charted[shape.charted(pieces)]
        author, of_author = _NOBODY if shape.performer is None else self._authors[pieces[shape.performer]]
        record_id = f"Observation/{named[1].decode()}"
        place = f"{record_id} ({where})"
        said = {
            "patient_id": patient_id,
            "effective_at": effective_at,
            "recorded_at": recorded_at,
            "received_at": self._received_at,
            "source": self._place + place,
            "author": author,
            "status": None,
            "record_id": record_id,
            "utc_offset_minutes": offset,
        }
        return said, place, colons + of_time + of_charting + of_author

    def _learned(self, shape: _Shape, content: tuple[bytes, ...], row: RowRead) -> RowRead:
        """Keep what a row gave whose every element was read."""
        if row.facts and row.raw is None and sum(map(len, content)) <= _LONGEST_KEPT:
            if len(shape.answers) >= _MOST_KEPT:
                shape.answers.clear()
            stamps = tuple(Stamp(fact, STAMPED) for fact in row.facts)
            shape.answers[content] = _Answer(row.facts[0].status, stamps, sum(piece.count(b":") for piece in content))
        return row

    def _fresh(self) -> One:
        return One(self._reading, self._codes, "", b"", Head("Observation"), _Elsewhere())

    def _probe(self) -> One:
        """A resource of which nothing is known; another where something of the last one was refused."""
        if self._anybody.refusals:
            self._anybody = self._fresh()
        self._anybody.offsets.clear()
        return self._anybody

    def _patient(self, piece: bytes) -> tuple[str, int]:
        return self._probe().subject(decoded(piece, Reference)), _colons(piece)

    def _moment(self, piece: bytes) -> tuple[datetime, int | None, int]:
        probe = self._probe()
        at = probe.moment(_TEXT.decode(piece), "effectiveDateTime")
        if at is None:
            raise NotRead
        return at, probe.offsets[at], _colons(piece)

    def _recorded(self, pieces: tuple[bytes, ...]) -> tuple[datetime | None, int]:
        meta, issued = pieces
        probe = self._probe()
        probe.charted(
            decoded(meta, Meta).last_updated if meta else None,
            _TEXT.decode(issued) if issued else None,
        )
        if probe.refusals:
            raise NotRead
        return probe.recorded_at, sum(_colons(piece) for piece in pieces if piece)

    def _author(self, piece: bytes) -> tuple[str | None, int]:
        named = _PERFORMERS.decode(piece)
        said = self._probe().said("", self._received_at, Status.FINAL, named[0] if named else None)
        author: str | None = said["author"]
        return author, _colons(piece)
