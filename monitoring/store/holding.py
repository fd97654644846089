"""Writing to the quarantine: rows held as they came, and held rows resolved, in the transaction of the facts."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, Literal

from sqlalchemy import Connection, Row, insert, select

from monitoring.records import RowRead
from monitoring.store import tables
from monitoring.store.keys import held_key

How = Literal["corrected", "replayed", "dismissed"]
_KEYS_AT_A_TIME = 500


class AlreadyResolved(RuntimeError):
    """Somebody resolved a held row first; nothing of this call was stored. The message says who, and how."""


@dataclass(frozen=True)
class Closing:
    """One held row to be resolved: its key, how, by whom and when; the corrected text, or why it was dismissed."""

    key: str
    how: How
    author: str
    at: datetime
    raw: str | None = None
    reason: str | None = None


def hold(
    connection: Connection,
    rows: Sequence[RowRead],
    ordinal: int,
    *,
    batch: str,
    author: str | None,
    at: datetime,
    zone: str | None,
) -> int:
    """Hold what was refused or not mapped in a chunk; `ordinal` counts the refused rows of the batch so far."""
    kept = [row for row in rows if row.refusals or row.unmapped]
    if not kept:
        return ordinal
    received_at = tables.to_micros(at)
    held: dict[str, dict[str, object]] = {}
    refusals: list[dict[str, object]] = []
    codes: list[dict[str, object]] = []
    for row in kept:
        raw = next((refusal.raw for refusal in row.refusals if refusal.raw is not None), row.raw)
        key = held_key(row.source, row.place, raw, batch)
        held[key] = {"source": row.source, "place": row.place, "raw": raw, "context": row.context}
        for refusal in row.refusals:
            said = refusal.model_dump(exclude={"raw"})
            refusals.append({**said, "held": key, "ordinal": ordinal, "author": author})
        ordinal += bool(row.refusals)
        codes += [{**code.model_dump(), "held": key} for code in dict.fromkeys(row.unmapped)]
    arrived = {"batch": batch, "received_at": received_at}
    known: set[str] = set()
    for some in by_some(held):
        known.update(connection.scalars(select(tables.held.c.key).where(tables.held.c.key.in_(some))))
    new = [
        {**row, "key": key, "zone": zone, "received_at": received_at} for key, row in held.items() if key not in known
    ]
    for table, values in ((tables.held, new), (tables.refusal, refusals), (tables.unmapped, codes)):
        if values:
            stamped = values if table is tables.held else [{**value, **arrived} for value in values]
            connection.execute(insert(table), stamped)
    return ordinal


def close(connection: Connection, closings: Sequence[Closing], batch: str | None) -> None:
    """Resolve held rows, in the transaction that stores what they say. Raises AlreadyResolved."""
    if not closings:
        return
    for row in resolved(connection, [closing.key for closing in closings]):
        at = tables.from_micros(row.at)
        raise AlreadyResolved(f"already {row.how} by {row.author} at {at:%Y-%m-%d %H:%M} UTC; nothing was stored")
    rows = [
        {
            "held": one.key,
            "how": one.how,
            "author": one.author,
            "at": tables.to_micros(one.at),
            "raw": one.raw,
            "reason": one.reason,
            "batch": batch,
        }
        for one in closings
    ]
    connection.execute(insert(tables.resolution), rows)


def resolved(connection: Connection, keys: Collection[str]) -> Iterator[Row[Any]]:
    """The resolutions of those of the held rows that have one."""
    for some in by_some(sorted(keys)):
        yield from connection.execute(select(tables.resolution).where(tables.resolution.c.held.in_(some)))


def by_some(keys: Iterable[str]) -> Iterator[list[str]]:
    """Keys in lots that one statement may name."""
    remaining = iter(keys)
    while some := list(islice(remaining, _KEYS_AT_A_TIME)):
        yield some
