"""What is refused keeps its place, its value and a reason a person can act on; what is good beside it is kept."""

from __future__ import annotations

from pathlib import Path

import pytest
from reading import RECEIVED, Read

from monitoring.concepts import dictionary
from monitoring.ingest import FileRefused, read_paths
from monitoring.records import RowRead

T = "2026-03-05T08:00Z"
WIDE = "patient_id,time,temp_c,sbp,dbp,spo2,o2_device,o2_flow_l_min\n"
LONG = "patient_id,time,concept,value,unit\n"
DRUGS = "patient_id,drug,start,end,dose,unit,route,reason\n"
SYMPTOMS = "patient_id,time,reporter,symptom,severity\n"
NEURO = "patient_id,time,tool,total,orientation,seizure\n"
PATIENTS = "patient_id,birth_date,sex,product,infused_at\n"

# content, then (place, field, value, words of the reason) of each refusal of the one bad row
REFUSED = [
    (
        "spo2 below the range",
        WIDE + f"A,{T},,,,9,,\n",
        [("2", "spo2", "9", "outside 40–100 % for oxygen saturation; quarantined")],
    ),
    ("temperature above", WIDE + f"A,{T},45.1,,,,,\n", [("2", "temp_c", "45.1", "outside 25–45 Cel for temperature")]),
    (
        "diastolic equal to systolic",
        WIDE + f"A,{T},,80,80,,,\n",
        [("2", "sbp", "80", "diastolic"), ("2", "dbp", "80", "diastolic")],
    ),
    ("a dose below 0", DRUGS + f"A,norepinephrine,{T},,-1,ug/min,,\n", [("2", "dose", "-1", "a dose below 0")]),
    ("a number too large", DRUGS + f"A,norepinephrine,{T},,1e400,ug/min,,\n", [("2", "dose", "1e400", "not a number")]),
    (
        "an ICE its one item cannot give",
        NEURO + f"A,{T},ICE,2,4,\n",
        [("2", "total", "2", "the items add to 4 to 10; neither was read")],
    ),
    (
        "a CAPD its one answer cannot give",
        "patient_id,time,tool,total,aware\n" + f"A,{T},CAPD,0,never\n",
        [("2", "total", "0", "the items add to 4 to 32; neither was read")],
    ),
    (
        "no seizure that lasted six minutes",
        "patient_id,time,seizure,seizure_minutes\n" + f"A,{T},none,6\n",
        [("2", "seizure", "none", "neither was read")],
    ),
    ("two commas", WIDE + f'A,{T},"38,4,1",,,,,\n', [("2", "temp_c", "38,4,1", "not a number")]),
    ("unit in the cell", WIDE + f"A,{T},38.4 C,,,,,\n", [("2", "temp_c", "38.4 C", "The unit belongs in")]),
    ("not a number at all", WIDE + f"A,{T},warm,,,,,\n", [("2", "temp_c", "warm", "not a number")]),
    ("infinite", WIDE + f"A,{T},inf,,,,,\n", [("2", "temp_c", "inf", "not a number")]),
    ("none is not a number", WIDE + f"A,{T},none,,,,,\n", [("2", "temp_c", "none", "not a number")]),
    ("a patient called NA", WIDE + f"NA,{T},38.4,,,,,\n", [("2", "patient_id", "NA", "expected the patient")]),
    ("a time called null", WIDE + "A,null,38.4,,,,,\n", [("2", "time", "null", "empty; expected an ISO 8601 time")]),
    ("a clock never set", WIDE + "A,1970-01-01T00:03Z,38.4,,,,,\n", [("2", "time", "1970-01-01T00:03Z", "never set")]),
    ("beyond every number", LONG + f"A,{T},ferritin,1e999,ng/mL\n", [("2", "value", "1e999", "not a number")]),
    ("thousands or decimal", LONG + f'A,{T},ferritin,"1,234",ng/mL\n', [("2", "value", "1,234", "thousands comma")]),
    ("flow on room air", WIDE + f"A,{T},,,,,room_air,2\n", [("2", "o2_flow_l_min", "2", "contradicts itself")]),
    (
        "unknown device",
        WIDE + f"A,{T},,,,,nasal canula,2\n",
        [("2", "o2_device", "nasal canula", "nearest nasalcannula")],
    ),
    ("no zone", WIDE + "A,2026-03-05T08:00,38.4,,,,,\n", [("2", "time", "2026-03-05T08:00", "no time zone")]),
    ("bare date", WIDE + "A,2026-03-05,38.4,,,,,\n", [("2", "time", "2026-03-05", "without a time of day")]),
    ("the future", WIDE + "A,2026-03-20T00:11Z,38.4,,,,,\n", [("2", "time", "2026-03-20T00:11Z", "in the future")]),
    ("no patient", WIDE + f",{T},38.4,,,,,\n", [("2", "patient_id", "", "expected the patient")]),
    ("too short", WIDE + f"A,{T},38.4\n", [("2", None, None, "3 cells, fewer than the 8 columns")]),
    ("too long", WIDE + f"A,{T},38.4,,,,,,,\n", [("2", None, None, "10 cells, more than the 8 columns")]),
    ("text after a quote", WIDE + f'A,{T},"38.4"9,,,,,\n', [("2", None, None, "not a row of cells")]),
    ("a long cell", LONG + f"A,{T},other_neuro,{'x' * 100_001},\n", [("2", None, None, "over 100,000 characters")]),
    (
        "unknown concept",
        LONG + f"A,{T},temperatur,38.4,Cel\n",
        [("2", "concept", "temperatur", "nearest known are temperature")],
    ),
    ("unknown unit", LONG + f"A,{T},temperature,311,K\n", [("2", "unit", "K", "expected one of Cel")]),
    ("unknown word", LONG + f"A,{T},consciousness,drowsy,\n", [("2", "value", "drowsy", "awakens_to_voice")]),
    ("ICE above ten", LONG + f"A,{T},ice,11,\n", [("2", "value", "11", "whole number from 0 to 10")]),
    ("half an ICE point", LONG + f"A,{T},ice,7.5,\n", [("2", "value", "7.5", "whole number")]),
    (
        "end before start",
        DRUGS + f"A,norepinephrine,{T},2026-03-05T07:00Z,,,,\n",
        [("2", "end", "2026-03-05T07:00Z", "before the start")],
    ),
    ("no start", DRUGS + "A,none,,,,,,\n", [("2", "start", "", "empty; expected an ISO 8601 time")]),
    ("unknown symptom", SYMPTOMS + f"A,{T},patient,headche,mild\n", [("2", "symptom", "headche", "headaches")]),
    ("severity left empty", SYMPTOMS + f"A,{T},patient,headaches,\n", [("2", "severity", "", "not the same as none")]),
    ("severity beyond four", SYMPTOMS + f"A,{T},patient,headaches,5\n", [("2", "severity", "5", "0 to 4")]),
    ("total without tool", NEURO + f"A,{T},,7,,\n", [("2", "total", "7", "without a tool")]),
    ("too many points", NEURO + f"A,{T},ICE,,5,\n", [("2", "orientation", "5", "from 0 to 4")]),
    ("unknown seizure", NEURO + f"A,{T},,,,big\n", [("2", "seizure", "big", "brief_resolved")]),
    (
        "infusion on a bare date",
        PATIENTS + "A,,,Kymriah,2026-03-01\n",
        [("2", "infused_at", "2026-03-01", "without a time of day")],
    ),
    ("product without a time", PATIENTS + "A,,,Kymriah,\n", [("2", "product", "Kymriah", "without infused_at")]),
    ("no such birthday", PATIENTS + "A,2019-02-30,,,\n", [("2", "birth_date", "2019-02-30", "no such date")]),
    (
        "misspelt column",
        "patient_id,time,hr,temp_cc\nA," + T + ",90,38.4\n",
        [("2", "temp_cc", "38.4", "nearest is temp_c")],
    ),
]


