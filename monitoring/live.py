"""One more fact, or one that comes late: what it changes of a patient's grade, without sweeping the course again.

A patient is a timeline of situations: every input of the table in the coarsest values it can tell apart (`Bands`).
A new value stands from its moment to the next one of its concept or to its own lapse, so it changes the few
situations in between. Each situation is answered once, by the grading engine, and remembered for every patient.
The waiver of the fever is read by `masking` itself, again only when the fevers or the signs have changed.

What can be spliced in is a numeric value for which the table names bands, and an oxygen row with a device and
without a reason where all others are so too. Everything else (drugs, attributions, corrections, a second and
different value at one moment) builds the course anew; the answer is the same.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, tzinfo
from typing import Generic, TypeVar

import numpy as np

from monitoring.concepts import Dictionary
from monitoring.course import Course
from monitoring.evidence import Evidence, OxygenState
from monitoring.grading import masking
from monitoring.oxygen_charting import PARTS
from monitoring.records import Correction, Fact, Observation, OxygenSupport
from monitoring.situations import OXYGEN, Answers, Situation, Verdict, Waiver, band_of
from monitoring.standing import standing
from monitoring.timeline import BEGINNING_OF_TIME, END_OF_TIME, Steps, hours, joined, micros
from monitoring.vocabulary import RETRACTED

_AGES_KNOWN_AHEAD = hours(30 * 24)
"""A course knows the birthdays of the next 60 days; after half of that it is built anew."""

Value = TypeVar("Value")


@dataclass(frozen=True)
class LiveStep:
    """A verdict that holds on [start, end), microseconds since 1970."""

    start: int
    end: int
    verdict: Verdict


@dataclass(frozen=True)
class Change:
    """The steps as they now stand wherever a fact changed something; `rebuilt` = the course was built anew."""

    steps: tuple[LiveStep, ...] = ()
    rebuilt: bool = False


NOTHING = Change()


class Timeline(Generic[Value]):
    """A step function over all time as two lists: `value[i]` holds from `at[i]` to the next."""

    def __init__(self, pieces: Iterable[tuple[int, Value]]) -> None:
        """The function of (start, value) pieces by time, the first at the beginning of time."""
        self.at: list[int] = []
        self.value: list[Value] = []
        for at, value in pieces:
            if not self.value or self.value[-1] != value:
                self.at.append(at)
                self.value.append(value)

    def between(self, start: int, end: int) -> list[tuple[int, Value]]:
        """(start, value) pieces that cover [start, end), the first cut to begin there."""
        first, last = bisect_right(self.at, start) - 1, bisect_left(self.at, end)
        return [(start, self.value[first]), *zip(self.at[first + 1 : last], self.value[first + 1 : last], strict=True)]

    def splice(self, start: int, end: int, pieces: Sequence[tuple[int, Value]]) -> None:
        """Put `pieces`, the first of which begins at `start`, in the place of what held on [start, end)."""
        first, last = bisect_left(self.at, start), bisect_left(self.at, end)
        new = list(pieces)
        if last < len(self.at) and self.at[last] == end:
            new.append((end, self.value[last]))
            last += 1
        elif end < END_OF_TIME:
            new.append((end, self.value[last - 1]))
        kept = Timeline([(BEGINNING_OF_TIME, self.value[first - 1]), *new] if first else new)
        self.at[first:last], self.value[first:last] = kept.at[bool(first) :], kept.value[bool(first) :]


def _self_contained(fact: Fact) -> bool:
    """Whether an oxygen row takes nothing over from the row before it."""
    return isinstance(fact, OxygenSupport) and fact.device is not None and fact.reason is None


class LiveCourse:
    """A patient's graded course that takes one more fact at a time, in any order of arrival.

    After each `add` the steps are those of a course built from all facts so far. Not safe to share between threads.
    """

    def __init__(
        self,
        answers: Answers,
        patient_id: str,
        facts: Iterable[Fact],
        dictionary: Dictionary,
        ward_zone: tzinfo = UTC,
    ) -> None:
        """From every fact known so far, corrections and what they withdrew included, in any order."""
        self._answers = answers
        self._facts = {fact.fact_id: fact for fact in facts}
        self._build(Course.from_facts(patient_id, list(self._facts.values()), dictionary, ward_zone))

    def _build(self, course: Course) -> None:
        self._course = course
        answers, facts = self._answers, self._facts.values()
        self._records = {_record(fact) for fact in facts if fact.record_id is not None}
        self._retractions = [f for f in facts if isinstance(f, Correction) or f.status in RETRACTED]
        self._build_again = micros(course.facts[-1].effective_at) + _AGES_KNOWN_AHEAD if course.start else None
        evidence = self._evidence = course.evidence
        self._bands = [
            replace(band, apart_below=band.apart_below_moved)
            if band.moved_by and evidence.number(band.moved_by).at.size > 1
            else band
            for band in answers.system.bands
        ]
        oxygen = [charted for name in ("oxygen_support", *PARTS) for charted in course.column(name)]
        self._oxygen_splices = all(_self_contained(fact) for _, fact in oxygen)
        places = {name: place for place, name in enumerate(answers.numbers, 1)}
        self._places = {**places, "oxygen_support": len(places) + 1}
        self._taken = {
            concept: sorted({at for at, fact in course.column(concept) if getattr(fact, "value", 0) is not None})
            for concept in self._places
        }
        self._keeps = {concept: course.freshness(concept) for concept in self._places}
        self._hides = masking.fever_may_hide(evidence)
        self._situations = Timeline(self._found(evidence))
        self._signs = Timeline((at, answers.cell(s).signs) for at, s in self._all(self._situations))
        self._waiver = self._waived()

    @staticmethod
    def _all(timeline: Timeline[Value]) -> Iterable[tuple[int, Value]]:
        return zip(timeline.at, timeline.value, strict=True)

    def _found(self, evidence: Evidence) -> Iterable[tuple[int, Situation]]:
        """The situations of a course, swept once."""
        answers = self._answers
        numbers, truths, labels = answers.read
        around = [
            {name: evidence.numbers[name] for name in sorted(numbers & evidence.numbers.keys())},
            {name: evidence.truths[name] for name in sorted(truths & evidence.truths.keys())},
        ]
        words = {name: evidence.labels[name] for name in sorted(labels & evidence.labels.keys())}
        banded = [evidence.number(name) for name in answers.numbers]
        oxygen = evidence.label(OXYGEN)
        states = [*(answers.code(state) for state in oxygen.values), None]
        turns = [
            Steps(label.at, label.index.astype(float), label.index.astype(float)) for label in (*words.values(), oxygen)
        ]
        grid = joined(*around[0].values(), *around[1].values(), *banded, *turns)
        laid = [{name: steps.on(grid) for name, steps in group.items()} for group in around]
        values = [steps.on(grid) for steps in banded]
        indices = [steps.on(grid)[0].astype(int) for steps in turns]
        for i, at in enumerate(grid.tolist()):
            parts = [tuple((name, float(lo[i]), float(hi[i])) for name, (lo, hi) in group.items()) for group in laid]
            said = tuple(
                (name, label.values[index[i]] if index[i] >= 0 else None)
                for (name, label), index in zip(words.items(), indices[:-1], strict=True)
            )
            known = [
                band_of(bands, float(lo[i])) if lo[i] == hi[i] else None
                for bands, (lo, hi) in zip(self._bands, values, strict=True)
            ]
            yield at, (answers.code((*parts, said)), *known, states[indices[-1][i]])

    def _waived(self) -> Timeline[Waiver]:
        """The waiver over time, as `masking` reads it from the fevers and signs."""
        at = np.array(self._signs.at, np.int64)
        fever, sign = np.array(self._signs.value, float).T
        fevers, signs = Steps(at, fever, fever), Steps(at, sign, sign)
        parts = (
            masking.diagnosed(self._evidence, fevers, signs),
            masking.masked_since(self._evidence, fevers, signs),
            self._hides,
        )
        grid = joined(*parts)
        bounds = np.stack([bound for part in parts for bound in part.on(grid)], axis=1)
        return Timeline(zip(grid.tolist(), map(tuple, bounds.tolist()), strict=True))

    def add(self, fact: Fact) -> Change:
        """Take a fact of this patient; what it changed. A fact already known changes nothing."""
        if fact.fact_id in self._facts:
            return NOTHING
        at = micros(fact.effective_at)
        splices = self._splices(fact, at)
        self._facts[fact.fact_id] = fact
        if not splices:
            return self._anew()
        if fact.record_id is not None:
            self._records.add(_record(fact))
        if isinstance(fact, Observation) and fact.concept not in self._answers.concepts:
            return NOTHING
        concept, value = self._reading(fact)
        place, taken, keeps = self._places[concept], self._taken[concept], self._keeps[concept]
        following = bisect_left(taken, at)
        if following < len(taken) and taken[following] == at:
            there = self._situations.between(at, at + 1)[0][1][place]
            return NOTHING if there == value else self._anew()
        end = END_OF_TIME if keeps is None else at + keeps
        if following < len(taken):
            end = min(end, taken[following])
        known = self._evidence.temperatures_from
        first_ever = concept == "temperature" and (known is None or at < known)
        taken.insert(following, at)
        return self._spliced(at, end, place, value, first_ever=first_ever)

    def _splices(self, fact: Fact, at: int) -> bool:
        """Whether a fact only adds a value, so that all else stays as it is."""
        if self._build_again is None or at > self._build_again or fact.status in RETRACTED:
            return False
        if fact.record_id is not None and _record(fact) in self._records:
            return False
        if self._retractions and fact not in standing([*self._retractions, fact]):
            return False
        if isinstance(fact, Observation):
            read = fact.concept in self._answers.concepts
            return not read or (fact.concept in self._places and fact.value is not None)
        return self._oxygen_splices and _self_contained(fact)

    def _reading(self, fact: Fact) -> tuple[str, float | int]:
        """The concept of a fact that splices, and its value as situations hold it."""
        if isinstance(fact, Observation) and fact.value is not None:
            return fact.concept, band_of(self._bands[self._places[fact.concept] - 1], fact.value)
        assert isinstance(fact, OxygenSupport)  # noqa: S101
        state = OxygenState(fact.device, fact.flow_l_min, fact.fio2, fact.reason)
        return "oxygen_support", self._answers.code(state)

    def _anew(self) -> Change:
        course = self._course
        facts = list(self._facts.values())
        self._build(Course.from_facts(course.patient_id, facts, course.dictionary, course.ward_zone))
        return Change(tuple(self.steps()), rebuilt=True)

    def _spliced(self, start: int, end: int, place: int, value: float, *, first_ever: bool) -> Change:
        before = self._situations.between(start, end)
        after = [(at, (*held[:place], value, *held[place + 1 :])) for at, held in before]
        windows = []
        if after != before:
            self._situations.splice(start, end, after)
            windows.append((start, end))
        cell = self._answers.cell
        signs = Timeline((at, cell(situation).signs) for at, situation in after)
        shown = list(self._all(signs))
        if first_ever:
            self._evidence = replace(self._evidence, temperatures_from=start)
        if first_ever or shown != self._signs.between(start, end):
            self._signs.splice(start, end, shown)
            was, self._waiver = self._waiver, self._waived()
            windows += _differences(was, self._waiver)
        return Change(tuple(step for window in _union(windows) for step in self.steps(*window)))

    def steps(self, start: int = BEGINNING_OF_TIME, end: int = END_OF_TIME) -> list[LiveStep]:
        """What stands on [start, end), neighbours that say the same joined."""
        situations, waivers = self._situations.between(start, end), self._waiver.between(start, end)
        cell = self._answers.cell
        told: list[tuple[int, Verdict]] = []
        turns = [at for at, _ in situations]
        if len(waivers) > 1:
            turns = sorted({*turns, *(at for at, _ in waivers)})
        i = j = 0
        for at in turns:
            i += i + 1 < len(situations) and situations[i + 1][0] == at
            j += j + 1 < len(waivers) and waivers[j + 1][0] == at
            verdict = cell(situations[i][1]).verdict(waivers[j][1])
            if not told or (told[-1][1] is not verdict and told[-1][1] != verdict):
                told.append((at, verdict))
        ends = [*(at for at, _ in told[1:]), end]
        return [LiveStep(at, until, verdict) for (at, verdict), until in zip(told, ends, strict=True)]

    def verdict(self, at: int) -> Verdict:
        """What stands at a moment."""
        return self._answers.cell(self._situations.between(at, at + 1)[0][1]).verdict(
            self._waiver.between(at, at + 1)[0][1]
        )


def _record(fact: Fact) -> tuple[str | None, str]:
    """The identity a source gave, by what it speaks of."""
    return fact.record_id, fact.concept if isinstance(fact, Observation) else type(fact).__name__


def _differences(before: Timeline[Value], after: Timeline[Value]) -> list[tuple[int, int]]:
    """The windows in which two functions differ."""
    edges = sorted({*before.at, *after.at})
    return [
        (start, end)
        for start, end in zip(edges, [*edges[1:], END_OF_TIME], strict=True)
        if start < end and before.between(start, start + 1)[0][1] != after.between(start, start + 1)[0][1]
    ]


def _union(windows: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The windows by time, those that overlap joined."""
    joined_: list[tuple[int, int]] = []
    for start, end in sorted(windows):
        if joined_ and start <= joined_[-1][1]:
            joined_[-1] = (joined_[-1][0], max(end, joined_[-1][1]))
        else:
            joined_.append((start, end))
    return joined_
