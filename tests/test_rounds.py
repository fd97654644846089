"""Rounds: what goes into the store comes out as views, and a warm ward reads nothing anew."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from monitoring.concepts import dictionary
from monitoring.ingest import FileRefused
from monitoring.records import Infusion, Observation, Patient, Placement, Refusal, SymptomReport
from monitoring.rounds import Rounds, courses
from monitoring.rounds.refusals import Refusals
from monitoring.settings import Settings
from monitoring.store import Changes, Mark, Store, StoreUnavailable, open_store
from monitoring.vocabulary import Reporter, Severity

ARRIVED = datetime(2026, 3, 2, 12, tzinfo=UTC)
FEVER_AT = datetime(2026, 3, 2, 8, tzinfo=UTC)

LONG = """patient_id,time,concept,value,unit
P1,2026-03-02T08:00Z,temperature,38.4,Cel
P1,2026-03-02T08:00Z,sbp,121,mm[Hg]
P1,2026-03-02T09:00,sbp,118,mm[Hg]
P1,2026-03-02T08:00Z,temperature,38.4,Cel
P2,2026-03-02T08:00Z,temperature,36.8,Cel
"""


class CountingStore(Store):
    """The real store, counting the facts read from it."""

    reads = 0

    def changed_since(self, mark: Mark | None, most: int | None = None) -> Changes:
        changes = super().changed_since(mark, most)
        self.reads += len(changes.facts)
        return changes


@pytest.fixture
def store(tmp_path: Path) -> Iterator[CountingStore]:
    opened = open_store(f"sqlite:///{tmp_path / 'store.db'}")
    opened.__class__ = CountingStore
    assert isinstance(opened, CountingStore)
    yield opened
    opened.close()


def rounds_on(store: Store, ward_zone: str = "UTC", file_zone: str | None = None) -> Rounds:
    zone = ZoneInfo(file_zone) if file_zone else None
    return Rounds(store, Settings("", ZoneInfo(ward_zone), zone, demonstration=False), dictionary())


@pytest.fixture
def rounds(store: CountingStore) -> Rounds:
    return rounds_on(store)


@pytest.fixture
def vitals(tmp_path: Path) -> Path:
    path = tmp_path / "vitals.csv"
    path.write_text(LONG, encoding="utf-8")
    return path


def observation(patient: str = "P1", value: float = 38.4, **more: object) -> Observation:
    fields = {"effective_at": FEVER_AT, "received_at": ARRIVED, "source": "screen", "concept": "temperature"}
    return Observation(patient_id=patient, value=value, unit="Cel", author="nurse:N", **(fields | more))


def test_a_file_is_accounted_for_row_by_row(rounds: Rounds, vitals: Path) -> None:
    report = rounds.ingest([vitals], received_at=ARRIVED)
    assert (report.read, report.stored, report.duplicates, report.quarantined, report.ignored) == (5, 3, 1, 1, 0)
    assert [(refusal.place, refusal.field) for refusal in report.refusals] == [("4", "time")]
    assert [source.read for source in report.sources] == [5]
    assert [row.tally.read for row in rounds.ledger()] == [5]
    assert rounds.refusals() == list(report.refusals)


def test_the_same_file_twice_stores_nothing_new(rounds: Rounds, vitals: Path) -> None:
    rounds.ingest([vitals], received_at=ARRIVED)
    again = rounds.ingest([vitals], received_at=ARRIVED + timedelta(hours=1))
    assert (again.stored, again.duplicates, again.quarantined) == (0, 4, 1)


@pytest.mark.parametrize(
    ("file_zone", "tz", "stored"),
    [
        (None, None, {"2026-03-02T08:00"}),
        ("Europe/Berlin", None, {"2026-03-02T08:00"}),
        ("Europe/Berlin", "America/New_York", {"2026-03-02T14:00"}),
    ],
)
def test_a_time_without_an_offset_takes_the_zone_of_the_call_else_of_the_site(
    store: CountingStore, vitals: Path, file_zone: str | None, tz: str | None, stored: set[str]
) -> None:
    rounds_on(store, file_zone=file_zone).ingest(
        [vitals], tz=ZoneInfo(tz) if tz else None, received_at=ARRIVED + timedelta(days=1)
    )
    pressures = [fact for fact in store.facts("P1") if isinstance(fact, Observation) and fact.value == 118]
    found = {fact.effective_at.astimezone(UTC).isoformat()[:16] for fact in pressures}
    assert found == (set() if file_zone is None else stored)


def test_nothing_readable_stores_nothing_and_says_so(rounds: Rounds, tmp_path: Path) -> None:
    with pytest.raises(FileRefused):
        rounds.ingest([tmp_path / "not there.csv"], received_at=ARRIVED)
    assert rounds.ledger() == []


def test_progress_counts_the_rows_of_the_whole_call(rounds: Rounds, tmp_path: Path) -> None:
    for name, patient in (("a.csv", "P1"), ("b.csv", "P2")):
        lines = (f"{patient},2026-03-01T00:00:{i % 60:02}Z,temperature,{37 + i / 10_000},Cel" for i in range(700))
        (tmp_path / name).write_text("patient_id,time,concept,value,unit\n" + "\n".join(lines) + "\n", encoding="utf-8")
    told: list[int] = []
    rounds.ingest(
        [tmp_path / "a.csv", tmp_path / "b.csv"], received_at=ARRIVED, progress=lambda _source, rows: told.append(rows)
    )
    assert told == sorted(told)
    assert told[-1] == 1400


def test_the_share_that_is_read_rises_over_all_files_to_nearly_all(rounds: Rounds, tmp_path: Path) -> None:
    line = "P1,2026-03-01T00:00:00Z,heart_rate,80,/min\n"
    for name, rows in (("a.csv", 30_000), ("b.csv", 10_000)):
        (tmp_path / name).write_text("patient_id,time,concept,value,unit\n" + line * rows, encoding="utf-8")
    told: list[float] = []
    rounds.ingest([tmp_path / "a.csv", tmp_path / "b.csv"], received_at=ARRIVED, share=told.append)
    assert len(told) == 40
    assert told == sorted(told)
    assert 0 < told[0] < 0.3
    assert told[29] == pytest.approx(0.75, abs=0.001)
    assert told[39] == 1.0


def test_what_a_screen_records_is_in_the_next_view(rounds: Rounds) -> None:
    assert rounds.patient("P1", ARRIVED) is None
    tally = rounds.record([observation(), observation(value=121, concept="sbp")], source="screen")
    assert (tally.read, tally.stored) == (2, 2)
    view = rounds.patient("P1", ARRIVED)
    assert view is not None
    assert view.row.crs.at_least == 1
    assert [row.patient_id for row in rounds.ward(ARRIVED).rows] == ["P1"]
    assert rounds.ledger()[0].source == "screen"


def test_recording_nothing_leaves_no_trace(rounds: Rounds) -> None:
    assert rounds.record([], source="screen").read == 0
    assert rounds.ledger() == []


def test_known_by_shows_the_ward_and_the_patient_as_they_were(rounds: Rounds) -> None:
    rounds.record([observation(value=36.8)], source="screen")
    late = observation(value=38.9, effective_at=FEVER_AT + timedelta(hours=1), received_at=ARRIVED + timedelta(hours=1))
    rounds.record([late], source="screen")
    now = rounds.patient("P1", ARRIVED)
    then = rounds.patient("P1", ARRIVED, known_by=ARRIVED)
    assert now is not None
    assert then is not None
    assert now.row.crs.at_least == 1
    assert then.row.crs.at_least == 0
    assert rounds.patient("P1", ARRIVED, known_by=ARRIVED - timedelta(seconds=1)) is None
    assert [row.crs.at_least for row in rounds.ward(ARRIVED, known_by=ARRIVED).rows] == [0]
    assert rounds.ward(ARRIVED, known_by=ARRIVED - timedelta(seconds=1)).rows == ()


def test_a_ward_is_narrowed_by_where_the_patients_are_at_that_moment(rounds: Rounds) -> None:
    def placed(patient: str, ward: str, at: datetime) -> Placement:
        return Placement(patient_id=patient, ward=ward, effective_at=at, received_at=ARRIVED, source="screen")

    before, moved = ARRIVED - timedelta(days=2), ARRIVED - timedelta(hours=1)
    rounds.record(
        [placed("P1", "7 North", before), placed("P2", "ICU", before), placed("P1", "ICU", moved)], source="s"
    )
    rounds.record([observation("P1"), observation("P2"), observation("P3")], source="screen")

    def names(at: datetime, ward: str | None) -> set[str]:
        return {row.patient_id for row in rounds.ward(at, ward=ward).rows}

    assert names(ARRIVED, "ICU") == {"P1", "P2"}
    assert names(ARRIVED, "7 North") == set()
    assert names(moved - timedelta(seconds=1), "7 North") == {"P1"}
    assert names(ARRIVED, None) == {"P1", "P2", "P3"}
    assert rounds.ward(ARRIVED, ward="ICU").ward == "ICU"


@pytest.mark.parametrize(
    ("wards", "title"),
    [
        (["7 North", "7 North"], "7 North"),
        (["7 North", "home"], "7 North"),
        (["7 North", "ICU"], "All wards"),
        (["7 North", None], "All wards"),
        ([None], "All wards"),
        (["home"], "All wards"),
        ([], "All wards"),
    ],
)
def test_the_ward_is_called_by_the_name_everybody_on_it_shares(
    wards: list[str | None], title: str, rounds: Rounds
) -> None:
    for number, ward in enumerate(wards):
        where = {"effective_at": FEVER_AT, "received_at": ARRIVED, "source": "screen"}
        placed = [Placement(patient_id=f"P{number}", ward=ward, **where)] if ward else []
        rounds.record([observation(f"P{number}"), *placed], source="screen")
    assert rounds.ward(ARRIVED).ward == title


def test_a_family_sees_its_patient_and_nobody_else_s_reports(rounds: Rounds) -> None:
    def told(patient: str) -> SymptomReport:
        return SymptomReport(
            patient_id=patient,
            effective_at=FEVER_AT,
            received_at=ARRIVED,
            source="screen",
            reporter=Reporter.CAREGIVER,
            symptom="chills",
            severity=Severity.MILD,
        )

    assert rounds.home("P1", ARRIVED) is None
    rounds.record([told("P1"), told("P2"), observation("P1")], source="home")
    view = rounds.home("P1", ARRIVED)
    assert view is not None
    assert [(report.seen_at, report.temperature_c) for report in view.reports] == [(FEVER_AT, 38.4)]


def test_a_patient_of_whom_only_the_bed_is_known_has_a_row(rounds: Rounds) -> None:
    bed = Placement(patient_id="P1", ward="ICU", bed="4", effective_at=FEVER_AT, received_at=ARRIVED, source="screen")
    rounds.record([bed], source="screen")
    (row,) = rounds.ward(ARRIVED).rows
    assert (row.patient_id, row.bed) == ("P1", "4")
    assert rounds.patient("P1", ARRIVED) is not None


def test_patients_are_listed_by_name_and_by_id_where_none_is_charted(rounds: Rounds) -> None:
    def called(patient: str, name: str | None) -> Patient:
        return Patient(patient_id=patient, name=name, effective_at=FEVER_AT, received_at=ARRIVED, source="screen")

    rounds.record([called("P1", "Zoë Test"), called("P2", "adam Test"), called("P3", None)], source="screen")
    assert rounds.patients() == [("P2", "adam Test"), ("P3", "P3"), ("P1", "Zoë Test")]


def test_a_fact_is_read_once_however_often_somebody_looks(rounds: Rounds, store: CountingStore) -> None:
    rounds.record([observation(f"P{number}") for number in range(5)], source="screen")
    rounds.ward(ARRIVED)
    assert store.reads == 5
    rounds.ward(ARRIVED + timedelta(minutes=5))
    rounds.patient("P1", ARRIVED)
    rounds.patients()
    assert store.reads == 5
    rounds.record([observation("P3", value=39.5, effective_at=ARRIVED)], source="screen")
    rounds.ward(ARRIVED)
    assert store.reads == 6


def test_a_store_that_falls_silent_half_way_through_a_reading_leaves_nobody_off_the_board(
    rounds: Rounds, store: CountingStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    for patient in ("P1", "P2", "P3"):
        rounds.record([observation(patient)], source="screen")
    fresh, asked = rounds_on(store), []
    monkeypatch.setattr(courses, "_READ_AT_ONCE", 1)

    def silent_the_second_time(mark: Mark | None, most: int | None = None) -> Changes:
        asked.append(mark)
        if len(asked) == 2:
            raise StoreUnavailable("nobody answers")
        return Store.changed_since(store, mark, most)

    monkeypatch.setattr(store, "changed_since", silent_the_second_time)
    with pytest.raises(StoreUnavailable):
        fresh.ward(ARRIVED)
    assert [row.patient_id for row in fresh.ward(ARRIVED).rows] == ["P1", "P2", "P3"]


def test_what_another_process_stores_is_in_the_next_view(rounds: Rounds, store: CountingStore) -> None:
    rounds.record([observation("P1")], source="screen")
    assert len(rounds.ward(ARRIVED).rows) == 1
    rounds_on(store).record([observation("P2")], source="other")
    assert {row.patient_id for row in rounds.ward(ARRIVED).rows} == {"P1", "P2"}


def test_threads_see_one_ward_while_facts_arrive(rounds: Rounds) -> None:
    def work(number: int) -> int:
        rounds.record([observation(f"P{number}", value=37 + number / 100)], source="screen")
        return len(rounds.ward(ARRIVED).rows)

    with ThreadPoolExecutor(4) as pool:
        seen = list(pool.map(work, range(24)))
    assert max(seen) == 24
    assert len(rounds.ward(ARRIVED).rows) == 24


def test_the_day_is_counted_in_the_ward_zone(store: CountingStore) -> None:
    infused = datetime(2026, 3, 1, 23, 30, tzinfo=UTC)  # 08:30 on 2 March in Tokyo
    fact = Infusion(patient_id="P1", effective_at=infused, received_at=ARRIVED, source="screen", product="Tecartus")
    rounds_on(store).record([fact, observation()], source="screen")
    in_tokyo, in_utc = (rounds_on(store, zone).patient("P1", ARRIVED) for zone in ("Asia/Tokyo", "UTC"))
    assert in_tokyo is not None
    assert in_utc is not None
    assert (in_tokyo.row.day_text, in_utc.row.day_text) == ("day 0", "day 1")


def test_one_fact_posted_is_graded_and_readable_at_the_next_question(rounds: Rounds) -> None:
    rounds.record([observation(value=36.8)], source="feed")
    seen = rounds.version()
    before = rounds.patient("P1", ARRIVED)
    rounds.record([observation(value=38.6, effective_at=ARRIVED)], source="feed")
    after, (row,) = rounds.patient("P1", ARRIVED), rounds.ward(ARRIVED).rows
    assert before is not None
    assert after is not None
    assert (before.row.crs.at_least, after.row.crs.at_least, row.crs.at_least) == (0, 1, 1)
    assert rounds.waiting(seen, timeout=0) == rounds.version() == seen + 1


def test_what_is_charted_within_a_second_is_on_the_board_of_that_second(rounds: Rounds) -> None:
    """The board is shared by all who ask in one second, and made anew in it when something arrives."""
    second = ARRIVED.replace(microsecond=0)
    early, charted, late = (second + timedelta(milliseconds=part) for part in (100, 400, 700))
    before = rounds.ward_now(lambda: early)
    assert rounds.ward_now(lambda: charted) is before
    rounds.record([observation(value=38.4, effective_at=charted)], source="screen")
    (row,) = rounds.ward_now(lambda: late).rows
    assert row.crs.at_least == 1


def test_who_waits_for_news_is_woken_by_what_arrives(rounds: Rounds) -> None:
    seen = rounds.version()
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(rounds.waiting, seen, 30)
        rounds.record([observation()], source="feed")
        assert waiting.result() == seen + 1
    assert rounds.waiting(seen + 1, timeout=0) == seen + 1


def test_looking_back_reads_nothing_from_the_store_and_knows_what_arrives_since(
    rounds: Rounds, store: CountingStore
) -> None:
    rounds.record([observation(value=38.4)], source="screen")
    moment = ARRIVED + timedelta(minutes=1)
    first = rounds.ward(ARRIVED, known_by=moment)
    reads = store.reads
    again = rounds.ward(ARRIVED, known_by=moment)
    assert (first.rows, store.reads) == (again.rows, reads)
    rounds.record([observation("P2", received_at=moment)], source="screen")
    assert {row.patient_id for row in rounds.ward(ARRIVED, known_by=moment).rows} == {"P1", "P2"}
    assert rounds.patient("P2", ARRIVED, known_by=ARRIVED) is None


def test_a_restored_backup_shows_none_of_the_patients_it_does_not_hold(tmp_path: Path) -> None:
    backup = open_store(f"sqlite:///{tmp_path / 'backup.db'}")
    rounds_on(backup).record([observation("P2")], source="screen")
    backup.close()
    live = open_store(f"sqlite:///{tmp_path / 'live.db'}")
    rounds = rounds_on(live)
    rounds.record([observation("P1")], source="screen")
    assert [row.patient_id for row in rounds.ward(ARRIVED).rows] == ["P1"]
    for left in ("live.db-wal", "live.db-shm"):
        (tmp_path / left).unlink(missing_ok=True)
    (tmp_path / "backup.db").rename(tmp_path / "live.db")
    assert [row.patient_id for row in rounds.ward(ARRIVED).rows] == ["P2"]
    live.close()


class Counted:
    """How many Refusals there are in memory after each commit of a call."""

    def __init__(self) -> None:
        self.alive: list[int] = []

    def __call__(self, _source: str, _done: int) -> None:
        self.alive.append(sum(type(found) is Refusal for found in gc.get_objects()))


def all_refused(path: Path, rows: int) -> Path:
    body = "".join(f"P1,2026-03-02T08:00Z,temperature,{n}.5,Cel\n" for n in range(1000, 1000 + rows))
    path.write_text(f"patient_id,time,concept,value,unit\n{body}", encoding="utf-8")
    return path


def test_the_report_of_a_file_in_which_every_row_is_refused_holds_none_of_them_in_memory(
    rounds: Rounds, tmp_path: Path
) -> None:
    before, counted = Counted(), Counted()
    before("", 0)
    report = rounds.ingest([all_refused(tmp_path / "bad.csv", 12_000)], received_at=ARRIVED, progress=counted)
    gc.collect()
    counted("", 0)
    assert (report.read, report.quarantined, len(report.refusals)) == (12_000, 12_000, 12_000)
    assert len(counted.alive) == 4
    assert max(counted.alive[:3]) - before.alive[0] < 6000  # the chunk of 5,000 that was committed, not those before
    assert counted.alive[3] == before.alive[0]
    assert [one.value for one in report.refusals] == [f"{n}.5" for n in range(1000, 13_000)]


def test_memory_does_not_grow_with_the_number_of_refusals() -> None:
    def held(count: int) -> int:
        tracemalloc.start()
        refusals = Refusals()
        for n in range(count):
            refusals.add(Refusal(source="v.csv", place=str(n), field="hr", reason="too high", raw="x" * 400))
        assert sum(1 for _ in refusals) == count
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return peak

    few, many = held(5_000), held(20_000)
    assert many < few + 200_000


REFUSED = [Refusal(source="v.csv", place=str(n), field="hr", value='9"0 é', reason="too high") for n in range(7)]


@pytest.mark.parametrize(
    "which", [slice(3), slice(2, 5), slice(None, None, -1), slice(6, None, -2), slice(-2, None), slice(9, 12)]
)
def test_refusals_are_sliced_as_a_list_is(which: slice) -> None:
    refusals = Refusals()
    for one in REFUSED:
        refusals.add(one)
    assert list(refusals[which]) == REFUSED[which]
    assert (refusals[0], refusals[-1], len(refusals)) == (REFUSED[0], REFUSED[-1], 7)
    assert (REFUSED[3] in refusals, refusals[3] == REFUSED[4]) == (True, False)
    with pytest.raises(IndexError):
        refusals[7]
