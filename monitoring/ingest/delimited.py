"""Delimited text (RFC 4180 and its habits) read one record at a time, with the line each record starts on.

Exactness before speed: a record that cannot be read is one broken row with its reason, and the next line is
read as if nothing had happened. Memory is bounded by the longest record accepted.
"""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Iterable, Iterator
from io import BufferedReader, RawIOBase
from itertools import islice
from typing import TYPE_CHECKING

from monitoring.ingest.sources import FileRefused, Table, TextRow

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

LONGEST_FIELD = 100_000
LONGEST_RECORD = 1_000_000
_DELIMITERS = (",", ";", "\t")
_UNDECODED = re.compile("[\udc80-\udcff]")
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


def read_delimited(stream: BufferedReader) -> Table:
    """The table in a text. Raises FileRefused for one that is empty or no text."""
    start = stream.peek(4)
    if not start:
        raise FileRefused("is empty; expected a header line and rows")
    if start.startswith(_UTF16):
        raise FileRefused("is UTF-16 text; expected UTF-8. Save it again as CSV UTF-8")
    if b"\r" in start and b"\n" not in start:
        stream = BufferedReader(_ReturnsAsLines(stream))
    lines = _Lines(stream)
    for first in lines:
        if first.text.strip(",;\t \r\n"):
            return _with_header(first, lines)
    raise FileRefused("has no header line; expected one line of column names")


class _ReturnsAsLines(RawIOBase):
    """A text whose lines end in a carriage return alone, as spreadsheets on a Macintosh save it."""

    def __init__(self, stream: BufferedReader) -> None:
        self._stream = stream

    def readable(self) -> bool:
        return True

    def readinto(self, into: WriteableBuffer) -> int:
        room = memoryview(into)
        data = self._stream.read1(room.nbytes).replace(b"\r", b"\n")
        room[: len(data)] = data
        return len(data)


class _Line:
    """One physical line: its number from 1, and its text without the line ending (undecodable bytes escaped)."""

    __slots__ = ("number", "text", "too_long")

    def __init__(self, number: int, data: bytes, too_long: bool) -> None:
        self.number = number
        self.text = data.decode("utf-8-sig" if number == 1 else "utf-8", "surrogateescape")
        self.too_long = too_long


class _Lines:
    """The physical lines of a stream, with room to put lines back; or many at once where nothing in them is special."""

    def __init__(self, stream: BufferedReader) -> None:
        self._stream = stream
        self._back: deque[_Line] = deque()
        self._number = 0

    def __iter__(self) -> Iterator[_Line]:
        return self

    def __next__(self) -> _Line:
        if self._back:
            return self._back.popleft()
        data = self._stream.readline(LONGEST_RECORD)
        if not data:
            raise StopIteration
        self._number += 1
        too_long = len(data) == LONGEST_RECORD and not data.endswith(b"\n")
        rest = data
        while too_long and rest and not rest.endswith(b"\n"):
            rest = self._stream.readline(LONGEST_RECORD)
        return _Line(self._number, data, too_long)

    def put_back(self, lines: list[_Line]) -> None:
        self._back.extendleft(reversed(lines))

    def plain(self) -> tuple[int, list[str]] | int:
        """The number of the first line at hand and all whole lines at hand, when no quote or odd byte is in them.

        Else how many lines to read one by one before asking again.
        """
        if self._back:
            return len(self._back)
        at_hand = self._stream.peek()
        block = at_hand[: at_hand.rfind(b"\n") + 1]
        count = block.count(b"\n")
        if not block or b'"' in block or b"\0" in block or block.count(b"\r") != block.count(b"\r\n"):
            return count or 1
        try:
            lines = block.decode().replace("\r\n", "\n").split("\n")
        except UnicodeDecodeError:
            return count
        self._stream.read(len(block))
        first = self._number + 1
        self._number += count
        return first, lines


def _with_header(first: _Line, lines: _Lines) -> Table:
    if "\0" in first.text:
        raise FileRefused("is not text (a NUL byte in its first line); expected CSV, TSV or Parquet")
    best: tuple[int, str, TextRow] | None = None
    for delimiter in _DELIMITERS:
        taken: list[_Line] = []
        row = _record(first, lines, delimiter, taken)
        lines.put_back(taken)
        if row.broken is None and (best is None or len(row.cells) > best[0]):
            best = (len(row.cells), delimiter, row)
    if best is None:
        raise FileRefused(
            "has a first line that is no row of column names; expected comma, semicolon or tab between them"
        )
    _, delimiter, _ = best
    header = _record(first, lines, delimiter, [])
    return Table(
        tuple(header.cells), _rows(lines, delimiter, len(header.cells)), delimiter == ";", header.raw, delimiter
    )


