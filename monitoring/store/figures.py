"""Counts for those who watch the application itself: what arrived by which way, what was refused, who is signed in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Column, Connection, Engine, func, select

from monitoring.records import WATCH
from monitoring.store import account_tables, tables
from monitoring.store.engine import reading, revision

_OUTCOMES = ("stored", "duplicates", "quarantined", "ignored")


@dataclass(frozen=True)
class Arrived:
    """What one source sent, as one author: rows by outcome, and when the last of them came."""

    source: str
    author: str | None
    rows: dict[str, int]
    last_at: datetime


@dataclass(frozen=True)
class Figures:
    """What was added after a place in the store, and the place after it."""

    intake: int
    refusal: int
    arrived: tuple[Arrived, ...] = ()
    refused: tuple[tuple[str, int], ...] = ()


class Watched:
    """The counts of an open store. Every method raises StoreUnavailable."""

    def __init__(self, opened: Engine) -> None:
        self._engine = opened

    def since(self, before: Figures | None) -> Figures:
        """What came after `before` (None: everything). Places lower than before tell of another store."""
        intake, refusal = tables.intake.c, tables.refusal.c
        after = before or Figures(0, 0)
        with reading(self._engine) as connection:
            last = Figures(_last(connection, intake.seq), _last(connection, refusal.seq))
            sums = [func.sum(intake[name]).label(name) for name in _OUTCOMES]
            new = (intake.seq > after.intake) & (intake.seq <= last.intake)
            wanted = select(intake.source, intake.author, *sums, func.max(intake.received_at).label("last_at"))
            arrived = connection.execute(wanted.where(new).group_by(intake.source, intake.author)).all()
            new = (refusal.seq > after.refusal) & (refusal.seq <= last.refusal)
            counted = select(refusal.rule, func.count().label("n")).where(new).group_by(refusal.rule)
            refused = connection.execute(counted).all()
        return Figures(
            last.intake,
            last.refusal,
            tuple(
                Arrived(
                    row.source,
                    row.author,
                    {name: int(getattr(row, name)) for name in _OUTCOMES},
                    tables.from_micros(row.last_at),
                )
                for row in arrived
            ),
            tuple((row.rule or "", int(row.n)) for row in refused),
        )

    def last_arrival(self) -> datetime | None:
        """When something last reached the store; None where nothing ever did. What the watch notes did not arrive."""
        intake = tables.intake.c
        wanted = select(intake.received_at).where(intake.source != WATCH).order_by(intake.seq.desc()).limit(1)
        with reading(self._engine) as connection:
            at = connection.execute(wanted).scalar()
        return None if at is None else tables.from_micros(at)

    def schema(self) -> str:
        """The schema revision of the store."""
        with reading(self._engine) as connection:
            return revision(connection) or ""

    def sessions(self) -> list[tuple[str, datetime, datetime]]:
        """Role, beginning and last use of every session that nobody ended."""
        session, account = account_tables.session, account_tables.account
        joined = session.join(account, account.c.account_id == session.c.account_id)
        wanted = select(account.c.role, session.c.started_at, session.c.seen_at).select_from(joined)
        with reading(self._engine) as connection:
            found = connection.execute(wanted.where(session.c.ended_at.is_(None))).all()
        return [(row.role, tables.from_micros(row.started_at), tables.from_micros(row.seen_at)) for row in found]


def _last(connection: Connection, seq: Column[int]) -> int:
    return int(connection.execute(select(func.max(seq))).scalar() or 0)
