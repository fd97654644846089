"""The sign-in over HTTP: the cookie, forms from our pages only, no way out to other sites, one-time links."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import urlencode

import httpx
import pytest
from conftest import PASSWORD, person
from serving import served
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from monitoring.access import Door
from monitoring.access.accounts import digest
from monitoring.admission import Admission
from monitoring.api import ROUTES, Gate, fault_of_ours, forms, gate, opened
from monitoring.api.bearer import current_visitor, require_scope
from monitoring.api.start import offer_first_link
from monitoring.api.visit import inside
from monitoring.settings import ROOT
from monitoring.vocabulary import Role, Scope

SHORT = "short"


async def _whoami(request: Request) -> JSONResponse:
    return JSONResponse({"role": current_visitor(request).account.role, "trusted": request.headers["x-ward-session"]})


async def _take_in(request: Request) -> JSONResponse:
    return JSONResponse({"token": require_scope(request, Scope.INGEST_WRITE).name})


async def _broken(_: Request) -> JSONResponse:
    raise RuntimeError("Ada has 39.5")


@pytest.fixture
def site(address: str) -> Iterator[str]:
    routes = [*ROUTES, Route("/", _whoami), Route("/api/x", _take_in, methods=["POST"]), Route("/broken", _broken)]
    behind = [Middleware(Gate, by_a_person=lambda _: False)]
    with served(Starlette(routes=routes, middleware=behind, exception_handlers={Exception: fault_of_ours})) as url:
        yield url


@pytest.fixture
def browser(site: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=site, timeout=30, headers={"accept": "text/html"}) as client:
        yield client


def token_in(answer: httpx.Response) -> str:
    found = re.search(r'name="form_token" value="([^"]+)"', answer.text)
    assert found, answer.text
    return found[1]


def send(browser: httpx.Client, path: str, **fields: str) -> httpx.Response:
    """The form at `path`, filled in and sent as a browser would."""
    token = token_in(browser.get(path))
    where = path.partition("?")[0]
    return browser.post(where, data={"form_token": token, **fields}, headers={"origin": str(browser.base_url)})


def enter(browser: httpx.Client, name: str, password: str = PASSWORD, onward: str = "/") -> httpx.Response:
    return send(browser, "/auth/sign-in", name=name, password=password, next=onward)


def said(answer: httpx.Response) -> str:
    found = re.search(r'role="alert">([^<]*)<', answer.text)
    return found[1] if found else ""


def test_signing_in_sets_an_opaque_cookie_and_leads_onward(browser: httpx.Client, admission: Admission) -> None:
    person(admission, Role.NURSE, datetime.now(UTC))
    answer = enter(browser, "nurse", onward="/patient?p=abc")
    assert (answer.status_code, answer.headers["location"]) == (303, "/patient?p=abc")
    (cookie,) = [line for line in answer.headers.get_list("set-cookie") if line.startswith("ward_session=")]
    assert {"HttpOnly", "SameSite=lax", "Path=/"} <= {part.strip() for part in cookie.split(";")}
    assert "Max-Age" not in cookie, "a nurse's cookie goes with the browser"
    assert "Secure" not in cookie
    told = browser.get("/").json()
    assert told == {"role": "nurse", "trusted": digest(browser.cookies["ward_session"])}


def test_a_wall_keeps_its_cookie(browser: httpx.Client, admission: Admission) -> None:
    person(admission, Role.DISPLAY, datetime.now(UTC))
    assert "Max-Age=7776000" in str(enter(browser, "display").headers.get_list("set-cookie"))  # 90 days


def test_over_tls_the_cookie_is_secure_and_the_browser_told_to_stay(
    browser: httpx.Client, admission: Admission, monkeypatch: pytest.MonkeyPatch
) -> None:
    person(admission, Role.NURSE, datetime.now(UTC))
    monkeypatch.setenv("MONITORING_BEHIND_PROXY", "1")
    opened.settings.cache_clear()
    token = token_in(browser.get("/auth/sign-in"))
    behind = {"x-forwarded-proto": "https", "x-forwarded-for": "203.0.113.9, 10.1.1.1"}
    form = {"form_token": token, "name": "nurse", "password": PASSWORD}
    answer = browser.post("/auth/sign-in", data=form, headers=behind)
    assert answer.status_code == 303
    assert "Secure" in str(answer.headers.get_list("set-cookie"))
    assert answer.headers["strict-transport-security"] == "max-age=31536000"
    assert "wss://" in answer.headers["content-security-policy"]


def test_a_browser_cannot_say_of_itself_that_it_came_by_a_proxy(browser: httpx.Client) -> None:
    answer = browser.get("/auth/sign-in", headers={"x-forwarded-proto": "https"})
    assert "strict-transport-security" not in answer.headers


def test_signing_in_again_ends_the_session_before(browser: httpx.Client, admission: Admission) -> None:
    person(admission, Role.NURSE, datetime.now(UTC))
    enter(browser, "nurse")
    first = browser.cookies["ward_session"]
    token = token_in(httpx.get(f"{browser.base_url}/auth/sign-in"))
    answer = browser.post(
        "/auth/sign-in",
        content=urlencode({"form_token": token, "name": "nurse", "password": PASSWORD}),
        headers={"cookie": f"ward_session={first}; ward_form={token}"},
    )
    assert answer.status_code == 303
    assert browser.get("/", headers={"cookie": f"ward_session={first}"}).status_code == 303
    assert first not in str(answer.headers.get_list("set-cookie"))


def test_a_page_of_the_person_before_is_told_that_the_browser_is_somebody_elses(
    browser: httpx.Client, admission: Admission
) -> None:
    """A shared computer: the cookie is the next person's, and good; the tab of the one before must go all the same."""
    person(admission, Role.ADMIN, datetime.now(UTC))
    person(admission, Role.NURSE, datetime.now(UTC))
    asked = []
    for name in ("admin", "nurse"):
        browser.cookies.clear()
        enter(browser, name)
        asked.append(f"/auth/session?of={digest(browser.cookies['ward_session'])[:16]}")
        assert browser.get(asked[-1]).status_code == 204
    assert browser.get(asked[0]).status_code == 401
    assert browser.get("/auth/session").status_code == 401


