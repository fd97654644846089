"""A course over time: freshness, drug charts, masking, attribution, corrections and order of arrival."""

from __future__ import annotations

from datetime import UTC, date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.episodes import grade_report
from monitoring.records import Correction, Fact, Infusion, Observation, OxygenSupport, Patient, Placement
from monitoring.vocabulary import Cause, Sign, Status, Syndrome
from tests.course.charts import (
    CRS,
    ICANS,
    adult,
    after,
    attributed,
    carried,
    charted,
    course,
    drug,
    episodes,
    event,
    flags,
    neuro,
    steps,
    temperature,
    vitals,
)


def test_a_fever_among_normal_sets_is_grade_1_from_its_time_to_the_next_set() -> None:
    chart = course(adult(), vitals(1), vitals(4, celsius=38.0), vitals(8))
    assert steps(chart, CRS, 9) == [(0, 0, 4), (1, 0, 0), (4, 1, 1), (8, 0, 0)]


def test_the_grade_widens_at_the_instant_the_values_go_stale_and_not_before() -> None:
    chart = course(adult(), vitals(1, celsius=38.5))
    assert steps(chart, CRS, 6.9)[-1] == (1, 1, 1)
    assert steps(chart, CRS, 7) == [(0, 0, 4), (1, 1, 1), (7, 0, 2)]
    assert "stale" in flags(chart, CRS, 7)


def test_without_a_drug_chart_vasopressors_are_unknown_and_the_interval_is_wider() -> None:
    without = [fact for fact in adult() if getattr(fact, "drug", None) != "none"]
    assert steps(course(without, vitals(0, celsius=38.5)), CRS, 1) == [(0, 1, 4)]
    assert steps(course(adult(), vitals(0, celsius=38.5)), CRS, 1) == [(0, 1, 1)]


def test_a_missing_blood_pressure_leaves_1_to_2_with_a_drug_chart() -> None:
    without_pressure = [fact for fact in vitals(0, celsius=38.5) if getattr(fact, "concept", "") != "sbp"]
    assert steps(course(adult(), without_pressure), CRS, 1) == [(0, 1, 2)]


def test_at_home_no_vasopressor_is_running_and_the_air_is_room_air() -> None:
    home = Placement(**carried(0), ward="home", bed="H2")
    chart = course([f for f in adult() if not isinstance(f, Placement) and getattr(f, "drug", "") != "none"], home)
    assert steps(course(chart.facts, temperature(0, 38.2)), CRS, 1) == [(0, 1, 2)]


@pytest.mark.parametrize("order", [("stop", "start"), ("start", "stop")])
def test_a_bag_change_in_one_minute_leaves_no_gap_in_either_file_order(order: tuple[str, str]) -> None:
    rows = [
        event(2, "start", "A"),
        *(event(5, kind, "A" if kind == "stop" else "B") for kind in order),
        event(9, "stop", "B"),
    ]
    chart = course(adult(), vitals(0, celsius=38.5), vitals(5, celsius=38.5), vitals(10, celsius=38.5), rows)
    assert steps(chart, CRS, 11) == [(0, 1, 1), (2, 3, 3), (9, 1, 1)]


@pytest.mark.parametrize("order", [("stop", "start"), ("start", "stop")])
def test_a_restart_of_the_same_order_in_one_minute_leaves_no_gap(order: tuple[str, str]) -> None:
    rows = [event(2, "start"), *(event(5, kind) for kind in order), event(9, "stop")]
    chart = course(adult(), vitals(0, celsius=38.5), vitals(5, celsius=38.5), vitals(10, celsius=38.5), rows)
    assert steps(chart, CRS, 11) == [(0, 1, 1), (2, 3, 3), (9, 1, 1)]


def test_a_real_pause_of_a_vasopressor_is_a_gap() -> None:
    rows = [event(2, "start"), event(4, "stop"), event(5, "start"), event(6, "dose_change", dose=0.0)]
    chart = course(adult(), vitals(0, celsius=38.5), vitals(5, celsius=38.5), rows)
    assert steps(chart, CRS, 8) == [(0, 1, 1), (2, 3, 3), (4, 1, 1), (5, 3, 3), (6, 1, 1)]


def test_two_orders_of_one_drug_are_one_vasopressor_and_two_drugs_are_two() -> None:
    fever = vitals(0, celsius=38.5)
    one = course(adult(), fever, event(1, "start", "A"), event(1, "start", "B"))
    two = course(adult(), fever, event(1, "start", "A"), event(1, "start", "B", name="epinephrine"))
    beside = course(adult(), fever, event(1, "start", "A"), event(1, "start", "B", name="vasopressin"))
    assert [steps(chart, CRS, 2)[-1][1:] for chart in (one, two, beside)] == [(3, 3), (4, 4), (3, 3)]


