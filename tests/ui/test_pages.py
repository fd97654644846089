"""Each page in each state, through Streamlit itself."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest
from conftest import DATA_MANAGER, NURSE, PHYSICIAN, Opened, board, caregiver, facts, seen, signed_in
from streamlit.testing.v1 import AppTest

from monitoring.access import SCREENS, may_open
from monitoring.rounds import Rounds
from monitoring.settings import ROOT
from monitoring.store import StoreUnavailable
from monitoring.ui import live
from monitoring.ui.people import SESSION, Person, patient_key
from monitoring.vocabulary import Role, Severity

ADMIN = Person(Role.ADMIN, "Cem")

EVERY_PAGE = sorted(path.stem for path in (ROOT / "pages").glob("*.py"))


def main_script(person: Person | None = None) -> AppTest:
    test = AppTest.from_file(str(ROOT / "monitoring" / "ui" / "main.py"), default_timeout=30)
    if person is not None:
        test.user = {SESSION: signed_in(person)}
    return test


def test_every_page_has_its_row_in_the_table() -> None:
    assert sorted(SCREENS) == EVERY_PAGE


@pytest.mark.parametrize("page", EVERY_PAGE)
def test_without_a_session_a_page_says_so_and_shows_nothing_else(page: str, opened: Opened, one_patient: str) -> None:
    shown = opened(page, None, p=patient_key(one_patient))
    assert not shown.exception
    assert [title.value for title in shown.title] == ["You are signed out"]
    assert drawn(shown) == []
    assert "Okafor" not in seen(shown)


def drawn(shown: AppTest) -> list[str]:
    """What is on the page beside text: a signed-out one has only what leads to the sign-in."""
    kinds = ("plotly_chart", "file_uploader", "form", "button", "selectbox")
    components = [one.proto.component_name for one in shown.get("bidi_component")]
    return [kind for kind in kinds if len(shown.get(kind))] + [name for name in components if name != "leave"]


@pytest.mark.parametrize("page", EVERY_PAGE)
@pytest.mark.parametrize("role", list(Role))
def test_a_page_opens_for_its_roles_and_refuses_the_others(
    page: str, role: Role, opened: Opened, one_patient: str
) -> None:
    shown = opened(page, Person(role, "Ada", one_patient if role is Role.CAREGIVER else None))
    assert not shown.exception
    refused = "This page is not for the role" in seen(shown)
    assert refused is not may_open(role, page)
    if refused:
        assert "Okafor" not in seen(shown)
        assert [component.key for component in shown.get("bidi_component")] == ["look"]


def test_a_patient_that_refreshes_asks_the_table_and_not_only_for_the_session(
    opened: Opened, one_patient: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lock of the page lets in once, as before a role that was taken away; then the refresh runs alone."""
    once = iter([True])
    monkeypatch.setattr("monitoring.ui.frame.may_open", lambda *_: next(once, False))
    shown = opened("patient", Person(Role.DISPLAY, "Wall"), p=patient_key(one_patient))
    assert "This page is not for the role" in seen(shown)
    assert drawn(shown) == ["button", "look"]


def whom_it_is_for(page: str) -> Person:
    """Somebody who may open the page, a nurse where a nurse may."""
    others = {"home": caregiver(), "intake": DATA_MANAGER, "administration": PHYSICIAN, "audit": ADMIN}
    return others.get(page, NURSE)


@pytest.mark.parametrize("page", EVERY_PAGE)
def test_an_empty_store_gives_a_sentence_on_every_page(page: str, opened: Opened) -> None:
    assert not opened(page, whom_it_is_for(page)).exception


@pytest.mark.parametrize("page", sorted({*EVERY_PAGE} - {"calculator"}))  # which asks no store
def test_a_store_that_does_not_answer_gives_a_sentence_and_no_traceback(
    page: str, opened: Opened, silence: Callable[[], None]
) -> None:
    shown = opened(page, whom_it_is_for(page))
    silence()
    shown.run()
    assert not shown.exception
    said = board(shown)["trouble"] if page == "ward" else "\n".join(error.value for error in shown.error)
    assert "the store does not answer" in said


@pytest.mark.parametrize("page", EVERY_PAGE)
def test_a_silent_store_lets_in_nobody_it_has_not_let_in_before(
    page: str, opened: Opened, silence: Callable[[], None]
) -> None:
    silence()
    shown = AppTest.from_file(str(ROOT / "pages" / f"{page}.py"), default_timeout=30)
    shown.user = {SESSION: "0" * 64}
    shown.run()
    assert not shown.exception
    assert "the store does not answer" in seen(shown)
    assert drawn(shown) == []


@pytest.mark.parametrize("role", list(Role))
def test_each_role_starts_on_its_page(role: Role, store: Path, one_patient: str) -> None:
    test = main_script(Person(role, "Ada", one_patient if role is Role.CAREGIVER else None)).run()
    assert not test.exception
    assert "This page is not for the role" not in seen(test)
    expected = {Role.CAREGIVER: "How is Ada now?", Role.DATA_MANAGER: "Intake"}.get(role)
    if expected:
        assert [title.value for title in test.title] == [expected]
    else:
        assert len(board(test)["rows"]) == 1


