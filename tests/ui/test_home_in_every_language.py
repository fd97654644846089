"""Home in the languages of a site: nothing that is not from the wording, the same facts, nothing typed lost."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from conftest import NURSE, Opened, caregiver, facts, seen, signed_in
from streamlit.testing.v1 import AppTest

from monitoring import languages
from monitoring.access.acts import Channel, Origin
from monitoring.records import CareContact
from monitoring.settings import ROOT
from monitoring.site import SiteSettings
from monitoring.ui import live
from monitoring.ui.people import SESSION, Person
from monitoring.ui.spoken import CHOSEN
from monitoring.vocabulary import Role, Severity
from tests.pseudo_language import forget, latin, pseudo, shown_by

__all__ = ["pseudo"]
ADMIN = Person(Role.ADMIN, "Ava")


@pytest.fixture
def three(store: Path) -> None:
    """A site that offers English, German and Spanish."""
    offer("en", "de", "es")


def offer(*codes: str) -> None:
    site, by = live.rounds().site, Origin("a1", Channel.SCREEN, Role.ADMIN)
    site.change(SiteSettings(languages=codes), seen=site.now().number, author="admin:A", at=live.now(), by=by)


def everything(page: AppTest) -> list[str]:
    """Every text that was sent to the browser, attributes that are read aloud included; components show none."""
    found: list[str] = []

    def walk(node: Any) -> None:
        for child in getattr(node, "children", {}).values():
            proto = getattr(child, "proto", None)
            if proto is not None and getattr(child, "type", "") != "bidi_component":
                found.extend(shown_by(proto))
            walk(child)

    walk(page._tree)
    return found


def not_from_the_wording(page: AppTest) -> list[str]:
    # the patient's and the caregiver's name, the contact as the ward wrote it, the two scales
    return latin(" ".join(everything(page)), "Ada", "Cy", "Ward 7 North", "day and night", "°C", "°F")


def contact(one_patient: str) -> None:
    at = live.now()
    said = {"patient_id": one_patient, "effective_at": at, "received_at": at, "source": "screen", "author": "admin:A"}
    live.rounds().record(
        [CareContact(label="Ward 7 North", phone="+49 30 1234", hours="day and night", **said)], source="screen"
    )


def test_a_family_reads_nothing_that_is_not_from_the_wording(opened: Opened, one_patient: str, pseudo: None) -> None:
    contact(one_patient)
    page = opened("home", caregiver())
    assert not_from_the_wording(page) == [], "as it opens"
    page.text_input(key="home-temp-0").set_value("38.4")
    page.pills(key="home-body-0").set_value(["chills", "vomiting"]).run()
    assert not_from_the_wording(page) == [], "marked"
    page.button(key="send").click().run()
    assert "Ｐｌｅａｓｅ" in seen(page)
    assert not_from_the_wording(page) == [], "asked how much"
    for symptom in ("chills", "vomiting"):
        page.segmented_control(key=f"much-{symptom}-0").set_value(Severity.SEVERE)
    page.segmented_control(key="home-when").set_value("earlier").run()
    assert not_from_the_wording(page) == [], "at another time"
    page.button(key="send").click().run()
    assert "ａｎｓｗｅｒ" not in seen(page)
    assert not page.exception
    assert not_from_the_wording(page) == [], "sent"


WRONG = [
    ("abc", "Ｐｌｅａｓｅ ｗｒｉｔｅ ａ ｎｕｍｂｅｒ"),
    ("383", "ｃａｎｎｏｔ ｂｅ ｒｉｇｈｔ"),
    ("12", "ｃａｎｎｏｔ ｂｅ ｒｉｇｈｔ"),
]


@pytest.mark.parametrize(("typed", "why"), WRONG)
def test_what_cannot_be_a_temperature_is_said_in_the_wording(
    typed: str, why: str, opened: Opened, one_patient: str, pseudo: None
) -> None:
    page = opened("home", caregiver())
    page.text_input(key="home-temp-0").set_value(typed).run()
    (warning,) = [one.value for one in page.warning]
    assert why in warning
    assert latin(" ".join(everything(page)), "Ada", "Cy", "°C", "°F", "abc") == []


def test_what_goes_wrong_is_said_in_the_wording(
    opened: Opened, one_patient: str, silence: Callable[[], None], pseudo: None
) -> None:
    for page in ("ward", "patient", "intake"):
        assert not_from_the_wording(opened(page, caregiver())) == [], page
    assert not_from_the_wording(opened("home", caregiver("nobody"))) == []
    assert not_from_the_wording(opened("home")) == [], "signed out"
    page = opened("home", caregiver())
    silence()
    page.run()
    assert page.error, "the store is silent"
    assert not_from_the_wording(page) == []


def test_the_walk_sees_every_kind_of_text(opened: Opened, one_patient: str) -> None:
    """The same walk in English finds what each kind of element says, so an empty answer above means something."""
    page = opened("home", caregiver())
    page.pills(key="home-body-0").set_value(["chills"]).run()
    said = " ".join(everything(page))
    for text in (
        "How is Ada now?",
        "Temperature",
        "not measured",
        "Vomiting",
        "how much?",
        "a lot",
        "just now",
        "Send",
    ):
        assert text in said
    assert "Phone the team" in said


REPORTS = {"en": "38.1", "de": "38,1", "es": "38,1"}
SENT = {
    "en": r"today \d\d:\d\d: temperature 38\.1 °C, Chills, shaking with cold \(some\)",
    "de": r"heute \d\d:\d\d Uhr: Temperatur 38,1 °C, Schüttelfrost, zittert vor Kälte \(mittel\)",
    "es": r"hoy, \d\d:\d\d h: temperatura 38,1 °C, Escalofríos, tiembla de frío \(regular\)",
}


def report(opened: Opened, language: str, store: Path) -> tuple[list[dict[str, Any]], str]:
    """A report of 38.1 and some chills in a language: the facts without what every report has anew, and the page."""
    before = len(facts(store))
    page = opened("home", caregiver())
    page.segmented_control(key=CHOSEN).set_value(language).run()
    page.text_input(key="home-temp-0").set_value(REPORTS[language])
    page.pills(key="home-body-0").set_value(["chills"]).run()
    page.segmented_control(key="much-chills-0").set_value(Severity.MODERATE).run()
    page.button(key="send").click().run()
    assert not page.exception
    own = {"fact_id", "effective_at", "recorded_at", "received_at"}
    sent = [{name: value for name, value in fact.items() if name not in own} for fact in facts(store)[before:]]
    return sent, seen(page)


def test_the_same_report_is_the_same_facts_in_every_language(
    opened: Opened, one_patient: str, three: None, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = live.now()
    english, page = report(opened, "en", store)
    assert {fact["value"] for fact in english if fact["kind"] == "observation"} == {38.1}
    assert {fact["severity"] for fact in english if fact.get("symptom") == "chills"} == {2}
    assert re.search(SENT["en"], page)
    for minutes, language in enumerate(("de", "es"), start=1):
        monkeypatch.setattr(live, "now", lambda minutes=minutes: begun + timedelta(minutes=minutes))
        sent, page = report(opened, language, store)
        assert sent == english
        assert re.search(SENT[language], page)


def test_a_change_of_language_loses_nothing_that_was_typed(opened: Opened, one_patient: str, three: None) -> None:
    page = opened("home", caregiver())
    page.text_input(key="home-temp-0").set_value("38.4")
    page.pills(key="home-body-0").set_value(["chills"]).run()
    page.segmented_control(key="much-chills-0").set_value(Severity.SEVERE).run()
    page.segmented_control(key=CHOSEN).set_value("de").run()
    assert [title.value for title in page.title] == ["Wie geht es Ada jetzt?"]
    assert page.text_input(key="home-temp-0").value == "38.4"
    assert page.pills(key="home-body-0").value == ["chills"]
    assert page.segmented_control(key="much-chills-0").value == Severity.SEVERE
    said = seen(page)
    assert "Rufen Sie jetzt das Team an." in said
    assert "Sagen Sie: „Temperatur 38,4 °C. Schüttelfrost, zittert vor Kälte.“" in said
    assert '<i lang="en">Temperature 38.4 °C. Chills, shaking with cold</i>' in said


def in_locale(name: str, person: Person, locale: str) -> AppTest:
    """The page as it opens in a browser that speaks `locale`."""
    page = AppTest.from_file(str(ROOT / "pages" / f"{name}.py"), default_timeout=30)
    page.user = {SESSION: signed_in(person)}
    page.context["locale"] = locale
    return page.run()


WISHES = [(("en", "de"), "de-AT", "Wie geht"), (("en", "de"), "fr-FR", "How is"), (("de", "en"), "fr-FR", "Wie geht")]


@pytest.mark.parametrize(("site", "locale", "title"), WISHES)
def test_the_browser_s_language_is_taken_where_the_site_offers_it_else_the_site_s_first(
    site: tuple[str, ...], locale: str, title: str, one_patient: str
) -> None:
    offer(*site)
    assert in_locale("home", caregiver(), locale).title[0].value.startswith(title)


def test_a_site_of_one_language_asks_nothing(one_patient: str) -> None:
    page = in_locale("home", caregiver(), "de-DE")
    assert page.title[0].value == "How is Ada now?"
    assert [one.key for one in page.segmented_control if one.key == CHOSEN] == []


def test_staff_read_english_whatever_their_browser_speaks(one_patient: str, three: None) -> None:
    page = in_locale("ward", NURSE, "de-DE")
    assert [one.label for one in page.button if one.key == "sign-out"] == ["Sign out"]


def test_the_administrator_is_told_that_a_language_is_not_reviewed(opened: Opened, one_patient: str) -> None:
    page = opened("administration", ADMIN, part="Site")
    (languages,) = page.multiselect
    languages.set_value(["de", "en"]).run()
    assert "Not yet reviewed by a clinical translator: Deutsch." in seen(page)
    assert 'languages for families</td><td data-name="Now">en</td><td data-name="Then">de, en' in seen(page)
    assert "No row of the ward would change now" in seen(page)
    next(one for one in page.button if one.label == "Save these settings").click().run()
    assert live.rounds().site.now().settings.languages == ("de", "en")


def test_a_language_whose_wording_is_gone_is_not_offered_and_stops_nothing(
    opened: Opened, one_patient: str, three: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for language in ("en", "es"):
        shutil.copy(languages.FOLDER / f"{language}.toml", tmp_path)
    monkeypatch.setattr(languages, "FOLDER", tmp_path)
    forget()
    try:
        page = opened("home", caregiver())
        assert page.segmented_control(key=CHOSEN).options == ["English", "Español"]
    finally:
        monkeypatch.undo()
        forget()
