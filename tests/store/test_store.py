"""What every store must do, on every engine."""

from __future__ import annotations

import gc
import hashlib
import json
import multiprocessing
import random
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta, timezone
from multiprocessing.synchronize import Barrier
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, insert, text
from sqlalchemy.exc import DBAPIError

from monitoring.records import (
    Administration,
    ChartedGrade,
    Correction,
    Fact,
    NeuroAssessment,
    Observation,
    OxygenSupport,
    Patient,
    Refusal,
    RowRead,
    SymptomReport,
    Tally,
)
from monitoring.store import LedgerRow, Mark, Store, StoreUnavailable, open_store, tables
from monitoring.store.engine import newest_revision
from monitoring.vocabulary import AbsentReason, NeuroTool, OxygenDevice, Reporter, Severity, Status, Syndrome
from tests.store.rows import ARRIVED, FIRST, good, not_mapped, part, passed_over, refused, temperature

ROOT = Path(__file__).resolve().parents[2]


def append(store: Store, *rows: RowRead, author: str | None = None, at: datetime = ARRIVED) -> Tally:
    return store.append(rows, author=author, received_at=at)


def test_an_empty_store_knows_nobody_and_has_no_findings(store: Store) -> None:
    assert append(store) == Tally()
    assert store.facts() == []
    assert store.patients() == []
    assert store.version() == 0
    assert store.patient_versions() == {}
    assert store.ledger() == []
    assert store.refusals() == []
    assert store.findings() == []


def test_facts_come_back_equal_and_in_the_order_they_were_stored(store: Store) -> None:
    late, early, middle = temperature(30), temperature(10), temperature(20, patient="P0")
    assert append(store, good(late), good(early, middle)) == Tally(read=2, stored=2)
    assert store.facts() == [late, early, middle]
    assert store.facts("P1") == [late, early]
    assert store.facts("P0") == [middle]
    assert store.facts("nobody") == []
    assert store.patients() == ["P0", "P1"]


def test_after_seq_gives_only_what_came_since(store: Store) -> None:
    append(store, good(temperature(1)))
    seen = store.version()
    append(store, good(temperature(2, patient="P2")))
    assert store.facts(after_seq=seen) == [temperature(2, patient="P2")]
    assert store.patient_versions(after_seq=seen) == {"P2": store.version()}
    assert store.patient_versions() == {"P1": seen, "P2": store.version()}


def test_changes_after_a_mark_are_told_once_and_in_order(store: Store) -> None:
    nothing = store.changed_since(None)
    assert (nothing.mark, nothing.facts, nothing.anew) == (None, [], False)
    append(store, good(temperature(1)))
    first = store.changed_since(nothing.mark)
    append(store, good(temperature(3)), good(temperature(2, patient="P2")), refused())
    second = store.changed_since(first.mark)
    third = store.changed_since(second.mark)
    assert first.facts == [temperature(1)]
    assert second.facts == [temperature(3), temperature(2, patient="P2")]
    assert (third.mark, third.facts) == (second.mark, [])
    assert [first.anew, second.anew, third.anew] == [False, False, False]


def test_a_mark_of_another_store_is_known_and_everything_is_told(store: Store, tmp_path: Path) -> None:
    """The other one has as many facts, and the very same ones: only the batches they came in tell them apart."""
    other = open_store(f"sqlite:///{tmp_path / 'other.db'}")
    for one in (store, other):
        append(one, good(temperature(1)), good(temperature(2)))
    for before in (other.changed_since(None).mark, Mark(99, "of a longer store")):
        changes = store.changed_since(before)
        assert changes.anew
        assert changes.facts == [temperature(1), temperature(2)]
    other.close()


def test_facts_are_found_by_their_identity(store: Store) -> None:
    append(store, *(good(temperature(n)) for n in range(3)))
    wanted = [temperature(2).fact_id, temperature(0).fact_id, "unknown"]
    assert store.by_id(wanted) == [temperature(0), temperature(2)]
    assert store.by_id([]) == []


def test_listeners_are_told_after_the_facts_can_be_read_until_they_stop(store: Store) -> None:
    seen: list[int] = []
    stop = store.listen(lambda: seen.append(len(store.facts())))
    append(store, good(temperature(1)))
    append(store, passed_over("empty set"))
    append(store, good(temperature(2)))
    stop()
    append(store, good(temperature(3)))
    assert seen == [1, 2]


