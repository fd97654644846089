"""Single sign-on by OpenID Connect: code flow with PKCE, state and nonce; off unless the settings name a provider.

The provider says who it is and in which groups; `SingleSignOn.roles` says what a group may do here. A group that is
not named there admits nobody.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import logging
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import httpx
from joserfc import jwk, jwt
from joserfc.errors import JoseError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from monitoring.access import AccessRefused, Account
from monitoring.access.accounts import new_secret
from monitoring.api import visit
from monitoring.api.log import tell
from monitoring.api.look import alert, page
from monitoring.api.opened import admission, now, settings
from monitoring.api.sign_in import SILENT, signed_in
from monitoring.languages import english
from monitoring.settings import SingleSignOn
from monitoring.store import StoreUnavailable
from monitoring.vocabulary import Role

_LOG = logging.getLogger(__name__)
_COOKIE = "ward_single_sign_on"
_PATH = "/auth/single-sign-on"
_MINUTES = 10
_ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA")
_PATIENCE = 10.0
_PROVIDER_SILENT = "The hospital's sign-on does not answer or answers wrongly. Please try again, or sign in here."


class ProviderRefused(RuntimeError):
    """The provider's answer cannot be believed; the message is for the log and holds nothing of the answer."""


_WRONG = (httpx.HTTPError, httpx.InvalidURL, ProviderRefused, JoseError, ValueError)
"""What comes of a provider that does not answer, or not as it should."""


async def begin(request: Request) -> Response:
    """To the provider, remembering in a cookie what its answer must carry."""
    provider = settings().single_sign_on
    if provider is None:
        return _sorry("Single sign-on is not set up here.", 404)
    kept = {name: new_secret() for name in ("state", "nonce", "verifier")}
    challenge = base64.urlsafe_b64encode(hashlib.sha256(kept["verifier"].encode()).digest()).rstrip(b"=").decode()
    try:
        found = await _discovered(provider)
    except _WRONG as trouble:
        return _silent(trouble)
    question = {
        "response_type": "code",
        "client_id": provider.client_id,
        "redirect_uri": _return_address(),
        "scope": "openid profile",
        "state": kept["state"],
        "nonce": kept["nonce"],
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    address = found["authorization_endpoint"]
    answer = RedirectResponse(f"{address}{'&' if '?' in address else '?'}{urlencode(question)}", status_code=303)
    text = json.dumps(kept | {"next": visit.inside(request.query_params.get("next"))})
    # Lax, because the provider's redirect back is a visit from another site
    answer.set_cookie(
        _COOKIE,
        base64.urlsafe_b64encode(text.encode()).decode(),
        _MINUTES * 60,
        path=_PATH,
        httponly=True,
        samesite="lax",
        secure=visit.is_secure(request.scope),
    )
    return answer


async def finish(request: Request) -> Response:
    """Back from the provider: the code for a signed statement of who it is, the statement for a session."""
    provider = settings().single_sign_on
    if provider is None:
        return _sorry("Single sign-on is not set up here.", 404)
    kept = _kept(request)
    try:
        state = request.query_params.get("state", "")
        if not kept or not hmac.compare_digest(state.encode(), kept["state"].encode()):
            raise AccessRefused("This sign-on was begun elsewhere or too long ago. Please begin again.")
        code = request.query_params.get("code")
        if code is None:
            raise AccessRefused("The hospital's sign-on did not let you in. Please ask there, or sign in here.")
        claims = await _claims(provider, code, kept)
        secret, account = await run_in_threadpool(lambda: _admitted(provider, claims, request))
    except AccessRefused as refused:
        tell("single sign-on refused", address=visit.address(request.scope))
        return _sorry(str(refused), 403)
    except _WRONG as trouble:
        return _silent(trouble)
    except StoreUnavailable:
        return _sorry(english().say(SILENT), 503)
    answer = await run_in_threadpool(lambda: signed_in(request, secret, account, visit.inside(kept["next"])))
    answer.delete_cookie(_COOKIE, path=_PATH)
    return answer


def role_of(provider: SingleSignOn, claims: Mapping[str, Any]) -> Role:
    """The one role that the claimed groups mean here. Raises AccessRefused for none, or for several."""
    claimed = claims.get(provider.claim, [])
    groups = claimed if isinstance(claimed, list) else str(claimed).split()
    roles = {provider.roles[group] for group in groups if isinstance(group, str) and group in provider.roles}
    if not roles:
        raise AccessRefused("The hospital's sign-on knows you, but none of your groups has a role here.")
    if len(roles) > 1:
        raise AccessRefused("Your groups have more than one role here. Please ask for one of them to be taken away.")
    return roles.pop()


def _admitted(provider: SingleSignOn, claims: Mapping[str, Any], request: Request) -> tuple[str, Account]:
    subject = f"{provider.issuer}|{claims['sub']}"
    shown = str(claims.get("name") or claims.get("preferred_username") or claims["sub"])
    came_from = visit.address(request.scope)
    try:
        role = role_of(provider, claims)
    except AccessRefused:
        admission().turn_away(subject, came_from, now())
        raise
    return admission().sign_in_by_subject(subject, subject, shown, role, came_from, now())


async def _claims(provider: SingleSignOn, code: str, kept: Mapping[str, str]) -> Mapping[str, Any]:
    """What the provider states of the person, its signature, issuer, audience, time and nonce checked."""
    found = await _discovered(provider)
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": _return_address(),
        "client_id": provider.client_id,
        "code_verifier": kept["verifier"],
    }
    who = None if provider.client_secret is None else httpx.BasicAuth(provider.client_id, provider.client_secret)
    async with httpx.AsyncClient(timeout=_PATIENCE) as client:
        answer = await client.post(found["token_endpoint"], data=form, auth=who or httpx.USE_CLIENT_DEFAULT)
        token = _object(answer).get("id_token")
        keys = _object(await client.get(found["jwks_uri"])).get("keys")
    if not isinstance(token, str):
        raise ProviderRefused("the token endpoint sent no id_token")
    if not isinstance(keys, list):
        raise ProviderRefused("the provider shows no keys")
    claims = jwt.decode(token, jwk.KeySet.import_key_set({"keys": keys}), algorithms=list(_ALGORITHMS)).claims
    jwt.JWTClaimsRegistry(
        now=int(now().timestamp()),
        leeway=60,
        iss={"essential": True, "value": found["issuer"]},
        aud={"essential": True, "value": provider.client_id},
        sub={"essential": True},
        exp={"essential": True},
        nonce={"essential": True, "value": kept["nonce"]},
    ).validate(claims)
    if claims.get("azp", provider.client_id) != provider.client_id:
        raise ProviderRefused("the statement was made for another application")
    return claims


