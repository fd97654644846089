"""The Administration page, run for real: what is typed becomes facts, settings, accounts; and what is asked first."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from conftest import NURSE, PHYSICIAN, Opened, caregiver, facts, seen, signed_in
from streamlit.testing.v1 import AppTest

from monitoring.access.acts import Act
from monitoring.store.audit import Asked
from monitoring.ui import live
from monitoring.ui.administration.words import (
    Said,
    contact_fact,
    enrolment_facts,
    infusion_fact,
    place_fact,
    step_fact,
)
from monitoring.ui.home_report import dialled
from monitoring.ui.people import Person, patient_key
from monitoring.ui.statements import StatementRefused
from monitoring.vocabulary import CourseStep, Role, Scope, Sex

ADMIN = Person(Role.ADMIN, "Cleo")


def field(page: AppTest, kind: str, label: str) -> Any:
    """The one widget of a kind with that label."""
    widgets: Iterable[Any] = page.get(kind)
    (found,) = [one for one in widgets if one.label == label]
    return found


def fill(page: AppTest, kind: str, label: str, value: object) -> AppTest:
    field(page, kind, label).set_value(value)
    return page


def keyed(widgets: Iterable[Any], start: str) -> Any:
    """The first widget whose key begins so."""
    return next(one for one in widgets if (one.key or "").startswith(start))


def press(page: AppTest, label: str) -> AppTest:
    shown: AppTest = field(page, "button", label).click().run()
    assert not shown.exception
    return shown


def choose(page: AppTest, patient_id: str) -> AppTest:
    shown = page.selectbox(key="administered").set_value(patient_key(patient_id)).run()
    assert not shown.exception
    return shown


def typed(page: AppTest, born: date, product: str = "Kymriah") -> AppTest:
    """A new patient with B-ALL, as somebody types it."""
    fill(page, "text_input", "Identifier", "A-99")
    fill(page, "text_input", "Name", "Quill, Mara")
    fill(page, "date_input", "Birth date", born)
    fill(page, "selectbox", "Treated for", "B-cell acute lymphoblastic leukaemia")
    fill(page, "selectbox", "Product", product)
    return page.run()


def kinds(store: Path) -> list[str]:
    return [str(fact["kind"]) for fact in facts(store)]


def test_nothing_of_a_new_patient_is_filled_in(opened: Opened) -> None:
    page = opened("administration", PHYSICIAN)
    assert [one.value for one in page.text_input] == ["", ""]
    assert [one.value for one in page.date_input] == [None]
    assert [one.value for one in page.number_input] == [None, None]
    assert [one.value for one in page.selectbox if one.key != "administered"] == [None, None, None]


def test_within_the_label_a_patient_is_enrolled_at_once(opened: Opened, store: Path) -> None:
    born = live.now().date() - timedelta(days=12 * 365)
    page = press(typed(opened("administration", PHYSICIAN), born), "Enrol")
    assert "Enrolled" in seen(page)
    patient, enrolment = facts(store)
    assert (patient["kind"], patient["name"], patient["author"]) == ("patient", "Quill, Mara", "physician:Bo")
    assert (patient["sex"], "weight_kg" in patient) == ("unknown", False)
    assert (enrolment["product"], enrolment["confirmed"]) == ("Kymriah", [])


def test_outside_the_label_the_page_says_so_asks_and_does_not_refuse(opened: Opened, store: Path) -> None:
    born = live.now().date() - timedelta(days=46 * 366)
    page = typed(opened("administration", PHYSICIAN), born)
    assert "up to 25 years of age. This patient is 46." in seen(page)
    assert "hcp.novartis.com" in seen(page)
    page = press(page, "Enrol")
    assert "Please confirm" in seen(page)
    assert facts(store) == []
    page.checkbox[0].check()
    press(page, "Enrol")
    assert facts(store)[1]["confirmed"] == ["age"]


def test_a_known_identifier_is_not_enrolled_again(opened: Opened, one_patient: str, store: Path) -> None:
    page = opened("administration", PHYSICIAN)
    before = len(facts(store))
    fill(page, "text_input", "Identifier", one_patient)
    page = press(page.run(), "Enrol")
    assert "known already" in seen(page)
    assert len(facts(store)) == before


def test_a_step_needs_its_moment_and_carries_its_author(opened: Opened, one_patient: str, store: Path) -> None:
    page = choose(opened("administration", PHYSICIAN), one_patient)
    fill(page, "selectbox", "Step", "Cells collected")
    page = press(page.run(), "Write down")
    assert "choose the day and the time" in seen(page)
    day = live.now().date() - timedelta(days=30)
    fill(page, "date_input", "Step: day", day)
    keyed(page.time_input, "step-send").set_value(time(9, 30))
    page = press(page.run(), "Write down")
    assert facts(store)[-1] | {"kind": "milestone", "step": "collection", "author": "physician:Bo"} == facts(store)[-1]
    assert "Cells collected" in seen(page)


def test_a_number_stands_on_the_familys_page_until_it_is_taken_away(
    opened: Opened, one_patient: str, store: Path
) -> None:
    page = choose(opened("administration", ADMIN), one_patient)
    fill(page, "text_input", "Who answers", "Ward 7 <b>North</b>")
    fill(page, "text_input", "Telephone", "+49 (30) 123-4567")
    page = press(page.run(), "Add")
    home = seen(opened("home", caregiver()))
    assert 'href="tel:+49301234567"' in home
    assert "Ward 7 &lt;b&gt;North" in home
    press(page, "Take away")
    assert "tel:" not in seen(opened("home", caregiver()))
    assert kinds(store)[-2:] == ["care_contact", "correction"]


def test_an_end_is_said_on_the_patients_page_with_who_and_when(opened: Opened, one_patient: str) -> None:
    page = choose(opened("administration", PHYSICIAN), one_patient)
    fill(page, "text_input", "Why", "well")
    yesterday = live.now().date() - timedelta(days=1)
    fill(page, "date_input", "Since: day", yesterday)
    keyed(page.time_input, "end-send").set_value(time(11, 20))
    # the button and the expander that holds it carry the same words
    page.button(key="end-send").click().run()
    sentence = f"Monitoring ended on {yesterday:%-d %b %Y} at 11:20 by Bo (physician): well."
    assert sentence in seen(opened("patient", PHYSICIAN, p=patient_key(one_patient)))


def test_who_opens_a_patient_here_is_in_the_audit(opened: Opened, one_patient: str) -> None:
    choose(opened("administration", PHYSICIAN), one_patient)
    (entry,) = live.rounds().audit.entries(Asked(act=Act.PATIENT_VIEWED))
    assert (entry.deed.patient_id, entry.deed.by.role) == (one_patient, Role.PHYSICIAN)


def test_a_physician_finds_neither_settings_nor_accounts(opened: Opened) -> None:
    assert len(opened("administration", PHYSICIAN).get("button_group")) == 0


def test_a_setting_is_shown_with_its_effect_before_it_is_saved(opened: Opened, one_patient: str) -> None:
    page = opened("administration", ADMIN, part="Site")
    assert "Nothing is different" in seen(page)
    fill(page, "number_input", "Vital signs: count for, hours", 12.0)
    page = page.run()
    row = next(row for row in re.findall(r"<tr>(.*?)</tr>", seen(page)) if "freshness of vitals" in row)
    now_and_then = dict(re.findall(r'<td data-name="([^"]+)">([^<]+)</td>', row))
    assert now_and_then == {"Setting": "freshness of vitals", "Now": "6 h, as in the dictionary", "Then": "12 h"}
    assert "1 of 1 rows of the ward would change now" in seen(page)
    assert live.rounds().site.now().number == 0
    page = press(page, "Save these settings")
    assert "Revision 1 holds from now on" in seen(page)
    assert "admin" in seen(page)
    (entry,) = live.rounds().audit.entries(Asked(act=Act.SETTINGS_CHANGED))
    assert entry.deed.about == "freshness of vitals"


def test_a_setting_that_contradicts_another_is_said_and_cannot_be_saved(opened: Opened, one_patient: str) -> None:
    page = opened("administration", ADMIN, part="Site")
    fill(page, "number_input", "Vital signs: count for, hours", 2.0)
    page = page.run()
    assert "expected a freshness of at least the cadence" in seen(page)
    assert [one.label for one in page.button if one.label == "Save these settings"] == []


def test_an_account_is_made_with_a_link_that_is_shown_once(opened: Opened, one_patient: str) -> None:
    page = opened("administration", ADMIN, part="Accounts")
    fill(page, "text_input", "Signs in as", "Nadia")
    next(one for one in page.selectbox if one.label == "Role").set_value(Role.NURSE)
    page = press(page.run(), "Make account and link")
    (link,) = [one.value for one in page.code]
    secret = link.partition("link=")[2]
    invited = live.admission().invited(secret, live.now())
    assert invited is not None
    assert (invited.name, invited.role) == ("nadia", Role.NURSE)
    assert [one.value for one in page.run().code] == []
    (entry,) = live.rounds().audit.entries(Asked(act=Act.LINK_MADE))
    assert entry.deed.by.role is Role.ADMIN


def test_a_family_has_a_patient_and_an_end(opened: Opened, one_patient: str) -> None:
    page = opened("administration", ADMIN, part="Accounts")
    fill(page, "text_input", "Signs in as", "Okafor family")
    next(one for one in page.selectbox if one.label == "Role").set_value(Role.CAREGIVER)
    page = press(page.run(), "Make account and link")
    assert "until when" in seen(page)
    next(one for one in page.selectbox if one.label == "Patient" and one.key != "administered").set_value(one_patient)
    end = live.now().date() + timedelta(days=20)
    keyed(page.date_input, "until-new").set_value(end)
    press(page.run(), "Make account and link")
    made = live.admission().account("okafor family")
    assert made.patient_id == one_patient
    assert made.ends_at is not None
    assert made.ends_at.astimezone(live.settings().ward_zone).date() == end


def test_the_last_administrator_stays(opened: Opened) -> None:
    page = opened("administration", ADMIN, part="Accounts")
    (admin,) = [one for one in live.admission().accounts() if one.role is Role.ADMIN]
    keyed(page.selectbox, "change-").set_value(admin.name)
    page = page.run()
    next(one for one in page.selectbox if one.key == f"role-{admin.account_id}-0").set_value(Role.NURSE)
    page = press(page.run(), "Keep role, patient and end")
    assert "last administrator" in seen(page)
    assert live.admission().account(admin.name).role is Role.ADMIN


def changing(opened: Opened, name: str) -> AppTest:
    """The accounts, with the one of that display name chosen to be changed."""
    page = opened("administration", ADMIN, part="Accounts")
    (account,) = [one for one in live.admission().accounts() if one.display_name == name]
    keyed(page.selectbox, "change-").set_value(account.name)
    return page.run()


def test_somebody_is_signed_out_everywhere_and_may_sign_in_again(opened: Opened) -> None:
    session = signed_in(NURSE)
    assert live.admission().visitor(session, live.now()) is not None
    press(changing(opened, "Ada"), "Sign out everywhere")
    assert live.admission().visitor(session, live.now()) is None
    (account,) = [one for one in live.admission().accounts() if one.display_name == "Ada"]
    assert not account.closed(live.now())


def test_another_role_ends_what_was_open_and_is_in_the_audit(opened: Opened) -> None:
    session = signed_in(NURSE)
    page = changing(opened, "Ada")
    (account,) = [one for one in live.admission().accounts() if one.display_name == "Ada"]
    keyed(page.selectbox, f"role-{account.account_id}").set_value(Role.DATA_MANAGER)
    press(page.run(), "Keep role, patient and end")
    assert live.admission().account(account.name).role is Role.DATA_MANAGER
    assert live.admission().visitor(session, live.now()) is None
    (entry,) = live.rounds().audit.entries(Asked(act=Act.ACCOUNT_CHANGED))
    assert (entry.deed.about, entry.deed.by.role) == (account.account_id, Role.ADMIN)


@pytest.mark.parametrize("left", [timedelta(days=3), timedelta(days=-1)], ids=["to come", "over"])
def test_the_end_of_a_staff_account_is_kept_to_the_minute(opened: Opened, left: timedelta) -> None:
    now = live.now()
    ends_at = now + left
    made = live.admission().add("temp", Role.NURSE, min(now, ends_at) - timedelta(days=1), ends_at=ends_at)
    press(changing(opened, made.display_name), "Keep role, patient and end")
    assert live.admission().account("temp").ends_at == ends_at


def test_another_role_keeps_the_end(opened: Opened) -> None:
    ends_at = live.now() + timedelta(days=3)
    made = live.admission().add("temp", Role.NURSE, live.now(), ends_at=ends_at)
    page = changing(opened, made.display_name)
    keyed(page.selectbox, f"role-{made.account_id}").set_value(Role.DATA_MANAGER)
    press(page.run(), "Keep role, patient and end")
    kept = live.admission().account("temp")
    assert (kept.role, kept.ends_at) == (Role.DATA_MANAGER, ends_at)


def test_the_end_of_a_family_moves_only_where_another_day_is_chosen(opened: Opened, one_patient: str) -> None:
    ends_at = live.now() + timedelta(days=3)
    made = live.admission().add("fam", Role.CAREGIVER, live.now(), patient_id=one_patient, ends_at=ends_at)
    page = press(changing(opened, made.display_name), "Keep role, patient and end")
    assert live.admission().account("fam").ends_at == ends_at
    page = changing(opened, made.display_name)
    later = live.now().astimezone(live.settings().ward_zone).date() + timedelta(days=9)
    keyed(page.date_input, f"until-{made.account_id}").set_value(later)
    press(page.run(), "Keep role, patient and end")
    kept = live.admission().account("fam").ends_at
    assert kept is not None
    assert kept.astimezone(live.settings().ward_zone).replace(tzinfo=None) == datetime.combine(later, time(23, 59))


def test_a_closed_account_opens_nothing(opened: Opened) -> None:
    session = signed_in(NURSE)
    press(changing(opened, "Ada"), "Close for good")
    assert live.admission().visitor(session, live.now()) is None
    (account,) = [one for one in live.admission().accounts() if one.display_name == "Ada"]
    assert account.closed(live.now())


def test_of_a_product_given_twice_the_second_infusion_is_asked_for(opened: Opened, one_patient: str) -> None:
    now = live.now()
    given = infusion_fact("P7", "obe-cel", "B-ALL", by=PHYSICIAN, at=now - timedelta(days=10), now=now)
    live.rounds().record([given], source="test")
    assert "1 of 2 written. Each has its own windows." in seen(choose(opened("administration", PHYSICIAN), "P7"))
    again = infusion_fact("P7", "obe-cel", "B-ALL", by=PHYSICIAN, at=now - timedelta(hours=1), now=now)
    live.rounds().record([again], source="test")
    page = seen(choose(opened("administration", PHYSICIAN), "P7"))
    assert "of 2 written" not in page
    assert "Infusion 2" in page
    assert "given in" not in seen(choose(opened("administration", PHYSICIAN), one_patient))


def test_a_token_is_shown_once_and_revoked(opened: Opened) -> None:
    page = opened("administration", ADMIN, part="Accounts")
    keyed(page.text_input, "token-").set_value("gateway")
    page.multiselect[0].set_value([Scope.INGEST_WRITE])
    page = press(page.run(), "Make token")
    (secret,) = [one.value for one in page.code]
    assert live.admission().bearer(secret, live.now()) is not None
    keyed(page.selectbox, "revoke-").set_value("gateway")
    press(page.run(), "Revoke")
    assert live.admission().bearer(secret, live.now()) is None


@pytest.mark.parametrize(
    ("phone", "dials"),
    [("+49 30 1234567", "+49301234567"), ("030/123-45.67", "0301234567"), ("112", "112"), ("(0)30 1 2", "03012")],
)
def test_a_number_is_dialled_by_its_digits(phone: str, dials: str, store: Path) -> None:
    assert contact_fact("P1", "Ward", phone, "", by=NURSE, now=live.now()).phone == phone
    assert dialled(phone) == dials


@pytest.mark.parametrize("phone", ["", "7", "call us", "12;post=1", "javascript:1", "1+2", "1" * 21])
def test_what_no_telephone_dials_is_refused(phone: str, store: Path) -> None:
    with pytest.raises(StatementRefused, match="is no telephone number"):
        contact_fact("P1", "Ward", phone, "", by=NURSE, now=live.now())


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (Said(" "), "An identifier is needed"),
        (Said("A\nB"), "identifier cannot be used"),
        (Said("A", birth_date=date(1890, 1, 1)), "cannot be the birth date"),
        (Said("A", birth_date=date(2190, 1, 1)), "cannot be the birth date"),
        (Said("A", weight_kg=700, sex=Sex.MALE), "700 kg cannot be right"),
    ],
)
def test_what_cannot_be_a_patient_is_refused_with_a_reason(said: Said, why: str, store: Path) -> None:
    with pytest.raises(StatementRefused, match=why):
        enrolment_facts(said, by=NURSE, now=live.now(), confirmed=[])


def test_what_lies_ahead_is_not_written_down(store: Path) -> None:
    now, ahead = live.now(), live.now() + timedelta(minutes=1)
    with pytest.raises(StatementRefused, match="still to come"):
        infusion_fact("P1", "Kymriah", "", by=NURSE, at=ahead, now=now)
    with pytest.raises(StatementRefused, match="still to come"):
        step_fact("P1", CourseStep.MONITORING_ENDED, "", by=NURSE, at=ahead, now=now)
    with pytest.raises(StatementRefused, match="still to come"):
        place_fact("P1", "home", "", by=NURSE, at=ahead, now=now)
