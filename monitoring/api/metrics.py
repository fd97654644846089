"""`GET /metrics` for Prometheus: counts, ages and durations of the application itself, never of a patient.

What is counted in the store is the same from every process; durations are of the process that answers. A source is a
label only where its name is one of ours (a token's, an address), for the name of a file may hold a patient's (D103).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from threading import Lock

from prometheus_client import CollectorRegistry, Histogram, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_1_0_0, generate_latest
from prometheus_client.registry import Collector
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from monitoring.access.limits import SESSION_LIMITS
from monitoring.api.bearer import require_scope
from monitoring.api.opened import now, store
from monitoring.records import WATCH
from monitoring.store import Figures, StoreUnavailable
from monitoring.vocabulary import Role, Scope

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_OURS = re.compile(r"(http|mllp) [A-Za-z0-9_.:@\-]{1,64}")
_BY_AUTHOR = {"watched folder": "folder", "command line": "command", WATCH: "watch"}
_OTHERS = "screens"

registry = CollectorRegistry()
request_seconds = Histogram(
    "monitoring_request_seconds",
    "Seconds from a request to the end of its answer, by the row of the table that admits it.",
    ("door", "status"),
    buckets=_SECONDS,
    registry=registry,
)
ProcessCollector(registry=registry)


def source_of(source: str, author: str | None) -> str:
    """What a source is called outside: itself where we named it, else the way it came by."""
    return source if _OURS.fullmatch(source) else _BY_AUTHOR.get(author or "", _OTHERS)


class StoreFigures(Collector):
    """What the store counts, read on from where the last question ended. Safe to share between threads."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._forget()

    def _forget(self) -> None:
        self._seen: Figures | None = None
        self._rows: Counter[tuple[str, str]] = Counter()
        self._rules: Counter[str] = Counter()
        self._last: dict[str, datetime] = {}

    def collect(self) -> Iterator[Metric]:
        """The metrics; without a store that answers only that it does not."""
        up = GaugeMetricFamily("monitoring_store_up", "1 where the store answers, else 0.")
        try:
            with self._lock:
                found = [*self._counted(), *_standing()]
            up.add_metric([], 1)
        except StoreUnavailable:
            found = []
            up.add_metric([], 0)
        yield up
        yield from found

    def describe(self) -> list[Metric]:
        """Nothing is read before somebody asks."""
        return []

    def _counted(self) -> Iterator[Metric]:
        watched = store().watched
        new = watched.since(self._seen)
        if self._seen is not None and (new.intake < self._seen.intake or new.refusal < self._seen.refusal):
            self._forget()
            new = watched.since(None)
        self._seen = Figures(new.intake, new.refusal)
        for one in new.arrived:
            source = source_of(one.source, one.author)
            self._last[source] = max(one.last_at, self._last.get(source, one.last_at))
            for outcome, count in one.rows.items():
                self._rows[source.split(" ")[0], outcome] += count
        self._rules.update(dict(new.refused))
        rows = CounterMetricFamily(
            "monitoring_rows", "Rows read, by the way they came and their outcome.", labels=("channel", "outcome")
        )
        for (channel, outcome), count in sorted(self._rows.items()):
            rows.add_metric([channel, outcome], count)
        yield rows
        rules = CounterMetricFamily("monitoring_refusals", "Refusals by rule.", labels=("rule",))
        for rule, times in sorted(self._rules.items()):
            rules.add_metric([rule or "none"], times)
        yield rules
        age = GaugeMetricFamily(
            "monitoring_last_arrival_age_seconds", "Seconds since a source last sent anything.", labels=("source",)
        )
        for source, at in sorted(self._last.items()):
            age.add_metric([source], (now() - at).total_seconds())
        yield age


def _standing() -> Iterator[Metric]:
    at = now()
    version = GaugeMetricFamily("monitoring_store_version", "The number of the last fact.")
    version.add_metric([], store().version())
    yield version
    sessions = GaugeMetricFamily("monitoring_sessions", "Sessions that are still good, by role.", labels=("role",))
    good = Counter(
        role
        for role, began, seen in store().watched.sessions()
        if role in set(Role) and not SESSION_LIMITS[Role(role)].over(began, seen, at)
    )
    for role in Role:
        sessions.add_metric([role.value], good[role.value])
    yield sessions


@cache
def _store_figures() -> StoreFigures:
    figures = StoreFigures()
    registry.register(figures)
    return figures


def forget() -> None:
    """Count anew: another store is open."""
    registry.unregister(_store_figures())
    _store_figures.cache_clear()


async def prometheus(request: Request) -> Response:
    """The text of Prometheus, for a token with the scope `metrics:read`."""
    require_scope(request, Scope.METRICS_READ)
    _store_figures()
    text = await run_in_threadpool(generate_latest, registry)
    return Response(text, headers={"content-type": CONTENT_TYPE_PLAIN_1_0_0})