async def _discovered(provider: SingleSignOn) -> Mapping[str, str]:
    """Where the provider's parts are, by its own description; one that names another issuer is not believed."""
    async with httpx.AsyncClient(timeout=_PATIENCE) as client:
        answer = await client.get(f"{provider.issuer}/.well-known/openid-configuration")
    found = _object(answer)
    wanted = ("issuer", "authorization_endpoint", "token_endpoint", "jwks_uri")
    if any(not isinstance(found.get(name), str) for name in wanted):
        raise ProviderRefused("the provider's description lacks an endpoint")
    if found["issuer"].rstrip("/") != provider.issuer:
        raise ProviderRefused("the provider's description names another issuer")
    return found


def _object(answer: httpx.Response) -> dict[str, Any]:
    """The JSON object that the provider answers with. Raises ProviderRefused for another, ValueError for no JSON."""
    found = answer.raise_for_status().json()
    if not isinstance(found, dict):
        raise ProviderRefused("the provider's answer is no JSON object")
    return found


def _kept(request: Request) -> dict[str, str]:
    try:
        kept = json.loads(base64.urlsafe_b64decode(request.cookies.get(_COOKIE, "")))
    except (ValueError, RecursionError):
        return {}
    wanted = ("state", "nonce", "verifier", "next")
    good = isinstance(kept, dict) and all(isinstance(kept.get(name), str) for name in wanted)
    return kept if good else {}


def _return_address() -> str:
    return f"{settings().public_url}{_PATH}/return"


def _silent(trouble: Exception) -> Response:
    _LOG.warning("single sign-on: %s", trouble if isinstance(trouble, ProviderRefused) else type(trouble).__name__)
    return _sorry(_PROVIDER_SILENT, 502)


def _sorry(sentence: str, status: int) -> Response:
    return page(
        "Hospital sign-on", f"{alert(sentence)}<a class='button' href='/auth/sign-in'>To the sign-in</a>", status
    )
