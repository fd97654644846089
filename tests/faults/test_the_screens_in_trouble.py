"""A database that stops under open screens: each says it is not live and since when, and is live again by itself."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, create_engine
from starlette.requests import Request
from streamlit.testing.v1 import AppTest

from monitoring.access import SCREENS
from monitoring.api.health import healthz
from monitoring.settings import ROOT
from monitoring.store import engine
from monitoring.ui import live
from monitoring.ui.people import SESSION, Person, patient_key
from monitoring.vocabulary import Role
from tests.faults.conftest import Server
from tests.ui.conftest import board, one_patient, seen, signed_in

__all__ = ["one_patient"]

pytestmark = pytest.mark.postgres
WHO = {"home": Role.CAREGIVER, "intake": Role.DATA_MANAGER, "administration": Role.ADMIN, "audit": Role.ADMIN}


@pytest.fixture
def store(server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """What the pages use, here on PostgreSQL."""
    address = server.new_database()
    made: list[Engine] = []

    def kept(*words: Any, **more: Any) -> Engine:
        made.append(create_engine(*words, **more))
        return made[-1]

    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])  # AppTest puts the page there
    monkeypatch.setattr(engine, "create_engine", kept)  # the process keeps them open; the test may not
    monkeypatch.setenv("MONITORING_DATABASE_URL", address)
    monkeypatch.setenv("MONITORING_WARD_ZONE", "Europe/Berlin")
    live.forget()
    yield address
    live.forget()
    for one in made:
        one.dispose()


def screen(page: str, patient_id: str) -> AppTest:
    test = AppTest.from_file(str(ROOT / "pages" / f"{page}.py"), default_timeout=60)
    role = WHO.get(page, Role.NURSE)
    test.user = {SESSION: signed_in(Person(role, "Ada", patient_id if role is Role.CAREGIVER else None))}
    test.query_params["p"] = patient_key(patient_id)
    return test


def health() -> int:
    return asyncio.run(healthz(Request({"type": "http"}))).status_code


def test_every_open_screen_says_that_it_is_not_live_and_is_live_again_when_the_server_is(
    store: str, one_patient: str, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened_at = live.now()
    monkeypatch.setattr(live, "instant", lambda: opened_at)
    screens = {page: screen(page, one_patient).run() for page in sorted({*SCREENS} - {"calculator"})}
    assert [page for page, shown in screens.items() if len(shown.error) or shown.exception] == []
    rows = board(screens["ward"])["rows"]
    assert len(rows) == 1
    assert health() == 200
    server.stop()
    # Within the second it was made in, a board is shared and stands: the server did answer in that second.
    monkeypatch.setattr(live, "instant", lambda: opened_at + timedelta(seconds=1))
    for page, shown in screens.items():
        shown.run()
        assert not shown.exception, page
        if page != "ward":
            assert "the store does not answer" in "\n".join(error.value for error in shown.error), page
    silent = board(screens["ward"])
    since = opened_at.astimezone(ZoneInfo("Europe/Berlin"))
    assert silent["trouble"] == f"Not live since {since:%H:%M:%S}: the store does not answer."
    assert silent["rows"] == rows, "the last rows stay, marked"
    assert health() == 503
    server.start()
    for page, shown in screens.items():
        shown.run()
        assert not shown.exception, page
        assert [error.value for error in shown.error] == [], page
    again = board(screens["ward"])
    assert "not live" not in again["liveText"]
    assert again["trouble"] in {"", None}
    assert health() == 200


def test_what_is_charted_into_a_database_that_takes_nothing_is_said_not_to_be_recorded(
    store: str, one_patient: str, server: Server
) -> None:
    """Reading goes on: the ward stays live. Nothing is said to be recorded that is not."""
    ward = screen("ward", one_patient).run()
    home = screen("home", one_patient).run()
    before = live.rounds().version()
    server.tell("ALTER SYSTEM SET default_transaction_read_only = on")
    try:
        assert len(board(ward.run())["rows"]) == 1
        assert not ward.exception
        home.text_input[0].set_value("38.5").run()
        home.button(key="send").click().run()
        assert not home.exception
        said = seen(home)
    finally:
        server.tell("ALTER SYSTEM SET default_transaction_read_only = off")
    assert live.rounds().version() == before
    assert "Nothing typed here has been recorded" in said
