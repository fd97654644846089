"""Parquet as the same rows of text: a time keeps its offset, an integer its digits, a null is an empty cell."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from io import BufferedReader, StringIO

import pyarrow as pa
import pyarrow.parquet as pq

from monitoring.ingest.sources import FileRefused, Table, TextRow

_BATCH = 10_000


def read_parquet(stream: BufferedReader) -> Table:
    """The table in a Parquet file; places are `row N`, from 1. Raises FileRefused."""
    if not stream.seekable():
        raise FileRefused("is Parquet, which is read from its end and cannot be streamed; send it as a file, or as CSV")
    try:
        file = pq.ParquetFile(stream)
        names = file.schema_arrow.names
    except (OSError, ValueError, pa.ArrowException) as wrong:
        raise FileRefused("is not a readable Parquet file; write it again, or export CSV") from wrong
    return Table(tuple(names), _rows(file), header_text=_line(names))


def _rows(file: pq.ParquetFile) -> Iterator[TextRow]:
    number = 0
    batches = file.iter_batches(batch_size=_BATCH)
    while True:
        try:
            batch = next(batches, None)
            columns = [] if batch is None else [_values(column) for column in batch.columns]
        except (OSError, ValueError, pa.ArrowException):
            yield TextRow(
                f"row {number + 1}", (), "", "the rest of this Parquet file is damaged; not read. Write it again"
            )
            return
        if batch is None:
            return
        for values in zip(*columns, strict=True):
            number += 1
            cells = [_text(value) for value in values]
            yield TextRow(f"row {number}", cells, _line(cells))


def _values(column: pa.Array) -> list[object]:
    """The values of a column; where Python has none for one of them, each by itself."""
    try:
        found: list[object] = column.to_pylist()
    except (OverflowError, ValueError):
        plain = column.dictionary_decode() if isinstance(column, pa.DictionaryArray) else column
        return [_value(one) for one in plain]
    return found


def _value(one: pa.Scalar) -> object:
    """A value, or what stands in its place in the file: `infinity` in a time of PostgreSQL is 9223372036854775807."""
    try:
        return one.as_py()
    except UnicodeDecodeError:
        return bytes(one.as_buffer())
    except (OverflowError, ValueError):
        number = getattr(one, "value", None)
        return f"{number if isinstance(number, int) else 'unreadable'} {one.type}"


def _line(cells: Sequence[str]) -> str:
    """The cells as a line of CSV, so that a refused row can be read again alone."""
    written = StringIO()
    csv.writer(written, lineterminator="").writerow(cells)
    return written.getvalue()


def _text(value: object) -> str:
    if value is None or value != value:  # noqa: PLR0124 - only NaN and NaT differ from themselves
        return ""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace").replace("\0", "\\x00")
    return str(value).replace("\0", "\\x00")
