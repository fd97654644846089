"""Long values as JSON: one object or an array of them, each with the columns of the long CSV as its fields.

An object is one row. A field nobody knows refuses its object whole, so that a misspelt one never becomes "not taken".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

import msgspec

from monitoring.ingest.fhir.documents import LARGEST, NotJson, checked
from monitoring.ingest.fhir.resources import UNREADABLE
from monitoring.ingest.rows import Reading, Row, nearest
from monitoring.ingest.sources import FileRefused
from monitoring.ingest.values import LONG_VALUES
from monitoring.records import RowRead

FIELDS = tuple(LONG_VALUES.columns)
"""Every field an object may have."""
NEEDED = ("patient_id", "time", "concept")
_EXPECTED = "expected one JSON object or an array of them, each with patient_id, time, concept, value, unit"
_BOM = b"\xef\xbb\xbf"
_LONGEST_TEXT = 10_000
_LOOKS_SO = re.compile(rb'[{,]\s*"(?:patient_id|concept)"\s*:')


def are_objects(start: bytes) -> bool:
    """Whether JSON that begins so is ours rather than FHIR, which names its `resourceType`."""
    return b'"resourceType"' not in start and _LOOKS_SO.search(start) is not None


def read_objects(stream: BinaryIO, reading: Reading) -> Iterator[RowRead]:
    """One RowRead for each object of `stream`. Raises FileRefused at once for what is no such JSON."""
    text = stream.read(LARGEST + 1).removeprefix(_BOM).strip()
    if len(text) > LARGEST:
        raise FileRefused(f"is larger than {LARGEST // 1024 // 1024} MiB; send it in several parts")
    if not text.startswith((b"{", b"[")):
        raise FileRefused(f"is no JSON object and no array; {_EXPECTED}")
    try:
        if text.startswith(b"["):
            return _read_all(msgspec.json.decode(text, type=list[msgspec.Raw]), reading)
        return _read_all([msgspec.json.decode(text, type=msgspec.Raw)], reading)
    except UNREADABLE as wrong:
        raise FileRefused(f"is not read ({wrong}); {_EXPECTED}") from wrong


def _read_all(found: list[msgspec.Raw], reading: Reading) -> Iterator[RowRead]:
    if not found:
        yield RowRead(source=reading.source, place="body", ignored_kind="no object")
    for number, raw in enumerate(found, start=1):
        yield _read_one(bytes(raw).strip(), f"object {number}", reading)


def _read_one(raw: bytes, place: str, reading: Reading) -> RowRead:
    row = Row(reading, place, {}, raw.decode("utf-8", "backslashreplace"))
    try:
        checked(raw)
        said = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
    except (*UNREADABLE, NotJson) as wrong:
        row.refuse(None, "format", f"{wrong}; not read. {_EXPECTED[0].upper()}{_EXPECTED[1:]}")
        return row.done()
    cells = {name: _cell(value) for name, value in said.items()}
    row.cells = {name: cell for name, cell in cells.items() if cell is not None}
    for name, cell in cells.items():
        if name not in FIELDS:
            near = ", ".join(nearest(name, FIELDS, 1)) or ", ".join(FIELDS)
            row.refuse(name[:80], "unknown field", f"no such field; the nearest is {near}. Nothing of the object read")
        elif cell is None:
            row.refuse(name, "format", "expected a text, a number, true, false or null; nothing of the object read")
    if not row.refusals:
        LONG_VALUES.read(row)
    return row.done()


def _cell(raw: msgspec.Raw) -> str | None:
    """A value as it would stand in a cell, a number in its own digits; None for a list or an object."""
    text = bytes(raw).strip()
    if text[:1] in (b"{", b"[") or len(text) > _LONGEST_TEXT:
        return None
    if text == b"null":
        return ""
    return str(msgspec.json.decode(text)) if text.startswith(b'"') else text.decode()
