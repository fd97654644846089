"""What the screens had said, and where it is known otherwise now: the flag `changed_after_the_fact` (D66).

What was shown at a moment is the grade at that moment from the facts that had come by then; what is known is the grade
at the same moment from all facts: the same function of other facts. The two can differ only while a fact is missing
that came late, so the late facts are handed in again in the order of their receipts (`monitoring.replay`), and what
stood between two receipts is what was shown there. Only where somebody asks.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise

import numpy as np

from monitoring.course import Course
from monitoring.grading import DEFAULT_SYSTEMS
from monitoring.piecewise import Timeline
from monitoring.records import Correction, Fact, Observation
from monitoring.replay import Bounds, Replay
from monitoring.site import SiteSettings
from monitoring.timeline import BEGINNING_OF_TIME, END_OF_TIME, micros

CHARTING_DELAY = SiteSettings().late
"""A fact that comes within this of the moment it speaks of came in time, unless the site says otherwise (D97)."""


@dataclass(frozen=True)
class Revision:
    """On [start, end) the screens said `shown`; since `known_since` it is known to be `known`. Microseconds."""

    start: int
    end: int
    shown: Bounds
    known: Bounds
    known_since: int

    @property
    def raised(self) -> bool:
        """Whether the grade that is certain now is higher than the one the screens were certain of."""
        return (self.known[0] or 0) > (self.shown[0] or 0)


class Hindsight:
    """The late facts of a course by receipt, and what was found of each scale."""

    def __init__(self, course: Course) -> None:
        """Of a course and everything that reached us of it."""
        self._course = course
        received = course.received.received
        self._first = int(received.min()) if received.size else END_OF_TIME
        self._late: dict[int, list[Fact]] = {}
        for fact in sorted(_late(course), key=lambda fact: (fact.received_at, fact.effective_at)):
            if micros(fact.received_at) > self._first:
                self._late.setdefault(micros(fact.received_at), []).append(fact)
        self._turns = [self._first, *self._late]
        self._found: dict[str, tuple[int, list[Revision]]] = {}

    def revisions(self, system_id: str, start: int, end: int) -> list[Revision]:
        """Where the two answers differ on [start, end), by time; nothing before the first fact reached us."""
        if not self._late or system_id not in DEFAULT_SYSTEMS or self._course.start is None:
            return []
        start = max(start, self._first, self._course.start)
        place = max(bisect_right(self._turns, start) - 1, 0)
        begun, found = self._found.get(system_id, (len(self._turns), []))
        if begun > place:
            found = list(self._replayed(system_id, place))
            self._found[system_id] = place, found
        return [
            replace(one, start=max(one.start, start), end=min(one.end, end))
            for one in found
            if one.start < end and start < one.end
        ]

    def _replayed(self, system_id: str, place: int) -> Iterator[Revision]:
        """The revisions from a turn on, from the receipts after it handed in one after the other."""
        turns = self._turns[place:]
        if len(turns) == 1:
            return
        missing = {fact.fact_id for turn in turns[1:] for fact in self._late[turn]}
        told = Replay(
            self._course, system_id, (fact for fact in self._course.received if fact.fact_id not in missing), turns[0]
        )
        shown: list[tuple[int, Bounds]] = []
        for turn, following in pairwise(turns):
            shown += told.bounds.between(turn, following)
            told.take(self._late[following], following)
        yield from _differences(Timeline([(BEGINNING_OF_TIME, (None, None)), *shown]), told, turns[0], turns[-1])


def _differences(shown: Timeline[Bounds], told: Replay, start: int, end: int) -> Iterator[Revision]:
    """Where what was shown is not what stands at the end, neighbours that say the same joined."""
    edges = sorted({start, *(at for line in (shown, told.bounds, told.since) for at, _ in line.between(start, end))})
    last: Revision | None = None
    for at, until in zip(edges, [*edges[1:], end], strict=True):
        was, now = shown.holds(at), told.bounds.holds(at)
        if was == now:
            continue
        one = Revision(at, until, was, now, told.since.holds(at))
        if last is not None and replace(last, start=last.end, end=until) == one:
            last = replace(last, end=until)
            continue
        if last is not None:
            yield last
        last = one
    if last is not None:
        yield last


def _late(course: Course) -> Iterable[Fact]:
    """The facts that came later than the site calls late, after the first moment they can change.

    Not those that came first of all: before them there was no screen to say anything else.
    """
    every, delay = course.received, course.dictionary.site.late
    if len(course.facts) < len(every):
        return _late_beside_others(list(every), delay)
    late = every.received - every.effective > delay // timedelta(microseconds=1)
    at_first = every.received == every.received.min(initial=END_OF_TIME)
    return [every[place] for place in np.flatnonzero(late & ~at_first).tolist()]


def _late_beside_others(facts: Sequence[Fact], delay: timedelta) -> Iterator[Fact]:
    """The same where a fact withdraws, amends or repeats another: each when it came first."""
    corrected = any(isinstance(fact, Correction) for fact in facts)
    effective: Mapping[str, datetime] = {fact.fact_id: fact.effective_at for fact in facts} if corrected else {}
    stated: dict[tuple[str, str], datetime] = {}
    once = {fact.fact_id: fact for fact in sorted(facts, key=lambda fact: fact.received_at, reverse=True)}
    for fact in reversed(once.values()):
        reach = fact.effective_at
        if isinstance(fact, Correction):
            reach = min(reach, effective.get(fact.target, reach))
        if fact.record_id is not None:
            record = (fact.record_id, fact.concept if isinstance(fact, Observation) else type(fact).__name__)
            reach = stated[record] = min(reach, stated.get(record, reach))
        if fact.received_at > reach + delay:
            yield fact


def hindsight(course: Course) -> Hindsight:
    """What came late of a course, kept with it."""
    whole = course.whole
    held = whole.memo.get("hindsight")
    if not isinstance(held, Hindsight):
        held = whole.memo["hindsight"] = Hindsight(whole)
    return held


def revisions(course: Course, system_id: str, start: int = BEGINNING_OF_TIME, end: int = END_OF_TIME) -> list[Revision]:
    """Where the screens said something else of a course on [start, end) than is known now, by time.

    For the default systems; those that read a series of days name their own past in every answer.
    """
    return hindsight(course).revisions(system_id, start, end)
