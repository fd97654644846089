"""Forms from our own pages only: small, and carrying the token that the page was given with it."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Mapping
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from monitoring.access.accounts import new_secret
from monitoring.api.look import hidden
from monitoring.api.visit import is_secure, same_origin
from monitoring.languages import Worded

TOKEN = "form_token"  # noqa: S105 - the name of a field
_COOKIE = "ward_form"
_LARGEST = 16_384
_PATIENCE_SECONDS = 30.0
"""A form is one packet or two; nobody who is there takes longer to send it."""


class FormRefused(Worded):
    """The form did not come from our page, or is no form; the message is one sentence."""


async def read_form(request: Request) -> Mapping[str, str]:
    """The fields of a form that our own page sent. Raises FormRefused."""
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            body = await _body(request)
    except (TimeoutError, ClientDisconnect) as stopped:
        raise FormRefused("sign_in.stopped") from stopped
    try:
        fields = dict(parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=20))
    except ValueError as unreadable:
        raise FormRefused("sign_in.unreadable") from unreadable
    given, kept = fields.get(TOKEN, ""), request.cookies.get(_COOKIE, "")
    if not kept or not hmac.compare_digest(given.encode(), kept.encode()) or not same_origin(request.scope):
        raise FormRefused("sign_in.too_long_open")
    return fields


async def _body(request: Request) -> bytes:
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LARGEST:
            raise FormRefused("sign_in.too_large")
    return body


def form_token(request: Request) -> str:
    """The token of this browser's forms: the one it has, or a new one."""
    return request.cookies.get(_COOKIE) or new_secret()


def with_token(response: Response, request: Request, token: str) -> Response:
    """`response`, giving the browser the token of the form inside it."""
    response.set_cookie(_COOKIE, token, path="/auth", httponly=True, samesite="lax", secure=is_secure(request.scope))
    return response


def token_field(token: str) -> str:
    """The token as part of a form."""
    return hidden(TOKEN, token)
