"""A ward under load: 300 patients with a set a minute, 50 open ward screens, 20 people on patients' pages.

A real server (`streamlit run`), sets by HTTP with a service token, and screens that speak Streamlit's own protocol and
fetch the board each second, as the browser does. A set is late by the time from the start of its POST to the arrival of
the first board that shows it, on each screen by itself. Run with
`python -m tests.benchmarks.load --minutes 15 [--patients 300] [--screens 50] [--people 20] [--db URL] [--processes 2]`.
Charting through a form is not played; the people open one page after the other. Everything runs on this one machine,
so what the players cost is taken from the server.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter
from zoneinfo import ZoneInfo

import httpx
import numpy as np
import pandas as pd
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from monitoring.access import Account
from monitoring.access.accounts import digest, new_secret
from monitoring.access.acts import SESSION_SHOWN
from monitoring.admission import Admission, patient_key
from monitoring.concepts import dictionary
from monitoring.rounds import Rounds
from monitoring.settings import Settings
from monitoring.store import open_store
from monitoring.store.accounts import open_accounts
from monitoring.ui.frame import LOOK_EVERY_SECONDS
from monitoring.vocabulary import Role, Scope

ROOT = Path(__file__).resolve().parents[2]
HISTORY_HOURS = 72
FETCH_SECONDS = 1.0
PAGE_SECONDS = 30.0
WARM_UP_SECONDS = 45.0
TARGET_SECONDS = 2.0
MIB = 2**20
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


@dataclass
class Play:
    """What the players share, and what they saw."""

    urls: list[str]
    keys: dict[str, str]
    token: str
    cookies: list[str]
    over: float
    begun: float = field(default_factory=perf_counter)
    counted_from: float = 0.0
    waiting: dict[tuple[str, str], float] = field(default_factory=dict)
    bodies: list[dict[tuple[str, str], float]] = field(default_factory=list)
    known: dict[bytes, int] = field(default_factory=dict)
    late: list[float] = field(default_factory=list)
    answered: list[float] = field(default_factory=list)
    fetched: list[float] = field(default_factory=list)
    pages: list[float] = field(default_factory=list)
    memory: list[tuple[float, float]] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    posted: int = 0
    runs: int = 0

    @property
    def going(self) -> bool:
        """Whether the play is on."""
        return perf_counter() < self.over


def history(patients: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Patients infused three days ago, and their hourly vital signs up to now."""
    draw = np.random.default_rng(5)
    end = datetime.now(UTC).replace(second=0, microsecond=0)
    names = [f"L{number:03}" for number in range(1, patients + 1)]
    infused = end - timedelta(hours=HISTORY_HOURS)
    who = pd.DataFrame({"patient_id": names, "birth_date": "1972-01-01", "ward": "7 North", "bed": names})
    who["product"], who["infused_at"] = "axicabtagene ciloleucel", infused.isoformat()
    size = patients * HISTORY_HOURS
    hours = np.tile(np.arange(HISTORY_HOURS), patients)
    sets = pd.DataFrame({"patient_id": np.repeat(names, HISTORY_HOURS)})
    sets["time"] = [(infused + timedelta(hours=int(hour))).isoformat() for hour in hours]
    ill = np.repeat(draw.random(patients) < 0.3, HISTORY_HOURS) & (hours > 40)
    sets["temp_c"] = (draw.normal(36.9, 0.3, size) + ill * 1.6).round(1)
    sets["hr"], sets["rr"] = draw.integers(70, 100, size), draw.integers(12, 20, size)
    sets["sbp"], sets["dbp"] = draw.integers(100, 140, size), draw.integers(60, 80, size)
    sets["spo2"], sets["o2_device"] = draw.integers(94, 100, size), "room_air"
    return who, sets


