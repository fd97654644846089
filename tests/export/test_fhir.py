"""Resources that others validate, and that our own reader reads back to the same events and grades."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from fhir.resources.R4B import get_fhir_model_class

from monitoring.__main__ import main
from monitoring.concepts import dictionary
from monitoring.course import Course
from monitoring.episodes import grade_report
from monitoring.grading import DEFAULT_SYSTEMS
from monitoring.records import AlertChange
from monitoring.store import Store, open_store
from tests.export.kept import demonstration, exported, filled, of_every_kind

AS_OF = datetime(2026, 3, 20, tzinfo=UTC)


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What was exported, beside the store it is of; read only."""
    folder = tmp_path_factory.mktemp("exported")
    address = f"sqlite:///{folder}/a.db"
    filled(address, demonstration(folder / "files"), of_every_kind())
    exported(address, folder / "out", "fhir")
    return folder / "out"


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def bounds(store: Store) -> dict[tuple[str, str], list[tuple[object, ...]]]:
    """The bounds over time of each patient and system, neighbours that say the same as one."""
    found: dict[tuple[str, str], list[tuple[object, ...]]] = {}
    for patient_id in store.patients():
        facts = [fact for fact in store.facts(patient_id) if not isinstance(fact, AlertChange)]
        for report in grade_report(Course.from_facts(patient_id, facts, dictionary()), DEFAULT_SYSTEMS, AS_OF, UTC):
            merged: list[tuple[object, ...]] = []
            for step in report["steps"]:
                if not merged or merged[-1][1:] != (step["at_least"], step["at_most"]):
                    merged.append((step["from"], step["at_least"], step["at_most"]))
            found[patient_id, report["system"]] = merged
    return found


def test_every_resource_is_valid_r4(out: Path) -> None:
    for path in out.rglob("*.ndjson"):
        if path.name != "other.ndjson":
            for resource in lines(path)[:400]:
                get_fhir_model_class(resource["resourceType"]).model_validate(resource)
    kinds = {path.stem for path in (out / "fhir").iterdir()}
    assert kinds == {"Patient", "Observation", "MedicationAdministration", "QuestionnaireResponse", "Procedure"}


def test_ids_are_unique_within_a_type(out: Path) -> None:
    for path in (out / "fhir").iterdir():
        ids = [resource["id"] for resource in lines(path)]
        assert len(ids) == len(set(ids))


def test_grades_are_the_same_after_export_and_ingest(out: Path, tmp_path: Path) -> None:
    again = f"sqlite:///{tmp_path}/b.db"
    assert main(["ingest", str(out), "--db", again]) == 0
    told = bounds(open_store(f"sqlite:///{out.parent}/a.db"))
    assert bounds(open_store(again)) == told
    assert any(low == 3 for steps in told.values() for _, low, _ in steps)


def test_a_temperature_is_loinc_8310_5_in_celsius(out: Path) -> None:
    (one,) = [
        r
        for r in lines(out / "fhir" / "Observation.ndjson")
        if r.get("valueQuantity", {}).get("value") == 38.4 and r["subject"] == {"reference": "Patient/P1"}
    ]
    assert {"system": "http://loinc.org", "code": "8310-5"} in one["code"]["coding"]
    assert one["valueQuantity"] == {"value": 38.4, "unit": "Cel", "system": "http://unitsofmeasure.org", "code": "Cel"}
    assert one["effectiveDateTime"] == "2026-03-02T08:00:00+00:00"
    assert one["performer"] == [{"display": "nurse:Ada"}]


def test_a_withdrawn_value_is_not_sent(out: Path) -> None:
    values = [
        r.get("valueQuantity", {}).get("value")
        for r in lines(out / "fhir" / "Observation.ndjson")
        if r["subject"] == {"reference": "Patient/P1"}
    ]
    assert 39.1 not in values
    assert 96.0 not in values


def test_a_reason_for_oxygen_that_is_not_hypoxia_is_never_lost(out: Path) -> None:
    kept = [fact for fact in lines(out / "facts" / "other.ndjson") if fact["kind"] == "oxygen_support"]
    assert {"comfort"} == {fact["reason"] for fact in kept if "reason" in fact}


def test_grades_are_of_the_local_system_with_scale_and_revision(out: Path) -> None:
    grades = lines(out / "grades" / "Observation.ndjson")
    assert {g["code"]["coding"][0]["system"] for g in grades} == {"urn:cart-tox:grade"}
    assert {g["method"]["text"] for g in grades} >= {"crs-astct-2019 revision 1", "icans-astct-2019 revision 1"}
    ranges = [g["valueRange"] for g in grades if "valueRange" in g]
    assert ranges
    assert all(r["low"]["value"] < r["high"]["value"] for r in ranges)
