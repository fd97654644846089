"""A value that no calendar and no index can hold is refused where it stands, and what comes after it is read."""

from __future__ import annotations

import json
from io import BytesIO
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest
from reading import RECEIVED, Read

from monitoring.concepts import dictionary
from monitoring.ingest import read_paths
from monitoring.records import RowRead

T = "2026-03-05T08:00:00Z"
MICROSECONDS = 1_772_697_600_000_000  # T
FHIR_TYPE = {"coding": [{"system": "http://loinc.org", "code": "8310-5"}]}
LONGEST = 200


def parquet(times: pyarrow.Array) -> bytes:
    """Wide vital signs of three patients, one at each of `times`."""
    table = pyarrow.table({"patient_id": ["P1", "P2", "P3"], "time": times, "temp_c": [38.1, 38.2, 38.3]})
    written = BytesIO()
    pyarrow.parquet.write_table(table, written)
    return written.getvalue()


def as_stored(numbers: list[int], kind: pyarrow.DataType) -> pyarrow.Array:
    whole = pyarrow.array(numbers, pyarrow.int32() if kind.bit_width == 32 else pyarrow.int64())
    return pyarrow.Array.from_buffers(kind, len(whole), whole.buffers())


INFINITE = [
    ("infinity of PostgreSQL", pyarrow.timestamp("us", "UTC"), 2**63 - 1),
    ("minus infinity", pyarrow.timestamp("us", "UTC"), -(2**63) + 1),
    ("the year 10000", pyarrow.timestamp("us", "UTC"), 253_402_300_800_000_000),
]


@pytest.mark.parametrize(("case", "kind", "number"), INFINITE, ids=[row[0] for row in INFINITE])
def test_a_time_beyond_every_calendar_refuses_its_own_row(
    case: str, kind: pyarrow.DataType, number: int, read: Read
) -> None:
    rows = read(parquet(as_stored([MICROSECONDS, number, MICROSECONDS], kind)), "vitals.parquet")
    assert [(len(row.facts), len(row.refusals)) for row in rows] == [(1, 0), (0, 1), (1, 0)]
    (refusal,) = rows[1].refusals
    assert (refusal.place, refusal.field, refusal.rule) == ("row 2", "time", "time")
    assert refusal.value == f"{number} timestamp[us, tz=UTC]"
    assert rows[1].raw == f'P2,"{number} timestamp[us, tz=UTC]",38.2'


def test_a_date_beyond_every_calendar_refuses_its_own_cell(read: Read) -> None:
    born = as_stored([0, 2**31 - 1], pyarrow.date32())
    written = BytesIO()
    pyarrow.parquet.write_table(pyarrow.table({"patient_id": ["P1", "P2"], "birth_date": born}), written)
    good, bad = read(written.getvalue(), "patients.parquet")
    assert (len(good.facts), good.refusals) == (1, ())
    assert [(refusal.field, refusal.value) for refusal in bad.refusals] == [("birth_date", "2147483647 date32[day]")]


def test_a_time_in_a_zone_nobody_knows_refuses_its_rows_one_by_one(read: Read) -> None:
    times = as_stored([MICROSECONDS] * 3, pyarrow.timestamp("us", "Mars/Phobos"))
    rows = read(parquet(times), "vitals.parquet")
    assert [(refusal.place, refusal.field) for row in rows for refusal in row.refusals] == [
        ("row 1", "time"),
        ("row 2", "time"),
        ("row 3", "time"),
    ]


def observation(patient: dict[str, object]) -> str:
    resource = {
        "resourceType": "Observation",
        "id": "o1",
        "status": "final",
        "code": FHIR_TYPE,
        "subject": patient,
        "effectiveDateTime": T,
        "valueQuantity": {"value": 38.4, "system": "http://unitsofmeasure.org", "code": "Cel"},
    }
    return json.dumps(resource)


