"""Pages run for real: AppTest on the page files, a store of their own, facts read from a file."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from monitoring.access import Account
from monitoring.access.accounts import digest, new_secret
from monitoring.settings import ROOT
from monitoring.store.accounts import open_accounts
from monitoring.ui import live
from monitoring.ui.people import SESSION, Person
from monitoring.vocabulary import Role

Opened = Callable[..., AppTest]

NURSE = Person(Role.NURSE, "Ada")
PHYSICIAN = Person(Role.PHYSICIAN, "Bo")
DATA_MANAGER = Person(Role.DATA_MANAGER, "Dee")


def caregiver(patient_id: str = "P1") -> Person:
    return Person(Role.CAREGIVER, "Cy", patient_id)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty store that the pages use; the ward's clock is Berlin's."""
    path = tmp_path / "ward.db"
    monkeypatch.setenv("MONITORING_DATABASE_URL", f"sqlite:///{path}")
    monkeypatch.setenv("MONITORING_WARD_ZONE", "Europe/Berlin")
    live.forget()
    yield path
    live.forget()


@pytest.fixture
def silence(store: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """`silence()`: from now on the store does not answer."""

    def silenced() -> None:
        monkeypatch.setenv("MONITORING_DATABASE_URL", f"sqlite:///{store.parent}/missing/folder/ward.db")
        live.forget()

    return silenced


def signed_in(person: Person) -> str:
    """What the gate hands to the scripts for a new session of `person`, who is given an account."""
    accounts, session_id, account_id = open_accounts(live.settings().database_url), digest(new_secret()), new_secret()
    known = Account(account_id, account_id, person.name, person.role, person.patient_id)
    accounts.add_account(known, live.now())
    accounts.start_session(session_id, account_id, "test", live.now())
    accounts.close()
    return session_id


def ago(**span: float) -> str:
    """A moment before now, as a file writes it."""
    return (live.now() - timedelta(**span)).isoformat()


@pytest.fixture
def one_patient(store: Path, tmp_path: Path) -> str:
    """P1, infused three days ago: fever 39.1 twenty minutes ago, pressure last taken nine hours ago, a drug chart."""
    files = {
        "patients.csv": "patient_id,name,birth_date,ward,bed,product,infused_at\n"
        f'P1,"Okafor, Ada",1970-01-01,7 North,12,Yescarta,{ago(days=3)}\n',
        "drugs.csv": f"patient_id,drug,start,dose,unit\nP1,paracetamol,{ago(days=2)},1,g\n",
        "vitals.csv": "patient_id,time,temp_c,hr,rr,sbp,dbp,spo2,o2_device\n"
        f"P1,{ago(hours=9)},38.4,110,18,118,70,96,room_air\nP1,{ago(minutes=20)},39.1,116,20,,,96,room_air\n",
    }
    paths = []
    for name, text in files.items():
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        paths.append(path)
    report = live.rounds().ingest(paths, author="test", received_at=live.now())
    assert report.quarantined == 0, report.refusals
    return "P1"


@pytest.fixture
def opened(store: Path) -> Opened:
    """`opened("ward", NURSE)`: the page file by itself, run once; nobody signed in without a person."""

    def run(page: str, person: Person | None = None, **query: str) -> AppTest:
        test = AppTest.from_file(str(ROOT / "pages" / f"{page}.py"), default_timeout=30)
        if person is not None:
            test.user = {SESSION: signed_in(person)}
        for name, value in query.items():
            test.query_params[name] = value
        return test.run()

    return run


def seen(page: AppTest) -> str:
    """Everything a person can read on the page, as one text (HTML included)."""
    kinds = ("title", "header", "subheader", "text", "info", "warning", "error", "success", "markdown")
    said = [str(element.value) for kind in kinds for element in getattr(page, kind)]
    return "\n".join([*said, *(html.proto.body for html in page.get("html"))])


def board(page: AppTest) -> dict[str, Any]:
    """What was sent to the ward board."""
    (component,) = [one for one in page.get("bidi_component") if one.proto.component_name == "ward_board"]
    payload: dict[str, Any] = json.loads(component.proto.json)
    return payload


def facts(store: Path) -> list[dict[str, Any]]:
    """Every fact in the store, as stored."""
    with sqlite3.connect(store) as database:
        return [json.loads(content) for (content,) in database.execute("select content from fact order by seq")]
