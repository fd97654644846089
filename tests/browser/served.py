"""The application as a person meets it: a real server process on a port of its own."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page

from tests.ports import free_port

ROOT = Path(__file__).resolve().parent.parent.parent
SCREENSHOTS = ROOT / "screenshots"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SIZES = {"wall": (1920, 1080), "desk": (1280, 800), "phone": (390, 844)}

PASSWORD = "only these browser tests"  # noqa: S105 - of demonstration accounts in a temporary store
"""What the tests make the demonstration accounts' password, which is another at each `demo`."""

OpenPage = Callable[..., Page]
"""`open_page(size="desk", theme="light")`."""


@dataclass(frozen=True)
class Server:
    """A served ward: its address, its process group, and the store under it."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path

    def pause(self) -> None:
        os.killpg(self.process.pid, signal.SIGSTOP)

    def resume(self) -> None:
        os.killpg(self.process.pid, signal.SIGCONT)


@contextmanager
def serving(store: str, log: Path) -> Iterator[Server]:
    port = free_port()
    words = [sys.executable, "-m", "streamlit", "run", "dashboard.py", "--server.headless", "true"]
    words += ["--server.address", "127.0.0.1", "--server.port", str(port)]
    environment = {**os.environ, "MONITORING_DATABASE_URL": store, "MONITORING_DEMONSTRATION": "1"}
    with log.open("wb") as out:
        process = subprocess.Popen(
            words, cwd=ROOT, env=environment, stdout=out, stderr=subprocess.STDOUT, start_new_session=True
        )
        try:
            _wait_until_up(f"http://127.0.0.1:{port}", process, log)
            yield Server(f"http://127.0.0.1:{port}", process, log)
        finally:
            os.killpg(process.pid, signal.SIGCONT)
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(timeout=30)


def _wait_until_up(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    give_up = time.monotonic() + 60
    while time.monotonic() < give_up:
        assert process.poll() is None, log.read_text()
        try:
            # The health route runs no page, so the first page a test opens is the first of this server's life.
            if httpx.get(f"{url}/_stcore/health", timeout=5).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.2)
    pytest.fail(f"{url} did not come up:\n{log.read_text()}")
