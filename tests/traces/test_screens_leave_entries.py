"""What is looked at and charted on the screens leaves its entry; what cannot be recorded is not shown."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from monitoring.access import AccessRefused
from monitoring.access.acts import Act, Channel, Deed, Origin
from monitoring.store import Store, StoreUnavailable
from monitoring.store.audit import Asked, Audit
from monitoring.ui import live
from monitoring.ui.audit_report import chain_sentence, export_of
from monitoring.ui.intake_report import sheet
from monitoring.ui.people import Person, patient_key
from monitoring.ui.traces import traced, viewed
from monitoring.vocabulary import Role

from .peculiar import NAME, seen

SignIn = Callable[[Role], str]
Open = Callable[..., AppTest]


def acts(store: Store, act: Act) -> list[Deed]:
    return [entry.deed for entry in store.audit.entries(Asked(act=act))]


def unwritable(url: str) -> None:
    """From now on no entry can be written, while everything else can be read."""
    with sqlite3.connect(url.removeprefix("sqlite:///")) as database:
        database.execute("ALTER TABLE audit RENAME TO elsewhere")


def test_a_patient_opened_again_by_the_same_session_is_one_view(
    store: Store, patient: str, signed_in: SignIn, opened: Open
) -> None:
    nurse = signed_in(Role.NURSE)
    for _ in range(2):
        opened("patient", nurse, p=patient_key(patient)).run()
    (view,) = acts(store, Act.PATIENT_VIEWED)
    assert (view.patient_id, view.by.role, view.by.channel, view.by.address) == (
        patient,
        Role.NURSE,
        Channel.SCREEN,
        "10.0.0.7",
    )


def test_two_people_who_open_a_patient_are_two_views(
    store: Store, patient: str, signed_in: SignIn, opened: Open
) -> None:
    for role in (Role.NURSE, Role.PHYSICIAN):
        opened("patient", signed_in(role), p=patient_key(patient))
    assert {view.by.role for view in acts(store, Act.PATIENT_VIEWED)} == {Role.NURSE, Role.PHYSICIAN}


def test_a_page_that_names_nobody_is_no_view(store: Store, patient: str, signed_in: SignIn, opened: Open) -> None:
    opened("patient", signed_in(Role.NURSE))
    assert acts(store, Act.PATIENT_VIEWED) == []


def test_the_ward_is_one_entry_a_session_however_often_it_refreshes(
    store: Store, patient: str, signed_in: SignIn, opened: Open
) -> None:
    page = opened("ward", signed_in(Role.DISPLAY))
    for _ in range(3):
        page.run()
    (entry,) = acts(store, Act.WARD_OPENED)
    assert entry.patient_id is None
    assert acts(store, Act.PATIENT_VIEWED) == []


def test_a_view_that_cannot_be_recorded_is_not_shown(url: str, patient: str, signed_in: SignIn, opened: Open) -> None:
    nurse = signed_in(Role.NURSE)
    unwritable(url)
    page = opened("patient", nurse, p=patient_key(patient))
    assert [error.value for error in page.error]
    assert "39.5" not in seen(page)
    assert page.get("plotly_chart") == []


def test_a_second_tab_is_not_shown_by_an_entry_that_is_not_kept_yet(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An entry may wait half a minute for the writers' lock, and then fail; a reload does not wait for that."""
    nurse, second_tab = Person(Role.NURSE, "Ada", session_id="s1"), []

    def waits_and_fails(*_: object) -> None:
        if not second_tab:
            second_tab.append("asks meanwhile")
            with pytest.raises(StoreUnavailable):
                viewed(nurse, "P1")
        raise StoreUnavailable("database is locked")

    monkeypatch.setattr(Audit, "record", waits_and_fails)
    with pytest.raises(StoreUnavailable):
        viewed(nurse, "P1")
    assert second_tab


def test_the_ward_is_shown_although_that_cannot_be_recorded(
    url: str, patient: str, signed_in: SignIn, opened: Open
) -> None:
    nurse = signed_in(Role.NURSE)
    unwritable(url)
    page = opened("ward", nurse)
    assert [error.value for error in page.error] == []
    assert NAME.split(",")[0] in str([one.proto.json for one in page.get("bidi_component")])


def test_charting_leaves_an_entry_about_the_patient(
    store: Store, patient: str, signed_in: SignIn, opened: Open
) -> None:
    page = opened("patient", signed_in(Role.NURSE), p=patient_key(patient))
    page.number_input(key="v-heart_rate").set_value(104)
    next(button for button in page.button if button.label == "Chart vital signs").click().run()
    (entry,) = acts(store, Act.FACT_CHARTED)
    assert (entry.patient_id, entry.how_many, entry.by.role) == (patient, 1, Role.NURSE)
    assert store.facts(patient)[-1].author == "nurse:Dr nurse"


def test_a_family_that_looks_and_reports_leaves_both(
    store: Store, patient: str, signed_in: SignIn, opened: Open
) -> None:
    page = opened("home", signed_in(Role.CAREGIVER))
    page.text_input(key="home-temp-0").set_value("38.4")
    page.button(key="send").click().run()
    for act in (Act.PATIENT_VIEWED, Act.FACT_CHARTED):
        (entry,) = acts(store, act)
        assert (entry.patient_id, entry.by.role) == (patient, Role.CAREGIVER)


