"""Alerts are raised and cleared by the facts, with nobody looking; two processes say each once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from monitoring.concepts import dictionary
from monitoring.records import Fact, Infusion, Milestone, Observation, Patient, SymptomReport
from monitoring.rounds import Rounds
from monitoring.rounds.watch import GIVEN_UP_AFTER, Watch
from monitoring.settings import Settings
from monitoring.store import Store, StoreUnavailable, open_store
from monitoring.vocabulary import CourseStep, Reporter, Severity
from monitoring.watchkeeping import changes

INFUSED = datetime(2026, 3, 1, 10, tzinfo=UTC)


def after(hours: float) -> datetime:
    return INFUSED + timedelta(hours=hours)


def vitals(hours: float, celsius: float, systolic: float = 124) -> list[Fact]:
    said = {"patient_id": "P1", "effective_at": after(hours), "received_at": after(hours), "source": "monitor"}
    values = {"temperature": celsius, "heart_rate": 84, "sbp": systolic, "spo2": 97}
    return [Observation(**said, concept=concept, value=value) for concept, value in values.items()]


def enrolled() -> list[Fact]:
    said = {"patient_id": "P1", "effective_at": INFUSED, "received_at": INFUSED, "source": "desk"}
    return [Patient(**said, birth_date="1970-01-01"), Infusion(**said, product="axicabtagene ciloleucel")]


class Process:
    """One process on the store: its rounds and its watch, at a moment the test sets."""

    def __init__(self, address: str) -> None:
        self.store: Store = open_store(address)
        self.rounds = Rounds(self.store, Settings("", ZoneInfo("UTC"), None, demonstration=False), dictionary())
        self.moment = INFUSED
        self.watch = Watch(lambda: self.rounds, lambda: self.moment)

    def look(self, hours: float) -> int:
        self.moment = after(hours)
        return self.watch.look()

    def told(self) -> list[tuple[str, bool, int | None, datetime]]:
        return [(one.alert, one.raised, one.grade, one.effective_at) for one in self.rounds.alert_history("P1")]


@pytest.fixture
def address(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'ward.db'}"


@pytest.fixture
def ward(address: str) -> Process:
    process = Process(address)
    process.rounds.record(enrolled(), source="desk")
    return process


def test_a_fever_raises_crs_since_it_was_taken_and_is_noted_once(ward: Process) -> None:
    ward.rounds.record(vitals(30, 38.6), source="monitor")
    assert ward.look(30.2) == 1
    assert ward.look(30.4) == 0
    assert ward.told() == [("crs", True, 1, after(30))]
    assert ward.rounds.alert_history("P1")[0].received_at == after(30.2)


def test_a_higher_grade_is_raised_anew_and_a_normal_temperature_clears_it(ward: Process) -> None:
    ward.rounds.record(vitals(30, 38.6), source="monitor")
    ward.look(30.1)
    ward.rounds.record(vitals(31, 38.7, systolic=82), source="monitor")
    ward.look(31.1)
    ward.rounds.record(vitals(32, 36.9), source="monitor")
    ward.look(32.1)
    assert [(alert, raised, since) for alert, raised, _, since in ward.told()] == [
        ("crs", True, after(30)),
        ("crs", True, after(31)),
        ("crs", False, after(32)),
    ]


def test_silence_is_raised_by_time_alone_and_the_next_value_ends_it(ward: Process) -> None:
    ward.rounds.record(vitals(30, 36.8), source="monitor")
    assert ward.look(31) == 0
    ward.look(30 + 13)
    assert ward.told()[-1] == ("silent", True, None, after(30))
    ward.rounds.record(vitals(44, 36.8), source="monitor")
    ward.look(44.1)
    assert ward.told()[-1] == ("silent", False, None, after(44))


def test_two_processes_that_watch_the_same_ward_say_each_alert_once(ward: Process, address: str) -> None:
    other = Process(address)
    ward.rounds.record(vitals(30, 38.6), source="monitor")
    before = other.rounds.alerts()
    assert before == {}
    for process in (ward, other):
        process.moment = after(30.5)
    # both look at the ward before either has stored what it found
    view, standing = other.rounds.ward(after(30.5)), other.rounds.alerts()
    assert ward.look(30.5) == 1
    late = changes(view.rows[0], standing.get("P1", {}), after(30.6))
    assert len(late) == 1
    other.rounds.note(late)
    assert [alert for alert, *_ in other.told()] == ["crs"]
    assert ward.store.findings() == []


def test_two_processes_say_once_that_nobody_was_ever_heard_of_and_since_the_infusion(
    ward: Process, address: str
) -> None:
    other = Process(address)
    view, standing = other.rounds.ward(after(13)), other.rounds.alerts()
    assert ward.look(13.1) == 1
    other.rounds.note(changes(view.rows[0], standing.get("P1", {}), after(13)))
    assert other.told() == [("silent", True, None, INFUSED)]


def test_a_report_ends_a_silence_from_when_it_was_said(ward: Process) -> None:
    ward.rounds.record(vitals(30, 36.8), source="monitor")
    ward.look(30 + 13)
    said = {"patient_id": "P1", "effective_at": after(44), "received_at": after(44.1), "source": "home"}
    symptom = "confusion_and_memory_loss"
    report = SymptomReport(**said, symptom=symptom, severity=Severity.NONE, reporter=Reporter.CAREGIVER)
    ward.rounds.record([report], source="home")
    ward.look(44.2)
    assert ward.told()[-1] == ("silent", False, None, after(44))


def test_what_the_watch_notes_changes_no_grade_and_no_silence(ward: Process) -> None:
    ward.rounds.record(vitals(30, 38.6), source="monitor")
    before = ward.rounds.ward(after(31))
    ward.look(31)
    assert ward.rounds.ward(after(31)).rows == before.rows
    assert [type(fact).__name__ for fact in ward.store.facts() if fact.source == "service:watch"] == ["AlertChange"]


def test_the_watch_says_since_when_it_has_stopped(address: str) -> None:
    def silent() -> Rounds:
        raise StoreUnavailable("nobody answers")

    moment = INFUSED
    watch = Watch(silent, lambda: moment)
    assert watch.stopped_since(after(5)) is None, "never begun: a page under test has no watch"
    watch.begun = INFUSED
    with pytest.raises(StoreUnavailable):
        watch.look()
    assert watch.stopped_since(INFUSED + GIVEN_UP_AFTER) is None
    assert watch.stopped_since(INFUSED + GIVEN_UP_AFTER + timedelta(seconds=1)) == INFUSED


def test_a_store_that_takes_nothing_is_watched_and_its_alerts_are_said_not_to_be_kept(
    ward: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    ward.watch.begun = INFUSED
    ward.look(29.9)
    ward.rounds.record(vitals(30, 38.6), source="monitor")

    def refuse(_: object) -> None:
        raise StoreUnavailable("attempt to write a readonly database")

    monkeypatch.setattr(ward.rounds, "note", refuse)
    with pytest.raises(StoreUnavailable):
        ward.look(30.1)
    assert ward.watch.looked == after(30.1)
    assert ward.watch.stopped_since(after(30.1)) is None
    assert ward.watch.unkept_since(after(30.1)) == after(29.9)


def test_a_clock_that_moved_back_does_not_hide_a_watch_that_hangs(ward: Process) -> None:
    ward.look(30)
    assert ward.watch.stopped_since(after(29)) == after(30)
    ward.look(29)
    assert ward.watch.stopped_since(after(29)) is None


def test_what_stands_when_monitoring_ends_is_cleared_and_a_fever_after_it_is_raised_anew(ward: Process) -> None:
    ward.rounds.record(vitals(30, 38.6), source="monitor")
    ward.look(30.1)
    said = {"patient_id": "P1", "effective_at": after(31), "received_at": after(31.2), "source": "desk"}
    ward.rounds.record([Milestone(**said, step=CourseStep.MONITORING_ENDED)], source="desk")
    assert ward.look(31.3) == 1
    assert ward.look(31.4) == 0
    ward.rounds.record(vitals(60, 38.9), source="monitor")
    ward.look(60.1)
    assert [one for one in ward.told() if one[0] == "crs"] == [
        ("crs", True, 1, after(30)),
        ("crs", False, None, after(31)),
        ("crs", True, 1, after(60)),
    ]


def test_two_processes_say_once_that_a_severe_report_is_old_and_since_when(ward: Process, address: str) -> None:
    """A report counts for 12 hours (data/reference/concepts.toml); that it lapses is no news from the bedside."""
    said = {"patient_id": "P1", "effective_at": after(30), "received_at": after(30), "source": "nurse"}
    severe = SymptomReport(**said, symptom="agitation", severity=Severity.SEVERE, reporter=Reporter.NURSE)
    ward.rounds.record([*vitals(30, 36.8), severe], source="nurse")
    ward.look(30.1)
    assert [one[:3] for one in ward.told()] == [("reported", True, 3)]
    other = Process(address)
    view, standing = other.rounds.ward(after(42.2)), other.rounds.alerts()
    ward.look(42.1)
    other.rounds.note(changes(view.rows[0], standing["P1"], after(42.2)))
    assert [one for one in other.told() if one[0] == "reported"][1:] == [("reported", False, None, after(42))]


def test_the_thread_of_the_watch_grades_without_anybody_asking(ward: Process) -> None:
    ward.rounds.record(vitals(30, 38.6), source="monitor")
    ward.moment = after(30.1)
    ward.watch.start()
    try:
        version = ward.rounds.version()
        for _ in range(100):
            if ward.told():
                break
            version = ward.rounds.waiting(version, 0.1)
    finally:
        ward.watch.end()
    assert ward.told() == [("crs", True, 1, after(30))]
    assert ward.watch.looked == after(30.1)
