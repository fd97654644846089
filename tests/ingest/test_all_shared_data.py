"""Every row, resource and message of the shared data has one outcome, or its file is refused whole and says why."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from reading import RECEIVED

from monitoring.concepts import dictionary
from monitoring.ingest import FileRefused, read_paths

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
here = pytest.mark.skipif(not DATA.is_dir(), reason=f"the shared data are not at {DATA}")
FILES = sorted(path for path in DATA.rglob("*") if path.is_file() and path.name != "README.md")
TABLES = sorted((DATA / "clif").glob("*.csv"))
# What is no clinical input for us, and the words that tell a person what to do (README of the data: a file to refuse).
REFUSED = {
    "vitals/nhs_synthetic_news.csv": "nearest is wide vitals, which also needs patient_id, time",
    "symptoms/vs_vaccine.csv": "CDISC SDTM.*VSDTC with an offset as time",
    "symptoms/face_vaccine.csv": "CDISC SDTM.*leave out what was NOT DONE, which is not none",
    "ctcae_v5_terms.csv": "fits no kind of file we read",
}


@here
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.relative_to(DATA).as_posix())
def test_a_file_is_accounted_for_or_refused_whole(path: Path) -> None:
    refused = None
    try:
        rows = list(read_paths([path], received_at=RECEIVED.replace(year=2027), dictionary=dictionary()))
    except FileRefused as why:
        rows, refused = [], str(why)
    assert bool(rows) != bool(refused)
    assert refused is None or (path.name in refused and "Nothing of it was read" in refused)
    assert len({row.place for row in rows}) == len(rows)
    for row in rows:
        assert row.facts or row.refusals or row.ignored_kind
        assert all(refusal.reason and refusal.rule for refusal in row.refusals)


@here
@pytest.mark.parametrize("path", TABLES, ids=lambda path: path.name)
def test_every_row_of_a_table_is_one_row_read(path: Path) -> None:
    with path.open(encoding="utf-8", newline="") as file:
        lines = sum(1 for _ in csv.reader(file)) - 1
    rows = read_paths([path], received_at=RECEIVED.replace(year=2027), dictionary=dictionary())
    assert sum(1 for _ in rows) == lines


@here
@pytest.mark.parametrize(("name", "words"), REFUSED.items())
def test_what_is_no_clinical_input_is_refused_whole_in_a_sentence_that_helps(name: str, words: str) -> None:
    with pytest.raises(FileRefused, match=words):
        list(read_paths([DATA / name], received_at=RECEIVED, dictionary=dictionary()))
