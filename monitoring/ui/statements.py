"""What a person typed, as facts: every screen charts in the same way, and a test can read it.

`at` is when it was true, `now` when it was charted and received. What was not typed is not charted, and never normal.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypedDict

from monitoring.clock import TimeRefused, parse_instant
from monitoring.concepts import Dictionary
from monitoring.records import (
    Acknowledgement,
    Attribution,
    ChartedGrade,
    Fact,
    NeuroAssessment,
    Observation,
    OxygenSupport,
    SymptomReport,
)
from monitoring.ui.live import clock, settings
from monitoring.ui.people import Person
from monitoring.vocabulary import AbsentReason, Cause, NeuroTool, OxygenDevice, OxygenReason, Severity, Sign, Syndrome

SOURCE = "screen"


class StatementRefused(ValueError):
    """What was typed cannot be charted; the message says why and what to do."""


class Charted(TypedDict):
    """What every fact typed on a screen carries."""

    patient_id: str
    effective_at: datetime
    recorded_at: datetime
    received_at: datetime
    source: str
    author: str


def charted(patient_id: str, by: Person, at: datetime, now: datetime, source: str = SOURCE) -> Charted:
    """True `at`, charted and received `now`, by `by`. Raises StatementRefused for a moment still to come."""
    if at > now:
        raise StatementRefused(
            f"{clock(at, '%-d %b %Y %H:%M')} is still to come. Choose the time it was measured or happened."
        )
    return {
        "patient_id": patient_id,
        "effective_at": at,
        "recorded_at": now,
        "received_at": now,
        "source": source,
        "author": by.author,
    }


def ward_instant(typed: datetime) -> datetime:
    """A wall-clock time of the ward as an instant. Raises StatementRefused for an hour that exists twice or never."""
    try:
        return parse_instant(typed.isoformat(timespec="minutes"), settings().ward_zone)
    except TimeRefused as refused:
        raise StatementRefused(f"This time cannot be charted: {refused}.") from refused


def checked(concept: str, value: float, dictionary: Dictionary) -> float:
    """`value` where it can be believed. Raises StatementRefused naming the range."""
    entry = dictionary.concepts[concept]
    if entry.believable(value):
        return value
    low, high = entry.refuse_outside or (value, value)
    raise StatementRefused(
        f"{entry.label} {value:g} cannot be right (expected {low:g} to {high:g}). Please check the number."
    )


def vital_facts(
    patient_id: str,
    values: Mapping[str, float | None],
    oxygen: tuple[OxygenDevice | None, float | None, OxygenReason | None],
    *,
    by: Person,
    at: datetime,
    now: datetime,
    dictionary: Dictionary,
) -> list[Fact]:
    """One set of vital signs; what is None was not taken and makes no fact. Raises StatementRefused."""
    common = charted(patient_id, by, at, now)
    taken = {concept: checked(concept, value, dictionary) for concept, value in values.items() if value is not None}
    if "sbp" in taken and "dbp" in taken and taken["dbp"] >= taken["sbp"]:
        raise StatementRefused("The lower pressure is not below the upper one. Please check both numbers.")
    facts: list[Fact] = [
        Observation(concept=concept, value=value, unit=dictionary.concepts[concept].unit, **common)
        for concept, value in taken.items()
    ]
    device, flow, reason = oxygen
    if device is OxygenDevice.ROOM_AIR and flow:
        raise StatementRefused("Room air has no flow. Please clear the flow or choose the device.")
    if device is None and flow is not None:
        raise StatementRefused("A flow was written without a device. Please choose the device.")
    if device is not None:
        facts.append(OxygenSupport(device=device, flow_l_min=flow, reason=reason, **common))
    if not facts:
        raise StatementRefused("Nothing was written, so nothing was charted.")
    return facts


def neuro_fact(
    patient_id: str, domains: Mapping[str, Any], *, by: Person, at: datetime, now: datetime
) -> NeuroAssessment:
    """One neurological assessment; a domain that is None was not assessed. Raises StatementRefused.

    `domains` holds `tool`, `total`, `absent` (why there is no total) and the four bedside domains.
    """
    common = charted(patient_id, by, at, now)
    said = {name: value for name, value in domains.items() if value is not None}
    tool, absent = said.pop("tool", None), said.pop("absent", None)
    top = {NeuroTool.ICE: 10, NeuroTool.CAPD: 32}.get(tool, 0)
    if "total" in said and not 0 <= said["total"] <= top:
        raise StatementRefused(f"{tool} runs from 0 to {top}. Please check the total.")
    if absent is not None and "total" in said:
        raise StatementRefused("A total and a reason for not doing it exclude each other. Please keep one.")
    if not said and absent is None:
        raise StatementRefused("Nothing was written, so nothing was charted.")
    reasons: dict[str, AbsentReason] | None = {str(tool).lower(): absent} if tool and absent is not None else None
    return NeuroAssessment(tool=tool if "total" in said or reasons else None, absent=reasons, **said, **common)


def attribution_fact(
    patient_id: str, sign: Sign, cause: Cause, note: str, *, by: Person, at: datetime, now: datetime
) -> Attribution:
    """A clinician's word on the cause of a sign, from `at` on."""
    return Attribution(sign=sign, cause=cause, note=note.strip() or None, **charted(patient_id, by, at, now))


def grade_fact(
    patient_id: str, syndrome: Syndrome, grade: int, note: str, *, by: Person, at: datetime, now: datetime
) -> ChartedGrade:
    """A clinician's own grade of CRS or ICANS, 0 to 5; it stands beside the derived one (D110)."""
    return ChartedGrade(syndrome=syndrome, grade=grade, note=note.strip() or None, **charted(patient_id, by, at, now))


def acknowledgement_fact(patient_id: str, alert: str, *, by: Person, now: datetime) -> Acknowledgement:
    """That an alert was seen as it stood, by its key (D109)."""
    return Acknowledgement(alert=alert, **charted(patient_id, by, now, now))


def symptom_facts(
    patient_id: str, reports: Mapping[str, Severity], *, by: Person, at: datetime, now: datetime
) -> list[Fact]:
    """One report a symptom, by its id."""
    common = charted(patient_id, by, at, now)
    return [
        SymptomReport(reporter=by.reporter, symptom=symptom, severity=severity, **common)
        for symptom, severity in reports.items()
    ]


def home_facts(
    patient_id: str,
    temperature_c: float | None,
    marked: Mapping[str, Severity],
    *,
    by: Person,
    at: datetime,
    now: datetime,
    dictionary: Dictionary,
) -> list[Fact]:
    """A whole report from home: every symptom that was asked, unmarked as not there, and the temperature if taken."""
    asked = {key: Severity.NONE for key, symptom in dictionary.symptoms.items() if symptom.asked_at_home}
    facts = symptom_facts(patient_id, asked | dict(marked), by=by, at=at, now=now)
    if temperature_c is not None:
        value = checked("temperature", temperature_c, dictionary)
        unit = dictionary.concepts["temperature"].unit
        facts.append(Observation(concept="temperature", value=value, unit=unit, **charted(patient_id, by, at, now)))
    return facts
