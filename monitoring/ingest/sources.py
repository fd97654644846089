"""A table as a header and rows of text, whatever it was written as; and the refusal of an input as a whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass


class FileRefused(ValueError):
    """An input refused whole; the message says what, what was expected, and what the person can do."""


@dataclass(frozen=True)
class TextRow:
    """One data row: its place, its cells, its text as it arrived, and why it cannot be read as cells (`broken`)."""

    place: str
    cells: Sequence[str]
    raw: str
    broken: str | None = None


@dataclass(frozen=True)
class Table:
    """A header and the rows below it, read as they are asked for."""

    header: Sequence[str]
    rows: Iterator[TextRow]
    comma_is_decimal: bool = False
