"""EASIX, its relatives, CAR-HEMATOTOX and the IEC-HS screen: numbers worked by hand from clinical.md f."""

from __future__ import annotations

import re

import pytest

from monitoring.bedside import grade_pictures
from monitoring.grading.iec_hs import Findings, findings, screen
from monitoring.grading.picture import PictureRefused
from monitoring.grading.scores import Score, fresh_labs, scores
from monitoring.records import Fact, Observation
from monitoring.score_view import of_course, three_figures
from monitoring.timeline import micros
from monitoring.vocabulary import Answer, Flag
from tests.course.charts import adult, after, carried, course, flags, vitals

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


def said(hours: float, concept: str, value: float | str) -> Fact:
    spoken = {"code": value} if isinstance(value, str) else {"value": float(value)}
    return Observation(**carried(hours), concept=concept, **spoken)


ASKING = [said(10, "ferritin", 2001), said(0, "ferritin_uln", 1000), said(10, "fibrinogen", 149)]


def test_the_screen_asks_beside_every_published_crs_scale_while_its_values_are_fresh() -> None:
    chart = course(adult(), vitals(10, 38.5), ASKING)
    for system in ("crs-astct-2019", "crs-lee-2014", "crs-mskcc"):
        assert "consider_iec_hs" not in flags(chart, system, 9.9)
        assert "consider_iec_hs" in flags(chart, system, 10)
        assert "consider_iec_hs" in flags(chart, system, 45.9)
        assert "consider_iec_hs" not in flags(chart, system, 46)  # 36 h after the values
    assert "consider_iec_hs" not in flags(chart, "icans-astct-2019", 10)
    assert "consider_iec_hs" not in flags(chart, "crs-documented-symptoms", 10)


@pytest.mark.parametrize(
    ("first", "then", "asks"),
    [
        ([said(0, "ferritin", 900)], [said(30, "ferritin", 1801)], True),  # twice the value of the infusion day
        ([said(0, "ferritin", 900)], [said(30, "ferritin", 1800)], False),
        (
            [said(-2, "ferritin", 500), said(1, "ferritin", 950)],
            [said(30, "ferritin", 1001)],
            True,
        ),  # before goes first
        ([said(-48, "ferritin", 100)], [said(30, "ferritin", 1801)], False),  # of another day
    ],
)
def test_ferritin_is_held_against_the_day_of_the_infusion(first: list[Fact], then: list[Fact], asks: bool) -> None:
    chart = course(adult(), first, then, said(30, "new_cytopenia", "true"))
    assert findings(chart, micros(after(31))).ferritin is not None
    assert ("consider_iec_hs" in flags(chart, "crs-astct-2019", 31)) is asks


def test_a_picture_asks_too_and_names_its_scores() -> None:
    labs = {**LABS, "ferritin": 2001, "ferritin_uln": 1000, "fibrinogen": 149}
    (answer,) = grade_pictures([{"id": "1", "inputs": {"temp_c": 38.5, "labs": labs}}], ["crs-astct-2019"])
    assert "consider_iec_hs" in answer["assessments"]["crs-astct-2019"]["flags"]
    assert answer["iec_hs"]["answer"] == "yes"
    assert answer["iec_hs"]["flags"] == ["consider_iec_hs", "unverified_rule"]
    assert answer["scores"]["easix"]["value"] == pytest.approx(12.0)
    assert answer["scores"]["car-hematotox"]["flags"] == ["unverified_rule"]
    (plain,) = grade_pictures([{"id": "1", "inputs": {"temp_c": 38.5}}], ["crs-astct-2019"])
    assert set(plain) == {"id", "assessments"}


@pytest.mark.parametrize(("day", "group"), [(None, "high"), (-6, "high"), (0, ""), (5, "")])
def test_a_risk_group_is_read_only_before_the_infusion(day: float | None, group: str) -> None:
    inputs = {"day_post_infusion": day, "labs": LABS}
    (answer,) = grade_pictures([{"id": "1", "inputs": inputs}], ["crs-astct-2019"])
    found = answer["scores"]["car-hematotox"]
    assert (found["value"], found["group"]) == (6, group)  # platelets 2, neutrophils, haemoglobin, CRP, ferritin 1 each


@pytest.mark.parametrize(
    ("labs", "said_of_it"),
    [
        ({"ldhh": 300}, "unknown field 'inputs.labs.ldhh'; did you mean 'ldh'?"),
        ({"creatinine": 177}, "labs.creatinine = 177 is outside 0.05 to 30 mg/dL"),  # umol/L written as mg/dL
        ({"ferritin_infusion_day": -1}, "labs.ferritin_infusion_day = -1 is outside"),
        ({"new_cytopenia": "maybe"}, "labs.new_cytopenia"),
    ],
)
def test_a_laboratory_field_that_cannot_be_read_is_refused_by_name(labs: dict[str, object], said_of_it: str) -> None:
    with pytest.raises(PictureRefused, match=re.escape(said_of_it)):
        grade_pictures([{"id": "1", "inputs": {"labs": labs}}], ["crs-astct-2019"])


def test_a_score_on_a_course_says_each_value_its_age_its_record_and_what_is_missing() -> None:
    charted = [said(2, "ldh", 300), said(2, "platelets", 50), said(-40, "creatinine", 2)]
    shown = of_course(course(adult(), charted), after(4))
    rows = {row.id: row for row in shown.scores}
    assert (rows["s-easix"].text, rows["s-easix"].unit, rows["s-easix"].missing) == ("6", "U/L per 10⁹/L", ())
    ldh = rows["s-easix"].inputs[0]
    assert (ldh.label, ldh.text, ldh.age_text, ldh.source) == ("lactate dehydrogenase", "300 U/L", "2 h", "chart")
    assert (rows["easix"].text, rows["easix"].missing) == ("—", ("creatinine",))
    assert rows["easix"].inputs[1].text == "2 mg/dL, too old"
    assert "No universal cut is published." in rows["easix"].notes
    assert "not taken" in [one.text for one in rows["car-hematotox"].inputs]
    assert any("not re-read" in note for note in rows["car-hematotox"].notes)
    assert shown.screen.sentence == "Cannot be answered yet."


def test_no_recalled_limit_of_the_screen_is_printed() -> None:
    shown = of_course(course(adult(), ASKING), after(11)).screen
    words = " ".join([shown.sentence, *shown.notes, *(name for name, _ in shown.findings), *shown.missing])
    assert not re.search(r"\d", words)


@pytest.mark.parametrize(
    ("value", "written"),
    [(1088.0, "1090"), (105.2, "105"), (45.67, "45.7"), (2_345_678.0, "2350000"), (0.01234, "0.0123")],
)
def test_a_score_is_three_figures_and_never_an_exponent(value: float, written: str) -> None:
    assert three_figures(value) == written