def prepared(
    address: str, folder: Path, patients: int, screens: int, people: int
) -> tuple[str, list[str], dict[str, str]]:
    """A filled store: the token of the monitors, the cookies of everybody, and what stands for each patient."""
    for name, table in zip(("patients", "vitals"), history(patients), strict=True):
        table.to_csv(folder / f"{name}.csv", index=False)
    store, now = open_store(address), datetime.now(UTC)
    rounds = Rounds(store, Settings(address, ZoneInfo("UTC"), None, demonstration=False), dictionary())
    tally = rounds.ingest([folder / "patients.csv", folder / "vitals.csv"], received_at=now)
    assert tally.quarantined == 0, tally.refusals[:3]
    accounts = open_accounts(address)
    admission = Admission(accounts)
    token, _ = admission.make_token("monitors", {Scope.INGEST_WRITE}, now)
    cookies = []
    for number in range(screens + people):
        role = Role.DISPLAY if number < screens else Role.NURSE
        secret = new_secret()
        accounts.add_account(Account(f"a{number}", f"player {number}", f"Player {number}", role, None), now)
        accounts.start_session(digest(secret), f"a{number}", "load", now)
        cookies.append(secret)
    secret = admission.address_secret()
    keys = {patient_key(name, secret): name for name in (f"L{n:03}" for n in range(1, patients + 1))}
    accounts.close()
    store.close()
    return token, cookies, keys


async def monitors(play: Play) -> None:
    """Each patient's set once a minute, one after the other, spread over the minute."""
    patients = sorted(play.keys.values())
    client = httpx.AsyncClient(
        base_url=play.urls[0], headers={"authorization": f"Bearer {play.token}"}, timeout=60, trust_env=False
    )
    under_way: set[asyncio.Task[None]] = set()
    start, number = perf_counter(), 0
    while play.going:
        due = start + number * 60 / len(patients)
        await asyncio.sleep(max(0.0, due - perf_counter()))
        turn, place = divmod(number, len(patients))
        task = asyncio.create_task(post(play, client, patients[place], turn, place))
        under_way.add(task)
        task.add_done_callback(under_way.discard)
        number += 1
    await asyncio.gather(*under_way)
    await client.aclose()


async def post(play: Play, client: httpx.AsyncClient, patient: str, turn: int, place: int) -> None:
    """One set of a patient; its pulse says which."""
    pulse = 60 + turn % 50
    values = {
        "temp_c": 38.4 if place % 10 == turn % 10 else 36.9,
        "hr": pulse,
        "rr": 16,
        "sbp": 118,
        "dbp": 71,
        "spo2": 97,
    }
    at = datetime.now(UTC).isoformat()
    units = {"temp_c": "Cel", "hr": "/min", "rr": "/min", "sbp": "mm[Hg]", "dbp": "mm[Hg]", "spo2": "%"}
    rows = [
        {"patient_id": patient, "time": at, "concept": name.removesuffix("_c"), "value": value, "unit": units[name]}
        for name, value in values.items()
    ]
    begin = perf_counter()
    play.waiting[patient, str(pulse)] = begin
    try:
        answer = await client.post("/api/observations", json=rows)
    except httpx.HTTPError as error:
        play.wrong.append(f"post: {type(error).__name__}")
        return
    play.answered.append(perf_counter() - begin)
    play.posted += 1
    if answer.status_code != 200 or answer.json()["stored"] != len(rows):
        play.wrong.append(f"post: {answer.status_code} {answer.text[:200]}")


def read(play: Play, body: bytes) -> int:
    """The number of a board in the order of arrival of new ones; what it shows for the first time is remembered."""
    name = body[-64:] + body[:400]
    if name not in play.known:
        shown = {
            (play.keys[row["key"]], row["vitals"].get("heart_rate", {}).get("text", ""))
            for row in json.loads(body)["rows"]
        }
        found = {fact: play.waiting.pop(fact) for fact in shown & play.waiting.keys()}
        play.known[name] = len(play.bodies)
        play.bodies.append(found)
    return play.known[name]


