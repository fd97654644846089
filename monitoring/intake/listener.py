"""An MLLP listener: one acknowledgement for each message, sent when what the message says is durable.

Messages of one connection are answered in order, one at a time; connections do not wait for each other but at the
store. Who may connect is an allow-list of addresses, since MLLP knows no sign-in: put it on a network of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import IPv4Network, IPv6Network, ip_address

from monitoring.access.acts import Channel, Origin
from monitoring.ingest.hl7v2 import Verdict, acknowledgement, verdict
from monitoring.intake.framing import Frames, NotFramed, frame
from monitoring.records import Refusal
from monitoring.rounds import Rounds
from monitoring.store import StoreUnavailable

Network = IPv4Network | IPv6Network
SOURCE = "mllp"
"""What the name of a source begins with that came over MLLP; the sender's address follows."""
MOST_CONNECTIONS = 200
SILENT_SECONDS = 30.0
"""How long a message may pause half way, and an answer may wait to be read, before the connection is closed."""
_LEAVE_SECONDS = 10.0
_CHUNK = 65_536
_LOG = logging.getLogger(__name__)

Answer = Callable[[bytes, str], bytes | None]
"""The acknowledgement of a message from an address, once it is durable; None for what is not answered."""


def answering(rounds: Rounds, now: Callable[[], datetime]) -> Answer:
    """What the listener does with a message: into the store, then its acknowledgement. Raises nothing."""

    def answer(message: bytes, peer: str) -> bytes | None:
        at = now()
        source = f"{SOURCE} {peer}"
        try:
            by = Origin("", Channel.MLLP, address=peer)
            row = rounds.receive_message(message, source=source, author=source, by=by, received_at=at)
        except StoreUnavailable as silent:
            _tell("not stored", peer=peer, why=type(silent).__name__)
            return _not_stored(message, source, at, "the store does not answer; send this message again")
        except Exception as fault:  # noqa: BLE001 - one message must not end the listener, nor go unanswered
            _tell("not stored", peer=peer, why=type(fault).__name__)
            return _not_stored(message, source, at, "a fault of ours, logged; send this message again")
        if row.ignored_kind is not None and row.ignored_kind.startswith("ACK"):
            return None  # to answer an answer would never end
        said = verdict(row)
        _tell("message", peer=peer, verdict=said.value, facts=len(row.facts), refused=len(row.refusals))
        return acknowledgement(message, said, at, row.refusals)

    return answer


def _not_stored(message: bytes, source: str, at: datetime, why: str) -> bytes:
    reason = Refusal(source=source, place="message", reason=why, rule="unavailable")
    return acknowledgement(message, Verdict.REJECTED, at, [reason], text=why)


@dataclass
class Listener:
    """`peers` are the networks that may connect. `most` connections at once; others are closed and try again."""

    answer: Answer
    peers: Sequence[Network]
    silent_seconds: float = SILENT_SECONDS
    most: int = MOST_CONNECTIONS
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _busy: set[asyncio.Task[None]] = field(default_factory=set)
    _stopping: bool = False

    async def start(self, host: str, port: int, tls: ssl.SSLContext | None = None) -> asyncio.Server:
        """Listen. Raises OSError where the address is taken."""
        wait = None if tls is None else self.silent_seconds
        return await asyncio.start_server(self._connected, host, port, ssl=tls, ssl_handshake_timeout=wait)

    async def stop(self, server: asyncio.Server) -> None:
        """Take no more connections, answer what is being stored, and close the rest."""
        self._stopping = True
        server.close()
        for task in self._tasks - self._busy:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=_LEAVE_SECONDS)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a connection is served outside of a task")
        peer = str(writer.get_extra_info("peername")[0]).partition("%")[0]
        self._tasks.add(task)
        try:
            if not any(ip_address(peer) in network for network in self.peers):
                _tell("refused", peer=peer, why="not in MONITORING_MLLP_PEERS")
            elif len(self._tasks) > self.most:
                _tell("refused", peer=peer, why="too many connections")
            else:
                await self._serve(reader, writer, peer, task)
        except (OSError, asyncio.CancelledError):
            pass  # the sender went away, or we are: what was not answered is sent again
        finally:
            self._tasks.discard(task)
            writer.close()
            with contextlib.suppress(OSError, asyncio.CancelledError, TimeoutError):
                await asyncio.wait_for(writer.wait_closed(), self.silent_seconds)

    async def _serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, peer: str, task: asyncio.Task[None]
    ) -> None:
        wire = writer.get_extra_info("socket")
        if wire is not None:
            wire.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        frames = Frames()
        while not self._stopping:
            try:
                data = await asyncio.wait_for(reader.read(_CHUNK), self.silent_seconds if frames.half else None)
                messages = frames.feed(data)
            except TimeoutError:
                _tell("closed", peer=peer, why="a message stopped half way")
                return
            except NotFramed as why:
                _tell("closed", peer=peer, why=str(why))
                return
            if not data:
                if frames.half:
                    _tell("closed", peer=peer, why="the sender left in the middle of a message")
                return
            self._busy.add(task)
            try:
                for message in messages:
                    if not await self._answered(message, writer, peer):
                        return
            finally:
                self._busy.discard(task)

    async def _answered(self, message: bytes, writer: asyncio.StreamWriter, peer: str) -> bool:
        """Whether the sender took the answer."""
        said = await asyncio.to_thread(self.answer, message, peer)
        if said is None:
            return True
        writer.write(frame(said))
        try:
            await asyncio.wait_for(writer.drain(), self.silent_seconds)
        except TimeoutError:
            _tell("closed", peer=peer, why="the answer is not read")
            return False
        return True


def _tell(what: str, **facts: str | int) -> None:
    """One event in the log: addresses and counts, never what a message says."""
    _LOG.info(what, extra={"facts": facts})
