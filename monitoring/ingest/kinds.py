"""Which kind of file a header announces, and how its rows are read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from monitoring.concepts import folded
from monitoring.ingest.repeats import Repeats
from monitoring.ingest.rows import Reading, Row, cell_text, nearest
from monitoring.ingest.sources import FileRefused, Table, TextRow
from monitoring.records import RowRead

ANY_FACT = {name: (name,) for name in ("status", "author", "recorded_at", "record_id")}
"""Columns every kind of our own accepts."""

_TRIAL_TABLES = {
    "VSTESTCD": "Write its vital signs as long values: USUBJID as patient_id, VSDTC with an offset as time, VSTESTCD "
    "as concept, VSORRES as value, VSORRESU as unit, and NOT DONE in VSSTAT as status not-taken",
    "FATESTCD": "Write its severities as a symptom log: USUBJID as patient_id, FADTC with an offset as time, patient "
    "as reporter, FAOBJ as symptom, the SEV row as severity; leave out what was NOT DONE, which is not none",
}
"""The column that only this table of a trial has, and how to send it."""


@dataclass(frozen=True)
class Kind:
    """One kind of file. `columns` maps our name of a column to the spellings accepted, the first one shown.

    `needed` lists groups of columns; a header must have one of each group. `together` lists the columns that are read
    together, in the order of their facts, where the facts of one such group do not depend on another (`repeats`).
    """

    name: str
    columns: Mapping[str, tuple[str, ...]]
    needed: Sequence[Sequence[str]]
    read: Callable[[Row], None]
    together: Sequence[Sequence[str]] = ()

    def positions(self, header: Sequence[str]) -> dict[str, int]:
        """Where each of our columns stands in `header`."""
        spellings = {folded(spelling): name for name, accepted in self.columns.items() for spelling in accepted}
        found: dict[str, int] = {}
        for at, column in enumerate(header):
            name = spellings.get(folded(column))
            if name is None:
                continue
            if name in found:
                raise FileRefused(
                    f"has two columns for {self.columns[name][0]} ({header[found[name]]!r} and {column!r}); "
                    "expected one. Remove or rename the other"
                )
            found[name] = at
        return found

    def missing(self, header: Sequence[str]) -> list[str]:
        """The columns this kind needs and `header` has not, as the kind spells them."""
        have = {folded(column) for column in header}
        return [
            " or ".join(self.columns[name][0] for name in group)
            for group in self.needed
            if not any(folded(spelling) in have for name in group for spelling in self.columns[name])
        ]

    def known(self, header: Sequence[str]) -> int:
        """How many columns of `header` this kind knows."""
        accepted = {folded(spelling) for spellings in self.columns.values() for spelling in spellings}
        return sum(folded(column) in accepted for column in header)


def kind_of(header: Sequence[str], kinds: Sequence[Kind]) -> Kind:
    """The kind `header` announces: all it needs is there, and most columns are known.

    Raises FileRefused naming the nearest kind and the missing columns.
    """
    fitting = [kind for kind in kinds if not kind.missing(header)]
    if fitting:
        return max(fitting, key=lambda kind: kind.known(header))
    trial = _TRIAL_TABLES.keys() & {column.strip().upper() for column in header}
    if trial:
        raise FileRefused(
            f"is a table of a clinical trial (CDISC SDTM), not read as such (D91). {_TRIAL_TABLES[trial.pop()]}"
        )
    near = min(kinds, key=lambda kind: (len(kind.missing(header)), -kind.known(header)))
    shown = ", ".join(header)[:200].encode("utf-8", "replace").decode()
    raise FileRefused(
        f"fits no kind of file we read (its columns: {shown}); the nearest is {near.name}, "
        f"which also needs {', '.join(near.missing(header))}. Add or rename these columns"
    )


def read_rows(table: Table, kind: Kind, reading: Reading) -> Iterator[RowRead]:
    """Each data row of `table`, once. Raises FileRefused for a header with the same column twice."""
    positions = kind.positions(table.header)
    return _read_rows(table, kind, reading, positions, _misspelt(table.header, kind, reading, positions))


def _read_rows(
    table: Table, kind: Kind, reading: Reading, positions: Mapping[str, int], misspelt: Mapping[int, str]
) -> Iterator[RowRead]:
    headers = {name: table.header[at] for name, at in positions.items()}
    headers |= {table.header[at]: table.header[at] for at in misspelt}
    places = {**positions, **{table.header[at]: at for at in misspelt}}

    def in_full(text_row: TextRow) -> RowRead:
        cells = {} if text_row.broken else {name: text_row.cells[at] for name, at in places.items()}
        row = Row(reading, text_row.place, cells, text_row.raw, headers, table.header_text)
        if text_row.broken:
            row.refuse(None, "format", text_row.broken)
        elif not any(text_row.cells):
            row.ignored_kind = "empty row"
        else:
            kind.read(row)
            for at, reason in misspelt.items():
                if cell_text(text_row.cells[at]) is not None:
                    row.refuse(table.header[at], "unknown column", reason)
        return row.done()

    if not kind.together:
        return map(in_full, table.rows)
    return Repeats(kind.read, kind.together, reading, positions, misspelt).rows(table.rows, in_full)


def _misspelt(header: Sequence[str], kind: Kind, reading: Reading, positions: Mapping[str, int]) -> dict[int, str]:
    """Unknown columns that are likely a value we would read: their cells are refused, so that none is lost unseen."""
    if kind.name.startswith("clif_"):
        return {}
    found = {}
    absent = [spellings[0] for name, spellings in kind.columns.items() if name not in positions]
    for at, column in enumerate(header):
        if at in positions.values():
            continue
        close = [name for name in nearest(column, absent, 1) if _one_slip(folded(column), folded(name))]
        if close:
            found[at] = f"this column is not known; the nearest is {close[0]}. Not read; rename the column"
        elif reading.dictionary.concept(column) is not None:
            found[at] = (
                f"{kind.name} has no such column; not read. Send it as rows of patient_id, time, concept, value, unit"
            )
    return found


def _one_slip(left: str, right: str) -> bool:
    """Whether two names differ by one letter more, less, other, or swapped."""
    if abs(len(left) - len(right)) > 1 or min(len(left), len(right)) < 3:
        return False
    start = next((i for i, (a, b) in enumerate(zip(left, right, strict=False)) if a != b), min(len(left), len(right)))
    a, b = left[start:], right[start:]
    return a[1:] == b[1:] or a[1:] == b or a == b[1:] or (a[:2] == b[1::-1] and a[2:] == b[2:])
