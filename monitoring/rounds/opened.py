"""One store, one Rounds and one watch a process: screens, routes and the watch share what was read and graded."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache

from monitoring.concepts import dictionary
from monitoring.rounds.ward_rounds import Rounds
from monitoring.rounds.ward_shown import WardShown
from monitoring.rounds.watch import Watch
from monitoring.settings import read_settings
from monitoring.store import Store, open_store


@cache
def store() -> Store:
    """The process's store. Raises StoreUnavailable; a failure is not remembered."""
    return open_store(read_settings().database_url)


@cache
def rounds() -> Rounds:
    """The process's rounds on that store. Raises StoreUnavailable; a failure is not remembered."""
    return Rounds(store(), read_settings(), dictionary())


@cache
def watch() -> Watch:
    """The process's watch; whoever starts the process starts it."""
    return Watch(rounds, lambda: datetime.now(UTC))


@cache
def ward_shown() -> WardShown:
    """To whom the process has recorded that the ward was shown."""
    return WardShown()


def forget() -> None:
    """Open everything anew at the next call: the settings have changed."""
    for kept in (store, rounds, watch, ward_shown):
        kept.cache_clear()
