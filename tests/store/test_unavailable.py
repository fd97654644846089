"""A store that cannot be used says so in one sentence, without a secret in it."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from monitoring.store import Store, StoreUnavailable, open_store
from monitoring.store.engine import newest_revision
from tests.store.rows import ARRIVED, good, temperature


def sentence(address: str) -> str:
    with pytest.raises(StoreUnavailable) as caught:
        open_store(address)
    message = str(caught.value)
    assert "\n" not in message
    return message


ADDRESSES = [
    ("nonsense", "not a database URL; expected for example sqlite:///"),
    ("sqlite://", "a store needs a file"),
    ("sqlite:///:memory:", "a store needs a file"),
    ("mysql://ward:secret@host/db", "no store on 'mysql'"),
    ("postgresql+nosuch://ward:secret@host/db", "no driver"),
    ("postgresql://ward:secret@127.0.0.1:1/db", "is not usable"),
]


@pytest.mark.parametrize(("address", "expected"), ADDRESSES, ids=[address for address, _ in ADDRESSES])
def test_an_address_that_leads_nowhere(address: str, expected: str) -> None:
    message = sentence(address)
    assert expected in message
    assert "secret" not in message


def test_a_folder_that_does_not_exist(tmp_path: Path) -> None:
    assert "unable to open database file" in sentence(f"sqlite:///{tmp_path}/nowhere/store.db")


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "vitals.csv"
    path.write_text("patient_id,time,temp_c\n" * 100, encoding="utf-8")
    assert "file is not a database" in sentence(f"sqlite:///{path}")
    assert path.read_text(encoding="utf-8") == "patient_id,time,temp_c\n" * 100


def test_a_schema_of_a_newer_version_is_left_alone(store: Store, address: str) -> None:
    store.append([good(temperature(1))], author=None, received_at=ARRIVED)
    engine = create_engine(address)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    assert "has schema '9999', which this version does not know" in sentence(address)
    assert store.findings() == [
        f"the schema is at revision 9999, expected {newest_revision()}; "
        "open the store once with this version to migrate it"
    ]


def test_content_that_cannot_be_read_names_the_fact_and_the_way_out(store: Store, address: str) -> None:
    store.append([good(temperature(1))], author=None, received_at=ARRIVED)
    engine = create_engine(address)
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            connection.execute(text("DROP TRIGGER fact_no_update"))
        else:
            connection.execute(text("SET session_replication_role = replica"))
        connection.execute(text("UPDATE fact SET content = '{}'"))
    engine.dispose()
    with pytest.raises(StoreUnavailable, match="fact 1 of the store cannot be read; run `python -m monitoring check`"):
        store.facts()


def test_a_store_without_one_of_its_tables_takes_nothing_and_says_so(store: Store, address: str) -> None:
    engine = create_engine(address)
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE intake"))
    engine.dispose()
    with pytest.raises(StoreUnavailable, match=r"is not usable: .*intake"):
        store.append([good(temperature(1))], author=None, received_at=ARRIVED)
    assert store.facts() == []


def test_a_store_that_another_process_does_not_let_go_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitoring.store.engine._WAIT_MS", 40)
    store = open_store(f"sqlite:///{tmp_path / 'store.db'}")
    other = sqlite3.connect(tmp_path / "store.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailable, match=r"store\.db is not usable: database is locked; check"):
        store.append([good(temperature(1))], author=None, received_at=ARRIVED)
    other.execute("ROLLBACK")
    other.close()
    assert store.append([good(temperature(1))], author=None, received_at=ARRIVED).stored == 1
    store.close()


def test_sqlite_waits_for_the_disk_at_every_commit(tmp_path: Path) -> None:
    """WAL so that readers and the writer do not wait for each other; FULL (2) so that a commit is on the disk."""
    store = open_store(f"sqlite:///{tmp_path / 'store.db'}")
    with store._engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
    store.close()


def test_a_file_put_in_the_place_of_the_store_is_the_store(tmp_path: Path) -> None:
    """A backup restored by renaming it, while the application keeps its connections open."""
    backup = open_store(f"sqlite:///{tmp_path / 'backup.db'}")
    backup.append([good(temperature(2, patient="P2"))], author=None, received_at=ARRIVED)
    backup.close()
    store = open_store(f"sqlite:///{tmp_path / 'store.db'}")
    store.append([good(temperature(1))], author=None, received_at=ARRIVED)
    seen = store.changed_since(None)
    for left in ("store.db-wal", "store.db-shm"):
        (tmp_path / left).unlink(missing_ok=True)
    (tmp_path / "backup.db").rename(tmp_path / "store.db")
    changes = store.changed_since(seen.mark)
    assert changes.anew
    assert changes.facts == [temperature(2, patient="P2")]
    store.close()


def test_a_store_whose_file_is_gone_says_so(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'store.db'}")
    store.append([good(temperature(1))], author=None, received_at=ARRIVED)
    (tmp_path / "store.db").rename(tmp_path / "elsewhere.db")
    with pytest.raises(StoreUnavailable, match=r"store\.db is not usable: the file of the store is gone; check"):
        store.facts()
    assert not (tmp_path / "store.db").exists()
    store.close()
