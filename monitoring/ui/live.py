"""What the screens share: the ward's rounds, the moment, and the ward's clock."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache

from monitoring.admission import Admission
from monitoring.rounds import Rounds, opened
from monitoring.settings import Settings, read_settings
from monitoring.store.accounts import open_accounts


@cache
def settings() -> Settings:
    """The site's settings, read once a process."""
    return read_settings()


@cache
def rounds() -> Rounds:
    """The one Rounds of this process. Raises StoreUnavailable; a failure is not remembered."""
    return opened.rounds()


@cache
def admission() -> Admission:
    """Who may be at the screens. Raises StoreUnavailable; a failure is not remembered."""
    return Admission(open_accounts(settings().database_url))


@cache
def address_secret() -> str:
    """The store's secret for patients in addresses. Raises StoreUnavailable; a failure is not remembered."""
    return admission().address_secret()


@cache
def is_demonstration() -> bool:
    """Whether the patients are invented. Raises StoreUnavailable; a failure is not remembered."""
    return settings().demonstration or admission().is_demonstration()


def forget() -> None:
    """Open everything anew at the next call: the settings have changed."""
    opened.forget()
    for kept in (settings, rounds, admission, address_secret, is_demonstration):
        kept.cache_clear()


def unwatched_since(at: datetime) -> datetime | None:
    """Since when no alert has been kept in this process; None while they are, or where the watch was never begun."""
    return opened.watch().unkept_since(at)


def instant() -> datetime:
    """The moment of the call, exactly: what is charted within a second is seen within it."""
    return datetime.now(UTC)


def now() -> datetime:
    """The moment of the call, to the second."""
    return instant().replace(microsecond=0)


def clock(at: datetime, form: str = "%H:%M") -> str:
    """`at` on the ward's clock."""
    return at.astimezone(settings().ward_zone).strftime(form)
