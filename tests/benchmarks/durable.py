"""How many values a second are durable, beside the same facts through bare `sqlite3`: what this disk allows just now.

Part of `python -m tests.benchmarks.live`. Ours is text to a durable grade: read and checked, committed by the store,
re-graded, current grade. Bare is one table with an identity and one index, WAL and `synchronous=FULL`, the values made
before the clock starts. The two take turns. A wait for a core is none for the disk: on a crowded machine a thread that
slept until its commit was on the disk stands in the queue again, at every commit, and so does whatever else the kernel
needs for it. Where the system tells (Linux), the wait for a core is printed apart.
"""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from time import perf_counter_ns, thread_time_ns
from typing import NamedTuple

from monitoring.concepts import dictionary
from monitoring.ingest.kinds import read_rows
from monitoring.ingest.rows import Reading
from monitoring.ingest.sources import Table, TextRow
from monitoring.ingest.values import LONG_VALUES
from monitoring.live import LiveCourse
from monitoring.records import Fact
from monitoring.store import open_store
from monitoring.timeline import micros

HEADER = ("patient_id", "time", "concept", "value", "unit")
BATCHES = (1, 20, 500)
ROUNDS = 3
_QUEUE = Path("/proc/thread-self/schedstat")
_BARE = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "CREATE TABLE fact (seq INTEGER PRIMARY KEY, fact_id TEXT UNIQUE, patient_id TEXT, at INTEGER, content TEXT)",
    "CREATE INDEX fact_by_patient ON fact (patient_id, seq)",
)


class Spent(NamedTuple):
    """Nanoseconds of one thread: on the clock, computing, and waiting for a core (0 where nobody tells)."""

    wall: int
    busy: int
    queued: int

    @classmethod
    def now(cls) -> Spent:
        """From whenever the clocks began."""
        queued = int(_QUEUE.read_text().split()[1]) if _QUEUE.exists() else 0
        return cls(perf_counter_ns(), thread_time_ns(), queued)

    def since(self, begin: Spent) -> Spent:
        """What was spent after `begin`."""
        return Spent(*(now - then for now, then in zip(self, begin, strict=True)))

    def told(self, values: int) -> str:
        """Values a second, and microseconds a value: computing, waiting for a core, waiting for the disk."""
        disk = self.wall - self.busy - self.queued
        parts = " ".join(f"{part / values / 1000:7.1f}" for part in (self.busy, self.queued, disk))
        return f"{values / self.wall * 1e9:8.0f} ({parts})"


def ours(rows: Sequence[TextRow], batch: int, lives: Mapping[str, LiveCourse], received_at: datetime) -> Spent:
    """Rows of the feed, `batch` at a time, to durable facts and current grades."""
    reading = Reading("bench", received_at + timedelta(days=60), UTC, dictionary())
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(f"sqlite:///{Path(folder) / 'live.db'}")
        current: dict[str, object] = {}
        begin = Spent.now()
        for first in range(0, len(rows), batch):
            read = list(read_rows(Table(HEADER, iter(rows[first : first + batch])), LONG_VALUES, reading))
            store.append(read, author="bench", received_at=received_at)
            for fact in (fact for row in read for fact in row.facts):
                live = lives[fact.patient_id]
                live.add(fact)
                current[fact.patient_id] = live.verdict(micros(fact.effective_at))
        spent = Spent.now().since(begin)
        assert len(store.facts()) == len(rows)
        store.close()
    return spent


def bare(facts: Sequence[Fact], batch: int) -> Spent:
    """The same facts, `batch` in a transaction."""
    values = [(fact.fact_id, fact.patient_id, micros(fact.effective_at), fact.as_json()) for fact in facts]
    with tempfile.TemporaryDirectory() as folder:
        connection = sqlite3.connect(Path(folder) / "bare.db", isolation_level=None)
        for statement in _BARE:
            connection.execute(statement)
        begin = Spent.now()
        for first in range(0, len(values), batch):
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(
                "INSERT INTO fact (fact_id, patient_id, at, content) VALUES (?, ?, ?, ?)", values[first : first + batch]
            )
            connection.execute("COMMIT")
        spent = Spent.now().since(begin)
        connection.close()
    return spent


def table(rows: Sequence[TextRow], ward: Callable[[], Mapping[str, LiveCourse]], received_at: datetime) -> None:
    """Both, by size of batch; `ward` gives the courses of the patients of `rows`, new each time."""
    reading = Reading("bench", received_at + timedelta(days=60), UTC, dictionary())
    read = read_rows(Table(HEADER, iter(rows)), LONG_VALUES, reading)
    facts = [fact for row in read for fact in row.facts]
    print(f"durable, values a second (SQLite, WAL, synchronous=FULL; median of {ROUNDS}, lowest to highest), and")
    print("microseconds a value: (computing, waiting for a core, waiting for the disk)")
    print(f"batch    1, table never asked before {ours(rows, 1, ward(), received_at).told(len(rows))}")
    for batch in BATCHES:
        rounds = [(ours(rows, batch, ward(), received_at), bare(facts, batch)) for _ in range(ROUNDS)]
        for name, found in zip(("ours", "bare"), zip(*rounds, strict=True), strict=True):
            low, middle, high = (sorted(found, key=lambda spent: -spent.wall)[place] for place in (0, ROUNDS // 2, -1))
            ends = " to ".join(f"{len(rows) / one.wall * 1e9:.0f}" for one in (low, high))
            print(f"batch {batch:4} {name} {middle.told(len(rows))} {ends}", flush=True)
        print(f"batch {batch:4} ours of bare {median(b.wall / a.wall for a, b in rounds):.0%}", flush=True)
