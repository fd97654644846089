"""Real faults of disks, servers, files and clocks: what was acknowledged is there, what was not is refused."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import create_engine, event, text

from monitoring.__main__ import main
from monitoring.access.acts import Act, Channel, Deed, Origin
from monitoring.concepts import dictionary
from monitoring.records import Observation
from monitoring.rounds import Rounds
from monitoring.settings import Settings
from monitoring.store import Store, StoreUnavailable, open_store
from monitoring.store.backup import back_up
from monitoring.store.engine import connect, migrate, newest_revision, upgrade, writing
from monitoring.store.restore import restore
from tests.faults.conftest import Disk, NewDatabase, Server
from tests.store.rows import ARRIVED, FIRST, good, temperature

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "tests" / "samples" / "stores"
KEEPER = Origin("command:keeper", Channel.COMMAND)
ENGINES = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]


def append(store: Store, minute: int) -> None:
    store.append([good(temperature(minute))], author=None, received_at=ARRIVED)


def minutes(store: Store) -> list[int]:
    return [int((fact.effective_at - FIRST) / timedelta(minutes=1)) for fact in store.facts()]


def acknowledged(store: Store, start: int) -> Iterator[int]:
    """Append until the store refuses; each minute that was acknowledged."""
    for minute in range(start, start + 10_000):
        try:
            append(store, minute)
        except StoreUnavailable:
            return
        yield minute


# -- the disk ----------------------------------------------------------------------------------------------------------


def test_a_full_disk_acknowledges_nothing_and_is_used_again_when_there_is_room(disk: Disk) -> None:
    store = open_store(f"sqlite:///{disk.folder / 'store.db'}")
    told = list(acknowledged_until_full(store, disk))
    assert minutes(store) == told, "reading goes on, and what was acknowledged is there"
    with pytest.raises(StoreUnavailable, match="disk"):
        append(store, 12_000)
    disk.empty()
    append(store, 12_001)
    assert minutes(store) == [*told, 12_001]
    assert store.findings() == []
    store.close()


def acknowledged_until_full(store: Store, disk: Disk) -> Iterator[int]:
    for minute in range(20):
        append(store, minute)
        yield minute
    disk.fill()
    yield from acknowledged(store, 20)


def test_a_backup_onto_a_full_disk_leaves_no_half_of_one(
    disk: Disk, new_database: NewDatabase, capsys: pytest.CaptureFixture[str]
) -> None:
    address = new_database("sqlite")
    store = open_store(address)
    append(store, 1)
    disk.fill()
    assert main(["backup", str(disk.folder / "ward.backup"), "--db", address]) == 2
    assert "No space left on device" in capsys.readouterr().err
    assert [file.name for file in disk.folder.iterdir()] == ["ballast"]
    disk.empty()
    assert main(["backup", str(disk.folder / "ward.backup"), "--db", address]) == 0
    store.close()


def limited(address: str) -> None:
    """A process that may write no longer file than 1 MB, and then may again; says what it acknowledged."""
    store = open_store(address)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, hard))
    told = list(acknowledged(store, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    append(store, 15_000)
    sys.stdout.write(" ".join(map(str, [*told, 15_000])))
    sys.stdout.flush()
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_file_that_may_not_grow_keeps_what_was_acknowledged(new_database: NewDatabase) -> None:
    address = new_database("sqlite")
    words = [sys.executable, "-m", "tests.faults.test_the_store_in_trouble", address]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    told = [int(word) for word in done.stdout.split()]
    assert len(told) > 10
    store = open_store(address)
    assert minutes(store) == told
    assert store.findings() == []
    store.close()


def test_a_disk_that_became_read_only_is_said_and_the_store_opens_when_it_is_not(disk: Disk) -> None:
    address = f"sqlite:///{disk.folder / 'store.db'}"
    store = open_store(address)
    append(store, 1)
    store.close()
    disk.remount("ro")
    with pytest.raises(StoreUnavailable, match=r"store\.db is not usable: .*; check the address and try again"):
        open_store(address)
    disk.remount("rw")
    again = open_store(address)
    append(again, 2)
    assert minutes(again) == [1, 2]
    again.close()


@pytest.mark.postgres
def test_a_server_that_takes_nothing_is_read_and_written_again_when_it_does(server: Server) -> None:
    address = server.new_database()
    store = open_store(address)
    append(store, 1)
    for setting, allowed in (("on", False), ("off", True)):
        server.tell(f"ALTER SYSTEM SET default_transaction_read_only = {setting}")
        assert minutes(store) == [1]
        if allowed:
            append(store, 2)
        else:
            with pytest.raises(StoreUnavailable, match="read-only transaction"):
                append(store, 2)
    assert minutes(store) == [1, 2]
    store.close()


# -- the server --------------------------------------------------------------------------------------------------------


@pytest.mark.postgres
def test_a_server_that_went_away_is_used_again_without_opening_the_store_anew(server: Server) -> None:
    address = server.new_database()
    store = open_store(address)
    told = [*range(5)]
    for minute in told:
        append(store, minute)
    server.stop()
    for _ in range(2):
        with pytest.raises(StoreUnavailable, match="is not usable"):
            append(store, 99)
        with pytest.raises(StoreUnavailable, match="is not usable"):
            store.facts()
    server.start()
    assert minutes(store) == told
    append(store, 6)
    assert minutes(store) == [*told, 6]
    assert store.findings() == []
    store.close()


@pytest.mark.postgres
def test_a_server_that_was_restarted_between_two_questions_costs_one_of_them_at_most(server: Server) -> None:
    store = open_store(server.new_database())
    append(store, 1)
    server.stop()
    server.start()
    try:
        append(store, 2)
        expected = [1, 2]
    except StoreUnavailable:
        expected = [1]
    assert minutes(store) == expected
    append(store, 3)
    assert minutes(store) == [*expected, 3]
    store.close()


def test_a_server_that_says_nothing_is_given_up() -> None:
    """It takes the connection and never answers: without a limit the screen would wait with it."""
    with socket.create_server(("127.0.0.1", 0)) as mute:
        address = f"postgresql://ward:secret@127.0.0.1:{mute.getsockname()[1]}/ward"
        with pytest.raises(StoreUnavailable, match="timeout expired"):
            open_store(address)


# -- the file ----------------------------------------------------------------------------------------------------------


def damaged(path: Path) -> None:
    """A page in the middle of every fact's content overwritten, as a failing disk does it."""
    with sqlite3.connect(path) as one:
        one.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (page,) = one.execute("SELECT pageno FROM dbstat WHERE name = 'fact' AND pagetype = 'leaf' LIMIT 1").fetchone()
        (size,) = one.execute("PRAGMA page_size").fetchone()
    one.close()
    with path.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xa5" * size)


