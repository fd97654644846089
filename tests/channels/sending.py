"""A machine that sends to a served ward."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware

from monitoring.admission import Admission
from monitoring.api import ROUTES, Gate, Timed
from monitoring.store import Store


@dataclass(frozen=True)
class Ward:
    """A store, the routes of the application on it, and a token with the scope to send."""

    url: str
    store: Store
    admission: Admission
    client: httpx.Client
    secret: str

    def post(
        self, path: str, body: bytes | str | Iterable[bytes], kind: str = "application/json", **headers: str
    ) -> httpx.Response:
        bearer = {"authorization": f"Bearer {self.secret}", "content-type": kind}
        return self.client.post(path, content=body, headers={**bearer, **headers})


@contextmanager
def served() -> Iterator[str]:
    """The address of our routes behind the gate, without the screens, while they are served."""
    app = Starlette(routes=ROUTES, middleware=[Middleware(Timed), Middleware(Gate, by_a_person=lambda _message: False)])
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="error", ws="none", lifespan="off"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(timeout=10)
