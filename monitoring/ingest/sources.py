"""A table as a header and rows of text, whatever it was written as; and the refusal of an input as a whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from msgspec import Struct


class FileRefused(ValueError):
    """An input refused whole; the message says what, what was expected, and what the person can do."""


class TextRow(Struct, frozen=True, gc=False):
    """One data row: its place, its cells, its text as it arrived, and why it cannot be read as cells (`broken`)."""

    place: str
    cells: Sequence[str]
    raw: str
    broken: str | None = None


@dataclass(frozen=True)
class Table:
    """A header and the rows below it, read as they are asked for.

    `header_text` is the header line as it stands in the file: a refused row is kept with it, to be read again alone.
    `delimiter` is what stands between its cells there.
    """

    header: Sequence[str]
    rows: Iterator[TextRow]
    comma_is_decimal: bool = False
    header_text: str | None = None
    delimiter: str = ","