def test_a_wrong_password_says_so_keeps_the_name_and_never_the_password(
    browser: httpx.Client, admission: Admission
) -> None:
    person(admission, Role.NURSE, datetime.now(UTC))
    answer = enter(browser, "<nurse>", "x-secret-x-secret")
    assert answer.status_code == 401
    assert said(answer) == "Name and password do not go together. Please check both."
    assert 'value="&lt;nurse&gt;"' in answer.text
    assert "x-secret-x-secret" not in answer.text


def test_the_sixth_attempt_is_told_until_when_to_wait(browser: httpx.Client, admission: Admission) -> None:
    person(admission, Role.NURSE, datetime.now(UTC))
    assert [enter(browser, "nurse", "x" * 12).status_code for _ in range(5)] == [401] * 5
    answer = enter(browser, "nurse")
    assert answer.status_code == 429
    assert 890 <= int(answer.headers["retry-after"]) <= 900
    assert re.search(r"Please wait until \d\d:\d\d \(ward time\), or ask the administrator", said(answer))


FROM_ELSEWHERE = [
    ("no token", {}, {}),
    ("another token", {"form_token": "x"}, {}),
    ("our token from another site", None, {"origin": "https://evil.example"}),
    ("our token from a page that hides where it is", None, {"origin": "null"}),
]


