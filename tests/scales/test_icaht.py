"""ICAHT on courses: neutrophil counts by day, the cuts of clinical.md f.2, gaps, and what a picture cannot say."""

from __future__ import annotations

from collections.abc import Mapping
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitoring.bedside import grade_pictures
from monitoring.concepts import dictionary
from monitoring.course import Course
from monitoring.grading import graded
from monitoring.records import Fact, Infusion, Observation
from monitoring.timeline import micros
from tests.course.charts import after, carried, course, flags, steps
from tests.scales.reference import early_icaht

EARLY, LATE = "icaht-early-2023", "icaht-late-2023"
END = 24 * 32.0


def anc(hours: float, per_ul: float) -> Fact:
    return Observation(**carried(hours), concept="anc", value=per_ul / 1000)


def counts(by_day: Mapping[int, float]) -> list[Fact]:
    return [Infusion(**carried(0)), *(anc(24 * day, value) for day, value in by_day.items())]


def at(by_day: Mapping[int, float], hours: float, system: str = EARLY) -> tuple[int, int]:
    """The grade at an hour after the infusion, from what was measured by then."""
    known = course(counts(by_day)).until(after(hours))
    grade = graded(known, system)
    place = grade.place(micros(after(hours)))
    return int(grade.at_least[place]), int(grade.at_most[place])


def days(low: int, value: float = 400, *, begins: int = 5) -> dict[int, float]:
    """Thirty-one daily values, `low` of them at `value` from day `begins` on, the others at 3000."""
    return {day: value if begins <= day < begins + low else 3000.0 for day in range(31)}


@pytest.mark.parametrize(
    ("by_day", "grade"),
    [
        (days(0), 0),
        (days(1), 1),
        (days(6), 1),
        (days(7), 2),
        (days(13), 2),
        (days(14), 3),
        (days(25), 3),  # from day 5 to day 29: it did recover
        (days(31, begins=0), 4),  # never above 500
        (days(28, begins=3), 4),  # from day 3 to the last value
        (days(27, begins=4), 3),  # from day 4: by its length
        (days(7, 500), 2),  # exactly 500 is low
        (days(7, 501), 0),
        (days(6, 100), 1),
        (days(7, 100), 3),  # exactly 100 is very low
        (days(7, 101), 2),
        (days(13, 100), 3),
        (days(14, 100), 4),
    ],
)
def test_early_grade_after_day_30_by_both_sides_of_each_cut(by_day: dict[int, float], grade: int) -> None:
    assert at(by_day, END) == (grade, grade)


def test_two_better_days_join_two_runs_and_three_do_not() -> None:
    joined = days(3) | {10: 400.0, 11: 400.0}  # low on days 5-7, better on 8-9, low on 10-11: seven days
    apart = days(3) | {11: 400.0, 12: 400.0}
    assert at(joined, END) == (2, 2)
    assert at(apart, END) == (1, 1)


def test_the_longest_run_counts_and_not_the_sum() -> None:
    assert at(days(6) | dict.fromkeys(range(15, 21), 400.0), END) == (1, 1)


def test_the_lowest_of_several_values_of_a_day_counts() -> None:
    chart = course(counts(days(0)), anc(24 * 6 + 3, 400), anc(24 * 6 + 5, 900))
    assert steps(chart, EARLY, END)[-1][1:] == (1, 1)


def test_seven_missing_days_are_drawn_on_a_line() -> None:
    known = {day: value for day, value in days(0).items() if not 10 < day < 18} | {10: 400.0, 18: 400.0}
    assert at(known, END) == (2, 2)  # days 10 to 18: nine days


def test_eight_missing_days_stay_unknown() -> None:
    known = {day: value for day, value in days(0).items() if not 10 < day < 19} | {10: 400.0, 19: 400.0}
    assert at(known, END) == (1, 3)  # two separate days, or all ten and perhaps very low


def test_a_line_crosses_the_cut_where_it_crosses_it() -> None:
    # 800 on day 10 to 0 on day 18 falls by 100 a day: 500 on day 13, so that days 13 to 19 are low.
    known = days(0) | {10: 800.0, 18: 0.0, 19: 450.0}
    known = {day: value for day, value in known.items() if not 10 < day < 18}
    assert at(known, END) == (2, 2)


def test_without_any_value_nothing_is_known() -> None:
    assert at({}, 24 * 10) == (0, 4)  # it may never have been above 500
    assert at({}, END) == (0, 4)


def test_the_grade_so_far_never_falls() -> None:
    told = steps(course(counts(days(8, begins=5))), EARLY, END)
    assert [low for _, low, _ in told] == sorted(low for _, low, _ in told if low is not None)
    assert told[-1][1:] == (2, 2)


