"""Readers: files and folders into facts and refusals, one outcome for every row.

Good cells of a row are kept where a bad one is refused. A column that is unknown and like nothing we read is passed
over; one that looks like a misspelt column, or like a value we would read elsewhere, is refused cell by cell.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, tzinfo
from pathlib import Path

from monitoring.concepts import Dictionary
from monitoring.ingest.clif import CLIF_KINDS
from monitoring.ingest.delimited import read_delimited
from monitoring.ingest.drugs import DRUGS
from monitoring.ingest.kinds import Kind, kind_of, read_rows
from monitoring.ingest.neuro import NEURO_ASSESSMENTS
from monitoring.ingest.parquet import read_parquet
from monitoring.ingest.patients import PATIENTS
from monitoring.ingest.rows import Reading
from monitoring.ingest.sources import FileRefused
from monitoring.ingest.symptoms import SYMPTOM_LOG
from monitoring.ingest.values import LONG_VALUES
from monitoring.ingest.vitals import WIDE_VITALS
from monitoring.records import Refusal, RowRead

__all__ = ["FORMATS", "FileRefused", "read_paths"]

_CSV_KINDS = (WIDE_VITALS, LONG_VALUES, SYMPTOM_LOG, DRUGS, NEURO_ASSESSMENTS, PATIENTS)
FORMATS: dict[str, tuple[Kind, ...]] = {
    "auto": (*_CSV_KINDS, *CLIF_KINDS),
    "csv": _CSV_KINDS,
    "clif": CLIF_KINDS,
}
"""The formats read here, and the kinds of file each one knows."""
_TABLES = frozenset({".csv", ".tsv", ".txt", ".parquet"})
_SHOWN = 3


def read_paths(
    paths: Sequence[Path],
    *,
    fmt: str = "auto",
    tz: tzinfo | None = None,
    received_at: datetime,
    dictionary: Dictionary,
) -> Iterator[RowRead]:
    """One RowRead per data row of every file, in the order given; a folder's files by name.

    `tz` is applied to times without an offset; without it such rows are quarantined. A file refused whole among
    readable ones is one quarantined row at place `file`. Raises FileRefused when nothing given is readable, or
    `fmt` is not in FORMATS.
    """
    if fmt not in FORMATS:
        raise FileRefused(f"format {fmt!r} is not read here; expected one of {', '.join(FORMATS)}")
    return _read_all(paths, FORMATS[fmt], tz, received_at, dictionary)


def _read_all(
    paths: Sequence[Path], kinds: Sequence[Kind], tz: tzinfo | None, received_at: datetime, dictionary: Dictionary
) -> Iterator[RowRead]:
    refused: list[RowRead] = []
    readable = False
    for path, source in _files(paths):
        try:
            rows = _read_file(path, kinds, Reading(source, received_at, tz, dictionary))
        except FileRefused as why:
            refusal = Refusal(source=source, place="file", reason=f"{why}. Nothing of it was read")
            refused.append(RowRead(source=source, place="file", refusals=(refusal,)))
            continue
        readable = True
        yield from refused
        refused.clear()
        yield from rows
    if readable:
        yield from refused
        return
    if not refused:
        raise FileRefused("no file to read was given; expected CSV, TSV, TXT or Parquet files, or a folder of them")
    said = [f"{row.source} {row.refusals[0].reason}" for row in refused[:_SHOWN]]
    more = f" And {len(refused) - _SHOWN} more files." if len(refused) > _SHOWN else ""
    raise FileRefused(" ".join(f"{sentence}." for sentence in said) + more)


def _files(paths: Sequence[Path]) -> Iterator[tuple[Path, str]]:
    """Each file with the name a person knows it by."""
    for path in paths:
        if path.is_dir():
            inside = sorted(file for file in path.rglob("*") if file.suffix.lower() in _TABLES and file.is_file())
            yield from ((file, _shown(file.relative_to(path).as_posix())) for file in inside)
        else:
            yield path, _shown(path.name)


def _shown(name: str) -> str:
    return name.encode("utf-8", "backslashreplace").decode()


def _read_file(path: Path, kinds: Sequence[Kind], reading: Reading) -> Iterator[RowRead]:
    try:
        exists = path.is_file()
    except (OSError, ValueError):
        exists = False
    if not exists:
        raise FileRefused("does not exist or is not a file; check the path")
    with_parquet = path.suffix.lower() == ".parquet"
    table = read_parquet(path) if with_parquet else read_delimited(path)
    reading = Reading(reading.source, reading.received_at, reading.tz, reading.dictionary, table.comma_is_decimal)
    return read_rows(table, kind_of(table.header, kinds), reading)
