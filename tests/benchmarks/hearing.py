"""How soon a process hears of a fact that another one stored, and has it on its board.

`python -m tests.benchmarks.hearing [URL]`: an empty database; a SQLite file of its own without it. Both sides run in
this process, each with its own connections and its own Rounds.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from time import perf_counter
from zoneinfo import ZoneInfo

from monitoring.concepts import dictionary
from monitoring.records import Observation
from monitoring.rounds import Rounds
from monitoring.settings import Settings
from monitoring.store import Store, open_store

TIMES = 100


def rounds_on(store: Store) -> Rounds:
    """What one process has."""
    return Rounds(store, Settings("", ZoneInfo("UTC"), None, demonstration=False), dictionary())


def measured(address: str) -> tuple[list[float], list[float]]:
    """Seconds from the commit to the news, and from the commit to the board that shows it."""
    here, there = open_store(address), open_store(address)
    one, other = rounds_on(here), rounds_on(there)
    stop = there.hear()
    news: list[float] = []
    there.listen(lambda: news.append(perf_counter()))
    heard: list[float] = []
    shown: list[float] = []
    begun = datetime.now(UTC).replace(microsecond=0)
    time.sleep(1)
    for number in range(TIMES):
        at = begun + timedelta(minutes=number)
        said = {"patient_id": "P1", "effective_at": at, "received_at": at, "source": "monitor"}
        news.clear()
        one.record([Observation(**said, concept="temperature", value=36 + number % 30 / 10)], source="monitor")
        committed = perf_counter()
        while not news:
            time.sleep(0.0005)
        heard.append(max(0.0, news[0] - committed))
        (row,) = other.ward_now(lambda moment=at: moment).rows
        assert row.vitals[0].at == at
        shown.append(perf_counter() - committed)
        time.sleep(0.037)  # out of step with any looking at fixed intervals
    stop()
    here.close()
    there.close()
    return heard, shown


def report() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder:
        address = sys.argv[1] if len(sys.argv) > 1 else f"sqlite:///{folder}/ward.db"
        for what, seconds in zip(("heard of", "on the board"), measured(address), strict=True):
            ordered = sorted(value * 1000 for value in seconds)
            p95 = ordered[int(len(ordered) * 0.95)]
            print(f"{what}: median {statistics.median(ordered):.1f} ms, p95 {p95:.1f}, worst {ordered[-1]:.1f}")


if __name__ == "__main__":
    report()
