"""Two sources at once: an arterial line and a cuff, two thermometers, a monitor and a chart (D36, D65)."""

from __future__ import annotations

import random
from datetime import UTC, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitoring.concepts import dictionary
from monitoring.live import LiveCourse
from monitoring.patient_view import patient_view
from monitoring.records import Attribution, Fact, Observation, OxygenSupport, SymptomReport
from monitoring.vocabulary import Cause, OxygenDevice, OxygenReason, Reporter, Severity, Sign
from monitoring.ward_view import ward_view
from tests.course.charts import CRS, adult, after, carried, course, neuro, steps, temperature, vitals
from tests.test_live import ANSWERS, from_scratch

SECOND = 1 / 3600
ARTERIAL, CUFF = {"method": "arterial", "source": "monitor:7"}, {"method": "cuff", "source": "vitals.csv:3"}


def pressure(hours: float, systolic: float, **more: object) -> Fact:
    return Observation(**(carried(hours) | {"concept": "sbp", "value": systolic} | more))


def oxygen(hours: float, device: OxygenDevice, **more: object) -> Fact:
    return OxygenSupport(**carried(hours), device=device, **more)


FEVER = [*adult(), *vitals(0, 39)]


@pytest.mark.parametrize("seconds", [(0, 0), (0, 40), (40, 0)])
@pytest.mark.parametrize("lower", [ARTERIAL, CUFF])
def test_the_lower_of_two_pressures_in_one_minute_counts_whichever_method_read_it(
    seconds: tuple[int, int], lower: dict[str, str]
) -> None:
    higher = CUFF if lower is ARTERIAL else ARTERIAL
    low = pressure(1 + seconds[0] * SECOND, 84, **lower)
    chart = course(FEVER, low, pressure(1 + seconds[1] * SECOND, 96, **higher))
    assert steps(chart, CRS, 2) == [(0, 1, 1), (pytest.approx(1 + seconds[0] * SECOND), 2, 2)]


def test_neither_the_mean_of_two_pressures_nor_the_last_counts() -> None:
    chart = course(FEVER, pressure(1, 88, **ARTERIAL), pressure(1 + 30 * SECOND, 130, **CUFF))
    assert steps(chart, CRS, 2)[-1] == (1, 2, 2)  # the mean would be 109, the last 130


@pytest.mark.parametrize(("second", "ends"), [(59, False), (60, True)])
def test_a_value_stands_to_the_end_of_its_minute_of_the_clock_and_not_beyond(second: int, *, ends: bool) -> None:
    chart = course(FEVER, pressure(1, 84), pressure(1 + second * SECOND, 120))
    assert (steps(chart, CRS, 2)[-1][1] == 1) is ends


def test_a_worse_value_counts_from_its_own_moment_and_not_from_the_start_of_the_minute() -> None:
    chart = course(FEVER, pressure(1, 120), pressure(1 + 50 * SECOND, 84))
    assert steps(chart, CRS, 2) == [(0, 1, 1), (pytest.approx(1 + 50 * SECOND), 2, 2)]


@pytest.mark.parametrize("order", [(36.9, 38.0), (38.0, 36.9)])
def test_the_higher_of_two_thermometers_counts(order: tuple[float, float]) -> None:
    chart = course(adult(), vitals(0), temperature(1, order[0]), temperature(1 + 20 * SECOND, order[1]))
    assert steps(chart, CRS, 2)[-1][1:] == (1, 1)


@pytest.mark.parametrize(
    ("less", "more", "grade"),
    [
        (oxygen(1, OxygenDevice.ROOM_AIR), oxygen(1, OxygenDevice.NASAL_CANNULA, flow_l_min=2), 2),
        (oxygen(1, OxygenDevice.NASAL_CANNULA, flow_l_min=2), oxygen(1, OxygenDevice.HFNC, flow_l_min=40), 3),
        (oxygen(1, OxygenDevice.BLOW_BY), oxygen(1, OxygenDevice.NASAL_CANNULA, flow_l_min=8), 3),
        (oxygen(1, OxygenDevice.HFNC, flow_l_min=40), oxygen(1, OxygenDevice.BIPAP), 4),
        (
            oxygen(1, OxygenDevice.CPAP, reason=OxygenReason.HOME_SLEEP_APNOEA),
            oxygen(1, OxygenDevice.NASAL_CANNULA, flow_l_min=2),
            2,
        ),
    ],
)
def test_of_two_oxygen_rows_in_one_minute_the_one_that_is_more_support_counts(
    less: Fact, more: Fact, grade: int
) -> None:
    for rows in ((less, more), (more, less)):
        first, second = (
            rows[0],
            rows[1].model_copy(update={"effective_at": rows[1].effective_at + timedelta(seconds=9)}),
        )
        assert steps(course(FEVER, first, second), CRS, 2)[-1][1:] == (grade, grade)
        assert steps(course(FEVER, *rows), CRS, 2)[-1][1:] == (grade, grade)


