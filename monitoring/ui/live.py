"""What the screens share: the ward's rounds, the moment, and the ward's clock."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache

from monitoring.concepts import dictionary
from monitoring.rounds import Rounds
from monitoring.settings import Settings, read_settings
from monitoring.store import open_store


@cache
def settings() -> Settings:
    """The site's settings, read once a process."""
    return read_settings()


@cache
def rounds() -> Rounds:
    """The one Rounds of this process. Raises StoreUnavailable; a failure is not remembered."""
    return Rounds(open_store(settings().database_url), settings(), dictionary())


def now() -> datetime:
    """The moment of the call, to the second."""
    return datetime.now(UTC).replace(microsecond=0)


def clock(at: datetime, form: str = "%H:%M") -> str:
    """`at` on the ward's clock."""
    return at.astimezone(settings().ward_zone).strftime(form)
