"""The tables of facts and of the quarantine, as queries see them; Alembic (`migrations/`) creates and changes them.

All are append-only: triggers refuse UPDATE and DELETE on both engines. Times are integer microseconds since 1970
in UTC, so that both engines compare and keep them exactly alike.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Integer, MetaData, Table, Text, TypeDecorator

SCHEMA = 1
"""Version of the JSON in `fact.content` that this code writes."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def to_micros(at: datetime) -> int:
    """An aware time as microseconds since 1970 in UTC, exactly."""
    return (at - _EPOCH) // _MICROSECOND


def from_micros(micros: int) -> datetime:
    """The UTC time of `micros` since 1970."""
    return _EPOCH + timedelta(microseconds=micros)


def spelled(text: str) -> str:
    """`text` as Words writes it."""
    if "\\" in text or "\0" in text:
        return text.replace("\\", "\\\\").replace("\0", "\\0")
    return text


class Words(TypeDecorator[str]):
    r"""Text kept character for character on every engine.

    PostgreSQL has no NUL in its text and a refused row may well hold one, so NUL is written `\0` and `\` doubled.
    """

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Any) -> str | None:  # noqa: ANN401 - SQLAlchemy's signature
        """The text as written."""
        return None if value is None else spelled(value)

    def process_result_value(self, value: Any | None, dialect: Any) -> str | None:  # noqa: ANN401 - SQLAlchemy's signature
        """The text as it came."""
        return None if value is None else "\\".join(part.replace("\\0", "\0") for part in value.split("\\\\"))


_IDENTITY = BigInteger().with_variant(Integer, "sqlite")

metadata = MetaData()

fact = Table(
    "fact",
    metadata,
    Column("seq", _IDENTITY, primary_key=True, autoincrement=True),
    Column("fact_id", Text, nullable=False, unique=True),
    Column("patient_id", Words, nullable=False),
    Column("kind", Text, nullable=False),
    Column("effective_at", BigInteger, nullable=False),
    Column("received_at", BigInteger, nullable=False),
    Column("record_id", Words),
    Column("source", Words, nullable=False),
    Column("content", Text, nullable=False),
    Column("schema", Integer, nullable=False),
    Column("batch", Text, nullable=False),
    Index("fact_by_patient", "patient_id", "seq"),
    sqlite_autoincrement=True,
)

refusal = Table(
    "refusal",
    metadata,
    Column("seq", _IDENTITY, primary_key=True, autoincrement=True),
    Column("batch", Text, nullable=False),
    Column("source", Words, nullable=False),
    Column("place", Words, nullable=False),
    Column("field", Words),
    Column("value", Words),
    Column("reason", Words, nullable=False),
    Column("raw", Words),
    Column("received_at", BigInteger, nullable=False),
    Column("rule", Words),
    Column("author", Words),
    Column("held", Text),
    Column("ordinal", Integer),
    Index("refusal_by_source", "source", "seq"),
    Index("refusal_by_held", "held"),
    sqlite_autoincrement=True,
)
"""`held` names the row in the table of that name; `ordinal` counts the quarantined rows of a batch. `raw` is older."""

held = Table(
    "held",
    metadata,
    Column("seq", _IDENTITY, primary_key=True, autoincrement=True),
    Column("key", Text, nullable=False, unique=True),
    Column("source", Words, nullable=False),
    Column("place", Words, nullable=False),
    Column("raw", Words),
    Column("context", Words),
    Column("zone", Text),
    Column("received_at", BigInteger, nullable=False),
    sqlite_autoincrement=True,
)
"""Each row that was refused or named an unmapped code, once, as it came."""

unmapped = Table(
    "unmapped",
    metadata,
    Column("seq", _IDENTITY, primary_key=True, autoincrement=True),
    Column("batch", Text, nullable=False),
    Column("held", Text, nullable=False),
    Column("system", Words, nullable=False),
    Column("code", Words, nullable=False),
    Column("label", Words),
    Column("received_at", BigInteger, nullable=False),
    Index("unmapped_by_held", "held"),
    sqlite_autoincrement=True,
)

resolution = Table(
    "resolution",
    metadata,
    Column("seq", _IDENTITY, primary_key=True, autoincrement=True),
    Column("held", Text, nullable=False, unique=True),
    Column("how", Text, nullable=False),
    Column("author", Words, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("raw", Words),
    Column("reason", Words),
    Column("batch", Text),
    CheckConstraint("how IN ('corrected', 'replayed', 'dismissed')", name="how"),
    sqlite_autoincrement=True,
)
"""What became of a held row later. `batch` is the intake that stored what it said; `raw` the corrected row."""

mapping = Table(
    "mapping",
    metadata,
    Column("seq", _IDENTITY, primary_key=True, autoincrement=True),
    Column("system", Words, nullable=False),
    Column("code", Words, nullable=False),
    Column("concept", Text),
    Column("author", Words, nullable=False),
    Column("at", BigInteger, nullable=False),
    sqlite_autoincrement=True,
)
"""What a site says its codes mean; `concept` empty: never a vital sign. The last word on a code holds."""

intake = Table(
    "intake",
    metadata,
    Column("seq", _IDENTITY, primary_key=True, autoincrement=True),
    Column("batch", Text, nullable=False),
    Column("received_at", BigInteger, nullable=False),
    Column("source", Words, nullable=False),
    Column("author", Words),
    Column("read", Integer, nullable=False),
    Column("stored", Integer, nullable=False),
    Column("duplicates", Integer, nullable=False),
    Column("quarantined", Integer, nullable=False),
    Column("ignored", Integer, nullable=False),
    Column("ignored_kinds", Text, nullable=False),
    CheckConstraint("read = stored + duplicates + quarantined + ignored", name="equation"),
    sqlite_autoincrement=True,
)
