"""One row while it is read: its cells by column, its facts, and a refusal for each cell that cannot be read."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum
from functools import lru_cache
from math import isfinite
from typing import Any, TypeVar

from monitoring.clock import CLOCKS_APART, FutureRefused, TimeRefused, checked, parse_with_offset
from monitoring.concepts import Concept, Dictionary, UnitRefused, folded
from monitoring.records import Fact, Refusal, RowRead, UnmappedCode
from monitoring.spreadsheet import restored
from monitoring.vocabulary import AbsentReason, Status

_NUMBER = re.compile(r"[+-]?[0-9]+(?:[.,][0-9]+)?(?:[eE][+-]?[0-9]{1,2})?")
_THOUSANDS = re.compile(r"[+-]?[1-9][0-9]{0,2},[0-9]{3}")
_STARTS_WITH_NUMBER = re.compile(r"[+-]?[0-9]+(?:[.,][0-9]+)?\s*[^\s0-9.,].*")
_EMPTY = frozenset({"", "NA", "N/A", "n/a", "#N/A", "<NA>", "NULL", "Null", "null", "NaN", "nan", "NAN", "."})
"""What R, pandas, SAS and spreadsheets write into an empty cell (D70)."""
_ABSENT = {
    "nottaken": AbsentReason.NOT_TAKEN,
    "notdone": AbsentReason.NOT_TAKEN,
    "refused": AbsentReason.REFUSED,
    "unable": AbsentReason.UNABLE,
    "asleep": AbsentReason.ASLEEP,
    "language": AbsentReason.LANGUAGE,
}
LONGEST_IDENTIFIER = 200
TOO_LONG = f"over {LONGEST_IDENTIFIER} characters, longer than any identifier"
"""Every reader refuses such a patient in these words: no database has an index that takes a text of any length."""
_TRUTH = {"true": True, "yes": True, "1": True, "y": True, "false": False, "no": False, "0": False, "n": False}
Word = TypeVar("Word", bound=StrEnum)


@dataclass(frozen=True)
class Reading:
    """What every row of a file is read with. `live`: it comes as it happens, not from a file of the past."""

    source: str
    received_at: datetime
    tz: tzinfo | None
    dictionary: Dictionary
    comma_is_decimal: bool = False
    live: bool = False


def cell_text(text: str) -> str | None:
    """A cell without surrounding space or the apostrophe of a quoted formula; None when it says it is empty."""
    text = text.strip()
    if text[:1] == "'":
        return restored(text)
    return None if text in _EMPTY else text


def identifier(text: str) -> str | None:
    """A cell that names a patient; None when it says it is empty, or is too long for a name."""
    said = cell_text(text)
    return None if said is None or len(said) > LONGEST_IDENTIFIER else said


def moment_in(text: str, reading: Reading, ahead: timedelta = CLOCKS_APART) -> tuple[datetime, int | None]:
    """A time as `reading` takes it, and how many minutes from UTC it says it is. Raises TimeRefused.

    `ahead` is how far after the time of receipt it may lie.
    """
    at, offset = parse_with_offset(text, reading.tz)
    return checked(at, reading.received_at, ahead=ahead, live=reading.live), offset


def absent_reason(text: str) -> AbsentReason | None:
    """The reason a value is not there, where `text` is one."""
    return _ABSENT.get(folded(text))


def nearest(name: str, known: Iterable[str], count: int = 3) -> list[str]:
    """The known names most like `name`."""
    return _nearest(name, tuple(known), count)


@lru_cache(maxsize=256)  # a misspelt name comes again in every row
def _nearest(name: str, known: tuple[str, ...], count: int) -> list[str]:
    by_fold = {folded(option): option for option in known}
    found = difflib.get_close_matches(folded(name)[:80], by_fold, n=count, cutoff=0.5)
    return [by_fold[option] for option in found]


@dataclass(slots=True)
class Row:
    """A row being read: `cells` is the text by column of its kind, `headers` how the file spells each column.

    `context` is the header line, with which the row can be read again alone.
    """

    reading: Reading
    place: str
    cells: Mapping[str, str]
    raw: str
    headers: Mapping[str, str] = field(default_factory=dict)
    context: str | None = None
    facts: list[Fact] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    unmapped: list[UnmappedCode] = field(default_factory=list)
    ignored_kind: str | None = None

    def text(self, column: str) -> str | None:
        """The cell without surrounding space; None when empty."""
        return cell_text(self.cells.get(column, ""))

    def refuse(self, column: str | None, rule: str, reason: str) -> None:
        """Quarantine the row for this cell by `rule` (see Refusal); what else is good in it is kept."""
        value = self.cells.get(column) if column else None
        self.refusals.append(
            Refusal(
                source=self.reading.source,
                place=self.place,
                field=None if column is None else self.headers.get(column, column),
                value=None if value is None else value[:200],
                reason=reason,
                rule=rule,
            )
        )

    def add(self, fact: Fact) -> None:
        """One more fact of this row."""
        self.facts.append(fact)

    def done(self) -> RowRead:
        """The row as read; nothing found in it and nothing refused is an empty set. A refused one keeps its text."""
        ignored = None if self.facts or self.refusals else self.ignored_kind or "empty set"
        return RowRead(
            source=self.reading.source,
            place=self.place,
            facts=tuple(self.facts),
            refusals=tuple(self.refusals),
            ignored_kind=ignored,
            unmapped=tuple(self.unmapped),
            raw=self.raw if self.refusals else None,
            context=self.context if self.refusals else None,
        )

    def number(self, column: str) -> float | None:
        """The cell as a number; None when empty or refused."""
        text = self.text(column)
        if text is None:
            return None
        if "," in text and not self.reading.comma_is_decimal and _THOUSANDS.fullmatch(text):
            self.refuse(
                column,
                "not a number",
                "could be a decimal comma or a thousands comma; not read. Write it with a decimal point",
            )
            return None
        if _NUMBER.fullmatch(text) and isfinite(number := float(text.replace(",", "."))):
            return number
        hint = " The unit belongs in the unit column or the header" if _STARTS_WITH_NUMBER.fullmatch(text) else ""
        self.refuse(
            column,
            "not a number",
            f"not a number; expected for example 38.4. Not read; correct the cell or leave it empty.{hint}",
        )
        return None

    def dose(self, column: str) -> float | None:
        """The cell as a dose, which is not below 0; None when empty or refused."""
        given = self.number(column)
        if given is not None and given < 0:
            self.refuse(column, "implausible", "a dose below 0; not read, the drug is kept without it. Correct it")
            return None
        return given

    def measured(self, column: str, concept: Concept, unit: str | None = None) -> float | None:
        """The cell in the concept's canonical unit; refused when not believable."""
        value = self.number(column)
        if value is None:
            return None
        if concept.id == "fio2" and not unit and value <= 1:
            value = round(value * 100, 9)
        try:
            value = concept.canonical(value, unit)
        except UnitRefused as unknown:
            self.refuse(
                "unit" if "unit" in self.cells else column,
                "unit",
                f"{unknown}; quarantined, not graded. Correct the unit",
            )
            return None
        if not concept.believable(value):
            low, high = concept.refuse_outside or (0.0, 0.0)
            shown = concept.unit.replace("[", "").replace("]", "").strip("{}")
            self.refuse(
                column,
                "implausible",
                f"outside {low:g}–{high:g} {shown} for {concept.label}; quarantined, not graded. "
                "Correct it at its source and send it again.",
            )
            return None
        return value

    def whole(self, column: str, low: int, high: int) -> int | None:
        """The cell as a whole number within both bounds; None when empty or refused."""
        value = self.number(column)
        if value is None:
            return None
        if value != int(value) or not low <= value <= high:
            self.refuse(
                column,
                "implausible",
                f"expected a whole number from {low} to {high}; quarantined, not graded. Correct it",
            )
            return None
        return int(value)

    def word(self, column: str, words: type[Word]) -> Word | None:
        """The cell as a member of an enumeration, case and punctuation aside; None when empty or refused."""
        text = self.text(column)
        if text is None:
            return None
        for member in words:
            if folded(member.value) == folded(text):
                return member
        self.refuse(column, "unknown word", f"expected one of {', '.join(words)}; not read. Correct the cell")
        return None

    def truth(self, column: str) -> bool | None:
        """The cell as true or false; None when empty or refused."""
        text = self.text(column)
        if text is None:
            return None
        answer = _TRUTH.get(text.casefold())
        if answer is None:
            self.refuse(column, "unknown word", "expected true or false; not read. Correct the cell")
        return answer

    def moment(self, column: str, needed: bool = False, ahead: timedelta = CLOCKS_APART) -> datetime | None:
        """The cell as a moment; None when empty or refused. An empty `needed` cell is refused.

        `ahead` is how far after the time of receipt it may lie.
        """
        return self.moment_and_offset(column, needed, ahead)[0]

    def moment_and_offset(
        self, column: str, needed: bool = False, ahead: timedelta = CLOCKS_APART
    ) -> tuple[datetime | None, int | None]:
        """`moment`, and how many minutes from UTC the cell says it is."""
        text = self.text(column)
        if text is None:
            if needed:
                expected = "empty; expected an ISO 8601 time such as 2026-03-01T08:00+01:00. Row not read"
                self.refuse(column, "missing", expected)
            return None, None
        try:
            return moment_in(text, self.reading, ahead)
        except TimeRefused as refused:
            rule = "future" if isinstance(refused, FutureRefused) else "time"
            self.refuse(column, rule, f"{refused}; quarantined, not graded")
            return None, None

    def patient(self, column: str = "patient_id") -> str | None:
        """The patient's identifier; None when refused: empty, or too long for one."""
        identity = self.text(column)
        if identity is None:
            self.refuse(column, "missing", "empty; expected the patient's identifier. Row not read")
        elif len(identity) > LONGEST_IDENTIFIER:
            self.refuse(column, "format", f"{TOO_LONG}; expected the patient's identifier. Row not read")
            return None
        return identity

    def provenance(self) -> dict[str, Any] | None:
        """What every fact of the row carries beside its own time; None when the patient or a status is refused."""
        before = len(self.refusals)
        identity = self.patient()
        recorded_at = self.moment("recorded_at")
        status = None if absent_reason(self.cells.get("status", "")) else self.word("status", Status)
        if identity is None or len(self.refusals) > before:
            return None
        return {
            "patient_id": identity,
            "recorded_at": recorded_at,
            "received_at": self.reading.received_at,
            "source": f"{self.reading.source}:{self.place}",
            "author": self.text("author"),
            "status": status or Status.FINAL,
            "record_id": self.text("record_id"),
        }

    def at(self, column: str = "time") -> dict[str, Any] | None:
        """`provenance` and the row's own time; None when the row cannot be placed."""
        said = self.provenance()
        effective_at, offset = self.moment_and_offset(column, needed=True)
        if said is None or effective_at is None:
            return None
        return {**said, "effective_at": effective_at, "utc_offset_minutes": offset}
