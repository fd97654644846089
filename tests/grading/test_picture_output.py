"""The form of the answer to a bedside picture (contract.md), and that the two families of scales never mix."""

from typing import Any

import pytest

from monitoring.bedside import grade_pictures

CRS, ICANS = "crs-astct-2019", "icans-astct-2019"
CRS_SYMPTOMS, ICANS_SYMPTOMS = "crs-documented-symptoms", "icans-documented-symptoms"
DEFAULT = (CRS, ICANS, CRS_SYMPTOMS, ICANS_SYMPTOMS)
ILL = {
    "temp_c": 39.5,
    "sbp": 84,
    "vasopressors": [{"drug": "norepinephrine"}],
    "oxygen": {"device": "nasal_cannula", "flow_l_min": 2},
    "crs_already_diagnosed": False,
}


def picture(identifier: str, **inputs: Any) -> dict[str, Any]:
    return {"id": identifier, "patient": {"age_years": 55}, "inputs": inputs}


def test_answers_come_in_the_order_asked_and_carry_the_fields_of_the_contract() -> None:
    answers = grade_pictures([picture("b", **ILL), picture("a")], DEFAULT)
    assert [answer["id"] for answer in answers] == ["b", "a"]
    for answer in answers:
        assert set(answer["assessments"]) == set(DEFAULT)
        for assessment in answer["assessments"].values():
            assert set(assessment) >= {"at_least", "at_most", "gradable", "met", "unassessed", "decides", "flags"}


def test_only_the_systems_asked_for_are_answered() -> None:
    assert set(grade_pictures([picture("1")], [CRS])[0]["assessments"]) == {CRS}


def test_a_system_nobody_knows_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="crs-astct-2091"):
        grade_pictures([picture("1")], ["crs-astct-2091"])


def test_no_pictures_give_no_answers() -> None:
    assert grade_pictures([], DEFAULT) == []


def test_what_cannot_be_graded_has_no_numbers() -> None:
    answer = grade_pictures([picture("1", sedated_or_paralysed=True)], [ICANS])[0]["assessments"][ICANS]
    assert (answer["gradable"], answer["at_least"], answer["at_most"]) == (False, None, None)


@pytest.mark.parametrize(
    ("missing", "decides"),
    [("oxygen", "oxygen"), ("temp_c", "temperature")],
)
def test_the_one_input_missing_is_the_one_that_decides(missing: str, decides: str) -> None:
    inputs = {field: value for field, value in ILL.items() if field != missing}
    assert grade_pictures([picture("1", **inputs)], [CRS])[0]["assessments"][CRS]["decides"] == decides


FEBRILE = {"temp_c": 38.5, "vasopressors": [], "oxygen": {"device": "room_air"}}


@pytest.mark.parametrize(
    ("age", "pressures", "decides"),
    [
        (None, {"sbp": 84}, "age"),
        (None, {"sbp": 60}, "age"),
        (None, {"sbp": 120, "map": 60}, "age"),
        (None, {"sbp": 99, "baseline_sbp": 130}, "age"),
        (None, {"map": 60}, "blood_pressure"),
        (None, {}, "blood_pressure"),
        (55, {}, "blood_pressure"),
        (None, {"sbp": 59}, None),
        (None, {"sbp": 90}, None),
    ],
)
def test_where_the_age_is_missing_and_not_the_pressure_the_age_decides(
    age: float | None, pressures: dict[str, float], decides: str | None
) -> None:
    asked = {"id": "1", "patient": {"age_years": age}, "inputs": FEBRILE | pressures}
    systems = [CRS, "crs-ctcae-5", "crs-mskcc"]
    for told in grade_pictures([asked], systems[:2])[0]["assessments"].values():
        assert told["decides"] == decides
        assert told["unassessed"] == ([decides] if decides else [])


def test_an_age_that_decides_is_named_through_the_rows_that_rest_on_the_pressure() -> None:
    boluses = {"iv_fluid_bolus_count": 2, "organ_ctcae": {}, "coagulopathy_treated_with": [], "hospitalised": True}
    asked = {"id": "1", "inputs": FEBRILE | boluses | {"sbp": 84}}
    told = grade_pictures([asked], ["crs-penn-2018"])[0]["assessments"]["crs-penn-2018"]
    assert (told["at_least"], told["at_most"], told["unassessed"], told["decides"]) == (2, 3, ["age"], "age")