def test_the_version_stands_still_when_nothing_new_is_stored(store: Store) -> None:
    append(store, good(temperature(1)))
    before = store.version()
    append(store, good(temperature(1)), refused(), passed_over("empty set"))
    assert store.version() == before


def test_known_by_shows_what_had_reached_us_the_instant_itself_included(store: Store) -> None:
    noon = temperature(1, received_at=ARRIVED)
    later = temperature(2, received_at=ARRIVED + timedelta(microseconds=1))
    append(store, good(noon), good(later))
    assert store.facts(known_by=ARRIVED - timedelta(microseconds=1)) == []
    assert store.facts(known_by=ARRIVED) == [noon]
    assert store.facts(known_by=ARRIVED + timedelta(microseconds=1)) == [noon, later]
    assert store.facts(known_by=ARRIVED.astimezone(ZoneInfo("Asia/Tokyo"))) == [noon]


OUTCOMES: list[tuple[str, Callable[[], RowRead], Tally]] = [
    ("a new fact", lambda: good(temperature(5)), Tally(read=1, stored=1)),
    ("a known fact", lambda: good(temperature(0)), Tally(read=1, duplicates=1)),
    ("a known fact and a new one", lambda: good(temperature(0), temperature(5)), Tally(read=1, stored=1)),
    ("a refusal alone", refused, Tally(read=1, quarantined=1)),
    ("a refusal beside a new fact", lambda: refused(temperature(5)), Tally(read=1, quarantined=1)),
    ("no clinical fact", lambda: passed_over("ADT^A01"), Tally(read=1, ignored=1, ignored_kinds={"ADT^A01": 1})),
]


@pytest.mark.parametrize(("name", "row", "expected"), OUTCOMES, ids=[name for name, _, _ in OUTCOMES])
def test_every_row_has_one_outcome(store: Store, name: str, row: Callable[[], RowRead], expected: Tally) -> None:
    append(store, good(temperature(0)))
    assert append(store, row()) == expected, name


def test_the_good_facts_of_a_quarantined_row_are_kept(store: Store) -> None:
    append(store, refused(temperature(7)))
    assert store.facts() == [temperature(7)]


def test_the_same_fact_twice_in_one_chunk_is_stored_once(store: Store) -> None:
    assert append(store, good(temperature(1)), good(temperature(1), place="3")) == Tally(read=2, stored=1, duplicates=1)
    assert store.facts() == [temperature(1)]


def test_the_same_fact_by_another_path_is_a_duplicate(store: Store) -> None:
    append(store, good(temperature(1)))
    again = temperature(1, source="feed:42", author="nurse", received_at=ARRIVED + timedelta(days=1))
    assert append(store, good(again, source="feed")) == Tally(read=1, duplicates=1)
    assert store.facts() == [temperature(1)]


def test_the_same_rows_twice_store_nothing_new_and_list_a_refusal_once(store: Store) -> None:
    rows = list(part(1, 2500))
    first, second = append(store, *rows), append(store, *rows)
    # every tenth is refused; of the 227 that are every eleventh, 22 are among those (every 110th)
    assert first == Tally(read=2500, stored=2045, quarantined=250, ignored=205, ignored_kinds={"empty set": 205})
    assert (second.stored, second.duplicates) == (0, 2045)
    assert len(store.facts()) == 2045
    assert len(store.refusals()) == 250
    assert store.findings() == []


def test_a_row_that_says_nothing_is_a_fault_of_its_reader(store: Store) -> None:
    with pytest.raises(ValueError, match=r"v\.csv:9 was read as nothing"):
        append(store, good(temperature(1)), RowRead(source="v.csv", place="9"))
    assert store.facts() == []


def test_a_chunk_is_stored_whole_or_not_at_all(store: Store, address: str) -> None:
    """The ledger is made to refuse the write after facts and refusals of the chunk went in."""
    engine = create_engine(address)
    name = tables.intake.name
    with engine.begin() as connection:
        connection.execute(text(f"ALTER TABLE {name} RENAME TO elsewhere"))
    with pytest.raises(StoreUnavailable):
        append(store, good(temperature(1)), refused(temperature(2)))
    with engine.begin() as connection:
        connection.execute(text(f"ALTER TABLE elsewhere RENAME TO {name}"))
    engine.dispose()
    assert store.facts() == []
    assert store.refusals() == []
    assert append(store, good(temperature(1))) == Tally(read=1, stored=1)


