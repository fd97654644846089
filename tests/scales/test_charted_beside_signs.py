"""Organs, products, antibiotics, CARTOX-10 and oxygen by parts, charted over time; grades typed from clinical.md e."""

from __future__ import annotations

from datetime import UTC

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.deciding import would_decide
from monitoring.grading import graded
from monitoring.patient_view import explanations
from monitoring.records import Fact, Observation, OxygenSupport, Placement
from monitoring.timeline import micros
from tests.course.charts import adult, after, carried, course, drug, neuro, vitals

LEE, MSKCC, PENN, CARTOX, CRES = "crs-lee-2014", "crs-mskcc", "crs-penn-2018", "crs-cartox-2018", "cres-cartox-2018"
CTCAE = "crs-ctcae-5"
FEVER = [*adult(), *vitals(1, 38.5)]


def said(hours: float, concept: str, value: float | str) -> Fact:
    spoken = {"code": value} if isinstance(value, str) else {"value": float(value)}
    return Observation(**carried(hours), concept=concept, **spoken)


def told(*facts: Fact | list[Fact], system: str, hour: float = 1.5) -> tuple[int, int]:
    grade = graded(course(*facts), system)
    place = grade.place(micros(after(hour)))
    return int(grade.at_least[place]), int(grade.at_most[place])


@pytest.mark.parametrize(
    ("charted", "system", "grade"),
    [
        ([said(1, "organ_ctcae", "none")], LEE, (1, 1)),  # fever alone
        ([said(1, "organ_ctcae_ast", 4), said(1, "organ_ctcae", "complete")], LEE, (3, 3)),  # transaminitis stops at 3
        ([said(1, "organ_ctcae_creatinine", 4), said(1, "organ_ctcae", "complete")], LEE, (4, 4)),
        ([said(1, "organ_ctcae_creatinine", 2), said(1, "organ_ctcae", "complete")], CARTOX, (2, 2)),
        ([said(1, "organ_ctcae_creatinine", 2)], LEE, (2, 4)),  # the other organs are not known
        ([said(1, "organ_ctcae_ast", 4)], LEE, (3, 4)),
        ([], LEE, (1, 4)),
    ],
)
def test_organs_charted_in_a_course_narrow_lee_and_cartox(
    charted: list[Fact], system: str, grade: tuple[int, int]
) -> None:
    assert told(*FEVER, charted, system=system) == grade


def test_a_list_said_to_be_empty_withdraws_what_was_charted_before_it() -> None:
    assert told(*FEVER, said(1, "organ_ctcae_lung", 3), said(1.2, "organ_ctcae", "none"), system=LEE) == (1, 1)


def test_organ_grades_and_the_list_lapse_after_a_day_and_a_half() -> None:
    chart = [*adult(), said(1, "organ_ctcae_lung", 3), said(1, "organ_ctcae", "complete"), *vitals(36, 38.5)]
    assert told(*chart, system=LEE, hour=36.9) == (3, 3)
    assert told(*chart, system=LEE, hour=37.1) == (1, 4)


def test_creatinine_and_the_liver_tests_are_known_to_penn_without_a_whole_list() -> None:
    at_home = [fact for fact in FEVER if not isinstance(fact, Placement)]
    rest = [
        said(1, "hospitalised", "false"), said(1, "iv_antibiotics", "false"), said(1, "iv_fluid_bolus_count", 0),
        said(1, "coagulopathy_treated_with", "none"),
    ]  # fmt: skip
    liver = [said(1, f"organ_ctcae_{organ}", 0) for organ in ("ast", "alt", "bilirubin", "alp", "ggt")]
    assert told(*at_home, rest, liver, said(1, "organ_ctcae_creatinine", 0), system=PENN) == (1, 1)
    assert told(*at_home, rest, liver[1:], said(1, "organ_ctcae_creatinine", 0), system=PENN) == (1, 3)


@pytest.mark.parametrize(
    ("concept", "word", "grade"),
    [
        ("coagulopathy_treated_with", "fresh frozen plasma", (3, 3)),
        ("coagulopathy_treated_with", "platelets", (2, 2)),
        ("coagulopathy_treated_with", "a product nobody knows", (2, 3)),
        ("iv_antibiotics", "true", (2, 3)),
    ],
)
def test_products_and_antibiotics_count_beside_a_sign_in_penn(concept: str, word: str, grade: tuple[int, int]) -> None:
    chart = [*FEVER, said(1, "organ_ctcae", "none"), said(1, "iv_fluid_bolus_count", 0), said(1, concept, word)]
    assert told(*chart, system=PENN) == grade


