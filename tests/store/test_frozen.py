"""Stores that earlier releases wrote: today's code opens them, migrates them, and grades what is in them the same."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import create_engine, text

from monitoring.access import AccessRefused
from monitoring.access.acts import Act
from monitoring.admission import Admission
from monitoring.concepts import dictionary
from monitoring.records import Fact, Observation
from monitoring.rounds import Rounds
from monitoring.settings import Settings
from monitoring.store import Store, open_store
from monitoring.store.accounts import open_accounts
from monitoring.store.audit import Head
from monitoring.store.engine import newest_revision
from monitoring.vocabulary import Role, Scope

SAMPLES = Path(__file__).resolve().parents[1] / "samples" / "stores"
FILES = sorted(SAMPLES.glob("schema_*.sqlite3"))
HALF_PAST_EIGHT = datetime(2026, 3, 3, 8, 45, tzinfo=UTC)

IDENTITIES = {
    "bbe2d92b79488deba8308d1e7e67a81b": "patient",
    "dfed7ff33c08427ad0314ba8668399a0": "placement",
    "57d0e951428d34ea1c1305c89aab4c3e": "infusion",
    "f7ef065785965d8e4b241964e134f40b": "observation",
    "78f812de2b98d157d953f0984c74d7f5": "correction",
    "e244a485bcc36154adaf04a74b5c3e39": "observation",
    "03a165b4529ae037dc8653460875f794": "observation",
    "2277f38ee72b50579fb91e8546d8c9aa": "observation",
    "4061833e8cd32ee9593c87963ed94c59": "observation",
    "c8a55fdf4451a1c661ae21f9fd3d2505": "oxygen_support",
    "24a418d32e904f5838077809ff7de193": "administration",
    "57184d4a19cbd291f09396b82f0e8fc5": "neuro_assessment",
    "66593c7522f57d1b4414b88903e4cfb4": "charted_grade",
    "73d46d53255a7507fb741ea3aff31f80": "attribution",
    "d90dbdff26009a29c10472ceb7163dc8": "acknowledgement",
    "abe71476ea679065ca2f5baf0d258e52": "symptom_report",
    "fa9c297b4273c2aa87e0ddf2ce0f6cc9": "placement",
    "73b6ce46b4a598b7fef7e8b06a2db460": "infusion",
    "f27451e0f15bcc22af1f460f1b264497": "observation",
}
"""Printed by the code of commit 9caa8f1, which wrote the first sample. An identity may never change: resending what
an old store holds would store it a second time."""


@pytest.fixture(params=FILES, ids=[file.stem for file in FILES])
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    copy = tmp_path / "old.sqlite3"
    shutil.copy(request.param, copy)
    return copy


def opened(file: Path) -> Store:
    return open_store(f"sqlite:///{file}", create=False)


def test_there_is_a_sample_of_every_released_schema() -> None:
    """The newest may still be on its way; whoever adds the next one freezes it first."""
    migrations = SAMPLES.parents[2] / "monitoring" / "store" / "migrations" / "versions"
    schemas = sorted(f"schema_{file.name[:4]}" for file in migrations.glob("0*.py"))
    assert [file.stem for file in FILES] in (schemas, schemas[:-1])


@pytest.mark.parametrize("file", [file for file in FILES if file.stem >= "schema_0003"], ids=lambda file: file.stem)
def test_the_accounts_of_the_third_schema_let_in_whom_they_did(file: Path, tmp_path: Path) -> None:
    """Ada, a nurse, and her password; Cy, who cares for P1 for ten days; a token of a monitor."""
    shutil.copy(file, tmp_path / "old.sqlite3")
    accounts = open_accounts(f"sqlite:///{tmp_path / 'old.sqlite3'}")
    admission = Admission(accounts)
    ada, cy = admission.account("ada"), admission.account("cy")
    admission.sign_in("ada", "frozen, and nobody's", "10.0.0.7", HALF_PAST_EIGHT)
    with pytest.raises(AccessRefused):
        admission.sign_in("ada", "frozen, and somebody's", "10.0.0.7", HALF_PAST_EIGHT)
    (token,) = accounts.tokens()
    accounts.close()
    assert (ada.role, ada.display_name) == (Role.NURSE, "Ada Okafor")
    assert (cy.role, cy.patient_id, cy.ends_at) == (Role.CAREGIVER, "P1", datetime(2026, 3, 13, 8, 30, tzinfo=UTC))
    assert (token.name, token.scopes, token.good(HALF_PAST_EIGHT)) == ("monitor", {Scope.INGEST_WRITE}, True)


@pytest.mark.parametrize("file", [file for file in FILES if file.stem >= "schema_0004"], ids=lambda file: file.stem)
def test_the_audit_of_the_fourth_schema_is_whole_and_ends_where_it_did(file: Path, tmp_path: Path) -> None:
    """The head was printed by the code that wrote the sample."""
    shutil.copy(file, tmp_path / "old.sqlite3")
    store = opened(tmp_path / "old.sqlite3")
    entries = store.audit.entries()
    head = Head(2, "ec91b6da83f97f31d6e4d65e5567823dcf2c0ff0aeedae3a0a486932e8d2c703")
    assert store.audit.findings(head) == []
    store.close()
    assert [(one.seq, one.deed.act, one.deed.patient_id, one.deed.how_many) for one in entries] == [
        (2, Act.EXPORTED, None, 312),
        (1, Act.PATIENT_VIEWED, 'P1 "Zoë" \\ 🩺', None),
    ]


def test_the_settings_of_the_fifth_schema_hold(tmp_path: Path) -> None:
    shutil.copy(SAMPLES / "schema_0005.sqlite3", tmp_path / "old.sqlite3")
    store = opened(tmp_path / "old.sqlite3")
    now = store.site.now()
    store.close()
    assert (now.number, now.settings.late_minutes, now.author) == (1, 45, "admin:E")


def test_the_quarantine_of_the_second_schema_is_read_as_it_was_left(tmp_path: Path) -> None:
    """A row of Berlin time refused for a pressure of 1210, one set aside, a code not mapped and one that is."""
    shutil.copy(SAMPLES / "schema_0002.sqlite3", tmp_path / "old.sqlite3")
    store = opened(tmp_path / "old.sqlite3")
    rounds = Rounds(store, Settings("", ZoneInfo("UTC"), None, demonstration=False), dictionary())
    (held,) = rounds.open_refusals(source="held.csv")
    (aside,) = rounds.open_refusals(source="held.csv", state="resolved")
    (code,) = rounds.unmapped_codes()
    (mapping,) = rounds.code_mappings()
    done = rounds.correct(held.id, "P3;2026-03-03T08:00;38,4;121", author="nurse:N", at=HALF_PAST_EIGHT)
    facts = store.facts("P3")
    assert store.findings() == []
    store.close()
    assert (held.refusal.value, held.refusal.rule, held.row.zone, held.author) == (
        "1210",
        "implausible",
        "Europe/Berlin",
        "nurse:N",
    )
    assert aside.resolution is not None
    assert (aside.resolution.how, aside.resolution.reason) == ("dismissed", "the cuff was off")
    assert (code.system, code.code, code.label, code.example) == ("99VENDOR", "T1", "Temp bay 4", "feed:message 1")
    assert (mapping.code, mapping.concept) == ("T2", "temperature")
    assert done.closed == 1
    assert {fact.effective_at for fact in facts} == {datetime(2026, 3, 3, 7, tzinfo=UTC)}


def test_an_old_store_is_brought_to_the_newest_schema_and_is_sound(old: Path) -> None:
    store = opened(old)
    engine = create_engine(f"sqlite:///{old}")
    with engine.connect() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == newest_revision()
    engine.dispose()
    assert store.findings() == []
    store.close()


def test_every_fact_keeps_its_identity(old: Path) -> None:
    store = opened(old)
    facts = store.facts()
    store.close()
    assert {fact.fact_id: json.loads(fact.model_dump_json())["kind"] for fact in facts} == IDENTITIES


def test_every_record_comes_back_as_it_was_written(old: Path) -> None:
    store = opened(old)
    facts: dict[str, Fact] = {fact.fact_id: fact for fact in store.facts()}
    store.close()
    assert json.loads(facts["bbe2d92b79488deba8308d1e7e67a81b"].model_dump_json(exclude_none=True)) == {
        "patient_id": "P1",
        "effective_at": "2026-03-01T10:00:00Z",
        "received_at": "2026-03-03T09:00:00Z",
        "source": "frozen.csv:2",
        "author": "nurse:N",
        "status": "final",
        "kind": "patient",
        "name": 'Zoë "Test" 🩺',
        "birth_date": "1970-05-04",
        "sex": "female",
        "weight_kg": 61.5,
        "developmental_delay": False,
    }
    fever = facts["e244a485bcc36154adaf04a74b5c3e39"]
    assert isinstance(fever, Observation)
    assert (fever.value, fever.method, fever.record_id) == (38.6, "tympanic", "obs\\1")


def test_an_old_store_is_graded_the_same(old: Path) -> None:
    """P1: fever, one vasopressor, nasal cannula 2 l/min: CRS 3; ICE 5: ICANS 2. P2: moderate chills at home: 2.

    The reading of 41.0 at 06:00 was withdrawn, so nothing is graded there.
    """
    store = opened(old)
    rounds = Rounds(store, Settings("", ZoneInfo("UTC"), None, demonstration=False), dictionary())
    first, second = (rounds.patient(name, HALF_PAST_EIGHT) for name in ("P1", "P2"))
    early = rounds.patient("P1", datetime(2026, 3, 3, 7, tzinfo=UTC))
    store.close()
    assert first is not None
    assert second is not None
    assert early is not None
    assert (first.row.crs.at_least, first.row.crs.at_most) == (3, 3)
    assert (first.row.icans.at_least, first.row.icans.at_most) == (2, 2)
    assert early.row.crs.at_least == 0
    assert second.row.reported.at_least == 2


def test_a_refusal_of_an_old_store_waits_with_its_text_and_can_be_set_aside(old: Path) -> None:
    """The first schema kept no header line, so the row cannot be read alone; and says so."""
    store = opened(old)
    rounds = Rounds(store, Settings("", ZoneInfo("UTC"), None, demonstration=False), dictionary())
    (held,) = rounds.open_refusals(source="frozen.csv")
    assert (held.refusal.place, held.refusal.field, held.refusal.value) == ("20", "rr", "0")
    assert held.refusal.raw == held.row.raw == "P1,2026-03-03T08:00Z,,0,91"
    again = rounds.replay([held.id], author="data-manager:D", at=HALF_PAST_EIGHT)
    assert (again.closed, again.waiting) == (0, 1)
    assert "Nothing of it was read" in again.refusals[0].reason
    assert rounds.dismiss([held.id], author="data-manager:D", at=HALF_PAST_EIGHT, reason="charted twice") == 1
    assert [row.resolved for row in rounds.ledger() if row.source == "frozen.csv"] == [1]
    assert store.findings() == []
    store.close()
