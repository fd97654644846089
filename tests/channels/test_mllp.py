"""HL7 v2 over MLLP: answered when durable, whatever the wire does."""

from __future__ import annotations

import asyncio
import contextlib
import random
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from ipaddress import ip_network
from pathlib import Path
from typing import Protocol

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitoring.concepts import dictionary
from monitoring.ingest.hl7v2 import LONGEST_MESSAGE
from monitoring.intake.framing import Frames, NotFramed, frame
from monitoring.intake.listener import Answer, Listener, answering
from monitoring.records import Observation
from monitoring.rounds import Rounds
from monitoring.settings import ROOT, SettingRefused, read_settings
from monitoring.store import Store, StoreUnavailable, open_store

from .killing import port_of
from .messages import END, VT, answers, code_and_id, framed, oru

HERE = (ip_network("127.0.0.0/8"),)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    kept = open_store(f"sqlite:///{tmp_path / 'ward.db'}")
    yield kept
    kept.close()


@pytest.fixture
def answer(store: Store) -> Answer:
    return answering(Rounds(store, read_settings(), dictionary()), lambda: datetime.now(UTC))


Wire = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Connect(Protocol):
    """Connects to the listener, by TLS where a context is given."""

    async def __call__(self, context: ssl.SSLContext | None = None) -> Wire: ...


@asynccontextmanager
async def listening(listener: Listener, tls: ssl.SSLContext | None = None) -> AsyncIterator[Connect]:
    server = await listener.start("127.0.0.1", 0, tls)
    port = server.sockets[0].getsockname()[1]

    async def connect(context: ssl.SSLContext | None = None) -> Wire:
        return await asyncio.open_connection(
            "127.0.0.1", port, ssl=context, server_hostname="localhost" if context else None
        )

    yield connect
    await listener.stop(server)


async def gone(*writers: asyncio.StreamWriter) -> None:
    for writer in writers:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


def talk(listener: Listener, *sent: bytes, wanted: int, leave: bool = False) -> bytes:
    """What one connection is answered to `sent`, once it has `wanted` answers or is closed by the listener."""

    async def conversation() -> bytes:
        async with listening(listener) as connect:
            reader, writer = await connect()
            received = b""
            with contextlib.suppress(ConnectionError):
                for part in sent:
                    writer.write(part)
                    await writer.drain()
                if leave:
                    writer.write_eof()
                while received.count(END) < wanted and (data := await asyncio.wait_for(reader.read(65536), 20)):
                    received += data
            await gone(writer)
            return received

    return asyncio.run(conversation())


def test_a_message_is_durable_before_it_is_answered(answer: Answer, store: Store) -> None:
    seen: list[int] = []

    def looked_at(message: bytes, peer: str) -> bytes | None:
        said = answer(message, peer)
        seen.append(len(store.facts()))
        return said

    received = talk(Listener(looked_at, HERE), framed(oru("A1")), wanted=1)
    assert [code_and_id(one) for one in answers(received)] == [("AA", "A1")]
    assert seen == [1]
    (fact,) = store.facts()
    assert isinstance(fact, Observation)
    assert (fact.value, fact.source) == (38.6, "mllp 127.0.0.1:message A1 OBX[1]")


def test_several_messages_on_one_connection_are_answered_in_order(answer: Answer, store: Store) -> None:
    together = b"".join(framed(oru(f"A{number}", f"38.{number}")) for number in range(5))
    received = talk(Listener(answer, HERE), together, wanted=5)
    assert [code_and_id(one) for one in answers(received)] == [("AA", f"A{number}") for number in range(5)]
    assert len(store.facts()) == 5


def test_a_message_sent_again_is_accepted_and_changes_nothing(answer: Answer, store: Store) -> None:
    message = framed(oru("A1"))
    received = talk(Listener(answer, HERE), message, message, wanted=2)
    assert [code_and_id(one)[0] for one in answers(received)] == ["AA", "AA"]
    assert len(store.facts()) == 1


def test_a_refused_field_is_ae_with_its_place_and_the_message_is_held(answer: Answer, store: Store) -> None:
    (said,) = answers(talk(Listener(answer, HERE), framed(oru("A1", "99.9")), wanted=1))
    assert code_and_id(said) == ("AE", "A1")
    (error,) = [line for line in said if line.startswith("ERR")]
    assert "OBX^1^5" in error
    assert "99.9" not in "".join(said)
    (held,) = store.quarantine.refusals()
    assert held.row.raw is not None
    assert "99.9" in held.row.raw


