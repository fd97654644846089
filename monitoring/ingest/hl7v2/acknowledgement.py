"""What the sender of a message is told: accepted, in error with the fields, or not readable at all."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from enum import StrEnum

from monitoring.ingest.hl7v2.codes import tables
from monitoring.ingest.hl7v2.message import Delimiters, Message, Segment, Unusable
from monitoring.records import Refusal, RowRead

_MOST_REASONS = 20
_PLACE = re.compile(r"([A-Z][A-Z0-9]{2})(?:\[([0-9]+)\])?(?:-([0-9]+))?$")
_ERR_BY_FIELD = ("2.5", "2.6", "2.7", "2.8", "2.9")
_CODES = {"missing": "101", "unknown code": "103", "unknown word": "103", "charset": "102", "unavailable": "207"}
"""HL7 table 0357: required field missing, data type error, table value not found, our own error; else 102."""


class Verdict(StrEnum):
    """HL7 table 0008, original mode."""

    ACCEPTED = "AA"
    ERROR = "AE"
    REJECTED = "AR"


def verdict(row: RowRead) -> Verdict:
    """AR where the message as a whole could not be read, AE where something in it was refused, else AA.

    A refused message is held all the same: neither answer asks for it to be sent again unchanged.
    """
    if any(refusal.place == row.place for refusal in row.refusals):
        return Verdict.REJECTED
    return Verdict.ERROR if row.refusals else Verdict.ACCEPTED


def acknowledgement(
    message: bytes, said: Verdict, at: datetime, reasons: Sequence[Refusal] = (), text: str | None = None
) -> bytes:
    """The ACK for `message`, in its delimiters and character set, without framing.

    MSA-3 holds `text`, else the first of `reasons`; an ERR names each field. Of values it says nothing. Never raises
    for a message that cannot be read: the answer is then written with the usual delimiters.
    """
    try:
        read = Message.of(message, tables().charset_when_none_is_declared)
        header, marks, codec = read.header, read.delimiters, read.codec
    except Unusable:
        header, marks, codec = Segment("MSH", 1, Delimiters()), Delimiters(), "ascii"
    told = text or (f"{reasons[0].field or 'message'}: {reasons[0].reason}" if reasons else "")
    event, version, charset = header.component(9, 2), header.component(12), header.field(18)
    control_id = header.field(10)
    sender, receiver = [header.field(3), header.field(4)], [header.field(5), header.field(6)]
    stamp = at.astimezone(UTC).strftime("%Y%m%d%H%M%S+0000")
    kind = marks.component.join(filter(None, ("ACK", marks.escaped(event)))) if marks.component else "ACK"
    head = [*receiver, *sender, stamp, "", kind, f"A{control_id}"[:199], header.field(11) or "P", version or "2.5"]
    declared = f"{marks.component}{marks.repetition}{marks.escape}{marks.subcomponent}"
    lines = [["MSH", declared, *head, *([*[""] * 5, charset] if charset else [])]]
    lines.append(["MSA", said.value, control_id, marks.escaped(told[:200])])
    by_field = version.startswith(_ERR_BY_FIELD)
    lines += [_error(refusal, marks, by_field) for refusal in reasons[:_MOST_REASONS]]
    answer = "\r".join(marks.field.join(line) for line in lines) + "\r"
    return answer.replace("–", "-").encode(codec, "replace")


def _error(refusal: Refusal, marks: Delimiters, by_field: bool) -> list[str]:
    place = _PLACE.search(refusal.place)
    where = [place[1], place[2] or "1", place[3] or ""] if place else []
    code = _CODES.get(refusal.rule or "", "102")
    if by_field:
        reason = marks.escaped(refusal.reason[:250])
        return [
            "ERR",
            "",
            marks.component.join(where),
            marks.component.join([code, "", "HL70357"]),
            "E",
            "",
            "",
            reason,
        ]
    return ["ERR", marks.component.join([*where, code])]