def test_the_word_on_a_stay_goes_before_the_placement_while_it_is_fresh() -> None:
    chart = [
        *FEVER, said(1, "hospitalised", "false"), said(1, "organ_ctcae", "none"), said(1, "iv_antibiotics", "false"),
        said(1, "iv_fluid_bolus_count", 0), said(1, "coagulopathy_treated_with", "none"),
    ]  # fmt: skip
    assert told(*chart, system=PENN) == (1, 1)
    later = [*chart, *vitals(24, 38.5), said(24, "organ_ctcae", "none")]
    more = [said(24, "iv_antibiotics", "false"), said(24, "coagulopathy_treated_with", "none")]
    assert told(*later, more, system=PENN, hour=25.5) == (2, 2)  # the ward she lies on says it again


def mask(*more: Fact) -> list[Fact]:
    return [*adult(), *vitals(1, 38.5, device="simple_mask", flow_l_min=8), said(1, "organ_ctcae", "none"), *more]


@pytest.mark.parametrize("system", [LEE, MSKCC, CARTOX, CTCAE])
def test_fio2_is_never_guessed_from_a_flow_and_is_what_decides(system: str) -> None:
    chart = course(*mask())
    assert told(*mask(), system=system) == (2, 3)
    assert would_decide(chart, graded(chart, system), after(1.5)) == "FiO₂ (never taken)"
    (why,) = explanations(chart, [system], after(1.5), UTC)
    assert why.sentence.endswith("needs FiO₂.")


@pytest.mark.parametrize(("fio2", "grade"), [(39.9, 2), (40, 3)])
def test_an_fio2_of_its_own_is_part_of_the_oxygen(fio2: float, grade: int) -> None:
    assert told(*mask(said(1, "fio2", fio2)), system=LEE) == (grade, grade)  # the same moment
    assert told(*mask(said(1.2, "fio2", fio2)), system=LEE) == (grade, grade)  # a little later


def test_an_fio2_charted_and_then_left_out_says_how_long_ago_it_was_taken() -> None:
    rows = [OxygenSupport(**carried(0.5), device="simple_mask", fio2=50), *mask()]
    chart = course(*rows)
    assert would_decide(chart, graded(chart, LEE), after(1.5)) == "FiO₂ (last 1 h ago)"


def test_a_flow_of_its_own_decides_between_low_and_high_flow() -> None:
    chart = [*adult(), *vitals(1, 38.5, device="nasal_cannula")]
    assert told(*chart, system="crs-astct-2019") == (2, 3)
    assert told(*chart, said(1.2, "o2_flow", 6), system="crs-astct-2019") == (2, 2)
    assert told(*chart, said(1.2, "o2_flow", 6.1), system="crs-astct-2019") == (3, 3)


def test_room_air_beside_oxygen_that_is_given_is_not_believed() -> None:
    chart = [*adult(), *vitals(1, 38.5, device="room_air"), said(1.2, "o2_flow", 4)]
    assert told(*chart, system="crs-astct-2019") == (2, 4)


@pytest.mark.parametrize(("score", "grade"), [(10, 0), (9, 1), (6, 2), (2, 3)])
def test_cartox_10_charted_in_a_course_is_the_score_of_cres(score: int, grade: int) -> None:
    chart = [*adult(), neuro(1, ice=10), said(1, "cartox_10", score)]
    assert told(*chart, system=CRES) == (grade, grade)


@pytest.mark.parametrize(("stage", "grade"), [(2, 3), (3, 4)])
def test_the_stage_of_a_papilloedema_charted_in_a_course_decides_cres(stage: int, grade: int) -> None:
    chart = [*adult(), neuro(1, ice=10, icp="papilledema")]
    assert told(*chart, system=CRES) == (3, 4)
    assert told(*chart, said(1, "papilledema_stage", stage), system=CRES) == (grade, grade)


