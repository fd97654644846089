"""The Calculator: the form's picture is the one graded, unknown stays unknown, a shared picture comes back whole."""

from __future__ import annotations

import json
import re
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from conftest import NURSE, Opened, facts, seen
from streamlit.testing.v1 import AppTest

from monitoring.bedside import grade_pictures
from monitoring.concepts import dictionary
from monitoring.grading import systems
from monitoring.grading.picture import PictureRefused
from monitoring.grading.picture_fields import Inputs, PatientAge
from monitoring.ui.picture_entries import entries
from monitoring.ui.picture_form import compose, shared, spread


def shown_picture(page: AppTest) -> dict[str, Any]:
    """The picture in the JSON that the page shows."""
    (picture,) = json.loads(page.code[0].value)
    return picture


def shown_grades(page: AppTest) -> dict[str, str]:
    """System to the grade printed in its badge."""
    rows = re.findall(r'<tr data-system="([^"]+)">.*?<b class="number">([^<]*)</b>', seen(page))
    return {system: unescape(text) for system, text in rows}


def expected_grades(picture: dict[str, Any]) -> dict[str, str]:
    (answer,) = grade_pictures([picture], list(systems()))
    found = {}
    for system, said in answer["assessments"].items():
        low, high = said["at_least"], said["at_most"]
        found[system] = "not gradable" if low is None else str(low) if low == high else f"{low}–{high}"
    return found


def fill(page: AppTest, picture: object) -> AppTest:
    page.text_area(key="calc-pasted").set_value(picture if isinstance(picture, str) else json.dumps(picture)).run()
    return page.button(key="calc-fill").click().run()