@pytest.mark.parametrize(("content", "expected"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_a_bad_cell_is_refused_with_its_place_value_and_reason(read: Read, content: str, expected) -> None:
    (row,) = read(content)
    assert [(r.place, r.field, r.value) for r in row.refusals] == [entry[:3] for entry in expected]
    for refusal, (*_, words) in zip(row.refusals, expected, strict=True):
        assert words in refusal.reason
        assert refusal.source == "file.csv"
        assert refusal.rule
    assert row.raw == content.split("\n")[1]
    assert row.context == content.split("\n", maxsplit=1)[0]


def test_the_good_cells_of_a_row_with_a_bad_one_are_kept(read: Read) -> None:
    (row,) = read(WIDE + f"A,{T},38.4,118,70,9,room_air,\n")
    assert [refusal.field for refusal in row.refusals] == ["spo2"]
    assert sorted(fact.model_dump().get("concept", "oxygen") for fact in row.facts) == [
        "dbp",
        "oxygen",
        "sbp",
        "temperature",
    ]


def outcomes(rows: list[RowRead]) -> list[tuple[str, bool]]:
    return [(row.place, bool(row.refusals)) for row in rows]


def test_bytes_that_are_no_utf8_refuse_their_row_alone(read: Read) -> None:
    rows = read(b"patient_id,time,hr\nA,2026-03-05T08:00Z,90\nM\xfcller,2026-03-05T08:00Z,90\nA,2026-03-05T09:00Z,91\n")
    assert outcomes(rows) == [("2", False), ("3", True), ("4", False)]
    assert "not UTF-8" in rows[1].refusals[0].reason
    assert rows[1].raw == r"M\xfcller,2026-03-05T08:00Z,90"


def test_a_nul_byte_refuses_its_row_alone(read: Read) -> None:
    rows = read(b"patient_id,time,hr\nA\0,2026-03-05T08:00Z,90\nA,2026-03-05T09:00Z,91\n")
    assert outcomes(rows) == [("2", True), ("3", False)]
    assert "NUL byte" in rows[0].refusals[0].reason


def test_a_quote_never_closed_refuses_its_row_and_no_other(read: Read) -> None:
    rows = read('patient_id,time,hr\n"A,2026-03-05T08:00Z,90\nA,2026-03-05T09:00Z,91\nB,2026-03-05T09:00Z,92\n')
    assert outcomes(rows) == [("2", True), ("3", False), ("4", False)]
    assert "never closed" in rows[0].refusals[0].reason


def test_rows_after_a_quoted_newline_keep_their_line_numbers(read: Read) -> None:
    rows = read(
        f'patient_id,time,reporter,symptom,severity,note\nA,{T},patient,chills,1,"a\nb\nc"\n\nA,{T},patient,chills,9,\n'
    )
    assert outcomes(rows) == [("2", False), ("6", True)]
    assert rows[0].facts[0].model_dump()["note"] == "a\nb\nc"


def folder_read(*paths: Path) -> list[RowRead]:
    return list(read_paths(paths, received_at=RECEIVED, dictionary=dictionary()))


def test_a_file_refused_among_readable_ones_is_one_quarantined_row(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("colour,size\nred,1\nblue,2\n")
    (tmp_path / "b.csv").write_text(f"patient_id,time,hr\nA,{T},90\n")
    (tmp_path / "README.md").write_text("no table")
    refused, row = folder_read(tmp_path)
    assert (refused.source, refused.place, refused.refusals[0].field) == ("a.csv", "file", None)
    assert (row.source, len(row.facts)) == ("b.csv", 1)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"\n\n", "no header line"),
        (b"colour,size\nred,1\n", "fits no kind of file we read"),
        (b"PK\x03\x04\0\0\0", "is a ZIP archive"),
        (b"\x7fELF\0\0\0", "is not text"),
        ("patient_id,time,hr\n".encode("utf-16"), "UTF-16"),
        (b"patient_id,time,hr,HR\n", "two columns for hr"),
        (b"patient_id,time,concept,unit\n", "nearest is long values, which also needs value"),
    ],
)
def test_an_input_refused_whole_says_why(read: Read, content: bytes, words: str) -> None:
    with pytest.raises(FileRefused, match=words):
        read(content)


def test_a_path_that_is_not_there_and_a_folder_without_tables_are_refused_whole(tmp_path: Path) -> None:
    with pytest.raises(FileRefused, match=r"gone\.csv does not exist"):
        folder_read(tmp_path / "gone.csv")
    with pytest.raises(FileRefused, match="no file to read was given"):
        folder_read(tmp_path)


def test_a_format_not_read_here_is_refused_by_name(read: Read) -> None:
    with pytest.raises(FileRefused, match="'xml' is not read here; expected one of auto, csv, clif, fhir, hl7v2"):
        read("patient_id,time,hr\n", fmt="xml")


def test_the_early_warning_file_is_refused_naming_patient_and_time() -> None:
    sample = Path(__file__).parent.parent / "samples" / "nhs_synthetic_news_head.csv"
    with pytest.raises(FileRefused, match="nearest is wide vitals, which also needs patient_id, time"):
        folder_read(sample)
