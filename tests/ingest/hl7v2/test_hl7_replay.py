"""A message held because of a field or an unmapped code is corrected or replayed, and loses nothing on the way."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hl7_messages import OBR, PID, header, obx
from reading import RECEIVED

from monitoring.concepts import dictionary
from monitoring.records import Observation
from monitoring.rounds import Rounds
from monitoring.settings import Settings
from monitoring.store import Store, open_store

LATER = datetime(2026, 3, 20, 1, tzinfo=UTC)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(f"sqlite:///{tmp_path / 'store.db'}")
    yield opened
    opened.close()


@pytest.fixture
def rounds(store: Store) -> Rounds:
    return Rounds(store, Settings("", ZoneInfo("UTC"), None, demonstration=False), dictionary())


def stored(store: Store) -> set[tuple[str, float | None]]:
    return {(fact.concept, fact.value) for fact in store.changed_since(None).facts if isinstance(fact, Observation)}


def sent(rounds: Rounds, tmp_path: Path, *values: str) -> None:
    path = tmp_path / "feed.hl7"
    path.write_bytes("\r".join((header(), PID, OBR, *values)).encode())
    rounds.ingest([path], received_at=RECEIVED)


def test_a_corrected_field_is_read_again_beside_the_good_ones(rounds: Rounds, store: Store, tmp_path: Path) -> None:
    sent(rounds, tmp_path, obx(value="920"), obx("9279-1^RR^LN", "18", "/min"))
    assert stored(store) == {("respiratory_rate", 18)}
    (refusal,) = rounds.open_refusals()
    assert refusal.row.raw is not None
    rounds.correct(refusal.id, refusal.row.raw.replace("|920|", "|92|"), author="n1", at=LATER)
    assert stored(store) == {("respiratory_rate", 18), ("heart_rate", 92)}
    assert list(rounds.open_refusals()) == []


def test_a_mapped_code_is_read_from_the_messages_that_waited_for_it(
    rounds: Rounds, store: Store, tmp_path: Path
) -> None:
    sent(rounds, tmp_path, obx("77^HF-Wert^99X"))
    assert [(one.code, one.system) for one in rounds.unmapped_codes()] == [("77", "99X")]
    rounds.map_code("77", "heart_rate", system="99X", author="m1", at=LATER)
    rounds.replay(author="m1", at=LATER)
    assert stored(store) == {("heart_rate", 92)}
    rounds.replay(author="m1", at=LATER)
    assert stored(store) == {("heart_rate", 92)}
