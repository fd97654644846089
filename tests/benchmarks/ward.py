"""How long a ward of 30 patients with 28 days of hourly vital signs takes to open.

Ours: `Rounds.ward` on a SQLite store, cold (a new process would see this), warm (nothing has arrived since), and
after one new set of vital signs. Peer style, beside it: every request reads all rows, takes the last of each patient
with pandas and grades each with one call. Run with `python -m tests.benchmarks.ward`.
"""

from __future__ import annotations

import sqlite3
import statistics
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from monitoring.concepts import dictionary
from monitoring.records import Observation
from monitoring.rounds import Rounds
from monitoring.settings import Settings
from monitoring.store import open_store
from tests.benchmarks.peer import CrsCalculator, grade_row

PATIENTS, DAYS, REPEATS = 30, 28, 15
INFUSED = datetime(2026, 3, 1, 10, tzinfo=UTC)
NOW = INFUSED + timedelta(days=DAYS)
TARGET_SECONDS = 0.5


def vital_rows() -> pd.DataFrame:
    """Hourly sets of seven vital signs and oxygen, 3 % of the cells missing, a fever and low pressure in week one."""
    draw = np.random.default_rng(2)
    tables = []
    for bed in range(PATIENTS):
        hours = np.arange(DAYS * 24)
        ill = (hours > 30) & (hours < 30 + draw.integers(20, 120))
        cannula = ill & (draw.random(hours.size) < 0.3)
        table = pd.DataFrame(
            {
                "patient_id": f"B{bed + 1:02}",
                "time": [(INFUSED + timedelta(hours=int(hour))).isoformat() for hour in hours],
                "temp_c": (draw.normal(36.9, 0.3, hours.size) + ill * 1.8).round(1),
                "hr": draw.normal(85, 8, hours.size).round(),
                "rr": draw.normal(16, 2, hours.size).round(),
                "sbp": (draw.normal(122, 8, hours.size) - ill * 25).round(),
                "dbp": (draw.normal(75, 4, hours.size) - ill * 15).round(),
                "spo2": np.clip(draw.normal(96, 1, hours.size), 88, 100).round(),
            }
        )
        cells = table.columns[2:]
        table[cells] = table[cells].mask(draw.random((hours.size, cells.size)) < 0.03)
        table["o2_device"] = np.where(cannula, "nasal_cannula", "room_air")
        table["o2_flow_l_min"] = np.where(cannula, 2.0, np.nan)
        tables.append(table)
    return pd.concat(tables)


def patient_rows() -> pd.DataFrame:
    """Who they are: adults on one ward, infused on the same day."""
    names = [f"B{bed + 1:02}" for bed in range(PATIENTS)]
    return pd.DataFrame(
        {
            "patient_id": names,
            "birth_date": "1972-01-01",
            "ward": "7 North",
            "bed": names,
            "product": "axicabtagene ciloleucel",
            "infused_at": INFUSED.isoformat(),
        }
    )


def seconds(question: Callable[[], object], repeats: int = REPEATS) -> tuple[float, float]:
    """Median and worst wall time of a question asked again and again."""
    spent = []
    for _ in range(repeats):
        begin = perf_counter()
        question()
        spent.append(perf_counter() - begin)
    return statistics.median(spent), max(spent)


def peer_ward(database: Path) -> list[dict[str, object]]:
    """The same board the peer way: all rows, last of each patient, one call a row."""
    with sqlite3.connect(database) as connection:
        rows = pd.read_sql("select * from vitals", connection)
    rows["time"] = pd.to_datetime(rows["time"])
    last = rows.sort_values("time").groupby("patient_id").last()
    calculator = CrsCalculator()
    return [
        grade_row(
            calculator,
            {
                "temperature_c": row.temp_c,
                "systolic": row.sbp,
                "oxygen_device": row.o2_device,
                "oxygen_flow": None if pd.isna(row.o2_flow_l_min) else row.o2_flow_l_min,
            },
        )
        for row in last.itertuples()
    ]


def measured(folder: Path) -> list[tuple[str, float, float]]:
    """(what, median seconds, worst seconds), in the order in which a ward meets them."""
    vitals, patients = vital_rows(), patient_rows()
    vitals.to_csv(folder / "vitals.csv", index=False)
    patients.to_csv(folder / "patients.csv", index=False)
    store = open_store(f"sqlite:///{folder / 'ward.db'}")
    settings = Settings("", ZoneInfo("UTC"), None, demonstration=False)

    def opened() -> Rounds:
        return Rounds(store, settings, dictionary())

    found = []
    begin = perf_counter()
    tally = opened().ingest([folder / "patients.csv", folder / "vitals.csv"], received_at=NOW)
    assert tally.quarantined == 0, tally.refusals[:3]
    found.append((f"take in {tally.read:,} rows", *2 * (perf_counter() - begin,)))
    found.append(("cold: all facts read, all courses built, graded", *seconds(lambda: opened().ward(NOW), 2)))
    rounds = opened()
    assert len(rounds.ward(NOW).rows) == PATIENTS
    found.append(("warm: the board again", *seconds(lambda: rounds.ward(NOW))))
    found.append(("warm, one patient's page", *seconds(lambda: rounds.patient("B07", NOW))))
    minutes = iter(range(1, 10_000))

    def after_one_more() -> None:
        at = NOW + timedelta(minutes=next(minutes))
        news = {"patient_id": "B07", "effective_at": at, "received_at": at, "source": "screen"}
        rounds.record([Observation(**news, concept="temperature", value=37.1)], source="screen")
        rounds.ward(at)

    found.append(("warm, one new value recorded first", *seconds(after_one_more)))
    found.append(("an hour ago (time travel)", *seconds(lambda: rounds.ward(NOW - timedelta(hours=1)), 2)))
    with sqlite3.connect(folder / "peer.db") as connection:
        vitals.to_sql("vitals", connection, index=False)
    assert len(peer_ward(folder / "peer.db")) == PATIENTS
    found.append(("peer style: the board", *seconds(lambda: peer_ward(folder / "peer.db"))))
    store.close()
    return found


def report() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder:
        found = measured(Path(folder))
    print(f"Ward of {PATIENTS} patients, {DAYS} days of hourly vital signs, SQLite, wall time")
    print(f"{'':<50}{'median ms':>10}{'worst ms':>10}")
    for what, median, worst in found:
        print(f"{what:<50}{median * 1000:>10.1f}{worst * 1000:>10.1f}")
    times = {what: median for what, median, _ in found}
    warm = times["warm: the board again"]
    print(f"warm board, share of the half second: {warm / TARGET_SECONDS:.1%}")
    print(f"peer style takes {times['peer style: the board'] / warm:.1f} times the warm board")


if __name__ == "__main__":
    report()
