"""A stream of bytes into messages: one after the other, in batches (FHS, BHS, BTS, FTS), or framed as MLLP frames them.

What is held in memory is one message, and never more than the longest one read.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

LONGEST_MESSAGE = 8 * 2**20
"""Bytes of the longest message read. A set of vital signs has four thousand; documents sent as messages have more."""
MOST_SEGMENTS = 20_000
_CHUNK = 2**20
_ENDS = bytes.maketrans(b"\n\x0b\x1c", b"\r\r\r")
_ENVELOPE = frozenset({b"FHS", b"BHS", b"BTS", b"FTS"})
_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Framed:
    """The bytes of one message; of one that is `too_long` only the beginning. `stray`: lines without a header."""

    content: bytes
    too_long: bool = False
    stray: bool = False


def framed(stream: BinaryIO) -> Iterator[Framed]:
    """Every message of the stream in order, and every run of lines that belongs to none."""
    gathered: list[bytes] = []
    size = 0
    for line, cut in _lines(stream):
        start = line.removeprefix(_BOM)[:3]
        if start in _ENVELOPE or start == b"MSH":
            if gathered:
                yield _as_message(gathered, size)
            gathered, size = [], 0
        if start in _ENVELOPE:
            continue
        size += LONGEST_MESSAGE + 1 if cut else len(line) + 1
        if (size <= LONGEST_MESSAGE and len(gathered) <= MOST_SEGMENTS + 1) or not gathered:
            gathered.append(line)
    if gathered:
        yield _as_message(gathered, size)


def _as_message(lines: list[bytes], size: int) -> Framed:
    content = b"\r".join(lines)
    return Framed(content, size > LONGEST_MESSAGE, not content.removeprefix(_BOM).startswith(b"MSH"))


def _lines(stream: BinaryIO) -> Iterator[tuple[bytes, bool]]:
    """Lines without their ends, empty ones passed over; a line longer than a message is cut, its rest dropped."""
    kept, dropping = b"", False
    while chunk := stream.read(_CHUNK):
        *whole, kept = (kept + chunk.translate(_ENDS)).split(b"\r")
        for line in whole:
            if line.strip() and not dropping:
                yield line.lstrip(b" \t"), False
            dropping = False
        if len(kept) > LONGEST_MESSAGE or dropping:
            if not dropping:
                yield kept.lstrip(b" \t")[:_CHUNK], True
            kept, dropping = b"", True
    if kept.strip() and not dropping:
        yield kept.lstrip(b" \t"), False
