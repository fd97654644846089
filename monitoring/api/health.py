"""Whether the application is up."""

from __future__ import annotations

from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse

from monitoring.api.opened import store
from monitoring.store import StoreUnavailable


def version() -> int:
    """The number of the last fact. Raises StoreUnavailable."""
    return store().version()


def _standing() -> dict[str, Any]:
    last = store().watched.last_arrival()
    return {
        "version": version(),
        "schema": store().watched.schema(),
        "last_arrival": last.isoformat(timespec="seconds") if last else None,
    }


async def healthz(_: Request) -> JSONResponse:
    """`{"status": "ok", "version": n, "schema": ..., "last_arrival": ...}`; 503 where the store does not answer."""
    try:
        said = await run_in_threadpool(_standing)
    except StoreUnavailable as silent:
        return JSONResponse({"status": "store unavailable", "reason": str(silent)}, status_code=503)
    return JSONResponse({"status": "ok", **said})
