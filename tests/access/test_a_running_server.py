"""Issue 5, must hold: over a really running server, whoever should get nothing gets nothing, from any address."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import unquote

import httpx
import pytest
from conftest import PASSWORD, person

from monitoring.access import door_to
from monitoring.access.accounts import digest, new_secret
from monitoring.admission import Admission
from monitoring.settings import ROOT
from monitoring.store.accounts import open_accounts
from monitoring.vocabulary import Role, Scope
from tests.ports import free_port

STAFF = {Role.NURSE, Role.PHYSICIAN, Role.DATA_MANAGER, Role.ADMIN}
EVERYBODY = set(Role)


@dataclass(frozen=True)
class Running:
    """A served ward, and the cookie of each kind of visitor."""

    url: str
    cookies: dict[str, str]
    session_ids: dict[str, str]
    log: Path
    token: str

    def ask(self, path: str, who: str, method: str = "GET", **headers: str) -> httpx.Response:
        with httpx.Client(base_url=self.url, timeout=30) as client:
            if who in self.cookies:
                headers["cookie"] = f"ward_session={self.cookies[who]}"
            return client.request(method, path, headers=headers)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("served")
    url, now = f"sqlite:///{folder / 'ward.db'}", datetime.now(UTC)
    accounts = open_accounts(url)
    admission = Admission(accounts)
    cookies = {}
    for role in Role:
        cookies[role.value] = admission.sign_in(person(admission, role, now).name, PASSWORD, "test", now)[0]
    nurse = admission.account("nurse")
    cookies["expired"] = cookies["idle"] = cookies["signed out"] = cookies["closed"] = ""
    for who, began, seen in (("expired", 14, 0), ("idle", 3, 2), ("signed out", 0, 0)):
        cookies[who] = new_secret()
        accounts.start_session(digest(cookies[who]), nurse.account_id, "test", now - timedelta(hours=began))
        accounts.touch_session(digest(cookies[who]), now - timedelta(hours=seen))
    admission.sign_out(digest(cookies["signed out"]), now)
    gone = person(admission, Role.PHYSICIAN, now, "gone")
    admission.disable(gone, now)
    cookies["closed"] = new_secret()  # a session that was not ended with its account
    accounts.start_session(digest(cookies["closed"]), gone.account_id, "test", now)
    cookies["garbage"] = "%00%ff'--"
    cookies["forged"] = digest(cookies["nurse"])  # what the store keeps, as if it had been read there
    token, _ = admission.make_token("gateway", [Scope.INGEST_WRITE], now)
    accounts.close()
    port, log = free_port(), folder / "log"
    words = [sys.executable, "-m", "streamlit", "run", "dashboard.py", "--server.headless", "true"]
    words += ["--server.address", "127.0.0.1", "--server.port", str(port)]
    with log.open("wb") as out:
        environment = {**os.environ, "MONITORING_DATABASE_URL": url}
        process = subprocess.Popen(words, cwd=ROOT, env=environment, stdout=out, stderr=subprocess.STDOUT)
        try:
            _wait_until_up(f"http://127.0.0.1:{port}", process, log)
            ids = {who: digest(secret) for who, secret in cookies.items()}
            yield Running(f"http://127.0.0.1:{port}", cookies, ids, log, token)
        finally:
            process.terminate()
            process.wait(timeout=30)


def _wait_until_up(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    give_up = time.monotonic() + 60
    while time.monotonic() < give_up:
        assert process.poll() is None, log.read_text()
        try:
            if httpx.get(f"{url}/_stcore/health", timeout=5).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.2)
    pytest.fail(log.read_text())


OUTSIDERS = ["nobody", "expired", "idle", "signed out", "closed", "forged", "garbage"]
VISITORS = [*OUTSIDERS, *(role.value for role in Role)]

# What lies behind the gate, how it is asked for, and whom it admits.
ADDRESSES = [
    ("the start", "GET", "/", EVERYBODY),
    ("the ward's page", "GET", "/ward", EVERYBODY),  # one shell for every page; the script admits or refuses
    ("a patient's page", "GET", "/patient?p=abc", EVERYBODY),
    ("an address nobody knows", "GET", "/attic", EVERYBODY),
    ("what the shell asks first", "GET", "/_stcore/host-config", EVERYBODY),
    ("whether one is still signed in", "GET", "/auth/session", EVERYBODY),
    ("the board", "GET", "/api/board", STAFF | {Role.DISPLAY}),
    ("the board and a line break", "GET", "/api/board%0A", set()),
    ("a download", "GET", "/media/abc.csv", STAFF),
    ("an upload", "PUT", "/_stcore/upload_file/a/b", STAFF),
    ("taking an upload back", "DELETE", "/_stcore/upload_file/a/b", STAFF),
    ("a component", "GET", "/component/x/index.html", EVERYBODY),
    ("a component's script", "GET", "/_stcore/bidi-components/x/y.js", EVERYBODY),
    ("Streamlit's figures", "GET", "/_stcore/metrics", set()),
    ("Streamlit's agent", "POST", "/_stcore/agent/interact", set()),
    ("Streamlit's agent, described", "GET", "/_stcore/agent/openapi.json", set()),
    ("files beside the script", "GET", "/app/static/x", set()),
    ("Streamlit's own sign-in", "GET", "/auth/login", set()),
    ("the way back of Streamlit's own sign-in", "GET", "/oauth2callback", set()),
]


def turned_away(answer: httpx.Response) -> bool:
    """Whether the gate itself answered: the application's own refusals carry other words."""
    try:
        said = json.loads(answer.text)
    except ValueError:
        return False
    return answer.status_code in {401, 403, 404} and isinstance(said, dict) and "detail" in said


