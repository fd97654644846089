"""What a request says of itself: its cookie, where it came from, and where it may be sent on to."""

from __future__ import annotations

import re

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import Scope

from monitoring.access.accounts import digest
from monitoring.access.limits import SESSION_LIMITS
from monitoring.api.opened import settings
from monitoring.vocabulary import Role

COOKIE = "ward_session"
_INSIDE = re.compile(r"/(?![/\\])[^\\\x00-\x20\x7f]*\Z")


def session_id(scope: Scope) -> str | None:
    """The hash of the session cookie, None without one."""
    secret = HTTPConnection(scope).cookies.get(COOKIE)
    return digest(secret) if secret else None


def address(scope: Scope) -> str:
    """The network address of the browser; with a trusted proxy in front, the one the proxy saw."""
    if settings().behind_proxy:
        forwarded = Headers(scope=scope).get("x-forwarded-for", "").split(",")[-1].strip()
        if forwarded:
            return forwarded
    client = scope.get("client")
    return str(client[0]) if client else "unknown"


def is_secure(scope: Scope) -> bool:
    """Whether the browser speaks to us over TLS, as far as can be known."""
    if settings().behind_proxy and Headers(scope=scope).get("x-forwarded-proto", "").split(",")[-1].strip() == "https":
        return True
    return scope["scheme"] in {"https", "wss"} or settings().public_url.startswith("https://")


def inside(asked: str | None) -> str:
    """Where to go after the sign-in: an address of this site, else its start."""
    if asked is None or not _INSIDE.match(asked) or asked.startswith("/auth/"):
        return "/"
    return asked


def same_origin(scope: Scope) -> bool:
    """Whether a form was sent from this site, as far as the browser says."""
    headers = Headers(scope=scope)
    origin = headers.get("origin")
    return origin is None or origin.partition("://")[2] == headers.get("host")


def give_cookie(response: Response, scope: Scope, secret: str, role: Role) -> None:
    """The session's cookie: unread by scripts, not sent along from other sites' forms.

    Staff share computers, so theirs goes with the browser; a wall and a family's telephone keep it.
    """
    kept = int(SESSION_LIMITS[role].absolute.total_seconds()) if role in {Role.DISPLAY, Role.CAREGIVER} else None
    response.set_cookie(COOKIE, secret, kept, path="/", httponly=True, samesite="lax", secure=is_secure(scope))


def take_cookie(response: Response, scope: Scope) -> None:
    """Forget the session's cookie."""
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="lax", secure=is_secure(scope))