def test_chunks_before_a_reader_that_breaks_stay_acknowledged(store: Store) -> None:
    told: list[Tally] = []

    def rows() -> Iterator[RowRead]:
        yield from part(1, 5500)
        raise OSError("the stick was pulled out")

    with pytest.raises(OSError, match="stick"):
        store.append(rows(), author=None, received_at=ARRIVED, committed=lambda _source, tally: told.append(tally))
    assert [tally.read for tally in told] == [5000]
    assert gc.isenabled()
    assert [row.tally for row in store.ledger()] == told
    assert store.findings() == []


def test_the_ledger_tells_the_equation_by_source_and_day_of_the_zone(store: Store) -> None:
    just_before_midnight = datetime(2026, 3, 20, 22, 59, tzinfo=UTC)
    append(store, good(temperature(1)), passed_over("empty set"), at=just_before_midnight)
    append(store, good(temperature(1)), passed_over("empty set"), at=just_before_midnight + timedelta(minutes=1))
    append(store, refused(source="b.csv"), at=just_before_midnight)
    one = {"empty set": 1}
    assert store.ledger(ZoneInfo("Europe/Berlin")) == [
        LedgerRow("v.csv", date(2026, 3, 21), Tally(read=2, duplicates=1, ignored=1, ignored_kinds=one)),
        LedgerRow("b.csv", date(2026, 3, 20), Tally(read=1, quarantined=1)),
        LedgerRow("v.csv", date(2026, 3, 20), Tally(read=2, stored=1, ignored=1, ignored_kinds=one)),
    ]
    both = Tally(read=4, stored=1, duplicates=1, ignored=2, ignored_kinds={"empty set": 2})
    assert store.ledger() == [
        LedgerRow("b.csv", date(2026, 3, 20), Tally(read=1, quarantined=1)),
        LedgerRow("v.csv", date(2026, 3, 20), both),
    ]


def test_a_refusal_keeps_every_character_it_came_with(store: Store) -> None:
    odd = "NUL \0, backslash \\, both \\\0 \\0, ünïcode 🩺, \"quotes\" 'n' \r\n\t"
    append(store, refused(value=odd, raw=odd, place="7"), refused(field=None, value=None, raw=None, source="b.csv"))
    kept, bare = store.refusals()
    assert kept == Refusal(source="v.csv", place="7", field="spo2", value=odd, reason="outside 50–100 %", raw=odd)
    assert bare == Refusal(source="b.csv", place="3", reason="outside 50–100 %")
    assert store.refusals("b.csv") == [bare]
    assert store.refusals("c.csv") == []


CHANGES = [
    "UPDATE fact SET content = '{}'",
    "DELETE FROM fact",
    "UPDATE refusal SET reason = ''",
    "DELETE FROM refusal",
    "UPDATE intake SET stored = 0, read = 0",
    "DELETE FROM intake",
    "DELETE FROM held",
    "DELETE FROM unmapped",
    "DELETE FROM resolution",
    "DELETE FROM mapping",
    "UPDATE held SET raw = ''",
    "UPDATE unmapped SET code = ''",
    "UPDATE resolution SET reason = ''",
    "UPDATE mapping SET concept = NULL",
]


@pytest.mark.parametrize("statement", CHANGES)
def test_the_database_itself_refuses_to_change_what_was_appended(store: Store, address: str, statement: str) -> None:
    append(store, good(temperature(1)), refused())
    append(store, not_mapped("T1"))
    store.quarantine.map_code("", "T1", None, author="D", at=ARRIVED)
    waiting = [row.key for row in store.quarantine.waiting()]
    store.quarantine.dismiss(waiting, author="D", at=ARRIVED, reason="a test message")
    engine = create_engine(address)
    with pytest.raises(DBAPIError, match="append-only"), engine.begin() as connection:
        connection.execute(text(statement))
    engine.dispose()
    assert store.facts() == [temperature(1)]