def test_an_infusion_without_an_end_runs_on_and_a_bolus_does_not_count() -> None:
    fever = vitals(0, celsius=38.5)
    running = course(adult(), fever, drug(1, "norepinephrine", dose=0.1, unit="mcg/kg/min"))
    bolus = course(adult(), fever, drug(1, "phenylephrine", dose=100, unit="mcg"))
    assert steps(running, CRS, 3)[-1] == (1, 3, 3)
    assert steps(bolus, CRS, 3) == [(0, 1, 1)]


def test_after_tocilizumab_an_absent_fever_no_longer_lowers_the_grade() -> None:
    chart = course(
        adult(),
        vitals(0, celsius=39.0),
        drug(2, "tocilizumab", dose=8, unit="mg/kg"),
        vitals(4, celsius=36.9),
        event(5, "start"),
        vitals(8, celsius=36.9),
    )
    assert steps(chart, CRS, 9) == [(0, 1, 1), (4, 0, 0), (5, 3, 3)]
    assert "fever_not_required" in flags(chart, CRS, 9)


def test_a_drug_given_before_the_diagnosis_does_not_open_the_gate() -> None:
    chart = course(
        adult(),
        drug(0, "tocilizumab"),
        vitals(1, celsius=39.0),
        vitals(4, celsius=36.9, systolic=85),
        vitals(8, systolic=85),
    )
    assert steps(chart, CRS, 9) == [(0, 0, 4), (1, 1, 1), (4, 0, 0)]


def test_without_any_drug_the_same_pressure_after_the_fever_is_not_crs() -> None:
    chart = course(adult(), vitals(0, celsius=39.0), vitals(4, celsius=36.9, systolic=85))
    assert steps(chart, CRS, 5) == [(0, 1, 1), (4, 0, 0)]


def test_a_clinicians_charted_grade_diagnoses_too() -> None:
    chart = course(
        adult(),
        vitals(0),
        charted(1, Syndrome.CRS, 1),
        drug(2, "dexamethasone"),
        vitals(4, systolic=85),
        vitals(8, systolic=85),
    )
    assert steps(chart, CRS, 9)[-1] == (4, 2, 2)


def test_the_diagnosis_lapses_seven_days_after_the_last_sign() -> None:
    chart = course(adult(), vitals(0, celsius=39.0), drug(1, "tocilizumab"), vitals(4))
    within = course(chart.facts, vitals(4 + 7 * 24 - 1, systolic=85))
    beyond = course(chart.facts, vitals(4 + 7 * 24 + 1, systolic=85))
    assert steps(within, CRS, 4 + 7 * 24 - 0.5)[-1][1:] == (2, 2)
    assert steps(beyond, CRS, 4 + 7 * 24 + 1.5)[-1][1:] == (0, 0)


def test_a_steroid_before_any_fever_and_low_pressure_cannot_be_graded() -> None:
    chart = course(adult(), drug(0, "dexamethasone", dose=10, unit="mg"), vitals(1), vitals(4, systolic=85))
    assert steps(chart, CRS, 5) == [(0, 0, 4), (1, 0, 0), (4, None, None)]
    assert "fever_may_be_masked" in flags(chart, CRS, 5)


def test_without_any_temperature_a_low_pressure_is_an_interval_and_never_a_silent_zero() -> None:
    pressure = Observation(**carried(0), concept="sbp", value=80)
    air = OxygenSupport(**carried(0), device="room_air")
    assert steps(course(adult(), pressure, air), CRS, 1) == [(0, 0, 2)]


def test_a_fever_attributed_to_an_infection_is_not_crs_from_that_word_on() -> None:
    chart = course(adult(), vitals(0, celsius=39.0), attributed(2, Sign.FEVER, Cause.OTHER))
    assert steps(chart, CRS, 3) == [(0, 1, 1), (2, 0, 0)]
    assert "attributed_elsewhere" in flags(chart, CRS, 3)


def test_a_row_without_a_device_keeps_the_device_and_is_never_room_air() -> None:
    fever = vitals(0, celsius=38.5, device="nasal_cannula", flow_l_min=2)
    more = OxygenSupport(**carried(2), flow_l_min=8)
    assert steps(course(adult(), fever, more), CRS, 3) == [(0, 2, 2), (2, 3, 3)]


def test_a_flow_without_any_device_is_at_least_low_flow() -> None:
    fever = [fact for fact in vitals(0, celsius=38.5) if not isinstance(fact, OxygenSupport)]
    assert steps(course(adult(), fever, OxygenSupport(**carried(0), flow_l_min=2)), CRS, 1) == [(0, 2, 4)]


