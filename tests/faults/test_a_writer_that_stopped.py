"""One writer that stops, or is cut off, must not stop the ward: the others wait for so long, and are told."""

from __future__ import annotations

import gc
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url

from monitoring.records import Refusal, RowRead
from monitoring.store import Store, StoreUnavailable, open_store
from monitoring.store.engine import _WRITERS, connect, migrate, reading, writing
from tests.faults.conftest import NewDatabase, Server
from tests.store.rows import ARRIVED, good, temperature

ROOT = Path(__file__).resolve().parents[2]
ENGINES = ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)]

HOLDS = """
import sys
from monitoring.store import engine
engine._IDLE_MS = int(sys.argv[2])
try:
    with engine.writing(engine.connect(sys.argv[1])) as connection:
        connection.exec_driver_sql("SELECT 1")
        print("holds", flush=True)
        sys.stdin.readline()
        connection.exec_driver_sql("DELETE FROM mark")
except engine.StoreUnavailable as refused:
    print(f"refused: {refused}", flush=True)
"""
"""A process that takes the writers' lock, waits to be told, and then would change something."""

SENDS = """
import os, signal, sys
from monitoring.store import engine

def rows():
    for number in range(20_000):
        if number == 15_000:
            os.kill(os.getpid(), signal.SIGSTOP)
        yield str(number), "x" * 200

try:
    with engine.writing(engine.connect(sys.argv[1])) as connection:
        driver = connection.connection.driver_connection
        print("sends", flush=True)
        driver.cursor().executemany("INSERT INTO mark (name, value) VALUES (%s, %s)", rows())
        print("sent", flush=True)
        connection.exec_driver_sql("SELECT 1")
except Exception as refused:
    print(f"refused: {type(refused).__name__}", flush=True)
"""
"""A process that is stopped half way through what it sends."""


def append(store: Store, minute: int) -> None:
    store.append([good(temperature(minute))], author=None, received_at=ARRIVED)


@contextmanager
def let_go(child: subprocess.Popen[str]) -> Iterator[None]:
    """A child that is stopped would be waited for without end where something fails."""
    try:
        yield
    finally:
        child.kill()


