"""The application driven with a patient found nowhere else: no log, whoever wrote it, holds the name, id or a value."""

from __future__ import annotations

import asyncio
import io
import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from streamlit.testing.v1 import AppTest

from monitoring.__main__ import main
from monitoring.api import ROUTES, Gate
from monitoring.api import opened as routes_open
from monitoring.api.log import start_log, tell
from monitoring.ui import live
from monitoring.ui.people import patient_key
from monitoring.ui.trouble import said_calmly
from monitoring.vocabulary import Role

from .peculiar import NAME, NOTE, NUMBER, PASSWORD, TELLTALE, TEMPERATURE

SignIn = Callable[[Role], str]
Open = Callable[..., AppTest]
CHATTY = ("monitoring", "streamlit", "uvicorn", "asyncio", "sqlalchemy", "alembic", "httpx", "starlette")


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """Everything any logger of this process writes, and what every logger would write in the plainest form."""
    factory, kept = logging.getLogRecordFactory(), {}
    names = [*CHATTY, *(name for name in logging.root.manager.loggerDict if name.startswith(CHATTY))]
    for name in names:
        logger = logging.getLogger(name)
        kept[name] = (logger.handlers, logger.propagate, logger.level)
    written = io.StringIO()
    monkeypatch.setattr("sys.stderr", written)
    start_log()
    plain = logging.StreamHandler(written)
    plain.setFormatter(logging.Formatter("%(name)s %(message)s"))
    for name in [*CHATTY, ""]:
        logging.getLogger(name or None).addHandler(plain)
    yield written
    logging.captureWarnings(capture=False)
    logging.setLogRecordFactory(factory)
    logging.getLogger().removeHandler(plain)
    for name, (handlers, propagate, level) in kept.items():
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [one for one in handlers if one is not plain], propagate
        logger.setLevel(level)


def telltales(log: io.StringIO) -> list[str]:
    said = log.getvalue().lower()
    return [word for word in TELLTALE if word.lower() in said]


def test_screens_that_show_the_patient_log_nothing_of_them(
    log: io.StringIO, patient: str, signed_in: SignIn, opened: Open
) -> None:
    page = opened("patient", signed_in(Role.NURSE), p=patient_key(patient))
    page.text_input(key="c-note").set_value(NOTE)
    page.number_input(key="v-temperature").set_value(39.47)
    next(button for button in page.button if button.label == "Chart vital signs").click().run()
    for screen, role in (
        ("ward", Role.PHYSICIAN),
        ("home", Role.CAREGIVER),
        ("intake", Role.DATA_MANAGER),
        ("audit", Role.ADMIN),
    ):
        opened(screen, signed_in(role))
    assert '"act": "patient viewed"' in log.getvalue()
    assert telltales(log) == []


def test_a_mistake_of_ours_is_logged_by_where_it_happened_and_never_by_its_words(
    log: io.StringIO, patient: str
) -> None:
    try:
        try:
            float(f"{NAME} {TEMPERATURE}")
        except ValueError as why:
            raise KeyError(NUMBER) from why
    except KeyError as problem:
        said_calmly(problem)
        logging.getLogger("uvicorn.error").exception("Exception in ASGI application")
        logging.getLogger("streamlit.later").error("Uncaught app execution", exc_info=problem)
    assert telltales(log) == []
    ours = next(json.loads(line) for line in log.getvalue().splitlines() if '"from": "monitoring.ui.trouble"' in line)
    assert ours["trace"][-1] == "KeyError"
    assert "ValueError" in ours["trace"]
    assert any("test_logs_name_nobody.py" in place for place in ours["trace"])


def test_a_store_that_falls_silent_is_logged_without_the_statement_it_was_asked(
    log: io.StringIO, url: str, patient: str, signed_in: SignIn, opened: Open
) -> None:
    nurse = signed_in(Role.NURSE)
    page = opened("patient", nurse, p=patient_key(patient))
    Path(url.removeprefix("sqlite:///")).unlink()
    page.run()
    assert "store" in log.getvalue()
    assert telltales(log) == []


def test_commands_log_nothing_of_the_patient(
    log: io.StringIO, url: str, files: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a command prints is for whoever asked; what it logs is not. Here only what is logged is looked at."""
    monkeypatch.setattr("monitoring.commands.terminal.note", lambda _: None)
    assert main(["ingest", *map(str, files)]) == 0
    main(["explain", NUMBER])
    main(["check"])
    main(["user", "add", "cy", "--role", "caregiver", "--patient", NUMBER])
    assert '"act": "files taken in"' in log.getvalue()
    assert telltales(log) == []


def test_routes_log_neither_what_was_typed_nor_a_query(log: io.StringIO, url: str, patient: str) -> None:
    async def browse() -> None:
        guarded = Starlette(routes=ROUTES, middleware=[Middleware(Gate, by_a_person=lambda _: False)])
        way_in = httpx.ASGITransport(app=guarded)
        async with httpx.AsyncClient(transport=way_in, base_url="http://127.0.0.1") as browser:
            form = await browser.get("/auth/sign-in")
            token = form.text.split('name="form_token" value="')[1].split('"')[0]
            fields = {"form_token": token, "name": NAME, "password": PASSWORD, "next": f"/patient?p={NUMBER}"}
            assert (await browser.post("/auth/sign-in", data=fields)).status_code == 401
            await browser.get(f"/patient?p={NUMBER}&note={NOTE}")
            await browser.get(f"/auth/set-password?link={NUMBER}")
            await browser.post("/api/fhir", content=json.dumps({"resourceType": "Patient", "id": NUMBER, "name": NAME}))

    logging.getLogger("httpx").setLevel(logging.ERROR)  # the browser of this test, not the application
    routes_open.forget()
    asyncio.run(browse())
    routes_open.forget()
    assert '"what": "sign-in refused"' in log.getvalue()
    assert telltales(log) == []


def test_a_line_of_the_log_is_one_json_object(log: io.StringIO) -> None:
    tell("something\nhappened", account="a1", count=2)
    line = next(line for line in log.getvalue().splitlines() if "something" in line and line.startswith("{"))
    said = json.loads(line)
    assert (said["level"], said["from"], said["what"], said["account"], said["count"]) == (
        "info",
        "monitoring.access",
        "something\nhappened",
        "a1",
        2,
    )


def test_this_would_notice(log: io.StringIO, patient: str) -> None:
    """Each of the telltales is found where a log holds it; a test of absence proves nothing otherwise."""
    logging.getLogger("monitoring.x").warning("%s %s %s %s %s", NAME, NUMBER, TEMPERATURE, NOTE, PASSWORD)
    assert {"quillfeather", "471193", TEMPERATURE, "samovar", PASSWORD} <= set(telltales(log))
    assert live.rounds().patients() == [(NUMBER, NAME)]
