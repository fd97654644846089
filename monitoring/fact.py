"""What every record carries, and the identity it is known by: the same statement has the same id, by whatever path."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from functools import cache, cached_property
from json.encoder import encode_basestring_ascii
from typing import Any

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
        return self._identity(self.status, self.record_id)

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
