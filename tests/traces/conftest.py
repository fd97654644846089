"""A ward of one patient with a name and values found nowhere else, its pages, and people who really sign in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from monitoring.access.accounts import digest
from monitoring.admission import Admission
from monitoring.settings import ROOT
from monitoring.store import Store, open_store
from monitoring.ui import live
from monitoring.ui.people import SESSION
from monitoring.vocabulary import Role

from .peculiar import NAME, NUMBER, PASSWORD, TEMPERATURE


@pytest.fixture
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of an empty store that pages, routes and commands use."""
    address = f"sqlite:///{tmp_path / 'ward.db'}"
    monkeypatch.setenv("MONITORING_DATABASE_URL", address)
    live.forget()
    yield address
    live.forget()


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    kept = open_store(url)
    yield kept
    kept.close()


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """The patient, infused three days ago, with a temperature a quarter of an hour ago."""
    infused, taken = ((live.now() - span).isoformat() for span in (timedelta(days=3), timedelta(minutes=15)))
    texts = {
        "patients.csv": "patient_id,name,birth_date,ward,bed,product,infused_at\n"
        f'{NUMBER},"{NAME}",1970-01-01,7 North,12,Yescarta,{infused}\n',
        "vitals.csv": f"patient_id,time,temp_c,hr,spo2,o2_device\n{NUMBER},{taken},{TEMPERATURE},116,96,room_air\n",
    }
    paths = []
    for name, text in texts.items():
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        paths.append(path)
    return paths


@pytest.fixture
def patient(url: str, files: list[Path]) -> str:
    report = live.rounds().ingest(files, author="test", received_at=live.now())
    assert report.quarantined == 0, report.refusals
    return NUMBER


@pytest.fixture
def admission(url: str) -> Admission:
    return live.admission()


@pytest.fixture
def signed_in(admission: Admission) -> Callable[[Role], str]:
    """`signed_in(Role.NURSE)`: the session of somebody of that role, who has typed a password."""

    def enter(role: Role) -> str:
        at = live.now()
        cared_for = NUMBER if role is Role.CAREGIVER else None
        account = admission.add(f"{role.value}-1", role, at, display_name=f"Dr {role.value}", patient_id=cared_for)
        admission.set_password(account, PASSWORD, at)
        secret, _ = admission.sign_in(account.name, PASSWORD, "10.0.0.7", at)
        return digest(secret)

    return enter


@pytest.fixture
def opened(url: str) -> Callable[..., AppTest]:
    """`opened("patient", session, p=key)`: a page, run once."""

    def run(page: str, session: str, **query: str) -> AppTest:
        test = AppTest.from_file(str(ROOT / "pages" / f"{page}.py"), default_timeout=30)
        test.user = {SESSION: session}
        for name, value in query.items():
            test.query_params[name] = value
        return test.run()

    return run
