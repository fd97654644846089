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
