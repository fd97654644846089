"""HL7 v2 messages: vital signs from ORU^R01, ward and bed from ADT. One message is one row, and one outcome.

A message with a bad field is quarantined and its good facts are kept. Messages of other types are passed over by kind.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from monitoring.ingest.hl7v2.acknowledgement import Verdict, acknowledgement, verdict
from monitoring.ingest.hl7v2.admissions import EVENTS, event, read_admission
from monitoring.ingest.hl7v2.codes import tables
from monitoring.ingest.hl7v2.framing import LONGEST_MESSAGE, framed
from monitoring.ingest.hl7v2.message import Message, Unusable, bytes_to_keep
from monitoring.ingest.hl7v2.observations import read_observations
from monitoring.ingest.hl7v2.reading import MessageReading
from monitoring.ingest.rows import Reading
from monitoring.ingest.sources import FileRefused
from monitoring.records import Refusal, RowRead

__all__ = ["LONGEST_MESSAGE", "Verdict", "acknowledgement", "read_hl7v2", "read_message", "verdict"]

_KEPT_OF_TOO_LONG = 4000


def read_hl7v2(stream: BinaryIO, reading: Reading) -> Iterator[RowRead]:
    """One RowRead per message of the stream, read as they are asked for; never more than one message is in memory.

    Lines that belong to no message are one quarantined row each run. Raises FileRefused for an input that holds none.
    """
    begun = False
    for nth, found in enumerate(framed(stream), start=1):
        if found.stray and not begun:
            raise FileRefused("is no HL7 v2: expected it to begin with MSH, FHS or BHS")
        begun = True
        if found.stray:
            yield _refused(reading, f"lines #{nth}", found.content, "line", "lines without a message header", "format")
        elif found.too_long:
            limit = f"longer than {LONGEST_MESSAGE >> 20} MB; only its beginning is kept. Send its vital signs apart"
            yield _refused(reading, f"message #{nth}", found.content[:_KEPT_OF_TOO_LONG], "message", limit, "size")
        else:
            yield read_message(found.content, reading, f"message #{nth}")
    if not begun:
        raise FileRefused("holds no HL7 v2 message; expected at least one that begins with MSH")


def read_message(message: bytes, reading: Reading, place: str = "message") -> RowRead:
    """One message, without framing. Its place is `message` and its control id (MSH-10); `place` where it has none.

    Never raises: bytes that are no message come back as a refusal at the place of the message itself, for which
    `verdict` says AR.
    """
    if len(message) > LONGEST_MESSAGE:
        limit = f"longer than {LONGEST_MESSAGE >> 20} MB; only its beginning is kept. Send its vital signs apart"
        return _refused(reading, place, message[:_KEPT_OF_TOO_LONG], "message", limit, "size")
    try:
        read = Message.of(message, tables().charset_when_none_is_declared)
    except Unusable as why:
        return _refused(reading, place, message, why.field, str(why), why.rule)
    control_id = read.control_id
    found = MessageReading(reading, f"message {control_id}" if control_id else place, read)
    kind, trigger = read.header.component(9).upper()[:20], event(read)[:20]
    if not kind:
        untyped = "no message type, so that nobody knows what it says; expected one such as ORU^R01; quarantined"
        return _refused(reading, found.place, message, "MSH-9", untyped, "missing")
    if kind == "ORU" and trigger in {"R01", ""}:
        read_observations(found)
    elif kind == "ADT" and trigger in EVENTS:
        read_admission(found)
    else:
        found.ignored_kind = f"{kind} {trigger}".strip()
    return found.done()


def _refused(reading: Reading, place: str, content: bytes, field: str, reason: str, rule: str) -> RowRead:
    refusal = Refusal(source=reading.source, place=place, field=field, reason=reason, rule=rule)
    return RowRead(source=reading.source, place=place, refusals=(refusal,), raw=bytes_to_keep(content))