@pytest.mark.parametrize(("case", "fields", "headers"), FROM_ELSEWHERE, ids=[row[0] for row in FROM_ELSEWHERE])
def test_a_form_from_elsewhere_does_nothing(
    case: str, fields: dict[str, str] | None, headers: dict[str, str], browser: httpx.Client, admission: Admission
) -> None:
    person(admission, Role.NURSE, datetime.now(UTC))
    token = token_in(browser.get("/auth/sign-in"))
    form = {"form_token": token} if fields is None else fields
    for path in ("/auth/sign-in", "/auth/sign-out", "/auth/set-password"):
        answer = browser.post(path, data={**form, "name": "nurse", "password": PASSWORD}, headers=headers)
        assert answer.status_code == 400
        assert "ward_session=" not in str(answer.headers.get_list("set-cookie"))


def test_a_form_of_a_megabyte_is_refused(browser: httpx.Client) -> None:
    assert browser.post("/auth/sign-in", content=b"a=" + b"x" * 1_000_000).status_code == 400


NEXT = [
    ("/ward", "/ward"),
    ("/patient?p=abc&range=7d", "/patient?p=abc&range=7d"),
    ("//evil.example", "/"),
    ("/\\evil.example", "/"),
    ("/%0d%0a", "/%0d%0a"),
    ("/ward\r\nset-cookie: x", "/"),
    ("/a\\b", "/"),
    ("https://evil.example", "/"),
    ("javascript:alert(1)", "/"),
    ("/auth/sign-out", "/"),
    ("ward", "/"),
    ("", "/"),
    (None, "/"),
]


@pytest.mark.parametrize(("asked", "given"), NEXT)
def test_the_sign_in_leads_nowhere_but_into_this_site(asked: str | None, given: str) -> None:
    assert inside(asked) == given


def test_signing_out_ends_the_session_and_takes_the_cookie(browser: httpx.Client, admission: Admission) -> None:
    person(admission, Role.NURSE, datetime.now(UTC))
    enter(browser, "nurse")
    secret = browser.cookies["ward_session"]
    assert browser.get("/auth/sign-out").status_code == 200, "a link alone signs nobody out"
    assert browser.get("/").status_code == 200
    assert send(browser, "/auth/sign-out").headers["location"] == "/auth/sign-in"
    assert "ward_session" not in browser.cookies
    assert browser.get("/", headers={"cookie": f"ward_session={secret}"}).status_code == 303


def test_the_first_start_prints_a_link_that_makes_the_administrator_once(
    browser: httpx.Client, admission: Admission, capsys: pytest.CaptureFixture[str]
) -> None:
    offer_first_link()
    printed = capsys.readouterr().err
    link = re.search(r"http://127\.0\.0\.1:8501(/auth/set-password\?link=\S+)", printed)
    assert link, printed
    form = {"link": link[1].split("=")[1], "name": "keeper", "display_name": "E. Keeper"}
    different = send(browser, link[1], **form, password=PASSWORD, again="something else")
    assert said(different) == "The two passwords differ. Please write the same one twice."
    assert said(send(browser, link[1], **form, password=SHORT, again=SHORT)).startswith("The password has 5")
    assert send(browser, link[1], **form, password=PASSWORD, again=PASSWORD).status_code == 303
    assert enter(browser, "keeper").status_code == 303
    assert browser.get("/").json()["role"] == "admin"
    assert browser.get(link[1]).status_code == 400
    offer_first_link()
    assert capsys.readouterr().err == "", "a store with an account offers nothing"


def test_an_invitation_sets_the_password_of_its_account(browser: httpx.Client, admission: Admission) -> None:
    now = datetime.now(UTC)
    account = admission.add("new", Role.PHYSICIAN, now, display_name="Bo <b>")
    link = admission.invite(account, now)
    page = f"/auth/set-password?link={link}"
    assert "Bo &lt;b&gt;" in browser.get(page).text
    assert send(browser, page, link=link, password=PASSWORD, again=PASSWORD).status_code == 303
    assert enter(browser, "new").status_code == 303
    assert "has been used or is too old" in said(browser.get(page))