async def screen(play: Play, number: int) -> None:
    """A ward screen: Streamlit's session, and the board fetched each second."""
    url, cookie = play.urls[number % len(play.urls)], play.cookies[number]
    await asyncio.sleep(number * 0.1)
    talk = asyncio.create_task(session(play, url, cookie, "ward"))
    last = None
    async with httpx.AsyncClient(
        base_url=url,
        cookies={"ward_session": cookie},
        headers={"accept": "application/json"},
        timeout=60,
        trust_env=False,
    ) as client:
        while play.going:
            begin = perf_counter()
            try:
                answer = await client.get("/api/board", params={"of": digest(cookie)[:SESSION_SHOWN]})
            except httpx.HTTPError as error:
                play.wrong.append(f"board: {type(error).__name__}")
                await asyncio.sleep(FETCH_SECONDS)
                continue
            now = perf_counter()
            if answer.status_code != 200:
                play.wrong.append(f"board: {answer.status_code}")
            else:
                place = read(play, answer.content)
                first = place if last is None else last + 1
                play.fetched.append(now - begin)
                if now > play.counted_from:
                    news = (posted for body in play.bodies[first : place + 1] for posted in body.values())
                    play.late += [now - posted for posted in news if posted > play.counted_from]
                last = place if last is None else max(place, last)
            await asyncio.sleep(max(0.0, FETCH_SECONDS - (perf_counter() - begin)))
    talk.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await talk


async def session(play: Play, url: str, cookie: str, page: str, query: str = "") -> None:
    """One tab: the page run once, then every refresh it asks for."""
    address = url.replace("http", "ws", 1) + "/_stcore/stream"
    async with connect(
        address,
        origin=url,  # type: ignore[arg-type]
        additional_headers={"Cookie": f"ward_session={cookie}"},
        subprotocols=["streamlit"],  # type: ignore[list-item]
        max_size=None,
        proxy=None,
    ) as tab:
        timers: dict[str, asyncio.Task[None]] = {"": asyncio.create_task(looks(play, url, cookie))}
        begin = perf_counter()
        await tab.send(asked(page, query).SerializeToString())
        first = True
        try:
            async for raw in tab:
                message = ForwardMsg()
                message.ParseFromString(raw if isinstance(raw, bytes) else raw.encode())
                kind = message.WhichOneof("type")
                if kind == "auto_rerun":
                    name = message.auto_rerun.fragment_id
                    if name not in timers:
                        timers[name] = asyncio.create_task(
                            refresh(play, tab, page, query, name, message.auto_rerun.interval)
                        )
                elif kind == "script_finished" and first:
                    first = False
                    if page != "ward":
                        play.pages.append(perf_counter() - begin)
        finally:
            for timer in timers.values():
                timer.cancel()


async def looks(play: Play, url: str, cookie: str) -> None:
    """What every open page asks: whether whoever looks is still signed in."""
    async with httpx.AsyncClient(base_url=url, cookies={"ward_session": cookie}, timeout=60, trust_env=False) as client:
        while True:
            await asyncio.sleep(LOOK_EVERY_SECONDS)
            try:
                answer = await client.get("/auth/session", params={"of": digest(cookie)[:SESSION_SHOWN]})
            except httpx.HTTPError as error:
                play.wrong.append(f"session: {type(error).__name__}")
                continue
            if answer.status_code != 204:
                play.wrong.append(f"session: {answer.status_code}")


def asked(page: str, query: str, fragment: str = "") -> BackMsg:
    """The message a tab sends for a run."""
    message = BackMsg()
    message.rerun_script.page_name = page
    message.rerun_script.query_string = query
    if fragment:
        message.rerun_script.fragment_id = fragment
        message.rerun_script.is_auto_rerun = True
    return message


