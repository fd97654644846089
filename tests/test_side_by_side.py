"""Scales beside each other: each sentence typed from clinical.md e and the tables, never from our own output."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.bedside import grade_pictures
from monitoring.grading import systems
from monitoring.side_by_side import REPORTED, SideBySide, apart, families, of_course, of_picture
from monitoring.views import Step, Strip
from monitoring.vocabulary import Syndrome
from tests.course.charts import adult, after, course, drug, neuro, vitals

ADULT = {"age_years": 50}
WELL: dict[str, Any] = {
    "temp_c": 39.0, "sbp": 120, "vasopressors": "none", "oxygen": "none", "organ_ctcae": "none",
    "hospitalised": False, "iv_antibiotics": False, "coagulopathy_treated_with": "none", "iv_fluid_bolus_count": 0,
    "on_antipyretic": False, "on_anticytokine": False, "on_corticosteroid": False, "crs_already_diagnosed": False,
    "ice": {"total": 10}, "consciousness": "awake", "seizure": "none", "motor": "none", "icp": "none",
}  # fmt: skip
NE = {"drug": "norepinephrine", "dose": 0.05, "unit": "mcg/kg/min", "hours": 2}


def beside(family: str, patient: dict[str, Any] | None = None, **inputs: Any) -> SideBySide:
    picture = {"id": "1", "patient": patient or ADULT | {"weight_kg": 70}, "inputs": inputs}
    found = of_picture(grade_pictures([picture], list(systems()))[0]["assessments"])
    return next(one for one in found if one.family == family)


def grades(shown: SideBySide) -> dict[str, str]:
    return {row.grade.label: row.grade.text for row in shown.rows}


def sentence(shown: SideBySide, scale: str) -> str:
    (found,) = [line for line in shown.differences if line.startswith(f"{scale} ")]
    return found


# family, what differs from the well adult with a fever, the scale, and the sentence
DIFFERENCES = [
    (
        "any oxygen is Penn 3, low flow is ASTCT 2",
        ("CRS", {"oxygen": {"device": "nasal_cannula", "flow_l_min": 2, "fio2": 0.28}}, "Penn"),
        "Penn 3, ASTCT 2: any supplemental oxygen, incl. high-flow, CPAP, BiPAP is grade 3 in Penn; "
        "low-flow nasal cannula (≤6 L/min) or blow-by is grade 2 in ASTCT.",
    ),
    (
        "a pressor for two hours is MSKCC 2, one vasopressor is ASTCT 3",
        ("CRS", {"vasopressors": [NE]}, "MSKCC"),
        "MSKCC 2, ASTCT 3: one vasopressor, with or without vasopressin is grade 3 in ASTCT; "
        "hypotension on any pressor (grade 2 for <24 h) is grade 2 in MSKCC.",
    ),
    (
        "CPAP with 60 % is Lee 3, positive pressure is ASTCT 4",
        ("CRS", {"oxygen": {"device": "cpap", "fio2": 60}}, "Lee"),
        "Lee 3, ASTCT 4: positive pressure: CPAP, BiPAP, intubation and mechanical ventilation is grade 4 in ASTCT; "
        "oxygen requirement, FiO2 ≥40% is grade 3 in Lee.",
    ),
    (
        "a low dose of one pressor is Lee 2, one vasopressor is ASTCT 3",
        ("CRS", {"vasopressors": [NE]}, "Lee"),
        "Lee 2, ASTCT 3: one vasopressor, with or without vasopressin is grade 3 in ASTCT; "
        "hypotension on a pressor (grade 2 at a low dose of one) is grade 2 in Lee.",
    ),
    (
        "organs count in Lee and not in ASTCT",
        ("CRS", {"organ_ctcae": {"creatinine": 3}}, "Lee"),
        "Lee 3, ASTCT 1: grade 3 organ toxicity, or grade 4 transaminitis is grade 3 in Lee.",
    ),
    (
        "mild weakness is CRES 4 and in no row of ASTCT",
        ("ICANS", {"motor": "mild_focal", "seizure": "brief_resolved"}, "CARTOX"),
        "CARTOX 4, ASTCT 3: new motor weakness is grade 4 in CARTOX.",
    ),
]


@pytest.mark.parametrize(("asked", "expected"), [row[1:] for row in DIFFERENCES], ids=[row[0] for row in DIFFERENCES])
def test_a_difference_is_said_in_the_words_of_the_rows_that_decide(
    asked: tuple[str, dict[str, Any], str], expected: str
) -> None:
    family, changed, scale = asked
    assert sentence(beside(family, **WELL | changed), scale) == expected


def test_a_closed_gate_is_said_once_and_the_findings_it_keeps_out_stay_in_sight() -> None:
    shown = beside("CRS", **WELL | {"temp_c": 37.0, "vasopressors": [NE]})
    assert grades(shown)["ASTCT"] == "0"
    assert sentence(shown, "CTCAE") == "CTCAE 3, ASTCT 0: hypotension managed with one pressor is grade 3 in CTCAE."
    assert shown.differences[-1] == (
        "ASTCT does not grade without fever: temperature ≥38.0 °C, or CRS already diagnosed, "
        "then antipyretic, anticytokine therapy or steroid: fever is no longer required."
    )
    (astct,) = [row for row in shown.rows if row.system == "crs-astct-2019"]
    assert astct.why.startswith("One vasopressor, with or without vasopressin; not graded without fever")


def test_scales_that_may_agree_are_not_said_to_differ() -> None:
    shown = beside("CRS", temp_c=39.0)
    assert set(grades(shown).values()) <= {"1–4", "1–5"}
    assert shown.differences == ()


def test_a_scale_that_cannot_be_applied_differs_from_nothing() -> None:
    sedated = WELL | {"sedated_or_paralysed": True, "seizure": "brief_resolved"}
    assert beside("ICANS", **sedated).differences == ()


def test_what_would_decide_is_named_and_the_unverified_rule_is_said_in_words() -> None:
    shown = beside("CRS", **WELL | {"oxygen": {"device": "nasal_cannula", "flow_l_min": 3}})
    rows = {row.grade.label: row for row in shown.rows}
    assert rows["Lee"].grade.text == "2–3"
    assert rows["Lee"].decides == "FiO₂"
    assert "A rule of this scale was not re-read in its source." in rows["Lee"].remarks
    assert rows["ASTCT"].remarks == ()
    assert rows["ASTCT"].decides == ""


def test_a_remark_of_every_scale_is_said_once() -> None:
    shown = beside("CRS", **WELL | {"sbp": 84})
    assert shown.remarks == ("Systolic pressure is below the limit of the age.",)
    assert all(shown.remarks[0] not in row.remarks for row in shown.rows)


def test_icaht_says_that_one_moment_has_no_series() -> None:
    shown = beside("ICAHT", **WELL)
    assert set(grades(shown).values()) == {"not gradable"}
    assert all("neutrophil" in row.why and row.remarks == () for row in shown.rows)


def test_families_keep_syndromes_and_reported_symptoms_apart_and_astct_first() -> None:
    found = families(systems())
    assert [found["CRS"][0], found["ICANS"][0]] == ["crs-astct-2019", "icans-astct-2019"]
    assert list(found)[-1] == REPORTED
    assert {name for names in found.values() for name in names} == set(systems())
    assert found[REPORTED] == ["crs-documented-symptoms", "icans-documented-symptoms"]


DAY = datetime(2026, 3, 1, tzinfo=UTC)
Told = tuple[int, int, int | None, int | None]


def strip(*steps: Told) -> Strip:
    def hour(value: int) -> datetime:
        return DAY + timedelta(hours=value)

    told = tuple(Step(hour(start), hour(end), low, high, "", ()) for start, end, low, high in steps)
    return Strip("x", "X", Syndrome.CRS, told)


APART: list[tuple[str, list[tuple[Told, ...]], list[tuple[int, int]]]] = [
    ("2 and 3 differ where both hold", [((0, 6, 2, 2),), ((0, 2, 2, 2), (2, 4, 3, 3), (4, 6, 2, 2))], [(2, 4)]),
    ("an interval that holds the other does not differ", [((0, 6, 2, 2),), ((0, 6, 1, 3),)], []),
    ("an interval beside the other differs", [((0, 6, 2, 2),), ((0, 6, 3, 4),)], [(0, 6)]),
    ("what cannot be graded differs from nothing", [((0, 6, 2, 2),), ((0, 3, None, None), (3, 6, 4, 4))], [(3, 6)]),
    ("touching stretches are one", [((0, 3, 1, 1), (3, 6, 2, 2)), ((0, 3, 2, 2), (3, 6, 3, 3))], [(0, 6)]),
    ("a strip that begins later is not asked before", [((0, 6, 2, 2),), ((4, 6, 0, 0),)], [(4, 6)]),
    ("one strip alone", [((0, 6, 2, 2),)], []),
    ("nothing at all", [], []),
]


@pytest.mark.parametrize(("strips", "expected"), [row[1:] for row in APART], ids=[row[0] for row in APART])
def test_the_stretches_apart(strips: list[tuple[Told, ...]], expected: list[tuple[int, int]]) -> None:
    found = apart([strip(*steps) for steps in strips])
    assert [((start - DAY) / timedelta(hours=1), (end - DAY) / timedelta(hours=1)) for start, end in found] == expected


BOUNDS = st.tuples(st.integers(0, 4), st.integers(0, 4)).map(sorted)


@given(st.lists(st.lists(BOUNDS, min_size=4, max_size=4), min_size=1, max_size=4))
def test_an_hour_is_marked_exactly_where_two_intervals_do_not_meet(hours: list[list[list[int]]]) -> None:
    strips = [strip(*((hour, hour + 1, low, high) for hour, (low, high) in enumerate(each))) for each in hours]
    marked = [(start, end) for start, end in apart(strips)]
    for hour in range(4):
        inside = any(start <= DAY + timedelta(hours=hour) < end for start, end in marked)
        differ = any(a[hour][0] > b[hour][1] or b[hour][0] > a[hour][1] for a, b in combinations(hours, 2))
        assert inside is differ


def test_a_course_has_a_strip_a_scale_and_the_same_rows_as_the_moment() -> None:
    chart = course(
        adult(),
        vitals(1),
        vitals(24, celsius=39.0, systolic=84),
        neuro(24),
        drug(26, "norepinephrine", dose=5, unit="mcg/min"),
        vitals(30, 39.0),
    )
    shown = of_course(chart, "CRS", after(31), UTC)
    assert [strip.system for strip in shown.strips] == [row.system for row in shown.rows]
    assert shown.rows[0].grade.label == "ASTCT"
    for row, each in zip(shown.rows, shown.strips, strict=True):
        assert (each.steps[-1].at_least, each.steps[-1].at_most) == (row.grade.at_least, row.grade.at_most)
    assert grades(shown)["ASTCT"] == "3"
    assert sentence(shown, "MSKCC").startswith("MSKCC 2, ASTCT 3: one vasopressor")
    (lee,) = [row for row in shown.rows if row.grade.label == "Lee"]
    assert lee.decides == "organ toxicity (never taken)"
    # 24 h: hypotension without a vasopressor is 2 in ASTCT and 1 in MSKCC; 26 h: one vasopressor, 3 against 2
    assert shown.apart == ((after(24), after(31)),)


def test_nothing_is_graded_before_the_first_fact() -> None:
    shown = of_course(course(), "CRS", after(1), UTC)
    assert (shown.rows, shown.differences, shown.apart) == ((), (), ())
