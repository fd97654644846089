"""Issue 4, outcome 8: a fact that a machine posts is on the ward screen at its next refresh."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import httpx
from playwright.sync_api import expect

from monitoring.admission import Admission
from monitoring.store.accounts import open_accounts
from monitoring.vocabulary import Scope

from .screens import PATIENCE, board_rows, ward
from .served import OpenPage, Server


def test_a_posted_fact_is_on_the_ward_screen_without_anybody_touching_it(
    own_server: Server, tmp_path: Path, open_page: OpenPage
) -> None:
    accounts = open_accounts(f"sqlite:///{tmp_path / 'own.db'}")  # the store under `own_server`
    secret, _ = Admission(accounts).make_token("icu-gateway", [Scope.INGEST_WRITE], datetime.now(UTC))
    accounts.close()
    page = open_page("wall")
    ward(page, own_server.url)
    row = board_rows(page).filter(has_text="NEW-77")
    expect(row).to_have_count(0)
    now = datetime.now(UTC).isoformat()
    values = [("temperature", 39.2, "Cel"), ("sbp", 118, "mm[Hg]"), ("oxygen_support", "room_air", None)]
    body = [
        {"patient_id": "NEW-77", "time": now, "concept": concept, "value": value, "unit": unit}
        for concept, value, unit in values
    ]
    answer = httpx.post(
        f"{own_server.url}/api/observations", json=body, headers={"authorization": f"Bearer {secret}"}, timeout=30
    )
    assert (answer.status_code, answer.json()["stored"]) == (200, 3), answer.text
    expect(row).to_have_count(1, timeout=PATIENCE)
    expect(row).to_contain_text("39.2")
    worse = [{**body[1], "value": 78, "time": datetime.now(UTC).isoformat()}]
    httpx.post(
        f"{own_server.url}/api/observations", json=worse, headers={"authorization": f"Bearer {secret}"}, timeout=30
    )
    expect(row).to_contain_text("78", timeout=PATIENCE)
