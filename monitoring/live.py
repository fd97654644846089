"""One more fact, or one that comes late: what it changes of a patient's grade, without sweeping the course again.

A patient is a timeline of situations: every input of the table in the coarsest values it can tell apart (`Bands`),
each kept as the cell that holds its answers.
A new value stands from its moment to the next one of its concept or to its own lapse, so it changes the few
situations in between. Each situation is answered once, by the grading engine, and remembered for every patient.
The waiver of the fever is kept beside them (`Waivers`), and looked at again only where the signs have changed.

What can be spliced in is a numeric value for which the table names bands, and an oxygen row with a device and
without a reason where all others are so too. Everything else (drugs, attributions, corrections) builds the course
anew; the answer is the same.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, tzinfo
from typing import Any, NamedTuple

from monitoring.at_once import LOWER_IS_WORSE, MINUTE, minute_of
from monitoring.concepts import Dictionary
from monitoring.course import Course
from monitoring.evidence import Evidence, OxygenState
from monitoring.oxygen_charting import PARTS
from monitoring.piecewise import Timeline, Value, union
from monitoring.records import Correction, Fact, NeuroAssessment, Observation, OxygenSupport, SymptomReport
from monitoring.situations import OXYGEN, Answers, Cell, Situation, Verdict, band_of
from monitoring.standing import columns_of, standing
from monitoring.timeline import BEGINNING_OF_TIME, END_OF_TIME, Steps, hours, joined, micros
from monitoring.vocabulary import RETRACTED
from monitoring.waiver import Waiver, Waivers

_AGES_KNOWN_AHEAD = hours(30 * 24)
"""A course knows the birthdays of the next 60 days; after half of that it is built anew."""
_SPLICES_FOR_ONE_BUILT = 4
"""To build a course anew costs a value of it about a fourth of what it costs to splice a value in."""


class LiveStep(NamedTuple):
    """A verdict that holds on [start, end), microseconds since 1970."""

    start: int
    end: int
    verdict: Verdict


class Change(NamedTuple):
    """The steps as they now stand wherever a fact changed something; `rebuilt` = the course was built anew."""

    steps: tuple[LiveStep, ...] = ()
    rebuilt: bool = False


NOTHING = Change()


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
        self._ages_from = BEGINNING_OF_TIME if course.infusions or course.start is None else course.start
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
        self._worse: dict[str, Callable[[Any, Any], Any]] = {
            **{concept: min if concept in LOWER_IS_WORSE else max for concept in answers.numbers},
            "oxygen_support": answers.more_support,
        }
        self._keeps = {concept: course.freshness(concept) for concept in self._places}
        self._cells = Timeline(answers.cells(list(self._found(evidence))))
        self._signs = Timeline((at, cell.signs) for at, cell in self._cells.pieces())
        self._waivers = Waivers(evidence, self._signs)
        waivers = self._waivers.over_time
        turns = {*self._cells.at, *waivers.at}
        answers.ask((self._cells.holds(at).situation, waivers.holds(at)) for at in turns)

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
        if self._unread(fact):
            return NOTHING
        concept, value = self._reading(fact)
        place, taken, keeps = self._places[concept], self._taken[concept], self._keeps[concept]
        known = self._evidence.temperatures_from
        first_ever = concept == "temperature" and (known is None or at < known)
        minute = minute_of(at)
        following = bisect_right(taken, at)
        beyond = bisect_left(taken, minute + MINUTE, following)
        until = at if beyond == following else taken[beyond - 1]
        end = END_OF_TIME if keeps is None else until + keeps
        if beyond < len(taken):
            end = min(end, taken[beyond])
        before = self._cells.between(at, end)
        if beyond == following and (not following or taken[following - 1] < minute):
            after = [(start, _with(held, place, value)) for start, held in before]
        else:
            after = self._together(concept, at, end, value, minute)
        if not following or taken[following - 1] != at:
            taken.insert(following, at)
        return self._spliced(at, end, before, self._answers.cells(after), first_ever=first_ever)

    def add_all(self, facts: Iterable[Fact]) -> Iterator[Change]:
        """Take facts of this patient that came together: what each that is spliced in changed, or all of them."""
        new = {fact.fact_id: fact for fact in facts if fact.fact_id not in self._facts}
        many = len(new) * _SPLICES_FOR_ONE_BUILT > len(self._facts)
        while new:
            fact = next(iter(new.values()))
            if many or not self._splices(fact, micros(fact.effective_at)):
                self._facts |= new
                yield self._anew()
                return
            yield self.add(new.pop(fact.fact_id))

    def _together(self, concept: str, at: int, end: int, value: float, minute: int) -> list[tuple[int, Situation]]:
        """The situations on [at, end) where other values of the concept stand in the same minute (D65)."""
        place, taken, worse = self._places[concept], self._taken[concept], self._worse[concept]
        cells = self._cells
        following = bisect_right(taken, at)
        points = [at, *taken[following : bisect_left(taken, minute + MINUTE, following)]]
        after: list[tuple[int, Situation]] = []
        for start, until in zip(points, [*points[1:], end], strict=True):
            shared = start > at or (following > 0 and taken[following - 1] >= minute)
            counts = worse(cells.holds(start).situation[place], value) if shared else value
            after += [(n, _with(held, place, counts)) for n, held in cells.between(start, until)]
        return after

    def _splices(self, fact: Fact, at: int) -> bool:
        """Whether a fact only adds a value, so that all else stays as it is."""
        if self._build_again is None or not self._ages_from <= at <= self._build_again or fact.status in RETRACTED:
            return False
        if fact.record_id is not None and _record(fact) in self._records:
            return False
        if self._retractions and fact not in standing([*self._retractions, fact]):
            return False
        if isinstance(fact, Observation):
            return self._unread(fact) or (fact.concept in self._places and fact.value is not None)
        return (self._oxygen_splices and _self_contained(fact)) or self._unread(fact)

    def _unread(self, fact: Fact) -> bool:
        """Whether the table reads nothing that a value, an assessment or a report says."""
        if isinstance(fact, Observation):
            return fact.concept not in self._answers.concepts
        if isinstance(fact, NeuroAssessment | SymptomReport):
            return self._answers.concepts.isdisjoint(columns_of(fact))
        return False

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

    def _spliced(
        self,
        start: int,
        end: int,
        before: list[tuple[int, Cell]],
        after: list[tuple[int, Cell]],
        *,
        first_ever: bool,
    ) -> Change:
        windows = []
        if after != before:
            self._cells.splice(start, end, after)
            windows.append((start, end))
        if first_ever:
            self._evidence = replace(self._evidence, temperatures_from=start)
        if windows or first_ever:
            moved = self._signs_seen(start, end, after)
            windows += [moved] if moved else []
            if first_ever:
                was, self._waivers = self._waivers, Waivers(self._evidence, self._signs)
                windows += _differences(was.over_time, self._waivers.over_time)
        return Change(tuple(step for window in union(windows) for step in self.steps(*window))) if windows else NOTHING

    def _signs_seen(self, start: int, end: int, cells: list[tuple[int, Cell]]) -> tuple[int, int] | None:
        """Take the signs of [start, end); where the waiver has changed with them."""
        shown: list[tuple[int, tuple[bool, bool]]] = []
        for at, cell in cells:
            if not shown or shown[-1][1] != cell.signs:
                shown.append((at, cell.signs))
        if shown == self._signs.between(start, end):
            return None
        self._signs.splice(start, end, shown)
        return self._waivers.changed(start, end)

    def steps(self, start: int = BEGINNING_OF_TIME, end: int = END_OF_TIME) -> list[LiveStep]:
        """What stands on [start, end), neighbours that say the same joined."""
        cells, waivers = self._cells.between(start, end), self._waivers.over_time.between(start, end)
        if len(cells) == len(waivers) == 1:
            return [LiveStep(start, end, cells[0][1].verdict(waivers[0][1]))]
        starts: list[int] = []
        told: list[Verdict] = []
        last: Verdict | None = None
        for at, cell, waiver in _beside(cells, waivers):
            verdict = cell.verdicts.get(waiver) or cell.verdict(waiver)
            if last is None or (last is not verdict and last != verdict):
                starts.append(at)
                told.append(verdict)
                last = verdict
        return list(map(LiveStep, starts, [*starts[1:], end], told))

    def verdict(self, at: int) -> Verdict:
        """What stands at a moment."""
        return self._cells.holds(at).verdict(self._waivers.over_time.holds(at))


def _with(cell: Cell, place: int, value: float | None) -> Situation:
    """The situation of a cell with another value at a place."""
    held = cell.situation
    return (*held[:place], value, *held[place + 1 :])


def _beside(cells: list[tuple[int, Cell]], waivers: list[tuple[int, Waiver]]) -> Iterable[tuple[int, Cell, Waiver]]:
    """Both over one window, together: (start, cell, waiver) wherever one of them is another than before."""
    if len(waivers) == 1:
        waiver = waivers[0][1]
        return [(at, cell, waiver) for at, cell in cells]
    found: list[tuple[int, Cell, Waiver]] = []
    i = j = 0
    for at in sorted({*(at for at, _ in cells), *(at for at, _ in waivers)}):
        i += i + 1 < len(cells) and cells[i + 1][0] == at
        j += j + 1 < len(waivers) and waivers[j + 1][0] == at
        found.append((at, cells[i][1], waivers[j][1]))
    return found


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
