"""The store: rows appended in committed chunks, facts read back as of a moment, every row accounted for."""

from __future__ import annotations

import gc
import json
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from itertools import islice
from pathlib import Path

from pydantic import ValidationError
from sqlalchemy import Connection, Engine, func, select

from monitoring.access.acts import Deed
from monitoring.records import Fact, Refusal, RowRead, Tally, fact_from_json
from monitoring.store import checks, engine, hot, tables
from monitoring.store.audit import Audit, recorded
from monitoring.store.engine import StoreUnavailable, reading
from monitoring.store.figures import Watched
from monitoring.store.holding import Closing, close, hold
from monitoring.store.ledger import Ledger, LedgerRow
from monitoring.store.listen import hear, tell_others
from monitoring.store.quarantine import Quarantine, refusal_of, refused_select
from monitoring.store.site import Site

CHUNK_ROWS = 5000
_CHUNK_FACTS = 20_000
"""Rows, and facts in them, committed together. A process that dies loses at most the chunk it had not committed yet."""
_IDS_AT_A_TIME = 1000
_ROWS_AT_A_TIME = 250

_FACTS = select(tables.fact.c.seq, tables.fact.c.fact_id, tables.fact.c.content)

Committed = Callable[[str, Tally], None]
"""Told after each commit: the source, and what became of its rows in the chunk."""


@dataclass(frozen=True)
class Mark:
    """A place in one store: the last fact seen there, by its number and the batch it came in."""

    seq: int
    batch: str


@dataclass(frozen=True)
class Changes:
    """What was stored after a mark, and the mark after it. `anew`: the mark was of another store, this is everything.

    A store is another one when a backup was restored over it.
    """

    mark: Mark | None
    facts: list[Fact]
    anew: bool