def test_the_lower_of_two_ice_scores_counts() -> None:
    chart = course(adult(), neuro(1, ice=9), neuro(1 + 10 * SECOND, ice=2))
    assert steps(chart, "icans-astct-2019", 2)[-1][1:] == (3, 3)
    other_way = course(adult(), neuro(1, ice=2), neuro(1 + 10 * SECOND, ice=9))
    assert steps(other_way, "icans-astct-2019", 2)[-1][1:] == (3, 3)


def test_the_graver_of_two_reports_counts() -> None:
    def report(seconds: float, severity: Severity) -> Fact:
        said = carried(1 + seconds * SECOND)
        return SymptomReport(**said, reporter=Reporter.CAREGIVER, symptom="headaches", severity=severity)

    chart = course(adult(), report(0, Severity.SEVERE), report(30, Severity.MILD))
    assert steps(chart, "crs-documented-symptoms", 2)[-1][1] == 3


def test_a_later_word_on_a_cause_stands_even_in_the_same_minute() -> None:
    words = [
        Attribution(**carried(1 + seconds * SECOND), sign=Sign.FEVER, cause=cause)
        for seconds, cause in ((0, Cause.OTHER), (20, Cause.CRS))
    ]
    assert steps(course(FEVER, words), CRS, 2)[-1][1:] == (1, 1)


def test_the_ward_and_the_reasons_show_both_with_method_and_source() -> None:
    chart = course(FEVER, neuro(0), pressure(1, 84, **ARTERIAL), pressure(1 + 40 * SECOND, 96, **CUFF))
    row = ward_view([chart], after(1.5), UTC, "7 North").rows[0]
    assert "BP 84 (arterial), cuff 96, low, no vasopressor" in row.why
    assert next(vital.text for vital in row.vitals if vital.concept == "sbp") == "84"
    explained = patient_view(chart, after(1.5), UTC).explanations[0]
    low = next(line for line in explained.rows if line.wording.startswith("Hypotension not"))
    assert low.value == "84 mmHg (arterial), cuff 96"
    assert low.source == "monitor:7; vitals.csv:3"


def test_two_thermometers_without_a_method_are_both_shown_and_the_fever_first() -> None:
    chart = course(adult(), vitals(0), neuro(0), temperature(1, 38.6), temperature(1 + 5 * SECOND, 37.7))
    assert "ever 38.6, also 37.7" in ward_view([chart], after(1.1), UTC, "7 North").rows[0].why


READINGS = st.tuples(
    st.integers(0, 8),
    st.integers(0, 119),
    st.sampled_from(("temperature", "sbp", "map", "oxygen")),
    st.integers(0, 3),
)


def read(reading: tuple[int, int, str, int]) -> Fact:
    hours, seconds, kind, pick = reading
    at = hours + seconds * SECOND
    if kind == "oxygen":
        rows = (
            oxygen(at, OxygenDevice.ROOM_AIR),
            oxygen(at, OxygenDevice.NASAL_CANNULA, flow_l_min=2),
            oxygen(at, OxygenDevice.NASAL_CANNULA, flow_l_min=8),
            oxygen(at, OxygenDevice.BIPAP),
        )
        return rows[pick]
    values = {"temperature": (36.8, 37.9, 38.0, 39.5), "sbp": (84, 89, 90, 120), "map": (60, 64, 65, 80)}[kind]
    return Observation(**carried(at), concept=kind, value=values[pick], method=("arterial", "cuff")[pick % 2])


@settings(deadline=None, max_examples=60)
@given(st.lists(READINGS, min_size=2, max_size=14), st.randoms(use_true_random=False))
def test_in_whatever_order_two_sources_arrive_course_and_live_say_the_same(
    readings: list[tuple[int, int, str, int]], draw: random.Random
) -> None:
    facts: list[Fact] = [read(reading) for reading in readings]
    in_order = from_scratch([*adult(), *facts])
    draw.shuffle(facts)
    assert from_scratch([*adult(), *facts]) == in_order
    live = LiveCourse(ANSWERS, "P1", adult(), dictionary())
    for fact in facts[:1]:
        live.add(fact)
    rebuilt = [live.add(fact).rebuilt for fact in facts[1:]]
    assert live.steps() == in_order
    assert not any(rebuilt)


@given(st.lists(st.tuples(st.integers(0, 59), st.integers(0, 3)), min_size=1, max_size=14))
def test_of_any_number_of_pressures_in_one_minute_the_lowest_is_the_grade(readings: list[tuple[int, int]]) -> None:
    facts = [read((1, second, "sbp", pick)) for second, pick in readings]
    lowest = min((84, 89, 90, 120)[pick] for _, pick in readings)
    assert steps(course(FEVER, facts), CRS, 1.5)[-1][1] == (2 if lowest < 90 else 1)
