"""One engine: a moment at a time, a course at a time and a cohort at a time say the same."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitoring.channels import Channel, Cohort, Spans, Worse
from monitoring.cohort import grade_cohort, graded_blocks
from monitoring.concepts import dictionary
from monitoring.course import Course
from monitoring.evidence import Evidence, OxygenState
from monitoring.grading import graded, systems
from monitoring.grading.engine import Graded, grade
from monitoring.records import OxygenSupport
from monitoring.timeline import Labels, Steps, micros, moment
from monitoring.vocabulary import OxygenDevice, Syndrome
from tests.course.charts import CRS, INFUSED, adult, carried, course, temperature, vitals
from tests.course.clif import clif_courses
from tests.course.generated import KINDS, STATEMENTS, UNTIL_HOURS, cohort_of, facts_of, random_course

UNTIL = UNTIL_HOURS * 3600
SYSTEM = systems()[CRS]
Told = list[tuple[int, int, int]]


def by_course(chart: Course, until: int = UNTIL, name: str = CRS) -> Told:
    """(second, at_least, at_most) of a course sweep from the infusion on, joined where nothing changes."""
    found = graded(chart, name)
    start = chart.start or 0
    told: Told = []
    for place in range(found.place(start), found.at.size):
        second = max(int(found.at[place]) - start, 0) // 1_000_000
        bounds = (int(found.at_least[place]), int(found.at_most[place]))
        if second < until and (not told or told[-1][1:] != bounds):
            told.append((second, *bounds))
    return told


def by_cohort(cohort: Cohort, until: int = UNTIL, name: str = CRS) -> list[Told]:
    """The same of every patient of a cohort."""
    steps = grade_cohort(systems()[name], cohort, dictionary(), until=until)
    told: list[Told] = [[] for _ in range(cohort.patients)]
    for patient, at, low, high in zip(steps.patient, steps.at, steps.at_least, steps.at_most, strict=True):
        told[patient].append((int(at), int(low), int(high)))
    return told


def assert_alike(courses: Sequence[Course], name: str = CRS) -> None:
    """Steps, every answer, missing input and flag of the cohort are those of the courses."""
    cohort = cohort_of(courses)
    assert by_cohort(cohort, name=name) == [by_course(chart, name=name) for chart in courses]
    for block, situations, swept in graded_blocks(systems()[name], cohort, dictionary(), UNTIL):
        patient, within = np.divmod(situations.at, block.stretch)
        for boundary in np.flatnonzero((patient >= 0) & (patient < block.patients)):
            place = int(situations.index[boundary])
            second = int(within[boundary]) // 1_000_000 + block.earliest
            chart = courses[block.first + int(patient[boundary])]
            if not 0 <= second < UNTIL:
                continue
            alone = graded(chart, name)
            there = alone.place((chart.start or 0) + second * 1_000_000)
            assert said(swept, place) == said(alone, there), (name, second)
            assert {key: int(a[place]) for key, a in swept.answers.items()} == {
                key: int(a[there]) for key, a in alone.answers.items()
            }


EVENTS = st.lists(
    st.tuples(st.integers(-80, UNTIL_HOURS * 4 - 1), st.sampled_from(KINDS), st.integers(0, 999)), max_size=25
)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(EVENTS, st.sampled_from((54, 8, None)), st.booleans()), min_size=1, max_size=3))
def test_a_cohort_is_graded_as_its_courses_are(
    charts: list[tuple[list[tuple[int, str, int]], int | None, bool]],
) -> None:
    assert_alike(
        [
            Course.from_facts("P1", facts_of(events, age, drug_chart=drug_chart), dictionary())
            for events, age, drug_chart in charts
        ]
    )


SECONDS = st.tuples(st.integers(-80, UNTIL_HOURS * 4 - 1), st.sampled_from((0, 0, 1, 2, 29, 30, 59, 60)))
SAME_MINUTE = st.lists(
    st.tuples(SECONDS, st.sampled_from(("temperature", "sbp", "map", *STATEMENTS)), st.integers(0, 999)),
    min_size=2,
    max_size=25,
)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(SAME_MINUTE, EVENTS), min_size=1, max_size=3), st.sampled_from((0, 1, 30, 59)))
def test_a_cohort_keeps_the_rule_of_one_minute_as_its_courses_do(
    charts: list[tuple[list[tuple[tuple[int, int], str, int]], list[tuple[int, str, int]]]], infused: int
) -> None:
    """Values some seconds apart, of infusions on the minute and between: the minute is the clock's (D65)."""
    courses = []
    for close, events in charts:
        quarters = sorted({quarter for (quarter, _), _, _ in close})[:3]
        timed = [(quarters[q % len(quarters)] + s / 900, kind, pick) for (q, s), kind, pick in close]
        facts = facts_of([*events, *timed], 54, drug_chart=True)
        later = [
            fact.model_copy(update={"effective_at": fact.effective_at + timedelta(seconds=infused)}) for fact in facts
        ]
        courses.append(Course.from_facts("P1", later, dictionary()))
    assert_alike(courses)


