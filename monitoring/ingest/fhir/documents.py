"""The bytes of an input as resources: a resource, a Bundle or a list in one document, or NDJSON line by line.

Lines are read one at a time, so a bulk file may be larger than memory; one document, or one line, may not be larger
than `LARGEST`. A document that is no FHIR JSON is refused whole; one line or entry that is none is quarantined.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import chain
from typing import BinaryIO, NamedTuple

import msgspec

from monitoring.ingest.fhir.resources import UNREADABLE, Head
from monitoring.ingest.sources import FileRefused

LARGEST = 64 * 1024 * 1024
"""Bytes of one document or one line."""
_BOM = b"\xef\xbb\xbf"
_EXPECTED = "expected FHIR R4 JSON: a resource, a Bundle, or NDJSON with one resource a line"


class NotJson(ValueError):
    """Bytes that are no JSON we accept; the message says why."""


class Document(NamedTuple):
    """One JSON text and where it stands; `place` is empty for the only one of an input. `broken`: why it is unread."""

    place: str
    raw: bytes
    broken: str | None = None


def json_texts(stream: BinaryIO) -> Iterator[Document]:
    """The JSON texts of `stream`. Raises FileRefused at once where the input as a whole is no FHIR JSON."""
    lines = _lines(stream)
    first = next(lines, None)
    if first is None:
        raise FileRefused(f"is empty; {_EXPECTED}")
    if first.broken is not None:
        raise FileRefused(f"{first.broken}; {_EXPECTED}")
    second = next(lines, None)
    if _is_resource(first.raw) or (second is not None and _is_resource(second.raw)):
        if second is None:
            return iter((Document("", first.raw),))
        return chain((first, second), lines)
    return iter((Document("", _whole(first, second, lines)),))


def _lines(stream: BinaryIO) -> Iterator[Document]:
    """Every line that is not empty; one that is too long is passed over to its end, and only its beginning kept."""
    number = 0
    while line := stream.readline(LARGEST + 1):
        number += 1
        broken = None
        if len(line) > LARGEST and not line.endswith(b"\n"):
            broken = f"a line longer than {LARGEST // 1024 // 1024} MiB"
            line = line[:1000]
            while (rest := stream.readline(LARGEST)) and not rest.endswith(b"\n"):
                pass
        if number == 1:
            line = line.removeprefix(_BOM)
        if line.strip():
            yield Document(f"line {number}", line, broken)


def _is_resource(text: bytes) -> bool:
    try:
        return bool(msgspec.json.decode(text, type=Head).resource_type)
    except UNREADABLE:
        return False


def _whole(first: Document, second: Document | None, lines: Iterator[Document]) -> bytes:
    """Every line as one document that begins like FHIR JSON. Raises FileRefused."""
    parts, size = [], 0
    for line in chain((first,), (second,) if second else (), lines):
        parts.append(line.raw)
        size += len(line.raw)
        if size > LARGEST or line.broken is not None:
            raise FileRefused(
                f"is one document larger than {LARGEST // 1024 // 1024} MiB; send it as NDJSON, one resource a line"
            )
    text = b"".join(parts)
    try:
        if text.lstrip().startswith(b"["):
            heads = msgspec.json.decode(text, type=list[Head])
        else:
            heads = [msgspec.json.decode(text, type=Head)]
    except UNREADABLE as wrong:
        raise FileRefused(f"is not read ({_why(wrong)}); {_EXPECTED}") from wrong
    if not any(head.resource_type for head in heads):
        raise FileRefused(f"names no resourceType; {_EXPECTED}")
    return text


def _why(wrong: Exception) -> str:
    return "nested too deeply" if isinstance(wrong, RecursionError) else str(wrong)


def checked(raw: bytes) -> None:
    """Hold one resource or entry to be JSON with every key once and every number within reach. Raises NotJson.

    The same text written again has as many colons, unless a key stood twice and msgspec kept the last.
    """
    try:
        again = msgspec.json.encode(msgspec.json.decode(raw))
    except UNREADABLE as wrong:
        raise NotJson(_why(wrong)) from wrong
    if b"\\u0000" in raw:
        raise NotJson("it holds the character NUL, which no store keeps")
    if raw.count(b":") == again.count(b":") and b"\\u003a" not in raw and b"\\u003A" not in raw:
        return
    try:
        json.loads(raw, object_pairs_hook=_once)
    except RecursionError as deep:
        raise NotJson(_why(deep)) from deep


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise NotJson(f"the key {twice[:80]!r} stands twice in one object")
    return found
