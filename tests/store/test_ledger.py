"""The ledger says what a plain walk over every row says, in every zone, however often it is asked in between."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import pytest
from sqlalchemy import Connection, create_engine, insert

from monitoring.records import Tally
from monitoring.store import LedgerRow, Store, ledger, open_store, tables
from tests.store.rows import ARRIVED, good, passed_over, refused, temperature

ZONES = [
    ZoneInfo(name)
    for name in (
        "UTC",
        "Asia/Kathmandu",  # a quarter of an hour off
        "Australia/Lord_Howe",  # half an hour off, and changed by half an hour
        "Pacific/Chatham",
        "America/St_Johns",
        "Europe/Berlin",
        "America/Havana",  # changes its clocks at midnight
        "Africa/Cairo",
    )
]
DAYS = [
    date(2026, 3, 8),  # clocks change in Havana and St John's
    date(2026, 3, 29),  # Berlin
    date(2026, 4, 5),  # Lord Howe and Chatham
    date(2026, 4, 24),  # Cairo
    date(2026, 7, 1),
    date(2026, 11, 1),  # Havana and St John's
]
SOURCES = ["http bed side", "mllp 10.0.0.7", "v\\1.csv", "v.csv (replayed)"]
KINDS = [{}, {"ADT^A08": 1}, {"ADT^A08": 2, "empty set": 1}, {"empty set": 3}]


def micros(at: datetime) -> int:
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def moment(draw: random.Random) -> datetime:
    """Close to a midnight of some zone on one of the days, or anywhere in it."""
    midnight = datetime.combine(draw.choice(DAYS), time(), draw.choice(ZONES)).astimezone(UTC)
    minutes = draw.choice([0, 0, 0, 15, 30, 60, 120, 150, 180, draw.randrange(1440)])
    return midnight + timedelta(minutes=minutes, microseconds=draw.choice([-1, 0, 1, draw.randrange(60_000_000)]))


def intakes(draw: random.Random, how_many: int) -> list[dict[str, Any]]:
    rows = []
    for number in range(how_many):
        kinds = draw.choice(KINDS)
        counts = {name: draw.randrange(4) for name in ("stored", "duplicates", "quarantined")}
        counts["ignored"] = sum(kinds.values())
        rows.append(
            {
                "batch": f"{draw.random()} {number}",
                "received_at": micros(moment(draw)),
                "source": draw.choice(SOURCES),
                "author": None,
                "read": sum(counts.values()),
                **counts,
                "ignored_kinds": json.dumps(kinds, sort_keys=True),
            }
        )
    return rows


def refusals(draw: random.Random, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """One or two refusals of each quarantined row; a row may have been sent before."""
    return [
        {
            **{name: row[name] for name in ("batch", "source", "received_at")},
            "place": "1",
            "reason": f"reason {nth}",
            "held": held,
            "ordinal": ordinal,
        }
        for row in rows
        for ordinal in range(row["quarantined"])
        for held in [f"held {draw.randrange(150)}"]
        for nth in range(draw.choice([1, 2]))
    ]


def resolutions(keys: Sequence[str]) -> list[dict[str, Any]]:
    return [{"held": key, "how": "dismissed", "author": "n", "at": micros(ARRIVED), "reason": "r"} for key in keys]


def walked(
    rows: Sequence[dict[str, Any]], refused_rows: Sequence[dict[str, Any]], resolved: set[str], zone: ZoneInfo
) -> list[LedgerRow]:
    """Row by row, as anybody would."""

    def key(row: dict[str, Any]) -> tuple[int, str]:
        at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=row["received_at"])
        return -at.astimezone(zone).date().toordinal(), row["source"]

    sums: dict[tuple[int, str], Tally] = {}
    for row in rows:
        terms = {name: row[name] for name in ("read", "stored", "duplicates", "quarantined", "ignored")}
        one = Tally(**terms, ignored_kinds=json.loads(row["ignored_kinds"]))
        sums[key(row)] = sums.get(key(row), Tally()) + one
    done = {(key(row), row["batch"], row["ordinal"]) for row in refused_rows if row["held"] in resolved}
    return [
        LedgerRow(found[1], date.fromordinal(-found[0]), sums[found], sum(one == found for one, _, _ in done))
        for found in sorted(sums)
    ]


def test_it_says_what_a_walk_over_every_row_says(store: Store, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "_ROWS_AT_A_TIME", 64)
    draw = random.Random(20261128)
    engine = create_engine(address)
    rows: list[dict[str, Any]] = []
    refused_rows: list[dict[str, Any]] = []
    resolved: set[str] = set()
    for how_many in (1, 63, 64, 400, 0, 5):
        new = intakes(draw, how_many)
        told = refusals(draw, new)
        waiting = sorted({row["held"] for row in [*refused_rows, *told]} - resolved)
        closed = draw.sample(waiting, len(waiting) // 4)
        with engine.begin() as connection:
            for table, values in (
                (tables.intake, new),
                (tables.refusal, told),
                (tables.resolution, resolutions(closed)),
            ):
                if values:
                    connection.execute(insert(table), values)
        rows += new
        refused_rows += told
        resolved |= set(closed)
        for zone in ZONES:
            assert store.ledger(zone) == walked(rows, refused_rows, resolved, zone), (how_many, zone)
    engine.dispose()
    assert any(row.resolved for row in store.ledger())


def test_what_was_added_up_is_not_read_again(store: Store, address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """3,000 messages of one source and quarter of an hour are one line, asked for once."""
    asked: list[tuple[int, int]] = []
    real = ledger._after

    def seen(connection: Connection, seq: int) -> Sequence[Any]:
        groups = real(connection, seq)
        asked.append((seq, len(groups)))
        return groups

    monkeypatch.setattr(ledger, "_after", seen)
    row = {"batch": "b", "received_at": micros(ARRIVED), "source": "feed", "ignored_kinds": "{}", "ignored": 0}
    row |= {"read": 1, "stored": 1, "duplicates": 0, "quarantined": 0}
    engine = create_engine(address)
    with engine.begin() as connection:
        connection.execute(insert(tables.intake), [row] * 3000)
    engine.dispose()
    assert [(one.source, one.tally) for one in store.ledger()] == [("feed", Tally(read=3000, stored=3000))]
    store.append([good(temperature(0))], author=None, received_at=ARRIVED)
    assert [(one.source, one.tally) for one in store.ledger()] == [
        ("feed", Tally(read=3000, stored=3000)),
        ("v.csv", Tally(read=1, stored=1)),
    ]
    assert asked == [(0, 1), (3000, 1)]


def test_a_backup_put_in_its_place_is_added_up_anew(tmp_path: Path) -> None:
    """The other store has as many rows, or fewer, or none: nothing of what was counted before is told."""
    here = tmp_path / "store.db"
    for name, rows in (("equal", [passed_over("b")]), ("empty", []), ("longer", [refused(), passed_over("c")])):
        store = open_store(f"sqlite:///{here}")
        store.append([passed_over("a")], author=None, received_at=ARRIVED)
        assert [row.tally.ignored_kinds for row in store.ledger()] == [{"a": 1}]
        other = open_store(f"sqlite:///{tmp_path / name}.db")
        for row in rows:
            other.append([row], author=None, received_at=ARRIVED)
        expected = other.ledger()
        other.close()
        store.close()
        shutil.copyfile(tmp_path / f"{name}.db", tmp_path / "copy.db")
        (tmp_path / "copy.db").replace(here)
        assert store.ledger() == expected, name
        store.close()
        here.unlink()


def test_a_quarter_of_an_hour_lies_within_one_day_of_every_zone() -> None:
    """Offsets from UTC, and the moments at which they change, are whole quarters of an hour everywhere until 2030."""
    quarter = timedelta(minutes=15)
    begin, end = datetime(2026, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC)
    for name in sorted(available_timezones()):
        zone = ZoneInfo(name)
        at = begin
        while at < end:
            following = at + timedelta(days=4)
            offset = at.astimezone(zone).utcoffset()
            assert offset is not None
            assert offset % quarter == timedelta(0), (name, at)
            if following.astimezone(zone).utcoffset() != offset:
                low, high = at, following
                while high - low > timedelta(seconds=1):
                    middle = low + (high - low) // 2
                    if middle.astimezone(zone).utcoffset() == offset:
                        low = middle
                    else:
                        high = middle
                assert (high.replace(microsecond=0) - begin) % quarter == timedelta(0), (name, high)
            at = following
