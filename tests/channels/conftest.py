"""A served ward on an empty store, and a machine that may send to it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from monitoring.admission import Admission
from monitoring.api import intake, metrics, opened
from monitoring.store import open_store
from monitoring.store.accounts import open_accounts
from monitoring.vocabulary import Scope

from .sending import Ward, served


@pytest.fixture
def address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The URL of an empty store, which the routes use too."""
    url = f"sqlite:///{tmp_path / 'ward.db'}"
    monkeypatch.setenv("MONITORING_DATABASE_URL", url)
    opened.forget()
    metrics.forget()
    intake.pace.cache_clear()
    yield url
    opened.forget()
    intake.pace.cache_clear()


@pytest.fixture
def ward(address: str) -> Iterator[Ward]:
    accounts = open_accounts(address)
    admission = Admission(accounts)
    secret, _ = admission.make_token("icu-gateway", [Scope.INGEST_WRITE], datetime.now(UTC))
    with served() as url, httpx.Client(base_url=url, timeout=30) as client:
        yield Ward(address, open_store(address), admission, client, secret)
    accounts.close()
