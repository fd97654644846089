"""A row stamped from cells read before is, field by field, the row its kind reads; a stamped record a validated one."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reading import RECEIVED

from monitoring.concepts import dictionary
from monitoring.fact import LIKENESS, WHENCE
from monitoring.ingest import read_stream
from monitoring.ingest.clif import ASSESSMENTS, RESPIRATORY_SUPPORT, VITALS
from monitoring.ingest.contents import opened
from monitoring.ingest.delimited import read_delimited
from monitoring.ingest.kinds import Kind, read_rows
from monitoring.ingest.rows import Reading
from monitoring.ingest.values import LONG_VALUES
from monitoring.ingest.vitals import WIDE_VITALS
from monitoring.records import Fact, Observation, RowRead, fact_from_json
from monitoring.stamp import Stamp
from monitoring.vocabulary import Status

WITH_REPEATS = [WIDE_VITALS, LONG_VALUES, VITALS, RESPIRATORY_SUPPORT, ASSESSMENTS]
CELLS = {
    "patient_id": ["A", " A ", "B", "", "NA", "P,1"],
    "time": ["2026-03-05T08:00Z", "2026-03-05 09:00:00+01:00", "2026-03-05", "2027-01-01T00:00Z", "", "soon"],
    "recorded_at": ["", "2026-03-05T08:05Z", "2026-03-05T08:05", "NA", "later"],
    "record_id": ["", "r1", " r2 ", "NA"],
    "author": ["", "nurse 7", "NA"],
    "status": ["", "final", "entered-in-error", "corrected", "refused", "odd"],
    "concept": ["temperature", "8310-5", "sbp", "ice", "seizure", "o2_device", "charted_grade_crs", "nonsense", ""],
    "unit": ["", "Cel", "[degF]", "mm[Hg]", "K"],
    "vital_category": ["temp_c", "sbp", "spo2", "height_cm", ""],
    "device_category": ["IMV", "Room Air", "Nasal Cannula", "Trach Collar", "Face Mask", ""],
    "device_name": ["", "Venturi mask", "Non-rebreather"],
    "assessment_category": ["RASS", "gcs_total", "cam_loc", ""],
    "o2_device": ["", "room_air", "nasal_cannula", "nasal canula", "HFNO"],
    "o2_reason": ["", "hypoxia", "odd"],
}
NUMBERS = ["", "7", "38.4", "101.1", "84", "120", "0.4", "21", "refused", "NA", "none", "1,234", "38,4", "9999", "x"]


def rows_of(kind: Kind) -> st.SearchStrategy[list[list[str]]]:
    row = st.tuples(*(st.sampled_from(CELLS.get(name, NUMBERS)) for name in kind.columns))
    return st.lists(row.map(list), min_size=1, max_size=12)


def read_as(kind: Kind, rows: list[list[str]]) -> list[RowRead]:
    header = [spellings[0] for spellings in kind.columns.values()]
    lines = [",".join(f'"{cell}"' for cell in row) for row in (header, *rows)]
    table = read_delimited(opened(io.BytesIO("\n".join(lines).encode())))
    return list(read_rows(table, kind, Reading("file.csv", RECEIVED, None, dictionary())))


@pytest.mark.parametrize("kind", WITH_REPEATS, ids=lambda kind: kind.name)
@given(data=st.data())
def test_a_row_of_known_cells_is_read_as_one_of_new_cells(kind: Kind, data: st.DataObject) -> None:
    assert kind.together
    rows = data.draw(rows_of(kind))
    cell_by_cell = Kind(kind.name, kind.columns, kind.needed, kind.read)
    slow, quick = read_as(cell_by_cell, rows), read_as(kind, rows)
    assert quick == slow
    assert [repr(row) for row in quick] == [repr(row) for row in slow]
    assert [fact.fact_id for row in quick for fact in row.facts] == [fact.fact_id for row in slow for fact in row.facts]
    assert [fact.as_json() for row in quick for fact in row.facts] == [
        fact.model_dump_json(exclude_none=True) for row in slow for fact in row.facts
    ]


moments = st.datetimes(datetime(2000, 3, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@given(
    st.fixed_dictionaries(
        {
            "patient_id": st.text(min_size=1),
            "effective_at": moments,
            "recorded_at": st.none() | moments,
            "received_at": moments,
            "source": st.text(),
            "author": st.none() | st.text(),
            "status": st.sampled_from(Status),
            "record_id": st.none() | st.text(),
            "utc_offset_minutes": st.none() | st.integers(-720, 840),
        }
    )
)
def test_a_stamped_record_is_the_validated_one_in_every_way_it_can_be_asked(said) -> None:
    said = {name: said[name] for name in Fact.model_fields if name in said}
    somebody = {**said, "patient_id": "somebody", "effective_at": RECEIVED, "record_id": None}
    stamped: Fact = Stamp(Observation(**somebody, concept="sbp", value=84.0, unit="mm[Hg]"), tuple(said)).copy(said)
    validated = Observation(**said, concept="sbp", value=84.0, unit="mm[Hg]")
    assert stamped == validated
    assert [name for name in stamped.__dict__ if name not in {LIKENESS, WHENCE}] == list(validated.__dict__)
    assert repr(stamped) == repr(validated)
    assert stamped.model_dump() == validated.model_dump()
    assert stamped.model_dump_json(exclude_none=True) == validated.model_dump_json(exclude_none=True)
    assert stamped.as_json() == validated.as_json() == validated.model_dump_json(exclude_none=True)
    assert stamped.model_fields_set == validated.model_fields_set | set(said)
    assert stamped.fact_id == validated.fact_id
    assert fact_from_json(stamped.model_dump_json(exclude_none=True)) == validated


def test_a_copy_of_a_stamped_record_is_identified_by_what_the_copy_says() -> None:
    body = b"patient_id,time,concept,value,unit\nA,2026-03-05T08:00Z,sbp,84,mm[Hg]\n"
    [row] = read_stream(io.BytesIO(body), source="body", received_at=RECEIVED, dictionary=dictionary())
    [fact] = row.facts
    first_id = fact.fact_id
    other = fact.model_copy(update={"value": 90.0, "source": "again"})
    validated = Observation.model_validate({**fact.model_dump(), "value": 90.0, "source": "again"})
    assert (other.fact_id, other.as_json()) == (validated.fact_id, validated.as_json())
    assert other.fact_id != first_id == fact.fact_id


def test_a_file_of_more_different_cells_than_are_kept_is_read_to_its_end() -> None:
    start = datetime(2026, 3, 1, tzinfo=UTC)
    lines = [f"P,{(start + timedelta(seconds=n)).isoformat()},ferritin,{n + 1}.5,ng/mL" for n in range(20_000)]
    body = "\n".join(["patient_id,time,concept,value,unit", *lines])
    stream = io.BytesIO(body.encode())
    rows = list(read_stream(stream, source="body", received_at=RECEIVED, dictionary=dictionary()))
    assert [fact.value for row in rows for fact in row.facts if isinstance(fact, Observation)] == [
        n + 1.5 for n in range(20_000)
    ]