@pytest.mark.parametrize("who", VISITORS)
@pytest.mark.parametrize(("case", "method", "path", "roles"), ADDRESSES, ids=[row[0] for row in ADDRESSES])
def test_nobody_gets_past_the_gate_but_those_it_is_for(
    case: str, method: str, path: str, roles: set[Role], who: str, running: Running
) -> None:
    admitted = who in {role.value for role in roles}
    answer = running.ask(path, who, method, accept="application/json")
    assert turned_away(answer) is not admitted, answer.text
    if who in OUTSIDERS:
        assert answer.status_code == (401 if roles else 404)


@pytest.mark.parametrize("path", ["/", "/ward"])
def test_a_program_that_takes_anything_is_led_to_the_sign_in_too(path: str, running: Running) -> None:
    assert running.ask(path, "nobody", accept="*/*").status_code == 303
    assert running.ask("/media/abc.csv", "nobody", accept="*/*").status_code == 401


@pytest.mark.parametrize("who", OUTSIDERS)
def test_a_browser_without_a_session_is_led_to_the_sign_in_and_back(who: str, running: Running) -> None:
    answer = running.ask("/patient?p=abc&range=7d", who, accept="text/html")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/auth/sign-in?next=%2Fpatient%3Fp%3Dabc%26range%3D7d"
    assert answer.text == ""


