"""EASIX, its relatives, CAR-HEMATOTOX and the IEC-HS screen: numbers worked by hand from clinical.md f."""

from __future__ import annotations

import pytest

from monitoring.grading.iec_hs import Findings, screen
from monitoring.grading.scores import Score, fresh_labs, scores
from monitoring.records import Fact, Observation
from monitoring.timeline import micros
from monitoring.vocabulary import Answer, Flag
from tests.course.charts import adult, after, carried, course

LABS = {
    "ldh": 300.0,
    "creatinine": 2.0,
    "platelets": 50.0,
    "crp": 40.0,
    "anc": 0.8,
    "hemoglobin": 8.5,
    "ferritin": 900.0,
}


def score(name: str, **changed: float | None) -> Score:
    labs = {key: value for key, value in (LABS | changed).items() if value is not None}
    return next(one for one in scores(labs) if one.table.id == name)


def test_easix_by_hand() -> None:
    assert score("easix").value == pytest.approx(12.0)  # 300 x 2 / 50
    assert score("s-easix").value == pytest.approx(6.0)  # 300 / 50
    assert score("m-easix").value == pytest.approx(24.0)  # 300 x 4 mg/dL / 50: CRP is 40 mg/L
    assert score("s-easix", ldh=400).log2 == pytest.approx(3.0)


@pytest.mark.parametrize(
    ("changed", "points"),
    [
        ({"platelets": 176, "anc": 1.3, "hemoglobin": 9.1, "crp": 29, "ferritin": 649}, 0),
        ({"platelets": 175, "anc": 1.3, "hemoglobin": 9.1, "crp": 29, "ferritin": 649}, 1),
        ({"platelets": 75, "anc": 1.3, "hemoglobin": 9.1, "crp": 29, "ferritin": 649}, 1),
        ({"platelets": 74, "anc": 1.3, "hemoglobin": 9.1, "crp": 29, "ferritin": 649}, 2),
        ({"platelets": 176, "anc": 1.199, "hemoglobin": 9.1, "crp": 29, "ferritin": 649}, 1),
        ({"platelets": 176, "anc": 1.3, "hemoglobin": 8.9, "crp": 29, "ferritin": 649}, 1),
        ({"platelets": 176, "anc": 1.3, "hemoglobin": 9.1, "crp": 31, "ferritin": 649}, 1),
        ({"platelets": 176, "anc": 1.3, "hemoglobin": 9.1, "crp": 29, "ferritin": 650}, 1),
        ({"platelets": 176, "anc": 1.3, "hemoglobin": 9.1, "crp": 29, "ferritin": 2000}, 1),
        ({"platelets": 176, "anc": 1.3, "hemoglobin": 9.1, "crp": 29, "ferritin": 2001}, 2),
        ({"platelets": 1, "anc": 0.0, "hemoglobin": 5.0, "crp": 300, "ferritin": 90000}, 7),  # 7 is the top, not 10
    ],
)
def test_hematotox_points(changed: dict[str, float], points: int) -> None:
    found = score("car-hematotox", **changed)
    assert found.value == points
    assert Flag.UNVERIFIED_RULE in found.table.flags


@pytest.mark.parametrize(
    ("name", "field"), [(one.table.id, field) for one in scores(LABS) for field in one.table.inputs]
)
def test_one_missing_input_leaves_a_score_unknown_and_named(name: str, field: str) -> None:
    found = score(name, **{field: None})
    assert (found.value, found.missing) == (None, (field,))


def test_no_platelets_make_no_infinite_score() -> None:
    assert score("easix", platelets=0).value is None
    assert score("car-hematotox", platelets=0).value == 7 - 1  # ferritin 900 is one point of two


def test_a_value_of_the_day_before_yesterday_is_not_used() -> None:
    labs: list[Fact] = [Observation(**carried(hour), concept="ldh", value=300) for hour in (0,)]
    chart = course(adult(), labs)
    assert fresh_labs(chart, micros(after(35.9))) == {"ldh": 300}
    assert fresh_labs(chart, micros(after(36))) == {}


ILL = Findings(ferritin=2001, ferritin_uln=1000, fibrinogen=149)


@pytest.mark.parametrize(
    ("found", "answer"),
    [
        (ILL, Answer.YES),
        (Findings(ferritin=2000, ferritin_uln=1000, ferritin_infusion_day=1000, ferritin_rising_fast=False), Answer.NO),
        (Findings(ferritin=2001, ferritin_infusion_day=1000, new_cytopenia=True), Answer.YES),
        (Findings(ferritin_rising_fast=True, haemophagocytosis=True), Answer.YES),
        (Findings(ferritin=2001, ferritin_uln=1000, ast=201, ast_uln=40), Answer.YES),
        (Findings(ferritin=2001, ferritin_uln=1000, ast=200, ast_uln=40), Answer.UNKNOWN),
        (Findings(ferritin=2001, ferritin_uln=1000, fibrinogen=150), Answer.UNKNOWN),
        (Findings(ferritin=2001, ferritin_uln=1000), Answer.UNKNOWN),
        (Findings(fibrinogen=90), Answer.UNKNOWN),
        (Findings(ferritin=2001), Answer.UNKNOWN),  # no limit of the laboratory
        (Findings(), Answer.UNKNOWN),
    ],
)
def test_iec_hs_is_asked_about_when_ferritin_and_one_more_finding_are_there(found: Findings, answer: Answer) -> None:
    seen = screen(found)
    assert seen.answer is answer
    assert Flag.UNVERIFIED_RULE in seen.flags
    assert (Flag.CONSIDER_IEC_HS in seen.flags) is (answer is Answer.YES)
    assert bool(seen.unassessed) is (answer is Answer.UNKNOWN)


def test_ferritin_and_nothing_else_of_all_that_was_looked_for_is_no() -> None:
    looked = Findings(
        ferritin=5000, ferritin_uln=400, ast=30, ast_uln=40, alt=30, alt_uln=40, fibrinogen=300,
        new_cytopenia=False, haemophagocytosis=False,
    )  # fmt: skip
    assert screen(looked).answer is Answer.NO
