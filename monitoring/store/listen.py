"""Hearing of what other processes store: LISTEN on PostgreSQL, a look every quarter of a second on SQLite.

A notice says only that there is news; what it is, `changed_since` reads. So a notice may come twice or in vain, and
one that is lost costs at most LOOK_SECONDS: the number of the last fact is looked at that often whatever is heard.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread
from time import monotonic

import psycopg
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from monitoring.store.engine import StoreUnavailable, translated

CHANNEL = "monitoring_facts"
POLL_SECONDS = 0.25
LOOK_SECONDS = 5.0
_LOG = logging.getLogger(__name__)


def tell_others(connection: Connection) -> None:
    """Tell the other processes of facts in this transaction, once it is committed; on SQLite they look themselves."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql(f"NOTIFY {CHANNEL}")


def hear(opened: Engine, version: Callable[[], int], announce: Callable[[], None]) -> Callable[[], None]:
    """Call `announce` in a thread of its own whenever somebody may have stored facts; call the answer to end it.

    `version` is the number of the last fact. While the store is silent it tries again, and announces once it answers.
    """
    hearing = _Hearing(opened, version, announce)
    hearing.start()
    return hearing.end


class _Hearing(Thread):
    def __init__(self, opened: Engine, version: Callable[[], int], announce: Callable[[], None]) -> None:
        super().__init__(name="store-hearing", daemon=True)
        self._engine, self._version, self._announce = opened, version, announce
        self._over = Event()
        self._known = -1

    def end(self) -> None:
        """Stop, and wait until it has."""
        self._over.set()
        self.join(timeout=5)

    def run(self) -> None:
        silent = False
        while not self._over.is_set():
            try:
                self._look()
                if self._engine.dialect.name == "postgresql":
                    self._notified()
            except (StoreUnavailable, SQLAlchemyError, psycopg.Error) as error:
                if not silent:
                    _LOG.warning("news of other processes is not heard now: %s", type(error).__name__)
                silent = True
            else:
                silent = False
            self._over.wait(POLL_SECONDS)

    def _look(self) -> None:
        known, self._known = self._known, self._version()
        if self._known != known:
            self._announce()

    def _notified(self) -> None:
        """Listen until the end, or until the connection is lost."""
        with self._listening() as connection:
            self._look()
            looked = monotonic()
            while not self._over.is_set():
                for _ in connection.notifies(timeout=POLL_SECONDS, stop_after=1):
                    self._announce()
                if monotonic() - looked >= LOOK_SECONDS:
                    self._look()
                    looked = monotonic()

    @contextmanager
    def _listening(self) -> Iterator[psycopg.Connection]:
        with translated(self._engine.url), self._engine.connect() as borrowed:
            pooled = borrowed.connection
            connection = pooled.driver_connection
            pooled.detach()  # a connection that listens is not given back to the pool
            assert isinstance(connection, psycopg.Connection)  # noqa: S101
            connection.autocommit = True
            connection.execute(f"LISTEN {CHANNEL}".encode())
            yield connection