def test_300_random_courses_with_gaps_late_facts_and_corrections_are_graded_alike() -> None:
    draw = random.Random(7)
    assert_alike([random_course(draw) for _ in range(300)])


@pytest.mark.parametrize(
    "name",
    sorted(name for name, table in systems().items() if table.syndrome is Syndrome.CRS and not table.needs_course),
)
def test_every_crs_scale_grades_a_cohort_as_its_courses(name: str) -> None:
    draw = random.Random(14)
    assert_alike([random_course(draw) for _ in range(100)], name)


def penn_lowest(hour: float, *said: tuple[float, float]) -> int:
    """The lower Penn bound of somebody with a fever all along, on a ward and from hour 30 at home."""
    truths = {"at_home": one_patient((0, 0), (30, 1))} | ({"hospitalised": one_patient(*said)} if said else {})
    cohort = Cohort(1, numbers={"temperature": one_patient(*((hour, 38.5) for hour in range(0, 60, 4)))}, truths=truths)
    return [low for at, low, _ in by_cohort(cohort, 59 * 3600, "crs-penn-2018")[0] if at <= hour * 3600][-1]


@pytest.mark.parametrize(("hour", "lowest"), [(0, 2), (29.9, 2), (30, 1), (58, 1)])
def test_a_placement_holds_until_the_next_and_never_lapses(hour: float, lowest: int) -> None:
    assert penn_lowest(hour) == lowest


@pytest.mark.parametrize(("hour", "lowest"), [(30, 1), (31.9, 1), (32, 2), (55.9, 2), (56, 1)])
def test_a_word_on_the_stay_goes_before_the_placement_for_a_day(hour: float, lowest: int) -> None:
    assert penn_lowest(hour, (32, 1)) == lowest


@pytest.mark.parametrize(("charted", "possible"), [(True, 2), (False, 3)])
def test_a_vasopressor_that_is_not_running_has_no_high_dose(charted: bool, possible: int) -> None:
    cohort = Cohort(
        1,
        numbers={
            "temperature": one_patient((0, 38.5)),
            "sbp": one_patient((0, 84)),
            "age": one_patient((0, 50)),
            "organs:other": one_patient((0, 0)),
            "organs:transaminases": one_patient((0, 0)),
        },
        labels={"oxygen": (one_patient((0, 0)), (OxygenState(OxygenDevice.ROOM_AIR),))},
        drug_chart=np.array([charted]),
    )
    assert by_cohort(cohort, 3600, "crs-lee-2014")[0][0][2] == possible


CLIF = Path("/work/shared/data/clif")
OF_THE_MOMENT = sorted(
    name for name, table in systems().items() if not table.needs_course and "vasopressor_doses" not in table.reads[2]
)


def said(found: Graded, place: int) -> tuple[object, ...]:
    """Everything a segment says: bounds, criteria met, inputs missing, flags."""
    bounds = int(found.at_least[place]), int(found.at_most[place])
    return (*bounds, found.met(place), found.unassessed(place), found.flags_at(place))


def one_moment(chart: Course, name: str, at: int) -> Graded:
    """A sweep of length one: every input as it stands at the moment, the waiver as the course has it then."""
    here = np.array([at])
    evidence, table = chart.evidence, systems()[name]
    table = replace(
        table, also=tuple(replace(a, read=stated_hides) if a.name == "fever_may_hide" else a for a in table.also)
    )

    def constant(steps: Steps) -> Steps:
        lo, hi = steps.on(here)
        return Steps.constant(float(lo[0]), float(hi[0]))

    def word(labels: Labels) -> Labels:
        index = int(labels.index[np.searchsorted(labels.at, at, side="right") - 1])
        return Labels.constant(None if index < 0 else labels.values[index])

    read = {axis.name: axis.read for axis in systems()[name].axes}
    stated = {
        truth: constant(read[axis](evidence))
        for truth, axis in (
            ("crs_already_diagnosed", "crs_already_diagnosed"),
            ("masking_drug", "masking_drugs"),
            ("fever_may_hide", "fever_may_hide"),
        )
        if axis in read
    }
    moment_only = Evidence(
        numbers={key: constant(steps) for key, steps in evidence.numbers.items()},
        truths={key: constant(steps) for key, steps in evidence.truths.items()} | stated,
        labels={key: word(labels) for key, labels in evidence.labels.items()},
    )
    found = grade(table, moment_only)
    assert found.at.size == 1
    return found


