"""The audit in the store: each entry holds the hash of the one before, so that a change or a gap shows.

An entry's hash is SHA-256 over the UTF-8 bytes of one compact JSON array, without spaces and with characters beyond
ASCII as they are:

    ["audit-1", seq, at in microseconds, act, who, role, channel, address, patient_id, about, how_many, previous]

Whatever is not known is null. `previous` is the hash of entry seq - 1, and 64 zeros before the first. Entries are
numbered from 1 without gaps, written under the writers' lock.

What the chain cannot show alone is a tail that was cut off, or a chain written anew from some entry on by somebody who
may write the database. Each entry's number and hash therefore go to the log as well, and with every export, backup
and check; `findings(seen)` says whether an entry that was seen there is still in the chain.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Connection, Engine, Index, Row, Select, Table, Text, func, select

from monitoring.access.acts import Act, Channel, Deed, Origin
from monitoring.store import hot
from monitoring.store.engine import reading, writing
from monitoring.store.tables import Words, from_micros, metadata, to_micros
from monitoring.vocabulary import Role

SINCE = "audit-since"
"""The mark of a store that says from when on, in microseconds, everything is recorded."""

BEGINNING = "0" * 64
"""What the first entry holds for the hash of the one before it."""

_LOG = logging.getLogger(__name__)
_FORM = "audit-1"
_ROWS_AT_A_TIME = 5000

audit = Table(
    "audit",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("at", BigInteger, nullable=False),
    Column("act", Text, nullable=False),
    Column("who", Words, nullable=False),
    Column("role", Text),
    Column("channel", Text, nullable=False),
    Column("address", Words),
    Column("patient_id", Words),
    Column("about", Words),
    Column("how_many", BigInteger),
    Column("previous", Text, nullable=False, unique=True),
    Column("hash", Text, nullable=False),
    Index("audit_by_time", "at"),
    Index("audit_by_who", "who", "seq"),
    Index("audit_by_patient", "patient_id", "seq"),
)

_IN_ORDER = select(audit).order_by(audit.c.seq)


@dataclass(frozen=True)
class Head:
    """The last entry: its number and its hash. `0` and BEGINNING for an empty audit."""

    seq: int
    hash: str

    def __str__(self) -> str:
        """`SEQ:HASH`, as logs, exports and backups carry it."""
        return f"{self.seq}:{self.hash}"


@dataclass(frozen=True)
class Entry:
    """One entry of the audit."""

    seq: int
    at: datetime
    deed: Deed
    previous: str
    hash: str


@dataclass(frozen=True)
class Asked:
    """Which entries: whatever is None is not asked about. `since` is within, `until` without."""

    who: str | None = None
    patient_id: str | None = None
    act: Act | None = None
    since: datetime | None = None
    until: datetime | None = None


def note(connection: Connection, deed: Deed, at: datetime) -> Head:
    """Append one entry inside a `writing` transaction: it is kept with what else is done in it, or nothing is."""
    before = _head(connection)
    values: dict[str, Any] = {
        "seq": before.seq + 1,
        "at": to_micros(at),
        "act": deed.act.value,
        "who": deed.by.who,
        "role": None if deed.by.role is None else deed.by.role.value,
        "channel": deed.by.channel.value,
        "address": deed.by.address,
        "patient_id": deed.patient_id,
        "about": deed.about,
        "how_many": deed.how_many,
        "previous": before.hash,
    }
    values["hash"] = hash_of(values)
    hot.add(connection, audit, [values])
    return Head(values["seq"], values["hash"])


@contextmanager
def recorded(engine: Engine, deed: Deed | None, at: datetime) -> Iterator[Connection]:
    """`writing`, with the deed recorded in the same transaction; without a deed, `writing` alone.

    A committed entry is told to the log: an anchor for the chain, outside the store.
    """
    head = None
    with writing(engine) as connection:
        yield connection
        if deed is not None:
            head = note(connection, deed, at)
    if deed is not None and head is not None:
        facts = {"act": deed.act.value, "channel": deed.by.channel.value, "head": str(head)}
        _LOG.info("audit", extra={"facts": facts})


def hash_of(values: dict[str, Any]) -> str:
    """The hash of an entry's columns, as the module's first lines say."""
    names = ("seq", "at", "act", "who", "role", "channel", "address", "patient_id", "about", "how_many", "previous")
    text = json.dumps([_FORM, *(values[name] for name in names)], ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


class Audit:
    """The audit of an open store. Safe to share between threads. Every method raises StoreUnavailable."""

    def __init__(self, opened: Engine) -> None:
        self._engine = opened

    def record(self, deed: Deed, at: datetime) -> None:
        """Append one entry, committed on return. What cannot be recorded is not to be done."""
        with recorded(self._engine, deed, at):
            pass

    def entries(
        self, asked: Asked | None = None, *, limit: int | None = None, before: int | None = None
    ) -> list[Entry]:
        """The entries asked for, newest first; `before` that number only."""
        wanted = _asked(asked or Asked()).order_by(audit.c.seq.desc()).limit(limit)
        if before is not None:
            wanted = wanted.where(audit.c.seq < before)
        with reading(self._engine) as connection:
            return [_entry(row) for row in connection.execute(wanted)]

    def everybody(self) -> list[str]:
        """Everybody an entry names, sorted: the index is asked once for each of them, and not for every entry."""
        named = select(func.min(audit.c.who).label("who")).cte("named", recursive=True)
        following = select(func.min(audit.c.who)).where(audit.c.who > named.c.who).scalar_subquery()
        named = named.union_all(select(following).where(named.c.who.is_not(None)))
        with reading(self._engine) as connection:
            return list(connection.scalars(select(named.c.who).where(named.c.who.is_not(None)).order_by(named.c.who)))

    def head(self) -> Head:
        """The last entry's number and hash: kept elsewhere, they show a tail cut off later."""
        with reading(self._engine) as connection:
            return _head(connection)

    def findings(self, seen: Head | None = None) -> list[str]:
        """One sentence for the first broken link, and for an entry seen elsewhere that is not in the chain."""
        with reading(self._engine) as connection:
            return list(findings(connection, seen))


