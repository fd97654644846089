"""docs/interfaces.md is true: every example in it is run against a served ward, in the order it is read."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from ipaddress import ip_network

from monitoring.api import opened
from monitoring.intake.listener import Listener, answering
from monitoring.settings import ROOT
from monitoring.vocabulary import Scope

from .sending import Ward

TEXT = (ROOT / "docs" / "interfaces.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
CALLS = [
    (body, BLOCKS[number + 1])
    for number, (language, body) in enumerate(BLOCKS)
    if language == "sh" and body.startswith("curl")
]


def test_each_call_is_answered_as_shown(ward: Ward) -> None:
    metrics, _ = ward.admission.make_token("prometheus", [Scope.METRICS_READ], datetime.now(UTC))
    said = {"WARD": str(ward.client.base_url).rstrip("/"), "TOKEN": ward.secret, "METRICS_TOKEN": metrics}
    assert len(CALLS) == 4
    for call, (language, shown) in CALLS:
        done = subprocess.run(
            ["bash", "-euc", call], env={**os.environ, **said}, capture_output=True, text=True, check=True, timeout=60
        )
        if language == "json":
            assert json.loads(done.stdout) == json.loads(shown)
        else:
            assert done.stdout == shown


@contextmanager
def listening(ward: Ward) -> Iterator[int]:
    """The port of a listener in a thread of its own."""
    loop = asyncio.new_event_loop()
    listener = Listener(answering(opened.rounds(), opened.now), (ip_network("127.0.0.0/8"),))
    server = loop.run_until_complete(listener.start("127.0.0.1", 0))
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield server.sockets[0].getsockname()[1]
    asyncio.run_coroutine_threadsafe(listener.stop(server), loop).result(timeout=30)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(timeout=30)
    loop.run_until_complete(loop.shutdown_default_executor())
    loop.close()


def test_the_message_is_acknowledged_as_shown(ward: Ward) -> None:
    (example,) = [body for language, body in BLOCKS if language == "python"]
    shown = BLOCKS[[language for language, _ in BLOCKS].index("python") + 1][1]
    printed = io.StringIO()
    with listening(ward) as port, contextlib.redirect_stdout(printed):
        exec(example, {"host": "127.0.0.1", "port": port})  # noqa: S102 - our own document
    assert printed.getvalue() == shown
    assert len(ward.store.facts()) == 1


def test_every_command_shown_is_one_that_is_understood() -> None:
    shown = [body for language, body in BLOCKS if language == "sh" and "python -m monitoring" in body]
    assert len(shown) == 4
    for body in shown:
        words = body.split("python -m monitoring ")[1].split()
        done = subprocess.run(
            [sys.executable, "-m", "monitoring", *words, "--help"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert all(word in done.stdout for word in words if word.startswith("--"))