def stated_hides(evidence: Evidence) -> Steps:
    return evidence.truth("fever_may_hide")


def assert_each_moment_is_the_step(chart: Course, name: str, moments: Sequence[int]) -> None:
    swept = graded(chart, name)
    for at in moments:
        assert said(one_moment(chart, name, at), 0) == said(swept, swept.place(at)), (name, moment(at))


@pytest.mark.parametrize("name", OF_THE_MOMENT)
def test_a_sweep_of_length_one_says_what_the_step_of_the_course_says(name: str) -> None:
    draw = random.Random(11)
    for _ in range(25):
        chart = random_course(draw)
        boundaries = [int(at) for at in graded(chart, name).at[1:]]
        at_random = [micros(INFUSED + timedelta(minutes=draw.randrange(UNTIL_HOURS * 60))) for _ in range(6)]
        edges = draw.sample(boundaries, min(6, len(boundaries)))
        assert_each_moment_is_the_step(chart, name, [*at_random, *edges, *(at - 1 for at in edges)])


@pytest.mark.parametrize("name", sorted(systems()))
def test_a_course_cut_at_a_moment_says_there_what_the_whole_course_says(name: str) -> None:
    draw, compared = random.Random(12), 0
    for _ in range(15):
        chart = random_course(draw)
        for _ in range(4):
            at = micros(INFUSED + timedelta(minutes=draw.randrange(UNTIL_HOURS * 60)))
            cut = chart.until(moment(at))
            # A drug charted only later makes the drug chart speak for the days before it, which the cut cannot know.
            if cut.drug_chart_covers == chart.drug_chart_covers:
                whole, alone = graded(chart, name), graded(cut, name)
                assert said(alone, alone.place(at)) == said(whole, whole.place(at)), name
                compared += 1
    assert compared > 30


@pytest.mark.skipif(not CLIF.exists(), reason="the CLIF stays are not part of the checkout")
@pytest.mark.parametrize("name", OF_THE_MOMENT)
def test_on_the_clif_stays_a_sweep_of_length_one_says_what_the_step_says(name: str) -> None:
    draw = random.Random(13)
    for chart in clif_courses(CLIF):
        boundaries = [int(at) for at in graded(chart, name).at[1:]]
        edges = draw.sample(boundaries, min(40, len(boundaries)))
        assert_each_moment_is_the_step(chart, name, [*edges, *(at - 1 for at in edges), *(at + 1 for at in edges)])


def test_a_fever_is_grade_1_until_it_is_six_hours_old_and_then_0_to_2() -> None:
    chart = course(adult(), vitals(1, celsius=38.5))
    assert by_cohort(cohort_of([chart]), 10 * 3600) == [[(0, 0, 4), (3600, 1, 1), (7 * 3600, 0, 2)]]


def one_patient(*rows: tuple[float, float]) -> Channel:
    return Channel(
        np.array([hour * 3600 for hour, _ in rows], np.int32),
        np.array([value for _, value in rows], np.float32),
        np.array([0, len(rows)]),
    )


@pytest.mark.parametrize(("celsius", "lowest"), [(37.9, 0), (38.0, 1), (38.1, 1)])
def test_both_sides_of_the_fever_cut_survive_the_bands(celsius: float, lowest: int) -> None:
    cohort = Cohort(1, numbers={"temperature": one_patient((0, 36.8), (1, celsius))})
    steps = by_cohort(cohort, 7200)[0]
    assert steps[-1][1] == lowest


def test_values_of_one_band_leave_no_step_and_a_gap_longer_than_they_keep_does() -> None:
    hours = [0, 1, 2, 3, 9.5]
    told = by_cohort(Cohort(1, numbers={"temperature": one_patient(*((hour, 38.5) for hour in hours))}), 10 * 3600)
    assert told == [[(0, 1, 4), (9 * 3600, 0, 4), (int(9.5 * 3600), 1, 4)]]


def test_nothing_of_one_patient_reaches_the_next() -> None:
    grave = course(adult(), vitals(0, celsius=39, systolic=80, device="bipap"))
    silent = course(adult())
    assert by_cohort(cohort_of([grave, silent, grave])) == [by_course(grave), [(0, 0, 4)], by_course(grave)]


