"""How long one fact takes from the wire to the grade: `python -m tests.benchmarks.arrival [--patients N] [--facts N]`.

A ward of N patients with four hourly channels over 14 days. Each fact is posted to one process over HTTP, or sent over
MLLP; another process (this one) then asks for the ward until the fact is in it. Prints milliseconds.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from monitoring.concepts import dictionary
from monitoring.records import Infusion, Observation, RowRead
from monitoring.rounds import Rounds
from monitoring.settings import read_settings
from monitoring.store import Store, open_store
from tests.channels.killing import over_http, over_mllp

_NORMAL = {"temperature": (36.9, "Cel"), "sbp": (118.0, "mm[Hg]"), "heart_rate": (82.0, "/min"), "spo2": (97.0, "%")}
_DAYS = 14


def main() -> int:
    """Fill, send, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--patients", type=int, default=30)
    parser.add_argument("--facts", type=int, default=100)
    asked = parser.parse_args()
    for name, channel in (("http", over_http), ("mllp", over_mllp)):
        with tempfile.TemporaryDirectory() as folder:
            url = f"sqlite:///{folder}/ward.db"
            store = open_store(url)
            store.append(_history(asked.patients), author="benchmark", received_at=datetime.now(UTC))
            rounds = Rounds(store, read_settings(url), dictionary())
            rounds.ward(datetime.now(UTC))
            answered, readable = [], []
            with channel(url, Path(folder)) as (_, deliver):
                for number in range(asked.facts):
                    before, began = store.version(), time.perf_counter()
                    deliver(str(number), [f"P{number}" if number < asked.patients else f"N{number}"])
                    answered.append(time.perf_counter() - began)
                    _graded(rounds, store, before)
                    readable.append(time.perf_counter() - began)
            sys.stdout.write(f"{name}: answered {_said(answered)}; graded in another process {_said(readable)}\n")
            sys.stdout.flush()
            store.close()
    return 0


def _graded(rounds: Rounds, store: Store, before: int) -> None:
    if store.version() > before:
        rounds.ward(datetime.now(UTC))


def _said(seconds: list[float]) -> str:
    return f"{statistics.median(seconds) * 1000:.0f} ms median, {max(seconds) * 1000:.0f} ms worst"


def _history(patients: int) -> Iterator[RowRead]:
    now = datetime.now(UTC)
    start = now - timedelta(days=_DAYS)
    for number in range(patients):
        who = f"P{number}"
        given = Infusion(patient_id=who, effective_at=start, received_at=now, source="history")
        yield RowRead(source="history", place=f"{number}", facts=(given,))
        for hour in range(24 * _DAYS):
            at = start + timedelta(hours=hour)
            facts = tuple(
                Observation(
                    patient_id=who,
                    effective_at=at,
                    received_at=now,
                    source="history",
                    concept=concept,
                    value=value,
                    unit=unit,
                )
                for concept, (value, unit) in _NORMAL.items()
            )
            yield RowRead(source="history", place=f"{number}-{hour}", facts=facts)


if __name__ == "__main__":
    sys.exit(main())