SERVICE = [
    ("no token", None, 401),
    ("a token nobody made", "guess", 401),
    ("a token of another scope", Scope.EXPORT_READ, 403),
    ("a token of this scope", Scope.INGEST_WRITE, 200),
]


@pytest.mark.parametrize(("case", "given", "status"), SERVICE, ids=[row[0] for row in SERVICE])
def test_a_route_for_machines_opens_to_a_token_of_its_scope(
    case: str,
    given: Scope | str | None,
    status: int,
    browser: httpx.Client,
    admission: Admission,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(gate, "door_to", lambda path: Door(path, scopes=frozenset({Scope.INGEST_WRITE})))
    secret = given if given is None or not isinstance(given, Scope) else None
    if isinstance(given, Scope):
        secret, _ = admission.make_token("monitor", [given], datetime.now(UTC))
    headers = {"accept": "application/json"} | ({"authorization": f"Bearer {secret}"} if secret else {})
    answer = browser.post("/api/x", headers=headers)
    assert answer.status_code == status
    if status == 200:
        assert answer.json() == {"token": "monitor"}


def test_a_route_for_machines_without_its_row_is_shut_all_the_same(browser: httpx.Client, admission: Admission) -> None:
    secret, _ = admission.make_token("monitor", list(Scope), datetime.now(UTC))
    assert (
        browser.post("/api/x", headers={"accept": "application/json", "authorization": f"Bearer {secret}"}).status_code
        == 401
    )
    person(admission, Role.ADMIN, datetime.now(UTC))
    enter(browser, "admin")
    assert browser.post("/api/x").status_code == 401, "the route itself asks for a token"


def test_a_silent_store_lets_nobody_in_and_says_so(
    browser: httpx.Client, admission: Admission, monkeypatch: pytest.MonkeyPatch
) -> None:
    person(admission, Role.NURSE, datetime.now(UTC))
    enter(browser, "nurse")
    monkeypatch.setenv("MONITORING_DATABASE_URL", "sqlite:////missing/folder/ward.db")
    opened.forget()
    answer = browser.get("/")
    assert answer.status_code == 503
    assert "The store does not answer" in answer.text
    machine = browser.get("/metrics", headers={"accept": "*/*", "authorization": "Bearer x"})
    assert (machine.status_code, machine.headers["retry-after"]) == (503, "30")
    assert "The store does not answer" in enter(browser, "nurse").text


@pytest.mark.parametrize("accept", ["text/html", "application/json"])
def test_a_mistake_of_ours_is_one_sentence_under_the_same_policy(
    accept: str, browser: httpx.Client, admission: Admission
) -> None:
    person(admission, Role.NURSE, datetime.now(UTC))
    enter(browser, "nurse")
    answer = browser.get("/broken", headers={"accept": accept})
    assert (answer.status_code, answer.headers["cache-control"]) == (500, "no-store")
    assert "Something went wrong here" in answer.text
    assert "frame-ancestors 'self'" in answer.headers["content-security-policy"]
    assert [word for word in ("Ada", "39.5", "RuntimeError", "Traceback") if word in answer.text] == []


def test_the_application_answers_its_own_mistakes_so() -> None:
    assert "exception_handlers={Exception: fault_of_ours}" in (ROOT / "dashboard.py").read_text(encoding="utf-8")


@pytest.mark.parametrize("leaves", [True, False])
def test_a_form_that_stops_half_way_is_given_up_and_is_no_fault(
    leaves: bool, site: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(forms, "_PATIENCE_SECONDS", 0.2)
    host, port = site.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=30) as wire:
        wire.sendall(f"POST /auth/sign-in HTTP/1.1\r\nHost: {host}\r\nContent-Length: 100\r\n\r\nname=".encode())
        if not leaves:
            assert b" 400 " in wire.recv(200)
    assert httpx.get(f"{site}/auth/sign-in").status_code == 200
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == []
