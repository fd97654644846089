"""What the log says: one JSON object a line; never a name, a value, a query string or a secret."""

from __future__ import annotations

import json
import logging
import traceback
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

_LOG = logging.getLogger("monitoring.access")


class JsonLines(logging.Formatter):
    """A record as one line of JSON: when, how bad, where from, what; `facts` of the record beside them."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line: dict[str, object] = {
            "at": at,
            "level": record.levelname.lower(),
            "from": record.name,
            "what": record.getMessage(),
        }
        line |= getattr(record, "facts", {})
        if record.exc_text:
            line["trace"] = record.exc_text.splitlines()
        return json.dumps(line, ensure_ascii=False)


def trace(raised: BaseException) -> list[str]:
    """Where it was raised and what kind it is, the cause first; never its words, which may quote a value or a name."""
    cause = raised.__cause__ or (None if raised.__suppress_context__ else raised.__context__)
    frames = traceback.extract_tb(raised.__traceback__)
    places = [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames]
    return [*(trace(cause) if cause is not None else ()), *places, type(raised).__name__]


_TAKEN_OVER = ("monitoring", "streamlit", "uvicorn", "asyncio", "py.warnings")
"""Whose lines are written here. Streamlit and uvicorn would write an exception with its words."""


def start_log() -> None:
    """Everything goes to standard error, a JSON object a line. The only place that configures logging.

    uvicorn's lines for requests and websockets are dropped: an address may carry a one-time link. A logger of a
    library that comes later writes in its own form, and the words of an exception are missing there too.
    """
    logging.setLogRecordFactory(_without_words)
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines())
    for name in _TAKEN_OVER:
        logger = logging.getLogger(name)
        logger.handlers = [handler]
        logger.propagate = False
    for name in [one for one in logging.root.manager.loggerDict if one.startswith(("streamlit.", "uvicorn."))]:
        inner = logging.getLogger(name)
        inner.handlers = []
        inner.propagate = name != "uvicorn.access"
        if name.startswith("uvicorn."):
            inner.setLevel(logging.WARNING)
    logging.getLogger("monitoring").setLevel(logging.INFO)
    logging.captureWarnings(capture=True)


def _without_words(*arguments: Any, **named: Any) -> logging.LogRecord:  # noqa: ANN401 - the signature of a record
    record = logging.LogRecord(*arguments, **named)
    if record.exc_info and record.exc_info[1] is not None:
        record.exc_text = "\n".join(trace(record.exc_info[1]))
    return record


def tell(what: str, **facts: str | int | None) -> None:
    """One event at the door, with opaque ids."""
    _LOG.info(what, extra={"facts": facts})
