"""The only grading algorithm: it reads a published table and answers each criterion YES, NO or UNKNOWN.

The worse axis wins by a maximum. at_least is the highest grade whose criterion is YES, at_most the highest that
is YES or UNKNOWN; a gate that is closed makes both 0 and keeps the findings, a gate nobody can decide makes
at_least 0. One instant is a sweep of length one, a course a sweep over its few boundaries.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from monitoring.evidence import Evidence
from monitoring.timeline import Situations, Steps, Times, Told, Truths, Values, first_alike, joined, numbered, ordered
from monitoring.vocabulary import Answer, Flag, Syndrome

Grades = NDArray[np.int8]
NOT_GRADABLE = -1
_UNKNOWN, _YES = int(Answer.UNKNOWN), int(Answer.YES)
TOLERANCE = 1e-6
"""A converted value this close to a cut is on it (clinical.md a.2)."""


@dataclass(frozen=True)
class Axis:
    """One thing a scale looks at. `name` is the contract's word for the input; `concepts` hold its evidence.

    `inputs` are the words to say instead where the axis is made of several inputs or of a part of one: names of
    axes of the same scale, which may have inputs of their own, and are known where they are not what is missing.
    """

    name: str
    read: Callable[[Evidence], Steps]
    concepts: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()


@dataclass(frozen=True)
class Criterion:
    """One cell of a published table: its grade, wording and place, and the test that decides it.

    Exactly one of `at_or_above` and `at_or_below` is given, in the axis' own unit or rung.
    """

    grade: int
    key: str
    wording: str
    locator: str
    axis: Axis
    at_or_above: float | None = None
    at_or_below: float | None = None
    decision: str = ""

    def answers(self, lo: Values, hi: Values) -> NDArray[np.int8]:
        """Answer codes for intervals [lo, hi] of the axis: 2 where certain, 1 where only possible, else 0."""
        if self.at_or_above is not None:
            certain, possible = lo >= self.at_or_above - TOLERANCE, hi >= self.at_or_above - TOLERANCE
        else:
            bound = np.inf if self.at_or_below is None else self.at_or_below + TOLERANCE
            certain, possible = hi <= bound, lo <= bound
        return np.add(certain, certain | possible, dtype=np.int8)

    def representatives(self, lo: float, hi: float) -> tuple[float, ...]:
        """The values in [lo, hi] between which this criterion's answer can change."""
        if self.at_or_above is not None:
            return (lo, self.at_or_above) if lo < self.at_or_above <= hi else (lo,)
        bound = float(self.at_or_below or 0)
        return (hi, bound) if lo <= bound < hi else (hi,)


@dataclass(frozen=True)
class Remark:
    """A flag, and where it holds. `blocks` = the scale cannot be applied there."""

    flag: Flag
    when: Callable[[Sweep], Truths]
    blocks: bool = False


@dataclass(frozen=True)
class Bands:
    """Values of one number that no row and no remark of a table can tell apart, said by the table itself.

    Two values between the same neighbours of `cuts` (a value on a cut is above it) give the same answers, and so do
    any two at or above `apart_below`; where the number `moved_by` was charted, any two at or above
    `apart_below_moved`. Where nothing moves them and the number `settled_by` is at or above `settled_from` from the
    first value on, `settled` are all the cuts there are. A number without bands is told apart everywhere.
    """

    number: str
    cuts: tuple[float, ...] = ()
    apart_below: float = -np.inf
    moved_by: str = ""
    apart_below_moved: float = -np.inf
    settled: tuple[float, ...] = ()
    settled_by: str = ""
    settled_from: float = np.inf

    def of(self, values: NDArray[np.float32]) -> NDArray[np.generic]:
        """For each value something that is equal where the values are of one band."""
        if not self.cuts:
            return np.minimum(values, np.float32(self.apart_below))
        if len(self.cuts) == 1:
            return values >= _lowest_above(self.cuts[0])
        return np.searchsorted([_lowest_above(cut) for cut in self.cuts], values, side="right").astype(np.int8)


def _lowest_above(cut: float) -> np.float32:
    """The lowest float32 at or above `cut`."""
    nearest = np.float32(cut)
    return nearest if float(nearest) >= cut else np.nextafter(nearest, np.float32(np.inf))


