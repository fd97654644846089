"""A port for a server that must be told its port before it starts."""

from __future__ import annotations

import random
import socket


def free_port() -> int:
    """One below those the system hands out by itself: between this look and the start nobody is given it."""
    while True:
        port = random.SystemRandom().randrange(20_000, 30_000)
        with socket.socket() as listener:
            try:
                listener.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
