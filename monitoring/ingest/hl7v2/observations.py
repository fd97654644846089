"""ORU^R01: each OBX we know into a fact of its own, with its time, its standing and an identity to correct it by."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from monitoring.concepts import Concept
from monitoring.ingest.hl7v2.bedside import BedsideFact, fact_of
from monitoring.ingest.hl7v2.codes import Meaning, meaning, tables
from monitoring.ingest.hl7v2.message import Segment
from monitoring.ingest.hl7v2.reading import MessageReading
from monitoring.ingest.hl7v2.times import absent
from monitoring.ingest.hl7v2.values import NoValue, ValueRefused, number, pair, word
from monitoring.records import Observation
from monitoring.vocabulary import RETRACTED, Status

_NO_RESULT_YET = frozenset({"I", "N", "O"})
_STATUS = {
    "F": Status.FINAL,
    "V": Status.FINAL,
    "U": Status.FINAL,
    "P": Status.PRELIMINARY,
    "R": Status.PRELIMINARY,
    "S": Status.PRELIMINARY,
    "": Status.PRELIMINARY,
    "C": Status.CORRECTED,
    "A": Status.AMENDED,
    "X": Status.FINAL,
    "D": Status.ENTERED_IN_ERROR,
    "W": Status.ENTERED_IN_ERROR,
}
"""OBX-11 (HL7 table 0085) as a standing (D73)."""
_PARTS_OF_A_PAIR = ("sbp", "dbp", "map")


@dataclass
class _Group:
    """One OBR and what stands under it, as far as it has been read. What it needs of PID and OBR is read once."""

    reading: MessageReading
    patient: Segment | None
    order: Segment | None
    seen: Counter[str]
    facts: list[tuple[Segment, str, BedsideFact]] = field(default_factory=list)

    @cached_property
    def patient_id(self) -> str | None:
        """The patient; None without one, which is refused."""
        if self.patient is None:
            header = self.reading.message.header
            self.reading.refuse(header, 0, "missing", "no PID segment; expected the patient's identifier in PID-3", "")
            return None
        return self.reading.patient(self.patient)

    @cached_property
    def order_at(self) -> datetime | None:
        """OBR-7; None when absent or refused."""
        return self.reading.moment(self.order, 7) if self.order else None

    @cached_property
    def reported_at(self) -> datetime | None:
        """When this state of the results was reported: OBR-22, else the time of the message where it can be read."""
        said = self.reading.moment(self.order, 22) if self.order else None
        return said or self.reading.sent_at


def read_observations(reading: MessageReading) -> None:
    """Every OBX of an ORU^R01 that we know, in the order of the message."""
    reading.ignored_kind = "ORU R01 without a vital sign"
    group = _Group(reading, None, None, Counter())
    for segment in reading.message.segments():
        name = segment.name
        if name == "PID":
            _finish(group)
            group = _Group(reading, segment, None, group.seen)
        elif name == "OBR":
            _finish(group)
            group = _Group(reading, group.patient, segment, group.seen)
        elif name == "OBX":
            _read(group, segment)
        elif not name:
            reading.refuse(segment, 0, "format", "a line that is no segment", segment.text)
    _finish(group)


def _read(group: _Group, obx: Segment) -> None:
    reading = group.reading
    what = meaning(obx, reading.reading.dictionary)
    state = obx.component(11).upper()
    if what.disputed is not None:
        reading.refuse(obx, 3, "unknown code", f"its codes name two things: {' and '.join(what.disputed)}")
        return
    if what.concept is None and not what.pair:
        if what.unmapped is not None and obx.field(5):
            reading.unmapped[what.unmapped] = None
        return
    if state not in _STATUS and state not in _NO_RESULT_YET:
        reading.refuse(
            obx, 11, "unknown word", f"not a status we know; expected one of {', '.join(filter(None, _STATUS))}"
        )
        return
    if state in _NO_RESULT_YET or (state == "U" and not obx.field(5)):
        return
    who = group.patient_id
    said = _said(group, obx, _STATUS[state])
    if who is None or said is None:
        return
    for repeat in obx.repeats(5) or [""]:
        _add(group, obx, what, {**said, "patient_id": who}, repeat)


def _said(group: _Group, obx: Segment, status: Status) -> dict[str, Any] | None:
    """What every fact of the OBX carries; None where it has no time of its own that can be read (D72)."""
    reading = group.reading
    own = not absent(obx.component(14))
    at = reading.moment(obx, 14) if own else group.order_at
    if at is None:
        if not own and (group.order is None or absent(group.order.component(7))):
            expected = "no time in OBX-14 or OBR-7; the time a message was sent (MSH-7) is not when it was measured"
            reading.refuse(obx, 14, "missing", expected)
        return None
    written = obx.component(14) if own else group.order.component(7) if group.order else ""
    return {
        "effective_at": at,
        "utc_offset_minutes": reading.offset(written),
        "recorded_at": group.reported_at,
        "received_at": reading.reading.received_at,
        "source": f"{reading.reading.source}:{reading.place} OBX[{obx.nth}]",
        "status": status,
    }


def _add(group: _Group, obx: Segment, what: Meaning, said: dict[str, Any], text: str) -> None:
    reading = group.reading
    dictionary = reading.reading.dictionary
    if what.pair:
        try:
            found = pair(obx, text)
        except ValueRefused as refused:
            if said["status"] not in RETRACTED:
                reading.refuse(obx, refused.field, refused.rule, str(refused))
                return
            found = NoValue()
        parts = ("", "") if isinstance(found, NoValue) else found
        for concept_id, part in zip(_PARTS_OF_A_PAIR, parts, strict=False):
            _add_one(group, obx, what, dictionary.concepts[concept_id], said, part)
    elif what.concept is not None:
        _add_one(group, obx, what, what.concept, said, text)


def _add_one(group: _Group, obx: Segment, what: Meaning, concept: Concept, said: dict[str, Any], text: str) -> None:
    said = {**said, "record_id": _identity(group, obx, concept, said["effective_at"])}
    value: float | str | NoValue
    flagged = _flags(obx) & tables().flags_without_a_value
    try:
        if obx.component(11).upper() == "X":
            value = NoValue("status X")
        elif flagged:
            value = NoValue(f"flag {min(flagged)}")
        elif said["status"] in RETRACTED and not text:
            value = NoValue()
        elif concept.kind == "words":
            value = word(obx, text, concept, group.reading.reading.dictionary)
        else:
            value = number(obx, text, concept, of_a_pair=what.pair)
    except ValueRefused as refused:
        if said["status"] not in RETRACTED:
            group.reading.refuse(obx, refused.field, refused.rule, str(refused))
            return
        value = NoValue()
    fact = fact_of(concept, said, value, _method(obx, what.method))
    if fact is None:
        group.reading.refuse(obx, 5, "implausible", f"expected a whole number for {concept.label}")
        return
    group.facts.append((obx, concept.id, fact))


def _identity(group: _Group, obx: Segment, concept: Concept, at: datetime) -> str:
    """What a later message repeats to correct this value: the order, the code, the sub-identifier, the time (D75)."""
    instance = obx.field(21)
    order = (group.order.field(3) or group.order.field(2)) if group.order else ""
    parts = [instance] if instance else [order, obx.component(3) or obx.component(3, 2), obx.field(4), at.isoformat()]
    identity = "|".join(["hl7", *(part[:200] for part in parts), concept.id])
    group.seen[identity] += 1
    nth = group.seen[identity]
    return identity if nth == 1 else f"{identity}|{nth}"


def _flags(obx: Segment) -> set[str]:
    return {(obx.components(flag) or [""])[0].upper() for flag in obx.repeats(8)}


def _method(obx: Segment, method: str | None) -> str | None:
    """How it was measured, in the sender's words or the table's, with a flag that doubts it."""
    own = obx.component(17, 2) or obx.component(17)
    said = [text for text in (method, own if own != method else "") if text]
    said += sorted(f"flag {flag}" for flag in _flags(obx) & tables().flags_to_say)
    return ", ".join(said)[:200] or None


def _finish(group: _Group) -> None:
    """The facts of a group, a systolic pressure not above its diastolic one refused together with it."""
    contradicted = _contradictions(group)
    for obx, _, fact in group.facts:
        if id(fact) in contradicted:
            reason = "diastolic not below systolic at the same time and by the same method"
            group.reading.refuse(obx, 5, "implausible", reason)
        else:
            group.reading.facts.append(fact)


def _contradictions(group: _Group) -> set[int]:
    pressures = [
        (obx, fact)
        for obx, concept, fact in group.facts
        if concept in {"sbp", "dbp"} and isinstance(fact, Observation) and fact.value is not None
    ]
    found: set[int] = set()
    for obx, upper in pressures:
        if upper.concept != "sbp":
            continue
        beside = [
            (other, lower)
            for other, lower in pressures
            if lower.concept == "dbp" and (lower.effective_at, lower.method) == (upper.effective_at, upper.method)
        ]
        same = [entry for entry in beside if entry[0].field(4) == obx.field(4)]
        for _, lower in same or (beside if len(beside) == 1 else []):
            if (lower.value or 0) >= (upper.value or 0):
                found |= {id(upper), id(lower)}
    return found