def test_signing_out_ends_the_session_and_leaves_nothing_behind(opened: Opened, one_patient: str) -> None:
    shown = opened("ward", NURSE)
    shown.button(key="sign-out").click().run()
    assert [title.value for title in shown.title] == ["You are signed out"]
    assert drawn(shown) == []
    assert [key for key in ("owner", "ward-seen") if key in shown.session_state] == []
    again = AppTest.from_file(str(ROOT / "pages" / "ward.py"), default_timeout=30)
    again.user = shown.user
    assert [title.value for title in again.run().title] == ["You are signed out"], "the session is over everywhere"


def test_a_tab_that_comes_back_as_somebody_else_gets_nothing_of_the_first(opened: Opened, one_patient: str) -> None:
    shown = opened("ward", NURSE)
    assert len(board(shown)["rows"]) == 1
    shown.session_state["typed"] = "by the first"
    shown.user = {SESSION: signed_in(PHYSICIAN)}
    shown.run()
    assert drawn(shown) == []
    assert "typed" not in shown.session_state


def test_a_wall_screen_shows_initials_and_its_payload_holds_no_name(opened: Opened, one_patient: str) -> None:
    payload = board(opened("ward", Person(Role.DISPLAY, "Wall")))
    assert [row["name"] for row in payload["rows"]] == ["O. A."]
    assert not re.search("Okafor|Ada", str(payload))


def test_the_ward_shows_the_patient_with_an_interval_and_an_old_pressure(opened: Opened, one_patient: str) -> None:
    payload = board(opened("ward", NURSE))
    (row,) = payload["rows"]
    assert (row["bed"], row["name"]) == ("12", "Okafor, Ada")
    assert (row["grades"]["crs"]["text"], row["grades"]["crs"]["state"]) == ("1–2", "interval")
    assert row["vitals"]["temperature"]["text"] == "39.1"
    pressure = next(cell for cell in row["vitals"].values() if cell["text"] == "118/70")
    assert pressure["old"] is True
    assert one_patient not in str(payload), "the board must not carry the patient's number"


