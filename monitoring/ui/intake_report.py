"""The parts of the Intake page: the equation, the refusals, and the rows to mend, as text that opens nothing."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Protocol

import pandas as pd
from pandas.api.types import is_numeric_dtype

from monitoring.records import Refusal
from monitoring.store import LedgerRow

SHOWN = 200
"""The most refusals the table shows; the download holds all."""

COUNTS = {
    "read": "Read",
    "stored": "Stored",
    "duplicates": "Duplicates",
    "quarantined": "Quarantined",
    "ignored": "Ignored",
}
"""The terms of the equation and their headings."""

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


def table(frame: pd.DataFrame) -> str:
    """A plain table; columns of numbers stand right. On a telephone each row is a card, its cells named."""
    right = [_RIGHT if is_numeric_dtype(frame[name]) else "" for name in frame]
    head = "".join(f'<th scope="col"{side}>{escape(str(name))}</th>' for name, side in zip(frame, right, strict=True))
    body = "".join(f"<tr>{''.join(map(_cell, frame, right, row))}</tr>" for row in frame.itertuples(index=False))
    sheet = f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody>"
    return f'<div class="scroll"><table class="sheet cards">{sheet}</table></div>'


def _cell(name: object, side: str, value: object) -> str:
    return f'<td data-name="{escape(str(name))}"{side}>{escape(str(value))}</td>'


def ledger_table(rows: Sequence[LedgerRow]) -> str:
    """What became of everything each source sent on each day."""
    frame = pd.DataFrame(
        [{"Day": row.day, "Source": row.source, **row.tally.model_dump(include=set(COUNTS))} for row in rows]
    )
    return table(frame.rename(columns=COUNTS)[["Day", "Source", *COUNTS.values()]])


def refused(refusals: Sequence[Refusal]) -> pd.DataFrame:
    """One line a refusal: source, place, field, value, reason, and the row as it came; text, empty where absent."""
    columns = {"source": str, "place": str, "field": str, "value": str, "reason": str, "raw": str}
    frame = pd.DataFrame([one.model_dump(include=set(columns)) for one in refusals], columns=list(columns))
    return frame.fillna("").astype(columns).rename(columns={"raw": "row"})


def refusal_table(refusals: Sequence[Refusal]) -> str:
    """Place, field, value and reason of the first refusals."""
    frame = refused(refusals[:SHOWN])
    frame.insert(0, "Place", frame["source"] + ":" + frame["place"])
    shown = frame[["Place", "field", "value", "reason"]]
    return table(shown.rename(columns=str.capitalize))


def refused_csv(refusals: Sequence[Refusal]) -> bytes:
    """The refused rows for a spreadsheet. A cell that a spreadsheet would run as a formula is led by an apostrophe."""
    text = refused(refusals).map(_safe).to_csv(index=False, lineterminator="\r\n")
    return text.encode("utf-8-sig")


def _safe(cell: str) -> str:
    return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell
