"""The audit on both engines: nothing in it changes, every change shows, and two who write at once make one chain."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from time import process_time

import pytest
from rows import good, temperature
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError

from monitoring.access.acts import Act, Channel, Deed, Origin, Seen
from monitoring.admission import Admission
from monitoring.store import Store, StoreUnavailable, open_store
from monitoring.store.accounts import Accounts, open_accounts
from monitoring.store.audit import BEGINNING, Asked, Head
from monitoring.vocabulary import Role

NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
NURSE = Origin("a1", Channel.SCREEN, Role.NURSE, "10.0.0.7")
VIEW = Deed(Act.PATIENT_VIEWED, NURSE, patient_id="P1")


@pytest.fixture
def accounts(address: str) -> Iterator[Accounts]:
    kept = open_accounts(address)
    yield kept
    kept.close()


def behind_our_back(address: str, statement: str) -> None:
    engine = create_engine(address)
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            for guard in ("no_update", "no_delete", "no_replace"):
                connection.execute(text(f"DROP TRIGGER audit_{guard}"))
        else:
            connection.execute(text("SET session_replication_role = replica"))
        connection.execute(text(statement))
    engine.dispose()


def five(store: Store) -> None:
    for minute in range(5):
        store.audit.record(VIEW, NOON + timedelta(minutes=minute))


def test_an_entry_comes_back_as_it_was_written(store: Store) -> None:
    deed = Deed(Act.EXPORTED, replace(NURSE, who='Ö "x"\0\\'), patient_id="P\0\\1", about="csv", how_many=312)
    store.audit.record(deed, NOON)
    (entry,) = store.audit.entries()
    assert (entry.seq, entry.at, entry.deed, entry.previous) == (1, NOON, deed, BEGINNING)
    assert store.audit.findings() == []


def test_the_hash_is_over_the_bytes_that_the_module_documents(store: Store) -> None:
    """Typed by hand from the first lines of monitoring/store/audit.py, so that anybody can verify an export."""
    store.audit.record(VIEW, NOON)
    store.audit.record(Deed(Act.SIGNED_OUT, NURSE), NOON)
    first = b'["audit-1",1,1773144000000000,"patient viewed","a1","nurse","screen","10.0.0.7","P1",null,null,"' + (
        b"0" * 64 + b'"]'
    )
    begun = hashlib.sha256(first).hexdigest()
    second = f'["audit-1",2,1773144000000000,"signed out","a1","nurse","screen","10.0.0.7",null,null,null,"{begun}"]'
    last = hashlib.sha256(second.encode()).hexdigest()
    assert [entry.hash for entry in store.audit.entries()] == [last, begun]
    assert str(store.audit.head()) == f"2:{last}"


@pytest.mark.parametrize("change", ["UPDATE audit SET act = 'signed in'", "DELETE FROM audit"])
def test_nothing_in_it_can_be_changed(store: Store, address: str, change: str) -> None:
    five(store)
    engine = create_engine(address)
    with pytest.raises(DBAPIError, match="append-only"), engine.begin() as connection:
        connection.execute(text(change))
    engine.dispose()
    assert len(store.audit.entries()) == 5


def test_sqlite_replaces_no_entry_either(store: Store, address: str) -> None:
    if not address.startswith("sqlite"):
        pytest.skip("INSERT OR REPLACE is SQLite's")
    five(store)
    engine = create_engine(address)
    with pytest.raises(DBAPIError, match="append-only"), engine.begin() as connection:
        connection.execute(text("INSERT OR REPLACE INTO audit SELECT * FROM audit WHERE seq = 3"))
    engine.dispose()


TAMPERED = [
    ("UPDATE audit SET patient_id = 'P2' WHERE seq = 3", "audit 3: the entry is not what was written"),
    ("UPDATE audit SET who = 'a2' WHERE seq = 1", "audit 1: the entry is not what was written"),
    ("UPDATE audit SET at = at + 1 WHERE seq = 5", "audit 5: the entry is not what was written"),
    ("UPDATE audit SET address = NULL WHERE seq = 2", "audit 2: the entry is not what was written"),
    ("UPDATE audit SET hash = 'x' WHERE seq = 2", "audit 2: the entry is not what was written"),
    ("DELETE FROM audit WHERE seq = 3", "audit 3: the entry is missing (the next is 4)"),
    ("DELETE FROM audit WHERE seq = 1", "audit 1: the entry is missing (the next is 2)"),
    ("UPDATE audit SET previous = 'x' WHERE seq = 4", "audit 4: it does not follow entry 3"),
]


@pytest.mark.parametrize(("statement", "finding"), TAMPERED, ids=[statement for statement, _ in TAMPERED])
def test_the_first_broken_link_is_named_by_the_audit_and_by_check(
    store: Store, address: str, statement: str, finding: str
) -> None:
    five(store)
    assert store.findings() == []
    behind_our_back(address, statement)
    (found,) = store.audit.findings()
    assert found.startswith(finding)
    assert store.findings() == [found]


def test_a_tail_that_was_cut_off_shows_against_a_head_kept_elsewhere(store: Store, address: str) -> None:
    five(store)
    kept = store.audit.head()
    early = Head(2, store.audit.entries()[-2].hash)
    behind_our_back(address, "DELETE FROM audit WHERE seq > 3")
    assert store.audit.findings() == []
    assert store.audit.findings(early) == []
    (found,) = store.audit.findings(kept)
    assert found == "audit 5: the entry that was seen elsewhere is not in the chain; the audit was cut off before it"


def test_a_chain_written_anew_shows_against_a_head_kept_elsewhere(store: Store, address: str) -> None:
    five(store)
    kept = store.audit.head()
    behind_our_back(address, "DELETE FROM audit WHERE seq > 3")
    store.audit.record(replace(VIEW, patient_id="P2"), NOON)
    store.audit.record(VIEW, NOON)
    (found,) = store.audit.findings(kept)
    assert found == "audit 5: the entry that was seen elsewhere is not in the chain; another entry stands in its place"


def test_a_session_without_its_entry_shows_that_the_tail_was_cut_off(
    store: Store, accounts: Accounts, address: str
) -> None:
    admission, now = Admission(accounts), datetime.now(UTC)
    account = admission.add("ada", Role.NURSE, now)
    admission.set_password(account, "a sentence nobody guesses", now)
    admission.sign_in("ada", "a sentence nobody guesses", "10.0.0.7", now)
    assert store.findings() == []
    behind_our_back(address, "DELETE FROM audit WHERE act = 'signed in'")
    (found,) = store.findings()
    assert "has no entry in the audit" in found


def test_two_connections_that_write_at_once_make_one_chain(store: Store, address: str) -> None:
    other = open_store(address)
    with ThreadPoolExecutor(8) as many:
        for wait in [many.submit(one.audit.record, VIEW, NOON) for one in (store, other) for _ in range(20)]:
            wait.result()
    other.close()
    assert store.audit.head().seq == 40
    assert store.audit.findings() == []


def test_facts_and_their_entry_are_kept_together_or_not_at_all(store: Store, address: str) -> None:
    charting = Deed(Act.FACT_CHARTED, NURSE, patient_id="P1", how_many=1)
    store.append([good(temperature(1))], author="nurse:Ada", received_at=NOON, deed=charting)
    (entry,) = store.audit.entries()
    batch = store.changed_since(None).mark
    assert batch is not None
    assert (entry.deed.act, entry.deed.about) == (Act.FACT_CHARTED, batch.batch)
    behind_our_back(address, "DROP TABLE audit")
    with pytest.raises(Exception, match="audit"):
        store.append([good(temperature(2))], author="nurse:Ada", received_at=NOON, deed=charting)
    assert len(store.facts()) == 1


def test_intake_of_many_chunks_is_one_entry(store: Store) -> None:
    rows = [good(temperature(number % 50)) for number in range(2500)]
    store.append(rows, author="x", received_at=NOON, deed=Deed(Act.FILES_TAKEN_IN, NURSE, how_many=1))
    assert [entry.deed.act for entry in store.audit.entries()] == [Act.FILES_TAKEN_IN]


def test_nothing_is_recorded_of_an_append_without_a_deed(store: Store) -> None:
    store.append([good(temperature(1))], author="x", received_at=NOON)
    assert store.audit.entries() == []


def test_entries_are_found_by_person_patient_act_and_time(store: Store) -> None:
    doctor = Origin("b2", Channel.SCREEN, Role.PHYSICIAN)
    told = [
        (VIEW, 0),
        (replace(VIEW, by=doctor), 1),
        (Deed(Act.SIGNED_OUT, NURSE), 2),
        (replace(VIEW, patient_id="P2"), 3),
    ]
    for deed, hours in told:
        store.audit.record(deed, NOON + timedelta(hours=hours))

    def numbers(asked: Asked) -> list[int]:
        return [entry.seq for entry in store.audit.entries(asked)]

    assert numbers(Asked()) == [4, 3, 2, 1]
    assert numbers(Asked(who="a1")) == [4, 3, 1]
    assert numbers(Asked(patient_id="P1")) == [2, 1]
    assert numbers(Asked(act=Act.SIGNED_OUT)) == [3]
    assert numbers(Asked(since=NOON + timedelta(hours=1), until=NOON + timedelta(hours=3))) == [3, 2]
    assert numbers(Asked(who="a1", patient_id="P1")) == [1]
    assert [entry.seq for entry in store.audit.entries(limit=2)] == [4, 3]
    assert [entry.seq for entry in store.audit.entries(limit=2, before=3)] == [2, 1]
    assert store.audit.everybody() == ["a1", "b2"]
    store.audit.record(replace(VIEW, by=Origin("", Channel.SCREEN)), NOON)
    assert store.audit.everybody() == ["", "a1", "b2"]


def test_an_empty_audit_names_nobody(store: Store) -> None:
    assert store.audit.everybody() == []


def test_every_stored_word_of_an_act_stays_what_it_was() -> None:
    """An entry is read back by its word, for as long as there is a store: words are added, never changed."""
    words = """signed in, sign-in failed, locked out, signed out, password set, one-time link made, account added,
        account changed, account closed, token made, token revoked, settings changed, ward opened, patient viewed,
        charted, alert acknowledged, files taken in, data sent, row corrected, rows replayed, rows dismissed,
        code mapped, downloaded, exported, backed up, restored, store checked, audit read, demonstration filled"""
    assert {" ".join(word.split()) for word in words.split(",")} <= {act.value for act in Act}


def test_seen_counts_once_a_quarter_of_an_hour_for_each_session_and_patient() -> None:
    seen = Seen()
    assert seen.counts("s1", "P1", NOON)
    assert not seen.counts("s1", "P1", NOON + timedelta(minutes=14, seconds=59))
    assert seen.counts("s1", "P2", NOON)
    assert seen.counts("s2", "P1", NOON)
    assert seen.counts("s1", "P1", NOON + timedelta(minutes=15))
    assert seen.counts("s1", "P1", NOON - timedelta(hours=1)), "a clock that moved back hides no view"
    assert not seen.lately("s1", "P1", NOON)
    assert seen.lately("s1", "P1", NOON - timedelta(minutes=46))


def test_what_is_done_once_counts_when_it_is_done_and_not_before() -> None:
    seen, done = Seen(), []

    def fails() -> None:
        raise StoreUnavailable("database is locked")

    with pytest.raises(StoreUnavailable):
        seen.once("s1", "P1", NOON, fails)
    for minutes in (0, 14, 15):
        seen.once("s1", "P1", NOON + timedelta(minutes=minutes), partial(done.append, minutes))
    assert done == [0, 15]


def test_ever_new_things_cost_no_more_than_the_first() -> None:
    seen = Seen()
    began = process_time()
    for number in range(20_000):
        assert seen.counts("s1", f"P{number}", NOON + timedelta(milliseconds=number))
    assert process_time() - began < 2, "about 0.05 s; a look through all of them for each is 20 s"


def test_what_would_count_again_is_held_no_longer() -> None:
    seen = Seen(timedelta(minutes=15))
    for minute in range(100):
        seen.counts("s1", "P0", NOON + timedelta(minutes=minute))
        seen.counts("s1", f"P{minute}", NOON + timedelta(minutes=minute))
    assert len(seen._last) <= 16
