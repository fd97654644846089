"""Opening a database: driver's manners, writers' lock, schema brought up to date, errors in one sentence."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import Connection, Dialect, Engine, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import (
    ArgumentError,
    DataError,
    DBAPIError,
    DisconnectionError,
    IntegrityError,
    NoSuchModuleError,
)
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from sqlalchemy.pool import ConnectionPoolEntry

from monitoring.store import hot

_MIGRATIONS = Path(__file__).resolve().parent / "migrations"
_WRITERS = 0x0C41_7000  # any number, the same in every process: one writer at a time in one PostgreSQL database
_WAIT_MS = 30_000  # for the writers' lock, on either engine
_IDLE_MS = 15_000
"""How long PostgreSQL lets a writer pause between two statements. A full chunk pauses for 0.1 s; a process
that was stopped or cut off is ended in half of what the others wait, so that they get their turn and not an error."""
_LONG_MS = 600_000
"""Both for a migration or a restore: another one may take long, and pause to compute, and is worth waiting for."""
_LIMITS = text(
    "SELECT set_config(name, ours, true) FROM (VALUES ('lock_timeout', :wait), "
    "('idle_in_transaction_session_timeout', :idle)) AS limits (name, ours) WHERE current_setting(name) = '0'"
)
"""Of one transaction only, so that a pooler cannot mix them up; what the address, role or server says goes before."""
_END_STOPPED = text(
    "SELECT pg_terminate_backend(pid) FROM pg_locks JOIN pg_stat_activity USING (pid) WHERE locktype = 'advisory' "
    "AND datname = current_database() AND classid = 0 AND objid = :key AND objsubid = 1 AND granted "
    "AND state = 'active' AND wait_event = 'ClientRead' AND state_change < now() - interval '1 ms' * :idle"
)
"""PostgreSQL takes a process that was stopped while it sent many rows for one at work, and so never ends it."""
_TOO_LARGE, _WAITED = "54000", "55P03"
_PAUSE_MS = 20
_WAL_PAGES = 2_000  # 8 MB, then the log is written over: a commit that makes it longer waits for the disk twice as long
_CACHE_KIB = 32_768  # the pages a chunk of a long file touches; with SQLite's own 2 MB they were written twice
_SILENT = {"connect_timeout": "5", "tcp_user_timeout": "15000", "keepalives_idle": "10", "keepalives_interval": "5"}
"""After how long a PostgreSQL server counts as silent (s, ms, s, s), where the address does not say it."""


class StoreUnavailable(RuntimeError):
    """The store cannot be opened, read or written now. The message is one sentence without secrets."""


@contextmanager
def translated(url: URL) -> Iterator[None]:
    """The driver's errors as StoreUnavailable; a broken constraint is a programming error and passes unchanged.

    So does a value too large for an index: sent again, it would be refused again.
    """
    try:
        yield
    except (IntegrityError, DataError, sqlite3.IntegrityError, sqlite3.DataError):
        raise
    except NoConnectionFree as busy:
        raise StoreUnavailable(f"the store {_shown(url)} has no connection free; try again") from busy
    except (DBAPIError, sqlite3.Error) as error:  # what `hot` asks of SQLite does not pass SQLAlchemy
        said = error.orig if isinstance(error, DBAPIError) else error
        if getattr(said, "sqlstate", None) == _TOO_LARGE:
            raise
        why = str(said).strip().splitlines()[0] if said else type(error).__name__
        raise StoreUnavailable(
            f"the store {_shown(url)} is not usable: {why}; check the address and try again"
        ) from error


def _shown(url: URL) -> str:
    return url.render_as_string(hide_password=True)


def connect(address: str) -> Engine:
    """An engine for a SQLAlchemy URL of SQLite (a file) or PostgreSQL. Raises StoreUnavailable."""
    try:
        url = make_url(address)
    except ArgumentError as unreadable:
        raise StoreUnavailable(
            "the store's address is not a database URL; expected for example sqlite:////srv/monitoring.db"
        ) from unreadable
    backend = url.get_backend_name()
    if backend not in {"sqlite", "postgresql"}:
        raise StoreUnavailable(f"no store on {backend!r}; expected a sqlite:/// or postgresql+psycopg:// address")
    if backend == "sqlite" and url.database in {None, "", ":memory:"}:
        raise StoreUnavailable("a store needs a file; expected for example sqlite:////srv/monitoring.db")
    if url.drivername == "postgresql":
        url = url.set(drivername="postgresql+psycopg")
    silent = {} if backend == "sqlite" else {name: value for name, value in _SILENT.items() if name not in url.query}
    try:
        engine = create_engine(url, connect_args=silent)
    except (NoSuchModuleError, ModuleNotFoundError) as missing:
        raise StoreUnavailable(f"no driver for {_shown(url)} is installed ({missing})") from missing
    engine.update_execution_options(turn=Lock())
    if backend == "sqlite":
        event.listen(engine, "connect", _sqlite_manners)
        event.listen(engine, "checkout", _same_file)
        event.listen(engine, "begin", _sqlite_begin)
    return engine


def _sqlite_manners(connection: sqlite3.Connection, record: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # transactions begin where _sqlite_begin says so, not where the driver guesses
    manners = (
        f"busy_timeout={_WAIT_MS}",
        "synchronous=FULL",
        "foreign_keys=ON",
        f"wal_autocheckpoint={_WAL_PAGES}",
        f"cache_size=-{_CACHE_KIB}",
    )
    for pragma in manners:
        connection.execute(f"PRAGMA {pragma}")
    _write_ahead(connection)
    name = connection.execute("PRAGMA database_list").fetchone()[2]
    record.info.update(names=(Path(name), Path(f"{name}-wal")))


def _same_file(connection: sqlite3.Connection, record: ConnectionPoolEntry, _proxy: object) -> None:
    """Open the file anew where another one has taken its name: a restored backup must not hide behind the old one."""
    name, log = record.info["names"]
    file = _identity(name)
    if file is None:
        raise DisconnectionError("the file of the store is gone")
    if record.info.setdefault("file", file) != file:
        raise DisconnectionError("another file has the name of the store")
    _same_log(connection, record, log)


def _same_log(connection: sqlite3.Connection, record: ConnectionPoolEntry, name: Path) -> None:
    """Whatever is committed into a write-ahead log that somebody removed would be lost with the process.

    While this connection is open the log cannot go away by itself: what it holds is saved, and nothing more is
    written into it.
    """
    log = _identity(name)
    if log is not None and record.info.setdefault("log", log) == log:
        return
    if "log" in record.info:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        raise sqlite3.OperationalError(
            "its write-ahead log was removed while it was open; what it held was saved into the file. Restart the "
            "application if this is said again, and run `python -m monitoring check`"
        )


def _identity(name: Path) -> tuple[int, int] | None:
    try:
        found = name.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _must_exist(_dialect: Dialect, _record: object, where: list[str], _options: object) -> None:
    """SQLite would make an empty file, and an empty ward, in the place of one that is gone."""
    if not Path(where[0]).exists():
        raise sqlite3.OperationalError("the file of the store is gone")


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Make the file WAL; of processes that do so to a new file at once, SQLite turns some away without waiting."""
    for attempt in range(_WAIT_MS // _PAUSE_MS):
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as busy:
            if "locked" not in str(busy) or attempt == _WAIT_MS // _PAUSE_MS - 1:
                raise
            time.sleep(_PAUSE_MS / 1000)
        else:
            return


def _sqlite_begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes", False)
    hot.run(connection, "BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """A connection in a transaction that only reads. Raises StoreUnavailable."""
    with translated(engine.url), engine.connect() as connection, connection.begin():
        yield connection


@contextmanager
def writing(engine: Engine, *, long: bool = False) -> Iterator[Connection]:
    """A connection in a transaction that holds the writers' lock: all of it is committed, or nothing.

    One writer at a time is what lets `seq` grow in the order of commits, so a reader that asks for everything
    after a number it has seen misses nothing. `long` work is waited for longer, and may pause. Raises StoreUnavailable.
    """
    with (
        _turn(engine),
        translated(engine.url),
        engine.connect().execution_options(writes=True) as connection,
        connection.begin(),
    ):
        if engine.dialect.name == "postgresql":
            wait, idle = (_LONG_MS, _LONG_MS) if long else (_WAIT_MS, _IDLE_MS)
            connection.execute(_LIMITS, {"wait": str(wait), "idle": str(idle)})
            try:
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _WRITERS})
            except DBAPIError as error:
                if getattr(error.orig, "sqlstate", None) == _WAITED:
                    _end_stopped(engine)
                raise
        yield connection


def _end_stopped(engine: Engine) -> None:
    """End the writer that was waited for in vain, where it sends nothing; not one of a role we may not end."""
    with suppress(DBAPIError), engine.connect() as connection:
        connection.execute(_END_STOPPED, {"key": _WRITERS, "idle": _IDLE_MS})


@contextmanager
def _turn(engine: Engine) -> Iterator[None]:
    """The turn among this process's writers: those who wait take no connection, which the readers need."""
    turn: Lock = engine.get_execution_options()["turn"]
    if not turn.acquire(timeout=_WAIT_MS / 1000):
        raise StoreUnavailable(f"the store {_shown(engine.url)} is being written to by somebody else; try again")
    try:
        yield
    finally:
        turn.release()


def migrate(engine: Engine) -> None:
    """Bring the schema to the newest revision; safe for several processes at once. Raises StoreUnavailable."""
    with reading(engine) as connection:
        at = revision(connection)
    if at != newest_revision():
        _upgrade(engine)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "do_connect", _must_exist)


def _upgrade(engine: Engine) -> None:
    with writing(engine, long=True) as connection:
        try:
            upgrade(connection)
        except StoreUnavailable as unknown:
            raise StoreUnavailable(
                f"the store {_shown(engine.url)} has schema {revision(connection)!r}, which this version does not "
                "know; use the version of the application that wrote it, or a newer one"
            ) from unknown


def upgrade(connection: Connection, to: str = "head") -> None:
    """Run the migrations up to a revision in a `writing` transaction. Raises StoreUnavailable for an unknown one."""
    config = _config()
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, to)
    except CommandError as unknown:
        raise StoreUnavailable(f"this version does not know the schema: {unknown}") from unknown


def revision(connection: Connection) -> str | None:
    """The schema revision of a database; None for an empty one."""
    return MigrationContext.configure(connection).get_current_revision()


def newest_revision() -> str | None:
    """The schema revision this code writes."""
    return ScriptDirectory.from_config(_config()).get_current_head()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