@pytest.mark.parametrize(
    ("system", "unit", "weight", "decides"),
    [
        ("crs-lee-2014", "ug/kg/min", None, "weight"),
        ("crs-cartox-2018", "ug/kg/min", None, "weight"),
        ("crs-penn-2018", "ug/min", None, "weight"),
        ("crs-lee-2014", "ug/min", None, None),
        ("crs-lee-2014", "ug/kg/min", 70, None),
        ("crs-lee-2014", None, None, "vasopressor_dose"),
    ],
)
def test_where_only_the_weight_is_missing_the_weight_decides(
    system: str, unit: str | None, weight: float | None, decides: str | None
) -> None:
    drug = {"drug": "norepinephrine", "dose": 0.2, "unit": unit, "hours": 4}
    known = {"sbp": 120, "vasopressors": [drug], "organ_ctcae": {}}
    asked = {"id": "1", "patient": {"age_years": 55, "weight_kg": weight}, "inputs": FEBRILE | known}
    assert grade_pictures([asked], [system])[0]["assessments"][system]["decides"] == decides


def test_a_grade_that_is_settled_has_nothing_left_to_decide() -> None:
    assert grade_pictures([picture("1", **ILL)], [CRS])[0]["assessments"][CRS]["decides"] is None


def test_vital_signs_of_the_symptom_lists_never_move_the_published_grade() -> None:
    plain, more = grade_pictures(
        [picture("1", **ILL), picture("1", **ILL, hr=180, rr=44, spo2=80, symptoms={"headaches": "severe"})],
        [CRS, ICANS],
    )
    for system in (CRS, ICANS):
        before, after = plain["assessments"][system], more["assessments"][system]
        assert (before["at_least"], before["at_most"]) == (after["at_least"], after["at_most"])


def test_treatment_and_examination_never_move_the_symptom_lists() -> None:
    quiet = {"symptoms": {"dizziness": "mild", "agitation": "mild"}}
    busy = {
        **quiet,
        "vasopressors": [{"drug": "norepinephrine"}],
        "oxygen": {"device": "cpap"},
        "ice": {"total": 0},
        "seizure": "prolonged_over_5min",
    }
    first, second = grade_pictures([picture("1", **quiet), picture("1", **busy)], [CRS_SYMPTOMS, ICANS_SYMPTOMS])
    for system in (CRS_SYMPTOMS, ICANS_SYMPTOMS):
        before, after = first["assessments"][system], second["assessments"][system]
        assert (before["at_least"], before["at_most"]) == (after["at_least"], after["at_most"])


@pytest.mark.parametrize(
    ("sign", "late"),
    [
        ("facial_palsy", True),
        ("Facial palsy, left", True),
        ("Guillain-Barré syndrome", True),
        ("Parkinsonism", True),
        ("tremor", False),
        ("headache", False),
    ],
)
def test_late_neurotoxicity_is_told_in_any_spelling_and_never_graded(sign: str, late: bool) -> None:
    asked = picture("1", **AWAKE, ice={"total": 10}, other_neuro=[sign])
    told = grade_pictures([asked], [ICANS])[0]["assessments"][ICANS]
    assert (told["at_least"], told["at_most"]) == (0, 0)
    assert ("late_neurotoxicity_not_icans" in told["flags"]) is late


AWAKE = {"consciousness": "awake", "seizure": "none", "motor": "none", "icp": "none"}
ITEMS = {"orientation": 2, "naming": 2, "commands": 1, "writing": 0, "attention": 1}


@pytest.mark.parametrize("baseline", [6, {"total": 6}, {"items": ITEMS}])
def test_a_baseline_is_a_number_or_of_the_shape_of_the_score(baseline: object) -> None:
    same, worse = (
        grade_pictures([picture("1", **AWAKE, ice={"total": total}, baseline_ice=baseline)], [ICANS])[0]
        for total in (6, 5)
    )
    assert (same["assessments"][ICANS]["at_most"], worse["assessments"][ICANS]["at_least"]) == (0, 2)
    assert "unchanged_from_baseline" in same["assessments"][ICANS]["flags"]
    assert "below_baseline" in worse["assessments"][ICANS]["flags"]


@pytest.mark.parametrize("baseline", [6, {"total": 6}])
def test_so_is_the_baseline_of_a_child(baseline: object) -> None:
    child = {
        "id": "1",
        "patient": {"age_years": 5},
        "inputs": AWAKE | {"capd": {"total": 6}, "capd_baseline": baseline},
    }
    told = grade_pictures([child], [ICANS])[0]["assessments"][ICANS]
    assert (told["at_least"], told["at_most"]) == (0, 0)


@pytest.mark.parametrize(
    ("baseline", "named"),
    [
        ({"items": {"orientation": 4}}, "baseline_ice"),
        ({}, "baseline_ice"),
        (11, "baseline_ice"),
        ({"totl": 6}, "baseline_ice.totl"),
        (True, "baseline_ice"),
    ],
)
def test_a_baseline_that_is_no_whole_score_is_refused_by_name(baseline: object, named: str) -> None:
    with pytest.raises(ValueError, match=named):
        grade_pictures([picture("1", **AWAKE, ice={"total": 6}, baseline_ice=baseline)], [ICANS])
