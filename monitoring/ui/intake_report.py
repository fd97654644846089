"""The parts of the Intake page: the equation, the refusals, and the rows to mend, as text that opens nothing."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from html import escape
from typing import Protocol

import pandas as pd
from pandas.api.types import is_numeric_dtype

from monitoring.records import WATCH, Refusal, Tally
from monitoring.store import HeldRefusal, LedgerRow
from monitoring.ui.intake_words import resolution_words

SHOWN = 200
"""The most lines a table shows; its download holds all."""

COUNTS = {
    "read": "Read",
    "stored": "Stored",
    "duplicates": "Duplicates",
    "quarantined": "Quarantined",
    "ignored": "Ignored",
}
"""The terms of the equation and their headings."""

_RIGHT = ' class="number"'
_NOTHING = ' class="number nil"'
_CHANNELS = {"http": "HTTP", "mllp": "HL7 v2 listener", "screen": "Screens", WATCH: "The watch over alerts"}
_SIGNS = "=+@\uff1d\uff0b\uff0d\uff20-"
_STARTS_FORMULA = re.compile(rf"^(?=\s*[{_SIGNS}]|[\t\r\n])|(?<=[;\r\n])(?=[ \t]*[{_SIGNS}])")
"""Where a spreadsheet would see a formula begin: a cell, and inside it what a German Excel takes for the next cell."""


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
    shown = _NOTHING if side and value == 0 else side
    return f'<td data-name="{escape(str(name))}"{shown}>{escape(str(value))}</td>'


def ledger_frame(rows: Sequence[LedgerRow]) -> pd.DataFrame:
    """What became of everything each source sent on each day, and of what was quarantined then, since."""
    return pd.DataFrame(
        [
            {"Day": row.day, "Source": row.source, **_terms(row.tally), "Resolved since": row.resolved}
            | {"Open": row.waiting}
            for row in rows
        ],
        columns=["Day", "Source", *COUNTS.values(), "Resolved since", "Open"],
    )


def ledger_table(rows: Sequence[LedgerRow]) -> str:
    """The first lines of `ledger_frame`."""
    return table(ledger_frame(rows[:SHOWN]))


def channel_table(rows: Sequence[LedgerRow]) -> str:
    """The equation of each channel, over all its sources and days; empty where everything came by one."""
    sums: dict[str, Tally] = defaultdict(Tally)
    done: dict[str, int] = defaultdict(int)
    for row in rows:
        sums[channel(row.source)] += row.tally
        done[channel(row.source)] += row.resolved
    if len(sums) < 2:
        return ""
    lines = [
        {"Channel": name, **_terms(tally), "Resolved since": done[name], "Open": tally.quarantined - done[name]}
        for name, tally in sums.items()
    ]
    return table(pd.DataFrame(lines))


def channel(source: str) -> str:
    """By what way a source reached us, from the first word of its name; what a watched folder takes in are files."""
    if source.endswith((" (corrected)", " (replayed)")):
        return "Mended on this page"
    return _CHANNELS.get(source.split(" ", 1)[0], "File")


def since_then(rows: Sequence[LedgerRow]) -> str:
    """How many of the quarantined rows were resolved since, and how many are open, as a sentence."""
    refused_rows = sum(row.tally.quarantined for row in rows)
    resolved = sum(row.resolved for row in rows)
    if not refused_rows:
        return "Nothing was quarantined."
    if refused_rows == 1:
        return "One row was quarantined, and " + ("was resolved since." if resolved else "is open.")
    if resolved == refused_rows:
        return f"All {refused_rows} quarantined rows were resolved since."
    if not resolved:
        return f"All {refused_rows} quarantined rows are open."
    waiting = refused_rows - resolved
    done, left = ("was" if resolved == 1 else "were"), ("is" if waiting == 1 else "are")
    return f"Of {refused_rows} quarantined rows, {resolved} {done} resolved since and {waiting} {left} open."


def _terms(tally: Tally) -> dict[str, int]:
    return {heading: getattr(tally, term) for term, heading in COUNTS.items()}


def refused(refusals: Sequence[Refusal]) -> pd.DataFrame:
    """One line a refusal: source, place, field, value, reason, and the row as it came; text, empty where absent."""
    columns = {"source": str, "place": str, "field": str, "value": str, "reason": str, "raw": str}
    frame = pd.DataFrame([one.model_dump(include=set(columns)) for one in refusals], columns=list(columns))
    return frame.fillna("").astype(columns).rename(columns={"raw": "row"})


def refusal_table(refusals: Sequence[Refusal]) -> str:
    """Place, field, value and reason of each refusal."""
    frame = refused(refusals)
    frame.insert(0, "Place", frame["source"] + ":" + frame["place"])
    shown = frame[["Place", "field", "value", "reason"]]
    return table(shown.rename(columns=str.capitalize))


def refused_csv(refusals: Sequence[Refusal]) -> bytes:
    """The refused rows for a spreadsheet."""
    return sheet(refused(refusals))


def held_csv(rows: Iterable[HeldRefusal]) -> bytes:
    """Refusals with the header of their table, when they came, and what became of them, for a spreadsheet."""
    held = list(rows)
    frame = refused([one.refusal for one in held])
    frame["header"] = [one.row.context or "" for one in held]
    frame["arrived"] = [one.received_at.isoformat() for one in held]
    frame["outcome"] = [resolution_words(one.resolution) if one.resolution else "open" for one in held]
    return sheet(frame)


def sheet(frame: pd.DataFrame) -> bytes:
    """CSV for a spreadsheet. What one would run as a formula is led by an apostrophe."""
    text = frame.map(lambda cell: _safe(cell) if isinstance(cell, str) else cell)
    return text.to_csv(index=False, lineterminator="\r\n").encode("utf-8-sig")


def _safe(cell: str) -> str:
    return _STARTS_FORMULA.sub("'", cell)
