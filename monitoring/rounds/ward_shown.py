"""That the ward is shown is recorded once a session, whether its page asks for the board or its browser does."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from threading import Lock

from monitoring.access.acts import Act, Deed, Origin, Seen
from monitoring.store import StoreUnavailable
from monitoring.store.audit import Audit

TRIED_AGAIN_AFTER = timedelta(minutes=1)

_LOG = logging.getLogger(__name__)


class WardShown:
    """Safe to share between threads. The ward is shown all the same where the entry cannot be kept (D102)."""

    def __init__(self) -> None:
        self._seen = Seen(timedelta(hours=13))
        self._refused: datetime | None = None
        self._one_at_a_time = Lock()

    def to(self, session_id: str, by: Origin, audit: Audit, at: datetime) -> None:
        """Records it, unless it is recorded or another thread is about it: fifty screens ask again in a second.

        Where the store takes nothing it is tried once a minute, by whoever asks then.
        """
        if self._refused is not None and abs(at - self._refused) < TRIED_AGAIN_AFTER:
            return
        if not self._one_at_a_time.acquire(blocking=False):
            return
        try:
            self._seen.once(session_id, "ward", at, lambda: audit.record(Deed(Act.WARD_OPENED, by), at))
            self._refused = None
        except StoreUnavailable as silent:
            self._refused = at
            _LOG.warning("the ward is shown without an entry in the audit: %s", silent)
        finally:
            self._one_at_a_time.release()