def test_what_is_no_message_is_ar_and_held(answer: Answer, store: Store) -> None:
    (said,) = answers(talk(Listener(answer, HERE), framed(b"hello"), wanted=1))
    assert code_and_id(said)[0] == "AR"
    assert len(store.quarantine.refusals()) == 1


def test_a_message_that_is_too_long_is_ar_and_the_next_one_is_read(answer: Answer, store: Store) -> None:
    long = oru("A1") + b"NTE|1||" + b"x" * LONGEST_MESSAGE
    received = talk(Listener(answer, HERE), framed(long) + framed(oru("A2")), wanted=2)
    assert [code_and_id(one) for one in answers(received)] == [("AR", "A1"), ("AA", "A2")]
    assert len(store.facts()) == 1


def test_an_acknowledgement_is_not_acknowledged(answer: Answer) -> None:
    ack = b"MSH|^~\\&|A|B|C|D|20260301||ACK|X1|P|2.5\rMSA|AA|1\r"
    received = talk(Listener(answer, HERE), framed(ack) + framed(oru("A2")), wanted=1)
    assert [code_and_id(one) for one in answers(received)] == [("AA", "A2")]


class Silent(Rounds):
    """A store that does not answer."""

    def receive_message(self, *_: object, **__: object) -> object:  # type: ignore[override]
        raise StoreUnavailable("gone")


def test_a_store_that_does_not_answer_is_ar_and_asks_for_the_message_again(store: Store) -> None:
    answer = answering(Silent(store, read_settings(), dictionary()), lambda: datetime.now(UTC))
    (said,) = answers(talk(Listener(answer, HERE), framed(oru("A1")), wanted=1))
    assert code_and_id(said) == ("AR", "A1")
    assert "207^^HL70357" in next(line for line in said if line.startswith("ERR"))
    assert "send this message again" in said[1]


def test_half_a_message_stores_nothing_when_its_sender_leaves(answer: Answer, store: Store) -> None:
    assert talk(Listener(answer, HERE), VT + oru("A1")[:60], wanted=1, leave=True) == b""
    assert store.ledger() == []


def test_a_message_that_stops_half_way_is_given_up(answer: Answer, store: Store) -> None:
    assert talk(Listener(answer, HERE, silent_seconds=0.2), VT + oru("A1")[:60], wanted=1) == b""
    assert store.ledger() == []


def test_bytes_without_a_frame_end_the_connection(answer: Answer, store: Store) -> None:
    assert talk(Listener(answer, HERE), oru("A1"), wanted=1) == b""
    assert store.ledger() == []


def test_a_sender_that_is_not_named_is_not_heard(answer: Answer, store: Store) -> None:
    elsewhere = (ip_network("10.20.0.0/24"),)
    assert talk(Listener(answer, elsewhere), framed(oru("A1")), wanted=1) == b""
    assert store.ledger() == []


def test_one_slow_sender_keeps_nobody_waiting(answer: Answer, store: Store) -> None:
    async def conversation() -> bytes:
        async with listening(Listener(answer, HERE)) as connect:
            _, slow = await connect()
            slow.write(VT + oru("SLOW")[:50])
            await slow.drain()
            reader, writer = await connect()
            writer.write(framed(oru("A1")))
            received = await asyncio.wait_for(reader.readuntil(END), 20)
            await gone(slow, writer)
            return received

    assert code_and_id(answers(asyncio.run(conversation()))[0]) == ("AA", "A1")


def test_twenty_senders_at_once_are_all_answered(answer: Answer, store: Store) -> None:
    async def one(connect: Connect, number: int) -> list[tuple[str, str]]:
        reader, writer = await connect()
        found = []
        for nth in range(5):
            writer.write(framed(oru(f"{number}-{nth}", f"3{number % 5 + 5}.{nth}", f"P{number}")))
            found.append(code_and_id(answers(await asyncio.wait_for(reader.readuntil(END), 60))[0]))
        await gone(writer)
        return found

    async def conversation() -> list[list[tuple[str, str]]]:
        async with listening(Listener(answer, HERE)) as connect:
            return await asyncio.gather(*(one(connect, number) for number in range(20)))

    said = asyncio.run(conversation())
    assert said == [[("AA", f"{number}-{nth}") for nth in range(5)] for number in range(20)]
    assert len(store.facts()) == 100
    assert store.findings() == []


def test_a_connection_above_the_most_is_closed(answer: Answer) -> None:
    async def conversation() -> bytes:
        async with listening(Listener(answer, HERE, most=1)) as connect:
            reader, writer = await connect()
            writer.write(framed(oru("A1")))
            await reader.readuntil(END)
            other, its = await connect()
            received = b""
            with contextlib.suppress(ConnectionError):
                received = await asyncio.wait_for(other.read(), 20)
            await gone(writer, its)
            return received

    assert asyncio.run(conversation()) == b""


