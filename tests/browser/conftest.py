"""A real server, a real Chromium, the demonstration ward. One server for all; a fresh one where a test needs it.

Scoped to this package: the browser holds an event loop, which must be gone before another test starts its own.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from monitoring.admission import Admission
from monitoring.site import SiteSettings
from monitoring.store import open_store
from monitoring.store.accounts import open_accounts

from .served import CHROMIUM, CHROMIUM_FLAGS, PASSWORD, ROOT, SIZES, OpenPage, Server, serving


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Without a Chromium they skip and say so."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)
            if CHROMIUM is None:
                item.add_marker(
                    pytest.mark.skip(reason="NO CHROMIUM: no screen was looked at; apt-get install chromium")
                )


@pytest.fixture(scope="package")
def demo_store(tmp_path_factory: pytest.TempPathFactory) -> str:
    """URL of a store filled by `python -m monitoring demo`, relative to now."""
    url = f"sqlite:///{tmp_path_factory.mktemp('ward') / 'demo.db'}"
    words = [sys.executable, "-m", "monitoring", "demo", "--db", url]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode in {0, 3}, done.stderr  # 3: done, and the story's wrong rows were quarantined
    admission = Admission(open_accounts(url))
    for account in admission.accounts():
        admission.set_password(account, PASSWORD, datetime.now(UTC))
    store = open_store(url)
    offered = SiteSettings(languages=("en", "de", "es"))
    store.site.change(offered, seen=0, author="admin:browser tests", at=datetime.now(UTC))
    store.close()
    return url


@pytest.fixture(scope="package")
def server(demo_store: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The demonstration ward, served for all of these tests. Tests that write use `own_server`."""
    with serving(demo_store, tmp_path_factory.mktemp("server") / "log") as running:
        yield running


@pytest.fixture
def own_server(demo_store: str, tmp_path: Path) -> Iterator[Server]:
    """A server nobody has opened yet, on a copy of the demonstration store."""
    copy = tmp_path / "own.db"
    source = Path(demo_store.removeprefix("sqlite:///"))
    for suffix in ("", "-wal"):
        if Path(f"{source}{suffix}").exists():
            shutil.copy(f"{source}{suffix}", f"{copy}{suffix}")
    with serving(f"sqlite:///{copy}", tmp_path / "log") as running:
        yield running


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    assert CHROMIUM is not None
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium: Browser) -> Iterator[OpenPage]:
    """`open_page(size="desk", theme="light")`: a page of its own, as new to the site as a person's first visit."""
    contexts = []

    def opened(size: str = "desk", theme: str = "light") -> Page:
        width, height = SIZES[size]
        context = chromium.new_context(
            viewport={"width": width, "height": height},
            color_scheme=theme,  # type: ignore[arg-type]
            locale="en-GB",
            timezone_id="Europe/Berlin",
            has_touch=size == "phone",
        )
        contexts.append(context)
        context.set_default_timeout(30_000)
        return context.new_page()

    yield opened
    for context in contexts:
        context.close()
