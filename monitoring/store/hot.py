"""The statements of every append, compiled once: for one fact at a time, building them costs more than running them.

SQLite is asked through its driver, for which one row is a matter of one to three microseconds; SQLAlchemy's road to
it takes ten. `engine.translated` knows the errors of both. A server is asked through SQLAlchemy, which gives a lost
connection back.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import Connection, Dialect, Table, insert

from monitoring.store.tables import Words, spelled

_KNOWN = {
    "sqlite": "SELECT fact_id FROM fact WHERE fact_id IN (SELECT value FROM json_each(?))",
    "postgresql": "SELECT fact_id FROM fact WHERE fact_id = ANY(%s)",
}


class _Insert(NamedTuple):
    """The columns in their order, the statement in the driver's words, which of its values are Words.

    `write` makes the values of a row by name.
    """

    names: tuple[str, ...]
    sql: str
    words: tuple[int, ...]
    write: Callable[[Mapping[str, Any]], Any]


def add(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows that all give the same columns."""
    if rows:
        into = _insert(connection.dialect, table, tuple(rows[0]))
        _run_all(connection, into.sql, [into.write(row) for row in rows])


def add_in_order(
    connection: Connection, table: Table, columns: tuple[str, ...], rows: Sequence[tuple[Any, ...]]
) -> None:
    """`add` for many rows at once: tuples of all `columns`, which are named in the order of the table."""
    if not rows:
        return
    names, sql, words, _ = _insert(connection.dialect, table, columns)
    if names != columns:
        raise ValueError(f"{table.name}: {columns} are not in the order of the table, {names}")
    if any(row[at] and ("\\" in row[at] or "\0" in row[at]) for at in words for row in rows):
        rows = [tuple(spelled(one) if at in words and one else one for at, one in enumerate(row)) for row in rows]
    if connection.dialect.positional:
        _run_all(connection, sql, rows)
    else:
        _run_all(connection, sql, [dict(zip(columns, row, strict=True)) for row in rows])


def known(connection: Connection, fact_ids: Iterable[str]) -> list[str]:
    """Which of these facts the store holds."""
    ids = list(fact_ids)
    asked = json.dumps(ids) if connection.dialect.name == "sqlite" else ids
    return [row[0] for row in run(connection, _KNOWN[connection.dialect.name], asked)]


def run(connection: Connection, sql: str, *values: object) -> Iterable[Any]:
    """The rows of one statement in the driver's words."""
    lite = _lite(connection)
    return connection.exec_driver_sql(sql, values) if lite is None else lite.execute(sql, values)


def _run_all(connection: Connection, sql: str, rows: Sequence[Any]) -> None:
    lite = _lite(connection)
    if lite is None:
        connection.exec_driver_sql(sql, list(rows))
    else:
        lite.executemany(sql, rows)


def _lite(connection: Connection) -> sqlite3.Connection | None:
    """The driver's own connection, where the database is SQLite."""
    driver = connection.connection.driver_connection
    return driver if isinstance(driver, sqlite3.Connection) else None


@lru_cache(maxsize=64)
def _insert(dialect: Dialect, table: Table, columns: tuple[str, ...]) -> _Insert:
    compiled = insert(table).compile(dialect=dialect, column_keys=list(columns))
    names = tuple(compiled.positiontup or columns)
    values_of = itemgetter(*names)
    words = tuple(at for at, name in enumerate(names) if isinstance(table.c[name].type, Words))

    def placed(row: Mapping[str, Any]) -> tuple[Any, ...]:
        values = list(values_of(row))
        for at in words:
            text = values[at]
            if text:
                values[at] = spelled(text)
        return tuple(values)

    def named(row: Mapping[str, Any]) -> dict[str, Any]:
        return dict(zip(names, placed(row), strict=True))

    return _Insert(names, str(compiled), words, placed if compiled.positional else named)
