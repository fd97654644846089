"""What a mistake of our own says to whoever asked: one sentence, and the headers that every other answer carries."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from monitoring.api.headers import protection
from monitoring.api.look import page

_SENTENCE = "Something went wrong here. What was asked for may not have been done; the log says where it happened."


async def fault_of_ours(request: Request, _: Exception) -> Response:
    """Status 500. Starlette answers outside of the gate, so the headers are written here; then it logs the fault."""
    if "text/html" in request.headers.get("accept", ""):
        answer: Response = page("Not done", f"<p>{_SENTENCE}</p><p><a href='/'>To the start</a></p>", 500)
    else:
        answer = JSONResponse({"detail": _SENTENCE}, 500)
    answer.headers.update(protection(request.scope))
    return answer
