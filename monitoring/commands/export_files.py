"""Tables on disk, as CSV or Parquet, each block of facts read back before it is kept.

What does not read back as the very fact it was written from is kept as JSON in `facts/other.ndjson`, so that an export
that is taken in again loses nothing.
"""

from __future__ import annotations

import csv
import json
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import IO

import pyarrow as pa
import pyarrow.parquet as pq

from monitoring.concepts import Dictionary
from monitoring.export.fhir import Told
from monitoring.export.tables import Cell, Holds, Row, Table, placed
from monitoring.ingest import read_stream
from monitoring.records import Fact
from monitoring.spreadsheet import neutral

_BLOCK = 20_000
_ARROW = {Holds.TEXT: pa.string(), Holds.NUMBER: pa.float64(), Holds.TIME: pa.timestamp("us", tz="UTC")}
OTHER = "other.ndjson"


class Files:
    """The tables of one export in a folder; `counts` is rows by file. A file is made with its first row."""

    def __init__(self, folder: Path, fmt: str) -> None:
        self._folder = folder
        self._fmt = fmt
        self._parquet: dict[str, pq.ParquetWriter] = {}
        self._begun: set[str] = set()
        self.counts: Counter[str] = Counter()

    def add(self, under: str, table: Table, rows: Sequence[Row]) -> None:
        """Append rows to `under/TABLE`."""
        if not rows:
            return
        name = f"{under}/{table.name}.{self._fmt}"
        (self._folder / under).mkdir(parents=True, exist_ok=True)
        if self._fmt == "parquet":
            if name not in self._parquet:
                self._parquet[name] = pq.ParquetWriter(self._folder / name, _schema(table))
            self._parquet[name].write_table(_arrow(table, rows))
        else:
            with (self._folder / name).open("ab") as file:
                _write_csv(file, table, rows, header=name not in self._begun)
        self._begun.add(name)
        self.counts[name] += len(rows)

    def line(self, name: str, text: str) -> None:
        """Append one line to a file of text."""
        (self._folder / name).parent.mkdir(parents=True, exist_ok=True)
        with (self._folder / name).open("a", encoding="utf-8", newline="\n") as file:
            file.write(f"{text}\n")
        self.counts[name] += 1

    def close(self) -> None:
        """Finish every file."""
        for writer in self._parquet.values():
            writer.close()


class FactFiles:
    """Facts into the tables they have, by blocks. `read_at` is a moment at which all of them had come."""

    def __init__(self, files: Files, fmt: str, dictionary: Dictionary, read_at: datetime) -> None:
        self._files, self._fmt, self._dictionary, self._read_at = files, fmt, dictionary, read_at
        self._waiting: dict[str, list[tuple[Fact, Row]]] = defaultdict(list)
        self._tables: dict[str, Table] = {}

    def add(self, fact: Fact) -> None:
        """One more fact."""
        found = placed(fact)
        if found is None:
            self._keep(fact)
            return
        table, row = found
        self._tables[table.name] = table
        self._waiting[table.name].append((fact, row))
        if len(self._waiting[table.name]) >= _BLOCK:
            self._flush(table)

    def close(self) -> None:
        """Write what still waits."""
        for table in self._tables.values():
            self._flush(table)

    def _flush(self, table: Table) -> None:
        waiting, self._waiting[table.name] = self._waiting[table.name], []
        survives = self._survivors(table, waiting)
        self._files.add("facts", table, [row for (_, row), kept in zip(waiting, survives, strict=True) if kept])
        for (fact, _), kept in zip(waiting, survives, strict=True):
            if not kept:
                self._keep(fact)

    def _survivors(self, table: Table, waiting: Sequence[tuple[Fact, Row]]) -> list[bool]:
        """For each row whether our reader makes the same fact of it. One row is one outcome, in order."""
        if not waiting:
            return []
        written = BytesIO()
        rows = [row for _, row in waiting]
        if self._fmt == "parquet":
            pq.write_table(_arrow(table, rows), written)
        else:
            _write_csv(written, table, rows, header=True)
        written.seek(0)
        read = list(read_stream(written, source="export", received_at=self._read_at, dictionary=self._dictionary))
        if len(read) == len(waiting):
            return [
                not row.refusals and len(row.facts) == 1 and _same(row.facts[0], fact)
                for row, (fact, _) in zip(read, waiting, strict=True)
            ]
        middle = len(waiting) // 2
        if middle == 0:
            return [False]
        return [*self._survivors(table, waiting[:middle]), *self._survivors(table, waiting[middle:])]

    def _keep(self, fact: Fact) -> None:
        keep(self._files, fact)


class ResourceFiles:
    """Resources as NDJSON by type, each read back; the fact of one that says anything else is kept as it is."""

    def __init__(self, files: Files, dictionary: Dictionary, read_at: datetime) -> None:
        self._files, self._dictionary, self._read_at = files, dictionary, read_at

    def add(self, told: Sequence[Told | Fact]) -> None:
        """The resources of one patient."""
        kept = {one.fact_id: one for one in told if isinstance(one, Fact)}
        sent = [one for one in told if isinstance(one, Told)]
        lines = [json.dumps(one.resource, ensure_ascii=False) for one in sent]
        stream = BytesIO("\n".join(lines).encode())
        read = read_stream(stream, source="export", fmt="fhir", received_at=self._read_at, dictionary=self._dictionary)
        outcomes = list(read) if lines else []
        failed: dict[str, Fact] = {}
        for one, row in zip(sent, outcomes, strict=True):
            events = sorted(fact.event_id for fact in row.facts)
            if row.refusals or events != sorted(fact.event_id for fact in one.expected):
                failed[one.of.fact_id] = one.of
        for one, line in zip(sent, lines, strict=True):
            if one.anyway or one.of.fact_id not in failed:
                self._files.line(f"fhir/{one.resource['resourceType']}.ndjson", line)
        for fact in (kept | failed).values():
            keep(self._files, fact)


def keep(files: Files, fact: Fact) -> None:
    """A fact as it is, as a line of JSON."""
    said = fact.model_dump(mode="json", exclude_none=True, exclude={"received_at", "source"})
    files.line(f"facts/{OTHER}", json.dumps({"kind": said.pop("kind"), **said}, ensure_ascii=False))


def _same(read: Fact, written: Fact) -> bool:
    said = read.fact_id == written.fact_id and read.author == written.author
    return said and read.recorded_at == written.recorded_at


def _write_csv(file: IO[bytes], table: Table, rows: Sequence[Row], *, header: bool) -> None:
    text = TextIOWrapper(file, encoding="utf-8", newline="", write_through=True)
    writer = csv.writer(text, lineterminator="\n")
    if header:
        writer.writerow(table.columns)
    writer.writerows([_cell(row.get(name)) for name in table.columns] for row in rows)
    text.detach()


def _cell(value: Cell) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat()
    return neutral(str(value))


def _schema(table: Table) -> pa.Schema:
    return pa.schema([(name, _ARROW[held]) for name, held in table.columns.items()])


def _arrow(table: Table, rows: Sequence[Row]) -> pa.Table:
    columns = {name: [_typed(row.get(name), held) for row in rows] for name, held in table.columns.items()}
    return pa.table(columns, schema=_schema(table))


def _typed(value: Cell, held: Holds) -> Cell:
    if value is None:
        return None
    if held is Holds.NUMBER:
        return float(value)  # type: ignore[arg-type]
    return value.astimezone(UTC) if isinstance(value, datetime) else str(value)
