"""The statements of every append, compiled once: for one fact at a time, building them costs more than running them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Dialect, Table, insert

_KNOWN = {
    "sqlite": "SELECT fact_id FROM fact WHERE fact_id IN (SELECT value FROM json_each(?))",
    "postgresql": "SELECT fact_id FROM fact WHERE fact_id = ANY(%s)",
}

Write = Callable[[Mapping[str, object]], Any]


def add(connection: Connection, table: Table, rows: Sequence[Mapping[str, object]]) -> None:
    """Insert rows that all give the same columns."""
    if rows:
        sql, write = _insert(connection.dialect, table, tuple(rows[0]))
        connection.exec_driver_sql(sql, [write(row) for row in rows])


def known(connection: Connection, fact_ids: Iterable[str]) -> list[str]:
    """Which of these facts the store holds."""
    ids = list(fact_ids)
    asked = json.dumps(ids) if connection.dialect.name == "sqlite" else ids
    found = connection.exec_driver_sql(_KNOWN[connection.dialect.name], (asked,))
    return [row[0] for row in found]


@lru_cache(maxsize=64)
def _insert(dialect: Dialect, table: Table, columns: tuple[str, ...]) -> tuple[str, Write]:
    """The statement in the driver's own words, and what makes its parameters of a row."""
    compiled = insert(table).compile(dialect=dialect, column_keys=list(columns))
    spellings = [(name, table.c[name].type.dialect_impl(dialect).bind_processor(dialect)) for name in columns]
    names = list(compiled.positiontup or columns)
    spelled = {name: spelling for name, spelling in spellings if spelling is not None}

    def named(row: Mapping[str, object]) -> dict[str, object]:
        return {name: spelled[name](row[name]) if name in spelled else row[name] for name in names}

    def placed(row: Mapping[str, object]) -> tuple[object, ...]:
        return tuple(named(row).values())

    return str(compiled), placed if compiled.positional else named
