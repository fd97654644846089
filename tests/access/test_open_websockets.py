"""A websocket that is open: what counts as activity on it, and that it ends with its session."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta

import pytest
from conftest import PASSWORD, person
from starlette.types import Message, Receive, Scope, Send

from monitoring.access.accounts import digest
from monitoring.admission import Admission
from monitoring.api import Gate, gate, opened
from monitoring.store.accounts import Accounts
from monitoring.vocabulary import Role


def scope(secret: str) -> Scope:
    return {
        "type": "websocket",
        "path": "/_stcore/stream",
        "scheme": "ws",
        "query_string": b"",
        "client": ("10.0.0.7", 1),
        "headers": [(b"cookie", f"ward_session={secret}".encode()), (b"host", b"ward")],
    }


async def until_closed(_: Scope, receive: Receive, send: Send) -> None:
    """An application that reads what comes until the socket is gone."""
    await send({"type": "websocket.accept"})
    while (await receive())["type"] != "websocket.disconnect":
        pass


def play(secret: str, messages: list[bytes], then: Callable[[], None] = lambda: None) -> list[Message]:
    """The messages through the gate, `then` something happens; what was sent to the browser."""
    sent: list[Message] = []

    async def played() -> None:
        waiting: asyncio.Queue[Message] = asyncio.Queue()
        for message in messages:
            waiting.put_nowait({"type": "websocket.receive", "bytes": message})

        async def receive() -> Message:
            if waiting.empty():
                then()
            return await waiting.get()

        async def send(message: Message) -> None:
            sent.append(message)
            if message["type"] == "websocket.close":
                waiting.put_nowait({"type": "websocket.disconnect", "code": 4401})

        await asyncio.wait_for(
            Gate(until_closed, lambda message: message == b"a person")(scope(secret), receive, send), 60
        )

    asyncio.run(played())
    return sent


@pytest.fixture
def secret(admission: Admission, accounts: Accounts) -> str:
    """The cookie of a nurse whose session was last used ten minutes ago."""
    then = opened.now() - timedelta(minutes=10)
    person(admission, Role.NURSE, then)
    return admission.sign_in("nurse", PASSWORD, "10.0.0.7", then)[0]


ON_THE_WIRE = [
    ("the page asking for its content", [b"a person"], False),
    ("a screen refreshing itself", [b"a person", b"a timer", b"a timer"], False),
    ("a person pressing something", [b"a person", b"a timer", b"a person"], True),
]


@pytest.mark.parametrize(("case", "messages", "active"), ON_THE_WIRE, ids=[row[0] for row in ON_THE_WIRE])
def test_only_a_person_is_active(
    case: str,
    messages: list[bytes],
    active: bool,
    secret: str,
    admission: Admission,
    accounts: Accounts,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(gate, "LOOK_EVERY_SECONDS", 0.05)
    play(secret, messages, then=lambda: admission.sign_out(digest(secret), opened.now()))
    row = accounts.session(digest(secret))
    assert row is not None
    assert (row.seen_at > opened.now() - timedelta(minutes=5)) is active


def test_a_session_that_ends_closes_its_websocket(
    secret: str, admission: Admission, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate, "LOOK_EVERY_SECONDS", 0.05)
    sent = play(secret, [b"x"], then=lambda: admission.sign_out(digest(secret), opened.now()))
    assert sent == [{"type": "websocket.accept"}, {"type": "websocket.close", "code": 4401}]
    assert play(secret, [b"x"]) == [{"type": "websocket.close", "code": 4401}], "and it does not open again"