def shakes_hands(running: Running, who: str, path: str = "/_stcore/stream", **headers: str) -> str:
    """The status line of a websocket's handshake."""
    host = running.url.removeprefix("http://")
    asked = {"Host": host, "Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
    asked |= {"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Origin": running.url, **headers}
    if who in running.cookies:
        asked["Cookie"] = f"ward_session={running.cookies[who]}"
    text = f"GET {path} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in asked.items()) + "\r\n"
    with socket.create_connection(("127.0.0.1", int(host.split(":")[1])), timeout=30) as wire:
        wire.sendall(text.encode())
        return wire.recv(200).decode("latin-1").split("\r\n")[0]


@pytest.mark.parametrize("who", VISITORS)
def test_the_websocket_of_the_pages_opens_for_the_signed_in_only(who: str, running: Running) -> None:
    expected = "403" if who in OUTSIDERS else "101"
    assert expected in shakes_hands(running, who)


def test_a_websocket_from_another_site_is_refused_even_with_the_cookie(running: Running) -> None:
    assert "403" in shakes_hands(running, "nurse", Origin="https://evil.example")


def test_an_upload_that_another_sites_page_sends_is_refused_even_with_the_cookie(running: Running) -> None:
    answer = running.ask(
        "/_stcore/upload_file/a/b", "nurse", "PUT", accept="application/json", origin="https://evil.example"
    )
    assert (answer.status_code, answer.json()["detail"]) == (403, "This was asked by a page of another site.")


FORGED = ["x-ward-session", "X-Ward-Session", "X-WARD-SESSION"]


@pytest.mark.parametrize("name", FORGED)
def test_a_header_that_claims_an_identity_opens_nothing(name: str, running: Running) -> None:
    claim = {name: running.session_ids["nurse"]}
    assert running.ask("/", "nobody", accept="application/json", **claim).status_code == 401
    assert "403" in shakes_hands(running, "nobody", **claim)
    assert running.ask("/media/abc.csv", "caregiver", accept="application/json", **claim).status_code == 403


def test_no_bearer_token_opens_a_page(running: Running) -> None:
    assert (
        running.ask(
            "/", "nobody", accept="application/json", authorization=f"Bearer {running.cookies['nurse']}"
        ).status_code
        == 401
    )


@pytest.mark.parametrize("path", ["/static/../media/abc.csv", "//media/abc.csv", "/healthz/../ward", "/auth/sign-in/x"])
def test_no_open_address_leads_in_by_a_detour(path: str, running: Running) -> None:
    assert asked_plainly(running, f"GET {path}").split()[1] in {"303", "401", "404"}


def asked_plainly(running: Running, what: str) -> str:
    """The head of the answer to a request line that a client would tidy."""
    host = running.url.removeprefix("http://")
    with socket.create_connection(("127.0.0.1", int(host.split(":")[1])), timeout=30) as wire:
        wire.sendall(f"{what} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        return wire.recv(2000).decode("latin-1")


@pytest.mark.parametrize("what", ["GET http://ward.example/healthz", "OPTIONS *", "GET healthz"])
def test_what_is_no_path_is_refused_like_anything_else_and_logs_no_fault(what: str, running: Running) -> None:
    head = asked_plainly(running, what).lower()
    assert head.split()[1] == "404"
    assert "content-security-policy" in head
    assert "exception in asgi" not in running.log.read_text().lower()


@pytest.mark.parametrize("path", ["/api/fhir", "/api/observations"])
def test_a_machine_that_reads_where_it_should_send_is_not_told_200(path: str, running: Running) -> None:
    answer = running.ask(path, "nobody", authorization=f"Bearer {running.token}")
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert answer.json() == {"detail": "Nothing was stored: send it with POST."}


def test_what_stands_open_is_there_without_a_session(running: Running) -> None:
    assert running.ask("/healthz", "nobody").json()["status"] == "ok"
    assert running.ask("/_stcore/health", "nobody").text == "ok"
    assert "Sign in" in running.ask("/auth/sign-in", "nobody").text


HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}


@pytest.mark.parametrize("path", ["/", "/auth/sign-in", "/healthz", "/media/abc.csv", "/favicon.png"])
def test_every_answer_carries_the_policy(path: str, running: Running) -> None:
    headers = running.ask(path, "nurse", accept="text/html").headers
    assert {name: headers[name] for name in HEADERS} == HEADERS
    rules = dict(rule.split(" ", 1) for rule in headers["content-security-policy"].split("; "))
    assert rules["frame-ancestors"] == "'self'"
    assert rules["object-src"] == "'none'"
    assert "unsafe" not in rules["script-src"]
    assert "'sha256-" in rules["script-src"], "the one script inside Streamlit's page, by its hash"
    assert headers["cache-control"] == "no-store"


def test_the_log_holds_no_query_no_cookie_and_no_name(running: Running) -> None:
    running.ask("/patient?p=seen-in-a-log", "nobody", accept="text/html")
    running.ask("/patient?p=seen-in-a-log", "nurse", accept="text/html")
    text = running.log.read_text()
    assert [secret for secret in (*running.cookies.values(), "seen-in-a-log", "Ada") if secret in text] == []


def test_every_address_of_this_test_is_decided_by_the_row_it_means() -> None:
    assert {case: set(door_to(unquote(path.split("?")[0])).roles) for case, _, path, _ in ADDRESSES} == {
        case: roles for case, _, _, roles in ADDRESSES
    }