async def refresh(play: Play, tab: ClientConnection, page: str, query: str, fragment: str, seconds: float) -> None:
    """The browser's timer of one fragment."""
    while True:
        await asyncio.sleep(seconds)
        play.runs += 1
        await tab.send(asked(page, query, fragment).SerializeToString())


async def person(play: Play, number: int) -> None:
    """Somebody who opens one patient after the other."""
    draw = np.random.default_rng(number)
    keys = sorted(play.keys)
    url, cookie = play.urls[number % len(play.urls)], play.cookies[number]
    await asyncio.sleep(float(draw.random() * PAGE_SECONDS))
    while play.going:
        key = keys[int(draw.integers(len(keys)))]
        try:
            async with asyncio.timeout(PAGE_SECONDS):
                await opened(url, cookie, f"/patient?p={key}")
                await session(play, url, cookie, "patient", f"p={key}")
        except TimeoutError:
            pass
        except (OSError, httpx.HTTPError, WebSocketException) as error:
            play.wrong.append(f"page: {type(error).__name__}")
            await asyncio.sleep(1)


async def opened(url: str, cookie: str, address: str) -> None:
    """The page asked for as a person's browser asks: that is activity, and without any a session ends after an hour."""
    async with httpx.AsyncClient(base_url=url, cookies={"ward_session": cookie}, timeout=60, trust_env=False) as client:
        (await client.get(address, headers={"accept": "text/html"})).raise_for_status()


async def weigh(play: Play, processes: list[int]) -> None:
    """Resident memory of the servers, every ten seconds; each minute a line of what arrived in it."""
    told = 0
    while play.going:
        pages = sum(int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) for pid in processes)
        play.memory.append((perf_counter() - play.begun, pages * PAGE_BYTES / MIB))
        if len(play.memory) % 6 == 0:
            late, told = play.late[told:] or [0.0], len(play.late)
            over = sum(one > TARGET_SECONDS for one in late)
            print(
                f"{play.memory[-1][0] / 60:5.1f} min  {play.memory[-1][1]:7.0f} MiB  posted {play.posted}  "
                f"arrived {len(late)}, worst {max(late):.2f} s, later than two seconds {over}  wrong {len(play.wrong)}",
                file=sys.stderr,
                flush=True,
            )
        await asyncio.sleep(10)


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def serve(address: str, log: Path) -> tuple[subprocess.Popen[bytes], str]:
    """A server on a port of its own, not yet up."""
    url = f"http://127.0.0.1:{(port := free_port())}"
    words = [sys.executable, "-m", "streamlit", "run", "dashboard.py", "--server.headless", "true"]
    words += ["--server.address", "127.0.0.1", "--server.port", str(port)]
    environment = {**os.environ, "MONITORING_DATABASE_URL": address, "MONITORING_URL": url}
    with log.open("wb") as out:
        return subprocess.Popen(words, cwd=ROOT, env=environment, stdout=out, stderr=out, start_new_session=True), url


async def played(play: Play, screens: int, people: int, processes: list[int]) -> None:
    """Everything at once, until it is over."""
    work = [monitors(play), weigh(play, processes)]
    work += [screen(play, number) for number in range(screens)]
    work += [person(play, screens + number) for number in range(people)]
    await asyncio.gather(*work)


