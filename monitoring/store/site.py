"""The settings of a site in the store: every revision with who made it and when; the last one holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pydantic import ValidationError
from sqlalchemy import BigInteger, Column, Connection, Engine, Integer, Row, Table, Text, func, insert, select

from monitoring.access.acts import Deed
from monitoring.site import SiteSettings
from monitoring.store.audit import recorded
from monitoring.store.engine import StoreUnavailable, reading
from monitoring.store.tables import Words, from_micros, metadata, to_micros

site = Table(
    "site",
    metadata,
    Column("revision", Integer, primary_key=True, autoincrement=False),
    Column("content", Text, nullable=False),
    Column("author", Words, nullable=False),
    Column("at", BigInteger, nullable=False),
)


class SettingsMoved(ValueError):
    """Somebody else changed the settings since they were looked at; the message says who."""


@dataclass(frozen=True)
class Revision:
    """One revision of the settings. `number` 0 is what holds before anybody changed anything."""

    number: int
    settings: SiteSettings
    author: str
    at: datetime | None


NOBODYS = Revision(0, SiteSettings(), "", None)


class Site:
    """The settings of an open store. Every method raises StoreUnavailable when the database does not answer."""

    def __init__(self, opened: Engine) -> None:
        self._engine = opened

    def revision(self) -> int:
        """The number of the revision that holds; asked often, and cheap."""
        with reading(self._engine) as connection:
            return _newest(connection)

    def now(self) -> Revision:
        """The revision that holds."""
        return next(iter(self.history(limit=1)), NOBODYS)

    def history(self, limit: int | None = None) -> list[Revision]:
        """Every revision somebody made, newest first."""
        with reading(self._engine) as connection:
            rows = connection.execute(select(site).order_by(site.c.revision.desc()).limit(limit))
            return [_revision(row) for row in rows]

    def change(self, settings: SiteSettings, *, seen: int, author: str, at: datetime, deed: Deed | None = None) -> int:
        """Keep a new revision, and its entry in the audit; its number. Raises SettingsMoved where `seen` is old."""
        with recorded(self._engine, deed, at) as connection:
            newest = _newest(connection)
            if newest != seen:
                row = connection.execute(select(site).where(site.c.revision == newest)).one()
                raise SettingsMoved(f"{row.author} changed the settings meanwhile; look at them again")
            values = {"revision": newest + 1, "content": settings.model_dump_json(), "author": author}
            connection.execute(insert(site).values(**values, at=to_micros(at)))
            return newest + 1


def findings(connection: Connection) -> list[str]:
    """One sentence for each revision that is missing or cannot be read."""
    found: list[str] = []
    for place, row in enumerate(connection.execute(select(site).order_by(site.c.revision)), start=1):
        if row.revision != place:
            return [*found, f"settings: revision {place} is missing; restore a backup"]
        try:
            SiteSettings.model_validate_json(row.content)
        except ValidationError:
            found.append(f"settings: revision {row.revision} cannot be read; restore a backup")
    return found


def _newest(connection: Connection) -> int:
    return connection.execute(select(func.max(site.c.revision))).scalar() or 0


def _revision(row: Row[tuple[int, str, str, int]]) -> Revision:
    try:
        settings = SiteSettings.model_validate_json(row.content)
    except ValidationError as unreadable:
        raise StoreUnavailable(
            f"revision {row.revision} of the settings cannot be read; run `python -m monitoring check` "
            "and restore a backup"
        ) from unreadable
    return Revision(row.revision, settings, row.author, from_micros(row.at))
