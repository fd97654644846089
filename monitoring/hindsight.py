"""What the screens had said, and where it is known otherwise now: the flag `changed_after_the_fact` (D66).

What was shown at a moment is the grade at that moment from the facts that had come by then; what is known is the grade
at the same moment from all facts: the same function of other facts. The two can differ only while a fact is missing
that came late, so the course is graded again once for each receipt of late facts, and only where somebody asks.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np

from monitoring.course import Course
from monitoring.grading import DEFAULT_SYSTEMS, graded
from monitoring.grading.engine import Grades
from monitoring.records import Administration, Correction, Fact, Infusion, Observation, Patient
from monitoring.site import SiteSettings
from monitoring.timeline import BEGINNING_OF_TIME, END_OF_TIME, Times, micros

CHARTING_DELAY = SiteSettings().late
"""A fact that comes within this of the moment it speaks of came in time, unless the site says otherwise (D97)."""

_EARLIER = "hindsight of an earlier course"

Bounds = tuple[int | None, int | None]
"""at_least and at_most; both None where the scale could not be applied."""


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


@dataclass(frozen=True)
class _Bounded:
    """The grade bounds of one system over time, as the engine gives them."""

    at: Times
    at_least: Grades
    at_most: Grades

    def bounds(self, at: int) -> Bounds:
        place = int(np.searchsorted(self.at, at, side="right")) - 1
        low = int(self.at_least[place])
        return (None, None) if low < 0 else (low, int(self.at_most[place]))


@dataclass(frozen=True)
class _Late:
    """A fact that came late: when, and the first moment it can change."""

    fact: Fact
    received: int
    reach: int


class Hindsight:
    """The late facts of a course, and the course as it stood before each of them came."""

    def __init__(self, course: Course, earlier: Hindsight | None = None) -> None:
        """Of a course; `earlier` of the same patient, from which what cannot have changed since is taken over."""
        self._course = course
        delay = course.dictionary.site.late
        self._late = sorted(_late(course.received, delay), key=lambda late: late.received)
        first_seen = min((fact.received_at for fact in course.received), default=None)
        self._first = END_OF_TIME if first_seen is None else micros(first_seen)
        self._late = [late for late in self._late if late.received > self._first]
        self._turns = [self._first, *sorted({late.received for late in self._late})]
        self._before: dict[int, dict[str, _Bounded]] = {}
        if earlier is not None and self._late and earlier._before and self._follows(earlier._course):
            self._take_over(earlier, micros(max(fact.received_at for fact in earlier._course.received) - delay))

    def _follows(self, earlier: Course) -> bool:
        """Whether the course has only come to know more than an earlier one, and nothing that reaches far back."""
        known, every = len(earlier.received), self._course.received
        if every[:known] != earlier.received:
            return False
        newest = max(fact.received_at for fact in earlier.received)
        far = (Patient, Infusion) if earlier.drug_chart_covers else (Patient, Infusion, Administration)
        return all(fact.received_at >= newest and not isinstance(fact, far) for fact in every[known:])

    def _take_over(self, earlier: Hindsight, settled: int) -> None:
        """The grades before each receipt that ends by `settled`: nothing that came later was in time for them."""
        for place, bounded in earlier._before.items():
            same = self._turns[: place + 2] == earlier._turns[: place + 2] and len(earlier._turns) > place + 1
            if same and self._turns[place + 1] <= settled:
                self._before[place] = bounded

    def revisions(self, system_id: str, start: int, end: int) -> list[Revision]:
        """Where the two answers differ on [start, end), by time; nothing before the first fact reached us."""
        if not self._late or system_id not in DEFAULT_SYSTEMS or self._course.start is None:
            return []
        start = max(start, self._first, self._course.start)
        found: list[Revision] = []
        for place in range(max(bisect_right(self._turns, start) - 1, 0), len(self._turns) - 1):
            if self._turns[place] >= end:
                break
            for revision in self._of_turn(system_id, place, start, end):
                last = found[-1] if found else None
                if last is not None and replace(last, start=last.end, end=revision.end) == revision:
                    found[-1] = replace(last, end=revision.end)
                else:
                    found.append(revision)
        return found

    def _of_turn(self, system_id: str, place: int, start: int, end: int) -> Iterator[Revision]:
        """The revisions between two receipts of late facts."""
        begin, until = max(self._turns[place], start), min(self._turns[place + 1], end)
        missing = [late for late in self._late if late.received > self._turns[place] and late.reach < until]
        if begin >= until or not missing:
            return
        shown, known = self._bounds(place)[system_id], self._bounds(len(self._turns) - 1)[system_id]
        edges = {begin, *(int(at) for at in (*shown.at, *known.at) if begin < at < until)}
        ordered = sorted(edges)
        for at, following in zip(ordered, [*ordered[1:], until], strict=True):
            was, now = shown.bounds(at), known.bounds(at)
            if was != now:
                came = sorted({late.received for late in missing if late.reach <= at})
                yield Revision(at, following, was, now, self._since(system_id, at, now, came or [until]))

    def _since(self, system_id: str, at: int, known: Bounds, came: list[int]) -> int:
        """The receipt from which on the answer for a moment is the one known now."""
        since = came[-1]
        for receipt in reversed(came[:-1]):
            if self._bounds(self._turns.index(receipt))[system_id].bounds(at) != known:
                break
            since = receipt
        return since

    def _bounds(self, place: int) -> dict[str, _Bounded]:
        """Every default system graded from what had come by a receipt; remembered."""
        if place not in self._before:
            course = self._course
            gone = {late.fact.fact_id for late in self._late if late.received > self._turns[place]}
            if gone:
                facts = [fact for fact in course.received if fact.fact_id not in gone]
                course = Course(course.patient_id, facts, course.dictionary, course.ward_zone)
            grades = {name: graded(course, name) for name in DEFAULT_SYSTEMS}
            self._before[place] = {name: _Bounded(g.at, g.at_least, g.at_most) for name, g in grades.items()}
        return self._before[place]


def _late(facts: tuple[Fact, ...], delay: timedelta) -> Iterator[_Late]:
    """The facts that came later than `delay` after the first moment they can change, each when it came first."""
    corrected = any(isinstance(fact, Correction) for fact in facts)
    effective = {fact.fact_id: fact.effective_at for fact in facts} if corrected else {}
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
            yield _Late(fact, micros(fact.received_at), micros(reach))


def hindsight(course: Course) -> Hindsight:
    """What came late of a course, kept with it."""
    whole = course.whole
    held = whole.memo.get("hindsight")
    if not isinstance(held, Hindsight):
        earlier = whole.memo.pop(_EARLIER, None)
        held = whole.memo["hindsight"] = Hindsight(whole, earlier if isinstance(earlier, Hindsight) else None)
    return held


def followed(course: Course, earlier: Course | None) -> Course:
    """The course, which will take over what an earlier one of the same patient had found out of its past."""
    held = None if earlier is None else earlier.memo.get("hindsight", earlier.memo.get(_EARLIER))
    if held is not None:
        course.memo[_EARLIER] = held
    return course


def revisions(course: Course, system_id: str, start: int = BEGINNING_OF_TIME, end: int = END_OF_TIME) -> list[Revision]:
    """Where the screens said something else of a course on [start, end) than is known now, by time.

    For the default systems; those that read a series of days name their own past in every answer.
    """
    return hindsight(course).revisions(system_id, start, end)