@dataclass(frozen=True)
class GradingSystem:
    """A published scale or a documented symptom list, as a table.

    `gate` is a list of alternatives, each a list of criteria that must all hold; no gate = always open.
    `needs_course` says, for a scale that reads a series, why a picture of one moment cannot be graded by it.
    `also` are axes that only remarks look at; `bands` let a sweep pass over what the table cannot see.
    """

    id: str
    revision: int
    syndrome: Syndrome
    title: str
    reference: str
    criteria: tuple[Criterion, ...]
    gate: tuple[tuple[Criterion, ...], ...] = ()
    also: tuple[Axis, ...] = ()
    remarks: tuple[Remark, ...] = ()
    published: bool = True
    needs_course: str = ""
    bands: tuple[Bands, ...] = ()

    @cached_property
    def rows(self) -> tuple[Criterion, ...]:
        """Gate rows first, then graded rows in the order of the table, each once."""
        gates = [row for alternative in self.gate for row in alternative if row not in self.criteria[1:]]
        return tuple(dict.fromkeys([*gates, *self.criteria]))

    @cached_property
    def axes(self) -> tuple[Axis, ...]:
        """Every axis the table reads."""
        return tuple(dict.fromkeys([*(row.axis for row in self.rows), *self.also]))

    @cached_property
    def reads(self) -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
        """Names of the numbers, truths and labels that the axes ask the evidence for."""
        asked = _Listening(), _Listening(), _Listening()
        for over_time in (False, True):
            evidence = Evidence(*asked, over_time=over_time)  # type: ignore[arg-type]
            for axis in self.axes:
                axis.read(evidence)
        numbers, truths, labels = (frozenset(names) for names in asked)
        return numbers, truths, labels


class _Listening(dict[str, object]):
    """An empty mapping that remembers what was asked of it."""

    def get(self, name: str, default: object = None) -> object:
        self[name] = None
        return default


@dataclass(frozen=True)
class Sweep:
    """A scale's axes on one common grid: on [at[i], at[i+1]) each axis has one interval."""

    at: Times
    lo: Mapping[str, Values]
    hi: Mapping[str, Values]
    outcome: Outcome | None = None

    def yes(self, axis: str, level: float = 1) -> Truths:
        """Where the axis is certainly at or above `level`."""
        return np.asarray(self.lo[axis] >= level)

    def possible(self, axis: str, level: float = 1) -> Truths:
        """Where the axis may be at or above `level`."""
        return np.asarray(self.hi[axis] >= level)

    def answered(self, criterion: Criterion) -> NDArray[np.int8]:
        """The criterion's answers along the grid."""
        return criterion.answers(self.lo[criterion.axis.name], self.hi[criterion.axis.name])


@dataclass(frozen=True)
class Outcome:
    """Grade bounds along a grid, the answer of every row, and whether the gate is open."""

    at_least: Grades
    at_most: Grades
    answers: Mapping[str, NDArray[np.int8]]
    gate: NDArray[np.int8]