def test_the_database_itself_refuses_an_equation_that_does_not_hold(store: Store, address: str) -> None:
    engine = create_engine(address)
    wrong = {"batch": "b", "received_at": 0, "source": "v.csv", "author": None, "read": 2, "stored": 1}
    wrong |= {"duplicates": 0, "quarantined": 0, "ignored": 0, "ignored_kinds": "{}"}
    with pytest.raises(DBAPIError, match="equation"), engine.begin() as connection:
        connection.execute(insert(tables.intake), [wrong])
    engine.dispose()


def test_the_migrated_schema_is_the_one_the_queries_speak_of(store: Store, address: str) -> None:
    engine = create_engine(address)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        differences = compare_metadata(context, tables.metadata)
    engine.dispose()
    assert differences == []


# -- what `check` finds ------------------------------------------------------------------------------------------------

TAMPERED = [
    ("UPDATE fact SET content = replace(content, '38.2', '36.8')", "not what was stored under its id"),
    ("UPDATE fact SET content = 'nonsense'", "cannot be read as a record"),
    ("UPDATE fact SET schema = 2", "content of schema 2, this version reads 1"),
    ("UPDATE fact SET patient_id = 'P9'", "in the columns differ from the content"),
    ("UPDATE fact SET received_at = received_at + 1", "in the columns differ from the content"),
    ("DELETE FROM fact", "1 rows counted as stored but only 0 facts are there"),
    ("DELETE FROM refusal", "1 rows quarantined but 0 kept"),
    ("UPDATE refusal SET held = 'other'", "refusal 1: the row it speaks of is not held"),
    ("UPDATE held SET raw = 'P1,08:00,99' WHERE place = '3'", "v.csv:3: the text held is not what was refused there"),
    ("UPDATE held SET raw = NULL WHERE place = '3'", "v.csv:3: held without its text"),
    ("UPDATE mapping SET concept = 'humours'", "code 'T1' is mapped to 'humours', which the dictionary does not have"),
    ("UPDATE resolution SET how = 'corrected'", "resolution 1: corrected, but no intake stored what it says"),
    ("UPDATE resolution SET held = 'other'", "resolution 1: the row it speaks of is not held"),
    ("UPDATE unmapped SET held = 'other'", "unmapped 1: the row it speaks of is not held"),
    ("DELETE FROM alembic_version", f"the schema is at revision None, expected {newest_revision()}"),
]


@pytest.mark.parametrize(("statement", "finding"), TAMPERED, ids=[finding for _, finding in TAMPERED])
def test_check_finds_what_somebody_changed_behind_our_back(
    store: Store, address: str, statement: str, finding: str
) -> None:
    append(store, good(temperature(1)), refused())
    append(store, not_mapped("T1"))
    store.quarantine.map_code("", "T1", "temperature", author="D", at=ARRIVED)
    waiting = [row.key for row in store.quarantine.waiting() if row.source == "feed"]
    store.quarantine.dismiss(waiting, author="D", at=ARRIVED, reason="a test message")
    assert store.findings() == []
    engine = create_engine(address)
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            for table in ("fact", "refusal", "held", "unmapped", "resolution", "mapping"):
                connection.execute(text(f"DROP TRIGGER {table}_no_update"))
                connection.execute(text(f"DROP TRIGGER {table}_no_delete"))
        else:
            connection.execute(text("SET session_replication_role = replica"))
        connection.execute(text(statement))
    engine.dispose()
    findings = store.findings()
    assert len(findings) == 1
    assert finding in findings[0]


def test_check_finds_a_fact_from_the_future(store: Store) -> None:
    ahead = temperature(0, effective_at=ARRIVED + timedelta(days=1, microseconds=1))
    append(store, good(ahead), good(temperature(0, effective_at=ARRIVED + timedelta(days=1))))
    assert store.findings() == ["fact 1 (v.csv:0): true from 2026-03-21 12:00, more than a day after it arrived"]


# -- several at once ---------------------------------------------------------------------------------------------------


def _write(address: str, number: int, rows: int) -> Tally:
    store = open_store(address)
    tally = store.append(part(number, rows), author=None, received_at=ARRIVED)
    store.close()
    return tally