def test_the_ward_keeps_its_last_rows_when_the_store_falls_silent(
    opened: Opened, one_patient: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = opened("ward", NURSE)
    before = board(shown)
    monkeypatch.setattr(Rounds, "ward_now", silent)
    after = board(shown.run())
    assert after["trouble"] == f"Not live since {before['liveText']}: the store does not answer."
    assert after["rows"] == before["rows"]
    assert after["asOf"] == before["asOf"], "an unchanged moment is what lets the browser count the silence"
    assert before["unanswered"] == {name: after[name] for name in before["unanswered"]}, "as the browser would say it"


def silent(*_: object) -> NoReturn:
    raise StoreUnavailable("nobody answers")


def test_a_ward_opened_on_a_silent_store_says_so_and_is_older_than_any_board(
    opened: Opened, one_patient: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Rounds, "ward_now", silent)
    shown = board(opened("ward", NURSE))
    assert (shown["trouble"], shown["rows"], shown["empty"]) == ("Not live: the store does not answer.", [], "")
    assert shown["asOf"] < live.now().isoformat()


def test_the_patient_page_puts_the_name_the_grades_and_the_reasons_on_one_screen(
    opened: Opened, one_patient: str
) -> None:
    shown = opened("patient", PHYSICIAN, p=patient_key(one_patient))
    assert not shown.exception
    text = seen(shown)
    assert "12 · Okafor, Ada" in text
    assert "CRS grade between 1 and 2, not enough is known" in text
    assert len(shown.get("plotly_chart")) >= 1
    assert "Day 3: inside the documented CRS window, day 0 to 14; ICANS window opens in 4 days." in text
    for words in ("? UNKNOWN", "✓ YES", "– NO", "39.1 °C", "vitals.csv:3", "What would decide it"):
        assert words in text, words


def test_an_address_that_names_nobody_says_so(opened: Opened, one_patient: str) -> None:
    shown = opened("patient", NURSE, p="nobody")
    assert [info.value for info in shown.info] == ["This address names no patient of this ward. Choose one above."]
    assert len(shown.get("plotly_chart")) == 0


def test_only_clinicians_chart(opened: Opened, one_patient: str) -> None:
    key = patient_key(one_patient)
    assert len(opened("patient", NURSE, p=key).get("form")) == 5
    assert len(opened("patient", DATA_MANAGER, p=key).get("form")) == 0


def test_a_charted_pressure_is_stored_with_its_author_and_settles_the_grade(
    opened: Opened, one_patient: str, store: Path
) -> None:
    shown = opened("patient", NURSE, p=patient_key(one_patient))
    shown.number_input(key="v-sbp").set_value(121.0)
    shown.number_input(key="v-dbp").set_value(74.0)
    next(button for button in shown.button if button.label == "Chart vital signs").click()
    shown.run()
    assert not shown.exception
    assert [success.value for success in shown.success] == ["Charted: vital signs."]
    charted = [fact for fact in facts(store) if fact["source"] == "screen"]
    assert [(fact["concept"], fact["value"], fact["author"]) for fact in charted] == [
        ("sbp", 121.0, "nurse:Ada"),
        ("dbp", 74.0, "nurse:Ada"),
    ]
    assert "CRS grade 1" in seen(shown)


def test_a_pressure_upside_down_is_refused_with_a_sentence(opened: Opened, one_patient: str, store: Path) -> None:
    shown = opened("patient", NURSE, p=patient_key(one_patient))
    shown.number_input(key="v-sbp").set_value(70.0)
    shown.number_input(key="v-dbp").set_value(110.0)
    next(button for button in shown.button if button.label == "Chart vital signs").click()
    shown.run()
    assert [warning.value for warning in shown.warning] == [
        "The lower pressure is not below the upper one. Please check both numbers."
    ]
    assert [fact for fact in facts(store) if fact["source"] == "screen"] == []


@pytest.mark.parametrize(
    ("written", "scale", "band"),
    [("38.0", "°C", "phone"), ("37.9", "°C", "noted"), ("100.4", "°F", "phone"), ("100.3", "°F", "noted")],
)
def test_the_home_answer_turns_at_38_degrees_in_both_scales(
    written: str, scale: str, band: str, opened: Opened, one_patient: str
) -> None:
    shown = opened("home", caregiver())
    shown.segmented_control(key="home-scale").set_value(scale)
    shown.text_input(key="home-temp-0").set_value(written)
    shown.run()
    assert f'class="answer {band}"' in seen(shown)


def test_marking_a_seizure_says_emergency_before_anything_is_sent(
    opened: Opened, one_patient: str, store: Path
) -> None:
    shown = opened("home", caregiver())
    before = len(facts(store))
    shown.pills(key="home-mind-0").set_value(["seizures"]).run()
    assert 'class="answer emergency"' in seen(shown)
    assert len(facts(store)) == before


def test_a_report_from_home_stores_every_asked_symptom_and_the_temperature(
    opened: Opened, one_patient: str, store: Path
) -> None:
    shown = opened("home", caregiver())
    before = len(facts(store))
    shown.text_input(key="home-temp-0").set_value("38.1")
    shown.pills(key="home-body-0").set_value(["chills"]).run()
    shown.button(key="send").click().run()
    assert [warning.value for warning in shown.warning] == ["Please say how much: Chills, shaking with cold."]
    assert len(facts(store)) == before
    shown.segmented_control(key="much-chills-0").set_value(Severity.MODERATE).run()
    shown.button(key="send").click().run()
    assert not shown.exception
    sent = facts(store)[before:]
    reports = {fact["symptom"]: fact["severity"] for fact in sent if fact["kind"] == "symptom_report"}
    assert reports["chills"] == 2
    assert reports["seizures"] == 0, "what was not marked is recorded as not there"
    assert {fact["reporter"] for fact in sent if fact["kind"] == "symptom_report"} == {"caregiver"}
    assert {fact["author"] for fact in sent} == {"caregiver:Cy"}
    assert [fact["value"] for fact in sent if fact["kind"] == "observation"] == [38.1]
    text = seen(shown)
    assert re.search(r"today \d\d:\d\d: temperature 38.1 °C, Chills, shaking with cold \(some\)", text)
    assert "Phone the team now." in text


def test_home_says_the_day_and_when_the_last_report_was_sent(opened: Opened, one_patient: str) -> None:
    shown = opened("home", caregiver())
    assert [title.value for title in shown.title] == ["How is Ada now?"]
    assert "Day 3 after the infusion · no report sent yet" in seen(shown)
    shown.text_input(key="home-temp-0").set_value("36.8").run()
    shown.button(key="send").click().run()
    assert re.search(r"Day 3 after the infusion · last report sent today \d\d:\d\d", seen(shown))


def test_reports_sent_before_are_read_from_the_store_in_the_family_s_scale(opened: Opened, one_patient: str) -> None:
    before = opened("home", caregiver())
    before.text_input(key="home-temp-0").set_value("36.8").run()
    before.button(key="send").click().run()
    another_day = opened("home", caregiver())
    assert re.search(r"today \d\d:\d\d: temperature 36.8 °C, nothing else", seen(another_day))
    another_day.segmented_control(key="home-scale").set_value("°F").run()
    assert re.search(r"today \d\d:\d\d: temperature 98.2 °F, nothing else", seen(another_day))


def test_a_report_is_called_noted_only_once_it_is_sent(opened: Opened, one_patient: str) -> None:
    shown = opened("home", caregiver())
    shown.text_input(key="home-temp-0").set_value("36.8").run()
    assert "Not sent yet. Press Send, then the team can see it." in seen(shown)
    assert "Noted" not in seen(shown)
    shown.button(key="send").click().run()
    assert "Noted. Thank you. The team can see it." in seen(shown)


def test_home_never_names_a_grade(opened: Opened, one_patient: str) -> None:
    shown = opened("home", caregiver())
    shown.pills(key="home-mind-0").set_value(["confusion_and_memory_loss"]).run()
    body = re.sub(r"<style>.*?</style>", "", seen(shown), flags=re.S)
    assert not re.search(r"grade|CRS|ICANS|ICE|ASTCT", body)
