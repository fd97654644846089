"""Facts as rows of the tables our own readers read: the CSV shapes of the contract, typed.

A fact whose kind has no such table, or whose words would not survive a cell, is not written here: whoever writes the
table reads it back and keeps those facts as they are (`facts/other.ndjson`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum

from monitoring.clock import BEGINNING
from monitoring.records import (
    Administration,
    Attribution,
    ChartedGrade,
    Fact,
    Infusion,
    NeuroAssessment,
    Observation,
    OxygenSupport,
    Patient,
    Placement,
    SymptomReport,
)

Cell = str | float | datetime | None
Row = Mapping[str, Cell]
"""A row by column. A time is aware; in CSV it is written in the offset its source wrote it in."""


class Holds(StrEnum):
    """What a column holds."""

    TEXT = "text"
    NUMBER = "number"
    TIME = "time"


@dataclass(frozen=True)
class Table:
    """A table by its file name without ending; `columns` in order, each with what it holds."""

    name: str
    columns: Mapping[str, Holds]


_TIMES = frozenset({"time", "start", "end", "infused_at", "recorded_at", "from", "to", "onset", "resolved", "peak_at"})
_NUMBERS = frozenset(
    [
        "o2_flow_l_min",
        "fio2",
        "dose",
        "total",
        "orientation",
        "naming",
        "commands",
        "writing",
        "attention",
        "seizure_minutes",
        "weight_kg",
    ]
)
_ANY = ("status", "author", "recorded_at", "record_id")
_ICE = ("orientation", "naming", "commands", "writing", "attention")
_CAPD = (
    *("eye_contact", "purposeful", "aware", "communicates"),
    *("restless", "inconsolable", "underactive", "slow_response"),
)


def table(name: str, *columns: str, numbers: frozenset[str] = _NUMBERS) -> Table:
    """A table whose columns hold what their names say."""
    held = {c: Holds.TIME if c in _TIMES else Holds.NUMBER if c in numbers else Holds.TEXT for c in columns}
    return Table(name, held)


_LONG = ("patient_id", "time", "concept", "value", "unit", "method", "note", "absent_reason", *_ANY)
PATIENTS = table(
    "patients", "patient_id", "time", "name", "birth_date", "sex", "weight_kg", "developmental_delay", *_ANY
)
PLACEMENTS = table("placements", "patient_id", "time", "ward", "bed", *_ANY)
INFUSIONS = table("infusions", "patient_id", "infused_at", "product", "indication", *_ANY)
MEASUREMENTS = table("measurements", *_LONG, numbers=frozenset({"value"}))
FINDINGS = table("findings", *_LONG)
OXYGEN = table("oxygen", "patient_id", "time", "o2_device", "o2_flow_l_min", "fio2", "o2_reason", *_ANY)
DRUGS = table(
    *("drugs", "patient_id", "drug", "start", "end", "dose", "unit", "route", "reason", "action", "order_id"), *_ANY
)
NEURO = table(
    *("neuro", "patient_id", "time", "tool", "total", *_ICE, *_CAPD),
    *("consciousness", "consciousness_cause", "seizure", "seizure_minutes", "motor", "icp", "absent_reason"),
    *_ANY,
)
SYMPTOMS = table("symptoms", "patient_id", "time", "reporter", "symptom", "severity", "note", *_ANY)
FACT_TABLES = (PATIENTS, PLACEMENTS, INFUSIONS, MEASUREMENTS, FINDINGS, OXYGEN, DRUGS, NEURO, SYMPTOMS)
"""Every table that is read back."""


def placed(fact: Fact) -> tuple[Table, Row] | None:
    """The table a fact belongs to and its row there; None for a kind without a table."""
    found = _own(fact)
    if found is None:
        return None
    where, said, at = found
    offset = fact.utc_offset_minutes
    zone = UTC if offset is None else timezone(timedelta(minutes=offset))
    when = None if fact.effective_at == BEGINNING else fact.effective_at.astimezone(zone)
    about = {"status": fact.status.value, "author": fact.author, "recorded_at": fact.recorded_at}
    return where, {"patient_id": fact.patient_id, at: when, **said, **about, "record_id": fact.record_id}


def _own(fact: Fact) -> tuple[Table, dict[str, Cell], str] | None:
    """Table, own cells, and the column of the fact's time."""
    cells: dict[str, Cell]
    at, where = "time", FINDINGS
    match fact:
        case Observation():
            where = FINDINGS if fact.value is None else MEASUREMENTS
            cells = {"concept": fact.concept, "value": fact.code if fact.value is None else fact.value}
            cells |= {"unit": fact.unit, "method": fact.method, "absent_reason": fact.absent_reason}
        case Attribution():
            cells = {"concept": f"attribution_{fact.sign}", "value": fact.cause, "note": fact.note}
        case ChartedGrade():
            cells = {"concept": f"charted_grade_{fact.syndrome}", "value": str(fact.grade), "note": fact.note}
        case Patient():
            where, cells = PATIENTS, _patient(fact)
        case Placement():
            where, cells = PLACEMENTS, {"ward": fact.ward, "bed": fact.bed}
        case Infusion():
            where, at, cells = INFUSIONS, "infused_at", {"product": fact.product, "indication": fact.indication}
        case OxygenSupport():
            where, cells = OXYGEN, {"o2_device": fact.device, "o2_flow_l_min": fact.flow_l_min, "fio2": fact.fio2}
            cells["o2_reason"] = fact.reason
        case Administration():
            where, at, cells = DRUGS, "start", _administration(fact)
        case NeuroAssessment():
            where, cells = NEURO, _neuro(fact)
        case SymptomReport():
            where, cells = SYMPTOMS, {"reporter": fact.reporter, "symptom": fact.symptom, "note": fact.note}
            cells["severity"] = str(int(fact.severity))
        case _:
            return None
    return where, cells, at


def _administration(fact: Administration) -> dict[str, Cell]:
    given: dict[str, Cell] = {"drug": fact.drug, "end": fact.end, "dose": fact.dose, "unit": fact.unit}
    return given | {
        "route": fact.route,
        "reason": fact.reason,
        "action": fact.action,
        "order_id": fact.order_id,
    }


def _patient(fact: Patient) -> dict[str, Cell]:
    delay = None if fact.developmental_delay is None else str(fact.developmental_delay).lower()
    return {
        "name": fact.name,
        "birth_date": None if fact.birth_date is None else fact.birth_date.isoformat(),
        "sex": fact.sex,
        "weight_kg": fact.weight_kg,
        "developmental_delay": delay,
    }


def _neuro(fact: NeuroAssessment) -> dict[str, Cell]:
    reasons = set((fact.absent or {}).values())
    return {
        "tool": fact.tool,
        "total": fact.total,
        **(fact.items or {}),
        "consciousness": fact.consciousness,
        "consciousness_cause": fact.consciousness_cause,
        "seizure": fact.seizure,
        "seizure_minutes": fact.seizure_minutes,
        "motor": fact.motor,
        "icp": fact.icp,
        "absent_reason": reasons.pop() if len(reasons) == 1 else None,
    }