@pytest.mark.parametrize(("systolic", "grade"), [(78.9, 2), (79.1, 1)])
def test_a_child_of_four_and_a_half_is_low_below_79_in_a_course_as_in_a_picture(systolic: float, grade: int) -> None:
    child = [fact for fact in adult() if not isinstance(fact, Patient)]
    born = Patient(**carried(0), birth_date=date(2021, 8, 31))  # 182 of 365 days into the fifth year: 78.997
    chart = course(child, born, vitals(0, celsius=38.5, systolic=systolic))
    assert steps(chart, CRS, 1) == [(0, grade, grade)]


def test_of_two_values_in_one_minute_the_worse_counts() -> None:
    low = Observation(**carried(0), concept="sbp", value=84, method="cuff")
    chart = course(adult(), vitals(0, celsius=38.5), low)
    assert steps(chart, CRS, 1) == [(0, 2, 2)]


def test_a_correction_that_arrives_late_gives_what_a_right_value_in_time_would() -> None:
    wrong, right = temperature(4, 39.0), temperature(4, 36.9)
    amended = Correction(**carried(9), target=wrong.fact_id, reason="thermometer read aloud wrongly")
    late = course(adult(), vitals(0), wrong, right, amended, *(f for f in vitals(4) if f.fact_id != right.fact_id))
    assert (4, 1, 1) not in steps(late, CRS, 5)


def test_a_value_entered_in_error_never_grades() -> None:
    wrong = temperature(0, 39.5, record_id="r1")
    error = temperature(0, 39.5, record_id="r1", status=Status.ENTERED_IN_ERROR, recorded_at=after(3))
    assert steps(course(adult(), vitals(0), wrong), CRS, 1) == [(0, 1, 1)]
    assert steps(course(adult(), vitals(0), wrong, error), CRS, 1) == [(0, 0, 0)]


@pytest.mark.parametrize("identified_before", [False, True])
def test_a_retraction_without_a_record_id_withdraws_the_same_statement_in_any_order(identified_before: bool) -> None:
    wrong, error = temperature(0, 39.5), temperature(0, 39.5, status=Status.ENTERED_IN_ERROR)
    if identified_before:
        assert wrong.fact_id != error.fact_id
    for facts in ([wrong, error], [error, wrong]):
        assert steps(course(adult(), vitals(0), facts), CRS, 1) == [(0, 0, 0)]


@pytest.mark.parametrize("first_charted", [None, 1, 5])
@pytest.mark.parametrize("withdrawn_charted", [None, 3])
def test_a_retraction_holds_whether_or_not_the_source_says_when_it_was_charted(
    first_charted: float | None, withdrawn_charted: float | None
) -> None:
    def when(hours: float | None) -> object:
        return None if hours is None else after(hours)

    wrong = temperature(0, 39.5, record_id="r1", recorded_at=when(first_charted))
    error = temperature(0, 39.5, record_id="r1", recorded_at=when(withdrawn_charted), status=Status.ENTERED_IN_ERROR)
    for facts in ([wrong, error], [error, wrong]):
        assert steps(course(adult(), vitals(0), facts), CRS, 1) == [(0, 0, 0)]


def test_of_several_records_with_one_id_the_last_charted_counts_in_any_order() -> None:
    first = temperature(0, 39.5, record_id="r1", recorded_at=after(0))
    second = temperature(0, 36.8, record_id="r1", recorded_at=after(1), status=Status.CORRECTED)
    rest = [fact for fact in vitals(0) if getattr(fact, "concept", "") != "temperature"]
    for facts in ([first, second], [second, first]):
        assert steps(course(adult(), rest, facts), CRS, 1) == [(0, 0, 0)]


def test_a_fact_of_the_future_changes_nothing_before_it() -> None:
    chart = course(adult(), vitals(0, celsius=38.5), vitals(4, 36.8, 84, "hfnc"), drug(20, "tocilizumab"))
    assert steps(chart, CRS, 1) == [(0, 1, 1)]
    assert steps(chart, CRS, 3.9) == steps(course(adult(), vitals(0, celsius=38.5)), CRS, 3.9)


def test_a_drug_chart_that_begins_later_speaks_for_the_moment_asked_about_as_for_the_whole_course() -> None:
    uncovered = [fact for fact in adult() if getattr(fact, "drug", None) != "none"]
    chart = course(uncovered, vitals(0, celsius=38.5), drug(20, "tocilizumab"))
    assert steps(chart, CRS, 1) == [(0, 1, 1)] == steps(chart, CRS, 21)[:1]
    assert steps(course(uncovered, vitals(0, celsius=38.5)), CRS, 1) == [(0, 1, 4)]


def test_sedation_blocks_icans_and_the_grade_before_it_stays_on_the_chart() -> None:
    chart = course(adult(), neuro(0, ice=5), drug(2, "propofol", end=6, dose=30, unit="mcg/kg/min"), neuro(7))
    assert steps(chart, ICANS, 8) == [(0, 2, 2), (2, None, None), (6, 2, 2), (7, 0, 0)]
    assert "not_gradable_sedated" in flags(chart, ICANS, 3)


