"""Databases of both engines, a server that may be stopped, and a disk that may be filled."""

from __future__ import annotations

import os
import subprocess
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

from tests.store.conftest import _ACCOUNT, _BIN, _as_server, postgresql_server

__all__ = ["postgresql_server"]

NewDatabase = Callable[[str], str]


class Server:
    """The throwaway PostgreSQL, stopped and started again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def new_database(self) -> str:
        name = f"store_{uuid.uuid4().hex}"
        with psycopg.connect(host=str(self._folder), user=_ACCOUNT, dbname="postgres", autocommit=True) as one:
            one.execute(f"CREATE DATABASE {name}".encode())
        return f"postgresql+psycopg://{_ACCOUNT}@/{name}?host={self._folder}"

    def stop(self) -> None:
        self._control("-m", "immediate", "-w", "stop")

    def start(self) -> None:
        options = f"-c listen_addresses='' -c unix_socket_directories={self._folder} -c fsync=off"
        self._control("-o", options, "-l", str(self._folder / "log"), "-w", "start")

    def tell(self, statement: str) -> None:
        """A statement to the server, and every connection told of the new settings."""
        with psycopg.connect(host=str(self._folder), user=_ACCOUNT, dbname="postgres", autocommit=True) as one:
            one.execute("SET default_transaction_read_only = off")
            one.execute(statement.encode())
            one.execute("SELECT pg_reload_conf()")
            one.execute("SELECT pg_sleep(0.3)")

    def is_running(self) -> bool:
        return (self._folder / "data" / "postmaster.pid").exists()

    def _control(self, *words: str) -> None:
        _as_server(str(_BIN / "pg_ctl"), "-D", str(self._folder / "data"), *words)


@pytest.fixture
def server(postgresql_server: Path) -> Iterator[Server]:
    one = Server(postgresql_server)
    yield one
    if not one.is_running():
        one.start()


@pytest.fixture
def new_database(request: pytest.FixtureRequest, tmp_path: Path) -> NewDatabase:
    """`new_database("sqlite" | "postgresql")`: the URL of a database that does not exist yet, or is empty."""

    def made(kind: str) -> str:
        if kind == "sqlite":
            return f"sqlite:///{tmp_path / f'{uuid.uuid4().hex}.db'}"
        one: Server = request.getfixturevalue("server")
        return one.new_database()

    return made


class Disk:
    """A small disk of its own: filled, emptied, made read-only."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def fill(self) -> None:
        """Until not a byte is left."""
        with (self.folder / "ballast").open("wb", buffering=0) as ballast, suppress(OSError):
            while True:
                ballast.write(b"x" * 4096)

    def empty(self) -> None:
        (self.folder / "ballast").unlink()

    def remount(self, how: str) -> None:
        subprocess.run(["mount", "-o", f"remount,{how}", str(self.folder)], check=True)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    """Skips, saying so, where we may not mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = os.geteuid() == 0 and (
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "none", str(folder)], check=False).returncode == 0
    )
    if not mounted:
        pytest.skip("no disk could be mounted: a full and a read-only disk were NOT tested")
    yield Disk(folder)
    subprocess.run(["umount", "--lazy", str(folder)], check=True)
