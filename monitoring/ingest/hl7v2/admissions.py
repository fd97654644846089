"""ADT: who the patient is, and which ward and bed from when on (D75)."""

from __future__ import annotations

from datetime import date
from typing import Any

from monitoring.clock import BEGINNING, TimeRefused
from monitoring.ingest.hl7v2.message import Message, Segment
from monitoring.ingest.hl7v2.reading import MessageReading
from monitoring.ingest.hl7v2.times import absent, parse_birth
from monitoring.records import Patient, Placement
from monitoring.vocabulary import Sex

EVENTS = frozenset({"A01", "A02", "A03", "A04", "A08", "A12", "A13"})
"""Admission, transfer, discharge, registration, update; and a transfer or a discharge taken back."""
_DISCHARGE = "A03"
_SEX = {
    "F": Sex.FEMALE,
    "M": Sex.MALE,
    "O": Sex.OTHER,
    "A": Sex.OTHER,
    "U": Sex.UNKNOWN,
    "N": Sex.UNKNOWN,
    "": Sex.UNKNOWN,
}
"""HL7 table 0001."""


def event(message: Message) -> str:
    """The trigger event of an ADT: the second component of MSH-9, else EVN-1."""
    events = (segment.component(1) for segment in message.segments() if segment.name == "EVN")
    return (message.header.component(9, 2) or next(events, "")).upper()


def read_admission(reading: MessageReading) -> None:
    """The patient and the placement that an admission, transfer, discharge or update speaks of."""
    found = {segment.name: segment for segment in reversed(list(reading.message.segments()))}
    identification, happened = found.get("PID"), found.get("EVN")
    if identification is None:
        reading.refuse(
            reading.message.header, 0, "missing", "no PID segment; expected the patient's identifier in PID-3", ""
        )
        return
    patient_id = reading.patient(identification)
    said = _when(reading, happened)
    if patient_id is None or said is None:
        return
    said["patient_id"] = patient_id
    reading.facts.append(
        Patient(
            **said,
            name=_name(identification),
            birth_date=_birth_date(reading, identification),
            sex=_sex(reading, identification),
        )
    )
    visit = found.get("PV1")
    if event(reading.message) == _DISCHARGE:
        reading.facts.append(Placement(**said))
    elif visit is not None and visit.field(3):
        ward, bed = visit.component(3), visit.component(3, 3)
        room = visit.component(3, 2)
        if ward or room or bed:
            reading.facts.append(Placement(**said, ward=ward[:200] or None, bed=(bed or room)[:200] or None))


def _when(reading: MessageReading, happened: Segment | None) -> dict[str, Any] | None:
    """What every fact carries: when it happened (EVN-6, else EVN-2), and when it was charted (EVN-2)."""
    recorded_at = reading.moment(happened, 2) if happened else None
    occurred_at = reading.moment(happened, 6) if happened else None
    at = occurred_at or recorded_at
    if happened is None or at is None:
        if happened is None or (absent(happened.component(2)) and absent(happened.component(6))):
            place, number = (happened, 2) if happened else (reading.message.header, 0)
            reading.refuse(place, number, "missing", "no time of the event; expected EVN-2", "")
        return None
    written = happened.component(6) if occurred_at else happened.component(2)
    return {
        "effective_at": at,
        "utc_offset_minutes": reading.offset(written),
        "recorded_at": recorded_at,
        "received_at": reading.reading.received_at,
        "source": f"{reading.reading.source}:{reading.place}",
    }


def _name(identification: Segment) -> str | None:
    repeats = identification.repeats(5)
    parts = (*(identification.components(repeats[0]) if repeats else ()), "", "")
    return " ".join(part for part in (parts[1], parts[0]) if part)[:200] or None


def _birth_date(reading: MessageReading, identification: Segment) -> date | None:
    text = identification.component(7)
    if absent(text):
        return None
    try:
        born = parse_birth(text)
    except TimeRefused as refused:
        reading.refuse(identification, 7, "time", str(refused))
        return None
    if not BEGINNING.date() <= born <= reading.reading.received_at.date():
        reading.refuse(identification, 7, "time", "a birth before 1900 or in the future")
        return None
    return born


def _sex(reading: MessageReading, identification: Segment) -> Sex:
    said = identification.component(8).upper()
    if said not in _SEX:
        reading.refuse(identification, 8, "unknown word", f"not known; expected one of {', '.join(filter(None, _SEX))}")
    return _SEX.get(said, Sex.UNKNOWN)