@contextmanager
def held(address: str) -> Iterator[None]:
    """The writers' lock in the hands of a session that nothing limits."""
    url = make_url(address)
    if url.get_backend_name() == "sqlite":
        other = sqlite3.connect(str(url.database), isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")
        other.close()
        return
    with psycopg.connect(host=str(url.query["host"]), user=url.username, dbname=url.database) as session:
        session.execute("SELECT pg_advisory_xact_lock(%s)", (_WRITERS,))
        yield
        session.rollback()


@pytest.mark.postgres
def test_a_writer_that_was_stopped_is_ended_and_the_next_one_gets_its_turn(server: Server) -> None:
    address = server.new_database()
    store = open_store(address)
    words = [sys.executable, "-c", HOLDS, address, "1000"]
    with subprocess.Popen(words, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        with let_go(child):
            assert child.stdout.readline() == "holds\n"
            os.kill(child.pid, signal.SIGSTOP)
            began = time.monotonic()
            append(store, 1)
            assert time.monotonic() - began < 10
            os.kill(child.pid, signal.SIGCONT)
            child.stdin.write("go on\n")
            child.stdin.flush()
            assert child.stdout.readline().startswith("refused: the store ")
    with reading(store._engine) as connection:
        assert connection.execute(text("SELECT count(*) FROM mark")).scalar(), "nothing of it was kept"
    assert len(store.facts()) == 1
    store.close()


@pytest.mark.postgres
def test_a_writer_stopped_half_way_through_a_statement_is_ended_by_who_waited_in_vain(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PostgreSQL counts it as at work, not as idle, however long it waits for the rest."""
    address = server.new_database()
    store = open_store(address)
    monkeypatch.setattr("monitoring.store.engine._WAIT_MS", 3_000)
    monkeypatch.setattr("monitoring.store.engine._IDLE_MS", 1_000)
    words = [sys.executable, "-c", SENDS, address]
    with subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        with let_go(child):
            assert child.stdout.readline() == "sends\n"
            os.waitid(os.P_PID, child.pid, os.WSTOPPED | os.WNOWAIT)
            with pytest.raises(StoreUnavailable, match="lock timeout"):
                append(store, 1)
            append(store, 2)
            os.kill(child.pid, signal.SIGCONT)
            assert child.stdout.readline().startswith("refused: ")
    assert len(store.facts()) == 1
    store.close()


@pytest.mark.parametrize("kind", ENGINES)
def test_a_lock_nobody_lets_go_is_said_and_readers_go_on(
    kind: str, new_database: NewDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = new_database(kind)
    store = open_store(address)
    append(store, 1)
    store.close()
    monkeypatch.setattr("monitoring.store.engine._WAIT_MS", 2_000)
    store = open_store(address)
    with held(address), ThreadPoolExecutor(20) as many:
        writers: list[Future[None]] = [many.submit(append, store, minute) for minute in range(2, 22)]
        time.sleep(0.5)
        began = time.monotonic()
        assert len(store.facts()) == 1
        assert time.monotonic() - began < 1, "more writers wait than there are connections"
        refused = [writer.exception() for writer in writers]
    assert {type(why) for why in refused} == {StoreUnavailable}
    append(store, 30)
    assert len(store.facts()) == 2
    store.close()


@pytest.mark.parametrize("kind", ENGINES)
def test_the_collector_works_while_a_writer_waits(kind: str, new_database: NewDatabase) -> None:
    address = new_database(kind)
    store = open_store(address)
    with ThreadPoolExecutor(1) as one, held(address):
        writer = one.submit(append, store, 1)
        time.sleep(0.5)
        assert not writer.done()
        assert gc.isenabled()
    writer.result()
    assert gc.isenabled()
    store.close()


@pytest.mark.parametrize("kind", ENGINES)
def test_no_connection_free_is_a_store_that_does_not_answer(
    kind: str, new_database: NewDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_store(new_database(kind))
    monkeypatch.setattr(store._engine.pool, "_timeout", 0.05)
    with ExitStack() as taken:
        for _ in range(15):
            taken.enter_context(reading(store._engine))
        with pytest.raises(StoreUnavailable, match="has no connection free; try again"):
            store.facts()
        with pytest.raises(StoreUnavailable, match="has no connection free; try again"):
            append(store, 1)
    append(store, 1)
    store.close()


OURS = ("30s", "15s")


def limits(address: str, *, long: bool = False) -> list[str]:
    """lock_timeout and idle_in_transaction_session_timeout in a transaction that writes, and after it."""
    engine = connect(address)
    told = []
    for opened in (writing(engine, long=long), reading(engine)):
        with opened as connection:
            for name in ("lock_timeout", "idle_in_transaction_session_timeout"):
                told.append(str(connection.exec_driver_sql(f"SHOW {name}").scalar()))
    engine.dispose()
    return told


@pytest.mark.postgres
def test_the_limits_hold_for_one_transaction_and_what_the_address_says_goes_before(server: Server) -> None:
    address = server.new_database()
    assert limits(address) == [*OURS, "0", "0"]
    assert limits(address, long=True) == ["10min", "10min", "0", "0"]
    assert limits(f"{address}&options=-c%20lock_timeout%3D5s") == ["5s", "15s", "5s", "0"]


@pytest.mark.postgres
def test_a_migration_waits_longer_than_a_write(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("monitoring.store.engine._WAIT_MS", 300)
    address = server.new_database()
    engine = connect(address)
    with ThreadPoolExecutor(1) as one:
        with held(address):
            migrating = one.submit(migrate, engine)
            time.sleep(1)
            assert not migrating.done()
        migrating.result(timeout=60)
    engine.dispose()


@pytest.mark.postgres
def test_a_value_no_index_holds_is_no_store_that_does_not_answer(server: Server) -> None:
    """Random, for PostgreSQL compresses what repeats itself."""
    store = open_store(server.new_database())
    with pytest.raises(Exception, match="exceeds btree") as caught:
        store.append([good(temperature(1, patient=os.urandom(3_000).hex()))], author=None, received_at=ARRIVED)
    assert not isinstance(caught.value, StoreUnavailable)
    store.close()


WIDEST = "".join(chr(0x1F300 + number) for number in range(500))


@pytest.mark.parametrize("kind", ENGINES)
def test_the_longest_names_that_readers_let_through_are_kept(kind: str, new_database: NewDatabase) -> None:
    """Four bytes a character: 200 of a patient, 500 of a source."""
    store = open_store(new_database(kind))
    refusal = Refusal(source=WIDEST, place="2", reason="outside", rule="implausible")
    rows = [good(temperature(1, patient=WIDEST[:200])), RowRead(WIDEST, "2", refusals=(refusal,), raw="x")]
    tally = store.append(rows, author=None, received_at=ARRIVED)
    assert (tally.stored, tally.quarantined) == (1, 1)
    assert store.patients() == [WIDEST[:200]]
    store.close()
