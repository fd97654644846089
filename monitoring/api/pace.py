"""How often one service token may ask: a bucket that fills steadily and empties by one with each request."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from threading import Lock

BURST_SECONDS = 10
"""A bucket holds as much as comes in that time, so that a gateway may catch up after a pause."""


class Pace:
    """`per_second` requests for each token in this process. Safe to share between threads."""

    def __init__(self, per_second: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._per_second = per_second
        self._most = max(1.0, per_second * BURST_SECONDS)
        self._clock = clock
        self._lock = Lock()
        self._left: dict[str, tuple[float, float]] = {}

    def wait(self, token_id: str) -> int:
        """0 and one request less where the token may ask now; else the whole seconds until it may."""
        with self._lock:
            now = self._clock()
            left, seen = self._left.get(token_id, (self._most, now))
            left = min(self._most, left + (now - seen) * self._per_second)
            if left < 1:
                self._left[token_id] = left, now
                return math.ceil((1 - left) / self._per_second)
            self._left[token_id] = left - 1, now
            return 0