VALUES = [
    (LEE, "Hypotension requiring a high-dose pressor", "norepinephrine 0.25 mcg/kg/min (20 µg/min at 80 kg) for 4 h"),
    (MSKCC, "Hypotension requiring any pressor ≥24 h", "norepinephrine 0.25 mcg/kg/min; running for 4 h"),
    (LEE, "Grade 4 organ toxicity, transaminitis excluded", "AST 3; other organs not charted"),
    (LEE, "Oxygen requirement, FiO2 ≥40%", "face mask 8 L/min; needs FiO₂"),
    (PENN, "Intravenous therapy, incl. febrile neutropenia", "yes"),
    (PENN, "Hypotension treated with multiple fluid boluses", "1 bolus"),
    (PENN, "Coagulopathy requiring plasma products", "fresh frozen plasma"),
    (PENN, "Hospitalisation for CRS", "on 7 North"),
    ("icaht-early-2023", "ANC ≤500/µL for 1-6 days", "0.35 ×10³/µL; longest run at or below 500/µL: 1 day"),
]


@pytest.mark.parametrize(("system", "wording", "value"), VALUES)
def test_every_row_says_the_value_its_age_and_its_record(system: str, wording: str, value: str) -> None:
    chart = course(
        *mask(said(0, "weight", 80), drug(1, "norepinephrine", dose=0.25, unit="mcg/kg/min"), said(2, "anc", 0.35)),
        said(2, "organ_ctcae_ast", 3), said(2, "iv_antibiotics", "true"), said(2, "iv_fluid_bolus_count", 1),
        said(2, "coagulopathy_treated_with", "fresh frozen plasma"),
    )  # fmt: skip
    without_list = course(*[fact for fact in chart.facts if getattr(fact, "concept", "") != "organ_ctcae"])
    (why,) = explanations(without_list, [system], after(5), UTC)
    (row,) = [row for row in why.rows if row.wording == wording]
    assert row.value == value
    assert row.source == "chart"
    assert row.age_text


SUPPLY = {
    "temperature": lambda v: [said(2, "temperature", v.draw(st.sampled_from([36.8, 38.0, 40.1])))],
    "blood_pressure": lambda v: [said(2, "sbp", v.draw(st.sampled_from([80, 89, 90, 130])))],
    "oxygen": lambda v: [
        OxygenSupport(
            **carried(2), device=v.draw(st.sampled_from(["room_air", "simple_mask", "mechanical_ventilation"])), fio2=30
        )
    ],
    "fio2": lambda v: [said(2, "fio2", v.draw(st.sampled_from([24, 39.9, 40, 80])))],
    "vasopressors": lambda v: [drug(1.5, v.draw(st.sampled_from(["none", "norepinephrine"])))],
    "organ_ctcae": lambda v: [
        said(2, "organ_ctcae_lung", v.draw(st.integers(0, 4))), said(2, "organ_ctcae", "complete"),
    ],
    "coagulopathy_treated_with": lambda v: [
        said(2, "coagulopathy_treated_with", v.draw(st.sampled_from(["none", "plasma"])))
    ],
    "hospitalised": lambda v: [said(2, "hospitalised", v.draw(st.sampled_from(["true", "false"])))],
    "iv_antibiotics": lambda v: [said(2, "iv_antibiotics", v.draw(st.sampled_from(["true", "false"])))],
    "iv_fluid_bolus_count": lambda v: [said(2, "iv_fluid_bolus_count", v.draw(st.integers(0, 3)))],
}  # fmt: skip
PARTS = [
    adult()[:2], adult()[2:3], adult()[3:], [said(1, "temperature", 38.6)], [said(1, "sbp", 84)], [said(1, "sbp", 120)],
    [OxygenSupport(**carried(1), device="simple_mask")], [OxygenSupport(**carried(1), device="room_air")],
    [said(1, "organ_ctcae_ast", 3)], [said(1, "organ_ctcae", "none")], [said(1, "iv_antibiotics", "false")],
    [drug(1, "norepinephrine", dose=5, unit="ug/min")],
]  # fmt: skip


@pytest.mark.parametrize("system", ["crs-astct-2019", CTCAE, LEE, PENN, MSKCC, CARTOX])
@given(data=st.data())
def test_supplying_what_would_decide_never_widens_the_interval_of_a_course(system: str, data: st.DataObject) -> None:
    charted = [part for part in PARTS if data.draw(st.booleans())]
    grade = graded(course(*charted), system)
    wanted = grade.decides(grade.place(micros(after(2))))
    if wanted not in SUPPLY:
        return
    before = told(*charted, system=system, hour=2)
    low, high = told(*charted, SUPPLY[wanted](data), system=system, hour=2)
    assert before[0] <= low
    assert high <= before[1]
