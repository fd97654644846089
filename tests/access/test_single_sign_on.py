"""Single sign-on against a real provider on this machine: real keys, real redirects, and every way it can go wrong."""

from __future__ import annotations

import base64
import hashlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from conftest import PASSWORD
from joserfc import jwk, jwt
from serving import served
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from monitoring.access import AccessRefused
from monitoring.access.acts import Act
from monitoring.admission import Admission
from monitoring.api import ROUTES, Gate, opened
from monitoring.api.bearer import current_visitor
from monitoring.settings import SettingRefused, read_settings
from monitoring.store.audit import Asked
from monitoring.vocabulary import Role

CLIENT, SECRET = "ward-monitor", "the client's secret"


@dataclass
class Provider:
    """An OpenID provider of one person. What it gets wrong on purpose is set by the test."""

    url: str = ""
    claims: dict[str, Any] = field(default_factory=lambda: {"sub": "u-1", "name": "Ada Okafor", "roles": ["nurses"]})
    lies: dict[str, Any] = field(default_factory=dict)
    signs_with: jwk.RSAKey = field(default_factory=lambda: jwk.RSAKey.generate_key(2048, {"kid": "1"}))
    shows: jwk.RSAKey | None = None
    issuer: str | None = None
    description: Response | None = None
    tokens: Response | None = None
    shown_keys: Response | None = None
    codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self.describe),
                Route("/authorize", self.authorize),
                Route("/token", self.token, methods=["POST"]),
                Route("/keys", self.keys),
            ]
        )

    async def describe(self, _: Request) -> Response:
        if self.description is not None:
            return self.description
        ends = {
            f"{name}_endpoint": f"{self.url}/{path}"
            for name, path in (("authorization", "authorize"), ("token", "token"))
        }
        return JSONResponse({"issuer": self.issuer or self.url, "jwks_uri": f"{self.url}/keys", **ends})

    async def authorize(self, request: Request) -> Response:
        asked = dict(request.query_params)
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        code = f"code-{len(self.codes)}"
        self.codes[code] = asked
        return RedirectResponse(f"{asked['redirect_uri']}?code={code}&state={asked['state']}", status_code=303)

    async def token(self, request: Request) -> Response:
        form = {name: value[0] for name, value in parse_qs((await request.body()).decode()).items()}
        asked = self.codes.pop(form["code"], None)
        challenge = (
            base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).rstrip(b"=").decode()
        )
        who = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        if (
            asked is None
            or challenge != asked["code_challenge"]
            or request.headers.get("authorization") != f"Basic {who}"
        ):
            return JSONResponse({"error": "invalid_grant"}, status_code=400)
        if self.tokens is not None:
            return self.tokens
        now = int(time.time())
        claims = {"iss": self.url, "aud": CLIENT, "exp": now + 300, "iat": now, "nonce": asked["nonce"]}
        stated = {**claims, **self.claims, **self.lies}
        return JSONResponse({"id_token": jwt.encode({"alg": "RS256", "kid": "1"}, stated, self.signs_with)})

    async def keys(self, _: Request) -> Response:
        return self.shown_keys or JSONResponse({"keys": [(self.shows or self.signs_with).as_dict(private=False)]})


@pytest.fixture
def provider() -> Iterator[Provider]:
    one = Provider()
    with served(one.app()) as url:
        one.url = url
        yield one


async def _whoami(request: Request) -> JSONResponse:
    account = current_visitor(request).account
    return JSONResponse({"role": account.role, "name": account.display_name})


