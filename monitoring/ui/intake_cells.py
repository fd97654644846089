"""A held row as a person edits it: the cells of a table under their columns, a resource or message as text.

Whatever is not edited goes back exactly as it came.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO, StringIO

import msgspec

from monitoring.ingest.contents import opened
from monitoring.ingest.delimited import read_delimited
from monitoring.store import HeldRow

MOST_CELLS = 60
"""A wider row is edited as text: nobody finds the wrong cell among so many fields."""

_MARK = "\ufeff"


@dataclass(frozen=True)
class Cells:
    """A row of a table: each column's name in the file, and its cell."""

    columns: tuple[str, ...]
    values: tuple[str, ...]
    delimiter: str

    def line(self, values: Sequence[str]) -> str:
        """The row with other cells, as a line of the same file."""
        written = StringIO()
        csv.writer(written, delimiter=self.delimiter, lineterminator="").writerow(values)
        return written.getvalue()


def cells_of(row: HeldRow) -> Cells | None:
    """The cells of a held row; None for one that is no row of its table, or is better edited as text."""
    if row.context is None or row.raw is None:
        return None
    text = f"{row.context}\n{row.raw}".encode("utf-8", "backslashreplace")
    table = read_delimited(opened(BytesIO(text)))
    rows = list(table.rows)
    if len(rows) != 1 or rows[0].broken or not 0 < len(table.header) <= MOST_CELLS:
        return None
    values = tuple(rows[0].cells)
    return (
        None
        if any("\n" in value or "\r" in value for value in values)
        else Cells(tuple(table.header), values, table.delimiter)
    )


def editable(raw: str) -> str:
    """A resource or message as lines a person reads: JSON indented with its numbers as they were, a segment a line."""
    text = raw.removeprefix(_MARK)
    if text.lstrip().startswith(("{", "[")):
        try:
            return msgspec.json.format(text, indent=2)
        except msgspec.DecodeError:
            return text
    return text.replace("\r\n", "\n").replace("\r", "\n")


def edited(raw: str, text: str) -> str:
    """What was made of `editable(raw)`, as it is read again; `raw` itself where nothing was changed."""
    if text == editable(raw):
        return raw
    return f"{_MARK}{text}" if raw.startswith(_MARK) else text