def test_an_unknown_drug_chart_leaves_the_interval_wide_and_a_running_vasopressor_raises_it() -> None:
    cohort = Cohort(
        2,
        numbers={
            "temperature": Channel(np.zeros(2, np.int32), np.full(2, 38.5, np.float32), np.arange(3)),
            "sbp": Channel(np.zeros(2, np.int32), np.full(2, 120, np.float32), np.arange(3)),
            "age": Channel(np.zeros(2, np.int32), np.full(2, 50, np.float32), np.arange(3)),
        },
        labels={
            "oxygen": (
                Channel(np.zeros(2, np.int32), np.zeros(2, np.float32), np.arange(3)),
                (OxygenState(OxygenDevice.ROOM_AIR),),
            )
        },
        drugs={"vasopressors": Spans(np.array([3600], np.int32), np.array([7200], np.int32), np.array([0, 0, 1]))},
        drug_chart=np.array([False, True]),
    )
    assert by_cohort(cohort, 3 * 3600) == [[(0, 1, 4)], [(0, 1, 1), (3600, 3, 3), (7200, 1, 1)]]


def test_rows_in_any_order_make_the_channel_and_the_worse_of_two_at_one_moment_counts() -> None:
    made = Channel.from_rows(
        3,
        np.array([2, 0, 2, 0, 2]),
        np.array([5, 9, -3, 1, 5], np.int32),
        np.array([80, 1, 2, 3, 70], np.float32),
        worse="min",
    )
    assert made.at.tolist() == [1, 9, -3, 5]
    assert made.value.tolist() == [3, 1, 2, 70]
    assert made.starts.tolist() == [0, 2, 2, 4]


ROWS = st.lists(
    st.tuples(
        st.integers(0, 3),
        st.one_of(st.integers(-5, 5), st.integers(-130, 130)),
        st.sampled_from((36.6, 38.04, 90, -3.25, 0.001, 1e9, 70.123)),
    ),
    max_size=30,
)


@given(ROWS, st.sampled_from(("max", "min", "later")), st.lists(st.integers(0, 59), min_size=4, max_size=4))
def test_a_channel_of_rows_holds_the_worst_value_of_every_patient_and_minute_so_far(
    rows: list[tuple[int, int, float]], worse: Worse, infused: list[int]
) -> None:
    wanted: dict[tuple[int, int], float] = {}
    for patient, at, _ in rows:
        minute = (at + infused[patient]) // 60
        beside = [
            value
            for whose, when, value in rows
            if whose == patient
            and (when == at or (worse != "later" and when < at and (when + infused[patient]) // 60 == minute))
        ]
        wanted[patient, at] = min(beside) if worse == "min" else max(beside)
    patients, times, values = zip(*rows, strict=True) if rows else ((), (), ())
    made = Channel.from_rows(
        4,
        np.array(patients, np.int64),
        np.array(times, np.int32),
        np.array(values, np.float32),
        worse=worse,
        infused_second=np.array(infused),
    )
    whose = np.repeat(np.arange(4), np.diff(made.starts)).tolist()
    told = dict(zip(zip(whose, made.at.tolist(), strict=True), made.value.tolist(), strict=True))
    assert told == {key: float(np.float32(value)) for key, value in wanted.items()}
    assert list(told) == sorted(told)
    assert len(told) == made.at.size


def test_a_scale_that_counts_days_is_refused_with_the_reason() -> None:
    with pytest.raises(ValueError, match="icaht-early-2023 cannot be asked of a cohort: ICAHT counts days"):
        grade_cohort(systems()["icaht-early-2023"], Cohort(1), dictionary(), until=9000)


def test_times_that_run_backwards_are_refused() -> None:
    with pytest.raises(ValueError, match="must increase within a patient"):
        grade_cohort(
            SYSTEM, Cohort(1, numbers={"temperature": one_patient((2, 37), (1, 38))}), dictionary(), until=9000
        )


@pytest.mark.parametrize(("hours", "possible"), [(11.75, 4), (12, 4)])
def test_a_row_without_a_device_keeps_the_last_one_only_while_that_is_fresh(hours: float, possible: int) -> None:
    sets = [
        *vitals(0, celsius=39, device="bipap"),
        *vitals(hours, celsius=39)[:2],
        *vitals(13, celsius=39, device="hfnc"),
    ]
    chart = course(adult(), sets, OxygenSupport(**carried(hours)))
    lowest = 4 if hours < 12 else 1
    assert [step for step in by_course(chart) if step[0] == hours * 3600] == [(int(hours * 3600), lowest, possible)]
    assert (13 * 3600, 3, 3) in by_course(chart)
    assert by_cohort(cohort_of([chart])) == [by_course(chart)]


def test_an_empty_cohort_has_no_steps() -> None:
    assert by_cohort(Cohort(2), 3600) == [[(0, 0, 4)], [(0, 0, 4)]]


def test_a_temperature_taken_before_the_infusion_still_holds_at_it() -> None:
    chart = course(adult(), temperature(-2, 38.5))
    assert by_cohort(cohort_of([chart])) == [by_course(chart)]
    assert by_course(chart)[0] == (0, 1, 4)
