"""What a bedside picture may not say: refused by name, so that a misspelt field never becomes "not recorded"."""

from typing import Any

import pytest

from monitoring.bedside import grade_pictures
from monitoring.grading.picture import PictureRefused

DEFAULT = ("crs-astct-2019", "icans-astct-2019", "crs-documented-symptoms", "icans-documented-symptoms")


def picture(**inputs: Any) -> dict[str, Any]:
    return {"id": "case 7", "patient": {"age_years": 55}, "inputs": inputs}


def refusal(one: dict[str, Any]) -> str:
    with pytest.raises(PictureRefused) as refused:
        grade_pictures([one], DEFAULT)
    return str(refused.value)


@pytest.mark.parametrize(
    ("inputs", "named"),
    [
        ({"temprature": 38.5}, "temprature"),
        ({"temp": 38.5}, "temp"),
        ({"oxygen": {"device": "hfnc", "flow": 30}}, "flow"),
        ({"ice": {"score": 8}}, "score"),
        ({"ice": {"items": {"orientation": 4, "reading": 1}}}, "reading"),
        ({"capd": {"answers": {"eye_contacts": "always"}}}, "eye_contacts"),
        ({"vasopressors": [{"name": "norepinephrine"}]}, "name"),
        ({"attribution": {"rash": "other"}}, "rash"),
        ({"symptoms": {"hedache": "mild"}}, "hedache"),
    ],
)
def test_a_field_nobody_knows_is_refused_by_name(inputs: dict[str, Any], named: str) -> None:
    assert named in refusal(picture(**inputs))


def test_a_field_nobody_knows_beside_the_inputs_is_refused_by_name() -> None:
    assert "temp_c" in refusal({"id": "1", "patient": {"age_years": 55}, "inputs": {}, "temp_c": 38.5})
    assert "age" in refusal({"id": "1", "patient": {"age": 55}, "inputs": {}})


@pytest.mark.parametrize(
    ("inputs", "field", "accepted"),
    [
        ({"consciousness": "sleepy"}, "consciousness", ["awake", "awakens_to_voice", "unarousable"]),
        ({"seizure": "brief"}, "seizure", ["none", "brief_resolved", "prolonged_over_5min"]),
        ({"motor": "weak"}, "motor", ["none", "mild_focal", "deep_focal_weakness"]),
        ({"icp": "papilloedema"}, "icp", ["papilledema", "cn6_palsy"]),
        ({"oxygen": {"device": "nasal_canula"}}, "device", ["nasal_cannula", "room_air"]),
        ({"oxygen": {"device": "cpap", "reason": "snoring"}}, "reason", ["home_sleep_apnoea", "comfort"]),
        ({"attribution": {"fever": "sepsis"}}, "fever", ["crs", "icans", "other"]),
        ({"steroid_reason": "rash"}, "steroid_reason", ["treatment", "prophylaxis"]),
        ({"death": "unknown"}, "death", ["crs", "icans", "other"]),
        ({"symptoms": {"dizziness": "bad"}}, "dizziness", ["mild", "moderate", "severe", "life-threatening"]),
        ({"capd": {"answers": {"aware": "mostly"}}}, "aware", ["never", "rarely", "sometimes", "often", "always"]),
    ],
)
def test_a_misspelt_word_is_refused_with_the_words_that_are_accepted(
    inputs: dict[str, Any], field: str, accepted: list[str]
) -> None:
    said = refusal(picture(**inputs))
    assert field in said
    assert [word for word in accepted if word not in said] == []


@pytest.mark.parametrize(
    ("inputs", "field"),
    [
        ({"ice": {"total": 11}}, "ice"),
        ({"ice": {"total": -1}}, "ice"),
        ({"ice": {"items": {"orientation": 5}}}, "orientation"),
        ({"ice": {"items": {"writing": 2}}}, "writing"),
        ({"baseline_ice": 12}, "baseline_ice"),
        ({"capd": {"total": 33}}, "capd"),
        ({"capd_baseline": 33}, "capd_baseline"),
        ({"symptoms": {"dizziness": 5}}, "dizziness"),
        ({"temp_c": "warm"}, "temp_c"),
        ({"sbp": float("nan")}, "sbp"),
        ({"temp_c": float("inf")}, "temp_c"),
        ({"seizure_minutes": -1}, "seizure_minutes"),
    ],
)
def test_an_impossible_value_is_refused_naming_its_field(inputs: dict[str, Any], field: str) -> None:
    assert field in refusal(picture(**inputs))


