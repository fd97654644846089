"""A course that takes one more fact at a time says after each what a course graded from all of them says."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitoring.concepts import dictionary
from monitoring.course import Course
from monitoring.evidence import Evidence
from monitoring.grading import graded, systems
from monitoring.live import NOTHING, LiveCourse, LiveStep
from monitoring.piecewise import Timeline
from monitoring.records import (
    Administration,
    Correction,
    Fact,
    Observation,
    OxygenSupport,
    Patient,
    SymptomReport,
)
from monitoring.situations import Answers, Verdict
from monitoring.timeline import BEGINNING_OF_TIME, END_OF_TIME, hours, micros
from monitoring.vocabulary import OxygenDevice, OxygenReason, Status
from monitoring.waiver import Waivers
from tests.course.charts import CRS, adult, after, carried, neuro, temperature, vitals
from tests.course.generated import facts_of, random_events
from tests.test_cohort import EVENTS

ANSWERS = Answers(systems()[CRS])


def live(*facts: Fact) -> LiveCourse:
    return LiveCourse(ANSWERS, "P1", facts, dictionary())


def from_scratch(facts: Sequence[Fact]) -> list[LiveStep]:
    """Every step of a course graded from all facts, neighbours that say the same joined."""
    found = graded(Course.from_facts("P1", facts, dictionary()), CRS)
    starts = [at for at in found.at.tolist() if at != END_OF_TIME]
    steps: list[LiveStep] = []
    for place, (start, end) in enumerate(zip(starts, [*starts[1:], END_OF_TIME], strict=True)):
        verdict = Verdict(
            int(found.at_least[place]) if found.gradable(place) else None,
            int(found.at_most[place]) if found.gradable(place) else None,
            tuple(found.met(place)),
            tuple(found.unassessed(place)),
            tuple(found.flags_at(place)),
        )
        if steps and steps[-1].verdict == verdict:
            steps[-1] = LiveStep(steps[-1].start, end, verdict)
        else:
            steps.append(LiveStep(start, end, verdict))
    return steps


def assert_alike_after_each(facts: Sequence[Fact], every: int = 1) -> int:
    """Facts one at a time: the steps are those from scratch after each `every`-th, and a reader who only follows
    the changes holds them too. How many were spliced in.
    """
    course = live()
    followed = Timeline([(step.start, step.verdict) for step in course.steps()])
    known: dict[str, Fact] = {}
    spliced = 0
    for number, fact in enumerate(facts):
        known.setdefault(fact.fact_id, fact)
        change = course.add(fact)
        spliced += bool(change.steps) and not change.rebuilt
        for step in change.steps:
            followed.splice(step.start, step.end, [(step.start, step.verdict)])
        if number % every == every - 1 or fact is facts[-1]:
            steps = course.steps()
            assert steps == from_scratch(list(known.values()))
            assert list(zip(followed.at, followed.value, strict=True)) == [(s.start, s.verdict) for s in steps]
    return spliced


@settings(deadline=None, max_examples=40)
@given(EVENTS, st.sampled_from((54, 8, None)), st.booleans(), st.randoms(use_true_random=False))
def test_facts_in_any_order_of_arrival_leave_the_steps_of_all_facts(
    events: list[tuple[int, str, int]],
    age: int | None,
    drug_chart: bool,
    draw: random.Random,
) -> None:
    facts = facts_of(events, age, drug_chart=drug_chart)
    draw.shuffle(facts)
    assert_alike_after_each(facts, every=3)


@pytest.mark.parametrize("first", [0, 250, 500, 750])
def test_1000_random_courses_with_late_double_and_withdrawn_facts(first: int) -> None:
    spliced = 0
    for seed in range(first, first + 250):
        draw = random.Random(seed)
        facts = facts_of(random_events(draw, 24), draw.choice((54, 54, 8, None)), drug_chart=draw.random() < 0.7)
        facts += draw.sample(facts, 2)
        draw.shuffle(facts)
        spliced += assert_alike_after_each(facts, every=9)
    assert spliced > 700


@pytest.mark.parametrize("seed", range(12))
def test_days_of_vital_signs_in_a_random_order_are_spliced_without_building_anew(seed: int) -> None:
    draw = random.Random(seed)
    course = live(*adult(), *vitals(0))
    facts: list[Fact] = []
    for _ in range(60):
        hour = draw.randrange(1, 120 * 4) / 4
        celsius, systolic = draw.choice((36.8, 37.9, 38.0, 39.2)), draw.choice((84, 89, 90, 120))
        facts += vitals(hour, celsius, systolic, draw.choice(("room_air", "hfnc", "bipap")))
    facts = list({(type(f), getattr(f, "concept", ""), f.effective_at): f for f in facts}.values())
    draw.shuffle(facts)
    for number, fact in enumerate(facts, 1):
        assert not course.add(fact).rebuilt
        if number % 10 == 0 or number == len(facts):
            assert course.steps() == from_scratch([*adult(), *vitals(0), *facts[:number]])


def test_one_fever_is_a_grade_for_six_hours_and_nothing_else_changes() -> None:
    course = live(*adult(), *vitals(0), OxygenSupport(**carried(1), device=OxygenDevice.ROOM_AIR))
    first, *rest = course.add(temperature(1, 38.5)).steps
    assert (first.start, first.end) == (micros(after(1)), micros(after(6)))  # the systolic pressure lapses at 6
    assert (first.verdict.at_least, first.verdict.at_most, first.verdict.met) == (1, 1, ("fever",))
    assert (rest[0].start, rest[0].end) == (micros(after(6)), micros(after(7)))
    assert (rest[0].verdict.at_least, rest[0].verdict.at_most) == (1, 2)
    assert rest[0].verdict.unassessed == ("blood_pressure",)


@pytest.mark.parametrize(("celsius", "at_least"), [(37.9, 0), (38.0, 1), (38.1, 1)])
def test_both_sides_of_the_fever_cut(celsius: float, at_least: int) -> None:
    course = live(*adult(), *vitals(0))
    course.add(temperature(1, celsius))
    assert course.verdict(micros(after(1))).at_least == at_least


def test_a_late_normal_temperature_ends_an_earlier_fever_at_its_own_moment() -> None:
    course = live(*adult(), *vitals(0, 39), *vitals(4, 39))
    course.add(temperature(2, 36.8))
    grades = [course.verdict(micros(after(hour))).at_least for hour in (1, 1.99, 2, 3.99, 4)]
    assert grades == [1, 1, 0, 0, 1]


def test_a_late_first_fever_moves_the_diagnosis_before_the_antipyretic_and_fever_is_no_longer_required() -> None:
    given_late = Administration(**carried(5), drug="tocilizumab")
    sets = [*vitals(6, 36.8, 120, "hfnc"), *vitals(8, 36.8, 120, "hfnc")]
    course = live(*adult(), given_late, *sets)
    assert course.verdict(micros(after(8))).at_least is None  # no fever, findings, and a drug that may hide one
    assert not course.add(temperature(3, 38.5)).rebuilt
    assert course.verdict(micros(after(8))).at_least == 3
    assert course.steps() == from_scratch([*adult(), given_late, *sets, temperature(3, 38.5)])


def test_what_is_known_already_or_of_no_concern_to_the_table_changes_nothing() -> None:
    course = live(*adult(), *vitals(0))
    assert course.add(temperature(1, 38.5)).steps
    assert course.add(temperature(1, 38.5)) is NOTHING
    assert course.add(Observation(**carried(1), concept="heart_rate", value=140)) is NOTHING


def test_of_two_values_at_one_moment_the_worse_counts_whichever_comes_first() -> None:
    for order in ((38.5, 36.8), (36.8, 38.5)):
        course = live(*adult(), *vitals(0))
        for celsius in order:
            course.add(temperature(1, celsius))
        assert course.verdict(micros(after(1))).at_least == 1


def test_a_fact_that_was_withdrawn_before_it_came_does_not_count() -> None:
    fever = temperature(1, 39.0)
    course = live(*adult(), *vitals(0), Correction(**carried(0), target=fever.fact_id, reason="wrong patient"))
    course.add(fever)
    assert course.verdict(micros(after(1))).at_least == 0


def test_a_record_amended_and_one_entered_in_error_take_their_grade_back() -> None:
    course = live(*adult(), *vitals(0))
    course.add(temperature(1, 39.0, record_id="R1"))
    assert course.verdict(micros(after(1))).at_least == 1
    course.add(temperature(1, 36.9, record_id="R1", recorded_at=after(2)))
    assert course.verdict(micros(after(1))).at_least == 0
    course.add(temperature(2, 39.0, record_id="R2"))
    course.add(temperature(2, 39.0, record_id="R2", status=Status.ENTERED_IN_ERROR))
    assert course.verdict(micros(after(2))).at_least == 0


def test_a_record_moved_to_another_time_no_longer_counts_at_the_first() -> None:
    course = live(*adult(), *vitals(0))
    course.add(temperature(1, 39.0, record_id="R1"))
    course.add(temperature(3, 39.0, record_id="R1", recorded_at=after(4)))
    assert [course.verdict(micros(after(hour))).at_least for hour in (1, 2.99, 3)] == [0, 0, 1]


def test_oxygen_charted_with_a_reason_hands_it_to_the_next_row_of_the_same_device() -> None:
    sleep = OxygenSupport(**carried(1), device=OxygenDevice.CPAP, reason=OxygenReason.HOME_SLEEP_APNOEA)
    bare = OxygenSupport(**carried(2), device=OxygenDevice.CPAP)
    sets = [*adult(), *vitals(0, 39)]
    for order in ((sleep, bare), (bare, sleep)):
        course = live(*sets)
        for fact in order:
            course.add(fact)
        assert course.verdict(micros(after(2))).at_least == 1
        assert course.steps() == from_scratch([*sets, *order])


def test_a_fact_more_than_a_month_after_the_last_builds_the_course_anew() -> None:
    course = live(*adult(), *vitals(0))
    late = [temperature(30 * 24, 38.5), temperature(30 * 24 + 1, 38.5)]
    assert [course.add(fact).rebuilt for fact in late] == [False, True]
    assert course.steps() == from_scratch([*adult(), *vitals(0), *late])


def test_the_first_fact_with_a_time_makes_the_age_known() -> None:
    patient = adult()[0]
    pressure = Observation(**carried(1), concept="sbp", value=84)
    course = live(patient)
    course.add(pressure)
    assert course.verdict(micros(after(1))).met == ("hypotension",)
    assert course.steps() == from_scratch([patient, pressure])


@pytest.mark.parametrize("seed", range(6))
def test_a_child_without_an_infusion_of_whom_earlier_values_come_later(seed: int) -> None:
    """Where grading begins moves with the first value, and with it the days whose exact age is known."""
    draw = random.Random(seed)
    born = Patient(**carried(0), birth_date=date(2021, 9, 1))
    facts: list[Fact] = [Observation(**carried(24.0 * draw.randrange(60)), concept="sbp", value=79) for _ in range(6)]
    assert_alike_after_each([born, temperature(24 * 60, 38.5), *facts])


def test_facts_that_come_together_leave_the_steps_of_facts_that_come_one_by_one() -> None:
    for seed in range(40):
        draw = random.Random(seed)
        facts = facts_of(random_events(draw, 24), draw.choice((54, 8)), drug_chart=True)
        draw.shuffle(facts)
        together, held = live(), 0
        while held < len(facts):
            several = draw.randrange(1, 9)
            for _ in together.add_all(facts[held : held + several]):
                pass
            held += several
            assert together.steps() == from_scratch(list({one.fact_id: one for one in facts[:held]}.values()))


def test_an_examination_and_a_report_that_the_table_does_not_read_are_passed_over() -> None:
    course = live(*adult(), *vitals(0))
    report = SymptomReport(**carried(1), reporter="caregiver", symptom="fever", severity=2)
    assert course.add(neuro(1, ice=2)) is NOTHING
    assert course.add(report) is NOTHING
    assert course.steps() == from_scratch([*adult(), *vitals(0), neuro(1, ice=2), report])


def test_a_table_without_bands_is_refused_with_what_to_use_instead() -> None:
    with pytest.raises(ValueError, match=r"icans-astct-2019 names no bands; grade its courses with"):
        Answers(systems()["icans-astct-2019"])


@given(
    st.lists(st.tuples(st.integers(1, 30), st.integers(1, 12), st.lists(st.integers(0, 3), min_size=1, max_size=3))),
)
def test_a_spliced_timeline_is_the_function_it_says_and_has_no_needless_boundary(
    splices: list[tuple[int, int, list[int]]],
) -> None:
    timeline, plain = Timeline([(0, 0)]), [0] * 50
    for start, length, said in splices:
        timeline.splice(start, start + length, [(start + n, value) for n, value in enumerate(said[:length])])
        plain[start : start + length] = [said[min(n, len(said) - 1)] for n in range(length)]
    assert [timeline.between(at, at + 1)[0][1] for at in range(50)] == plain
    assert all(left != right for left, right in zip(timeline.value, timeline.value[1:], strict=False))


CHANGES = st.lists(
    st.tuples(st.integers(0, 300), st.integers(1, 60), st.sampled_from(((False, False), (False, True), (True, True)))),
    min_size=1,
    max_size=8,
)


@settings(deadline=None)
@given(CHANGES, st.lists(st.integers(0, 300), max_size=2), st.lists(st.tuples(st.integers(0, 300), st.integers(0, 9))))
def test_a_waiver_kept_while_signs_change_is_the_one_read_from_the_whole_course(
    changes: list[tuple[int, int, tuple[bool, bool]]], charted: list[int], doses: list[tuple[int, int]]
) -> None:
    """Times in quarters of a day, so that gaps on both sides of seven days come up."""
    quarter = hours(6)
    evidence = Evidence(
        masking_doses=tuple((start * quarter, (start + length) * quarter) for start, length in doses),
        crs_charted=tuple(at * quarter for at in charted),
        temperatures_from=0,
        over_time=True,
    )
    signs = Timeline([(BEGINNING_OF_TIME, (False, False))])
    waivers = Waivers(evidence, signs)
    for start, length, said in changes:
        before = list(waivers.over_time.pieces())
        window = (start * quarter, (start + length) * quarter)
        signs.splice(*window, [(window[0], said)])
        changed = waivers.changed(*window)
        whole = Waivers(evidence, signs).over_time
        assert list(waivers.over_time.pieces()) == list(whole.pieces())
        assert (changed is None) == (before == list(whole.pieces()))
