"""One engine: a moment at a time, a course at a time and a cohort at a time say the same."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitoring.cohort import Channel, Cohort, Spans, grade_cohort, graded_blocks
from monitoring.concepts import dictionary
from monitoring.course import Course
from monitoring.evidence import OxygenState
from monitoring.grading import graded, systems
from monitoring.records import OxygenSupport
from monitoring.timeline import micros, moment
from monitoring.vocabulary import OxygenDevice
from tests.course.charts import CRS, INFUSED, adult, carried, course, temperature, vitals
from tests.course.generated import KINDS, UNTIL_HOURS, cohort_of, facts_of, random_course

UNTIL = UNTIL_HOURS * 3600
SYSTEM = systems()[CRS]
Told = list[tuple[int, int, int]]


def by_course(chart: Course, until: int = UNTIL) -> Told:
    """(second, at_least, at_most) of a course sweep from the infusion on, joined where nothing changes."""
    found = graded(chart, CRS)
    start = chart.start or 0
    told: Told = []
    for place in range(found.place(start), found.at.size):
        second = max(int(found.at[place]) - start, 0) // 1_000_000
        bounds = (int(found.at_least[place]), int(found.at_most[place]))
        if second < until and (not told or told[-1][1:] != bounds):
            told.append((second, *bounds))
    return told


def by_cohort(cohort: Cohort, until: int = UNTIL) -> list[Told]:
    """The same of every patient of a cohort."""
    steps = grade_cohort(SYSTEM, cohort, dictionary(), until=until)
    told: list[Told] = [[] for _ in range(cohort.patients)]
    for patient, at, low, high in zip(steps.patient, steps.at, steps.at_least, steps.at_most, strict=True):
        told[patient].append((int(at), int(low), int(high)))
    return told


def assert_alike(courses: Sequence[Course]) -> None:
    """Steps, every answer and every flag of the cohort are those of the courses."""
    cohort = cohort_of(courses)
    assert by_cohort(cohort) == [by_course(chart) for chart in courses]
    for block, situations, swept in graded_blocks(SYSTEM, cohort, dictionary(), UNTIL):
        patient, within = np.divmod(situations.at, block.stretch)
        for boundary in np.flatnonzero((patient >= 0) & (patient < block.patients)):
            place = int(situations.index[boundary])
            second = int(within[boundary]) // 1_000_000 + block.earliest
            chart = courses[block.first + int(patient[boundary])]
            if not 0 <= second < UNTIL:
                continue
            alone = graded(chart, CRS)
            there = alone.place((chart.start or 0) + second * 1_000_000)
            assert swept.flags_at(place) == alone.flags_at(there)
            assert swept.unassessed(place) == alone.unassessed(there)
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


def test_300_random_courses_with_gaps_late_facts_and_corrections_are_graded_alike() -> None:
    draw = random.Random(7)
    assert_alike([random_course(draw) for _ in range(300)])


def test_a_moment_at_a_time_says_what_the_sweep_says() -> None:
    draw = random.Random(11)
    for _ in range(30):
        chart = random_course(draw)
        swept = graded(chart, CRS)
        for _ in range(4):
            at = micros(INFUSED + timedelta(minutes=draw.randrange(UNTIL_HOURS * 60)))
            alone = graded(chart.until(moment(at)), CRS)
            for bounds in ("at_least", "at_most"):
                assert getattr(alone, bounds)[alone.place(at)] == getattr(swept, bounds)[swept.place(at)]


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
