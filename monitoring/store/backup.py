"""A whole store in one file, taken while the application runs; it is restored on either engine.

The file is gzip. Each line in it is JSON: first the manifest, then every row as an array, table by table in the
manifest's order and in the order of the primary key, and last the SHA-256 of every byte before that line:

    {"backup": "car-t-monitoring-1", "id": ..., "made_at": ..., "revision": ..., "engine": ..., "audit_head": ...,
     "tables": {"fact": {"columns": [...], "rows": 312}, ...}}
    [1, "bbe2d92b...", ...]
    {"sha256": "..."}

The tables are those the database has, so that one added by a later schema cannot be forgotten. Values stand as the
database keeps them. The file holds everything the store does, patients and hashes of secrets included.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    String,
    TableClause,
    column,
    func,
    inspect,
    select,
    table,
)

from monitoring.access.acts import Act, Deed, Origin
from monitoring.store import audit, backup_file, engine
from monitoring.store.backup_file import BackupRefused, Manifest
from monitoring.store.engine import StoreUnavailable

ROWS_AT_A_TIME = 2000
_VERSIONS = "alembic_version"


@dataclass(frozen=True)
class Kept:
    """One table as the database has it."""

    clause: TableClause
    order: tuple[ColumnElement[Any], ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """By name: a migration may leave them in another order on each engine."""
        return tuple(self.clause.c.keys())


def back_up(address: str, file: Path, *, at: datetime, by: Origin) -> Manifest:
    """Write all of a store, as it is at one moment, to a new file that only its owner may read.

    Writers go on meanwhile. The store is not migrated. The act is recorded in its audit first, and is in the copy.
    Raises BackupRefused for a file that exists or has no folder, StoreUnavailable, and OSError where the file cannot be
    written; then nothing is left.
    """
    if file.exists():
        raise BackupRefused(f"{file} exists already; a backup never writes over another: name a new file")
    if not file.parent.is_dir():
        raise BackupRefused(f"there is no folder {file.parent} for the backup; make it, or name another")
    opened = engine.connect(address)
    database = opened.url.database
    if opened.dialect.name == "sqlite" and database and not Path(database).exists():
        raise StoreUnavailable(f"no store at {database}; correct the address")
    backup_id = uuid.uuid4().hex
    try:
        with engine.reading(opened) as connection:
            at_revision = engine.revision(connection)
        if at_revision == engine.newest_revision():
            audit.Audit(opened).record(Deed(Act.BACKED_UP, by, about=backup_id), at)
        with _one_moment(opened) as connection:
            manifest = _manifest(connection, backup_id, at)
            with backup_file.new_file(file) as out:
                return backup_file.write(manifest, rows(connection), out)
    finally:
        opened.dispose()


@contextmanager
def _one_moment(opened: Engine) -> Iterator[Connection]:
    """A transaction that sees the store as it was at its first question, and holds up nobody."""
    options: dict[str, Any] = {}
    if opened.dialect.name == "postgresql":
        options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with engine.translated(opened.url), opened.connect().execution_options(**options) as one, one.begin():
        yield one


def _manifest(connection: Connection, backup_id: str, at: datetime) -> Manifest:
    kept = tables(connection)
    at_revision = engine.revision(connection)
    if at_revision is None:
        raise StoreUnavailable("the database holds no store; correct the address")
    head = None
    if audit.audit.name in kept:
        kept_head = audit.audit.c
        last = connection.execute(select(kept_head.seq, kept_head.hash).order_by(kept_head.seq.desc()).limit(1))
        head = str(next((audit.Head(row.seq, row.hash) for row in last), audit.Head(0, audit.BEGINNING)))
    counted = {
        name: (one.columns, connection.execute(select(func.count()).select_from(one.clause)).scalar_one())
        for name, one in kept.items()
    }
    return Manifest(backup_id, at.isoformat(), at_revision, connection.dialect.name, head, counted)


def tables(connection: Connection) -> dict[str, Kept]:
    """Every table of the store, by name."""
    looked_at = inspect(connection)
    found = {}
    for name in sorted(set(looked_at.get_table_names()) - {_VERSIONS}):
        columns = {one["name"]: one["type"] for one in looked_at.get_columns(name)}
        key = looked_at.get_pk_constraint(name)["constrained_columns"] or list(columns)
        clause = table(name, *map(column, sorted(columns)))
        postgresql = connection.dialect.name == "postgresql"
        found[name] = Kept(
            clause,
            tuple(
                # as SQLite sorts them, by their bytes
                clause.c[one].collate("C") if postgresql and isinstance(columns[one], String) else clause.c[one]
                for one in key
            ),
        )
    return found


def rows(connection: Connection) -> Iterator[bytes]:
    """Each row as a line of the file, in the file's order."""
    for one in tables(connection).values():
        asked = select(one.clause).order_by(*one.order)
        for row in connection.execute(asked, execution_options={"yield_per": ROWS_AT_A_TIME}):
            yield backup_file.line(list(row))