def test_low_from_day_two_is_possibly_and_not_yet_certainly_never_above() -> None:
    by_day = {0: 3000.0, 1: 900.0, 2: 400.0, 3: 300.0, 4: 200.0}
    assert at(by_day, 24 * 4) == (1, 4)
    assert at(by_day, 24 * 12 - 1)[0] == 1
    assert at(by_day, 24 * 12)[0] == 4  # no value for eight days


def test_a_course_without_an_infusion_has_no_days() -> None:
    chart = course(anc(0, 100), anc(24, 100))
    assert steps(chart, EARLY, 24)[-1][1:] == (0, 4)


def test_days_are_those_of_the_ward() -> None:
    # Infused at 20:00 in Tokyo (11:00 UTC); values at 06:00 there, which is 21:00 UTC of the day before.
    tokyo = ZoneInfo("Asia/Tokyo")
    lows = [anc(24 * day + 11, 400) for day in range(2, 9)]  # 21:00 UTC of days 2 to 8: seven days in either calendar
    highs = [anc(24 * day + 11, 3000) for day in (-1, 0, 1, *range(9, 31))]
    chart = Course.from_facts("P1", [Infusion(**carried(1)), *lows, *highs], dictionary(), tokyo)
    assert graded(chart, EARLY).at_least[-1] == 2
    assert chart.evidence.daily["anc"][0][0] == 0  # 21:00 UTC before the infusion's UTC day is already its day there


@given(values=st.lists(st.sampled_from([50.0, 100.0, 101.0, 500.0, 501.0, 2000.0]), min_size=31, max_size=31))
@settings(max_examples=60)
def test_thirty_one_known_days_grade_as_the_naive_reference(values: list[float]) -> None:
    truth = early_icaht(values)
    assert at(dict(enumerate(values)), END) == (truth, truth)


@given(
    values=st.lists(st.sampled_from([50.0, 400.0, 2000.0]), min_size=27, max_size=27),
    unseen=st.integers(0, 20),
)
@settings(max_examples=60)
def test_an_end_of_the_series_that_nobody_saw_keeps_the_truth_inside(values: list[float], unseen: int) -> None:
    whole = [2000.0] * 4 + values  # above 500 to day 3: the rule for series that end early does not apply
    low, high = at(dict(enumerate(whole[: 31 - unseen])), END)
    assert low <= early_icaht(whole) <= high


@pytest.mark.parametrize(
    ("by_day", "span"),
    [
        ({32: 1501.0, 34: 1501.0}, (0, 0)),
        ({32: 1500.0, 34: 1500.0}, (1, 1)),
        ({32: 1000.0, 34: 1000.0}, (2, 2)),
        ({32: 1001.0, 34: 1000.0}, (1, 1)),
        ({32: 500.0, 34: 500.0}, (3, 3)),
        ({32: 100.0, 34: 100.0}, (4, 4)),
        ({32: 101.0, 34: 90.0}, (3, 3)),
        ({32: 90.0, 34: 3000.0}, (0, 0)),  # transient
        ({32: 90.0, 33: 3000.0, 34: 400.0}, (3, 3)),  # the second-lowest
        ({34: 400.0}, (0, 3)),  # one value is at most its own grade
        ({30: 400.0, 34: 400.0}, (0, 3)),  # day 30 is not late
        ({}, (0, 4)),  # no value is never grade 0
        ({25: 3000.0}, (0, 4)),
    ],
)
def test_late_grade(by_day: dict[int, float], span: tuple[int, int]) -> None:
    assert at(by_day, 24 * 35, LATE) == span


def test_late_values_lapse_after_a_week() -> None:
    by_day = {32: 400.0, 34: 400.0}
    assert at(by_day, 24 * 41 - 1, LATE) == (3, 3)
    assert at(by_day, 24 * 41, LATE) == (3, 4)


def test_before_day_31_nothing_is_late() -> None:
    assert at({3: 50.0, 4: 50.0}, 24 * 10, LATE) == (0, 0)


@pytest.mark.parametrize("system", [EARLY, LATE])
def test_a_picture_has_no_series_and_says_so(system: str) -> None:
    assessment = grade_pictures([{"id": "1", "inputs": {}}], [system])[0]["assessments"][system]
    assert (assessment["gradable"], assessment["at_least"], assessment["at_most"]) == (False, None, None)
    assert "series" in assessment["reason"] or "two neutrophil values" in assessment["reason"]


def test_what_is_missing_is_called_by_its_name() -> None:
    grade = graded(course(counts({})), EARLY)
    place = grade.place(micros(after(24 * 10)))
    assert grade.unassessed(place) == ["anc"]
    assert grade.decides(place) == "anc"


def test_no_window_is_documented_for_icaht() -> None:
    assert flags(course(counts(days(31, begins=0))), EARLY, END) == []
