"""The grade of one course by one scale as its facts are handed in turn by turn: what stands, and since which turn.

Where the table names bands, a fact is spliced in as it is when it comes live (`monitoring.live`), in microseconds;
else the course is built anew, without the vital signs that the scale does not read.
"""

from __future__ import annotations

from collections.abc import Iterable

from monitoring.course import Course
from monitoring.grading import graded, systems
from monitoring.live import LiveCourse, LiveStep
from monitoring.piecewise import Timeline
from monitoring.records import Fact, Observation, OxygenSupport
from monitoring.situations import OXYGEN, Answers, answerable
from monitoring.timeline import BEGINNING_OF_TIME, END_OF_TIME

Bounds = tuple[int | None, int | None]
"""at_least and at_most; both None where the scale could not be applied."""
Piece = tuple[int, int, Bounds]
"""Bounds that hold on [start, end), microseconds since 1970."""

_VITAL_SIGNS = frozenset({"temperature", "heart_rate", "respiratory_rate", "spo2", "sbp", "dbp", "map"})
"""Values that grading reads under their own name and under no other."""


class Replay:
    """`bounds` are those of the facts so far, over all time; `since` is the turn that last changed them."""

    def __init__(self, course: Course, system_id: str, facts: Iterable[Fact], turn: int) -> None:
        """Of the course that all facts make; `facts` are the first of them, known at the moment `turn`."""
        self._course, self._system = course, systems()[system_id]
        self._kept = {fact.fact_id for fact in (*course.facts[:1], *course.facts[-1:])}
        self._facts = self._read(facts)
        self._live: LiveCourse | None = None
        if answerable(self._system):
            answers = Answers(self._system)
            self._live = LiveCourse(answers, course.patient_id, self._facts, course.dictionary, course.ward_zone)
        begun = self._anew() if self._live is None else _pieces(self._live.steps())
        self.bounds = Timeline((start, bounds) for start, _, bounds in begun)
        self.since = Timeline([(BEGINNING_OF_TIME, turn)])

    def take(self, facts: Iterable[Fact], turn: int) -> None:
        """More facts of the course, all at one turn."""
        more = self._read(facts)
        if not more:
            return
        self._facts += more
        if self._live is None:
            self._stand(self._anew(), turn)
            return
        for change in self._live.add_all(more):
            self._stand(_pieces(change.steps), turn)

    def _read(self, facts: Iterable[Fact]) -> list[Fact]:
        """Without vital signs that the scale does not read; the first and the last fact say when the course was."""
        numbers, _, labels = self._system.reads

        def unread(fact: Fact) -> bool:
            if isinstance(fact, Observation):
                return fact.concept in _VITAL_SIGNS and fact.concept not in numbers
            return isinstance(fact, OxygenSupport) and OXYGEN not in labels

        return [fact for fact in facts if fact.fact_id in self._kept or not unread(fact)]

    def _anew(self) -> list[Piece]:
        course = self._course
        found = graded(
            Course.from_facts(course.patient_id, self._facts, course.dictionary, course.ward_zone), self._system.id
        )
        at = found.at.tolist()
        bounds = zip(found.at_least.tolist(), found.at_most.tolist(), strict=True)
        return [
            (start, end, (None, None) if low < 0 else (low, high))
            for start, end, (low, high) in zip(at, [*at[1:], END_OF_TIME], bounds, strict=True)
            if start < end
        ]

    def _stand(self, pieces: Iterable[Piece], turn: int) -> None:
        for start, end, now in pieces:
            before = self.bounds.between(start, end)
            ends = [*(at for at, _ in before[1:]), end]
            changed = [(at, until) for (at, was), until in zip(before, ends, strict=True) if was != now]
            for at, until in changed:
                self.since.splice(at, until, [(at, turn)])
            if changed:
                self.bounds.splice(start, end, [(start, now)])


def _pieces(steps: Iterable[LiveStep]) -> list[Piece]:
    return [(step.start, step.end, (step.verdict.at_least, step.verdict.at_most)) for step in steps]
