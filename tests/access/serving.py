"""Routes served for real, in a thread of the test."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from starlette.types import ASGIApp


@contextmanager
def served(app: ASGIApp) -> Iterator[str]:
    """The address of `app` while it is served."""
    # uvicorn believes forwarded headers from this very machine; here the routes are asked by themselves
    plain = uvicorn.Config(
        app, host="127.0.0.1", port=0, log_level="error", ws="none", lifespan="off", proxy_headers=False
    )
    server = uvicorn.Server(plain)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(timeout=10)
