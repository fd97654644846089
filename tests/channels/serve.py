"""Our routes behind the gate in a process of their own, to be killed: prints the port, then serves."""

from __future__ import annotations

import socket
import sys

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware

from monitoring.api import ROUTES, Gate

if __name__ == "__main__":
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        sys.stdout.write(f"{listener.getsockname()[1]}\n")
        sys.stdout.flush()
        app = Starlette(routes=ROUTES, middleware=[Middleware(Gate, by_a_person=lambda _message: False)])
        config = uvicorn.Config(app, log_level="error", ws="none", lifespan="off")
        uvicorn.Server(config).run(sockets=[listener])
