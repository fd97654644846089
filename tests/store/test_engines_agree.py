"""SQLite and PostgreSQL hold the same facts and give the same grades; two processes on one database serve one ward."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import psycopg
import pytest

from monitoring.concepts import dictionary
from monitoring.course import Course
from monitoring.demonstration import write_ward
from monitoring.grading import DEFAULT_SYSTEMS, graded
from monitoring.records import Observation
from monitoring.rounds import Rounds
from monitoring.settings import Settings
from monitoring.store import Store, open_store

NOW = datetime(2026, 3, 20, 9, 30, tzinfo=ZoneInfo("Europe/Berlin"))
PATIENCE = 10.0  # never reached where anything is heard at all


def rounds_on(store: Store) -> Rounds:
    return Rounds(store, Settings("", ZoneInfo("Europe/Berlin"), None, demonstration=False), dictionary())


@contextmanager
def filled(address: str, files: list[Path]) -> Iterator[Store]:
    store = open_store(address)
    report = rounds_on(store).ingest(files, received_at=NOW)
    assert report.stored > 0
    yield store
    store.close()


def steps(store: Store) -> dict[tuple[str, str], list[tuple[list[int], list[int], list[int]]]]:
    found = {}
    for patient_id in store.patients():
        course = Course.from_facts(patient_id, store.facts(patient_id), dictionary(), ZoneInfo("Europe/Berlin"))
        for system in DEFAULT_SYSTEMS:
            grade = graded(course, system)
            found[patient_id, system] = [(grade.at.tolist(), grade.at_least.tolist(), grade.at_most.tolist())]
    return found


@pytest.mark.postgres
def test_the_demonstration_ward_is_the_same_on_both_engines_fact_by_fact(
    tmp_path: Path, postgresql_server: Path
) -> None:
    """The ward's files are wide and long CSV, Fahrenheit, drugs, home reports and CLIF tables, wrong rows included."""
    files = write_ward(tmp_path / "ward", NOW)
    name = f"agree_{uuid.uuid4().hex}"
    with psycopg.connect(
        host=str(postgresql_server), user="postgres", dbname="postgres", autocommit=True
    ) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    server = f"postgresql+psycopg://postgres@/{name}?host={postgresql_server}"
    with filled(f"sqlite:///{tmp_path / 'ward.db'}", files) as one, filled(server, files) as other:
        here, there = one.facts(), other.facts()
        assert len(here) > 1000
        assert [fact.fact_id for fact in here] == [fact.fact_id for fact in there]
        assert here == there
        assert [row.tally for row in one.ledger()] == [row.tally for row in other.ledger()]
        assert one.refusals() == other.refusals()
        assert steps(one) == steps(other)
        boards = [rounds_on(store).ward(NOW) for store in (one, other)]
        assert boards[0] == boards[1]
        assert len(boards[0].rows) > 10


def test_a_fact_posted_to_one_process_is_on_the_board_of_the_other(address: str, store: Store) -> None:
    other = open_store(address)
    here, there = rounds_on(store), rounds_on(other)
    stop = there.hear()
    moment = datetime(2026, 3, 2, 8, tzinfo=UTC)
    try:
        assert there.ward_now(lambda: moment).rows == ()
        version = there.version()
        said = {"patient_id": "P1", "effective_at": moment, "received_at": moment, "source": "monitor"}
        here.record([Observation(**said, concept="temperature", value=38.9)], source="monitor")
        assert there.waiting(version, PATIENCE) > version
        (row,) = there.ward_now(lambda: moment + timedelta(seconds=1)).rows
        assert (row.patient_id, row.vitals[0].text) == ("P1", "38.9")
    finally:
        stop()
        other.close()
