"""What the log says: one JSON object a line; never a name, a value, a query string or a secret."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime

_LOG = logging.getLogger("monitoring.access")


class JsonLines(logging.Formatter):
    """A record as one line of JSON: when, how bad, where from, what; `facts` of the record beside them."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line = {"at": at, "level": record.levelname.lower(), "from": record.name, "what": record.getMessage()}
        line |= getattr(record, "facts", {})
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def start_log() -> None:
    """Everything of ours goes to standard error, a line each."""
    ours = logging.getLogger("monitoring")
    if not any(isinstance(handler.formatter, JsonLines) for handler in ours.handlers):
        handler = logging.StreamHandler()
        handler.setFormatter(JsonLines())
        ours.addHandler(handler)
        ours.setLevel(logging.INFO)
        ours.propagate = False


def tell(what: str, **facts: str | int | None) -> None:
    """One event at the door, with opaque ids."""
    _LOG.info(what, extra={"facts": facts})
