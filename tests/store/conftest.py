"""One empty database of each engine for every test of the store."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from monitoring.store import Store, open_store

_BIN = Path("/usr/lib/postgresql/15/bin")
_ACCOUNT = "postgres"  # the server refuses to run as root, as which containers often run their tests


def _as_server(*command: str) -> None:
    prefix = ("runuser", "-u", _ACCOUNT, "--") if os.geteuid() == 0 else ()
    done = subprocess.run([*prefix, *command], capture_output=True, text=True, cwd="/", check=False)
    assert done.returncode == 0, f"{command[0]}: {done.stdout}{done.stderr}"


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[Path]:
    """A throwaway server listening on a Unix socket only; its folder holds the socket."""
    if not (_BIN / "pg_ctl").exists():
        pytest.skip(f"no PostgreSQL server in {_BIN}: the store was NOT tested on PostgreSQL")
    folder = Path(tempfile.mkdtemp(prefix="store-pg-"))
    if os.geteuid() == 0:
        try:
            pwd.getpwnam(_ACCOUNT)
        except KeyError:
            pytest.skip("no account to run a PostgreSQL server as: the store was NOT tested on PostgreSQL")
        shutil.chown(folder, _ACCOUNT)
    data = folder / "data"
    options = f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off"
    _as_server(str(_BIN / "initdb"), "-D", str(data), "-A", "trust", "-U", _ACCOUNT, "-E", "UTF8", "--no-sync")
    _as_server(str(_BIN / "pg_ctl"), "-D", str(data), "-o", options, "-l", str(folder / "log"), "-w", "start")
    yield folder
    _as_server(str(_BIN / "pg_ctl"), "-D", str(data), "-m", "immediate", "-w", "stop")
    shutil.rmtree(folder)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'store.db'}"
    folder: Path = request.getfixturevalue("postgresql_server")
    name = f"store_{uuid.uuid4().hex}"
    with psycopg.connect(host=str(folder), user=_ACCOUNT, dbname="postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    return f"postgresql+psycopg://{_ACCOUNT}@/{name}?host={folder}"


@pytest.fixture
def store(address: str) -> Iterator[Store]:
    opened = open_store(address)
    yield opened
    opened.close()
