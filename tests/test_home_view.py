"""What a family sees: the first name, the day, and everything it has reported."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from monitoring.concepts import dictionary
from monitoring.course import Course
from monitoring.home_view import home_view
from monitoring.records import Fact, Infusion, Observation, Patient, SymptomReport
from monitoring.views import HomeView
from monitoring.vocabulary import Reporter, Severity

INFUSED = datetime(2026, 3, 1, 10, tzinfo=UTC)
NOW = INFUSED + timedelta(days=10)


def told(hours_ago: float, symptom: str, severity: Severity, reporter: Reporter = Reporter.CAREGIVER) -> SymptomReport:
    at = NOW - timedelta(hours=hours_ago)
    sent = at + timedelta(minutes=20)
    return SymptomReport(
        patient_id="P1",
        effective_at=at,
        recorded_at=sent,
        received_at=sent,
        source="screen",
        reporter=reporter,
        symptom=symptom,
        severity=severity,
    )


def warm(hours_ago: float, value: float) -> Observation:
    at = NOW - timedelta(hours=hours_ago)
    return Observation(
        patient_id="P1",
        effective_at=at,
        received_at=at,
        source="screen",
        concept="temperature",
        value=value,
        unit="Cel",
    )


def named(name: str | None) -> Patient:
    return Patient(patient_id="P1", name=name, effective_at=INFUSED, received_at=INFUSED, source="screen")


def seen(*facts: Fact) -> HomeView:
    return home_view(Course.from_facts("P1", list(facts), dictionary()), NOW, UTC)


@pytest.mark.parametrize(
    ("charted", "first"),
    [
        ("Achterberg, Joris", "Joris"),
        ("Moreau, Élise", "Élise"),
        ("de Vries, Anna Maria", "Anna Maria"),
        ("Joris Achterberg", None),
        ("Marsh, L.", None),
        ("Marsh,", None),
        (None, None),
    ],
)
def test_the_first_name_is_what_stands_after_the_comma(charted: str | None, first: str | None) -> None:
    assert seen(named(charted)).first_name == first


def test_a_patient_without_a_name_is_called_by_the_number() -> None:
    assert seen(named(None)).name == "P1"


def test_the_day_is_counted_from_the_infusion_and_absent_without_one() -> None:
    given = Infusion(patient_id="P1", effective_at=INFUSED, received_at=INFUSED, source="screen")
    assert seen(named(None), given).day == 10
    assert seen(named(None)).day is None


def test_what_was_said_at_one_moment_is_one_report_with_its_temperature_newest_first() -> None:
    view = seen(
        told(20, "chills", Severity.MILD),
        told(20, "dizziness", Severity.NONE),
        warm(20, 38.2),
        told(2, "chills", Severity.NONE),
        warm(1, 36.9),
    )
    assert [
        (report.seen_at, report.sent_at, report.temperature_c, dict(report.symptoms)) for report in view.reports
    ] == [
        (NOW - timedelta(hours=2), NOW - timedelta(hours=1, minutes=40), None, {}),
        (NOW - timedelta(hours=20), NOW - timedelta(hours=19, minutes=40), 38.2, {"chills": Severity.MILD}),
    ]


@pytest.mark.parametrize(
    ("reporter", "shown"),
    [(Reporter.CAREGIVER, 1), (Reporter.PATIENT, 1), (Reporter.NURSE, 0), (Reporter.PHYSICIAN, 0)],
)
def test_only_what_patient_and_family_said_is_theirs(reporter: Reporter, shown: int) -> None:
    assert len(seen(told(2, "chills", Severity.MILD, reporter)).reports) == shown


def test_what_is_still_to_come_is_not_shown() -> None:
    assert seen(told(-1, "chills", Severity.MILD)).reports == ()
