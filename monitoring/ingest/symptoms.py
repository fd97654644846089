"""Symptom logs: what somebody reported, by the names of the documented lists."""

from __future__ import annotations

from monitoring.concepts import folded
from monitoring.ingest.kinds import ANY_FACT, Kind
from monitoring.ingest.rows import Row, nearest
from monitoring.records import SymptomReport
from monitoring.vocabulary import Reporter, Severity

_SEVERITIES = {folded(severity.name): severity for severity in Severity} | {str(int(s)): s for s in Severity}


def _read(row: Row) -> None:
    said = row.at()
    reporter = row.word("reporter", Reporter)
    if row.text("reporter") is None:
        row.refuse("reporter", "missing", f"empty; expected one of {', '.join(Reporter)}. Row not read")
    name = row.text("symptom")
    symptom = None if name is None else row.reading.dictionary.symptom(name)
    if symptom is None:
        near = ", ".join(nearest(name or "", row.reading.dictionary.symptom_names)) or "none like it"
        row.refuse(
            "symptom",
            "unknown code",
            f"not a symptom of the documented lists; nearest: {near}. Quarantined. Correct the name",
        )
    charted = row.text("severity")
    severity = None if charted is None else _SEVERITIES.get(folded(charted))
    if severity is None:
        row.refuse(
            "severity",
            "unknown word",
            "expected none, mild, moderate, severe, life-threatening or 0 to 4; "
            "not read (an empty cell is not the same as none). Correct the cell",
        )
    if said is not None and reporter is not None and symptom is not None and severity is not None:
        note = row.text("note")
        row.add(SymptomReport(**said, reporter=reporter, symptom=symptom.id, severity=severity, note=note))


SYMPTOM_LOG = Kind(
    "symptom log",
    {**{name: (name,) for name in ("patient_id", "time", "reporter", "symptom", "severity", "note")}, **ANY_FACT},
    (("patient_id",), ("time",), ("reporter",), ("symptom",), ("severity",)),
    _read,
)