@pytest.fixture
def browser(provider: Provider, address: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[httpx.Client]:
    routes = [*ROUTES, Route("/ward", _whoami)]
    with served(Starlette(routes=routes, middleware=[Middleware(Gate, by_a_person=lambda _: False)])) as url:
        monkeypatch.setenv("MONITORING_URL", url)
        monkeypatch.setenv("MONITORING_OIDC_ISSUER", provider.url)
        monkeypatch.setenv("MONITORING_OIDC_CLIENT_ID", CLIENT)
        monkeypatch.setenv("MONITORING_OIDC_CLIENT_SECRET", SECRET)
        monkeypatch.setenv("MONITORING_OIDC_ROLES", "nurses=nurse, doctors=physician")
        opened.settings.cache_clear()
        with httpx.Client(base_url=url, timeout=30, headers={"accept": "text/html"}, follow_redirects=True) as client:
            yield client


def enter(browser: httpx.Client) -> httpx.Response:
    return browser.get("/auth/single-sign-on?next=/ward")


def test_the_sign_in_offers_it_and_it_leads_to_where_one_was_going(browser: httpx.Client) -> None:
    assert "/auth/single-sign-on?next=%2Fward" in browser.get("/ward").text
    assert enter(browser).json() == {"role": "nurse", "name": "Ada Okafor"}


def test_the_role_is_the_providers_at_each_sign_in(browser: httpx.Client, provider: Provider) -> None:
    enter(browser)
    provider.claims["roles"] = ["something else", "doctors"]
    browser.cookies.clear()
    assert enter(browser).json()["role"] == "physician"


GROUPS = [
    ("a group without a role here", ["porters"], "none of your groups has a role here"),
    ("no groups", [], "none of your groups has a role here"),
    ("groups of two roles", ["nurses", "doctors"], "more than one role"),
    ("groups that are no words", [1, None], "none of your groups has a role here"),
]


@pytest.mark.parametrize(("case", "groups", "sentence"), GROUPS, ids=[row[0] for row in GROUPS])
def test_a_group_that_means_no_role_is_refused_with_a_sentence(
    case: str,
    groups: list[object],
    sentence: str,
    browser: httpx.Client,
    provider: Provider,
    admission: Admission,
) -> None:
    provider.claims["roles"] = groups
    answer = enter(browser)
    assert answer.status_code == 403
    assert sentence in answer.text
    assert "ward_session" not in browser.cookies
    assert failures(admission) == [(None, "127.0.0.1")]


def failures(admission: Admission) -> list[tuple[str | None, str | None]]:
    """About whom, and from where, a sign-in that failed was recorded; newest first."""
    entries = admission.audit.entries(Asked(act=Act.SIGN_IN_FAILED))
    return [(entry.deed.about, entry.deed.by.address) for entry in entries]


def test_somebody_known_whose_group_was_taken_away_is_named_in_the_audit(
    browser: httpx.Client, provider: Provider, admission: Admission
) -> None:
    enter(browser)
    (account,) = admission.accounts()
    provider.claims["roles"] = []
    browser.cookies.clear()
    assert enter(browser).status_code == 403
    assert failures(admission) == [(account.account_id, "127.0.0.1")]


def test_what_the_provider_did_not_vouch_for_leaves_no_entry(browser: httpx.Client, admission: Admission) -> None:
    """Anybody can come back with an error or an invented code, as often as they like."""
    assert browser.get("/auth/single-sign-on/return?code=x&state=y").status_code == 403
    begun = browser.get("/auth/single-sign-on", follow_redirects=False)
    state = parse_qs(urlsplit(begun.headers["location"]).query)["state"][0]
    assert browser.get(f"/auth/single-sign-on/return?error=access_denied&state={state}").status_code == 403
    assert browser.get(f"/auth/single-sign-on/return?code=invented&state={state}").status_code == 502
    assert admission.audit.entries() == []


DESCRIPTIONS = [
    ("a page for people", HTMLResponse("<h1>Please come back later</h1>")),
    ("a list", JSONResponse([])),
    ("nothing", Response()),
    ("bytes that are no text", Response(b"\xff\xfe\x00")),
]


@pytest.mark.parametrize(("case", "said"), DESCRIPTIONS, ids=[row[0] for row in DESCRIPTIONS])
def test_a_description_that_is_none_is_said_calmly(
    case: str, said: Response, browser: httpx.Client, provider: Provider
) -> None:
    provider.description = said
    answer = enter(browser)
    assert answer.status_code == 502
    assert "answers wrongly" in answer.text


ANSWERS = [("a list", []), ("a word", "no"), ("an empty object", {})]


@pytest.mark.parametrize("of", ["tokens", "shown_keys"])
@pytest.mark.parametrize(("case", "said"), ANSWERS, ids=[row[0] for row in ANSWERS])
def test_tokens_and_keys_that_are_none_are_said_calmly(
    case: str, said: object, of: str, browser: httpx.Client, provider: Provider
) -> None:
    setattr(provider, of, JSONResponse(said))
    answer = enter(browser)
    assert answer.status_code == 502
    assert "answers wrongly" in answer.text


LIES = [
    ("another nonce", {"nonce": "x"}),
    ("another issuer", {"iss": "https://evil.example"}),
    ("for another application", {"aud": "another"}),
    ("for two applications, asked by the other", {"aud": [CLIENT, "another"], "azp": "another"}),
    ("over an hour ago", {"exp": 1}),
    ("nobody in particular", {"sub": None}),
]


@pytest.mark.parametrize(("case", "lies"), LIES, ids=[row[0] for row in LIES])
def test_a_statement_that_is_not_for_us_now_is_not_believed(
    case: str, lies: dict[str, Any], browser: httpx.Client, provider: Provider
) -> None:
    provider.lies = lies
    answer = enter(browser)
    assert answer.status_code == 502
    assert "answers wrongly" in answer.text
    assert "ward_session" not in browser.cookies


def test_a_statement_signed_by_another_key_is_not_believed(browser: httpx.Client, provider: Provider) -> None:
    provider.shows = jwk.RSAKey.generate_key(2048, {"kid": "1"})
    assert enter(browser).status_code == 502


def test_a_description_that_names_another_issuer_is_not_believed(browser: httpx.Client, provider: Provider) -> None:
    provider.issuer = "https://evil.example"
    assert enter(browser).status_code == 502


def test_an_answer_nobody_here_asked_for_is_refused(browser: httpx.Client, provider: Provider) -> None:
    assert browser.get("/auth/single-sign-on/return?code=x&state=y").status_code == 403
    begun = browser.get("/auth/single-sign-on", follow_redirects=False)
    assert urlsplit(begun.headers["location"]).netloc == urlsplit(provider.url).netloc
    assert browser.get("/auth/single-sign-on/return?code=x&state=another").status_code == 403
    assert "ward_session" not in browser.cookies


def test_somebody_the_provider_turns_away_is_told(browser: httpx.Client) -> None:
    begun = browser.get("/auth/single-sign-on", follow_redirects=False)
    state = parse_qs(urlsplit(begun.headers["location"]).query)["state"][0]
    answer = browser.get(f"/auth/single-sign-on/return?error=access_denied&state={state}")
    assert answer.status_code == 403
    assert "did not let you in" in answer.text


def test_a_closed_account_stays_closed_whatever_the_provider_says(browser: httpx.Client, admission: Admission) -> None:
    enter(browser)
    (account,) = admission.accounts()
    admission.disable(account, opened.now())
    browser.cookies.clear()
    answer = enter(browser)
    assert answer.status_code == 403
    assert "closed" in answer.text
    with pytest.raises(AccessRefused):
        admission.sign_in(account.name, PASSWORD, "10.0.0.7", opened.now())


def test_without_settings_there_is_none(browser: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ISSUER", "CLIENT_ID", "CLIENT_SECRET", "ROLES"):
        monkeypatch.delenv(f"MONITORING_OIDC_{name}")
    opened.settings.cache_clear()
    assert "single-sign-on" not in browser.get("/auth/sign-in").text
    assert enter(browser).status_code == 404


def test_settings_that_are_half_said_or_name_no_role_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MONITORING_OIDC_ISSUER", "https://id.example/")
    with pytest.raises(SettingRefused, match="MONITORING_OIDC_CLIENT_ID, MONITORING_OIDC_ROLES"):
        read_settings()
    monkeypatch.setenv("MONITORING_OIDC_CLIENT_ID", CLIENT)
    monkeypatch.setenv("MONITORING_OIDC_ROLES", "nurses=nurse,porters=porter")
    with pytest.raises(SettingRefused, match="'porters=porter'"):
        read_settings()
    monkeypatch.setenv("MONITORING_OIDC_ROLES", "nurses=nurse")
    found = read_settings().single_sign_on
    assert found is not None
    assert (found.issuer, found.claim, found.roles) == ("https://id.example", "roles", {"nurses": Role.NURSE})


KEPT = [
    ("no text", "%ff"),
    ("another shape", base64.urlsafe_b64encode(b"[1]").decode()),
    ("numbers for texts", base64.urlsafe_b64encode(b'{"state": 1, "nonce": 2, "verifier": 3, "next": 4}').decode()),
    ("deep", base64.urlsafe_b64encode(b"[" * 20_000).decode()),
]


@pytest.mark.parametrize(("case", "cookie"), KEPT, ids=[row[0] for row in KEPT])
def test_a_cookie_that_we_did_not_make_is_no_fault_of_ours(case: str, cookie: str, browser: httpx.Client) -> None:
    headers = {"cookie": f"ward_single_sign_on={cookie}"}
    answer = browser.get("/auth/single-sign-on/return?code=a&state=b", headers=headers)
    assert answer.status_code == 403
    assert "begun elsewhere" in answer.text
