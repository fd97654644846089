"""Routes for machines ask here what the gate has let in."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request

from monitoring.access import ServiceToken, Visitor
from monitoring.access.acts import SESSION_SHOWN
from monitoring.vocabulary import Scope


def require_scope(request: Request, scope: Scope) -> ServiceToken:
    """The service token of this request. Raises HTTPException: 401 without one, 403 where it lacks `scope`.

    The gate has asked before by the table; asked again here, a route without its row is closed all the same.
    """
    token = getattr(request.state, "token", None)
    if not isinstance(token, ServiceToken):
        raise HTTPException(401, "A service token is needed here.", headers={"www-authenticate": "Bearer"})
    if scope not in token.scopes:
        raise HTTPException(403, f"This token lacks the scope {scope.value}.")
    return token


def current_visitor(request: Request) -> Visitor:
    """Who is signed in on this request. Raises HTTPException 401 without anybody."""
    visitor = getattr(request.state, "visitor", None)
    if not isinstance(visitor, Visitor):
        raise HTTPException(401, "Please sign in.")
    return visitor


def asked_by_its_own_page(request: Request) -> bool:
    """Whether the page that asks was drawn for the session that is signed in; a page says by `of` whose it is.

    At a shared computer the cookie may be the next person's. Raises HTTPException 401 without anybody.
    """
    return request.query_params.get("of") == current_visitor(request).session_id[:SESSION_SHOWN]
