"""An alert acknowledged and a grade charted on the patient page, by whoever may, with the entry in the audit."""

from __future__ import annotations

from pathlib import Path

from conftest import DATA_MANAGER, NURSE, PHYSICIAN, Opened, board, facts, seen
from streamlit.testing.v1 import AppTest

from monitoring.access.acts import Act
from monitoring.ui import live
from monitoring.ui.people import patient_key
from monitoring.vocabulary import Role, Syndrome


def buttons(page: AppTest) -> list[str]:
    return [button.key for button in page.button if str(button.key).startswith("seen-")]


def acts(patient_id: str) -> list[tuple[Act, Role | None]]:
    deeds = [entry.deed for entry in live.rounds().audit.entries()]
    return [(deed.act, deed.by.role) for deed in deeds if deed.patient_id == patient_id]


def test_pressing_says_who_and_when_and_the_ward_row_says_it_too(opened: Opened, one_patient: str, store: Path) -> None:
    page = opened("patient", NURSE, p=patient_key(one_patient))
    assert buttons(page) == ["seen-crs"]
    page.button(key="seen-crs").click().run()
    assert not page.exception
    stored = [fact for fact in facts(store) if fact["kind"] == "acknowledgement"]
    assert [(fact["author"], fact["alert"].split()[:2]) for fact in stored] == [("nurse:Ada", ["crs", "1"])]
    assert "seen by Ada (nurse)" in seen(page)
    assert buttons(page) == []
    (row,) = board(opened("ward", NURSE))["rows"]
    assert row["seen"].startswith("seen by Ada ")
    assert (Act.ALERT_ACKNOWLEDGED, Role.NURSE) in acts(one_patient)


def test_a_data_manager_sees_the_alert_and_has_no_button(opened: Opened, one_patient: str) -> None:
    page = opened("patient", DATA_MANAGER, p=patient_key(one_patient))
    assert "CRS grade 1" in seen(page)
    assert buttons(page) == []


def test_a_worse_value_brings_the_button_back_and_names_who_saw_the_lower_grade(
    opened: Opened, one_patient: str
) -> None:
    page = opened("patient", NURSE, p=patient_key(one_patient))
    page.button(key="seen-crs").click().run()
    page.number_input(key="v-sbp").set_value(81.0)
    page.number_input(key="v-dbp").set_value(44.0)
    next(button for button in page.button if button.label == "Chart vital signs").click()
    page.run()
    assert "CRS grade 2" in seen(page)
    assert "was seen by Ada (nurse)" in seen(page)
    assert buttons(page) == ["seen-crs"]


def test_an_own_grade_is_stored_and_stands_beside_the_derived_one(
    opened: Opened, one_patient: str, store: Path
) -> None:
    page = opened("patient", PHYSICIAN, p=patient_key(one_patient))
    page.segmented_control(key="g-syndrome").set_value(Syndrome.CRS)
    page.segmented_control(key="g-grade").set_value(4)
    page.text_input(key="g-note").set_value("on the way to <b>intensive care")
    next(button for button in page.button if button.label == "Chart grade").click()
    page.run()
    assert not page.exception
    (fact,) = [fact for fact in facts(store) if fact["kind"] == "charted_grade"]
    assert (fact["syndrome"], fact["grade"], fact["author"]) == ("crs", 4, "physician:Bo")
    said = seen(page)
    assert "CRS 4 charted by Bo" in said
    assert "Both stand; look at the reasons." in said
    assert "on the way to &lt;b&gt;intensive care" in said
    assert (Act.FACT_CHARTED, Role.PHYSICIAN) in acts(one_patient)


def test_a_grade_without_its_syndrome_is_asked_for(opened: Opened, one_patient: str, store: Path) -> None:
    page = opened("patient", PHYSICIAN, p=patient_key(one_patient))
    page.segmented_control(key="g-grade").set_value(2)
    next(button for button in page.button if button.label == "Chart grade").click()
    page.run()
    assert "Please choose the syndrome and the grade." in seen(page)
    assert not [fact for fact in facts(store) if fact["kind"] == "charted_grade"]
