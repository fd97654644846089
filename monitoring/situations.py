"""The situations a table can tell apart, each answered once by the grading engine and remembered.

A situation is every input of the table at one moment, its numbers in the coarsest values the table can tell apart
(`Bands`). Whether a fever is still required is not part of it: that depends on the course, and is asked beside it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from monitoring.at_once import more_support
from monitoring.evidence import Evidence, OxygenState
from monitoring.grading.engine import Bands, Graded, GradingSystem, grade
from monitoring.timeline import BEGINNING_OF_TIME, Labels, Steps, Times
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

    def __init__(self, answers: Answers, situation: Situation, signs: tuple[bool, bool]) -> None:
        self._answers = answers
        self.situation, self.signs = situation, signs
        self.verdicts: dict[Waiver, Verdict] = {}

    def verdict(self, waiver: Waiver) -> Verdict:
        """What the table says of the situation under a waiver."""
        known = self.verdicts.get(waiver)
        if known is None:
            self._answers.ask([(self.situation, waiver)])
            known = self.verdicts[waiver]
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

    def cells(self, pieces: Sequence[tuple[int, Situation]]) -> list[tuple[int, Cell]]:
        """The cell of each (start, situation): always the same one for a situation. The engine is asked of new ones."""
        known = self._cells
        try:
            return [(at, known[situation]) for at, situation in pieces]
        except KeyError:
            self._meet(situation for _, situation in pieces)
            return [(at, known[situation]) for at, situation in pieces]

    def _meet(self, situations: Iterable[Situation]) -> None:
        """Ask the engine for the signs of every situation that is new, all at once."""
        new = [situation for situation in dict.fromkeys(situations) if situation not in self._cells]
        for alike in self._told_alike(new):
            found = grade(self.system, self._evidence(alike))
            grades = [row for row in self.system.criteria if 0 < row.grade < 5]
            certain = [(row.axis.name == "temperature", found.answers[row.key] == Answer.YES) for row in grades]
            for place, situation in enumerate(alike):
                signs = any(is_fever and yes[place] for is_fever, yes in certain), any(yes[place] for _, yes in certain)
                self._cells[situation] = Cell(self, situation, signs)

    def ask(self, pairs: Iterable[tuple[Situation, Waiver]]) -> None:
        """Ask the engine for the verdict on every situation under its waiver that is new, all at once."""
        new: dict[Situation, list[Waiver]] = {}
        for situation, waiver in dict.fromkeys(pairs):
            if waiver not in self._cells[situation].verdicts:
                new.setdefault(situation, []).append(waiver)
        for alike in self._told_alike(new):
            asked = [(situation, waiver) for situation in alike for waiver in new[situation]]
            evidence = self._evidence([situation for situation, _ in asked])
            bounds = np.array([waiver for _, waiver in asked], float).T
            at = _places(len(asked))
            stated = {name: Steps(at, bounds[2 * i], bounds[2 * i + 1]) for i, name in enumerate(_WAIVER)}
            found = grade(self.system, replace(evidence, truths={**evidence.truths, **stated}, derived={}))
            for place, (situation, waiver) in enumerate(asked):
                self._cells[situation].verdicts[waiver] = _verdict(found, found.place(int(at[place])))

    def _told_alike(self, situations: Iterable[Situation]) -> Iterable[list[Situation]]:
        """The situations in groups of which each is told by the same inputs."""
        groups: dict[object, list[Situation]] = {}
        for situation in situations:
            numbers, truths, labels = self._surroundings(situation)
            names = [name for name, value in zip(self.numbers, situation[1:-1], strict=True) if value is not None]
            told = (*names, *(part[0] for parts in (numbers, truths, labels) for part in parts))
            groups.setdefault(told, []).append(situation)
        return groups.values()

    def _surroundings(self, situation: Situation) -> tuple[Any, Any, Any]:
        found = self._objects[int(situation[0] or 0)]
        assert isinstance(found, tuple)  # noqa: S101
        return found

    def _evidence(self, situations: Sequence[Situation]) -> Evidence:
        """Situations that are told alike, one a place."""
        at = _places(len(situations))
        around = [self._surroundings(situation) for situation in situations]

        def steps(part: int) -> dict[str, Steps]:
            return {
                name: Steps(
                    at,
                    np.array([one[part][i][1] for one in around], float),
                    np.array([one[part][i][2] for one in around], float),
                )
                for i, (name, *_) in enumerate(around[0][part])
            }

        def labels(values: Sequence[object | None]) -> Labels:
            words = tuple(dict.fromkeys(value for value in values if value is not None))
            numbered = {word: number for number, word in enumerate(words)}
            return Labels(at, np.array([-1 if value is None else numbered[value] for value in values]), words)

        measured = {}
        for place, name in enumerate(self.numbers, 1):
            if situations[0][place] is not None:
                values = np.array([situation[place] for situation in situations], float)
                measured[name] = Steps(at, values, values)
        states = [None if one[-1] is None else self._objects[int(one[-1])] for one in situations]
        return Evidence(
            numbers=steps(0) | measured,
            truths=steps(1),
            labels={name: labels([one[2][i][1] for one in around]) for i, (name, _) in enumerate(around[0][2])}
            | {OXYGEN: labels(states)},
        )


def _places(count: int) -> Times:
    """Moments that stand for `count` situations."""
    at = np.arange(count, dtype=np.int64)
    at[0] = BEGINNING_OF_TIME
    return at


def _verdict(found: Graded, place: int) -> Verdict:
    graded = found.gradable(place)
    return Verdict(
        int(found.at_least[place]) if graded else None,
        int(found.at_most[place]) if graded else None,
        tuple(found.met(place)),
        tuple(found.unassessed(place)),
        tuple(found.flags_at(place)),
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
