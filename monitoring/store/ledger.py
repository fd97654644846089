"""The ledger: what became of everything each source sent on each day, added up once and read on from there.

Nothing that was counted changes, so a sum is kept in memory with the place it reaches to; the next question reads what
came after it. The database adds up by source and quarter of an hour, so that a day of messages is a few hundred lines
here. Any zone's midnight and change of clocks ends a quarter of an hour (`tests/store/test_ledger.py` asks every zone).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, tzinfo
from threading import Lock
from typing import Any

from sqlalchemy import Connection, Engine, Row, distinct, func, select

from monitoring.records import Tally
from monitoring.store import tables
from monitoring.store.engine import reading

_QUARTER = 900_000_000
"""Microseconds."""
_ROWS_AT_A_TIME = 200_000
"""Rows added up in one transaction: a fifth of a second of SQLite, which cannot shorten its log meanwhile."""
_TERMS = ("read", "stored", "duplicates", "quarantined", "ignored")

_Key = tuple[date, str]


@dataclass(frozen=True)
class LedgerRow:
    """What became of everything one source sent on one day. `day` is the day it reached us.

    `resolved` of its quarantined rows were corrected, replayed or dismissed since, whenever that was.
    """

    source: str
    day: date
    tally: Tally
    resolved: int = 0

    @property
    def waiting(self) -> int:
        """Quarantined rows that still wait for somebody."""
        return self.tally.quarantined - self.resolved


@dataclass(frozen=True)
class _Sums:
    """Every row up to a place in one store: the last row's number, and the batch that tells the store by."""

    seq: int = 0
    batch: str | None = None
    tallies: Mapping[_Key, Tally] = field(default_factory=dict)


class Ledger:
    """The ledger of an open store. Safe to share between threads. Every method raises StoreUnavailable."""

    def __init__(self, opened: Engine) -> None:
        self._engine = opened
        self._lock = Lock()
        self._sums: dict[tzinfo, _Sums] = {}

    def rows(self, zone: tzinfo) -> list[LedgerRow]:
        """The equation per source and day (a day of `zone`), newest day first."""
        with reading(self._engine) as connection:
            resolved = _resolved(connection, zone)
        with self._lock:
            tallies = self._read_on(zone)
        newest_first = sorted(tallies.items(), key=lambda entry: (-entry[0][0].toordinal(), entry[0][1]))
        return [LedgerRow(source, day, tally, resolved[day, source]) for (day, source), tally in newest_first]

    def _read_on(self, zone: tzinfo) -> Mapping[_Key, Tally]:
        """The sums of every row by now; a place whose batch is another one is in another store (a restored backup)."""
        rows = _ROWS_AT_A_TIME
        while rows == _ROWS_AT_A_TIME:
            with reading(self._engine) as connection:
                known = self._sums.get(zone, _Sums())
                if known.batch != _batch(connection, known.seq):
                    known = _Sums()
                groups = _after(connection, known.seq)
                last = max([group.last for group in groups], default=known.seq)
                self._sums[zone] = _Sums(last, _batch(connection, last), _added(known.tallies, groups, zone))
            rows = sum(group.rows for group in groups)
        return self._sums[zone].tallies


def _batch(connection: Connection, seq: int) -> str | None:
    return connection.execute(select(tables.intake.c.batch).where(tables.intake.c.seq == seq)).scalar()


def _after(connection: Connection, seq: int) -> Sequence[Row[Any]]:
    """The next rows after `seq`, added up by source, quarter of an hour and kinds ignored."""
    intake = tables.intake.c
    quarter = (intake.received_at // _QUARTER).label("quarter")
    terms = [intake[name] for name in _TERMS]
    page = select(intake.seq, intake.source, quarter, intake.ignored_kinds, *terms).where(intake.seq > seq)
    one = page.order_by(intake.seq).limit(_ROWS_AT_A_TIME).subquery().c
    alike = (one.source, one.quarter, one.ignored_kinds)
    sums = [func.sum(one[name]).label(name) for name in _TERMS]
    wanted = select(*alike, func.count().label("rows"), func.max(one.seq).label("last"), *sums)
    return connection.execute(wanted.group_by(*alike)).all()


def _added(known: Mapping[_Key, Tally], groups: Sequence[Row[Any]], zone: tzinfo) -> Mapping[_Key, Tally]:
    tallies = dict(known)
    for group in groups:
        key = _day(group.quarter, zone), group.source
        kinds = {kind: count * group.rows for kind, count in json.loads(group.ignored_kinds).items()}
        terms = {name: int(getattr(group, name)) for name in _TERMS}
        tallies[key] = tallies.get(key, Tally()) + Tally(**terms, ignored_kinds=kinds)
    return tallies


def _resolved(connection: Connection, zone: tzinfo) -> Counter[_Key]:
    """Quarantined rows resolved since, by the day they came and their source."""
    refusal = tables.refusal.c
    quarter = (refusal.received_at // _QUARTER).label("quarter")
    batches = (
        select(quarter, refusal.source, func.count(distinct(refusal.ordinal)).label("rows"))
        .join(tables.resolution, tables.resolution.c.held == refusal.held)
        .group_by(refusal.batch, refusal.received_at, refusal.source)
        .subquery()
    )
    wanted = select(batches.c.quarter, batches.c.source, func.sum(batches.c.rows).label("rows"))
    found: Counter[_Key] = Counter()
    for row in connection.execute(wanted.group_by(batches.c.quarter, batches.c.source)):
        found[_day(row.quarter, zone), row.source] += int(row.rows)
    return found


def _day(quarter: int, zone: tzinfo) -> date:
    return tables.from_micros(quarter * _QUARTER).astimezone(zone).date()