def test_the_audit_is_for_the_administrator_only(patient: str, signed_in: SignIn, opened: Open) -> None:
    for role in Role:
        page = opened("audit", signed_in(role))
        assert ("Audit" in [title.value for title in page.title]) == (role is Role.ADMIN), role


def test_the_audit_shows_who_did_what_and_that_it_is_read(
    store: Store, patient: str, signed_in: SignIn, opened: Open
) -> None:
    opened("patient", signed_in(Role.NURSE), p=patient_key(patient))
    text = seen(opened("audit", signed_in(Role.ADMIN)))
    assert len(acts(store, Act.AUDIT_READ)) == 1
    for word in ("Dr nurse", "patient viewed", patient, "screen 10.0.0.7", "audit read", "account added"):
        assert word in text
    assert NAME not in text


def test_the_audit_is_found_by_patient_person_and_act(
    store: Store, patient: str, signed_in: SignIn, opened: Open
) -> None:
    nurse = signed_in(Role.NURSE)
    opened("patient", nurse, p=patient_key(patient))
    page = opened("audit", signed_in(Role.ADMIN))
    page.text_input(key="audit-patient").set_value(patient).run()
    assert seen(page).count('data-name="When"') == 1
    page.text_input(key="audit-patient").set_value("").run()
    page.selectbox(key="audit-act").set_value(Act.SIGNED_IN).run()
    assert seen(page).count('data-name="When"') == 2
    page.selectbox(key="audit-who").set_value(live.admission().account("nurse-1").account_id).run()
    assert seen(page).count('data-name="When"') == 1
    page.text_input(key="audit-patient").set_value("nobody").run()
    assert "Nothing is recorded that fits" in seen(page)


def test_a_long_audit_is_read_page_by_page(store: Store, patient: str, signed_in: SignIn, opened: Open) -> None:
    for _ in range(150):
        store.audit.record(Deed(Act.DATA_SENT, Origin("service:bus", Channel.HTTP)), live.now())
    page = opened("audit", signed_in(Role.ADMIN))
    page.selectbox(key="audit-act").set_value(Act.DATA_SENT).run()
    assert seen(page).count('data-name="When"') == 100
    page.button(key="audit-older").click().run()
    assert seen(page).count('data-name="When"') == 50
    page.button(key="audit-newer").click().run()
    assert seen(page).count('data-name="When"') == 100


def test_the_chain_is_verified_on_demand_in_one_sentence(
    url: str, store: Store, patient: str, signed_in: SignIn, opened: Open
) -> None:
    page = opened("audit", signed_in(Role.ADMIN))
    page.button(key="audit-verify").click().run()
    (holds,) = [said.value for said in page.success]
    assert holds == chain_sentence([], store.audit.head())
    with sqlite3.connect(url.removeprefix("sqlite:///")) as database:
        database.execute("DROP TRIGGER audit_no_update")
        database.execute("UPDATE audit SET who = 'somebody else' WHERE seq = 2")
    page.button(key="audit-verify").click().run()
    (broken,) = [said.value for said in page.error]
    assert broken.startswith("The chain is broken: audit 2:")


def keeper_with(session_id: str) -> Person:
    return Person(Role.ADMIN, "Keeper", account_id="k1", session_id=session_id)


def test_an_export_of_the_audit_is_recorded_before_it_is_made_and_opens_no_formula(
    store: Store, patient: str, signed_in: SignIn
) -> None:
    keeper = keeper_with(signed_in(Role.ADMIN))
    store.audit.record(Deed(Act.TOKEN_MADE, Origin("k1", Channel.SCREEN), about="=HYPERLINK(1)"), live.now())
    text = traced(keeper, "audit", lambda: sheet(export_of(store.audit.entries(), {})))().decode("utf-8-sig")
    lines = text.splitlines()
    assert lines[0] == "seq,at,act,who,who_is,role,channel,address,patient_id,about,how_many,previous,hash"
    assert ",downloaded,k1," in lines[1]
    assert ",'=HYPERLINK(1)," in lines[2]


def test_a_download_that_cannot_be_recorded_is_not_made(url: str, patient: str, signed_in: SignIn) -> None:
    made: list[bool] = []
    keeper = keeper_with(signed_in(Role.ADMIN))
    unwritable(url)
    with pytest.raises(StoreUnavailable):
        traced(keeper, "audit", lambda: bytes(made.append(True) or 0))()
    assert made == []


def test_the_button_of_a_session_that_was_ended_hands_out_nothing(
    store: Store, patient: str, signed_in: SignIn
) -> None:
    """Its websocket stays open for some seconds more, and a button needs no run of the page."""
    made: list[bool] = []
    session_id = signed_in(Role.ADMIN)
    button = traced(keeper_with(session_id), "audit", lambda: bytes(made.append(True) or 0))
    live.admission().sign_out(session_id, live.now())
    with pytest.raises(AccessRefused):
        button()
    assert made == []
    assert acts(store, Act.DOWNLOADED) == []


def test_every_page_that_draws_a_patient_says_so() -> None:
    """A page that asks the rounds for one patient and leaves no view would show somebody unseen."""
    pages = Path(__file__).resolve().parents[2] / "pages"
    for page in sorted(pages.glob("*.py")):
        text = page.read_text(encoding="utf-8")
        if "rounds().patient(" in text or "rounds().home(" in text:
            assert "viewed(someone" in text, page.name