@dataclass(frozen=True)
class Graded:
    """A scale applied: bounds on [at[i], at[i+1]), -1 where the scale cannot be applied."""

    system: GradingSystem
    at: Times
    at_least: Grades
    at_most: Grades
    answers: Mapping[str, NDArray[np.int8]]
    gate: NDArray[np.int8]
    flags: Mapping[Flag, Truths]
    sweep: Sweep = field(repr=False)
    _told: dict[tuple[str, int], list[str]] = field(default_factory=dict, init=False, repr=False, compare=False)

    def place(self, at: int) -> int:
        """Index of the segment that holds the moment `at`."""
        return int(self.at.searchsorted(at, side="right")) - 1

    def gradable(self, place: int) -> bool:
        """Whether the scale can be applied in a segment."""
        return bool(self.at_least[place] != NOT_GRADABLE)

    @cached_property
    def _alike(self) -> list[int]:
        lo, hi = self.sweep.lo, self.sweep.hi
        unknown = [lo[name] != hi[name] for name in lo]
        return first_alike([self.at_least, self.at_most, self.gate, *self.answers.values(), *unknown])

    def _once(self, what: str, place: int, tell: Callable[[int], list[str]]) -> list[str]:
        """What `tell` says of a segment, asked once of all that are answered alike."""
        alike = what, self._alike[place]
        if alike not in self._told:
            self._told[alike] = tell(alike[1])
        return list(self._told[alike])

    def met(self, place: int) -> list[str]:
        """Keys of the criteria answered YES, the highest of each axis."""
        return self._once("met", place, self._met)

    def _met(self, place: int) -> list[str]:
        best: dict[str, Criterion] = {}
        for row in self.system.criteria:
            if self.answers[row.key][place] == _YES:
                held = best.get(row.axis.name)
                if held is None or row.grade > held.grade:
                    best[row.axis.name] = row
        return [row.key for row in self.system.criteria if best.get(row.axis.name) is row]

    def unassessed(self, place: int) -> list[str]:
        """Names of the inputs nobody can answer for and that could still change the grade."""
        return self._once("unassessed", place, self._unassessed)

    def _unassessed(self, place: int) -> list[str]:
        if not self.gradable(place) or self.at_least[place] == self.at_most[place]:
            return []
        open_gate = self.gate[place] == _YES
        gates = [] if open_gate else [row for alternative in self.system.gate for row in alternative]
        higher = [row for row in self.system.criteria if row.grade > self.at_least[place]]
        rows = [*gates, *higher]
        unknown = {row.axis.name: row.axis for row in rows if self.answers[row.key][place] == _UNKNOWN}
        return list(dict.fromkeys(name for axis in unknown.values() for name in self._open_inputs(axis, place)))

    def _open_inputs(self, axis: Axis, place: int) -> list[str]:
        """What is missing for an unknown axis: its own name, or what is missing for its inputs that are not known."""
        lo, hi = self.sweep.lo, self.sweep.hi
        missing = [name for name in axis.inputs if name not in lo or lo[name][place] != hi[name][place]]
        named = {other.name: other for other in self.system.axes}
        inner = [self._open_inputs(named[name], place) if name in named else [name] for name in missing]
        return [name for names in inner for name in names] or [axis.name]

    def decides(self, place: int) -> str | None:
        """The one input whose value would narrow the interval most, averaged over what it could turn out to be."""
        names = self.unassessed(place)
        if not names:
            return None
        lo = {name: values[place : place + 1] for name, values in self.sweep.lo.items()}
        hi = {name: values[place : place + 1] for name, values in self.sweep.hi.items()}

        def width(name: str) -> float:
            rows = [
                row
                for row in self.system.rows
                if self.answers[row.key][place] == _UNKNOWN and name in self._open_inputs(row.axis, place)
            ]
            trials = {
                (row.axis.name, value)
                for row in rows
                for value in row.representatives(float(lo[row.axis.name][0]), float(hi[row.axis.name][0]))
            }
            widths = []
            for axis, value in trials:
                known = np.array([value])
                tried = evaluate(self.system, Sweep(self.at[:1], lo | {axis: known}, hi | {axis: known}))
                widths.append(float(tried.at_most[0] - tried.at_least[0]))
            return sum(widths) / len(widths)

        return min(names, key=lambda name: (width(name), names.index(name)))

    def flags_at(self, place: int) -> list[Flag]:
        """Flags that hold in a segment, in the order of the scale's remarks."""
        return [flag for flag, holds in self.flags.items() if holds[place]]


def evaluate(system: GradingSystem, sweep: Sweep) -> Outcome:
    """Bounds and answers along a sweep. Pure; the single place where grades come from."""
    answers = {row.key: sweep.answered(row) for row in system.rows}
    at_least = np.zeros(sweep.at.size, np.int8)
    at_most = np.zeros(sweep.at.size, np.int8)
    for row in system.criteria:
        at_least = np.maximum(at_least, (answers[row.key] == _YES) * np.int8(row.grade))
        at_most = np.maximum(at_most, (answers[row.key] >= _UNKNOWN) * np.int8(row.grade))
    gate = np.full(sweep.at.size, _YES, np.int8)
    if system.gate:
        alternatives = [np.minimum.reduce([answers[row.key] for row in every]) for every in system.gate]
        gate = np.maximum.reduce(alternatives)
    return Outcome(
        at_least=np.where(gate == _YES, at_least, 0).astype(np.int8),
        at_most=np.where(gate >= _UNKNOWN, at_most, 0).astype(np.int8),
        answers=answers,
        gate=gate,
    )


