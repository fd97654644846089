"""How long requests take, for `/metrics`: by the row of the table that decides, never by the address."""

from __future__ import annotations

import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from monitoring.access import door_to
from monitoring.api.metrics import request_seconds


class Timed:
    """Pure ASGI middleware, outside of the gate, so that what it turns away is counted too."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request; websockets last as long as their page and are passed on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = time.perf_counter(), "500"

        async def sent(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = str(message["status"])
            await send(message)

        try:
            await self._app(scope, receive, sent)
        finally:
            request_seconds.labels(door_to(scope["path"]).path, status).observe(time.perf_counter() - began)