def test_processes_that_open_and_write_at_once_lose_nothing(address: str) -> None:
    """Four processes create the schema and write at once, two of them the very same rows."""
    context = multiprocessing.get_context("spawn")
    with context.Pool(4) as pool:
        tallies = pool.starmap(_write, [(address, 1, 3000), (address, 1, 3000), (address, 2, 3000), (address, 3, 3000)])
    total = sum(tallies, Tally())
    store = open_store(address)
    facts_per_part = 3000 - 300 - (272 - 27)  # a tenth refused; 272 in eleven passed over, 27 of them in that tenth
    assert tallies[0].stored + tallies[1].stored == facts_per_part
    assert total.stored == 3 * facts_per_part == len(store.facts())
    assert total.duplicates == facts_per_part
    assert sum((row.tally for row in store.ledger()), Tally()) == total
    assert store.findings() == []
    store.close()


def _open_at_the_signal(address: str, barrier: Barrier) -> None:
    barrier.wait()
    open_store(address).close()


def test_eight_processes_may_create_the_same_store_at_the_same_instant(address: str) -> None:
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(8)
    children = [context.Process(target=_open_at_the_signal, args=(address, barrier)) for _ in range(8)]
    for child in children:
        child.start()
    for child in children:
        child.join()
    assert [child.exitcode for child in children] == [0] * 8
    store = open_store(address)
    assert store.findings() == []
    store.close()


def test_threads_share_a_store(store: Store) -> None:
    with ThreadPoolExecutor(4) as pool:
        tallies = list(pool.map(lambda n: append(store, *part(n, 300)), range(4)))
    assert sum(tallies, Tally()).stored == len(store.facts())
    assert store.patients() == ["P0", "P1", "P2", "P3"]


def test_a_reader_that_follows_the_versions_misses_nothing_while_others_write(store: Store) -> None:
    seen: dict[str, list[Fact]] = {}
    last, finished = 0, False
    with ThreadPoolExecutor(3) as pool:
        writers = [pool.submit(append, store, *part(n, 2500)) for n in range(3)]
        while not finished:
            finished = all(writer.done() for writer in writers)
            version = store.version()
            seen |= {patient: store.facts(patient) for patient in store.patient_versions(after_seq=last)}
            last = version
    assert seen == {patient: store.facts(patient) for patient in ("P0", "P1", "P2")}