def hl7(patient: str) -> str:
    at = "20260305080000+0000"
    return f"MSH|^~\\&|A|B|C|D|{at}||ADT^A08|42|P|2.5\rEVN|A08|{at}\rPID|1||{patient}||Okafor^Ada\r"


def kept(patient: str) -> str:
    said = {"kind": "patient", "patient_id": patient, "effective_at": T, "received_at": T, "source": "x", "name": "A"}
    return json.dumps(said)


IN_EVERY_FORMAT = [
    ("wide", "patient_id,time,temp_c\n{}," + T + ",38.4\n"),
    ("wide, with its number", "patient_id,time,temp_c,record_id\n{}," + T + ",38.4,7\n"),
    ("long", "patient_id,time,concept,value,unit\n{}," + T + ",temperature,38.4,Cel\n"),
    ("symptoms", "patient_id,time,reporter,symptom,severity\n{}," + T + ",caregiver,fever,mild\n"),
    ("drugs", "patient_id,drug,start,end,dose,unit,route,reason\n{},norepinephrine," + T + ",,,,,\n"),
    ("neuro", "patient_id,time,tool,total\n{}," + T + ",ICE,10\n"),
    ("patients", "patient_id,birth_date\n{},1960-01-01\n"),
    ("clif", "hospitalization_id,recorded_dttm,vital_category,vital_value\n{}," + T + ",sbp,88\n"),
    ("objects", '[{{"patient_id": "{}", "time": "' + T + '", "concept": "sbp", "value": 88}}]'),
]


def written(patient: str) -> list[tuple[str, str]]:
    """One fact about `patient` in every format, and in FHIR by every way a patient is named."""
    return [
        *((name, text.format(patient)) for name, text in IN_EVERY_FORMAT),
        ("facts", kept(patient)),
        ("hl7v2", hl7(patient)),
        ("fhir reference", observation({"reference": f"Patient/{patient}"})),
        ("fhir address", observation({"reference": f"https://ehr.example/Patient/{patient}/_history/1"})),
        ("fhir query", observation({"reference": f"Patient?identifier=urn:mrn|{patient}"})),
        ("fhir identifier", observation({"identifier": {"value": patient}})),
        ("fhir uuid", observation({"reference": f"urn:uuid:{patient}"})),
    ]


@pytest.mark.parametrize("case", [name for name, _ in written("P1")])
def test_a_patient_id_longer_than_any_is_refused_in_the_same_words_by_every_reader(case: str, read: Read) -> None:
    (row,) = read(dict(written("P" * LONGEST))[case])
    assert {fact.patient_id for fact in row.facts} == {"P" * LONGEST}
    assert row.refusals == ()
    (row,) = read(dict(written("P" * (LONGEST + 1)))[case])
    assert row.facts == ()
    (refusal,) = row.refusals
    assert refusal.rule == "format"
    assert refusal.reason.startswith("over 200 characters, longer than any identifier")
    assert row.raw, "it is held as it came"


def test_a_patient_of_a_bundle_without_an_id_of_its_own_has_none_longer_than_any(read: Read) -> None:
    entry = {"fullUrl": f"urn:uuid:{'9' * 201}", "resource": {"resourceType": "Patient", "gender": "female"}}
    (row,) = read(json.dumps({"resourceType": "Bundle", "type": "collection", "entry": [entry]}))
    assert (row.facts, [refusal.field for refusal in row.refusals]) == ((), ["id"])


def test_the_source_of_a_file_far_down_is_the_end_of_its_path(tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*("x" * 200 for _ in range(4)))
    deep.mkdir(parents=True)
    (deep / "vitals.csv").write_text(f"patient_id,time,temp_c\nP1,{T},38.4\n")
    rows: list[RowRead] = list(
        read_paths([tmp_path], fmt="auto", tz=None, received_at=RECEIVED, dictionary=dictionary())
    )
    assert [(len(row.source), row.source[-13:]) for row in rows] == [(500, "xx/vitals.csv")]
