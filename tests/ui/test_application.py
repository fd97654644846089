"""The application beside its screens: health, and what the server is told."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from datetime import timedelta
from importlib import import_module
from pathlib import Path

import pytest
from starlette.requests import Request

from monitoring.access import Account, Visitor
from monitoring.api import opened
from monitoring.api.health import healthz
from monitoring.rounds import opened as process
from monitoring.rounds.watch import GIVEN_UP_AFTER
from monitoring.settings import ROOT
from monitoring.vocabulary import Role


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    opened.forget()
    yield
    opened.forget()


def health() -> tuple[int, dict]:
    answer = asyncio.run(healthz(Request({"type": "http"})))
    return answer.status_code, json.loads(answer.body)


def test_health_is_json_and_names_the_state_of_the_store(store: Path) -> None:
    status, said = health()
    assert said.pop("schema") >= "0005"
    assert (status, said) == (200, {"status": "ok", "version": 0, "last_arrival": None, "watched": None})


def test_a_watch_that_has_stopped_is_503_and_says_since_when(store: Path) -> None:
    watch = process.watch()
    watch.begun = opened.now() - 2 * GIVEN_UP_AFTER
    status, said = health()
    assert (status, said["status"]) == (503, "alerts are not kept")
    assert watch.begun.isoformat(timespec="seconds") in said["reason"]
    watch.look()
    assert health()[0] == 200


def test_alerts_that_are_not_kept_are_said_and_take_no_screen_away(store: Path) -> None:
    """A proxy asks here whether to send people on: a ward that can be read must not be hidden from them."""
    watch = process.watch()
    watch.look()
    watch.noted = opened.now() - 2 * GIVEN_UP_AFTER
    status, said = health()
    assert (status, said["status"]) == (200, "ok")
    assert said["alerts"] == f"not kept since {watch.noted.isoformat(timespec='seconds')}: the store takes nothing"


def test_the_board_follows_a_clock_that_was_moved_back(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    visitor = Visitor("s", Account("a", "wall", "Wall", Role.DISPLAY, None), None)
    asked = Request({"type": "http", "headers": [], "state": {"visitor": visitor}})
    route = import_module("monitoring.api.board")
    ahead = opened.now() + timedelta(hours=1)
    for at in (ahead, ahead - timedelta(hours=1)):
        monkeypatch.setattr(route, "now", lambda at=at: at)
        assert json.loads(route.board(asked).body)["asOf"] == at.isoformat()


def test_a_store_that_does_not_answer_is_503_with_a_reason(silence: Callable[[], None]) -> None:
    silence()
    status, said = health()
    assert (status, said["status"]) == (503, "store unavailable")
    assert said["reason"] == "the store does not answer; the log says which and why"


def test_health_tells_a_stranger_nothing_of_where_the_store_is(silence: Callable[[], None]) -> None:
    silence()
    where = os.environ["MONITORING_DATABASE_URL"]
    assert [part for part in where.split("/") if part and part in json.dumps(health())] == []


def test_the_server_shows_no_tracebacks_watches_no_files_and_reports_to_nobody() -> None:
    config = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    assert config["client"]["showErrorDetails"] == "none"
    assert config["server"]["fileWatcherType"] == "none"
    assert config["browser"]["gatherUsageStats"] is False


def test_a_bare_string_in_a_page_is_never_drawn() -> None:
    """Streamlit's magic drew the meaning of a constant on every ward screen."""
    config = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    assert config["runner"]["magicEnabled"] is False


def test_what_plotly_takes_half_loaded_is_loaded_before_anybody_comes() -> None:
    """Two figures drawn at once failed: one thread was loading pandas, the other took what there was of it."""
    asked = "import sys; import monitoring.api.start; sys.exit('pandas' not in sys.modules)"
    assert subprocess.run([sys.executable, "-c", asked], cwd=ROOT, check=False).returncode == 0