def test_nothing_acknowledged_is_lost_to_kill_9(address: str) -> None:
    """Children are killed at random moments of an ingest; what they had acknowledged is there."""
    moments = random.Random(25)
    rows = 3000
    kills = 25 if address.startswith("sqlite") else 8
    cut_short = 0
    for number in range(kills):
        child = subprocess.Popen(
            [sys.executable, "-m", "tests.store.rows", address, str(number), str(rows)],
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        # at any of its commits, and somewhere within the next ones, however fast the machine
        said = [child.stdout.readline() for _ in range(moments.randrange(rows // 50 - 5))]
        time.sleep(moments.uniform(0, 0.005))
        child.kill()
        said += child.stdout.read().splitlines(keepends=True)
        told = [line.split() for line in said if line.endswith("\n")]
        child.wait()
        child.stdout.close()
        read, kept = map(int, told[-1]) if told else (0, 0)
        cut_short += read < rows
        store = open_store(address)
        by_source = {row.source: row.tally for row in store.ledger()}
        tally = by_source.get(f"part{number}.csv", Tally())
        facts = store.facts(f"P{number}")
        store.close()
        assert tally.holds
        assert tally.read in {read, read + 50}, "one commit at most may be made and not yet told"
        assert tally.stored == len(facts) >= kept
        wanted = [fact for row in list(part(number, rows))[: tally.read] for fact in row.facts]
        assert facts == wanted
    assert cut_short >= kills // 2, "the kills came too late to prove anything"
    store = open_store(address)
    for number in range(kills):
        store.append(part(number, rows), author=None, received_at=ARRIVED)
    assert len(store.facts()) == kills * (3000 - 300 - (272 - 27))
    assert store.findings() == []
    store.close()


# -- round trip --------------------------------------------------------------------------------------------------------

_TIMES = st.datetimes(
    min_value=datetime.fromisoformat("1900-01-01"),
    max_value=datetime.fromisoformat("2100-01-01"),
    timezones=st.sampled_from(
        [UTC, timezone(timedelta(hours=5, minutes=45)), timezone(-timedelta(hours=3, minutes=30))]
    ),
)
_TEXT = st.text(max_size=20)
_NUMBERS = st.none() | st.floats(allow_nan=False, allow_infinity=False)
_PROVENANCE = {
    "patient_id": st.text(min_size=1, max_size=10),
    "effective_at": _TIMES,
    "received_at": _TIMES,
    "recorded_at": st.none() | _TIMES,
    "source": _TEXT,
    "author": st.none() | _TEXT,
    "status": st.sampled_from(Status),
    "record_id": st.none() | _TEXT,
}
_FACTS: st.SearchStrategy[Fact] = st.one_of(
    st.builds(Patient, name=st.none() | _TEXT, birth_date=st.none() | st.dates(), weight_kg=_NUMBERS, **_PROVENANCE),
    st.builds(
        Observation,
        concept=_TEXT,
        value=_NUMBERS,
        code=st.none() | _TEXT,
        unit=st.none() | _TEXT,
        absent_reason=st.none() | st.sampled_from(AbsentReason),
        **_PROVENANCE,
    ),
    st.builds(Administration, drug=_TEXT, end=st.none() | _TIMES, dose=_NUMBERS, **_PROVENANCE),
    st.builds(
        NeuroAssessment,
        tool=st.none() | st.sampled_from(NeuroTool),
        total=st.none() | st.integers(0, 40),
        items=st.none() | st.dictionaries(_TEXT, st.integers(0, 4) | st.sampled_from(["never", "4", ""])),
        absent=st.none() | st.dictionaries(_TEXT, st.sampled_from(AbsentReason)),
        **_PROVENANCE,
    ),
    st.builds(
        SymptomReport,
        reporter=st.sampled_from(Reporter),
        symptom=_TEXT,
        severity=st.sampled_from(Severity),
        **_PROVENANCE,
    ),
    st.builds(Correction, target=_TEXT, reason=_TEXT, **_PROVENANCE),
    st.builds(
        OxygenSupport,
        device=st.none() | st.sampled_from(OxygenDevice),
        flow_l_min=_NUMBERS,
        fio2=st.none() | st.integers(21, 100).map(float),
        **_PROVENANCE,
    ),
    st.builds(ChartedGrade, syndrome=st.sampled_from(Syndrome), grade=st.integers(0, 5), **_PROVENANCE),
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.lists(_FACTS, max_size=6, unique_by=lambda fact: fact.fact_id))
def test_facts_in_are_facts_out(store: Store, facts: list[Fact]) -> None:
    before = store.version()
    known = {fact.fact_id for fact in store.facts()}
    store.append([RowRead(source="s", place="1", facts=(fact,)) for fact in facts], author=None, received_at=ARRIVED)
    back = store.facts(after_seq=before)
    new = [fact for fact in facts if fact.fact_id not in known]
    assert back == new
    assert [type(fact) for fact in back] == [type(fact) for fact in new]
    assert [fact.fact_id for fact in back] == [fact.fact_id for fact in new]


@settings(max_examples=300, deadline=None)
@given(_FACTS)
def test_an_identity_is_the_hash_of_the_statement_as_sorted_json(fact: Fact) -> None:
    """The spelling every stored identity was made of: provenance apart, status and time included."""
    apart = {"received_at", "recorded_at", "source", "author", "utc_offset_minutes"}
    content = fact.model_dump(mode="json", exclude=apart, exclude_none=True)
    content["effective_at"] = fact.effective_at.timestamp()
    if fact.record_id is not None and fact.recorded_at is not None:
        content["recorded_at"] = fact.recorded_at.timestamp()
    said = json.dumps(content, sort_keys=True, separators=(",", ":"))
    assert fact.fact_id == hashlib.blake2b(said.encode(), digest_size=16).hexdigest()


def test_a_value_that_is_no_number_cannot_become_a_fact() -> None:
    for value in (float("nan"), float("inf")):
        with pytest.raises(ValueError, match="finite number"):
            temperature(0, value=value)


def test_times_are_kept_to_the_microsecond_from_the_first_year_on() -> None:
    for at in (FIRST, datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)):
        assert tables.from_micros(tables.to_micros(at)) == at