class Store:
    """An open store. Safe to share between threads; several processes may hold the same database.

    Every method raises StoreUnavailable when the database cannot be reached, read or written.
    """

    def __init__(self, opened: Engine) -> None:
        self._engine = opened
        self.quarantine = Quarantine(opened)
        self.watched = Watched(opened)
        self.audit = Audit(opened)
        self.site = Site(opened)
        self._ledger = Ledger(opened)
        self._listeners: list[Callable[[], None]] = []

    def append(
        self,
        rows: Iterable[RowRead],
        *,
        author: str | None,
        received_at: datetime,
        committed: Committed | None = None,
        zone: str | None = None,
        closing: Sequence[Closing] = (),
        deed: Deed | None = None,
    ) -> Tally:
        """Append what was read, chunk by chunk; in each, facts, refusals and counters in one transaction.

        A row is quarantined where anything in it was refused (its good facts are kept all the same), else ignored
        where it has an ignored kind, else stored where any of its facts is new, else a duplicate. `zone` is the name
        of the one that was applied to times without an offset, kept with the rows held. `closing` says which held
        rows these rows answer; then everything is one transaction. `deed` is recorded in the audit with the first
        chunk, about the batch: what is stored has its entry, however the rest goes. Raises ValueError for a row that
        says nothing at all, which is a fault of its reader, and AlreadyResolved where somebody else was faster.
        """
        batch = uuid.uuid4().hex
        total = Tally()
        remaining = iter(rows)
        ordinal = 0
        while True:
            with _collector_resting():
                chunk = list(remaining) if closing else _chunk(remaining)
            if not chunk:
                break
            _refuse_silent_rows(chunk)
            first, deed = deed and replace(deed, about=batch), None
            with recorded(self._engine, first, received_at) as connection, _collector_resting():
                tallies = _append_chunk(connection, chunk, batch=batch, author=author, received_at=received_at)
                ordinal = hold(connection, chunk, ordinal, batch=batch, author=author, at=received_at, zone=zone)
                close(connection, closing, batch)
            if any(row.facts for row in chunk):
                self.announce()
            for source, tally in tallies.items():
                total += tally
                if committed is not None:
                    committed(source, tally)
        return total

    def facts(self, patient_id: str | None = None, known_by: datetime | None = None, after_seq: int = 0) -> list[Fact]:
        """Facts in the order they were stored, those received by `known_by` only."""
        wanted = _FACTS.where(tables.fact.c.seq > after_seq)
        if patient_id is not None:
            wanted = wanted.where(tables.fact.c.patient_id == patient_id)
        if known_by is not None:
            wanted = wanted.where(tables.fact.c.received_at <= tables.to_micros(known_by))
        with reading(self._engine) as connection:
            found = connection.execute(wanted.order_by(tables.fact.c.seq)).all()
        return [_parsed(*row) for row in found]

    def by_id(self, fact_ids: Iterable[str]) -> list[Fact]:
        """The stored facts of these ids, in the order they were stored."""
        found: list[tuple[int, str, str]] = []
        remaining = iter(fact_ids)
        with reading(self._engine) as connection:
            while some := list(islice(remaining, _IDS_AT_A_TIME)):
                wanted = _FACTS.where(tables.fact.c.fact_id.in_(some))
                found += [(row.seq, row.fact_id, row.content) for row in connection.execute(wanted)]
        return [_parsed(*row) for row in sorted(found)]

    def changed_since(self, mark: Mark | None, most: int | None = None) -> Changes:
        """Facts stored after `mark` (None: all), in the order they were stored; `most` of them at the most."""
        fact = tables.fact.c
        with reading(self._engine) as connection:
            last = connection.execute(select(fact.seq, fact.batch).order_by(fact.seq.desc()).limit(1)).one_or_none()
            newest = None if last is None else Mark(last.seq, last.batch)
            if newest == mark:
                return Changes(mark, [], anew=False)
            wanted = _FACTS.order_by(fact.seq)
            anew = False
            if mark is not None:
                batch = connection.execute(select(fact.batch).where(fact.seq == mark.seq)).scalar()
                anew = batch != mark.batch
                wanted = wanted if anew else wanted.where(fact.seq > mark.seq)
            found = connection.execute(wanted.add_columns(fact.batch).limit(most)).all()
        reached = Mark(found[-1].seq, found[-1].batch) if found else newest  # the last statement may see more
        return Changes(reached, [_parsed(row.seq, row.fact_id, row.content) for row in found], anew)

    def listen(self, told: Callable[[], None]) -> Callable[[], None]:
        """Have `told` called after each commit that may have stored a fact; call the answer to end it.

        Called in the thread that stored; it must be quick and raise nothing. What another process stores is told
        only after `hear`.
        """
        self._listeners.append(told)
        return lambda: self._listeners.remove(told)

    def hear(self) -> Callable[[], None]:
        """Have the listeners told of what other processes store, too; call the answer to end it."""
        return hear(self._engine, self.version, self.announce)

    def announce(self) -> None:
        """Tell the listeners that facts were stored."""
        for told in tuple(self._listeners):
            told()

    def patients(self) -> list[str]:
        """Every patient anything is known of, sorted."""
        return sorted(self.patient_versions())

    def version(self) -> int:
        """The number of the last fact; 0 for an empty store. It grows with every append that stores anything."""
        with reading(self._engine) as connection:
            return connection.execute(select(func.max(tables.fact.c.seq))).scalar() or 0

    def patient_versions(self, after_seq: int = 0) -> dict[str, int]:
        """For each patient with a fact after `after_seq`, the number of the last one."""
        fact = tables.fact.c
        wanted = select(fact.patient_id, func.max(fact.seq)).where(fact.seq > after_seq).group_by(fact.patient_id)
        with reading(self._engine) as connection:
            return {patient: seq for patient, seq in connection.execute(wanted)}  # noqa: C416 - dict() of rows does not type

    def ledger(self, zone: tzinfo = UTC) -> list[LedgerRow]:
        """The equation per source and day (a day of `zone`), newest day first."""
        return self._ledger.rows(zone)

    def refusals(self, source: str | None = None) -> list[Refusal]:
        """What was refused, in order; a file sent again repeats its refusals in the store, and they are told once."""
        wanted = refused_select().order_by(tables.refusal.c.seq)
        if source is not None:
            wanted = wanted.where(tables.refusal.c.source == source)
        with reading(self._engine) as connection:
            found = (refusal_of(row) for row in connection.execute(wanted))
            return list({tuple(refusal.model_dump().values()): refusal for refusal in found}.values())

    def findings(self) -> list[str]:
        """One sentence for each invariant that does not hold; empty for a sound store."""
        with reading(self._engine) as connection:
            return list(checks.findings(connection))

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()


def open_store(address: str, *, create: bool = True) -> Store:
    """The store at a SQLAlchemy URL, its schema brought up to date. Raises StoreUnavailable.

    Without `create` a SQLite file that is not there is refused, so that a mistyped name is never an empty ward.
    """
    opened = engine.connect(address)
    file = opened.url.database
    if not create and opened.dialect.name == "sqlite" and file and not Path(file).exists():
        raise StoreUnavailable(
            f"no store at {file}; correct the address, or fill it with `python -m monitoring ingest`"
        )
    try:
        engine.migrate(opened)
    except StoreUnavailable:
        opened.dispose()
        raise
    return Store(opened)


