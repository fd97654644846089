"""Facts over HTTP: `POST /api/fhir` and `POST /api/observations`, each for a token with the scope `ingest:write`.

The answer comes after everything is durable. 200: every row was stored, a duplicate or passed over; 207: some were
quarantined; 422: all were. A quarantined row is held and need not be sent again unchanged (D94).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, BinaryIO

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from monitoring.access import ServiceToken
from monitoring.access.acts import Origin
from monitoring.api.bearer import require_scope
from monitoring.api.bodies import DOCUMENT, LINES, BodyRefused, limit_of, read_body
from monitoring.api.log import tell
from monitoring.api.opened import now, rounds, settings
from monitoring.api.pace import Pace
from monitoring.api.traces import origin_of_token
from monitoring.ingest.fhir import operation_outcome
from monitoring.records import Tally
from monitoring.rounds import Arrived
from monitoring.store import StoreUnavailable
from monitoring.vocabulary import Scope

FHIR_TYPES: Mapping[str, int] = {
    "application/fhir+json": DOCUMENT,
    "application/json": DOCUMENT,
    "application/fhir+ndjson": LINES,
    "application/x-ndjson": LINES,
    "application/ndjson": LINES,
}
OBSERVATION_TYPES: Mapping[str, int] = {"application/json": DOCUMENT}
SOURCE = "http"
"""What the name of a source begins with that came over HTTP; the token's name follows."""
_STORE_SILENT = "The store does not answer. What was stored before is kept; send the body again in a minute."
_RETRY_SECONDS = 30

Said = Callable[[int, str], dict[str, Any]]


async def post_fhir(request: Request) -> Response:
    """A resource, a Bundle, a list of resources or NDJSON; answered by an OperationOutcome."""
    return await _taken_in(request, "fhir", FHIR_TYPES, _outcome, _refused_outcome)


async def post_observations(request: Request) -> Response:
    """One observation or an array of them, as the long CSV has them; answered by the equation and the refusals."""
    return await _taken_in(request, "objects", OBSERVATION_TYPES, _report, _refused_report)


async def post_only(_: Request) -> Response:
    """Any other method. Without this the pages' empty shell answers a GET, and a sender reads 200 as “stored”."""
    return JSONResponse({"detail": "Nothing was stored: send it with POST."}, 405, {"allow": "POST"})


async def _taken_in(
    request: Request, fmt: str, types: Mapping[str, int], told: Callable[[Arrived], dict[str, Any]], refused: Said
) -> Response:
    media = "application/fhir+json" if fmt == "fhir" else "application/json"
    try:
        token = require_scope(request, Scope.INGEST_WRITE)
        seconds = pace().wait(token.token_id)
        if seconds:
            raise HTTPException(
                429, f"Too many requests from this token; wait {seconds} s.", {"retry-after": str(seconds)}
            )
        body = await read_body(request, limit_of(request, types))
        with body:
            arrived = await run_in_threadpool(_stored, body, fmt, token, origin_of_token(request, token))
    except BodyRefused as why:
        return JSONResponse(refused(why.status, str(why)), why.status, media_type=media)
    except HTTPException as why:
        return JSONResponse(refused(why.status_code, why.detail), why.status_code, why.headers, media)
    except StoreUnavailable:
        return JSONResponse(refused(503, _STORE_SILENT), 503, {"retry-after": str(_RETRY_SECONDS)}, media)
    return JSONResponse(told(arrived), status_of(arrived.tally), media_type=media)


def _stored(body: BinaryIO, fmt: str, token: ServiceToken, by: Origin) -> Arrived:
    """The one place where a body becomes facts."""
    arrived = rounds().receive(body, source=f"{SOURCE} {token.name}", fmt=fmt, author=by.who, by=by, received_at=now())
    counts = arrived.tally.model_dump(exclude={"ignored_kinds"})
    tell("facts taken in", channel=SOURCE, token=token.token_id[:12], **counts)
    return arrived


def status_of(tally: Tally) -> int:
    """200 where nothing was quarantined, 422 where everything was, 207 between."""
    if not tally.quarantined:
        return 200
    return 422 if tally.quarantined == tally.read else 207


def _untold(arrived: Arrived) -> str | None:
    more = arrived.untold
    return f"{more} more refusals are not listed here; the Intake page has all of them" if more else None


def _outcome(arrived: Arrived) -> dict[str, Any]:
    said = operation_outcome(arrived.rows)
    issues = said["issue"] if arrived.rows else []
    rest = [text for text in (_untold(arrived), arrived.tally.sentence()) if text]
    notes = [{"severity": "information", "code": "informational", "diagnostics": text} for text in rest]
    return {**said, "issue": [*issues, *notes]}


def _refused_outcome(status: int, sentence: str) -> dict[str, Any]:
    issue = {"severity": "error", "code": _CODES.get(status, "processing"), "diagnostics": sentence}
    return {"resourceType": "OperationOutcome", "issue": [issue]}


_CODES = {
    401: "login",
    403: "forbidden",
    408: "timeout",
    413: "too-long",
    415: "not-supported",
    429: "throttled",
    503: "transient",
}


def _report(arrived: Arrived) -> dict[str, Any]:
    shown = {"place", "field", "reason", "rule"}
    refusals = [refusal.model_dump(include=shown) for row in arrived.rows for refusal in row.refusals]
    more = _untold(arrived)
    return {**arrived.tally.model_dump(), "refusals": refusals, **({"note": more} if more else {})}


def _refused_report(_status: int, sentence: str) -> dict[str, Any]:
    return {"detail": sentence}


@cache
def pace() -> Pace:
    """The one Pace of this process."""
    return Pace(settings().requests_per_second)
