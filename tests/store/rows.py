"""Rows for the tests of the store, and the child that is killed while it appends them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from monitoring.records import Observation, Refusal, RowRead, Tally, UnmappedCode
from monitoring.store import journal, open_store

ARRIVED = datetime(2026, 3, 20, 12, tzinfo=UTC)
FIRST = datetime(2026, 3, 1, 8, tzinfo=UTC)


def temperature(minute: int = 0, value: float = 38.2, patient: str = "P1", **more: object) -> Observation:
    fields = {"effective_at": FIRST + timedelta(minutes=minute), "received_at": ARRIVED, "source": f"v.csv:{minute}"}
    return Observation(patient_id=patient, concept="temperature", value=value, unit="Cel", **(fields | more))


def good(*facts: Observation, source: str = "v.csv", place: str = "2") -> RowRead:
    return RowRead(source=source, place=place, facts=facts)


def refused(*facts: Observation, source: str = "v.csv", place: str = "3", **more: object) -> RowRead:
    fields = {"field": "spo2", "value": "9", "reason": "outside 50–100 %", "raw": "P1,08:00,9"}
    return RowRead(
        source=source, place=place, facts=facts, refusals=(Refusal(source=source, place=place, **(fields | more)),)
    )


def passed_over(kind: str, source: str = "v.csv", place: str = "4") -> RowRead:
    return RowRead(source=source, place=place, ignored_kind=kind)


def not_mapped(code: str, source: str = "feed", place: str = "1") -> RowRead:
    named = (UnmappedCode(code=code),)
    return RowRead(source=source, place=place, ignored_kind="no code we know", unmapped=named, raw=f"OBX||{code}")


def part(number: int, rows: int) -> Iterator[RowRead]:
    """Rows of one patient, every tenth refused, every eleventh passed over."""
    for line in range(rows):
        source, place = f"part{number}.csv", str(line)
        if line % 10 == 9:
            yield refused(source=source, place=place)
        elif line % 11 == 10:
            yield passed_over("empty set", source=source, place=place)
        else:
            yield good(temperature(line, patient=f"P{number}"), source=source, place=place)


def append_and_acknowledge(address: str, number: int, rows: int) -> None:
    """Write `ready`, then the running total of stored and of read rows after each commit."""
    journal.CHUNK_ROWS = 50
    store = open_store(address)
    done = Tally()

    def acknowledge(_source: str, tally: Tally) -> None:
        nonlocal done
        done += tally
        sys.stdout.write(f"{done.read} {done.stored + done.duplicates}\n")
        sys.stdout.flush()

    sys.stdout.write("ready\n")
    sys.stdout.flush()
    store.append(part(number, rows), author=None, received_at=ARRIVED, committed=acknowledge)


if __name__ == "__main__":
    append_and_acknowledge(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
