"""What must be true of a store, looked at afresh: nothing here trusts what the writing code believed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from pydantic import ValidationError
from sqlalchemy import Connection, Row, and_, distinct, func, select, text
from sqlalchemy.exc import DatabaseError

from monitoring.access.acts import SESSION_SHOWN, Act
from monitoring.concepts import dictionary
from monitoring.records import fact_from_json
from monitoring.store import account_tables, audit, site, tables
from monitoring.store.engine import newest_revision, revision
from monitoring.store.keys import held_key

_AHEAD = timedelta(days=1)
"""How far a fact may lie ahead of its arrival: no further than two clocks in two zones can disagree."""

_ROWS_AT_A_TIME = 5000


def findings(connection: Connection) -> Iterator[str]:
    """One sentence for each thing wrong. Nothing below is looked at in a damaged file, or in a schema not ours."""
    damaged = list(_engine(connection))
    yield from damaged
    if damaged:
        return
    at, newest = revision(connection), newest_revision()
    if at != newest:
        yield f"the schema is at revision {at}, expected {newest}; open the store once with this version to migrate it"
        return
    yield from _equation(connection)
    yield from _quarantine(connection)
    yield from site.findings(connection)
    yield from _facts(connection)
    yield from audit.findings(connection)
    yield from _sessions(connection)


def _engine(connection: Connection) -> Iterator[str]:
    if connection.dialect.name != "sqlite":
        return
    try:
        answers = [str(one) for one in connection.execute(text("PRAGMA integrity_check")).scalars()]
    except DatabaseError as worse:  # it gives up itself where a page is no page any more, and then commits nothing
        connection.rollback()
        answers = [str(worse.orig)]
    for answer in answers:
        if answer != "ok":
            yield f"SQLite finds the file damaged: {' '.join(answer.split())}; restore a backup"


def _equation(connection: Connection) -> Iterator[str]:
    """Rows read against their outcomes, and the outcomes against what is in fact there, per batch and source."""
    counted, refused = tables.intake.c, tables.refusal.c
    per_batch = (
        select(
            counted.batch,
            counted.source,
            func.sum(counted.read).label("read"),
            func.sum(counted.stored + counted.duplicates + counted.quarantined + counted.ignored).label("told"),
            func.sum(counted.quarantined).label("quarantined"),
        )
        .group_by(counted.batch, counted.source)
        .subquery()
    )
    kept = (
        select(refused.batch, refused.source, func.count(distinct(refused.ordinal)).label("kept"))
        .group_by(refused.batch, refused.source)
        .subquery()
    )
    same = and_(kept.c.batch == per_batch.c.batch, kept.c.source == per_batch.c.source)
    joined = per_batch.outerjoin(kept, same)
    for row in connection.execute(select(per_batch, func.coalesce(kept.c.kept, 0).label("kept")).select_from(joined)):
        if row.read != row.told:
            yield f"{row.source}: {row.read} rows read but {row.told} accounted for (batch {row.batch})"
        # of a file named twice in one call, the first schema did not tell the two apart
        if row.kept > row.quarantined or (row.quarantined and not row.kept):
            yield f"{row.source}: {row.quarantined} rows quarantined but {row.kept} kept (batch {row.batch})"
    stored = select(counted.batch, func.sum(counted.stored).label("rows")).group_by(counted.batch).subquery()
    held = select(tables.fact.c.batch, func.count().label("facts")).group_by(tables.fact.c.batch).subquery()
    short = select(stored.c.batch, stored.c.rows, func.coalesce(held.c.facts, 0).label("facts")).select_from(
        stored.outerjoin(held, held.c.batch == stored.c.batch)
    )
    for row in connection.execute(short.where(stored.c.rows > func.coalesce(held.c.facts, 0))):
        yield f"batch {row.batch}: {row.rows} rows counted as stored but only {row.facts} facts are there"


def _quarantine(connection: Connection) -> Iterator[str]:
    """Every refused row is held with its text, every resolution answers a held row, every mapping has its concept."""
    held, done = tables.held.c, tables.resolution.c
    for table in (tables.refusal, tables.unmapped, tables.resolution):
        orphans = select(table.c.seq).outerjoin(tables.held, held.key == table.c.held).where(held.key.is_(None))
        for seq in connection.scalars(orphans.order_by(table.c.seq)):
            yield f"{table.name} {seq}: the row it speaks of is not held"
    for row in connection.execution_options(yield_per=_ROWS_AT_A_TIME).execute(
        select(tables.held).order_by(tables.held.c.seq)
    ):
        if row.raw is None and row.place != "file":
            yield f"{row.source}:{row.place}: held without its text, so nobody can correct it; send it again"
        if row.raw is not None and held_key(row.source, row.place, row.raw, "") != row.key:
            yield f"{row.source}:{row.place}: the text held is not what was refused there"
    stored = select(tables.intake.c.batch)
    unstored = select(done.seq, done.how).where(
        done.how != "dismissed", done.batch.is_(None) | done.batch.not_in(stored)
    )
    for row in connection.execute(unstored):
        yield f"resolution {row.seq}: {row.how}, but no intake stored what it says"
    known = dictionary().concepts
    for mapping in connection.execute(select(tables.mapping).order_by(tables.mapping.c.seq)):
        if mapping.concept is not None and mapping.concept not in known:
            yield f"code {mapping.code!r} is mapped to {mapping.concept!r}, which the dictionary does not have"


def _sessions(connection: Connection) -> Iterator[str]:
    """Every session that began since there is an audit has its entry there; else its tail was cut off."""
    session, entry = account_tables.session.c, audit.audit.c
    since = connection.scalar(select(account_tables.mark.c.value).where(account_tables.mark.c.name == audit.SINCE))
    told = select(entry.about).where(entry.act == Act.SIGNED_IN.value)
    untold = select(session.started_at).where(
        session.started_at >= int(since or 0), func.substr(session.session_id, 1, SESSION_SHOWN).not_in(told)
    )
    for started_at in connection.scalars(untold.order_by(session.started_at)):
        yield (
            f"a session of {tables.from_micros(started_at):%Y-%m-%d %H:%M} UTC has no entry in the audit, whose end "
            "may be cut off; compare with the log or a backup"
        )


def _facts(connection: Connection) -> Iterator[str]:
    result = connection.execution_options(yield_per=_ROWS_AT_A_TIME).execute(
        select(tables.fact).order_by(tables.fact.c.seq)
    )
    for row in result:
        yield from _fact(row)


def _fact(row: Row[tuple[object, ...]]) -> Iterator[str]:
    if row.schema != tables.SCHEMA:
        yield f"fact {row.seq}: content of schema {row.schema}, this version reads {tables.SCHEMA}"
        return
    try:
        fact = fact_from_json(row.content)
    except ValidationError:
        yield f"fact {row.seq} ({row.source}): the content cannot be read as a record"
        return
    if fact.fact_id != row.fact_id:
        yield f"fact {row.seq} ({row.source}): the content is not what was stored under its id"
    columns = (fact.patient_id, tables.to_micros(fact.effective_at), tables.to_micros(fact.received_at))
    if columns != (row.patient_id, row.effective_at, row.received_at):
        yield f"fact {row.seq} ({row.source}): patient or times in the columns differ from the content"
    if fact.effective_at > fact.received_at + _AHEAD:
        moment = f"{fact.effective_at:%Y-%m-%d %H:%M}"
        yield f"fact {row.seq} ({row.source}): true from {moment}, more than a day after it arrived"
