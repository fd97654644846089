"""Long values: one row per value, the concept named by id, accepted name or code."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from monitoring.concepts import NEVER_A_VITAL, Concept, folded
from monitoring.ingest.kinds import ANY_FACT, Kind
from monitoring.ingest.oxygen import add_oxygen
from monitoring.ingest.rows import Row, absent_reason, nearest
from monitoring.records import Attribution, ChartedGrade, NeuroAssessment, Observation, OxygenSupport, UnmappedCode
from monitoring.vocabulary import (
    RETRACTED,
    AbsentReason,
    Cause,
    Consciousness,
    Icp,
    Motor,
    NeuroTool,
    Seizure,
    Sign,
    Syndrome,
)

_DOMAINS = {"consciousness": Consciousness, "seizure": Seizure, "motor": Motor, "icp": Icp}
_TOOLS = {"ice": (NeuroTool.ICE, 10), "capd": (NeuroTool.CAPD, 32)}
_ATTRIBUTIONS = {folded(f"attribution_{sign}"): sign for sign in Sign}
_CHARTED = {folded(f"charted_grade_{syndrome}"): syndrome for syndrome in Syndrome}
_OWN = (*(f"attribution_{sign}" for sign in Sign), *(f"charted_grade_{syndrome}" for syndrome in Syndrome))
_HIGHEST_GRADE = 5


def _read(row: Row) -> None:
    said = row.at()
    name = row.text("concept")
    if name is None:
        row.refuse("concept", "missing", "empty; expected a concept such as temperature, sbp or ferritin. Row not read")
    if said is None or name is None:
        return
    special = folded(name)
    if special in _ATTRIBUTIONS:
        cause = _needed(row, lambda: row.word("value", Cause))
        if cause is not None:
            row.add(Attribution(**said, sign=_ATTRIBUTIONS[special], cause=cause, note=row.text("note")))
        return
    if special in _CHARTED:
        grade = _needed(row, lambda: row.whole("value", 0, _HIGHEST_GRADE))
        if grade is not None:
            row.add(ChartedGrade(**said, syndrome=_CHARTED[special], grade=grade, note=row.text("note")))
        return
    concept = row.reading.dictionary.concept(name)
    if row.reading.dictionary.mapping(name) == NEVER_A_VITAL:
        row.ignored_kind = "code that is never a vital sign here"
        return
    if concept is None or concept.id == "symptom_report":
        known = nearest(name, (*row.reading.dictionary.concepts, *row.reading.dictionary.concept_names, *_OWN))
        near = f"the nearest known are {', '.join(known)}" if known else "nothing like it is known"
        row.unmapped.append(UnmappedCode(code=name))
        row.refuse("concept", "unknown code", f"concept not known; {near}. Quarantined, not graded. Correct the name")
        return
    _read_value(row, said, concept)


def _needed(row: Row, reading: Callable[[], Any]) -> Any:  # noqa: ANN401 - a member of whichever enumeration, or a number
    if row.text("value") is None:
        row.refuse("value", "missing", "empty; expected a value. Row not read")
        return None
    return reading()


def _read_value(row: Row, said: dict[str, Any], concept: Concept) -> None:
    text = row.text("value")
    withdrawn = said["status"] in RETRACTED
    absent = next((reason for column in ("value", "status", "absent_reason") if (reason := _reason(row, column))), None)
    if text is None and absent is None and not withdrawn:
        if row.text("status") is None:
            row.ignored_kind = "empty value"
            return
        absent = AbsentReason.NOT_TAKEN
    if text is None or absent is not None:
        _add_absent(row, said, concept, absent)
    elif concept.id in _DOMAINS:
        finding = row.word("value", _DOMAINS[concept.id])
        if finding is not None:
            row.add(NeuroAssessment(**{**said, concept.id: finding}))
    elif concept.id in _TOOLS:
        tool, highest = _TOOLS[concept.id]
        total = row.whole("value", 0, highest)
        if total is not None:
            row.add(NeuroAssessment(**said, tool=tool, total=total))
    elif concept.id == "oxygen_support":
        add_oxygen(row, said, "value", "", "")
    elif concept.kind == "words":
        _add_word(row, said, concept, text)
    else:
        value = row.measured("value", concept, row.text("unit"))
        if value is not None:
            row.add(Observation(**said, concept=concept.id, value=value, unit=concept.unit, method=row.text("method")))


def _reason(row: Row, column: str) -> AbsentReason | None:
    return absent_reason(row.cells.get(column, ""))


def _add_absent(row: Row, said: dict[str, Any], concept: Concept, reason: AbsentReason | None) -> None:
    """An empty value: asked for and not there, or the withdrawal of an earlier one."""
    absent = None if reason is None else {concept.id: reason}
    if concept.id in _DOMAINS:
        row.add(NeuroAssessment(**said, absent=absent))
    elif concept.id in _TOOLS:
        row.add(NeuroAssessment(**said, tool=_TOOLS[concept.id][0], absent=absent))
    elif concept.id == "oxygen_support":
        row.add(OxygenSupport(**said))
    else:
        row.add(Observation(**said, concept=concept.id, absent_reason=reason, method=row.text("method")))


def _add_word(row: Row, said: dict[str, Any], concept: Concept, text: str) -> None:
    if concept.values == ("true", "false"):
        answer = row.truth("value")
        code = None if answer is None else str(answer).lower()
    elif concept.values:
        code = next((word for word in concept.values if folded(word) == folded(text)), None)
        if code is None:
            row.refuse(
                "value",
                "unknown word",
                f"expected one of {', '.join(concept.values)} for {concept.label}; not read. Correct it",
            )
    else:
        code = text
    if code is not None:
        row.add(Observation(**said, concept=concept.id, code=code, method=row.text("method")))


LONG_VALUES = Kind(
    "long values",
    {
        **{
            name: (name,)
            for name in ("patient_id", "time", "concept", "value", "unit", "method", "note", "absent_reason")
        },
        **ANY_FACT,
    },
    (("patient_id",), ("time",), ("concept",), ("value",)),
    _read,
    (("concept", "value", "unit", "status", "method", "note", "absent_reason"),),
)
