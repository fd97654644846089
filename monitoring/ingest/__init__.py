"""Readers: files and folders into facts and refusals, one outcome for every row.

Good cells of a row are kept where a bad one is refused. A column that is unknown and like nothing we read is passed
over; one that looks like a misspelt column, or like a value we would read elsewhere, is refused cell by cell.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, tzinfo
from itertools import chain
from pathlib import Path
from typing import BinaryIO

from monitoring.concepts import Dictionary
from monitoring.ingest.clif import CLIF_KINDS
from monitoring.ingest.contents import BUFFER, contents, opened
from monitoring.ingest.delimited import read_delimited
from monitoring.ingest.derived import DERIVED
from monitoring.ingest.drugs import DRUGS
from monitoring.ingest.fhir import read_fhir
from monitoring.ingest.hl7v2 import read_hl7v2
from monitoring.ingest.kept import read_kept
from monitoring.ingest.kinds import Kind, kind_of, read_rows
from monitoring.ingest.neuro import NEURO_ASSESSMENTS
from monitoring.ingest.objects import read_objects
from monitoring.ingest.parquet import read_parquet
from monitoring.ingest.patients import PATIENTS
from monitoring.ingest.rows import Reading
from monitoring.ingest.sources import FileRefused
from monitoring.ingest.symptoms import SYMPTOM_LOG
from monitoring.ingest.values import LONG_VALUES
from monitoring.ingest.vitals import WIDE_VITALS
from monitoring.records import Refusal, RowRead

__all__ = ["FORMATS", "FileRefused", "Share", "read_paths", "read_stream"]

_CSV_KINDS = (WIDE_VITALS, LONG_VALUES, SYMPTOM_LOG, DRUGS, NEURO_ASSESSMENTS, PATIENTS)
_TABLES: dict[str, tuple[Kind, ...]] = {
    "auto": (*_CSV_KINDS, *CLIF_KINDS, *DERIVED),
    "csv": (*_CSV_KINDS, *DERIVED),
    "clif": CLIF_KINDS,
}
_READERS: dict[str, Callable[[BinaryIO, Reading], Iterator[RowRead]]] = {
    "fhir": read_fhir,
    "hl7v2": read_hl7v2,
    "objects": read_objects,
    "facts": read_kept,
}
FORMATS = ("auto", "csv", "clif", "fhir", "hl7v2", "objects", "facts")
"""The formats read here; `auto` is found from the first bytes of each input, and a table's kind from its header."""

_TABLE_NAMES = (".csv", ".tsv", ".txt", ".parquet")
_ARCHIVES = (".zip", ".gz", ".bz2", ".xz", ".zst", ".7z", ".xlsx", ".xls")
_NAMES = {
    "csv": _TABLE_NAMES,
    "clif": _TABLE_NAMES,
    "fhir": (".json", ".ndjson", ".jsonl"),
    "objects": (".json",),
    "facts": (".ndjson",),
    "hl7v2": (".hl7", ".txt"),
}
Share = Callable[[float], None]
"""Told what share of all bytes is read, from 0 to 1."""
_TOLD_EVERY = 1000
_LEADS_OUT = "is a link that leads out of the folder given; copy what it points at into the folder"
_SHOWN = 3
_LONGEST_NAME = 500


def read_paths(
    paths: Sequence[Path],
    *,
    fmt: str = "auto",
    tz: tzinfo | None = None,
    received_at: datetime,
    dictionary: Dictionary,
    share: Share | None = None,
) -> Iterator[RowRead]:
    """One RowRead per row, resource or message of every file, in the order given; a folder's files by name.

    `tz` is applied to times without an offset; without it such rows are quarantined. A file refused whole among
    readable ones is one quarantined row at place `file`. `share` is told now and then how much is read. Raises
    FileRefused when nothing given is readable, or `fmt` is not in FORMATS.
    """
    _known(fmt)
    return _read_all(list(_files(paths, fmt)), fmt, Reading("", received_at, tz, dictionary), share)