def _rows(lines: _Lines, delimiter: str, width: int) -> Iterator[TextRow]:
    while True:
        plain = lines.plain()
        if isinstance(plain, int):
            one_by_one = list(islice(lines, 1))
            if not one_by_one:
                return
            yield from _checked(one_by_one, lines, delimiter, width)
            yield from _checked(islice(lines, plain - 1), lines, delimiter, width)
            continue
        for number, text in enumerate(plain[1], start=plain[0]):
            cells = text.split(delimiter)
            if len(cells) == width and len(text) <= LONGEST_FIELD:
                if cells[0] or text.strip():
                    yield TextRow(str(number), cells, text)
            else:
                yield from _checked([_Line(number, text.encode(), False)], lines, delimiter, width)


def _checked(some: Iterable[_Line], lines: _Lines, delimiter: str, width: int) -> Iterator[TextRow]:
    """The records that start on `some` lines, those of another width than the header broken."""
    for line in some:
        if not line.text.strip():
            continue
        row = _record(line, lines, delimiter, [])
        if row.broken is None and len(row.cells) != width:
            which = "more" if len(row.cells) > width else "fewer"
            reason = (
                f"{len(row.cells)} cells, {which} than the {width} columns of the header; not read. Correct the row"
            )
            row = TextRow(row.place, (), row.raw, reason)
        yield row


def _record(first: _Line, lines: _Lines, delimiter: str, taken: list[_Line]) -> TextRow:
    """The record that starts on `first`; the further lines it needed are added to `taken`."""
    place = str(first.number)
    if first.too_long:
        return _broken(place, first.text[:LONGEST_FIELD], f"a line of over {LONGEST_RECORD:,} bytes; not read")
    parts, size = [first.text], len(first.text)
    is_open = _stays_open(first.text, False, delimiter)
    while is_open:
        line = next(lines, None)
        if line is not None:
            taken.append(line)
            size += len(line.text)
        if line is None or line.too_long or size > LONGEST_FIELD:
            lines.put_back(taken)
            taken.clear()
            return _broken(
                place, first.text, "a quote opens here and is never closed; not read. Close or remove the quote"
            )
        parts.append(line.text)
        is_open = _stays_open(line.text, True, delimiter)
    text = "".join(parts).rstrip("\r\n")
    return _split(place, text, delimiter)


def _split(place: str, text: str, delimiter: str) -> TextRow:
    if "\0" in text:
        return _broken(place, text, "a NUL byte; not read. Export the file again as text")
    if not text.isascii() and _UNDECODED.search(text):
        return _broken(place, text, "bytes that are not UTF-8; not read. Save the file again as UTF-8")
    try:
        cells = next(csv.reader([text], delimiter=delimiter, strict=True), [])
    except csv.Error as wrong:
        return _broken(place, text, f"not a row of cells ({wrong}); not read. Correct the quotes")
    if len(text) > LONGEST_FIELD and any(len(cell) > LONGEST_FIELD for cell in cells):
        return _broken(place, text, f"a cell of over {LONGEST_FIELD:,} characters; not read")
    return TextRow(place, cells, text)


def _broken(place: str, text: str, reason: str) -> TextRow:
    shown = text.rstrip("\r\n").encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return TextRow(place, (), shown.replace("\0", "\\x00"), reason)


def _stays_open(line: str, is_open: bool, delimiter: str) -> bool:
    """Whether a quoted cell is still open at the end of `line`, given whether one was at its start."""
    if '"' not in line:
        return is_open
    at = 0
    while True:
        if not is_open:
            if not line.startswith('"', at):
                at = line.find(delimiter, at) + 1
                if at == 0:
                    return False
                continue
            at += 1
        at = line.find('"', at)
        if at < 0:
            return True
        at += 1
        is_open = line.startswith('"', at)
        if is_open:
            at += 1
            continue
        at = line.find(delimiter, at) + 1
        if at == 0:
            return False
