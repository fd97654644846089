"""What the routes share: the site's settings, the store, who may come in, and the moment."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache

from monitoring.admission import Admission
from monitoring.rounds import Rounds
from monitoring.rounds import opened as process
from monitoring.settings import Settings, read_settings
from monitoring.store import Store
from monitoring.store.accounts import open_accounts


@cache
def settings() -> Settings:
    """The site's settings, read once a process."""
    return read_settings()


@cache
def store() -> Store:
    """The one Store of the routes. Raises StoreUnavailable; a failure is not remembered."""
    return process.store()


@cache
def admission() -> Admission:
    """The one Admission of the routes. Raises StoreUnavailable; a failure is not remembered."""
    return Admission(open_accounts(settings().database_url))


@cache
def rounds() -> Rounds:
    """The one Rounds of the routes. Raises StoreUnavailable; a failure is not remembered."""
    return process.rounds()


def now() -> datetime:
    """The moment of the call."""
    return datetime.now(UTC)


def forget() -> None:
    """Open everything anew at the next call: the settings have changed."""
    process.forget()
    for kept in (settings, store, admission, rounds):
        kept.cache_clear()
