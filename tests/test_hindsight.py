"""What a screen had said, and what is known of the same moment now (D66)."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitoring.concepts import dictionary
from monitoring.course import Course
from monitoring.episodes import grade_report
from monitoring.grading import DEFAULT_SYSTEMS, graded
from monitoring.hindsight import CHARTING_DELAY, Revision, revisions
from monitoring.patient_view import patient_view
from monitoring.records import Correction, Fact, Observation, SymptomReport
from monitoring.timeline import micros
from monitoring.ward_view import ward_view
from tests.course.charts import CRS, ICANS, adult, after, carried, course, neuro, temperature, vitals
from tests.course.generated import facts_of, random_events

NIGHT = [*adult(), *vitals(0), neuro(0), *vitals(4), neuro(8), *vitals(8)]
"""A patient on a ward, seen from the infusion on; the sets of hours 0, 4 and 8 came as they were taken."""


def came(fact: Fact, hours: float) -> Fact:
    return fact.model_copy(update={"received_at": after(hours)})


def told(chart: Course, system: str = CRS) -> list[tuple[float, float, object, object, float]]:
    def hour(at: int) -> float:
        return (at - micros(after(0))) / 3_600_000_000

    return [
        (hour(one.start), hour(one.end), one.shown, one.known, hour(one.known_since))
        for one in revisions(chart, system)
    ]


def test_a_fever_that_comes_late_was_not_on_the_screen_until_it_came() -> None:
    chart = course(NIGHT, came(temperature(5, 38.5), 7.5))
    assert told(chart) == [(5, 7.5, (0, 0), (1, 1), 7.5)]
    assert told(chart, ICANS) == []


@pytest.mark.parametrize(("minutes", "told_of"), [(0, False), (30, False), (30.1, True)])
def test_both_sides_of_the_ordinary_delay(minutes: float, *, told_of: bool) -> None:
    chart = course(NIGHT, came(temperature(5, 38.5), 5 + minutes / 60))
    assert bool(told(chart)) is told_of
    assert timedelta(minutes=30) == CHARTING_DELAY


def test_a_late_normal_value_lowers_what_was_said() -> None:
    chart = course(NIGHT, temperature(5, 38.5), came(temperature(6, 36.9), 7))
    assert told(chart) == [(6, 7, (1, 1), (0, 0), 7)]


def test_a_late_value_that_changes_nothing_is_not_told() -> None:
    assert told(course(NIGHT, came(temperature(5, 37.0), 7.5))) == []


def test_a_gap_that_is_filled_later_was_an_interval_on_the_screen() -> None:
    chart = course(adult(), vitals(0), neuro(0), [came(fact, 9) for fact in vitals(7)], vitals(10))
    # at hour 7 the oxygen of hour 0 is still fresh and the drug chart says no vasopressor: 2 is the most it can be
    assert told(chart) == [(7, 9, (0, 2), (0, 0), 9)]


def test_a_wrong_value_is_what_the_screen_said_until_it_was_withdrawn() -> None:
    wrong = temperature(5, 39.5)
    withdrawn = Correction(
        patient_id="P1",
        effective_at=after(6.5),
        received_at=after(6.5),
        source="screen",
        target=wrong.fact_id,
        reason="wrong patient",
    )
    assert told(course(NIGHT, wrong, withdrawn)) == [(5, 6.5, (1, 1), (0, 0), 6.5)]


def test_an_amended_record_tells_what_it_had_said() -> None:
    first = temperature(5, 39.5, record_id="R1")
    second = came(temperature(5, 36.5, record_id="R1", recorded_at=after(7)), 7)
    assert told(course(NIGHT, first, second)) == [(5, 7, (1, 1), (0, 0), 7)]


def test_a_fact_that_comes_twice_came_when_it_came_first() -> None:
    fever = temperature(5, 38.5)
    assert told(course(NIGHT, came(fever, 8), fever)) == []
    assert told(course(NIGHT, came(fever, 8), came(fever, 7))) == [(5, 7, (0, 0), (1, 1), 7)]


def test_of_two_receipts_the_one_that_settled_it_is_named() -> None:
    fever = came(temperature(5, 38.5), 6)
    low = [came(fact, 7) for fact in vitals(5, 38.5, 84)[1:2]]
    assert told(course(NIGHT, fever, low)) == [(5, 6, (0, 0), (2, 2), 7), (6, 7, (1, 1), (2, 2), 7)]


def test_a_history_loaded_at_once_changes_nothing_that_anybody_saw() -> None:
    assert told(course([came(fact, 200) for fact in (*NIGHT, temperature(5, 39.0))])) == []


def test_what_came_after_the_moment_asked_about_is_told_of_as_well() -> None:
    chart = course(NIGHT, came(temperature(5, 38.5), 7.5)).until(after(6))
    assert [(one.shown, one.known) for one in revisions(chart, CRS, end=micros(after(6)))] == [((0, 0), (1, 1))]
    assert revisions(chart, CRS, end=micros(after(6)))[-1].end == micros(after(6))


def test_the_steps_carry_the_flag_and_what_the_screen_had_said() -> None:
    chart = course(NIGHT, came(temperature(5, 38.5), 7.5))
    steps = grade_report(chart, [CRS], after(9), UTC)[0]["steps"]
    flagged = [step for step in steps if "changed_after_the_fact" in step["flags"]]
    assert [(step["from"], step["to"]) for step in flagged] == [(after(5).isoformat(), after(7.5).isoformat())]
    assert flagged[0]["at_least"] == 1
    assert flagged[0]["shown"] == {"at_least": 0, "at_most": 0}
    assert flagged[0]["known_since"] == after(7.5).isoformat()
    assert not any("shown" in step for step in steps if step not in flagged)


def test_the_patient_page_and_the_reasons_say_it_in_words() -> None:
    chart = course(NIGHT, came(temperature(5, 38.5), 7.5))
    strip = patient_view(chart, after(9), UTC).strips[0]
    assert [change.sentence for change in strip.changes] == ["At 15:00 the screen said 0; known since 17:30: 1."]
    assert (strip.changes[0].start, strip.changes[0].end) == (after(5), after(7.5))
    at_six = patient_view(chart, after(6), UTC).explanations[0]
    assert at_six.remarks[-1] == "At 16:00 the screen said 0; known since 17:30: 1."


@pytest.mark.parametrize(("hours", "told_of"), [(8.5, True), (19, True), (19.6, False)])
def test_the_ward_row_tells_a_grade_that_was_higher_for_twelve_hours(hours: float, *, told_of: bool) -> None:
    sets = [fact for hour in (12, 16, 19) for fact in vitals(hour)]
    chart = course(NIGHT, sets, came(temperature(5, 38.5), 7.5))
    row = ward_view([chart], after(hours), UTC, "7 North").rows[0]
    assert ("CRS: At 15:00 the screen said 0; known since 17:30: 1." in row.then) is told_of


def test_the_ward_row_is_silent_where_the_grade_turned_out_lower() -> None:
    chart = course(NIGHT, temperature(5, 38.5), came(temperature(6, 36.9), 7))
    assert "screen said" not in ward_view([chart], after(9), UTC, "7 North").rows[0].then


def bounds(facts: Sequence[Fact], system: str, at: datetime) -> tuple[int | None, int | None]:
    found = graded(Course.from_facts("P1", facts, dictionary()), system)
    place = found.place(micros(at))
    return (int(found.at_least[place]), int(found.at_most[place])) if found.gradable(place) else (None, None)


ARRIVALS = {
    "each late by itself": lambda draw, at: at + timedelta(hours=draw.choice((0, 0.2, 1, 5, 30))),
    "every set an hour late": lambda _, at: at + timedelta(hours=1),
    "daily": lambda _, at: at.replace(hour=23, minute=59, second=0),
    "weekly": lambda _, at: after(-80 / 4 - 1) + timedelta(days=7 * ((at - after(-80 / 4 - 1)).days // 7 + 1)),
}


def stay(draw: random.Random) -> list[Fact]:
    """A random stay with examinations and reports, no statement of which is amended or withdrawn."""
    facts = facts_of(random_events(draw, 14), draw.choice((54, 8)), drug_chart=True)
    facts = [one for one in facts if not isinstance(one, Correction) and (one.record_id is None or not one.recorded_at)]
    hours = [draw.randrange(0, 1600) / 4 for _ in range(6)]
    facts += [neuro(hour, draw.choice((10, 8, 5)), seizure=draw.choice(("none", "brief_resolved"))) for hour in hours]
    facts += [Observation(**carried(hour + 1), concept="heart_rate", value=draw.choice((80, 130))) for hour in hours]
    facts += [
        SymptomReport(**carried(hour), reporter="caregiver", symptom=draw.choice(("fever", "confusion")), severity=2)
        for hour in hours
    ]
    return facts


@pytest.mark.parametrize("system", DEFAULT_SYSTEMS)
@pytest.mark.parametrize("arrival", ARRIVALS)
@settings(deadline=None, max_examples=6)
@given(seed=st.integers(0, 10_000))
def test_at_any_moment_the_screen_said_the_grade_of_what_had_come(system: str, arrival: str, seed: int) -> None:
    """The definition itself, one moment at a time, with another course built for every moment and every receipt."""
    draw = random.Random(seed)
    late = [
        fact.model_copy(update={"received_at": max(ARRIVALS[arrival](draw, fact.effective_at), fact.effective_at)})
        for fact in stay(draw)
    ]
    chart = Course.from_facts("P1", late, dictionary())
    seen = min(fact.received_at for fact in late)

    def by(moment: datetime) -> list[Fact]:
        return [one for one in late if one.received_at <= max(moment, one.effective_at + CHARTING_DELAY)]

    for _ in range(12):
        at = after(draw.randrange(0, 1600) / 4 + 0.01)
        here = [one for one in revisions(chart, system) if one.start <= micros(at) < one.end]
        shown, known = bounds(by(at), system, at), bounds(late, system, at)
        if shown == known or at < max(seen, after(0)):
            assert here == []
            continue
        assert [(one.shown, one.known) for one in here] == [(shown, known)]
        receipts = sorted({one.received_at for one in late if one.received_at > at})
        then = [bounds(by(receipt), system, at) for receipt in receipts]
        since = max((place + 1 for place, said in enumerate(then) if said != known), default=0)
        assert here[0].known_since == micros(receipts[since])


@pytest.mark.parametrize("system", DEFAULT_SYSTEMS)
def test_a_recent_stretch_asked_first_is_the_same_as_the_whole_course_cut(system: str) -> None:
    """The ward asks of the last hours, the patient page of everything, in either order."""
    draw = random.Random(5)
    late = [one.model_copy(update={"received_at": one.effective_at + timedelta(hours=2)}) for one in stay(draw)]
    start, end = micros(after(100)), micros(after(300))
    recent_first, whole_first = (Course.from_facts("P1", late, dictionary()) for _ in range(2))
    recent = revisions(recent_first, system, start, end)
    whole = revisions(whole_first, system)
    assert revisions(whole_first, system, start, end) == recent
    assert revisions(recent_first, system) == whole


def test_vital_signs_and_examinations_that_come_late_are_told_by_the_scales_that_read_them() -> None:
    seizure = came(neuro(6, seizure="brief_resolved"), 10)
    chart = course(NIGHT, came(temperature(5, 38.5), 7.5), seizure)
    assert told(chart) == [(5, 7.5, (0, 0), (1, 1), 7.5)]
    assert told(chart, ICANS) == [(6, 8, (0, 0), (3, 3), 10)]


def test_a_revision_raises_only_where_the_certain_grade_does() -> None:
    assert Revision(0, 1, (0, 4), (2, 2), 1).raised
    assert not Revision(0, 1, (0, 4), (0, 0), 1).raised
    assert Revision(0, 1, (None, None), (1, 2), 1).raised
