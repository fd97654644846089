"""The short corpus, and what hypothesis makes of each reader's own grammar: no traceback, nothing vanishes."""

from __future__ import annotations

import io
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.concepts import dictionary
from monitoring.ingest import FORMATS, read_stream
from monitoring.ingest.contents import BUFFER
from monitoring.ingest.delimited import LONGEST_RECORD
from tests.fuzz.hostile import RECEIVED, read_without_harm

CORPUS = sorted((Path(__file__).parent / "corpus").iterdir())
HEADERS = (
    "patient_id,time,temp_c,temp_f,hr,rr,sbp,dbp,map,spo2,o2_device,o2_flow_l_min,fio2",
    "patient_id,time,concept,value,unit,status,method,author,recorded_at,record_id",
    "patient_id,time,reporter,symptom,severity,note",
    "patient_id,drug,start,end,dose,unit,route,reason",
    "patient_id,time,tool,total,orientation,eye_contact,consciousness,seizure,motor,icp,absent_reason",
    "patient_id,birth_date,sex,ward,bed,weight_kg,product,indication,infused_at",
    "hospitalization_id,recorded_dttm,vital_name,vital_category,vital_value",
    "hospitalization_id,recorded_dttm,device_name,device_category,fio2_set,lpm_set",
    "hospitalization_id,med_order_id,med_category,admin_dttm,mar_action_category,med_dose,med_dose_unit",
    "hospitalization_id,recorded_dttm,assessment_name,assessment_category,numerical_value",
)
cells = st.one_of(
    st.sampled_from(["", "A", "2026-03-05T08:00Z", "38.4", "temperature", "sbp", "ICE", "none", "NA", "-0", "1e9"]),
    st.sampled_from(['"', '""', '"a', "\0", "\r", "﻿", "9" * 400, "1e999", "0001-01-01T00:00+14:00", "\ud7ff", "🫀"]),
    st.text(max_size=8),
)
lines = st.lists(st.lists(cells, max_size=14).map(",".join), max_size=6).map("\n".join)


@pytest.mark.parametrize("fmt", FORMATS)
@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.name)
def test_a_file_of_the_corpus_does_no_harm(path: Path, fmt: str) -> None:
    read_without_harm(path.read_bytes(), fmt)


@pytest.mark.parametrize("header", HEADERS, ids=lambda header: header[:40])
@given(body=lines)
def test_any_cells_below_a_known_header_do_no_harm(header: str, body: str) -> None:
    count = read_without_harm(f"{header}\n{body}".encode("utf-8", "surrogatepass"), "auto")
    if not any(special in body for special in '"\r'):
        filled = [line for line in body.split("\n") if line.strip()]
        assert count == len(filled)


@pytest.mark.parametrize("fmt", FORMATS)
@given(
    start=st.sampled_from(
        [b"", b"MSH|^~\\&|", b"\x0bMSH|", b"{", b"[", b"PAR1", b"PK\x03\x04", b"\x1f\x8b", b"\xef\xbb\xbf"]
    ),
    rest=st.binary(max_size=300),
)
def test_any_bytes_do_no_harm_in_any_format(fmt: str, start: bytes, rest: bytes) -> None:
    read_without_harm(start + rest, fmt)


class Endless(io.RawIOBase):
    """A header, one line of a hundred megabytes made as it is read, and one good row."""

    def __init__(self, start: bytes, length: int, end: bytes) -> None:
        self._start, self._left, self._end = start, length, end

    def readable(self) -> bool:
        return True

    def readinto(self, room) -> int:
        wanted = len(room)
        if self._start:
            part, self._start = self._start[:wanted], self._start[wanted:]
        elif self._left:
            part = b"9" * min(wanted, self._left)
            self._left -= len(part)
        else:
            part, self._end = self._end[:wanted], self._end[wanted:]
        room[: len(part)] = part
        return len(part)


@pytest.mark.parametrize("quote", [b"", b'"'], ids=["bare", "in a quote"])
def test_a_line_of_a_hundred_megabytes_is_one_refused_row_and_never_held(quote: bytes) -> None:
    good = b"\nA,2026-03-05T08:00Z,90\n"
    stream = Endless(b"patient_id,time,hr\nA,2026-03-05T08:00Z," + quote, 100_000_000, good)
    tracemalloc.start()
    rows = list(read_stream(stream, source="x", fmt="csv", received_at=RECEIVED, dictionary=dictionary()))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert [(row.place, bool(row.refusals)) for row in rows] == [("2", True), ("3", False)]
    assert peak < 10 * LONGEST_RECORD + 4 * BUFFER
