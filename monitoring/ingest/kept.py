"""Facts as they are kept, one JSON object a line: what an export holds that no table has a shape for.

Each is validated like any other fact; it reached us now and from here, whatever its line says of that.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

import msgspec
from pydantic import ValidationError

from monitoring.clock import BEGINNING, TimeRefused, checked
from monitoring.ingest.fhir.documents import NotJson
from monitoring.ingest.fhir.documents import checked as sound
from monitoring.ingest.fhir.resources import UNREADABLE
from monitoring.ingest.rows import LONGEST_IDENTIFIER, TOO_LONG, Reading, Row
from monitoring.ingest.sources import FileRefused
from monitoring.records import RowRead, fact_from_json

LONGEST = 1_000_000
"""Bytes of one line."""
_LOOKS_SO = re.compile(rb'\{\s*"kind"\s*:')
_EXPECTED = 'expected one fact as an export writes it, such as {"kind": "milestone", "patient_id": ...}'


def are_kept(start: bytes) -> bool:
    """Whether JSON that begins so is a line of kept facts."""
    return _LOOKS_SO.match(start) is not None


def read_kept(stream: BinaryIO, reading: Reading) -> Iterator[RowRead]:
    """One RowRead for each line of `stream` that is not empty. Raises FileRefused for an input that is none."""
    if not are_kept(stream.readline(LONGEST).lstrip()):
        raise FileRefused(f"is no file of kept facts; {_EXPECTED}")
    stream.seek(0)
    return _lines(stream, reading)


def _lines(stream: BinaryIO, reading: Reading) -> Iterator[RowRead]:
    number = 0
    while line := stream.readline(LONGEST):
        number += 1
        too_long = not line.endswith(b"\n") and len(line) == LONGEST
        while too_long and (rest := stream.readline(LONGEST)) and not rest.endswith(b"\n"):
            pass
        if line.strip():
            yield _one(line.strip(), str(number), reading, too_long)


def _one(raw: bytes, place: str, reading: Reading, too_long: bool) -> RowRead:
    row = Row(reading, place, {}, raw[:LONGEST].decode("utf-8", "backslashreplace"))
    try:
        if too_long:
            raise NotJson(f"a line of over {LONGEST:,} bytes")
        sound(raw)
        said = msgspec.json.decode(raw, type=dict[str, object])
        said |= {"received_at": reading.received_at, "source": f"{reading.source}:{place}"}
        fact = fact_from_json(msgspec.json.encode(said))
        if fact.effective_at != BEGINNING:
            checked(fact.effective_at, reading.received_at, live=reading.live)
        if len(fact.patient_id) > LONGEST_IDENTIFIER:
            row.refuse("patient_id", "format", f"{TOO_LONG}; not read. Correct it")
        else:
            row.add(fact)
    except TimeRefused as refused:
        row.refuse("effective_at", "time", f"{refused}; quarantined, not graded")
    except ValidationError as wrong:
        at = ".".join(str(part) for part in wrong.errors(include_input=False)[0]["loc"])
        row.refuse(at or None, "format", f"not a fact we know; {_EXPECTED}. Not read; correct it")
    except (*UNREADABLE, NotJson) as wrong:
        row.refuse(None, "format", f"{wrong}; not read. {_EXPECTED[0].upper()}{_EXPECTED[1:]}")
    return row.done()
