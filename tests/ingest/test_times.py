"""Offsets are kept, wrong clocks refused, local hours never guessed (D67 to D69)."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import pytest
from reading import RECEIVED, Read

from monitoring.clock import TimeRefused, parse_with_offset
from monitoring.concepts import dictionary
from monitoring.ingest import read_stream
from monitoring.records import RowRead

AT = datetime(2026, 3, 5, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "offset"),
    [
        ("2026-03-05T08:00Z", 0),
        ("2026-03-05T08:00:00+00:00", 0),
        ("2026-03-05 09:00:00.000+01:00", 60),
        ("2026-03-05T13:30+05:30", 330),
        ("2026-03-05T04:30-0330", -210),
        ("2026-03-05T00:00-08", -480),
        ("2026-03-05 08:00 UTC", 0),
    ],
)
def test_the_offset_a_source_wrote_is_kept_beside_the_moment(read: Read, text: str, offset: int) -> None:
    assert parse_with_offset(text) == (AT, offset)
    (row,) = read(f"patient_id,time,hr\nA,{text},90\n")
    assert (row.facts[0].effective_at, row.facts[0].utc_offset_minutes) == (AT, offset)


def test_the_same_moment_with_another_offset_is_the_same_fact(read: Read) -> None:
    one, other = read("patient_id,time,hr\nA,2026-03-05T08:00Z,90\nA,2026-03-05T09:00+01:00,90\n")
    assert one.facts[0].fact_id == other.facts[0].fact_id


def test_a_time_in_the_zone_of_the_call_has_no_offset_of_its_own(read: Read) -> None:
    (row,) = read("patient_id,time,hr\nA,2026-03-05T09:00,90\n", zone="Europe/Berlin")
    assert (row.facts[0].effective_at, row.facts[0].utc_offset_minutes) == (AT, None)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("2025-10-26T02:30", "exists twice"),
        ("2025-03-30T02:30", "does not exist"),
        ("2026-03-05", "without a time of day"),
    ],
)
def test_an_hour_of_a_clock_change_and_a_bare_date_are_refused(read: Read, text: str, words: str) -> None:
    (row,) = read(f"patient_id,time,hr\nA,{text},90\n", zone="Europe/Berlin")
    assert (row.facts, row.refusals[0].rule) == ((), "time")
    assert words in row.refusals[0].reason


@pytest.mark.parametrize("text", ["٢٠٢٦-03-05T08:00Z", "2026-03-05T08:00+24:00", "2026-03-05T08:00+01:75", "2026-3-5"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(TimeRefused):
        parse_with_offset(text)


def live_read(time: str, *, live: bool) -> RowRead:
    stream = io.BytesIO(f"patient_id,time,hr\nA,{time},90\n".encode())
    (row,) = read_stream(stream, source="body", live=live, received_at=RECEIVED, dictionary=dictionary())
    return row


# received 2026-03-20T00:00Z; ten minutes, a year and a day of a leap year
@pytest.mark.parametrize(
    ("time", "live", "rule"),
    [
        ("2026-03-20T00:10Z", False, None),
        ("2026-03-20T00:10:01Z", False, "future"),
        ("2026-03-20T00:10:01Z", True, "future"),
        ("1989-12-31T23:59Z", False, "time"),
        ("1990-01-01T00:00Z", False, None),
        ("2000-01-15T00:00Z", False, "time"),
        ("2000-02-01T00:00Z", False, None),
        ("2025-03-19T00:00Z", True, None),
        ("2025-03-18T23:59Z", True, "time"),
        ("2025-03-18T23:59Z", False, None),
    ],
)
def test_a_clock_that_must_be_wrong_is_not_believed(time: str, live: bool, rule: str | None) -> None:
    row = live_read(time, live=live)
    assert [refusal.rule for refusal in row.refusals] == ([] if rule is None else [rule])
    assert bool(row.facts) == (rule is None)


@pytest.mark.parametrize("word", ["NA", "N/A", "n/a", "#N/A", "<NA>", "null", "NULL", "NaN", "nan", "."])
def test_a_word_for_an_empty_cell_is_not_taken(read: Read, word: str) -> None:
    (row,) = read(f"patient_id,time,hr,temp_c\nA,2026-03-05T08:00Z,{word},38.4\n")
    assert (len(row.facts), row.refusals) == (1, ())
    (long,) = read(f"patient_id,time,concept,value,unit\nA,2026-03-05T08:00Z,sbp,{word},mm[Hg]\n")
    assert (long.facts, long.refusals, long.ignored_kind) == ((), (), "empty value")
