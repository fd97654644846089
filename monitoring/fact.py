"""What every record carries, and the identity it is known by: the same statement has the same id, by whatever path."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache, cached_property, lru_cache
from itertools import pairwise
from json.encoder import encode_basestring, encode_basestring_ascii
from typing import Any, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter

from monitoring.vocabulary import Status

_PROVENANCE = ("received_at", "source", "author", "utc_offset_minutes")


class Fact(BaseModel):
    """What every record carries.

    `source` is the place a person can open: `vitals.csv:17`, a message id, a resource id, or a screen.
    `record_id` is the source's own identity of the record: a later fact with the same patient and
    record id supersedes the earlier one, or retracts it by its status. Times are kept in UTC; `utc_offset_minutes` is
    how far from UTC the source wrote `effective_at`, empty where it wrote no offset (D67).
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    patient_id: str = Field(min_length=1)
    effective_at: AwareDatetime
    recorded_at: AwareDatetime | None = None
    received_at: AwareDatetime
    source: str
    author: str | None = None
    status: Status = Status.FINAL
    record_id: str | None = None
    utc_offset_minutes: int | None = None

    @cached_property
    def fact_id(self) -> str:
        """Identity of the content: the same statement arriving twice, by any path, has the same id.

        A statement that its source numbers (`record_id`) is a new one when its charting time differs.
        """
        likeness: Likeness | None = self.__dict__.get(LIKENESS)
        if likeness is not None and (likeness.written or likeness.is_worth_it()):
            return likeness.fact_id(self.__dict__)
        return self._identity(self.status, self.record_id)

    def as_json(self) -> str:
        """The fact as the store keeps it: one JSON object without empty fields."""
        likeness: Likeness | None = self.__dict__.get(LIKENESS)
        if likeness is not None and (likeness.written or likeness.is_worth_it()):
            return likeness.as_json(self.__dict__)
        return self.model_dump_json(exclude_none=True)

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """As pydantic does; what was worked out of the original is worked out anew."""
        copied = super().model_copy(update=update, deep=deep)
        for derived in DERIVED:
            copied.__dict__.pop(derived, None)
        return copied

    @property
    def final_id(self) -> str:
        """The id this statement has, or would have, as a final one: what a retraction of it withdraws."""
        return self._identity(Status.FINAL, self.record_id)

    @property
    def event_id(self) -> str:
        """Identity of what is told, whoever tells it under whatever number: two records of one event share it."""
        return self._identity(Status.FINAL, None)

    def _identity(self, status: Status, record_id: str | None) -> str:
        numbered = record_id is not None and self.recorded_at is not None
        said = {
            **self.__dict__,
            "status": status,
            "record_id": record_id,
            "effective_at": self.effective_at.timestamp(),
            "recorded_at": self.recorded_at.timestamp() if numbered and self.recorded_at else None,
        }
        text = ",".join(
            [
                written + _SPELLING[type(value)](value)
                for name, written in _fields(type(self))
                if (value := said[name]) is not None
            ]
        )
        return hashlib.blake2b(f"{{{text}}}".encode(), digest_size=16).hexdigest()


@cache
def _fields(kind: type[Fact]) -> tuple[tuple[str, str], ...]:
    """The fields an identity is made of, sorted, each with its name as it stands in the text that is hashed."""
    return tuple((name, f"{json.dumps(name)}:") for name in sorted(kind.model_fields) if name not in _PROVENANCE)


class _Spellings(dict[type, Callable[[Any], str]]):
    """How a value of each type is written as JSON, in the one spelling identities are made of."""

    def __missing__(self, kind: type) -> Callable[[Any], str]:
        plain = next((base for base in (str, float, int) if issubclass(kind, base)), None)
        spelling = self[kind] = _spelled if plain is None or kind is bool else self[plain]
        return spelling


def _spelled(value: object) -> str:
    return json.dumps(_ANYTHING.dump_python(value, mode="json"), sort_keys=True, separators=(",", ":"))


_ANYTHING: TypeAdapter[Any] = TypeAdapter(Any)
_SPELLING = _Spellings({str: encode_basestring_ascii, float: float.__repr__, int: int.__repr__})


LIKENESS = "_likeness"
"""Where a stamped fact keeps its Likeness: beside its fields, so that no comparison, copy or text of it shows it."""
WHENCE = "_whence"
"""Where facts stamped together, those of one row, keep what they say alike of whose they are, when and whence."""
DERIVED = ("fact_id", LIKENESS, WHENCE)
"""What a fact's dictionary may hold beside its fields: worked out of them, and of no other fact."""
STAMPED = (
    "patient_id",
    "effective_at",
    "recorded_at",
    "received_at",
    "source",
    "author",
    "status",
    "record_id",
    "utc_offset_minutes",
)
"""The fields in which facts of one Likeness may differ, as they stand in the record."""
_IN_IDENTITY = ("effective_at", "patient_id", "record_id", "recorded_at", "status")
_AFTER_ALL_NAMES = "~"
_OF_ONE_FACT = 2
"""Questions asked of one fact that is stored: its id and its JSON."""


