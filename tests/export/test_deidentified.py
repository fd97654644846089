"""Nothing that says who, where or when leaves a de-identified export."""

from __future__ import annotations

import csv
import re
from pathlib import Path

from monitoring.__main__ import main
from tests.export.kept import exported, filled, of_every_kind

TYPED = ("Kay", "Ada", "7 North", "HYPERLINK", "SUM", "HR-1", "nurse", "P1", "P 2", "2026", "1960")


def test_no_file_names_a_patient_a_place_a_date_or_a_typed_word(tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path}/a.db"
    filled(address, of_every_kind())
    exported(address, tmp_path / "out", "csv", "--deidentify")
    texts = {path.name: path.read_text(encoding="utf-8") for path in (tmp_path / "out").rglob("*.csv")}
    assert {"measurements.csv", "patients.csv", "steps.csv", "drugs.csv"} <= set(texts)
    assert "placements.csv" not in texts
    assert not (tmp_path / "out" / "facts" / "other.ndjson").exists()
    assert [(name, word) for name, text in texts.items() for word in TYPED if word in text] == []
    assert [name for name, text in texts.items() if re.search(r"\d{4}-\d{2}-\d{2}|\d{2}:\d{2}", text)] == []


def test_days_and_age_are_counted_and_names_differ_from_export_to_export(tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path}/a.db"
    filled(address, of_every_kind())
    names = []
    for out in ("one", "two"):
        exported(address, tmp_path / out, "csv", "--deidentify")
        with (tmp_path / out / "facts" / "patients.csv").open(encoding="utf-8", newline="") as file:
            (patient,) = csv.DictReader(file)
        assert patient["age_years"] == "66"  # born 29 February 1960, infused 1 March 2026
        names.append(patient["patient_id"])
        with (tmp_path / out / "facts" / "measurements.csv").open(encoding="utf-8", newline="") as file:
            first = next(csv.DictReader(file))
        assert (first["time_day"], first["time_hours"], first["value"]) == ("1", "24.0", "38.4")
    assert names[0] != names[1]


def test_only_tables_are_deidentified(tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path}/a.db"
    filled(address, of_every_kind())
    asked = ["export", "--format", "fhir", "--deidentify", "--db", address, "--out", str(tmp_path / "out")]
    assert main(asked) == 2
    assert not (tmp_path / "out").exists()
