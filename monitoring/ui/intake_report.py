"""The parts of the Intake page: the equation, the refusals, and the rows to mend, as text that opens nothing."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from html import escape
from typing import Protocol

from monitoring.records import Refusal

SHOWN = 200
"""The most refusals the table shows; the download holds all."""


_RIGHT = ' class="number"'


class Counted(Protocol):
    """Anything that carries the equation."""

    read: int
    stored: int
    duplicates: int
    quarantined: int
    ignored: int


def equation(counts: Counted) -> str:
    """`12 read = 9 stored + 1 duplicate + 2 quarantined + 0 ignored`, large."""
    duplicates = "duplicate" if counts.duplicates == 1 else "duplicates"
    bad = ' class="bad"' if counts.quarantined else ""
    return (
        f'<p class="equation">{counts.read} <span>read =</span> {counts.stored} <span>stored +</span> '
        f"{counts.duplicates} <span>{duplicates} +</span> <b{bad}>{counts.quarantined}</b> <span>quarantined +</span> "
        f"{counts.ignored} <span>ignored</span></p>"
    )


def table(names: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A plain table; numbers stand right."""
    body = [f"<tr>{''.join(_cell(value) for value in row)}</tr>" for row in rows]
    numbers = [isinstance(value, int) for value in rows[0]] if rows else [False] * len(names)
    head = "".join(
        f'<th scope="col"{_RIGHT if number else ""}>{escape(name)}</th>'
        for name, number in zip(names, numbers, strict=True)
    )
    sheet = f"<thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody>"
    return f'<div class="scroll"><table class="sheet">{sheet}</table></div>'


def _cell(value: object) -> str:
    return f"<td{_RIGHT if isinstance(value, int) else ''}>{escape('' if value is None else str(value))}</td>"


def refusal_table(refusals: Sequence[Refusal]) -> str:
    """Place, field, value and reason of the first refusals."""
    rows = [(f"{one.source}:{one.place}", one.field, one.value, one.reason) for one in refusals[:SHOWN]]
    return table(("Place", "Field", "Value", "Reason"), rows)


def refused_csv(refusals: Sequence[Refusal]) -> bytes:
    """The refused rows for a spreadsheet. A cell that a spreadsheet would run as a formula is led by an apostrophe."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["source", "place", "field", "value", "reason", "row"])
    for one in refusals:
        writer.writerow([_safe(cell) for cell in (one.source, one.place, one.field, one.value, one.reason, one.raw)])
    return out.getvalue().encode("utf-8-sig")


def _safe(cell: str | None) -> str:
    text = cell or ""
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
