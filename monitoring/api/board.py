"""The board for the page that shows it: made once a second, however many screens ask."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from datetime import datetime
from threading import Lock

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from monitoring.access import Action, may, may_open
from monitoring.admission import patient_key
from monitoring.api.bearer import asked_by_its_own_page, current_visitor
from monitoring.api.opened import admission, now, rounds, settings
from monitoring.api.traces import origin_of_visitor
from monitoring.board_view import DAY, WrittenRows, unwatched
from monitoring.rounds import opened
from monitoring.store import StoreUnavailable
from monitoring.views import WardView


@dataclass(frozen=True)
class _Drawn:
    """One board as bytes: of which view, with what trouble and which secret in its addresses."""

    view: WardView
    trouble: str
    secret: str
    rows: WrittenRows
    plain: bytes
    packed: bytes


_drawn: dict[bool, _Drawn] = {}
_lock = Lock()


def board(request: Request) -> Response:
    """The ward now, as the component draws it; 503 with a sentence where the store does not answer.

    A tab of whoever used the browser before is told 401.
    """
    visitor = current_visitor(request)
    role = visitor.account.role
    if not may_open(role, "ward"):
        raise HTTPException(403, "The ward is not for this role.")
    if not asked_by_its_own_page(request):
        raise HTTPException(401, "This is another session's ward.")
    try:
        drawn = _current(named=may(role, Action.SEE_NAMES))
        opened.ward_shown().to(visitor.session_id, origin_of_visitor(request), rounds().audit, now())
    except StoreUnavailable:
        return JSONResponse({"detail": "The store does not answer."}, status_code=503)
    packed = "gzip" in request.headers.get("accept-encoding", "")
    headers = {"vary": "accept-encoding", "cache-control": "no-store"} | (
        {"content-encoding": "gzip"} if packed else {}
    )
    return Response(drawn.packed if packed else drawn.plain, media_type="application/json", headers=headers)


def _current(*, named: bool) -> _Drawn:
    view = rounds().ward_now(now)
    at = view.as_of
    trouble = unwatched(opened.watch().unkept_since(at), lambda since: _clock(since, "%H:%M"))
    with _lock:
        known = _drawn.get(named)
        newest = rounds().ward_last()  # by the order of making, and not by the clock: it may have been moved back
        if known is not None and known.trouble == trouble and (known.view is view or known.view is newest):
            return known
        secret = admission().address_secret()
        if known is not None and known.secret == secret:
            rows = known.rows
        else:
            rows = WrittenRows(lambda patient_id: patient_key(patient_id, secret), named=named)
        text = rows.board(view, _clock(at, "%H:%M:%S"), day_text=_clock(at, DAY), trouble=trouble)
        plain = text.encode()
        made = _drawn[named] = _Drawn(view, trouble, secret, rows, plain, gzip.compress(plain, 1, mtime=0))
        return made


def _clock(at: datetime, form: str) -> str:
    return at.astimezone(settings().ward_zone).strftime(form)
