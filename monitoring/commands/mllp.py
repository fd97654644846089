"""`mllp`: HL7 v2 messages over the network, each answered when it is durable."""

from __future__ import annotations

import argparse
import asyncio
import logging
import signal
import ssl
from datetime import UTC, datetime
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path

from monitoring.api.log import start_log
from monitoring.commands import terminal
from monitoring.concepts import dictionary
from monitoring.intake.listener import Listener, answering
from monitoring.rounds import Rounds
from monitoring.settings import Settings, read_settings
from monitoring.store import open_store

HELP = "listen for HL7 v2 messages (MLLP)"
ABOUT = (
    "Answers AA, AE or AR when the message is durable. MLLP knows no sign-in: whoever may connect is the list of "
    "addresses in MONITORING_MLLP_PEERS, by default this machine only. Ends with Ctrl-C or SIGTERM."
)
EXAMPLE = "python -m monitoring mllp --host 10.20.0.5 --port 2575 --cert listener.pem --key listener.key"
PORT = 2575
_LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
_LOG = logging.getLogger("monitoring.intake.listener")


def describe(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on; default this machine only")
    parser.add_argument("--port", type=int, default=PORT, help=f"default {PORT}; 0 takes a free one and says which")
    parser.add_argument("--cert", metavar="FILE", type=Path, help="TLS: the certificate chain, PEM")
    parser.add_argument("--key", metavar="FILE", type=Path, help="TLS: its private key, PEM")
    terminal.add_store(parser)


def run(asked: argparse.Namespace) -> int:
    """Listen until told to stop."""
    settings = read_settings(asked.db)
    peers = _peers(asked.host, settings)
    tls = _tls(asked.cert, asked.key)
    rounds = Rounds(open_store(settings.database_url), settings, dictionary())
    start_log()
    listener = Listener(answering(rounds, lambda: datetime.now(UTC)), peers)
    asyncio.run(_listen(listener, asked.host, asked.port, tls))
    return terminal.DONE


def _peers(host: str, settings: Settings) -> tuple[IPv4Network | IPv6Network, ...]:
    if settings.mllp_peers:
        return settings.mllp_peers
    try:
        here = ip_address(host).is_loopback
    except ValueError:
        here = host == "localhost"
    if not here:
        raise terminal.CallRefused(
            f"--host {host}: others can reach it, and nobody is named who may; set MONITORING_MLLP_PEERS to the "
            "addresses of the senders, such as 10.20.0.0/24,10.30.1.7"
        )
    return _LOOPBACK


def _tls(cert: Path | None, key: Path | None) -> ssl.SSLContext | None:
    if cert is None and key is None:
        return None
    if cert is None or key is None:
        raise terminal.CallRefused("--cert and --key go together; give both, or neither for a plain connection")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        context.load_cert_chain(cert, key)
    except (OSError, ssl.SSLError) as unusable:
        raise terminal.CallRefused(f"--cert {cert} --key {key}: cannot be used ({unusable.strerror})") from unusable
    return context


async def _listen(listener: Listener, host: str, port: int, tls: ssl.SSLContext | None) -> None:
    server = await listener.start(host, port, tls)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for one in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(one, stop.set)
    where = {"host": host, "port": server.sockets[0].getsockname()[1], "tls": int(tls is not None)}
    _LOG.info("listening", extra={"facts": where})
    await stop.wait()
    await listener.stop(server)
    _LOG.info("stopped", extra={"facts": {}})
