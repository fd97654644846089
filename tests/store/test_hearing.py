"""What one process stores, another one hears of, on both engines."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from threading import Event

import pytest

from monitoring.records import Observation, RowRead
from monitoring.store import Store, open_store

AT = datetime(2026, 3, 2, 8, tzinfo=UTC)
PATIENCE = 10.0  # never reached where anything is heard at all


def stored(store: Store, number: int) -> None:
    fact = Observation(
        patient_id="P1",
        effective_at=AT + timedelta(minutes=number),
        received_at=AT,
        source="monitor",
        concept="spo2",
        value=97,
    )
    store.append([RowRead(source="monitor", place=str(number), facts=(fact,))], author=None, received_at=AT)


@pytest.fixture
def other(address: str, store: Store) -> Iterator[Store]:
    """The same database, as another process holds it."""
    opened = open_store(address)
    yield opened
    opened.close()


def test_a_fact_stored_by_another_process_is_heard_of(store: Store, other: Store) -> None:
    heard = Event()
    other.listen(heard.set)
    stop = other.hear()
    try:
        assert heard.wait(PATIENCE), "the first look tells that the store may have changed"
        for number in range(3):
            heard.clear()
            stored(store, number)
            assert heard.wait(PATIENCE)
            assert other.version() == store.version()
    finally:
        stop()


def test_nothing_is_heard_after_the_end(store: Store, other: Store) -> None:
    heard = Event()
    other.listen(heard.set)
    stop = other.hear()
    assert heard.wait(PATIENCE)
    stop()
    heard.clear()
    stored(store, 1)
    assert not heard.wait(0.6)


def test_without_hearing_only_ones_own_facts_are_told(store: Store, other: Store) -> None:
    heard = Event()
    other.listen(heard.set)
    stored(store, 1)
    assert not heard.is_set()
    stored(other, 2)
    assert heard.is_set()
