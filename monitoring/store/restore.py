"""An empty database filled from a backup, and proved: every row read back, the audit's end, and `check`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from itertools import islice
from pathlib import Path

from sqlalchemy import Connection, delete, func, insert, inspect, select, text, update

from monitoring.access.acts import Act, Deed, Origin
from monitoring.store import account_tables, audit, backup_file, checks, engine
from monitoring.store.backup import ROWS_AT_A_TIME, Kept, rows, tables
from monitoring.store.backup_file import BackupRefused, Manifest
from monitoring.store.engine import StoreUnavailable
from monitoring.store.tables import to_micros


def restore(file: Path, address: str, *, at: datetime, by: Origin) -> tuple[Manifest, list[str]]:
    """Fill an empty database from a backup, and prove it: the manifest, and what `check` finds in the result.

    Everything happens in one transaction, which is committed only when each row read back from the database is the
    row of the file. The schema is brought up to date, open sessions and one-time links are ended (D98), and the act
    is recorded. Raises BackupRefused and StoreUnavailable; then the database is as empty as before.
    """
    with backup_file.reader(file) as lines:
        first = next(lines)
        manifest = backup_file.read_manifest(file, first)
        opened = engine.connect(address)
        database = opened.url.database
        made = database if opened.dialect.name == "sqlite" and database and not Path(database).exists() else None
        done = False
        try:
            with engine.writing(opened, long=True) as connection:
                manifest = _filled(connection, manifest, first, lines)
                _nobody_is_signed_in(connection, at)
                deed = Deed(Act.RESTORED, by, about=manifest.backup_id, how_many=sum(manifest.rows.values()))
                audit.note(connection, deed, at)
                findings = _proved(connection, manifest)
                if not connection.in_transaction():
                    raise BackupRefused(f"the disk does not keep what is restored; name another. {findings[0]}")
            done = True
        finally:
            opened.dispose()
            if made and not done:
                for left in (made, f"{made}-wal", f"{made}-shm"):
                    Path(left).unlink(missing_ok=True)
    return manifest, findings


def _filled(connection: Connection, manifest: Manifest, first: bytes, lines: Iterator[bytes]) -> Manifest:
    """Every row of the file in the database, read back and compared."""
    there = inspect(connection).get_table_names()
    if there:
        raise BackupRefused(
            f"the database to restore into has tables already ({', '.join(sorted(there)[:3])} ...); a restore never "
            "mixes: name a database, or a file, that does not exist yet"
        )
    try:
        engine.upgrade(connection, manifest.revision)
    except StoreUnavailable as unknown:
        raise BackupRefused(
            f"the backup has schema {manifest.revision!r}, which this version does not know; use the version of the "
            "application that wrote it, or a newer one"
        ) from unknown
    kept = tables(connection)
    if {name: one.columns for name, one in kept.items()} != {
        name: names for name, (names, _) in manifest.tables.items()
    }:
        raise BackupRefused(
            f"the backup does not have the tables of its schema {manifest.revision!r}; use another copy"
        )
    digest = hashlib.sha256(first)
    for name, one in kept.items():
        if connection.execute(select(func.count()).select_from(one.clause)).scalar():
            connection.execute(delete(one.clause))  # what the migrations put there is in the backup as well
        numbers = iter(range(manifest.rows[name]))
        while some := list(islice(numbers, ROWS_AT_A_TIME)):
            _insert(connection, one, [next(lines) for _ in some], digest)
    told = digest.hexdigest()
    if next(lines) != backup_file.last_line(told) or next(lines):
        raise BackupRefused(
            "the backup's content is not what its checksum says: it was changed or cut; use another copy"
        )
    again = hashlib.sha256(first)
    for line in rows(connection):
        again.update(line)
    if again.hexdigest() != told:
        raise BackupRefused("what the database gives back is not what the backup holds; nothing was kept")
    _count_on(connection, kept)
    engine.upgrade(connection)
    return replace(manifest, sha256=told)


def _insert(connection: Connection, one: Kept, lines: list[bytes], digest: hashlib._Hash) -> None:
    values = []
    for line in lines:
        digest.update(line)
        try:
            values.append(dict(zip(one.columns, json.loads(line), strict=True)))
        except (ValueError, TypeError) as unreadable:
            raise BackupRefused(
                "a row of the backup cannot be read: it was changed or cut; use another copy"
            ) from unreadable
    connection.execute(insert(one.clause), values)


def _count_on(connection: Connection, kept: Mapping[str, Kept]) -> None:
    """PostgreSQL's own counters go on after the last row; SQLite's do so by themselves."""
    if connection.dialect.name != "postgresql":
        return
    for name, one in kept.items():
        for column_name in one.columns:
            counter = connection.execute(
                text("SELECT pg_get_serial_sequence(:name, :of)"), {"name": name, "of": column_name}
            ).scalar()
            last = connection.execute(select(func.max(one.clause.c[column_name]))).scalar() if counter else None
            if last is not None:
                connection.execute(text("SELECT setval(:counter, :last)"), {"counter": counter, "last": last})


def _proved(connection: Connection, manifest: Manifest) -> list[str]:
    """What `check` finds, and whether the audit ends where the manifest says."""
    found = list(checks.findings(connection))
    if manifest.audit_head is not None:
        seq, _, digest = manifest.audit_head.partition(":")
        found += audit.findings(connection, audit.Head(int(seq), digest))
    return list(dict.fromkeys(found))


def _nobody_is_signed_in(connection: Connection, at: datetime) -> None:
    """Whoever was signed out, or used a link, after the backup was made must not be back (D98)."""
    session, invitation = account_tables.session, account_tables.invitation
    ended = to_micros(at)
    connection.execute(update(session).where(session.c.ended_at.is_(None)).values(ended_at=ended))
    connection.execute(update(invitation).where(invitation.c.used_at.is_(None)).values(used_at=ended))