def read_stream(
    stream: BinaryIO,
    *,
    source: str,
    fmt: str = "auto",
    tz: tzinfo | None = None,
    received_at: datetime,
    dictionary: Dictionary,
    live: bool = False,
) -> Iterator[RowRead]:
    """What `read_paths` says of one file, of bytes already at hand: a body, an upload, one row sent again.

    `source` is the name a person knows them by; `live` says that they come as they happen (D69). A table needs its
    header line. The stream is read as the rows are asked for. Raises FileRefused at once for an input refused whole.
    """
    _known(fmt)
    return _primed(_read(stream, fmt, Reading(source, received_at, tz, dictionary, live=live)))


def _known(fmt: str) -> None:
    if fmt not in FORMATS:
        raise FileRefused(f"format {fmt!r} is not read here; expected one of {', '.join(FORMATS)}")


def _read_all(
    files: Sequence[tuple[Path, str, str | None]], fmt: str, common: Reading, share: Share | None
) -> Iterator[RowRead]:
    total = sum(_size(path) for path, _, _ in files) or 1
    before = 0
    refused: list[RowRead] = []
    readable = False
    for path, source, why_not in files:
        reading = replace(common, source=source)
        told = None if share is None else _of(share, before, total)
        before += _size(path)
        try:
            if why_not:
                raise FileRefused(why_not)
            rows = _primed(_read_file(path, fmt, reading, told))
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
        raise FileRefused(
            "no file to read was given; expected CSV, TSV, TXT, Parquet, FHIR JSON, NDJSON or HL7 files, "
            "or a folder of them"
        )
    said = [f"{row.source} {row.refusals[0].reason}" for row in refused[:_SHOWN]]
    more = f" And {len(refused) - _SHOWN} more files." if len(refused) > _SHOWN else ""
    raise FileRefused(" ".join(f"{sentence}." for sentence in said) + more)


def _of(share: Share, before: int, total: int) -> Callable[[int], None]:
    return lambda read: share((before + read) / total)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except (OSError, ValueError):
        return 0


def _primed(rows: Iterator[RowRead]) -> Iterator[RowRead]:
    """`rows`, the first of them read now, so that an input refused whole is refused before anything is stored."""
    first = next(rows, None)
    return iter(()) if first is None else chain((first,), rows)


def _files(paths: Sequence[Path], fmt: str) -> Iterator[tuple[Path, str, str | None]]:
    """Each file with the name a person knows it by, and why it may not be read: a link out of its folder."""
    names = (*(_NAMES[fmt] if fmt in _NAMES else set(chain(*_NAMES.values()))), *_ARCHIVES)
    for path in paths:
        if not path.is_dir():
            yield path, _shown(path.name), None
            continue
        home = path.resolve()
        for file in sorted(path.rglob("*")):
            source = _shown(file.relative_to(path).as_posix())
            if file.is_symlink() and not Path(os.path.realpath(file)).is_relative_to(home):  # resolve() raises on loops
                yield file, source, _LEADS_OUT
            elif file.suffix.lower() in names and file.is_file():
                yield file, source, None


def _shown(name: str) -> str:
    """A path's own end, where all of it would be too long for the store's index."""
    return name[-_LONGEST_NAME:].encode("utf-8", "backslashreplace").decode()


def _read_file(path: Path, fmt: str, reading: Reading, told: Callable[[int], None] | None) -> Iterator[RowRead]:
    try:
        exists = path.is_file()
    except (OSError, ValueError):
        exists = False
    if not exists:
        raise FileRefused("does not exist or is not a file; check the path")
    try:
        file = path.open("rb", buffering=BUFFER)
    except OSError as unreadable:
        raise FileRefused(f"cannot be read ({unreadable.strerror}); check the path and its permissions") from unreadable
    with file:
        if told is None:
            yield from _read(file, fmt, reading)
            return
        for number, row in enumerate(_read(file, fmt, reading), start=1):
            yield row
            if number % _TOLD_EVERY == 0:
                told(file.tell())


def _read(stream: BinaryIO, fmt: str, reading: Reading) -> Iterator[RowRead]:
    buffered = opened(stream)
    found = contents(buffered)
    read_as = found if fmt == "auto" else fmt
    if read_as in _READERS:
        return _READERS[read_as](buffered, reading)
    table = read_parquet(buffered) if found == "parquet" else read_delimited(buffered)
    reading = replace(reading, comma_is_decimal=table.comma_is_decimal)
    return read_rows(table, kind_of(table.header, _TABLES[fmt]), reading)
