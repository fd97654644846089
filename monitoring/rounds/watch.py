"""The watch: every patient graded after each change and at each lapse, whether or not a screen is open.

It runs in a thread of every process. Processes need no leader among them: what they note of one change is the same
fact, and a store keeps a fact once.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Event, Thread

from monitoring.rounds.ward_rounds import Rounds
from monitoring.store import StoreUnavailable
from monitoring.watchkeeping import any_stands, changes, closed

LOOK_AT_LEAST_EVERY = 5.0
"""Seconds. A grade lapses without any news, so the watch looks this often when nothing arrives."""

LOOK_AT_MOST_EVERY = 1.0
GIVEN_UP_AFTER = timedelta(seconds=30)
"""A watch that has not finished a look for this long is said to have stopped."""

_LOG = logging.getLogger(__name__)


class Watch:
    """One process's watch. `now` is asked for the moment of each look."""

    def __init__(self, rounds: Callable[[], Rounds], now: Callable[[], datetime]) -> None:
        """`rounds` may raise StoreUnavailable: it is asked again until it answers."""
        self._rounds, self._now = rounds, now
        self._over = Event()
        self._thread = Thread(target=self._run, name="watch", daemon=True)
        self.begun: datetime | None = None
        self.looked: datetime | None = None
        """When everybody was graded last."""
        self.noted: datetime | None = None
        """When what was found was kept last."""

    def start(self) -> None:
        """Begin."""
        self.begun = self._now()
        self._thread.start()

    def end(self) -> None:
        """End, after the look that may be under way."""
        self._over.set()
        self._thread.join(timeout=10)

    def stopped_since(self, as_of: datetime) -> datetime | None:
        """Since when nobody has been graded, where that is longer than GIVEN_UP_AFTER; None while the watch is kept."""
        return self._long_ago(self.looked, as_of)

    def unkept_since(self, as_of: datetime) -> datetime | None:
        """The same of the alerts: where the store takes nothing, everybody is graded and no alert is kept."""
        return self._long_ago(self.noted, as_of)

    def _long_ago(self, last: datetime | None, as_of: datetime) -> datetime | None:
        last = last or self.begun
        # in either direction: a clock that was moved back must not hide that nobody looks
        return last if last is not None and abs(as_of - last) > GIVEN_UP_AFTER else None

    def look(self) -> int:
        """Grade everybody once and note what is new; how many changes. Raises StoreUnavailable."""
        rounds = self._rounds()
        view, standing = rounds.ward_now(self._now), rounds.alerts()
        as_of = view.as_of
        self.looked = as_of
        news = [one for row in view.rows for one in changes(row, standing.get(row.patient_id, {}), as_of)]
        shown = {row.patient_id for row in view.rows}
        gone = {name: alerts for name, alerts in standing.items() if name not in shown and any_stands(alerts)}
        if gone:
            left = rounds.left(as_of)
            news += [one for name, alerts in gone.items() if name in left for one in closed(alerts, left[name], as_of)]
        rounds.note(news)
        self.noted = as_of
        return len(news)

    def _run(self) -> None:
        stop_hearing: Callable[[], None] | None = None
        silent = False
        while not self._over.is_set():
            try:
                rounds = self._rounds()
                stop_hearing = stop_hearing or rounds.hear()
                version = rounds.version()
                self.look()
                silent = False
                self._over.wait(LOOK_AT_MOST_EVERY)
                if not self._over.is_set():
                    rounds.waiting(version, LOOK_AT_LEAST_EVERY - LOOK_AT_MOST_EVERY)
            except StoreUnavailable as why:
                if not silent:
                    _LOG.warning("the watch is not kept: %s", why)
                silent = True
                self._over.wait(LOOK_AT_MOST_EVERY)
            except Exception:  # noqa: BLE001 - whatever it is, the next look is tried, and the heartbeat tells
                _LOG.exception("the watch could not finish a look")
                self._over.wait(LOOK_AT_LEAST_EVERY)
        if stop_hearing is not None:
            stop_hearing()