def told(play: Play, options: argparse.Namespace, seconds_of_cpu: float, minutes: float) -> None:
    """The table."""

    def line(what: str, values: list[float], unit: float = 1000) -> None:
        if values:
            ordered = sorted(values)
            p95, p99 = (ordered[int(len(ordered) * share)] for share in (0.95, 0.99))
            cells = [statistics.median(ordered), p95, p99, ordered[-1]]
            print(f"| {what} | {len(values):,} | " + " | ".join(f"{value * unit:,.0f}" for value in cells) + " |")

    engine = "PostgreSQL" if "postgres" in options.db else "SQLite"
    print(
        f"{options.patients} patients, a set of 6 values a minute each; {options.screens} ward screens, "
        f"{options.people} people; {options.processes} process(es), {engine}; "
        f"{minutes:.0f} minutes\n"
    )
    print("| milliseconds | count | median | p95 | p99 | worst |\n|---|---|---|---|---|---|")
    line("a set on a screen, from the start of its POST", play.late)
    line("a set answered as durable", play.answered)
    line("the board fetched", play.fetched)
    line("a patient's page drawn", play.pages)
    slow = sum(late > TARGET_SECONDS for late in play.late)
    print(
        f"\nlater than two seconds: {slow} of {len(play.late):,}; never seen: {unseen(play)}; wrong: {len(play.wrong)}"
    )
    print(f"refreshes of pages: {play.runs:,}; server CPU: {seconds_of_cpu / minutes / 60:.2f} of a core")
    at = [(minute, weight) for minute, weight in play.memory if minute > WARM_UP_SECONDS * 2]
    if len(at) > 2:
        slope = float(np.polyfit([t for t, _ in at], [weight for _, weight in at], 1)[0]) * 3600
        facts = options.patients * 6 * 60
        print(
            f"memory: {at[0][1]:,.0f} MiB at {at[0][0] / 60:.1f} min, {at[-1][1]:,.0f} MiB at the end; "
            f"{slope:,.0f} MiB an hour, {slope * MIB / facts / options.processes:,.0f} bytes a fact and process"
        )
    for sentence in sorted(set(play.wrong))[:10]:
        print(f"  {play.wrong.count(sentence)} x {sentence}")


def unseen(play: Play) -> int:
    """Sets no board ever showed, but those of the last seconds."""
    return sum(posted < play.over - 10 for posted in play.waiting.values())


def cpu_seconds(pid: int) -> float:
    """What a process has used so far."""
    spent = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    return (int(spent[11]) + int(spent[12])) / os.sysconf("SC_CLK_TCK")


def report() -> None:
    """Play it and print the table."""
    asks = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (("--patients", 300), ("--screens", 50), ("--people", 20), ("--processes", 1)):
        asks.add_argument(name, type=int, default=default)
    asks.add_argument("--minutes", type=float, default=15)
    asks.add_argument("--db", default="", help="an empty database; a SQLite file of its own without it")
    options = asks.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        address = options.db or f"sqlite:///{folder / 'load.db'}"
        token, cookies, keys = prepared(address, folder, options.patients, options.screens, options.people)
        servers = [serve(address, folder / f"log{number}") for number in range(options.processes)]
        pids = [server.pid for server, _ in servers]
        try:
            for _, url in servers:
                wait_until_up(url)
            before = sum(map(cpu_seconds, pids))
            begin = perf_counter()
            play = Play([url for _, url in servers], keys, token, cookies, begin + options.minutes * 60)
            play.counted_from = begin + WARM_UP_SECONDS
            asyncio.run(played(play, options.screens, options.people, pids))
            told(play, options, sum(map(cpu_seconds, pids)) - before, (perf_counter() - begin) / 60)
        finally:
            for server, _ in servers:
                os.killpg(server.pid, signal.SIGTERM)
                server.wait(timeout=60)
        traces = [line for path in folder.glob("log*") for line in path.read_text(errors="replace").splitlines()]
        print(f"lines in the servers' logs that tell of trouble: {sum('rror' in line for line in traces)}")
        for line in [line for line in traces if "rror" in line][:5]:
            print("  " + line[:300])


def wait_until_up(url: str) -> None:
    """Return once the watch has graded everybody once. Raises TimeoutError after two minutes."""
    begin = perf_counter()
    while perf_counter() - begin < 120:
        with contextlib.suppress(httpx.HTTPError):
            if httpx.get(f"{url}/healthz", timeout=30, trust_env=False).json().get("watched"):
                return
        asyncio.run(asyncio.sleep(0.5))
    raise TimeoutError(f"{url} did not come up")


if __name__ == "__main__":
    report()
