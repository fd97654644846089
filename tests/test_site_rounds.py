"""Settings of a site through the rounds: what they would change, what they change, in which process, and who did it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError

from monitoring.access.acts import Act, Channel, Origin
from monitoring.concepts import dictionary
from monitoring.records import Enrolment, Fact, Infusion, Milestone, Observation, OxygenSupport, Patient, Placement
from monitoring.rounds import Rounds
from monitoring.rounds.site import SettingRefused
from monitoring.settings import Settings
from monitoring.site import Group, LowPressure, SiteSettings
from monitoring.store import Store, open_store
from monitoring.store.audit import Asked
from monitoring.store.site import SettingsMoved
from monitoring.views import Explanation
from monitoring.vocabulary import CourseStep, OxygenDevice, Role

INFUSED = datetime(2026, 3, 1, 9, tzinfo=UTC)
NOW = INFUSED + timedelta(days=4)
ADMIN = Origin("a1", Channel.SCREEN, Role.ADMIN, "10.0.0.1")
LOWER = SiteSettings(low_pressure=LowPressure(adult_below=85))


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = open_store(f"sqlite:///{tmp_path / 'ward.db'}")
    yield opened
    opened.close()


def rounds_on(store: Store) -> Rounds:
    return Rounds(store, Settings("", ZoneInfo("UTC"), None, demonstration=False), dictionary())


def of(patient_id: str, *facts: tuple[type[Fact], datetime, dict[str, Any]]) -> list[Fact]:
    return [
        kind(patient_id=patient_id, effective_at=at, received_at=at, source="test", author="nurse:N", **said)
        for kind, at, said in facts
    ]


def ill(patient_id: str, sbp: float) -> list[Fact]:
    """Fever and a pressure an hour ago, on room air."""
    hour_ago = NOW - timedelta(hours=1)
    return of(
        patient_id,
        (Patient, INFUSED, {"birth_date": "1970-01-01", "name": f"{patient_id}, Ann"}),
        (Placement, INFUSED, {"ward": "7", "bed": patient_id[1:]}),
        (Infusion, INFUSED, {"product": "Yescarta"}),
        (Observation, hour_ago, {"concept": "temperature", "value": 38.6}),
        (Observation, hour_ago, {"concept": "sbp", "value": sbp}),
        (OxygenSupport, hour_ago, {"device": OxygenDevice.ROOM_AIR}),
    )


@pytest.fixture
def rounds(store: Store) -> Rounds:
    """P1 at 88 mmHg, P2 at 80, P3 at 120: with fever, so grades 2, 2 and 1 by PALS."""
    found = rounds_on(store)
    for name, sbp in (("P1", 88), ("P2", 80), ("P3", 120)):
        found.record(ill(name, sbp), source="test")
    return found


def change(rounds: Rounds, settings: SiteSettings, seen: int = 0) -> int:
    return rounds.site.change(settings, seen=seen, author="admin:Cleo", at=NOW, by=ADMIN)


def certain(rounds: Rounds) -> dict[str, int | None]:
    return {row.patient_id: row.crs.at_least for row in rounds.ward(NOW).rows}


def test_a_preview_counts_and_names_the_rows_that_would_change_and_keeps_nothing(rounds: Rounds) -> None:
    seen = rounds.site.preview(LOWER, NOW)
    assert (seen.rows, seen.of) == (1, 3)
    assert {effect.patient_id for effect in seen.effects} == {"P1"}
    crs = next(effect for effect in seen.effects if effect.what == "CRS")
    # without a drug chart vasopressors are unknown, so the upper end stays open
    assert (crs.before[0], crs.after[0]) == ("2", "1")
    assert certain(rounds) == {"P1": 2, "P2": 2, "P3": 1}
    assert rounds.site.now().number == 0


def test_what_a_preview_says_is_what_the_change_does(rounds: Rounds) -> None:
    settings = SiteSettings(cadence_hours={Group.VITALS: 0.5}, freshness_hours={Group.VITALS: 0.5})
    before = {row.patient_id: row for row in rounds.ward(NOW).rows}
    seen = rounds.site.preview(settings, NOW)
    change(rounds, settings)
    after = {row.patient_id: row for row in rounds.ward(NOW).rows}
    for effect in (one for one in seen.effects if one.what == "CRS"):
        was, now = before[effect.patient_id].crs.text, after[effect.patient_id].crs.text
        assert (effect.before, effect.after) == (was, now)
    assert seen.rows == 3
    assert not any(row.crs.at_least for row in after.values())


def test_a_change_holds_at_once_and_in_every_process(rounds: Rounds, store: Store) -> None:
    other = rounds_on(store)
    assert certain(other) == {"P1": 2, "P2": 2, "P3": 1}
    assert change(rounds, LOWER) == 1
    assert certain(rounds) == {"P1": 1, "P2": 2, "P3": 1}
    assert certain(other) == {"P1": 1, "P2": 2, "P3": 1}


def explained(rounds: Rounds) -> Explanation:
    (found,) = rounds.explain("P1", ["crs-astct-2019"], NOW)
    return found


def test_an_explanation_names_the_revision_that_made_the_grade(rounds: Rounds) -> None:
    assert not any("settings" in remark for remark in explained(rounds).remarks)
    change(rounds, LOWER)
    assert "Graded with revision 1 of this site's settings." in explained(rounds).remarks


def test_who_changed_what_is_in_the_audit_by_the_settings_name_and_without_a_value(
    rounds: Rounds, store: Store
) -> None:
    change(rounds, LOWER)
    (entry,) = store.audit.entries(Asked(act=Act.SETTINGS_CHANGED))
    assert (entry.deed.by, entry.deed.about) == (ADMIN, "low systolic pressure in adults")
    (revision,) = rounds.site.history()
    assert (revision.number, revision.author, revision.at, revision.settings) == (1, "admin:Cleo", NOW, LOWER)
    assert store.findings() == []


def test_of_two_who_change_at_once_the_second_looks_again(rounds: Rounds) -> None:
    change(rounds, LOWER)
    with pytest.raises(SettingsMoved, match="admin:Cleo changed the settings meanwhile"):
        change(rounds, SiteSettings(late_minutes=45), seen=0)
    assert change(rounds, SiteSettings(late_minutes=45), seen=1) == 2


def test_a_change_of_nothing_is_refused_and_leaves_nothing(rounds: Rounds, store: Store) -> None:
    with pytest.raises(SettingRefused, match="nothing is different"):
        change(rounds, SiteSettings())
    assert store.audit.entries(Asked(act=Act.SETTINGS_CHANGED)) == []


@pytest.mark.parametrize(
    "settings",
    [
        SiteSettings(freshness_hours={Group.VITALS: 3}),  # the dictionary has them taken every 4 h
        SiteSettings(cadence_hours={Group.VITALS: 8}),  # and believed for 6 h
        SiteSettings(cadence_hours={Group.NEURO: 10}, freshness_hours={Group.NEURO: 9}),
    ],
)
def test_a_value_is_never_too_old_before_the_next_is_due(rounds: Rounds, settings: SiteSettings) -> None:
    with pytest.raises(SettingRefused, match="expected a freshness of at least the cadence"):
        rounds.site.preview(settings, NOW)
    with pytest.raises(SettingRefused):
        change(rounds, settings)


def test_revisions_are_append_only(rounds: Rounds, tmp_path: Path) -> None:
    change(rounds, LOWER)
    engine = create_engine(f"sqlite:///{tmp_path / 'ward.db'}")
    for wrong in ("UPDATE site SET author = 'x'", "DELETE FROM site", "INSERT OR REPLACE INTO site SELECT * FROM site"):
        with pytest.raises(DBAPIError, match="append-only"), engine.begin() as connection:
            connection.execute(text(wrong))
    engine.dispose()


def test_a_missing_and_an_unreadable_revision_are_found(rounds: Rounds, store: Store, tmp_path: Path) -> None:
    engine = create_engine(f"sqlite:///{tmp_path / 'ward.db'}")
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO site VALUES (1, '{\"late_minutes\": 1}', 'x', 0)"))
        connection.execute(text("INSERT INTO site VALUES (3, '{}', 'x', 0)"))
    engine.dispose()
    assert store.findings() == [
        "settings: revision 1 cannot be read; restore a backup",
        "settings: revision 2 is missing; restore a backup",
    ]


def on_board(rounds: Rounds, at: datetime = NOW) -> set[str]:
    return {row.patient_id for row in rounds.ward(at).rows}


def test_an_end_takes_the_patient_off_the_board_and_nothing_else(rounds: Rounds, store: Store) -> None:
    kept = len(store.facts())
    end = NOW + timedelta(hours=12)
    rounds.record(of("P3", (Milestone, end, {"step": CourseStep.MONITORING_ENDED, "note": "well"})), source="test")
    assert on_board(rounds, end - timedelta(seconds=1)) == {"P1", "P2", "P3"}
    assert on_board(rounds, end) == {"P1", "P2"}
    assert len(store.facts()) == kept + 1
    page = rounds.patient("P3", end)
    assert page is not None
    assert ("P3", "P3, Ann") in rounds.patients()


def after_the_end(rounds: Rounds, *facts: tuple[type[Fact], datetime, dict[str, Any]]) -> bool:
    """Whether P3, whose monitoring ended at NOW, is on the board two hours later."""
    end = {"step": CourseStep.MONITORING_ENDED}
    rounds.record(of("P3", (Milestone, NOW, end), *facts), source="test")
    return "P3" in on_board(rounds, NOW + timedelta(hours=2))


LATER = NOW + timedelta(hours=1)


def test_a_fever_after_the_end_brings_the_patient_back(rounds: Rounds) -> None:
    assert after_the_end(rounds, (Observation, LATER, {"concept": "temperature", "value": 38.0}))


def test_no_fever_after_the_end_does_not(rounds: Rounds) -> None:
    assert not after_the_end(rounds, (Observation, LATER, {"concept": "temperature", "value": 37.9}))


def test_a_baseline_typed_after_the_end_does_not(rounds: Rounds) -> None:
    assert not after_the_end(rounds, (Observation, LATER, {"concept": "baseline_sbp", "value": 120}))


def test_a_second_infusion_begins_anew(rounds: Rounds) -> None:
    assert after_the_end(rounds, (Infusion, LATER, {"product": "Aucatzyl"}))


def test_monitoring_goes_on_where_somebody_says_so(rounds: Rounds) -> None:
    assert after_the_end(rounds, (Milestone, LATER, {"step": CourseStep.MONITORING_RESUMED}))


def enrolled(*facts: tuple[type[Fact], datetime, dict[str, Any]]) -> list[Fact]:
    early = INFUSED - timedelta(days=35)
    who = {"birth_date": "1970-01-01"}
    return of(
        "P9",
        (Patient, early, who),
        (Enrolment, early, {"product": "Yescarta"}),
        (Milestone, early, {"step": CourseStep.COLLECTION}),
        (Observation, early, {"concept": "baseline_sbp", "value": 120}),
        *facts,
    )


@pytest.mark.parametrize(
    ("first", "shown"),
    [
        ([], False),
        ([(Placement, INFUSED, {"ward": "7", "bed": "9"})], True),
        ([(Infusion, INFUSED, {"product": "Yescarta"})], True),
        ([(Observation, INFUSED, {"concept": "temperature", "value": 36.8})], True),
    ],
    ids=["enrolled only", "placed", "infused", "a temperature"],
)
def test_somebody_enrolled_comes_on_the_board_with_the_first_word_of_the_bedside(
    rounds: Rounds, first: list[tuple[type[Fact], datetime, dict[str, Any]]], shown: bool
) -> None:
    rounds.record(enrolled(*first), source="test")
    assert ("P9" in on_board(rounds)) is shown
