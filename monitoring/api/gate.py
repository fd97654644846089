"""The gate in front of everything: pages, websockets, media, uploads, components and routes alike.

Pure ASGI, because Starlette's own base class does not see websockets. It decides by `monitoring.access.ROUTES`, writes
who it is into a header that Streamlit trusts, and drops that header from whatever comes in.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from html import escape
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from monitoring.access import Door, ServiceToken, Visitor, door_to
from monitoring.api.headers import guarded
from monitoring.api.language import spoken, spoken_without_store
from monitoring.api.look import page
from monitoring.api.opened import admission, now
from monitoring.api.visit import same_origin, session_id
from monitoring.languages import english
from monitoring.store import StoreUnavailable

IDENTITY = b"x-ward-session"
"""The header that carries the session's hash to the scripts (`server.trustedUserHeaders`)."""

LOOK_EVERY_SECONDS = 10
"""How often an open websocket's session is looked up; found over twice, the socket is closed."""

_OURS = b"x-ward-"
_RETRY_SECONDS = 30
_SILENT = "refused.silent"
_SIGNED_OUT = 4401

ByAPerson = Callable[[bytes], bool]
"""Whether a message on Streamlit's websocket was made by a person, rather than by a screen refreshing itself."""


class Gate:
    """ASGI middleware. Nobody without a session gets past it, but to the doors that stand open."""

    def __init__(self, app: ASGIApp, by_a_person: ByAPerson) -> None:
        self._app = app
        self._by_a_person = by_a_person

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request or websocket."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        kept = [(name, value) for name, value in scope["headers"] if not name.lower().startswith(_OURS)]
        scope = {**scope, "headers": kept, "state": dict(scope.get("state", {}))}
        door = door_to(scope["path"])
        if scope["type"] == "http":
            send = guarded(scope, send, keep=scope["path"].startswith("/static/"))
        if door.open:
            await self._app(scope, receive, send)
            return
        try:
            visitor, token = await run_in_threadpool(_who, scope, door)
        except StoreUnavailable:
            await _refuse(scope, receive, send, 503, english().say(_SILENT), _SILENT)
            return
        refused = _refusal(door, visitor, token)
        if refused is not None:
            await _refuse(scope, receive, send, *refused)
            return
        if token is not None:
            scope["state"]["token"] = token
        if visitor is None:
            await self._app(scope, receive, send)
            return
        if _changes_something(scope) and not same_origin(scope):
            await _refuse(scope, receive, send, 403, "This was asked by a page of another site.")
            return
        scope["state"]["visitor"] = visitor
        scope["headers"] = [*kept, (IDENTITY, visitor.session_id.encode())]
        if scope["type"] == "websocket":
            await self._watched(scope, receive, send, visitor)
        else:
            await self._app(scope, receive, send)

    async def _watched(self, scope: Scope, receive: Receive, send: Send, visitor: Visitor) -> None:
        """A websocket that ends with its session, and on which only a person's doing counts as activity."""
        closed = False
        heard = 0

        async def received() -> Message:
            nonlocal heard
            message = await receive()
            if message["type"] == "websocket.receive" and message.get("bytes"):
                heard += 1
                # the first message is the page asking for its content, after each reconnect too
                if heard > 1 and self._by_a_person(message["bytes"]):
                    await _still_there(visitor, touch=True)
            return message

        async def sent(message: Message) -> None:
            if not closed:
                await send(message)

        async def watch() -> None:
            nonlocal closed
            gone = 0
            while gone < 2:  # the page itself notices within seconds and says so; this is the second lock
                await asyncio.sleep(LOOK_EVERY_SECONDS)
                gone = 0 if await _still_there(visitor, touch=False) else gone + 1
            closed = True
            with contextlib.suppress(RuntimeError, OSError):
                await send({"type": "websocket.close", "code": _SIGNED_OUT})

        watching = asyncio.create_task(watch())
        try:
            await self._app(scope, received, sent)
        finally:
            watching.cancel()


async def _still_there(visitor: Visitor, *, touch: bool) -> bool:
    try:
        found = await run_in_threadpool(_look_up, visitor.session_id, touch)
    except StoreUnavailable:
        return True  # a store that is silent for a moment sends nobody away, and shows nobody anything either
    return found is not None


def _look_up(session: str, touch: bool) -> Visitor | None:
    return admission().visitor(session, now(), touch=touch)


def _who(scope: Scope, door: Door) -> tuple[Visitor | None, ServiceToken | None]:
    """Who stands before the door: by cookie where it admits roles, by token where it admits scopes."""
    visitor, token = None, None
    if door.scopes:
        kind, _, secret = Headers(scope=scope).get("authorization", "").partition(" ")
        if kind.lower() == "bearer" and secret:
            token = admission().bearer(secret.strip(), now())
    session = session_id(scope)
    if door.roles and token is None and session is not None:
        visitor = admission().visitor(session, now(), touch=_page(scope))
    return visitor, token


def _page(scope: Scope) -> bool:
    """Whether a person opens a page."""
    return scope["type"] == "http" and "text/html" in Headers(scope=scope).get("accept", "")


def _changes_something(scope: Scope) -> bool:
    """Whether another site's page must not ask this with the browser's cookie; a websocket may do anything."""
    return scope["type"] == "websocket" or scope["method"] not in {"GET", "HEAD", "OPTIONS"}


def _shell(scope: Scope) -> bool:
    """Whether a page's own address is asked by something that does not say what it would rather have, such as curl."""
    asked = Headers(scope=scope).get("accept", "*/*")
    return scope["method"] in {"GET", "HEAD"} and "*/*" in asked and door_to(scope["path"]).path == "/"


def _refusal(door: Door, visitor: Visitor | None, token: ServiceToken | None) -> tuple[int, str, str] | None:
    """Status, sentence and the key of its wording for whoever may not enter, None for whoever may."""
    if not door.roles and not door.scopes:
        return 404, english().say("refused.nothing"), "refused.nothing"
    if token is not None:
        return (
            None if token.scopes & door.scopes else (403, f"This token lacks the scope {' or '.join(door.scopes)}.", "")
        )
    if visitor is not None:
        return None if visitor.account.role in door.roles else (403, english().say("refused.role"), "refused.role")
    return 401, "A service token is needed here." if door.scopes and not door.roles else "Please sign in.", ""


async def _refuse(scope: Scope, receive: Receive, send: Send, status: int, sentence: str, key: str = "") -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": _SIGNED_OUT})
        return
    answer: Response
    if not _page(scope) and not _shell(scope):
        answer = JSONResponse({"detail": sentence}, status_code=status)
        if status == 401:
            answer.headers["www-authenticate"] = "Bearer"
        if status == 503:
            answer.headers["retry-after"] = str(_RETRY_SECONDS)
    elif status == 401:
        query = scope["query_string"].decode("latin-1")
        wanted = quote(scope["path"]) + (f"?{query}" if query else "")
        onward = "" if wanted == "/" else f"?next={quote(wanted, safe='')}"
        answer = RedirectResponse(f"/auth/sign-in{onward}", status_code=303)
    else:
        visit = HTTPConnection(scope)
        words = spoken_without_store(visit) if key == _SILENT else await run_in_threadpool(spoken, visit)
        title, start = words.say("refused.title"), words.say("refused.start")
        why = words.say(key) if key else sentence
        answer = page(title, f"<p>{escape(why)}</p><p><a href='/'>{escape(start)}</a></p>", status, words=words)
    await answer(scope, receive, send)
