"""The older scales on courses: doses and hours that build up, a drug chart nobody keeps, the ward, and no gate."""

from __future__ import annotations

from datetime import UTC

import pytest

from monitoring.grading import graded, systems
from monitoring.patient_view import explanation
from monitoring.records import Administration, Fact, Observation, Patient, Placement
from monitoring.sentences import Situation
from monitoring.timeline import micros
from tests.course.charts import adult, after, carried, course, drug, episodes, event, flags, steps, temperature, vitals

LEE, MSKCC, PENN, ASTCT = "crs-lee-2014", "crs-mskcc", "crs-penn-2018", "crs-astct-2019"


def told(*facts: Fact | list[Fact], system: str, hour: float) -> tuple[int, int]:
    grade = graded(course(*facts), system)
    place = grade.place(micros(after(hour)))
    return int(grade.at_least[place]), int(grade.at_most[place])


def weight(hours: float, kilograms: float) -> Fact:
    return Observation(**carried(hours), concept="weight", value=kilograms)


def axis(*facts: Fact | list[Fact], system: str, name: str, hour: float) -> tuple[float, float]:
    grade = graded(course(*facts), system)
    place = grade.place(micros(after(hour)))
    return float(grade.sweep.lo[name][place]), float(grade.sweep.hi[name][place])


def test_a_high_dose_counts_from_its_third_hour() -> None:
    chart = [*adult(), *vitals(0, 38.5), drug(1, "norepinephrine", 9, dose=25, unit="mcg/min")]
    assert axis(*chart, system=LEE, name="vasopressor_dose", hour=3.9) == (0, 0)
    assert axis(*chart, system=LEE, name="vasopressor_dose", hour=4.0) == (1, 1)
    assert axis(*chart, system=LEE, name="vasopressor_dose", hour=8.9) == (1, 1)
    assert axis(*chart, system=LEE, name="vasopressor_dose", hour=9.0) == (0, 0)


def test_a_dose_that_is_raised_counts_from_the_raise() -> None:
    chart = [
        *adult(),
        weight(0, 100),
        event(1, "start", dose=0.1),  # mcg/kg/min: 10 ug/min at 100 kg
        event(4, "dose_change", dose=0.2),
        event(12, "stop", dose=None),
    ]
    assert axis(*chart, system=LEE, name="vasopressor_dose", hour=6.9) == (0, 0)
    assert axis(*chart, system=LEE, name="vasopressor_dose", hour=7.0) == (1, 1)


def test_a_dose_per_kilogram_without_a_weight_is_unknown_to_lee_and_known_to_penn() -> None:
    chart = [*adult(), event(1, "start", dose=0.25)]
    assert axis(*chart, system=LEE, name="vasopressor_dose", hour=6) == (0, 1)
    assert axis(*chart, system=PENN, name="vasopressor_dose", hour=6) == (1, 1)


def test_the_weight_of_the_patient_list_serves_until_one_is_measured() -> None:
    chart = [
        *adult()[1:],
        Patient(**carried(0), weight_kg=100),
        drug(1, "norepinephrine", 9, dose=0.2, unit="ug/kg/min"),
        weight(5, 60),  # 12 ug/min from here on
    ]
    assert axis(*chart, system=LEE, name="vasopressor_dose", hour=4.5) == (1, 1)
    assert axis(*chart, system=LEE, name="vasopressor_dose", hour=5.5) == (0, 0)


def test_a_vasopressor_for_a_day_counts_across_a_change_of_bag() -> None:
    chart = [
        *adult(),
        drug(0, "norepinephrine", 12, dose=1, unit="ug/min"),
        drug(12, "norepinephrine", 30, dose=1, unit="ug/min"),
    ]
    assert axis(*chart, system=MSKCC, name="vasopressor_hours", hour=23.9) == (0, 0)
    assert axis(*chart, system=MSKCC, name="vasopressor_hours", hour=24) == (1, 1)


def test_a_pause_starts_the_day_again() -> None:
    chart = [*adult(), drug(0, "norepinephrine", 12), drug(13, "norepinephrine", 40)]
    assert axis(*chart, system=MSKCC, name="vasopressor_hours", hour=36.9) == (0, 0)
    assert axis(*chart, system=MSKCC, name="vasopressor_hours", hour=37) == (1, 1)


def test_without_a_drug_chart_doses_and_hours_are_unknown() -> None:
    chart = [fact for fact in adult() if not isinstance(fact, Administration)]
    assert axis(*chart, *vitals(0), system=LEE, name="vasopressor_dose", hour=1) == (0, 1)
    assert axis(*chart, *vitals(0), system=MSKCC, name="vasopressor_hours", hour=30) == (0, 1)


def test_hospital_follows_from_the_placement() -> None:
    at_home = [*adult(), Placement(**carried(5), ward="home")]
    assert axis(*at_home, system=PENN, name="hospitalised", hour=4) == (1, 1)
    assert axis(*at_home, system=PENN, name="hospitalised", hour=6) == (0, 0)
    nowhere = [fact for fact in adult() if not isinstance(fact, Placement)]
    assert axis(*nowhere, temperature(0, 38), system=PENN, name="hospitalised", hour=1) == (0, 1)


def test_what_nobody_records_in_a_course_stays_unknown() -> None:
    chart = [*adult(), *vitals(1, 38.5)]
    assert told(*chart, system=LEE, hour=1.5) == (1, 4)
    grade = graded(course(*chart), LEE)
    assert grade.unassessed(grade.place(micros(after(1.5)))) == ["organ_ctcae"]


def test_afebrile_after_tocilizumab_the_organs_still_count_without_a_waiver() -> None:
    chart = [*adult(), *vitals(0, 39), drug(2, "tocilizumab", dose=640, unit="mg"), *vitals(4, 36.8, systolic=85)]
    assert told(*chart, system="crs-ctcae-5", hour=4.5) == (2, 2)
    assert "attribution_needed" in flags(course(*chart), "crs-ctcae-5", 4.5)
    assert told(*chart, system=ASTCT, hour=4.5) == (2, 2)


def test_steps_and_episodes_of_every_older_scale() -> None:
    chart = course(*adult(), *vitals(1, 38.5), *vitals(5, 36.8), *vitals(9, 36.8))
    assert steps(chart, "crs-ctcae-5", 10) == [(0, 0, 4), (1, 1, 1), (5, 0, 0)]
    assert episodes(chart, "crs-ctcae-5", 10)[0]["onset"] == 1
    late = course(*adult(), *vitals(24 * 19, 38.5))
    assert "after_documented_window" in flags(late, LEE, 24 * 19)
    assert "unverified_rule" in flags(late, LEE, 24 * 19)


def test_a_fraction_nobody_charted_is_not_called_old() -> None:
    chart = course(*adult(), *vitals(1, 38.5, device="hfnc"))
    assert "stale" not in flags(chart, "crs-ctcae-5", 2)
    assert "stale" in flags(chart, "crs-ctcae-5", 14)  # the device itself lapses after 12 hours


@pytest.mark.parametrize("system", systems())
def test_every_scale_explains_itself_on_a_course(system: str) -> None:
    chart = course(*adult(), *vitals(1, 38.5, systolic=85, device="hfnc"), drug(1, "norepinephrine"))
    now = Situation(chart, after(2), UTC)
    now.grades[system] = graded(chart, system)
    told = explanation(now, system)
    assert [row.wording for row in told.rows]
    assert (told.decides is None) is (told.grade.at_least == told.grade.at_most)