def test_tls(answer: Answer, tmp_path: Path) -> None:
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    words = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost"]
    words += ["-addext", "subjectAltName=DNS:localhost", "-keyout", str(key), "-out", str(cert)]
    subprocess.run(words, check=True, capture_output=True)
    ours = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ours.load_cert_chain(cert, key)
    theirs = ssl.create_default_context(cafile=str(cert))

    async def conversation() -> bytes:
        async with listening(Listener(answer, HERE), ours) as connect:
            reader, writer = await connect(theirs)
            writer.write(framed(oru("A1")))
            received = await asyncio.wait_for(reader.readuntil(END), 20)
            await gone(writer)
            return received

    assert code_and_id(answers(asyncio.run(conversation()))[0]) == ("AA", "A1")


@given(st.lists(st.binary(max_size=40).map(lambda text: text.translate(None, b"\x0b\x1c")), max_size=6), st.randoms())
def test_messages_come_out_whole_however_the_wire_cuts_them(messages: list[bytes], chance: random.Random) -> None:
    sent = b"".join(frame(message) for message in messages)
    frames, found = Frames(), []
    while sent:
        size = chance.randint(1, 9)
        found += frames.feed(sent[:size])
        sent = sent[size:]
    assert found == messages
    assert not frames.half


@given(st.lists(st.binary(max_size=60), max_size=8))
def test_no_bytes_make_more_of_a_message_than_was_sent(parts: list[bytes]) -> None:
    frames, found = Frames(), []
    try:
        for part in parts:
            found += frames.feed(part)
    except NotFramed:
        pass
    assert all(VT not in one and b"\x1c" not in one for one in found)
    assert sum(map(len, found)) <= sum(map(len, parts))


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(noise=st.binary(max_size=300), at=st.integers(0, 200))
def test_any_message_is_answered_and_accounted_for(noise: bytes, at: int, answer: Answer, store: Store) -> None:
    good = oru("F1")
    said = answer(good[:at] + noise.translate(None, b"\x0b\x1c") + good[at:], "10.0.0.9")
    assert said is None or said.startswith(b"MSH")
    assert store.findings() == []


def test_the_command_answers_over_the_wire_and_ends_when_told(tmp_path: Path) -> None:
    log = tmp_path / "log"
    words = [sys.executable, "-m", "monitoring", "mllp", "--port", "0", "--db", f"sqlite:///{tmp_path / 'ward.db'}"]
    with log.open("w") as errors:
        process = subprocess.Popen(words, cwd=ROOT, stderr=errors)
    try:
        with socket.create_connection(("127.0.0.1", port_of(log, process)), timeout=60) as wire:
            wire.sendall(framed(oru("A1", "38.6", "Ada-Okafor")))
            assert code_and_id(answers(wire.recv(65536))[0]) == ("AA", "A1")
            process.send_signal(signal.SIGTERM)
            assert wire.recv(1) == b"", "the connection is closed at the end"
        assert process.wait(timeout=30) == 0
    finally:
        process.kill()
        process.wait(timeout=30)
    said = log.read_text()
    assert '"verdict": "AA"' in said
    assert [word for word in ("Ada", "38.6", "Traceback") if word in said] == []


UNUSABLE = [
    (["--host", "10.255.255.1"], "set MONITORING_MLLP_PEERS to the addresses"),
    (["--cert", "c.pem"], "--cert and --key go together"),
    (["--cert", "c.pem", "--key", "k.pem"], "cannot be used"),
]


@pytest.mark.parametrize(("words", "sentence"), UNUSABLE, ids=[row[1] for row in UNUSABLE])
def test_the_command_does_not_start_half_protected(words: list[str], sentence: str, tmp_path: Path) -> None:
    store = ["--db", f"sqlite:///{tmp_path / 'ward.db'}"]
    called = [sys.executable, "-m", "monitoring", "mllp", *words, *store]
    done = subprocess.run(called, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert done.stderr.count("\n") == 1


def test_peers_are_networks_or_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MONITORING_MLLP_PEERS", "10.20.0.0/24, 10.30.1.7")
    assert read_settings().mllp_peers == (ip_network("10.20.0.0/24"), ip_network("10.30.1.7/32"))
    monkeypatch.setenv("MONITORING_MLLP_PEERS", "gateway")
    with pytest.raises(SettingRefused, match="MONITORING_MLLP_PEERS has 'gateway'"):
        read_settings()
