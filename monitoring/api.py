"""HTTP beside the screens: whether the application is up, and what happens when it starts."""

from __future__ import annotations

import gc
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Route

import monitoring.charts
import monitoring.rounds  # noqa: F401  warm imports, so that the first visitor does not wait for them
from monitoring.settings import read_settings
from monitoring.store import Store, StoreUnavailable, open_store

_LOG = logging.getLogger(__name__)


@cache
def _store() -> Store:
    return open_store(read_settings().database_url)


def _version() -> int:
    return _store().version()


async def healthz(_: Request) -> JSONResponse:
    """`{"status": "ok", "version": n}`; 503 with the reason where the store does not answer."""
    try:
        version = await run_in_threadpool(_version)
    except StoreUnavailable as silent:
        return JSONResponse({"status": "store unavailable", "reason": str(silent)}, status_code=503)
    return JSONResponse({"status": "ok", "version": version})


@asynccontextmanager
async def lifespan(_: object) -> AsyncIterator[None]:
    """Opens the store, and freezes what the imports made.

    Streamlit collects garbage after every run and need not walk the imports each time (lab.md, 0.3). A store that
    does not answer does not keep the screens from starting: they say so.
    """
    try:
        await run_in_threadpool(_version)
    except StoreUnavailable as silent:
        _LOG.warning("%s", silent)
    gc.collect()
    gc.freeze()
    yield


ROUTES: list[BaseRoute] = [Route("/healthz", healthz)]
