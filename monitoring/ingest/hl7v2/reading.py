"""One message while it is read: its facts, a refusal for each bad field, and the codes nobody mapped."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from functools import cached_property

from monitoring.clock import FutureRefused, TimeRefused, checked, offset_minutes
from monitoring.ingest.hl7v2.codes import tables
from monitoring.ingest.hl7v2.message import Message, Segment
from monitoring.ingest.hl7v2.times import absent, offset_of, parse_time
from monitoring.ingest.rows import LONGEST_IDENTIFIER, TOO_LONG, Reading
from monitoring.records import Fact, Refusal, RowRead, UnmappedCode

_MOST_REFUSALS = 100
_AGAIN = "quarantined, not graded. Correct it at its source and send it again"


@dataclass
class MessageReading:
    """What is found in `message`; `place` is how a person finds it again."""

    reading: Reading
    place: str
    message: Message
    facts: list[Fact] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    unmapped: dict[UnmappedCode, None] = field(default_factory=dict)
    ignored_kind: str = "no segment we read"

    def refuse(self, segment: Segment, number: int, rule: str, reason: str, value: str | None = None) -> None:
        """Quarantine the message for one field; what else is good in it is kept."""
        if len(self.refusals) >= _MOST_REFUSALS:
            return
        nth = f"[{segment.nth}]" if segment.name == "OBX" or segment.nth > 1 else ""
        where = f"{segment.name or 'line'}{nth}"
        shown = (segment.field(number) if value is None else value)[:200]
        self.refusals.append(
            Refusal(
                source=self.reading.source,
                place=f"{self.place} {where}-{number}" if number else f"{self.place} {where}",
                field=f"{where}-{number}" if number else where,
                value=shown,
                reason=f"{reason}; {_AGAIN}",
                rule=rule,
            )
        )

    @cached_property
    def zone(self) -> tzinfo | None:
        """What a time without an offset takes: the offset of MSH-7, as the standard has it, else the zone named."""
        return offset_of(self.message.header.component(7)) or self.reading.tz

    def moment(self, segment: Segment, number: int) -> datetime | None:
        """A field as a moment; None when absent or refused."""
        text = segment.component(number)
        if absent(text):
            return None
        try:
            at = parse_time(text, segment.component(number, 2), self.zone)
            return checked(at, self.reading.received_at, live=self.reading.live)
        except TimeRefused as refused:
            self.refuse(segment, number, "future" if isinstance(refused, FutureRefused) else "time", str(refused))
            return None

    @cached_property
    def sent_at(self) -> datetime | None:
        """MSH-7; None where it cannot be read, which refuses nothing: no value is placed by it."""
        with suppress(TimeRefused):
            return checked(parse_time(self.message.header.component(7), tz=self.zone), self.reading.received_at)
        return None

    def offset(self, text: str) -> int | None:
        """Minutes from UTC that the source wrote with a time; None where it wrote none."""
        return offset_minutes(f":{text[-5:]}") if text[-5:-4] in {"+", "-"} else None

    def patient(self, segment: Segment) -> str | None:
        """The patient's identifier: the first of a medical-record type, else the first. Refused when empty."""
        repeats = [segment.components(repeat) for repeat in segment.repeats(3)]
        wanted = tables().patient_identifier_types
        typed = (parts[0] for parts in repeats if parts[0] and len(parts) > 4 and parts[4].upper() in wanted)
        identity = next(typed, None) or next((parts[0] for parts in repeats if parts[0]), None)
        if identity is None:
            self.refuse(segment, 3, "missing", "empty; expected the patient's identifier")
        elif self.message.delimiters.escape and self.message.delimiters.escape in identity:
            self.refuse(segment, 3, "charset", "the patient's identifier holds bytes of no known character set")
            return None
        elif len(identity) > LONGEST_IDENTIFIER:
            self.refuse(segment, 3, "format", TOO_LONG)
            return None
        return identity

    def done(self) -> RowRead:
        """The message as read. It is kept as it came where something in it was refused or is not mapped."""
        ignored = None if self.facts or self.refusals else self.ignored_kind
        return RowRead(
            source=self.reading.source,
            place=self.place,
            facts=tuple(self.facts),
            refusals=tuple(self.refusals),
            ignored_kind=ignored,
            unmapped=tuple(self.unmapped),
            raw=self.message.to_keep() if self.refusals or self.unmapped else None,
        )
