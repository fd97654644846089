"""What the screens ask of a store that has grown: a day of messages, a hundred thousand refusals, a long audit.

`python -m tests.benchmarks.grown [URL] [--rows 430000]`: an empty database; a SQLite file of its own without it. The
rows are written by SQL. Beside the time of each question, the longest that another thread of the process was kept
waiting meanwhile: that is what a live board beside it would feel.
"""

from __future__ import annotations

import argparse
import hashlib
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import chain
from time import perf_counter
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Table, create_engine, insert

from monitoring.records import RowRead
from monitoring.store import Store, account_tables, open_store, tables
from monitoring.store.audit import audit

BEGUN = datetime(2026, 11, 27, tzinfo=UTC)
REFUSED, ENTRIES, SESSIONS = 100_000, 300_000, 10_000
SOURCES = ("http monitors", "http laboratory", "mllp 10.0.0.7", "mllp 10.0.0.8")
_LOT = 10_000
_TICK = 0.001


def at(share: float) -> int:
    """Microseconds of a moment of the day that begins at BEGUN."""
    return tables.to_micros(BEGUN + share * timedelta(days=1))


def intakes(rows: int) -> Iterator[dict[str, Any]]:
    """One row a message, as a day of them leaves: one in a hundred quarantined, one in ten passed over."""
    for number in range(rows):
        ignored, quarantined = number % 10 == 3, number % 100 == 7
        yield {
            "batch": f"batch {number}",
            "received_at": at(number / rows),
            "source": SOURCES[number % 7 % 4],
            "author": None,
            "read": 1,
            "stored": int(not (ignored or quarantined)),
            "duplicates": 0,
            "quarantined": int(quarantined),
            "ignored": int(ignored),
            "ignored_kinds": '{"ADT^A08": 1}' if ignored else "{}",
        }


def refusals() -> Iterator[tuple[Table, dict[str, Any]]]:
    """Every tenth was sent before; a fifth of the rows were dismissed."""
    for number in range(REFUSED):
        held = f"held {number - number % 10 if number % 10 == 1 else number}"
        row = {"source": SOURCES[number % 4], "received_at": at(number / REFUSED)}
        said = {"field": "spo2", "value": str(number % 400), "reason": "outside 50 to 100 %", "rule": "range"}
        batch = {"batch": f"batch {number * 4}", "place": "1", "held": held, "ordinal": 0, "author": None}
        yield tables.refusal, row | said | batch
        if number % 10 != 1:
            yield tables.held, {**row, "key": held, "place": "1", "raw": "OBX|1|NM|x", "context": None, "zone": None}
        if number % 5 == 0:
            yield tables.resolution, {"held": held, "how": "dismissed", "author": "n", "at": at(1), "reason": "r"}


def entries() -> Iterator[dict[str, Any]]:
    """Views by fifty people; the chain is not one, nobody verifies it here."""
    for number in range(1, ENTRIES + 1):
        digest = hashlib.sha256(str(number).encode()).hexdigest()
        who = {"who": f"account {number % 50}", "role": "nurse", "channel": "screen", "address": "10.0.0.3"}
        what = {"act": "patient viewed", "patient_id": f"P{number % 300}", "about": None, "how_many": None}
        yield {"seq": number, "at": at(number / ENTRIES), **who, **what, "previous": f"before {number}", "hash": digest}


def sessions() -> Iterator[tuple[Table, dict[str, Any]]]:
    """Sessions that ran out and that nobody ended."""
    account = {"account_id": "a", "name": "a", "display_name": "A", "role": "nurse", "demonstration": 0, "made_at": 0}
    yield account_tables.account, account
    for number in range(SESSIONS):
        began = {"started_at": at(number / SESSIONS), "seen_at": at(number / SESSIONS)}
        yield account_tables.session, {"session_id": f"s{number}", "account_id": "a", "address": "10.0.0.3", **began}


def fill(address: str, rows: int) -> None:
    """Write everything."""
    engine = create_engine(address)
    waiting: dict[Table, list[dict[str, Any]]] = {}
    messages = ((tables.intake, row) for row in intakes(rows))
    everything = chain(messages, refusals(), ((audit, row) for row in entries()), sessions())
    with engine.begin() as connection:
        for table, row in everything:
            lot = waiting.setdefault(table, [])
            lot.append(row)
            if len(lot) == _LOT:
                connection.execute(insert(table), lot)
                lot.clear()
        for table, lot in waiting.items():
            if lot:
                connection.execute(insert(table), lot)
    engine.dispose()


def asked(question: Callable[[], object]) -> tuple[float, float]:
    """Seconds it took, and the longest another thread of the process waited beyond its sleep."""
    longest = 0.0
    over = threading.Event()

    def look() -> None:
        nonlocal longest
        while not over.is_set():
            before = perf_counter()
            time.sleep(_TICK)
            longest = max(longest, perf_counter() - before - _TICK)

    beside = threading.Thread(target=look)
    beside.start()
    begun = perf_counter()
    question()
    took = perf_counter() - begun
    over.set()
    beside.join()
    return took, longest


def questions(store: Store) -> Iterator[tuple[str, Callable[[], object]]]:
    """What the pages and the routes ask, in the order of a day."""
    zone = ZoneInfo("Europe/Berlin")
    yield "Intake, Arrived: the first look", lambda: store.ledger(zone)
    yield "Intake, Arrived: again", lambda: store.ledger(zone)
    one = RowRead(source="http monitors", place="1", ignored_kind="ADT^A08")
    store.append([one], author=None, received_at=datetime.now(UTC))
    yield "Intake, Arrived: after one more", lambda: store.ledger(zone)
    yield "Intake, Refused: the kinds", store.quarantine.kinds
    yield "Intake, Refused: how many", store.quarantine.how_many
    yield "Intake, Refused: a page", lambda: store.quarantine.refusals(limit=21)
    yield "Intake, Refused: a page at the end", lambda: store.quarantine.refusals(limit=21, after=REFUSED - 100)
    yield "Audit: everybody", store.audit.everybody
    yield "Audit: the first page", lambda: store.audit.entries(limit=101)
    yield "/healthz: the last arrival", store.watched.last_arrival
    yield "/metrics: counted, the first time", lambda: store.watched.since(None)
    seen = store.watched.since(None)
    yield "/metrics: counted, again", lambda: store.watched.since(seen)
    yield "/metrics: sessions", store.watched.sessions


def main(address: str, rows: int) -> None:
    """Fill and print the table."""
    store = open_store(address)
    fill(address, rows)
    print(f"{rows:,} intakes, {REFUSED:,} refusals, {ENTRIES:,} entries of the audit, {SESSIONS:,} sessions left open")
    print("| question | ms | another thread waited, ms |\n|---|---|---|")
    for name, question in questions(store):
        took, waited = asked(question)
        print(f"| {name} | {took * 1000:.1f} | {waited * 1000:.1f} |")
    store.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("address", nargs="?")
    parser.add_argument("--rows", type=int, default=430_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        main(given.address or f"sqlite:///{folder}/store.db", given.rows)