class Whence:
    """Whose, when and whence (STAMPED) as text: written for the first that asks of those stamped together."""

    __slots__ = ("charted", "for_json", "for_time", "number", "patient", "status")

    for_json: str
    for_time: str
    patient: str
    number: str
    charted: str
    status: str

    def write(self, said: Mapping[str, Any]) -> Whence:
        """The texts for a fact with these fields."""
        number, charted, status = said["record_id"], said["recorded_at"], said["status"]
        author, offset = said["author"], said["utc_offset_minutes"]
        self.for_time = _seconds(said["effective_at"])
        self.patient = encode_basestring_ascii(said["patient_id"])
        self.number = "" if number is None else f',"record_id":{encode_basestring_ascii(number)}'
        self.charted = "" if number is None or charted is None else f',"recorded_at":{_seconds(charted)}'
        self.status = f',"status":{encode_basestring_ascii(status)}'
        self.for_json = "".join(
            (
                f'{{"patient_id":{encode_basestring(said["patient_id"])},"effective_at":{_moment(said["effective_at"])}',
                "" if charted is None else f',"recorded_at":{_moment(charted)}',
                f',"received_at":{_moment(said["received_at"])},"source":{encode_basestring(said["source"])}',
                "" if author is None else f',"author":{encode_basestring(author)}',
                f',"status":"{status.value}"',
                "" if number is None else f',"record_id":{encode_basestring(number)}',
                "" if offset is None else f',"utc_offset_minutes":{offset}',
            )
        )
        return self


def _whence(said: dict[str, Any]) -> Whence:
    shared: Whence | None = said.get(WHENCE)
    if shared is None:
        shared = said[WHENCE] = Whence()
    return shared if hasattr(shared, "for_json") else shared.write(said)


class Likeness:
    """What many facts say alike, written once; only whose, when and whence differ (STAMPED).

    Gives the id and the JSON that the fact would give itself, which `tests/ingest/test_repeats.py` holds, at a
    fraction of the work.
    """

    __slots__ = ("_asked", "_last", "_of", "_parts", "written")

    def __init__(self, of: Fact) -> None:
        self._of = of
        self._asked = 0
        self._parts: tuple[str, ...] = ()
        self._last = ""
        self.written = False

    def is_worth_it(self) -> bool:
        """Whether it was asked of more than one fact: what is said once is not written out twice."""
        self._asked += 1
        if self._asked > _OF_ONE_FACT and not self.written:
            self._write_out()
        return self.written

    def _write_out(self) -> None:
        said = self._of.__dict__
        written = {
            name: text + _SPELLING[type(value)](value)
            for name, text in _fields(type(self._of))
            if name not in _IN_IDENTITY and (value := said[name]) is not None
        }
        cuts = ("", *_IN_IDENTITY, _AFTER_ALL_NAMES)
        first, *rest = ([text for name, text in written.items() if low < name < high] for low, high in pairwise(cuts))
        self._parts = "".join(f"{text}," for text in first), *("".join(f",{text}" for text in some) for some in rest)
        own = self._of.model_dump_json(exclude_none=True, exclude=set(STAMPED))
        self._last = f",{own[1:]}"
        self.written = True

    def fact_id(self, said: dict[str, Any]) -> str:
        """The id of the fact with these fields."""
        before, after_time, after_patient, after_number, after_charted, end = self._parts
        one = _whence(said)
        text = (
            f'{{{before}"effective_at":{one.for_time}{after_time},"patient_id":{one.patient}{after_patient}'
            f"{one.number}{after_number}{one.charted}{after_charted}{one.status}{end}}}"
        )
        return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()

    def as_json(self, said: dict[str, Any]) -> str:
        """The JSON of the fact with these fields."""
        return _whence(said).for_json + self._last


@lru_cache(maxsize=4096)
def _seconds(at: datetime) -> str:
    return float.__repr__(at.timestamp())


def _moment(at: datetime) -> str:
    return _utc_moment(at) if at.tzinfo is UTC else _ANYTHING.dump_json(at).decode()


@lru_cache(maxsize=4096)
def _utc_moment(at: datetime) -> str:
    return _ANYTHING.dump_json(at).decode()
