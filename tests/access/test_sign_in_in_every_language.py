"""The sign-in and the one-time link in a family's language: chosen there, or asked for by the browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime

import httpx
import pytest
from conftest import PASSWORD, person
from serving import served
from starlette.applications import Starlette
from starlette.middleware import Middleware

from monitoring.admission import Admission
from monitoring.api import ROUTES, Gate, opened
from monitoring.site import SiteSettings
from monitoring.vocabulary import Role
from tests.pseudo_language import latin, pseudo, read_in

__all__ = ["pseudo"]


@pytest.fixture
def browser(address: str) -> Iterator[httpx.Client]:
    gate = Middleware(Gate, by_a_person=lambda _: False)
    with (
        served(Starlette(routes=ROUTES, middleware=[gate])) as url,
        httpx.Client(base_url=url, timeout=30, headers={"accept": "text/html"}) as client,
    ):
        yield client


@pytest.fixture
def three(address: str) -> None:
    settings = SiteSettings(languages=("en", "de", "es"))
    opened.store().site.change(settings, seen=0, author="admin:A", at=datetime.now(UTC))


def send(browser: httpx.Client, path: str, **fields: str) -> httpx.Response:
    token = re.search(r'name="form_token" value="([^"]+)"', browser.get(path).text)
    assert token
    where = path.partition("?")[0]
    return browser.post(where, data={"form_token": token[1], **fields}, headers={"origin": str(browser.base_url)})


def spoken(answer: httpx.Response) -> str:
    found = re.search(r'<html lang="([^"]+)">', answer.text)
    assert found
    return found[1]


ASKED = [
    ("de-DE,de;q=0.9,en;q=0.8", "de"),
    ("fr;q=0.9, es;q=0.5, en;q=0.1", "es"),
    ("fr", "en"),
    ("", "en"),
    ("x;q=y", "en"),
]


@pytest.mark.parametrize(("header", "code"), ASKED)
def test_the_browser_is_answered_in_its_language_where_the_site_offers_it(
    header: str, code: str, browser: httpx.Client, three: None
) -> None:
    assert spoken(browser.get("/auth/sign-in", headers={"accept-language": header})) == code


def test_a_site_that_offers_english_only_answers_in_english(browser: httpx.Client) -> None:
    answer = browser.get("/auth/sign-in?language=de", headers={"accept-language": "de"})
    assert spoken(answer) == "en"
    assert "hreflang" not in answer.text


def test_what_is_chosen_is_kept_and_leads_on_to_where_it_was_going(browser: httpx.Client, three: None) -> None:
    first = browser.get("/auth/sign-in?next=/home")
    (link,) = re.findall(r'href="([^"]+)" lang="de"', first.text)
    second = browser.get(link.replace("&amp;", "&"), headers={"accept-language": "es"})
    assert spoken(second) == "de"
    assert 'name="next" value="/home"' in second.text
    (cookie,) = [line for line in second.headers.get_list("set-cookie") if line.startswith("ward_language=")]
    assert cookie.startswith("ward_language=de;")
    assert spoken(browser.get("/auth/sign-in", headers={"accept-language": "es"})) == "de"
    refused = send(browser, "/auth/sign-in", name="nobody", password="not this one at all")  # noqa: S106
    assert "Name und Passwort passen nicht zusammen." in refused.text


def test_a_language_that_nobody_offers_is_not_kept(browser: httpx.Client, three: None) -> None:
    answer = browser.get("/auth/sign-in", params={"language": 'xx";'})
    assert spoken(answer) == "en"
    kept = [line for line in answer.headers.get_list("set-cookie") if line.startswith("ward_language=")]
    assert [line.partition(";")[0] for line in kept] == ["ward_language=en"]


def unworded(answer: httpx.Response) -> list[str]:
    # the account's own two names
    return latin(read_in(answer.text), "caregiver", "Ada")


def test_a_family_reads_nothing_before_the_sign_in_that_is_not_from_the_wording(
    browser: httpx.Client, admission: Admission, pseudo: None
) -> None:
    account = person(admission, Role.CAREGIVER, datetime.now(UTC))
    assert unworded(browser.get("/auth/sign-in?done=set")) == []
    assert unworded(browser.get("/auth/sign-out")) == []
    assert unworded(browser.get("/nowhere/at/all")) == []
    wrong = {"name": "caregiver", "password": PASSWORD[1:]}
    for _ in range(20):
        refused = send(browser, "/auth/sign-in", **wrong)
        assert unworded(refused) == []
        if refused.status_code == 429:
            break
    assert refused.status_code == 429
    assert unworded(browser.post("/auth/sign-in", data=wrong)) == [], "a form from elsewhere"
    link = admission.invite(account, datetime.now(UTC))
    assert unworded(browser.get("/auth/set-password", params={"link": link})) == []
    for password in ("short", "a" * 20, "caregiver and more"):
        chosen = {"password": password, "again": password, "link": link}
        assert unworded(send(browser, f"/auth/set-password?link={link}", **chosen)) == []
    differ = {"password": PASSWORD, "again": PASSWORD[1:], "link": link}
    assert unworded(send(browser, f"/auth/set-password?link={link}", **differ)) == []
    assert unworded(browser.get("/auth/set-password", params={"link": "dead"})) == []


def test_while_the_store_is_silent_the_chosen_language_is_still_spoken(
    browser: httpx.Client, three: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser.cookies.set("ward_language", "es")
    browser.cookies.set("ward_session", "somebody")
    monkeypatch.setenv("MONITORING_DATABASE_URL", "sqlite:////nowhere/at/all/ward.db")
    opened.forget()
    answer = browser.get("/auth/sign-in")
    assert spoken(answer) == "es"
    assert "El sistema no responde." in read_in(browser.get("/home").text)