def grade(system: GradingSystem, evidence: Evidence) -> Graded:
    """The scale applied to everything the evidence says, over all time."""
    steps = {axis.name: axis.read(evidence) for axis in system.axes}
    grid = joined(*steps.values())
    places: dict[int, Times] = {}
    bounds = {name: part.spread(grid, places) for name, part in steps.items()}
    sweep = Sweep(
        grid, {name: pair[0] for name, pair in bounds.items()}, {name: pair[1] for name, pair in bounds.items()}
    )
    return judged(system, sweep)


def grade_situations(system: GradingSystem, evidence: Evidence, situations: Situations) -> tuple[Situations, Graded]:
    """The scale applied to evidence told by situations: which situation is so from when on, and each one graded.

    A situation of the answer says what no fact says alone, such as whether a diagnosis stands. A place in the answer
    is the number of a situation, and `Graded.at` says nothing of time.
    """
    steps = {axis.name: axis.read(evidence) for axis in system.axes}
    over_time = {name: part for name, part in steps.items() if not isinstance(part, Told) and part.at.size > 1}
    grid, index = situations.at, situations.index
    turns = ordered(np.concatenate([grid[:1], *(part.at for part in over_time.values())]))
    place = np.searchsorted(grid, turns)
    new = grid[np.minimum(place, grid.size - 1)] != turns
    grid = np.insert(grid, place[new], turns[new])
    index = np.insert(index, place[new], index[place[new] - 1])
    place += np.cumsum(new) - new
    key, size = index.astype(np.int64), int(index.max()) + 1
    coded = {}
    for name, part in over_time.items():
        low, high = ordered(part.lo), ordered(part.hi)
        code = np.searchsorted(low, part.lo) * high.size + np.searchsorted(high, part.hi)
        count = low.size * high.size
        lasts = np.diff(place[np.searchsorted(turns, part.at)], append=grid.size)
        key = key * count + np.repeat(code, lasts)
        size *= count
        coded[name] = np.repeat(low, high.size), np.tile(high, low.size)
    index, one = numbered(key, size)
    lo: dict[str, Values] = {}
    hi: dict[str, Values] = {}
    key = key[one]
    for name, (low, high) in reversed(coded.items()):
        key, code = np.divmod(key, low.size)
        lo[name], hi[name] = low[code], high[code]
    for name, part in steps.items():
        if isinstance(part, Told):
            lo[name], hi[name] = part.low[key], part.high[key]
        elif name not in coded:
            lo[name], hi[name] = part.lo.repeat(one.size), part.hi.repeat(one.size)
    return Situations(grid, index), judged(system, Sweep(np.arange(one.size), lo, hi))


def judged(system: GradingSystem, sweep: Sweep) -> Graded:
    """Bounds, answers and flags along a sweep."""
    outcome = evaluate(system, sweep)
    seen = Sweep(sweep.at, sweep.lo, sweep.hi, outcome)
    held = [(remark, remark.when(seen)) for remark in system.remarks]
    dead = (outcome.at_least >= 5) & (outcome.gate == _YES)
    blocked = np.zeros(sweep.at.size, bool)
    flags: dict[Flag, Truths] = {}
    for remark, holds in held:
        flags[remark.flag] = flags.get(remark.flag, np.zeros(sweep.at.size, bool)) | holds
        if remark.blocks:
            blocked |= holds & ~dead
    return Graded(
        system=system,
        at=sweep.at,
        at_least=np.where(blocked, NOT_GRADABLE, outcome.at_least).astype(np.int8),
        at_most=np.where(blocked, NOT_GRADABLE, outcome.at_most).astype(np.int8),
        answers=outcome.answers,
        gate=outcome.gate,
        flags=flags,
        sweep=sweep,
    )
