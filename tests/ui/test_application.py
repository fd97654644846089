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
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from monitoring.access import Account, Visitor
from monitoring.access.acts import Act
from monitoring.api import opened
from monitoring.api.health import healthz
from monitoring.rounds import opened as process
from monitoring.rounds.watch import GIVEN_UP_AFTER
from monitoring.settings import ROOT
from monitoring.store import StoreUnavailable
from monitoring.store.audit import Audit
from monitoring.vocabulary import Role

BOARD = import_module("monitoring.api.board")


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


def board_for(role: Role, of: str = "s1") -> Response:
    visitor = Visitor("s1", Account("a1", "wall", "Wall", role, None), None)
    scope = {"type": "http", "headers": [], "query_string": f"of={of}".encode(), "client": ("10.0.0.7", 1)}
    answer: Response = BOARD.board(Request(scope | {"state": {"visitor": visitor}}))
    return answer


def test_the_board_follows_a_clock_that_was_moved_back(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ahead = opened.now() + timedelta(hours=1)
    for at in (ahead, ahead - timedelta(hours=1)):
        monkeypatch.setattr(BOARD, "now", lambda at=at: at)
        assert json.loads(board_for(Role.DISPLAY).body)["asOf"] == at.isoformat()


@pytest.mark.parametrize(
    ("case", "role", "of", "status"),
    [
        ("a family, should the gate ever let one in", Role.CAREGIVER, "s1", 403),
        ("a tab of whoever used this browser before", Role.NURSE, "s0", 401),
        ("a program that does not say whose page it is", Role.NURSE, "", 401),
    ],
)
def test_the_board_is_refused(case: str, role: Role, of: str, status: int, store: Path) -> None:
    with pytest.raises(HTTPException) as refused:
        board_for(role, of)
    assert refused.value.status_code == status


def test_a_board_fetched_without_its_page_is_one_entry_of_the_audit_all_the_same(store: Path) -> None:
    for _ in range(3):
        board_for(Role.NURSE)
    deeds = [entry.deed for entry in process.rounds().audit.entries()]
    assert [(deed.act, deed.by.who, deed.by.role) for deed in deeds] == [(Act.WARD_OPENED, "a1", Role.NURSE)]


def test_a_store_that_takes_nothing_shows_the_ward_and_is_asked_again_after_a_minute(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at, asked = opened.now(), []

    def refuse(*_: object) -> None:
        asked.append(at)
        raise StoreUnavailable("attempt to write a readonly database")

    monkeypatch.setattr(BOARD, "now", lambda: at)
    monkeypatch.setattr(Audit, "record", refuse)
    for seconds in (0, 1, 59, 60, 61):
        monkeypatch.setattr(BOARD, "now", lambda seconds=seconds: at + timedelta(seconds=seconds))
        assert board_for(Role.DISPLAY).status_code == 200
    assert len(asked) == 2


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