def findings(connection: Connection, seen: Head | None = None) -> Iterator[str]:
    """What is wrong with the chain: its first broken link only, because nothing after it can be trusted."""
    before = Head(0, BEGINNING)
    anchored = seen is None or seen == before
    with connection.execution_options(yield_per=_ROWS_AT_A_TIME).execute(_IN_ORDER) as rows:
        for row in rows:
            broken = _broken(row, before)
            if broken:
                yield broken
                return
            before = Head(row.seq, row.hash)
            anchored = anchored or before == seen
    if not anchored and seen is not None:
        how = "the audit was cut off before it" if seen.seq > before.seq else "another entry stands in its place"
        yield f"audit {seen.seq}: the entry that was seen elsewhere is not in the chain; {how}"


def _broken(row: Row[Any], before: Head) -> str:
    """Why an entry does not follow the one before it; empty where it does."""
    if row.seq != before.seq + 1:
        return f"audit {before.seq + 1}: the entry is missing (the next is {row.seq}); restore a backup and compare"
    if row.previous != before.hash:
        return f"audit {row.seq}: it does not follow entry {before.seq}, which was changed or replaced"
    if hash_of(dict(row._mapping)) != row.hash:
        return f"audit {row.seq}: the entry is not what was written; compare with a backup or an export"
    return ""


def _head(connection: Connection) -> Head:
    for seq, digest in hot.run(connection, "SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1"):
        return Head(seq, digest)
    return Head(0, BEGINNING)


def _asked(asked: Asked) -> Select[Any]:
    wanted = select(audit)
    if asked.who is not None:
        wanted = wanted.where(audit.c.who == asked.who)
    if asked.patient_id is not None:
        wanted = wanted.where(audit.c.patient_id == asked.patient_id)
    if asked.act is not None:
        wanted = wanted.where(audit.c.act == asked.act.value)
    if asked.since is not None:
        wanted = wanted.where(audit.c.at >= to_micros(asked.since))
    if asked.until is not None:
        wanted = wanted.where(audit.c.at < to_micros(asked.until))
    return wanted


def _entry(row: Row[Any]) -> Entry:
    role = None if row.role is None else Role(row.role)
    deed = Deed(
        act=Act(row.act),
        by=Origin(row.who, Channel(row.channel), role, row.address),
        patient_id=row.patient_id,
        about=row.about,
        how_many=row.how_many,
    )
    return Entry(row.seq, from_micros(row.at), deed, row.previous, row.hash)
