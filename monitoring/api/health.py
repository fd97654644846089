"""Whether the application is up."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse

from monitoring.api.opened import store
from monitoring.store import StoreUnavailable


def version() -> int:
    """The number of the last fact. Raises StoreUnavailable."""
    return store().version()


async def healthz(_: Request) -> JSONResponse:
    """`{"status": "ok", "version": n}`; 503 with the reason where the store does not answer."""
    try:
        last = await run_in_threadpool(version)
    except StoreUnavailable as silent:
        return JSONResponse({"status": "store unavailable", "reason": str(silent)}, status_code=503)
    return JSONResponse({"status": "ok", "version": last})
