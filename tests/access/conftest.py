"""A store with one account of each role, and the routes of the application on it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from monitoring.access import Account
from monitoring.admission import Admission
from monitoring.api import opened
from monitoring.store.accounts import Accounts, open_accounts
from monitoring.vocabulary import Role

PASSWORD = "a sentence nobody guesses"  # noqa: S105 - of accounts in a temporary store
NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)


@pytest.fixture
def address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The URL of an empty store, which the routes use too."""
    url = f"sqlite:///{tmp_path / 'ward.db'}"
    monkeypatch.setenv("MONITORING_DATABASE_URL", url)
    opened.forget()
    yield url
    opened.forget()


@pytest.fixture
def accounts(address: str) -> Iterator[Accounts]:
    kept = open_accounts(address)
    yield kept
    kept.close()


@pytest.fixture
def admission(accounts: Accounts) -> Admission:
    return Admission(accounts)


def person(admission: Admission, role: Role, at: datetime = NOON, name: str = "") -> Account:
    """An account of `role` with PASSWORD."""
    account = admission.add(
        name or role.value, role, at, display_name="Ada", patient_id="P1" if role is Role.CAREGIVER else None
    )
    admission.set_password(account, PASSWORD, at)
    return account
