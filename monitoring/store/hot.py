"""The statements of every append, compiled once: for one fact at a time, building them costs more than running them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Dialect, Table, insert

from monitoring.store.tables import Words, spelled

_KNOWN = {
    "sqlite": "SELECT fact_id FROM fact WHERE fact_id IN (SELECT value FROM json_each(?))",
    "postgresql": "SELECT fact_id FROM fact WHERE fact_id = ANY(%s)",
}

Write = Callable[[Mapping[str, Any]], Any]


def add(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows that all give the same columns."""
    if rows:
        _, sql, write = _insert(connection.dialect, table, tuple(rows[0]))
        connection.exec_driver_sql(sql, [write(row) for row in rows])


def add_in_order(
    connection: Connection, table: Table, columns: tuple[str, ...], rows: Sequence[tuple[Any, ...]]
) -> None:
    """`add` for many rows at once: tuples of all `columns`, which are named in the order of the table."""
    if not rows:
        return
    names, sql, _ = _insert(connection.dialect, table, columns)
    if names != columns:
        raise ValueError(f"{table.name}: {columns} are not in the order of the table, {names}")
    words = [at for at, name in enumerate(columns) if isinstance(table.c[name].type, Words)]
    if any(row[at] and ("\\" in row[at] or "\0" in row[at]) for at in words for row in rows):
        rows = [tuple(spelled(one) if at in words and one else one for at, one in enumerate(row)) for row in rows]
    if connection.dialect.positional:
        connection.exec_driver_sql(sql, list(rows))
    else:
        connection.exec_driver_sql(sql, [dict(zip(columns, row, strict=True)) for row in rows])


def known(connection: Connection, fact_ids: Iterable[str]) -> list[str]:
    """Which of these facts the store holds."""
    ids = list(fact_ids)
    asked = json.dumps(ids) if connection.dialect.name == "sqlite" else ids
    found = connection.exec_driver_sql(_KNOWN[connection.dialect.name], (asked,))
    return [row[0] for row in found]


@lru_cache(maxsize=64)
def _insert(dialect: Dialect, table: Table, columns: tuple[str, ...]) -> tuple[tuple[str, ...], str, Write]:
    """The columns in their order, the statement in the driver's words, and what makes its parameters of a row."""
    compiled = insert(table).compile(dialect=dialect, column_keys=list(columns))
    names = tuple(compiled.positiontup or columns)
    values_of = itemgetter(*names)
    texts = [at for at, name in enumerate(names) if isinstance(table.c[name].type, Words)]

    def placed(row: Mapping[str, Any]) -> tuple[Any, ...]:
        values = list(values_of(row))
        for at in texts:
            text = values[at]
            if text:
                values[at] = spelled(text)
        return tuple(values)

    def named(row: Mapping[str, Any]) -> dict[str, Any]:
        return dict(zip(names, placed(row), strict=True))

    return names, str(compiled), placed if compiled.positional else named
