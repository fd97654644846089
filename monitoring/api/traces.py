"""Whom the audit names for a request."""

from __future__ import annotations

from starlette.requests import Request

from monitoring.access import ServiceToken
from monitoring.access.acts import Channel, Origin
from monitoring.api.bearer import current_visitor
from monitoring.api.visit import address


def origin_of_visitor(request: Request) -> Origin:
    """The person signed in on this request. Raises HTTPException 401 without anybody."""
    visitor = current_visitor(request)
    return Origin(visitor.account.account_id, Channel.HTTP, visitor.account.role, address(request.scope))


def origin_of_token(request: Request, token: ServiceToken) -> Origin:
    """The machine whose token this request carries."""
    return Origin(f"service:{token.name}", Channel.HTTP, address=address(request.scope))
