"""A backup is the store at one moment; a restore is the backup row by row, on either engine, or nothing."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, inspect, text

from monitoring.__main__ import main
from monitoring.access import Account
from monitoring.access.accounts import digest
from monitoring.access.acts import SESSION_SHOWN, Act, Channel, Deed, Origin
from monitoring.records import Tally
from monitoring.store import Store, open_store
from monitoring.store.accounts import open_accounts
from monitoring.store.audit import Asked
from monitoring.store.backup import back_up
from monitoring.store.backup_file import BackupRefused
from monitoring.store.restore import restore
from monitoring.vocabulary import Role
from tests.faults.conftest import NewDatabase
from tests.store.rows import ARRIVED, good, not_mapped, part, refused, temperature

ROOT = Path(__file__).resolve().parents[2]
KEEPER = Origin("command:keeper", Channel.COMMAND)
NIGHT = ARRIVED + timedelta(hours=12)
ENGINES = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]


def filled(address: str) -> Store:
    """A store with something in every table, some of it awkward to copy."""
    store = open_store(address)
    awkward = 'Zoë "\\0" \\ \0 \n\r\t 🩺 \u2028'
    store.append(
        [
            good(temperature(1), temperature(2, patient=awkward)),
            refused(raw=awkward),
            not_mapped("T1"),
            not_mapped("T2"),
        ],
        author="nurse:N",
        received_at=ARRIVED,
    )
    (held,) = store.quarantine.refusals()
    store.quarantine.dismiss([held.row.key], author="data-manager:D", at=ARRIVED, reason=awkward)
    store.quarantine.map_code("", "T2", None, author="data-manager:D", at=ARRIVED)
    accounts = open_accounts(address)
    accounts.add_account(Account("a1", "ada", "Ada", Role.NURSE, None), ARRIVED, password="no hash")  # noqa: S106 - no password
    began = Origin("a1", Channel.HTTP, Role.NURSE, "10.0.0.1")
    deed = Deed(Act.SIGNED_IN, began, about=digest("still open")[:SESSION_SHOWN])
    accounts.start_session(digest("still open"), "a1", "10.0.0.1", ARRIVED, deed)
    accounts.add_invitation(digest("unused"), "a1", ARRIVED, ARRIVED + timedelta(days=30))
    accounts.close()
    for number in range(3):
        store.audit.record(Deed(Act.PATIENT_VIEWED, KEEPER, patient_id=awkward, how_many=number), ARRIVED)
    return store


def content(address: str) -> dict[str, list[dict[str, Any]]]:
    """Every row of every table, asked for without any code of ours."""
    engine = create_engine(address)
    with engine.connect() as one:
        names = [name for name in inspect(one).get_table_names() if name != "alembic_version"]
        found = {name: [dict(row) for row in one.execute(text(f'SELECT * FROM "{name}"')).mappings()] for name in names}  # noqa: S608 - names of the database's own
    engine.dispose()
    return {name: sorted(rows, key=lambda row: json.dumps(row, sort_keys=True)) for name, rows in found.items()}


@pytest.mark.parametrize("target", ENGINES)
@pytest.mark.parametrize("source", ENGINES)
def test_a_restored_store_is_the_backup_row_by_row_and_lives_on(
    source: str, target: str, new_database: NewDatabase, tmp_path: Path
) -> None:
    before, after = new_database(source), new_database(target)
    store = filled(before)
    made = back_up(before, tmp_path / "ward.backup", at=NIGHT, by=KEEPER)
    restored, findings = restore(tmp_path / "ward.backup", after, at=NIGHT, by=KEEPER)
    assert (restored, findings) == (made, [])
    old, new = content(before), content(after)
    assert {name: len(rows) for name, rows in old.items()} == made.rows
    assert all(old[name] for name in ("fact", "refusal", "held", "unmapped", "resolution", "mapping", "audit", "mark"))
    for name in set(old) - {"session", "invitation", "audit"}:
        assert new[name] == old[name], name
    assert [row["ended_at"] is not None for row in new["session"]] == [True]
    assert [row["used_at"] is not None for row in new["invitation"]] == [True]
    again = open_store(after)
    newest = again.audit.entries(Asked(), limit=2)
    assert [entry.deed.act for entry in newest] == [Act.RESTORED, Act.BACKED_UP]
    assert str(store.audit.head()) == made.audit_head
    assert again.audit.findings(store.audit.head()) == []
    again.append([good(temperature(3)), refused()], author=None, received_at=NIGHT)
    assert again.findings() == []
    assert [fact.effective_at.minute for fact in again.facts("P1")] == [1, 3]
    assert again.version() == 3
    store.close()
    again.close()


@pytest.mark.parametrize("kind", ENGINES)
def test_a_backup_is_one_moment_while_others_write(kind: str, new_database: NewDatabase, tmp_path: Path) -> None:
    address, target = new_database(kind), new_database("sqlite")
    store = open_store(address)
    stop = threading.Event()

    def write() -> None:
        number = 0
        while not stop.is_set():
            store.append(part(number, 40), author=None, received_at=ARRIVED)
            number += 1

    writer = threading.Thread(target=write)
    writer.start()
    while store.version() < 200:
        assert writer.is_alive()
    made = back_up(address, tmp_path / "ward.backup", at=NIGHT, by=KEEPER)
    while store.version() <= made.rows["fact"]:
        assert writer.is_alive(), "nobody was held up by the backup"
    stop.set()
    writer.join()
    _, findings = restore(tmp_path / "ward.backup", target, at=NIGHT, by=KEEPER)
    again = open_store(target)
    total = sum((row.tally for row in again.ledger()), Tally())
    assert findings == []
    assert total.stored == len(again.facts()) == made.rows["fact"] < store.version()
    assert again.facts() == store.facts()[: made.rows["fact"]]
    again.close()
    store.close()


def test_only_its_owner_may_read_a_backup(tmp_path: Path, new_database: NewDatabase) -> None:
    address = new_database("sqlite")
    filled(address).close()
    back_up(address, tmp_path / "ward.backup", at=NIGHT, by=KEEPER)
    assert stat.S_IMODE((tmp_path / "ward.backup").stat().st_mode) == 0o600


def lines_of(file: Path) -> list[bytes]:
    return gzip.decompress(file.read_bytes()).splitlines(keepends=True)


def packed(lines: list[bytes]) -> bytes:
    return gzip.compress(b"".join(lines))


def summed(lines: list[bytes]) -> bytes:
    return packed([*lines, json.dumps({"sha256": hashlib.sha256(b"".join(lines)).hexdigest()}).encode() + b"\n"])


def other_value(lines: list[bytes]) -> bytes:
    return packed([line.replace(b"38.2", b"36.2") for line in lines])


def schema_of_tomorrow(lines: list[bytes]) -> bytes:
    return summed([json.dumps(json.loads(lines[0]) | {"revision": "9999"}).encode() + b"\n", *lines[1:-1]])


def table_left_out(lines: list[bytes]) -> bytes:
    said = json.loads(lines[0])
    del said["tables"]["mark"]
    return summed([json.dumps(said).encode() + b"\n", *lines[1:-1]])


DAMAGED: list[tuple[str, Callable[[list[bytes]], bytes], str]] = [
    ("one value changed", other_value, "not what its checksum says"),
    ("a row left out", lambda lines: packed([*lines[:2], *lines[3:]]), "was changed or cut"),
    ("a row twice", lambda lines: packed([*lines[:2], *lines[1:]]), "was changed or cut"),
    ("the checksum cut off", lambda lines: packed(lines[:-1]), "not what its checksum says"),
    ("something after the checksum", lambda lines: packed([*lines, b"[]\n"]), "not what its checksum says"),
    ("half a file", lambda lines: packed(lines)[:-900], "is not a whole backup"),
    ("no gzip", b"".join, "is not a whole backup"),
    ("another gzip", lambda _: gzip.compress(b"patient_id,time\n"), "does not begin as a backup"),
    ("empty", lambda _: gzip.compress(b""), "does not begin as a backup"),
    ("a newer schema", schema_of_tomorrow, "has schema '9999', which this version does not know"),
    ("a table left out", table_left_out, "does not have the tables of its schema"),
]


@pytest.mark.parametrize(("case", "damage", "expected"), DAMAGED, ids=[case for case, _, _ in DAMAGED])
def test_a_damaged_backup_is_refused_and_leaves_nothing(
    case: str,
    damage: Callable[[list[bytes]], bytes],
    expected: str,
    new_database: NewDatabase,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    address = new_database("sqlite")
    filled(address).close()
    file, target = tmp_path / "ward.backup", tmp_path / "restored.db"
    back_up(address, file, at=NIGHT, by=KEEPER)
    damaged = damage(lines_of(file))
    assert damaged != file.read_bytes()
    file.write_bytes(damaged)
    assert main(["restore", str(file), "--db", f"sqlite:///{target}"]) == 2
    said = capsys.readouterr().err
    assert expected in said
    assert said.count("\n") == 1
    assert list(tmp_path.glob("restored.db*")) == []


@pytest.mark.parametrize("kind", ENGINES)
def test_a_restore_never_mixes_with_what_is_there(kind: str, new_database: NewDatabase, tmp_path: Path) -> None:
    address, other = new_database(kind), new_database(kind)
    filled(address).close()
    back_up(address, tmp_path / "ward.backup", at=NIGHT, by=KEEPER)
    there = open_store(other)
    there.append([good(temperature(9))], author=None, received_at=ARRIVED)
    with pytest.raises(BackupRefused, match="has tables already"):
        restore(tmp_path / "ward.backup", other, at=NIGHT, by=KEEPER)
    assert [fact.effective_at.minute for fact in there.facts()] == [9]
    there.close()


def test_a_backup_never_writes_over_a_file(new_database: NewDatabase, tmp_path: Path) -> None:
    address = new_database("sqlite")
    filled(address).close()
    (tmp_path / "ward.backup").write_text("yesterday's")
    with pytest.raises(BackupRefused, match="exists already"):
        back_up(address, tmp_path / "ward.backup", at=NIGHT, by=KEEPER)
    assert (tmp_path / "ward.backup").read_text() == "yesterday's"


def test_a_backup_into_no_folder_is_refused_before_the_audit_is_told(new_database: NewDatabase, tmp_path: Path) -> None:
    address = new_database("sqlite")
    store = filled(address)
    before = store.audit.head()
    with pytest.raises(BackupRefused, match=r"there is no folder .*/missing for the backup; make it, or name another"):
        back_up(address, tmp_path / "missing" / "ward.backup", at=NIGHT, by=KEEPER)
    assert store.audit.head() == before
    store.close()


def test_the_commands_say_what_they_did(
    new_database: NewDatabase, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    address, target, file = new_database("sqlite"), new_database("sqlite"), str(tmp_path / "ward.backup")
    store = filled(address)
    assert main(["backup", file, "--db", address, "--json"]) == 0
    made = json.loads(capsys.readouterr().out)
    assert (made["file"], made["rows"]["fact"], made["audit_head"]) == (file, 2, str(store.audit.head()))
    assert main(["restore", file, "--db", target]) == 0
    said = capsys.readouterr().out
    assert "2 facts" in said
    assert "check: nothing found" in said
    assert main(["backup", str(tmp_path / "none"), "--db", f"sqlite:///{tmp_path}/nowhere.db"]) == 2
    assert not (tmp_path / "nowhere.db").exists()
    assert main(["restore", str(tmp_path / "none"), "--db", target]) == 2
    assert "No such file" in capsys.readouterr().err
    store.close()


def test_a_store_with_a_known_fault_is_restored_and_the_fault_is_told(
    new_database: NewDatabase, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    address, target, file = new_database("sqlite"), new_database("sqlite"), str(tmp_path / "ward.backup")
    store = filled(address)
    engine = create_engine(address)
    with engine.begin() as one:
        one.execute(text("DROP TRIGGER audit_no_update"))
        one.execute(text("UPDATE audit SET who = 'somebody else' WHERE seq = 2"))
    engine.dispose()
    store.close()
    assert main(["backup", file, "--db", address]) == 0
    assert main(["restore", file, "--db", target]) == 1
    assert "audit 2: the entry is not what was written" in capsys.readouterr().out
    assert len(open_store(target).facts()) == 2


def test_a_store_of_an_older_schema_is_copied_as_it_is(tmp_path: Path) -> None:
    """Before an upgrade: the backup does not migrate the store, the restore does migrate the copy."""
    sample = ROOT / "tests" / "samples" / "stores" / "schema_0001.sqlite3"
    old = tmp_path / "old.db"
    old.write_bytes(sample.read_bytes())
    made = back_up(f"sqlite:///{old}", tmp_path / "ward.backup", at=NIGHT, by=KEEPER)
    assert (made.revision, made.audit_head, made.rows["fact"]) == ("0001", None, 19)
    assert set(content(f"sqlite:///{old}")) == {"fact", "intake", "refusal"}
    _, findings = restore(tmp_path / "ward.backup", f"sqlite:///{tmp_path / 'new.db'}", at=NIGHT, by=KEEPER)
    store = open_store(f"sqlite:///{tmp_path / 'new.db'}")
    assert findings == []
    assert len(store.facts()) == 19
    store.close()


KILLED = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from monitoring.access.acts import Channel, Origin
from monitoring.store import backup, backup_file, restore
left = int(sys.argv[4])
lines = backup_file.line

def counted(content):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return lines(content)

backup_file.line = counted
act = backup.back_up if sys.argv[1] == "backup" else restore.restore
addresses = (sys.argv[3], Path(sys.argv[2])) if sys.argv[1] == "backup" else (Path(sys.argv[2]), sys.argv[3])
act(*addresses, at=datetime.now(UTC), by=Origin("command:x", Channel.COMMAND))
"""


@pytest.mark.parametrize("rows_done", [1, 5, 12])
@pytest.mark.parametrize("what", ["backup", "restore"])
def test_killed_in_the_middle_it_can_be_asked_for_again(
    what: str, rows_done: int, new_database: NewDatabase, tmp_path: Path
) -> None:
    address, target, file = new_database("sqlite"), new_database("sqlite"), tmp_path / "ward.backup"
    filled(address).close()
    if what == "restore":
        back_up(address, file, at=NIGHT, by=KEEPER)
    words = [what, str(file), target if what == "restore" else address, str(rows_done)]
    done = subprocess.run([sys.executable, "-c", KILLED, *words], cwd=ROOT, check=False, env={**os.environ})
    assert done.returncode == -signal.SIGKILL
    if what == "backup":
        assert not file.exists()
        back_up(address, file, at=NIGHT, by=KEEPER)
    _, findings = restore(file, target, at=datetime.now(UTC), by=KEEPER)
    assert findings == []
    store = open_store(target)
    assert len(store.facts()) == 2
    store.close()
