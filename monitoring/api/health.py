"""Whether the application is up."""

from __future__ import annotations

from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse

from monitoring.api.opened import now, store
from monitoring.rounds import opened
from monitoring.store import StoreUnavailable

_SILENT = "the store does not answer; the log says which and why"
"""Anybody may ask, and the store's own words name its address, its account and its path."""


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
    """`{"status": "ok", "version", "schema", "last_arrival", "watched"}`; 503 where the store does not answer.

    503 too where the watch has stopped: what the screens show may be right, but nobody keeps the alerts. Where the
    store can be read and takes nothing, `alerts` says so and the status is 200: a proxy that asks here must not take
    the screens away.
    """
    try:
        said = await run_in_threadpool(_standing)
    except StoreUnavailable:
        return JSONResponse({"status": "store unavailable", "reason": _SILENT}, status_code=503)
    watch = opened.watch()
    said["watched"] = None if watch.looked is None else watch.looked.isoformat(timespec="seconds")
    stopped = watch.stopped_since(now())
    if stopped is not None:
        reason = f"the watch has graded nobody since {stopped.isoformat(timespec='seconds')}; restart the application"
        return JSONResponse({"status": "alerts are not kept", "reason": reason, **said}, status_code=503)
    unkept = watch.unkept_since(now())
    if unkept is not None:
        said["alerts"] = f"not kept since {unkept.isoformat(timespec='seconds')}: the store takes nothing"
    return JSONResponse({"status": "ok", **said})