def test_a_damaged_page_is_found_nothing_is_guessed_and_the_backup_brings_it_back(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, address = tmp_path / "store.db", f"sqlite:///{tmp_path / 'store.db'}"
    store = open_store(address)
    for minute in range(200):
        append(store, minute)
    back_up(address, tmp_path / "before.backup", at=ARRIVED, by=KEEPER)
    store.close()
    damaged(path)
    again = open_store(address)
    with pytest.raises(StoreUnavailable, match="malformed"):
        again.facts()
    again.close()
    assert main(["check", "--db", address]) == 1
    assert "SQLite finds the file damaged" in capsys.readouterr().out
    assert main(["backup", str(tmp_path / "after.backup"), "--db", address]) == 2
    assert not (tmp_path / "after.backup").exists()
    _, findings = restore(tmp_path / "before.backup", f"sqlite:///{tmp_path / 'new.db'}", at=ARRIVED, by=KEEPER)
    healed = open_store(f"sqlite:///{tmp_path / 'new.db'}")
    assert findings == []
    assert minutes(healed) == [*range(200)]
    healed.close()


def writes_until_killed(address: str) -> None:
    store = open_store(address)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for line in sys.stdin:
        try:
            append(store, int(line))
            sys.stdout.write("kept\n")
        except StoreUnavailable as refused:
            sys.stdout.write(f"{refused}\n")
        sys.stdout.flush()


def test_a_write_ahead_log_removed_under_a_running_process_loses_nothing_it_acknowledged(
    new_database: NewDatabase,
) -> None:
    address = new_database("sqlite")
    words = [sys.executable, "-m", "tests.faults.test_the_store_in_trouble", address, "lines"]
    with subprocess.Popen(words, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        told = []
        said = []
        for minute in range(8):
            if minute == 3:
                Path(address.removeprefix("sqlite:///") + "-wal").unlink()
            child.stdin.write(f"{minute}\n")
            child.stdin.flush()
            said.append(child.stdout.readline())
            if said[-1] == "kept\n":
                told.append(minute)
        child.kill()
    assert "its write-ahead log was removed while it was open" in said[3]
    assert said[-1] == "kept\n", "it goes on by itself"
    store = open_store(address)
    assert minutes(store) == told
    assert store.findings() == []
    store.close()


def test_a_write_ahead_log_removed_after_a_crash_is_named_by_the_head_seen_elsewhere(tmp_path: Path) -> None:
    """What stood in it is gone, and the store alone looks sound; the head in the log or a backup says otherwise."""
    store = open_store(f"sqlite:///{tmp_path / 'store.db'}")
    store.audit.record(Deed(Act.WARD_OPENED, KEEPER), ARRIVED)
    with sqlite3.connect(tmp_path / "store.db") as one:
        one.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    one.close()
    store.audit.record(Deed(Act.WARD_OPENED, KEEPER), ARRIVED)
    seen = store.audit.head()
    shutil.copy(tmp_path / "store.db", tmp_path / "crashed.db")  # the file alone, without its log
    store.close()
    crashed = open_store(f"sqlite:///{tmp_path / 'crashed.db'}")
    assert crashed.findings() == []
    assert crashed.audit.findings(seen) == [
        "audit 2: the entry that was seen elsewhere is not in the chain; the audit was cut off before it"
    ]
    crashed.close()


# -- the clock ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ENGINES)
def test_a_clock_that_moved_back_loses_and_hides_nothing(kind: str, new_database: NewDatabase) -> None:
    """The second fact reaches us, by our clock, three hours before the first; both are graded, once each."""
    store = open_store(new_database(kind))
    rounds = Rounds(store, Settings("", ZoneInfo("UTC"), None, demonstration=False), dictionary())
    now = FIRST + timedelta(hours=1)
    earlier = now - timedelta(hours=3)
    first = temperature(0, 38.6, received_at=now)
    second = temperature(-200, 39.2, received_at=earlier)
    store.append([good(first)], author=None, received_at=now)
    store.audit.record(Deed(Act.WARD_OPENED, KEEPER), now)
    mark = store.changed_since(None).mark
    assert len(rounds.ward(now).rows) == 1
    store.append([good(second)], author=None, received_at=earlier)
    store.audit.record(Deed(Act.WARD_OPENED, KEEPER), earlier)
    changes = store.changed_since(mark)
    assert (changes.facts, changes.anew) == ([second], False)
    view = rounds.patient("P1", now)
    assert view is not None
    assert view.row.crs.at_least == 1
    assert {fact.fact_id for fact in store.facts()} == {first.fact_id, second.fact_id}
    store.append([good(second)], author=None, received_at=now)
    assert len(store.facts()) == 2
    assert store.findings() == []
    assert store.audit.findings() == []
    store.close()


# -- several processes -------------------------------------------------------------------------------------------------


@pytest.mark.postgres
def test_a_fact_that_another_process_commits_while_this_one_reads_is_handed_out_once(server: Server) -> None:
    """Each statement of a reading sees what was committed by then; twice read, a patient is graded the slow way."""
    address = server.new_database()
    store, other = open_store(address), open_store(address)
    append(other, 1)
    mark = store.changed_since(None).mark
    append(other, 2)
    committed = []

    def meanwhile(_: object, __: object, statement: str, *___: object) -> None:
        if "content" in statement and not committed:
            committed.append(statement)
            append(other, 3)

    event.listen(store._engine, "before_cursor_execute", meanwhile)
    first = store.changed_since(mark)
    second = store.changed_since(first.mark)
    assert len(committed) == 1
    assert [(fact.effective_at - FIRST) / timedelta(minutes=1) for fact in (*first.facts, *second.facts)] == [2, 3]
    store.close()
    other.close()


# -- migrations --------------------------------------------------------------------------------------------------------


OPEN = "import sys; from monitoring.store import open_store; open_store(sys.argv[1]).close()"


def old_store(kind: str, new_database: NewDatabase) -> str:
    """A store of the first schema with a refusal that the second holds anew."""
    address = new_database(kind)
    if kind == "sqlite":
        shutil.copy(SAMPLES / "schema_0001.sqlite3", address.removeprefix("sqlite:///"))
        return address
    engine = connect(address)
    with writing(engine) as one:
        upgrade(one, "0001")
        one.execute(
            text(
                "INSERT INTO refusal (batch, source, place, reason, raw, received_at) "
                "SELECT 'b', 'v.csv', CAST(n AS text), 'outside', 'P1,' || n, 0 FROM generate_series(1, 300) AS n"
            )
        )
    engine.dispose()
    return address


@pytest.mark.parametrize("kind", ENGINES)
def test_migrations_started_at_once_are_carried_out_once(kind: str, new_database: NewDatabase) -> None:
    address = old_store(kind, new_database)
    words = [sys.executable, "-c", OPEN, address]
    children = [subprocess.Popen(words, cwd=ROOT) for _ in range(3)]
    assert [child.wait() for child in children] == [0] * 3
    engine = create_engine(address)
    with engine.connect() as one:
        held = one.execute(text("SELECT count(*) FROM held")).scalar()
        refused = one.execute(text("SELECT count(*) FROM refusal")).scalar()
        assert one.execute(text("SELECT version_num FROM alembic_version")).scalars().all() == [newest_revision()]
    engine.dispose()
    assert held == refused != 0


KILLED = """
import os, signal, sys
from alembic import op
from monitoring.store import open_store
left, real = int(sys.argv[2]), op.create_table

def counted(*words, **more):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return real(*words, **more)

op.create_table = counted
open_store(sys.argv[1])
"""


@pytest.mark.parametrize("tables_made", [1, 3, 7])
@pytest.mark.parametrize("kind", ENGINES)
def test_a_migration_that_was_killed_is_begun_again(kind: str, tables_made: int, new_database: NewDatabase) -> None:
    address = old_store(kind, new_database)
    words = [sys.executable, "-c", KILLED, address, str(tables_made)]
    assert subprocess.run(words, cwd=ROOT, check=False).returncode == -signal.SIGKILL
    engine = create_engine(address)
    with engine.connect() as one:
        assert one.execute(text("SELECT version_num FROM alembic_version")).scalar() == "0001", "all of it or nothing"
    engine.dispose()
    opened = connect(address)
    migrate(opened)
    opened.dispose()
    store = open_store(address)
    assert len(store.facts()) == (19 if kind == "sqlite" else 0)
    assert len(store.refusals()) == (1 if kind == "sqlite" else 300)
    store.close()


def test_moved_times_are_what_the_rows_say() -> None:
    """Guards the test of the clock: `temperature` is measured at FIRST and its minutes."""
    assert isinstance(temperature(-200), Observation)
    assert temperature(-200).effective_at == datetime(2026, 3, 1, 4, 40, tzinfo=UTC)


if __name__ == "__main__":
    if sys.argv[2:] == ["lines"]:
        writes_until_killed(sys.argv[1])
    else:
        limited(sys.argv[1])
