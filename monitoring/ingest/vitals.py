"""Wide vital signs: one row per set, an empty cell was not taken."""

from __future__ import annotations

from monitoring.ingest.kinds import ANY_FACT, Kind
from monitoring.ingest.oxygen import add_oxygen
from monitoring.ingest.rows import Row, absent_reason
from monitoring.records import Observation

_COLUMNS = {
    "temp_c": ("temperature", "Cel"),
    "temp_f": ("temperature", "[degF]"),
    "hr": ("heart_rate", ""),
    "rr": ("respiratory_rate", ""),
    "sbp": ("sbp", ""),
    "dbp": ("dbp", ""),
    "map": ("map", ""),
    "spo2": ("spo2", ""),
}
_SAME_TEMPERATURE = 0.06
"""Half of the last digit of a Celsius reading, and rounding: further apart, two columns contradict each other."""


def _read(row: Row) -> None:
    said = row.at()
    if said is None:
        return
    found: dict[str, tuple[str, Observation]] = {}
    disputed: set[str] = set()
    for column, (concept_id, unit) in _COLUMNS.items():
        cell = row.cells.get(column)
        if not cell:
            continue
        concept = row.reading.dictionary.concepts[concept_id]
        reason = absent_reason(cell)
        if reason is not None:
            found.setdefault(concept_id, (column, Observation(**said, concept=concept_id, absent_reason=reason)))
            continue
        value = row.measured(column, concept, unit)
        if value is None:
            continue
        earlier = found.get(concept_id)
        if earlier is not None and earlier[1].value is not None:
            if abs(earlier[1].value - value) > _SAME_TEMPERATURE:
                disputed |= _contradiction(row, concept_id, earlier[0], column, "two different temperatures in one row")
            continue
        found[concept_id] = (column, Observation(**said, concept=concept_id, value=value, unit=concept.unit))
    upper, lower = _value(found, "sbp"), _value(found, "dbp")
    if upper is not None and lower is not None and lower >= upper:
        _contradiction(row, "sbp", "sbp", "dbp", "diastolic not below systolic")
        disputed |= {"sbp", "dbp"}
    for concept_id, (_, observation) in found.items():
        if concept_id not in disputed:
            row.add(observation)
    add_oxygen(row, said, "o2_device", "o2_flow_l_min", "fio2")


def _value(found: dict[str, tuple[str, Observation]], concept_id: str) -> float | None:
    return found[concept_id][1].value if concept_id in found else None


def _contradiction(row: Row, concept_id: str, first: str, second: str, what: str) -> set[str]:
    for column in (first, second):
        row.refuse(
            column,
            "contradiction",
            f"{what}; both quarantined, not graded. Correct them at their source and send them again.",
        )
    return {concept_id}


WIDE_VITALS = Kind(
    "wide vitals",
    {
        "patient_id": ("patient_id",),
        "time": ("time",),
        "temp_c": ("temp_c",),
        "temp_f": ("temp_f",),
        "hr": ("hr", "heart_rate", "pulse"),
        "rr": ("rr", "respiratory_rate", "resp"),
        "sbp": ("sbp",),
        "dbp": ("dbp",),
        "map": ("map",),
        "spo2": ("spo2",),
        "o2_device": ("o2_device",),
        "o2_flow_l_min": ("o2_flow_l_min", "o2_flow"),
        "fio2": ("fio2",),
        "o2_reason": ("o2_reason",),
        **ANY_FACT,
    },
    (("patient_id",), ("time",), (*_COLUMNS, "o2_device")),
    _read,
    (
        ("temp_c", "temp_f"),
        ("hr",),
        ("rr",),
        ("sbp", "dbp"),
        ("map",),
        ("spo2",),
        ("o2_device", "o2_flow_l_min", "fio2", "o2_reason"),
    ),
)
