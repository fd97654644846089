"""An export that is taken in again is the same facts and the same grades."""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import pytest

from monitoring.__main__ import main
from monitoring.concepts import dictionary
from monitoring.course import Course
from monitoring.episodes import grade_report
from monitoring.grading import DEFAULT_SYSTEMS
from monitoring.records import AlertChange, Fact
from monitoring.store import Store, open_store
from tests.export.kept import demonstration, exported, filled, of_every_kind

AS_OF = datetime(2026, 3, 20, tzinfo=UTC)
TABLES = ["csv", "parquet"]


def identities(facts: list[Fact]) -> list[tuple[str, str | None, datetime | None]]:
    return sorted(((fact.fact_id, fact.author, fact.recorded_at) for fact in facts), key=str)


def grades(store: Store) -> list[dict[str, object]]:
    found = []
    for patient_id in store.patients():
        facts = [fact for fact in store.facts(patient_id) if not isinstance(fact, AlertChange)]
        for report in grade_report(Course.from_facts(patient_id, facts, dictionary()), DEFAULT_SYSTEMS, AS_OF, UTC):
            bounds = [(step["from"], step["to"], step["at_least"], step["at_most"]) for step in report["steps"]]
            found.append({**report, "steps": list(dict.fromkeys(bounds))})
    return found


@pytest.mark.parametrize("fmt", TABLES)
def test_every_fact_of_every_kind_comes_back(fmt: str, tmp_path: Path) -> None:
    address, again = f"sqlite:///{tmp_path}/a.db", f"sqlite:///{tmp_path}/b.db"
    before = filled(address, of_every_kind())
    exported(address, tmp_path / "out", fmt)
    assert main(["ingest", str(tmp_path / "out"), "--db", again]) == 0
    after = open_store(again)
    assert identities(after.facts()) == identities(before.facts())
    assert len(after.facts()) == len(of_every_kind())


@pytest.mark.parametrize("fmt", TABLES)
def test_the_grades_of_a_ward_are_the_same_after_export_and_ingest(fmt: str, tmp_path: Path) -> None:
    address, again = f"sqlite:///{tmp_path}/a.db", f"sqlite:///{tmp_path}/b.db"
    before = filled(address, demonstration(tmp_path / "files"), of_every_kind())
    exported(address, tmp_path / "out", fmt)
    assert main(["ingest", str(tmp_path / "out"), "--db", again]) == 0
    told = grades(before)
    assert grades(open_store(again)) == told
    assert any(report["episodes"] for report in told)


def test_no_cell_of_a_csv_starts_a_formula_and_numbers_stay_numbers(tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path}/a.db"
    filled(address, of_every_kind())
    exported(address, tmp_path / "out", "csv")
    texts = [path.read_text(encoding="utf-8") for path in (tmp_path / "out").rglob("*.csv")]
    cells = [cell for text in texts for row in csv.reader(StringIO(text)) for cell in row]
    assert [cell for cell in cells if cell.lstrip()[:1] in ("=", "+", "-", "@", "＝") and not _is_number(cell)] == []
    assert {'\'=HYPERLINK("http://x","look")', "'@SUM(A1)", "+12", "-7", "'=P 2", "38.4"} <= set(cells)


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def test_what_no_table_holds_is_kept_as_it_is(tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path}/a.db"
    filled(address, of_every_kind())
    exported(address, tmp_path / "out", "csv")
    lines = (tmp_path / "out" / "facts" / "other.ndjson").read_text(encoding="utf-8").splitlines()
    kinds = {json.loads(line)["kind"] for line in lines}
    without_a_table = {"correction", "enrolment", "milestone", "care_contact", "acknowledgement", "alert_change"}
    assert without_a_table <= kinds
    assert "infusion" not in kinds
    assert not any("received_at" in json.loads(line) for line in lines)


def test_the_whole_folder_is_read_and_what_is_worked_out_is_passed_over(tmp_path: Path, capsys) -> None:  # type: ignore[no-untyped-def]
    address, again = f"sqlite:///{tmp_path}/a.db", f"sqlite:///{tmp_path}/b.db"
    filled(address, demonstration(tmp_path / "files", 2))
    exported(address, tmp_path / "out", "csv")
    capsys.readouterr()
    assert main(["ingest", str(tmp_path / "out"), "--db", again, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["read"] == told["stored"] + told["ignored"]
    assert list(told["ignored_kinds"]) == ["row of an export that is worked out of the facts"]