# Examples printed in clinical.md a.2, b.3 and c.2, with the grade printed there.
PRINTED = [
    (
        "39.5 C, one vasopressor, low-flow cannula is CRS 3",
        {"temp_c": 39.5, "sbp": 84, "vasopressors": [{"drug": "norepinephrine"}],
         "oxygen": {"device": "nasal_cannula", "flow_l_min": 2}},
        50, "crs-astct-2019", "3",
    ),
    (
        "ICE 3 and a generalised seizure is ICANS 3",
        {"ice": {"total": 3}, "seizure": "brief_resolved", "consciousness": "awake", "motor": "none", "icp": "none"},
        50, "icans-astct-2019", "3",
    ),
    (
        "CAPD 8 and a generalised seizure is ICANS 3 in a child",
        {"capd": {"total": 8}, "seizure": "brief_resolved", "consciousness": "awake", "motor": "none", "icp": "none"},
        4, "icans-astct-2019", "3",
    ),
    (
        "100.4 F alone is CRS 1",
        {"temp_f": 100.4, "sbp": 120, "vasopressors": "none", "oxygen": "none"},
        50, "crs-astct-2019", "1",
    ),
    (
        "100.3 F is no fever",
        {"temp_f": 100.3, "sbp": 120, "vasopressors": [], "oxygen": "none"},
        50, "crs-astct-2019", "0",
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("inputs", "age", "system", "grade"), [row[1:] for row in PRINTED], ids=[row[0] for row in PRINTED]
)
def test_a_shared_picture_fills_the_form_and_is_graded_as_the_command_grades_it(
    inputs: dict[str, Any], age: float, system: str, grade: str, opened: Opened
) -> None:
    page = fill(opened("calculator", NURSE), [{"id": "P", "patient": {"age_years": age}, "inputs": inputs}])
    assert not page.exception
    assert not page.error
    picture = shown_picture(page)
    assert shown_grades(page) == expected_grades(picture) == expected_grades({"id": "P", **picture})
    assert shown_grades(page)[system] == grade
    given = {"id": "P", "patient": {"age_years": age}, "inputs": inputs}
    assert shown_grades(page) == expected_grades(given)


def test_every_field_starts_at_not_recorded_and_every_grade_at_its_whole_interval(opened: Opened) -> None:
    page = opened("calculator", NURSE)
    assert shown_picture(page) == {"id": "bedside", "inputs": {}}
    for widget in (*page.number_input, *page.selectbox):
        assert (widget.value, widget.proto.placeholder) == (None, "not recorded"), widget.label
    assert shown_grades(page)["crs-astct-2019"] == "0–4"
    assert set(shown_grades(page)) == set(systems())
    assert "Nothing here is stored" in seen(page)


def test_looked_for_and_absent_is_another_choice_than_not_recorded(opened: Opened) -> None:
    page = opened("calculator", NURSE)
    page.number_input(key="calc:inputs.temp_c").set_value(38.4)
    page.number_input(key="calc:inputs.sbp").set_value(118)
    page.selectbox(key="calc:inputs.oxygen.device").set_value("room_air").run()
    assert "vasopressors" not in shown_picture(page)["inputs"]
    assert shown_grades(page)["crs-astct-2019"] == "1–4"
    page.selectbox(key="calc:inputs.vasopressors").set_value("none").run()
    assert shown_picture(page)["inputs"]["vasopressors"] == "none"
    assert shown_grades(page)["crs-astct-2019"] == "1"
    page.selectbox(key="calc:inputs.vasopressors").set_value(None).run()
    assert shown_grades(page)["crs-astct-2019"] == "1–4"


def test_a_vasopressor_typed_in_the_form_is_in_the_picture(opened: Opened) -> None:
    page = opened("calculator", NURSE)
    page.selectbox(key="calc:inputs.vasopressors").set_value("2").run()
    page.selectbox(key="calc:inputs.vasopressors.0.drug").set_value("norepinephrine")
    page.number_input(key="calc:inputs.vasopressors.0.dose").set_value(0.1)
    page.selectbox(key="calc:inputs.vasopressors.0.unit").set_value("mcg/kg/min").run()
    assert shown_picture(page)["inputs"]["vasopressors"] == [
        {"drug": "norepinephrine", "dose": 0.1, "unit": "mcg/kg/min"},
        {},
    ]


@pytest.mark.parametrize(
    ("age", "shown", "hidden"), [(11.9, "capd.total", "ice.total"), (12, "ice.total", "capd.total")]
)
def test_the_age_chooses_between_ice_and_capd(age: float, shown: str, hidden: str, opened: Opened) -> None:
    page = opened("calculator", NURSE)
    keys = {widget.key for widget in page.number_input}
    assert {"calc:inputs.ice.total", "calc:inputs.capd.total"} <= keys
    page.number_input(key="calc:patient.age_years").set_value(age).run()
    keys = {widget.key for widget in page.number_input}
    assert f"calc:inputs.{shown}" in keys
    assert f"calc:inputs.{hidden}" not in keys


def test_a_score_already_filled_in_stays_whatever_the_age(opened: Opened) -> None:
    page = opened("calculator", NURSE)
    page.number_input(key="calc:inputs.ice.total").set_value(6).run()
    page.number_input(key="calc:patient.age_years").set_value(8).run()
    assert shown_picture(page)["inputs"]["ice"] == {"total": 6}


REFUSED = [
    ("an unknown field by its name", [{"id": "1", "inputs": {"tempc": 38}}], "unknown field 'inputs.tempc'"),
    ("no JSON, with the place", "[{", "picture:1:3: not JSON"),
    ("a field given twice", '{"id": "1", "inputs": {"hr": 1, "hr": 2}}', "the field 'hr' is given twice"),
    ("two pictures", [{"id": "1", "inputs": {}}, {"id": "2", "inputs": {}}], "2 pictures were given"),
    ("a value nobody can have", [{"id": "1", "inputs": {"temp_c": 60}}], "temp_c = 60 is outside"),
    ("a symptom on no list", [{"id": "1", "inputs": {"symptoms": {"hiccups": 1}}}], "symptoms names 'hiccups'"),
    ("something that is no picture", "17", "picture '?'"),
]


@pytest.mark.parametrize(("given", "said"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_a_picture_that_cannot_be_read_is_refused_in_one_sentence_and_changes_nothing(
    given: object, said: str, opened: Opened
) -> None:
    page = opened("calculator", NURSE)
    page.number_input(key="calc:inputs.temp_c").set_value(38.4).run()
    page = fill(page, given)
    assert not page.exception
    (sentence,) = [error.value for error in page.error]
    assert said in sentence
    assert "Traceback" not in seen(page)
    assert shown_picture(page)["inputs"] == {"temp_c": 38.4}


def test_fields_that_contradict_are_not_graded_and_said_so(opened: Opened) -> None:
    page = opened("calculator", NURSE)
    page.number_input(key="calc:inputs.temp_c").set_value(38.4)
    page.number_input(key="calc:inputs.temp_f").set_value(98.6).run()
    assert [error.value for error in page.error] == ["Not graded. temp_c 38.4 and temp_f 98.6 contradict"]
    assert shown_grades(page) == {}


def test_what_the_form_has_no_field_for_is_kept_graded_and_named(opened: Opened) -> None:
    answers = dict.fromkeys(["restless", "inconsolable", "underactive", "slow_response"], "always")
    inputs = {"capd": {"answers": answers}, "other_neuro": ["tremor"], "infusion_days": [0, 10], "temp_c": 38.5}
    given = {"id": "K", "patient": {"age_years": 4}, "inputs": inputs}
    page = fill(opened("calculator", NURSE), given)
    assert shown_picture(page) == given
    assert "Also in this picture, with no field here: capd, in part, other_neuro, infusion_days." in seen(page)
    page.button(key="calc-clear").click().run()
    assert shown_picture(page) == {"id": "bedside", "inputs": {}}
    assert "with no field here" not in seen(page)


def test_a_difference_stands_above_the_scales_it_is_about(opened: Opened) -> None:
    oxygen = {"device": "nasal_cannula", "flow_l_min": 2}
    page = fill(opened("calculator", NURSE), {"id": "1", "inputs": {"temp_c": 39, "sbp": 120, "oxygen": oxygen,
                                                                     "vasopressors": "none"}})  # fmt: skip
    text = unescape(seen(page))
    assert "Penn 3, ASTCT 2: any supplemental oxygen" in text
    assert "A rule of this scale was not re-read in its source." in text


def test_laboratory_values_give_the_scores_and_ask_about_iec_hs(opened: Opened) -> None:
    page = opened("calculator", NURSE)
    assert "EASIX" not in seen(page)
    labs = {"ldh": 300, "creatinine": 2, "platelets": 50, "ferritin": 2001, "ferritin_uln": 1000, "fibrinogen": 149}
    text = unescape(seen(fill(page, {"id": "1", "inputs": {"temp_c": 38.5, "labs": labs}})))
    assert '<b class="value">12</b> <small>U/L × mg/dL per 10⁹/L</small>' in text  # 300 x 2 / 50
    assert "No universal cut is published." in text
    assert "0 to 7; low 0-1, high 2 and more; defined before lymphodepletion." in text
    assert "Ask about IEC-HS." in text
    assert "5 times" not in text  # a recalled limit is never printed


def test_nothing_of_it_reaches_the_store(opened: Opened, store: Path) -> None:
    page = opened("calculator", NURSE)
    page.number_input(key="calc:inputs.temp_c").set_value(39.4).run()
    assert facts(store) == []


# One value for every field of the contract, none of them the default of anything.
EVERYTHING: dict[str, Any] = {
    "day_post_infusion": 5, "hours_post_infusion": 121, "infusion_days": [0, 9], "temp_c": 38.0, "temp_f": 100.4,
    "hr": 111, "rr": 21, "sbp": 92, "dbp": 51, "map": 64, "spo2": 93, "baseline_sbp": 131, "fever": True,
    "hypotension_clinician": False,
    "vasopressors": [{"drug": "vasopressin", "dose": 0.03, "unit": "units/min", "hours": 2}],
    "iv_fluid_bolus_count": 2, "oxygen": {"device": "hfnc", "flow_l_min": 40, "fio2": 50, "reason": "hypoxia"},
    "on_antipyretic": True, "on_anticytokine": False, "on_corticosteroid": True, "crs_already_diagnosed": True,
    "sedated_or_paralysed": False, "intracranial_haemorrhage": False, "capd_unable": False, "language_barrier": False,
    "steroid_reason": "treatment", "attribution": {"fever": "crs", "hypoxia": "other"},
    "ice": {"total": 7, "items": {"orientation": 4, "naming": 2, "commands": 0, "writing": 1, "attention": 0}},
    "baseline_ice": 9, "cartox_10": 6, "capd": {"total": 3}, "capd_baseline": 2, "consciousness": "awakens_to_voice",
    "consciousness_cause": "midazolam", "seizure": "prolonged_over_5min", "seizure_minutes": 6, "motor": "mild_focal",
    "icp": "papilledema", "papilledema_stage": 2, "other_neuro": ["tremor"], "organ_ctcae": {"AST": 4, "skin": 1},
    "labs": {
        "ldh": 310.0, "creatinine": 1.4, "platelets": 48.0, "crp": 42.0, "anc": 0.3, "hemoglobin": 8.2,
        "ferritin": 5200.0, "ferritin_uln": 400.0, "ferritin_infusion_day": 900.0, "ferritin_rising_fast": True,
        "fibrinogen": 120.0, "ast": 260.0, "ast_uln": 40.0, "alt": 70.0, "alt_uln": 45.0, "new_cytopenia": False,
        "haemophagocytosis": False,
    },
    "hospitalised": True, "iv_antibiotics": True, "coagulopathy_treated_with": ["plasma", "platelets"], "rass": -1,
    "symptoms": {"headaches": "moderate", "skin rash": "none"}, "death": "other",
}  # fmt: skip


def test_every_field_of_the_contract_comes_back_from_the_form() -> None:
    patient = {"age_years": 61, "weight_kg": 82.5, "developmental_delay": False}
    assert set(EVERYTHING) == set(Inputs.model_fields)
    assert set(patient) == set(PatientAge.model_fields)
    given = {"id": "all", "patient": patient, "inputs": EVERYTHING}
    values, kept = spread(given)
    assert compose(values, kept) == given


@pytest.mark.parametrize(
    ("field", "absent"),
    [
        ("vasopressors", []),
        ("symptoms", []),
        ("organ_ctcae", {}),
        ("oxygen", "none"),
        ("coagulopathy_treated_with", []),
    ],
)
def test_looked_for_and_absent_stays_so_through_the_form(field: str, absent: object) -> None:
    given = {"id": "1", "inputs": {field: absent}}
    composed = compose(*spread(given))
    assert composed["inputs"][field] in ("none", {"device": "room_air"})
    assert expected_grades(composed) == expected_grades(given)


def test_a_drug_is_known_by_any_of_its_names_and_an_unknown_one_is_kept() -> None:
    drugs = [{"drug": "Noradrenaline"}, {"drug": "angiotensin-9"}, {"drug": None}]
    composed = compose(*shared(json.dumps({"id": "1", "inputs": {"vasopressors": drugs}})))
    assert composed["inputs"]["vasopressors"] == [{"drug": "norepinephrine"}, {"drug": "angiotensin-9"}, {}]


def test_no_two_fields_share_a_place_or_a_label() -> None:
    paths, labels = [entry.path for entry in entries()], [entry.label for entry in entries()]
    assert len(set(paths)) == len(paths)
    assert len(set(labels)) == len(labels)
    listed = {s.label for s in dictionary().symptoms.values() if s.items}
    assert {path.removeprefix("inputs.symptoms.") for path in paths if path.startswith("inputs.symptoms.")} == listed


def test_a_picture_that_is_too_deep_is_refused() -> None:
    with pytest.raises(PictureRefused, match="nested too deeply"):
        shared("[" * 100_000)
