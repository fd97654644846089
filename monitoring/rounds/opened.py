"""One store and one Rounds for a whole process: screens, routes and the watch share what was read and graded."""

from __future__ import annotations

from functools import cache

from monitoring.concepts import dictionary
from monitoring.rounds.ward_rounds import Rounds
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


def forget() -> None:
    """Open both anew at the next call: the settings have changed."""
    store.cache_clear()
    rounds.cache_clear()