def _chunk(remaining: Iterator[RowRead]) -> list[RowRead]:
    """The next rows to be committed together."""
    rows: list[RowRead] = []
    facts = 0
    while facts < _CHUNK_FACTS and len(rows) < CHUNK_ROWS:
        some = list(islice(remaining, min(_ROWS_AT_A_TIME, CHUNK_ROWS - len(rows))))
        if not some:
            break
        rows += some
        facts += sum([len(row.facts) for row in some])
    return rows


@contextmanager
def _collector_resting() -> Iterator[None]:
    """Python's collector of cycles set aside: a chunk makes none, and walking through it was a fifth of the time.

    Only while a chunk is read or stored, never while it waits for its turn: what other threads leave is collected.
    """
    rested = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if rested:
            gc.enable()


def _refuse_silent_rows(rows: Sequence[RowRead]) -> None:
    for row in rows:
        if not (row.facts or row.refusals or row.ignored_kind):
            raise ValueError(f"{row.source}:{row.place} was read as nothing: no fact, no refusal, no ignored kind")


def _append_chunk(
    connection: Connection, rows: Sequence[RowRead], *, batch: str, author: str | None, received_at: datetime
) -> dict[str, Tally]:
    """Insert a chunk under the writers' lock; what became of it, by source."""
    fresh = _fresh_facts(connection, rows)
    outcomes: dict[str, Counter[tuple[str, str]]] = {}
    new_facts: list[tuple[object, ...]] = []
    micros: dict[datetime, int] = _Micros()
    for row in rows:
        found = [fact for fact in row.facts if fresh.pop(fact.fact_id, None)]
        new_facts += [_fact_row(fact, batch, micros) for fact in found]
        outcomes.setdefault(row.source, Counter())[_outcome(row, stored=bool(found))] += 1
    tallies = {source: _tally(counts) for source, counts in outcomes.items()}
    hot.add_in_order(connection, tables.fact, _FACT_COLUMNS, new_facts)
    if new_facts:
        tell_others(connection)
    counters = [
        {
            **tally.model_dump(exclude={"ignored_kinds"}),
            "ignored_kinds": json.dumps(tally.ignored_kinds, sort_keys=True),
            "batch": batch,
            "received_at": tables.to_micros(received_at),
            "source": source,
            "author": author,
        }
        for source, tally in tallies.items()
    ]
    hot.add(connection, tables.intake, counters)
    return tallies


def _fresh_facts(connection: Connection, rows: Sequence[RowRead]) -> dict[str, bool]:
    """The ids in `rows` that the store does not hold; the writers' lock keeps the answer true until the commit."""
    offered = dict.fromkeys((fact.fact_id for row in rows for fact in row.facts), True)
    ids = iter(offered)
    while some := list(islice(ids, _IDS_AT_A_TIME)):
        for known in hot.known(connection, some):
            offered[known] = False
    return offered


def _outcome(row: RowRead, *, stored: bool) -> tuple[str, str]:
    """The one term of the equation a row counts in, and the kind of an ignored one."""
    if row.refusals:
        return "quarantined", ""
    if row.ignored_kind:
        return "ignored", row.ignored_kind
    return ("stored", "") if stored else ("duplicates", "")


def _tally(counts: Counter[tuple[str, str]]) -> Tally:
    terms: Counter[str] = Counter()
    for (term, _), rows in counts.items():
        terms[term] += rows
    kinds = {kind: rows for (term, kind), rows in counts.items() if term == "ignored"}
    return Tally(read=counts.total(), **terms, ignored_kinds=kinds)


_FACT_COLUMNS = tuple(column.name for column in tables.fact.c if column.name != "seq")


class _Micros(dict[datetime, int]):
    """Times of a chunk in microseconds, each worked out once: sets share theirs."""

    def __missing__(self, at: datetime) -> int:
        found = self[at] = tables.to_micros(at)
        return found


def _fact_row(fact: Fact, batch: str, micros: Mapping[datetime, int]) -> tuple[object, ...]:
    """The fact in the order of _FACT_COLUMNS."""
    return (
        fact.fact_id,
        fact.patient_id,
        getattr(fact, "kind", ""),
        micros[fact.effective_at],
        micros[fact.received_at],
        fact.record_id,
        fact.source,
        fact.as_json(),
        tables.SCHEMA,
        batch,
    )


def _parsed(seq: int, fact_id: str, content: str) -> Fact:
    """A fact read back, with the identity it is stored under: `check` is what computes it again."""
    try:
        fact = fact_from_json(content)
    except ValidationError as unreadable:
        raise StoreUnavailable(
            f"fact {seq} of the store cannot be read; run `python -m monitoring check` and restore a backup"
        ) from unreadable
    fact.__dict__["fact_id"] = fact_id
    return fact