@pytest.mark.parametrize(
    ("inputs", "field"),
    [
        ({"sedated_or_paralysed": "perhaps"}, "sedated_or_paralysed"),
        ({"ice": {"total": True}}, "ice"),
        ({"capd": {"total": False}}, "capd"),
        ({"baseline_ice": True}, "baseline_ice"),
    ],
)
def test_yes_and_no_are_not_numbers_and_words_are_not_yes_or_no(inputs: dict[str, Any], field: str) -> None:
    assert field in refusal(picture(**inputs))


def test_a_fahrenheit_value_in_the_celsius_field_is_refused_not_graded() -> None:
    assert "temp_c" in refusal(picture(temp_c=101.3))


def test_a_refusal_says_which_picture() -> None:
    assert "case 7" in refusal(picture(temprature=38.5))


def test_null_is_not_recorded_like_a_field_left_out() -> None:
    fields = ["temp_c", "sbp", "vasopressors", "oxygen", "ice", "consciousness", "seizure", "motor", "icp", "death"]
    left_out, null = grade_pictures([picture(), picture(**dict.fromkeys(fields))], DEFAULT)
    assert left_out["assessments"] == null["assessments"]


@pytest.mark.parametrize(
    ("inputs", "named"),
    [
        ({"temp_c": "38.5"}, "temp_c"),
        ({"sbp": "84"}, "sbp"),
        ({"ice": {"total": "8"}}, "total"),
        ({"day_post_infusion": float("nan")}, "day_post_infusion"),
        ({"hours_post_infusion": float("inf")}, "hours_post_infusion"),
        ({"seizure_minutes": float("inf")}, "seizure_minutes"),
        ({"vasopressors": [{"drug": "norepinephrine", "dose": float("inf"), "unit": "ug/min"}]}, "dose"),
    ],
)
def test_a_number_is_a_number_and_finite(inputs: dict[str, Any], named: str) -> None:
    assert named in refusal(picture(**inputs))


@pytest.mark.parametrize(
    ("inputs", "named"),
    [
        ({"oxygen": {"device": "room_air", "flow_l_min": 4}}, "oxygen"),
        ({"oxygen": {"device": "room_air", "fio2": 0.4}}, "oxygen"),
        ({"oxygen": {"device": "room_air", "fio2": 40}}, "oxygen"),
        ({"ice": {"total": 10, "items": {"orientation": 0}}}, "ice"),
        ({"ice": {"total": 1, "items": {"orientation": 4}}}, "ice"),
        ({"capd": {"total": 0, "answers": {"aware": "never"}}}, "capd"),
        ({"sbp": 80, "dbp": 80}, "sbp"),
        ({"seizure": "none", "seizure_minutes": 6}, "seizure"),
    ],
)
def test_two_fields_that_contradict_each_other_are_refused(inputs: dict[str, Any], named: str) -> None:
    assert named in refusal(picture(**inputs))


@pytest.mark.parametrize(
    "inputs",
    [
        {"oxygen": {"device": "room_air", "flow_l_min": 0, "fio2": 0.21}},
        {"oxygen": {"device": "room_air", "fio2": 21}},
        {"ice": {"total": 8, "items": {"orientation": 4}}},
        {"seizure": "none", "seizure_minutes": 0},
        {"attribution": "none"},
        {"seizure": []},
        {"motor": []},
        {"icp": []},
    ],
)
def test_what_only_looks_like_a_contradiction_is_read(inputs: dict[str, Any]) -> None:
    assert grade_pictures([picture(**inputs)], DEFAULT)


def test_no_drug_as_the_cause_is_no_drug_cause() -> None:
    told = grade_pictures([picture(consciousness="unarousable", consciousness_cause="none")], DEFAULT)[0]
    assert told["assessments"]["icans-astct-2019"]["at_least"] == 4


def test_a_patient_that_is_null_is_one_of_whom_nothing_is_known() -> None:
    assert grade_pictures([{"id": "1", "patient": None, "inputs": {"sbp": 59, "temp_c": 38.5}}], DEFAULT)
