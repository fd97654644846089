"""The situations a table can tell apart, each answered once by the grading engine and remembered.

A situation is every input of the table at one moment, its numbers in the coarsest values the table can tell apart
(`Bands`). Whether a fever is still required is not part of it: that depends on the course, and is asked beside it.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, replace

from monitoring.at_once import more_support
from monitoring.evidence import Evidence, OxygenState
from monitoring.grading.engine import Bands, GradingSystem, grade
from monitoring.timeline import Labels, Steps
from monitoring.vocabulary import Answer, Flag
from monitoring.waiver import Waiver

Situation = tuple[float | int | None, ...]
"""Number of the surroundings, a value for each banded number, number of the oxygen state; None = unknown."""
OXYGEN = "oxygen"
_WAIVER = ("crs_already_diagnosed", "masking_drug", "fever_may_hide")


@dataclass(frozen=True)
class Verdict:
    """What the table says of a situation; both grades None where the scale cannot be applied."""

    at_least: int | None
    at_most: int | None
    met: tuple[str, ...]
    unassessed: tuple[str, ...]
    flags: tuple[Flag, ...]


class Cell:
    """A situation and the table's verdicts on it, one for each waiver met.

    `signs`: whether a fever is certain, and whether any sign of a grade is.
    """

    def __init__(self, system: GradingSystem, evidence: Evidence) -> None:
        self._system, self._evidence = system, evidence
        self._verdicts: dict[Waiver, Verdict] = {}
        found = grade(system, evidence)
        certain = [row for row in system.criteria if 0 < row.grade < 5 and found.answers[row.key][0] == Answer.YES]
        self.signs = (any(row.axis.name == "temperature" for row in certain), bool(certain))

    def verdict(self, waiver: Waiver) -> Verdict:
        """What the table says of the situation under a waiver."""
        known = self._verdicts.get(waiver)
        if known is None:
            stated = {name: Steps.constant(*waiver[2 * i : 2 * i + 2]) for i, name in enumerate(_WAIVER)}
            found = grade(self._system, replace(self._evidence, truths={**self._evidence.truths, **stated}, derived={}))
            graded = found.gradable(0)
            known = self._verdicts[waiver] = Verdict(
                int(found.at_least[0]) if graded else None,
                int(found.at_most[0]) if graded else None,
                tuple(found.met(0)),
                tuple(found.unassessed(0)),
                tuple(found.flags_at(0)),
            )
        return known


def answerable(system: GradingSystem) -> bool:
    """Whether the situations of a table can be answered one by one."""
    return bool(system.bands) and "vasopressor_doses" not in system.reads[2]


class Answers:
    """Every situation of a table met so far and its answers; one serves all patients.

    Raises ValueError for a table that names no bands, and for one that asks how long a drug has been running.
    """

    def __init__(self, system: GradingSystem) -> None:
        if not answerable(system):
            why = "asks how long a drug has run" if system.bands else "names no bands"
            raise ValueError(f"{system.id} {why}; grade its courses with monitoring.grading.graded")
        hides = [replace(axis, read=_may_hide) if axis.name == "fever_may_hide" else axis for axis in system.also]
        self.system = replace(system, also=tuple(hides))
        self.numbers = tuple(band.number for band in system.bands)
        asked = system.reads
        self.read = tuple(names - {*self.numbers, OXYGEN} for names in asked)
        concepts = {concept for axis in system.axes for concept in axis.concepts}
        self.concepts = concepts.union(*asked)
        self._codes: dict[object, int] = {}
        self._objects: list[object] = []
        self._cells: dict[Situation, Cell] = {}

    def code(self, thing: object) -> int:
        """A small number for a thing, the same for its equals."""
        found = self._codes.setdefault(thing, len(self._objects))
        if found == len(self._objects):
            self._objects.append(thing)
        return found

    def more_support(self, one: int, other: int) -> int:
        """Of two codes of oxygen states the one that is more support."""
        states = self._objects[one], self._objects[other]
        assert isinstance(states[0], OxygenState)  # noqa: S101
        assert isinstance(states[1], OxygenState)  # noqa: S101
        return one if more_support(states[0], states[1]) is states[0] else other

    def cell(self, situation: Situation) -> Cell:
        """The answers to a situation, asked of the engine the first time."""
        found = self._cells.get(situation)
        if found is None:
            found = self._cells[situation] = Cell(self.system, self._evidence(situation))
        return found

    def _evidence(self, situation: Situation) -> Evidence:
        """The situation as constants."""
        surroundings = self._objects[int(situation[0] or 0)]
        assert isinstance(surroundings, tuple)  # noqa: S101
        numbers, truths, labels = surroundings
        values = zip(self.numbers, situation[1:-1], strict=True)
        state = None if situation[-1] is None else self._objects[int(situation[-1])]
        return Evidence(
            numbers={name: Steps.constant(lo, hi) for name, lo, hi in numbers}
            | {name: Steps.constant(value) for name, value in values if value is not None},
            truths={name: Steps.constant(lo, hi) for name, lo, hi in truths},
            labels={name: Labels.constant(value) for name, value in labels} | {OXYGEN: Labels.constant(state)},
        )


def _may_hide(evidence: Evidence) -> Steps:
    """The axis as a situation states it; `masking` reads it from the doses of a course."""
    return evidence.truth("fever_may_hide")


def band_of(bands: Bands, value: float) -> float:
    """One value that stands for all of its band."""
    if not bands.cuts:
        return min(value, bands.apart_below)
    place = bisect_right(bands.cuts, value)
    return bands.cuts[place - 1] if place else bands.cuts[0] - 1