def test_a_deep_rass_without_a_sedative_is_not_sedation() -> None:
    rass = Observation(**carried(1), concept="rass", value=-5)
    assert steps(course(adult(), neuro(0, ice=5), rass), ICANS, 2) == [(0, 2, 2)]


def test_a_seizure_on_day_2_is_graded_and_said_to_be_before_the_window() -> None:
    chart = course(adult(), neuro(48, seizure="brief_resolved"))
    assert steps(chart, ICANS, 49)[-1] == (48, 3, 3)
    assert "before_documented_window" in flags(chart, ICANS, 49)


def test_a_fever_on_day_19_is_graded_and_asks_for_infection() -> None:
    chart = course(adult(), vitals(19 * 24, celsius=38.3))
    assert steps(chart, CRS, 19 * 24 + 1)[-1][1:] == (1, 1)
    assert {"after_documented_window", "look_for_infection"} <= set(flags(chart, CRS, 19 * 24 + 1))


def test_a_second_infusion_opens_a_window_of_its_own() -> None:
    second = Infusion(**carried(10 * 24), product="obecabtagene autoleucel")
    chart = course(adult(), second, vitals(16 * 24, celsius=38.3))
    found = flags(chart, CRS, 16 * 24 + 1)
    assert "second_infusion_window" in found
    assert "after_documented_window" not in found


def test_without_an_infusion_a_patient_is_graded_all_the_same() -> None:
    chart = course([fact for fact in adult() if not isinstance(fact, Infusion)], vitals(0, celsius=38.5))
    assert steps(chart, CRS, 1)[-1] == (0, 1, 1)
    assert "no_infusion_recorded" in flags(chart, CRS, 1)


def test_a_restart_within_seven_days_is_one_episode_and_a_later_one_a_recurrence() -> None:
    first = [*vitals(24, celsius=38.5), *vitals(28)]
    soon = course(adult(), vitals(0), first, vitals(28 + 167, celsius=38.5), vitals(28 + 169))
    late = course(adult(), vitals(0), first, vitals(28 + 168, celsius=38.5, device="nasal_cannula", flow_l_min=2))
    assert [(e["onset"], e["resolved"], e["onset_day"]) for e in episodes(soon, CRS, 200)] == [(24, 197, 1)]
    assert [(e["onset"], e["resolved"], e["peak"]) for e in episodes(late, CRS, 200)] == [(24, 28, 1), (196, None, 2)]


def test_an_episode_is_not_over_while_nobody_knows() -> None:
    chart = course(adult(), vitals(0, celsius=38.5))
    assert [(e["onset"], e["resolved"]) for e in episodes(chart, CRS, 40)] == [(0, None)]


CHART = [
    *adult(),
    *vitals(0),
    *vitals(4, celsius=38.4),
    *vitals(8, celsius=39.1, systolic=84),
    drug(9, "tocilizumab", dose=8, unit="mg/kg"),
    event(9, "start"),
    event(12, "stop"),
    event(12, "start", "B"),
    event(20, "stop", "B"),
    *vitals(12, celsius=36.9, device="nasal_cannula", flow_l_min=4),
    *vitals(21),
    neuro(0),
    neuro(12, ice=4, consciousness="awakens_to_voice"),
    temperature(8, 36.0, record_id="r9", status=Status.ENTERED_IN_ERROR),
    attributed(14, Sign.HYPOXIA, Cause.OTHER),
]


@given(st.permutations(CHART))
def test_the_order_of_arrival_never_matters(shuffled: list[Fact]) -> None:
    told = [grade_report(course(facts), [CRS, ICANS], after(30), UTC) for facts in (CHART, shuffled)]
    assert told[0] == told[1]


@given(st.sampled_from(["temperature", "sbp", "oxygen", "neuro", "drugs"]))
def test_hiding_a_whole_kind_of_record_never_excludes_the_truth(hidden: str) -> None:
    def kept(fact: Fact) -> bool:
        kind = getattr(fact, "kind", "")
        names = {"oxygen": "oxygen_support", "neuro": "neuro_assessment", "drugs": "administration"}
        return getattr(fact, "concept", "") != hidden and kind != names.get(hidden)

    full, less = course(CHART), course([fact for fact in CHART if kept(fact)])
    for system in (CRS, ICANS):
        for hour in range(1, 28):
            truth, seen = steps(full, system, hour)[-1], steps(less, system, hour)[-1]
            assert seen[1] is not None
            assert truth[1] is not None
            assert truth[2] is not None
            assert seen[2] is not None
            assert seen[1] <= truth[1] <= truth[2] <= seen[2], (system, hour, truth, seen)
