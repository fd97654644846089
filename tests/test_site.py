"""What a site may set, between what limits, and what each choice does to a grade."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from monitoring.concepts import dictionary
from monitoring.course import Course
from monitoring.episodes import PUBLISHED
from monitoring.grading import graded, systems
from monitoring.hindsight import revisions
from monitoring.live import LiveCourse
from monitoring.records import Fact, Infusion, Observation, OxygenSupport, Patient
from monitoring.site import CONCEPTS, Group, LowPressure, SiteSettings, changes
from monitoring.situations import Answers
from monitoring.timeline import micros
from monitoring.vocabulary import OxygenDevice, Syndrome

INFUSED = datetime(2026, 3, 1, 9, tzinfo=UTC)
AT = INFUSED + timedelta(days=3)
ADULT, CHILD = date(1970, 1, 1), date(2022, 3, 1)


def course(settings: SiteSettings, birth: date, *facts: Fact, revision: int = 1) -> Course:
    common: dict[str, Any] = {"patient_id": "P1", "received_at": INFUSED, "source": "test"}
    base = [
        Patient(birth_date=birth, effective_at=INFUSED, **common),
        Infusion(effective_at=INFUSED, **common),
        OxygenSupport(device=OxygenDevice.ROOM_AIR, effective_at=AT, **common),
        said("temperature", 38.6),
    ]
    return Course.from_facts("P1", [*base, *facts], dictionary().with_site(settings, revision))


def said(concept: str, value: float, at: datetime = AT, received: datetime | None = None) -> Observation:
    return Observation(
        patient_id="P1",
        concept=concept,
        value=value,
        effective_at=at,
        received_at=received or at,
        source="test",
    )


def crs(found: Course, at: datetime = AT) -> int:
    """The certain CRS grade."""
    grade = graded(found, PUBLISHED[Syndrome.CRS])
    return int(grade.at_least[grade.place(micros(at))])


PRESSURES = [
    # clinical.md d.1: adults below 90 (PALS), or below 85 in anyone (Brudno 2016); fever alone is grade 1
    ("90: 89 is low", LowPressure(), ADULT, {"sbp": 89}, 2),
    ("90: 90 is not", LowPressure(), ADULT, {"sbp": 90}, 1),
    ("85: 89 is not low", LowPressure(adult_below=85), ADULT, {"sbp": 89}, 1),
    ("85: 85 is not", LowPressure(adult_below=85), ADULT, {"sbp": 85}, 1),
    ("85: 84 is low", LowPressure(adult_below=85), ADULT, {"sbp": 84}, 2),
    ("a mean of 64 counts", LowPressure(), ADULT, {"sbp": 100, "map": 64}, 2),
    ("a mean of 65 does not", LowPressure(), ADULT, {"sbp": 100, "map": 65}, 1),
    ("a mean of 64, not counted", LowPressure(mean_counts=False), ADULT, {"sbp": 100, "map": 64}, 1),
    # 80 % of 120 is 96
    ("95 of a baseline of 120", LowPressure(), ADULT, {"sbp": 95, "baseline_sbp": 120}, 2),
    ("96 of a baseline of 120", LowPressure(), ADULT, {"sbp": 96, "baseline_sbp": 120}, 1),
    ("baseline not counted", LowPressure(baseline_counts=False), ADULT, {"sbp": 95, "baseline_sbp": 120}, 1),
    ("a baseline not counted, and none charted", LowPressure(baseline_counts=False), ADULT, {"sbp": 95}, 1),
    # PALS: 70 + 2 x 4 = 78 at the age of four, whatever is chosen for adults
    ("a child of four at 77", LowPressure(adult_below=85), CHILD, {"sbp": 77}, 2),
    ("a child of four at 79", LowPressure(adult_below=85), CHILD, {"sbp": 79}, 1),
]


@pytest.mark.parametrize(("case", "rule", "birth", "values", "grade"), PRESSURES, ids=[row[0] for row in PRESSURES])
def test_low_pressure_is_what_the_site_chose(
    case: str, rule: LowPressure, birth: date, values: dict[str, float], grade: int
) -> None:
    facts = [said(concept, value) for concept, value in values.items()]
    assert crs(course(SiteSettings(low_pressure=rule), birth, *facts)) == grade


def test_without_a_revision_nothing_is_different() -> None:
    assert dictionary().with_site(SiteSettings(), 0) == dictionary()


@pytest.mark.parametrize(("hours", "after", "known"), [(2.0, 1.9, True), (2.0, 2.0, False), (8.0, 7.9, True)])
def test_a_value_counts_as_long_as_the_site_lets_it(hours: float, after: float, known: bool) -> None:
    found = course(SiteSettings(freshness_hours={Group.VITALS: hours}), ADULT)
    assert (crs(found, AT + timedelta(hours=after)) == 1) is known


def test_every_concept_of_a_group_is_in_the_dictionary_and_in_one_group_only() -> None:
    names = [name for group in CONCEPTS.values() for name in group]
    assert len(names) == len(set(names))
    assert set(names) <= set(dictionary().concepts)


def test_a_cadence_is_every_concept_of_its_group_and_no_other() -> None:
    changed = dictionary().with_site(SiteSettings(cadence_hours={Group.NEURO: 8}), 1).concepts
    differing = {name for name, concept in changed.items() if concept != dictionary().concepts[name]}
    assert differing == {"ice", "capd", "consciousness", "motor", "icp"}
    assert {changed[name].cadence_hours for name in differing} == {8}


@pytest.mark.parametrize(("minutes", "late"), [(30, True), (44, True), (45, False), (60, False)])
def test_a_fact_is_late_by_the_sites_tolerance(minutes: int, late: bool) -> None:
    """A fever of three days after the infusion arrives 45 minutes after it was measured."""
    later = AT + timedelta(hours=1)
    fever = said("temperature", 39.0, later, later + timedelta(minutes=45))
    afterwards = said("sbp", 120, later + timedelta(hours=1))
    found = course(SiteSettings(late_minutes=minutes), ADULT, said("temperature", 36.8, later - timedelta(minutes=30)))
    whole = Course.from_facts("P1", [*found.received, fever, afterwards], found.dictionary)
    assert bool(revisions(whole, PUBLISHED[Syndrome.CRS])) is late


@pytest.mark.parametrize(("rule", "changed"), [(LowPressure(), True), (LowPressure(adult_below=85), False)])
def test_what_a_screen_had_said_is_told_by_the_sites_own_limit(rule: LowPressure, changed: bool) -> None:
    """With fever, a pressure of 88 that comes two hours late: 2 where 90 is the limit, and 1 as before at 85."""
    found = course(SiteSettings(low_pressure=rule), ADULT, said("sbp", 120))
    later = AT + timedelta(minutes=10)
    late = [said("sbp", 88, later, later + timedelta(hours=2)), said("heart_rate", 90, later + timedelta(hours=2))]
    whole = Course.from_facts("P1", [*found.received, *late], found.dictionary)
    told = revisions(whole, PUBLISHED[Syndrome.CRS])
    assert any(revision.known[0] == 2 for revision in told) is changed


@pytest.mark.parametrize("case", [row for row in PRESSURES if row[2] is ADULT], ids=lambda row: row[0])
def test_a_live_course_and_a_whole_one_agree_under_any_choice(case: tuple[Any, ...]) -> None:
    _, rule, birth, values, grade = case
    settings = SiteSettings(low_pressure=rule)
    start = course(settings, birth)
    answers = Answers(systems()[PUBLISHED[Syndrome.CRS]])
    live = LiveCourse(answers, "P1", start.received, start.dictionary)
    for concept, value in values.items():
        live.add(said(concept, value))
    (step,) = [one for one in live.steps() if one.start <= micros(AT) < one.end]
    assert step.verdict.at_least == grade


@pytest.mark.parametrize(
    "settings",
    [
        {"cadence_hours": {"vitals": 12.5}},
        {"freshness_hours": {"vitals": 12.5}},
        {"freshness_hours": {"reports": 36.5}},
        {"cadence_hours": {"vitals": 0.2}},
        {"cadence_hours": {"vitals": float("inf")}},
        {"cadence_hours": {"moods": 4}},
        {"late_minutes": 4},
        {"late_minutes": 241},
        {"low_pressure": {"adult_below": 80}},
        {"unheard_of": 1},
    ],
)
def test_what_would_silence_a_ward_is_refused(settings: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        SiteSettings.model_validate(settings)


def test_settings_survive_json() -> None:
    kept = SiteSettings(cadence_hours={Group.VITALS: 2}, low_pressure=LowPressure(adult_below=85), late_minutes=45)
    assert SiteSettings.model_validate_json(kept.model_dump_json()) == kept


def test_a_change_is_named_with_old_and_new() -> None:
    new = SiteSettings(cadence_hours={Group.VITALS: 2}, low_pressure=LowPressure(adult_below=85))
    assert changes(SiteSettings(), new) == [
        ("cadence of vitals", "as in the dictionary", "2 h"),
        ("low systolic pressure in adults", "below 90 mmHg", "below 85 mmHg"),
    ]
    assert changes(new, new) == []
    usual = SiteSettings(cadence_hours={Group.VITALS: 4})
    assert changes(SiteSettings(), new, usual)[0] == ("cadence of vitals", "4 h, as in the dictionary", "2 h")
