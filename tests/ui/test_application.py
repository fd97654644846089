"""The application beside its screens: health, and what the server is told."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from starlette.requests import Request

from monitoring.api import opened
from monitoring.api.health import healthz
from monitoring.rounds import opened as process
from monitoring.rounds.watch import GIVEN_UP_AFTER
from monitoring.settings import ROOT


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
