"""kill -9 at a random moment of each live channel, and what must be true then.

Each round starts the channel, sends numbered facts until it is killed, and starts it again to send everything once
more. What had been acknowledged must have been in the store before that; after it every fact is there exactly once.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from monitoring.admission import Admission
from monitoring.settings import ROOT
from monitoring.store import open_store
from monitoring.store.accounts import open_accounts
from monitoring.vocabulary import Scope

from .messages import END, answers, code_and_id, framed, oru

_PER_BODY = 5
_LONGEST = 0.8
AT = (datetime.now(UTC) - timedelta(minutes=5)).strftime("%Y-%m-%dT%H:%M:%SZ")
AT_HL7 = AT.replace("-", "").replace(":", "").replace("T", "").replace("Z", "+0000")

Deliver = Callable[[str, list[str]], bool]
"""Send one fact for each patient; whether the channel acknowledged it. Raises what a broken connection raises."""


@dataclass(frozen=True)
class Outcome:
    """Patients whose fact was acknowledged before the kill, and what was wrong afterwards."""

    acknowledged: int
    sent: int
    lost: list[str]
    doubled: list[str]
    missing: list[str]
    findings: list[str]

    @property
    def sound(self) -> bool:
        return not (self.lost or self.doubled or self.missing or self.findings)


@contextmanager
def _child(words: list[str], url: str, log: Path) -> Iterator[subprocess.Popen[str]]:
    environment = {**os.environ, "MONITORING_DATABASE_URL": url, "MONITORING_REQUESTS_PER_SECOND": "100000"}
    with log.open("a") as errors:
        child = subprocess.Popen(
            [sys.executable, *words], cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=errors, text=True
        )
        try:
            yield child
        finally:
            child.kill()
            child.wait(timeout=30)
            if child.stdout is not None:
                child.stdout.close()


@contextmanager
def over_http(url: str, folder: Path) -> Iterator[tuple[subprocess.Popen[str], Deliver]]:
    """Bodies of observations, each answered."""
    accounts = open_accounts(url)
    secret, _ = Admission(accounts).make_token(f"kill-{time.monotonic_ns()}", [Scope.INGEST_WRITE], datetime.now(UTC))
    accounts.close()
    with _child(["-m", "tests.channels.serve"], url, folder / "log") as child:
        assert child.stdout is not None
        port = child.stdout.readline().strip()
        headers = {"authorization": f"Bearer {secret}"}
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=60) as client:

            def deliver(_name: str, patients: list[str]) -> bool:
                body = [{"patient_id": one, "time": AT, "concept": "sbp", "value": 118} for one in patients]
                return client.post("/api/observations", json=body).status_code == 200

            yield child, deliver


@contextmanager
def over_mllp(url: str, folder: Path) -> Iterator[tuple[subprocess.Popen[str], Deliver]]:
    """Messages on one connection, each acknowledged."""
    log = folder / f"log-{time.monotonic_ns()}"
    words = ["-m", "monitoring", "mllp", "--port", "0"]
    with _child(words, url, log) as child, socket.create_connection(("127.0.0.1", port_of(log, child)), 60) as wire:

        def deliver(name: str, patients: list[str]) -> bool:
            for one in patients:
                wire.sendall(framed(oru(f"{name}-{one}", patient=one, at=AT_HL7)))
            received = b""
            while received.count(END) < len(patients):
                data = wire.recv(65536)
                if not data:
                    raise ConnectionError("closed")
                received += data
            return all(code_and_id(one)[0] == "AA" for one in answers(received))

        yield child, deliver


def port_of(log: Path, child: subprocess.Popen[Any]) -> int:
    """The port a listener says it has taken, once it says so."""
    give_up = time.monotonic() + 60
    while time.monotonic() < give_up:
        for line in log.read_text().splitlines():
            said = json.loads(line)
            if said["what"] == "listening":
                return int(said["port"])
        assert child.poll() is None, log.read_text()
        time.sleep(0.02)
    raise AssertionError(log.read_text())


@contextmanager
def by_folder(url: str, folder: Path) -> Iterator[tuple[subprocess.Popen[str], Deliver]]:
    """Files; one that lies in `done` is acknowledged."""
    incoming = folder / "incoming"
    incoming.mkdir(exist_ok=True)
    with _child(["-m", "monitoring", "watch", str(incoming), "--settle", "0"], url, folder / "log") as child:

        def deliver(name: str, patients: list[str]) -> bool:
            rows = "".join(f"{one},{AT},38.6\n" for one in patients)
            (incoming / f"{name}.part").write_text(f"patient_id,time,temp_c\n{rows}")
            (incoming / f"{name}.part").rename(incoming / f"{name}.csv")
            while not (incoming / "done" / f"{name}.csv").exists():
                if child.poll() is not None:
                    raise ConnectionError("killed")
                time.sleep(0.002)
            return True

        yield child, deliver


CHANNELS = {"http": over_http, "mllp": over_mllp, "watch": by_folder}


def one_round(channel: str, url: str, folder: Path, number: int, chance: random.Random) -> Outcome:
    """Send, kill, look, send everything again, look again."""
    lots = [(f"{number}-{lot}", [f"{channel}-{number}-{lot}-{nth}" for nth in range(_PER_BODY)]) for lot in range(4000)]
    sent: list[tuple[str, list[str]]] = []
    acknowledged: list[str] = []
    with CHANNELS[channel](url, folder) as (child, deliver):
        assert deliver(*lots[0])  # it is up: what follows is the time of the work, not of the start
        acknowledged += lots[0][1]
        sent.append(lots[0])
        timer = threading.Timer(chance.uniform(0, _LONGEST), child.kill)
        timer.start()
        with contextlib.suppress(OSError, httpx.HTTPError):
            for lot in lots[1:]:
                sent.append(lot)
                if deliver(*lot):
                    acknowledged += lot[1]
        timer.join()
    ours = f"{channel}-{number}-"
    store = open_store(url)
    before = {fact.patient_id for fact in store.facts()}
    _again(channel, url, folder, sent)
    times = Counter(fact.patient_id for fact in store.facts() if fact.patient_id.startswith(ours))
    findings = store.findings()
    store.close()
    wanted = [one for _, patients in sent for one in patients]
    return Outcome(
        acknowledged=len(acknowledged),
        sent=len(wanted),
        lost=[one for one in acknowledged if one not in before],
        doubled=[one for one, count in times.items() if count > 1],
        missing=[one for one in wanted if one not in times],
        findings=findings,
    )


def _again(channel: str, url: str, folder: Path, sent: list[tuple[str, list[str]]]) -> None:
    with CHANNELS[channel](url, folder) as (_, deliver):
        for name, patients in sent:
            assert deliver(f"{name}-again", patients)
        incoming = folder / "incoming"
        while channel == "watch" and any(incoming.glob("*.csv")):
            time.sleep(0.01)
