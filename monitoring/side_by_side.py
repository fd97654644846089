"""The scales beside each other: what each says of one moment, where they part, and one sentence for each difference.

A sentence is made from the wording of the rows that decide, in the scale's own table; nothing is written per case.
Two scales differ only where their intervals do not meet (D61). A picture's answers and a patient's course are read
by the same code.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from itertools import pairwise
from typing import Any

from monitoring.course import Course
from monitoring.deciding import input_name, would_decide
from monitoring.episodes import PUBLISHED, GradeStep, steps
from monitoring.grading import graded, systems
from monitoring.grading.engine import Criterion, GradingSystem
from monitoring.sentences import remark
from monitoring.timeline import moment
from monitoring.views import GradeCell, Step, Strip
from monitoring.vocabulary import Flag
from monitoring.wording import grade_text

REPORTED = "Reported symptoms"
"""The family of the documented symptom lists, which never stands among the published scales."""

_SHORT = {
    "crs-astct-2019": "ASTCT",
    "icans-astct-2019": "ASTCT",
    "crs-documented-symptoms": "CRS list",
    "icans-documented-symptoms": "ICANS list",
    "crs-ctcae-5": "CTCAE",
    "crs-lee-2014": "Lee",
    "crs-penn-2018": "Penn",
    "crs-mskcc": "MSKCC",
    "crs-cartox-2018": "CARTOX",
    "cres-cartox-2018": "CARTOX",
    "icaht-early-2023": "Early",
    "icaht-late-2023": "Late",
}
_DEATH = 5
_NAMED = 4


@dataclass(frozen=True)
class ScaleRow:
    """One scale now: its grade, the rows that made it, what would settle it, and what is to be said with it."""

    system: str
    title: str
    grade: GradeCell
    why: str
    decides: str
    remarks: tuple[str, ...]


@dataclass(frozen=True)
class SideBySide:
    """The scales of one family. `strips` and `apart` are empty for a picture, which is one moment.

    `remarks` hold for every one of its scales, and `apart` are the stretches [start, end) in which two of them
    certainly differ.
    """

    family: str
    rows: tuple[ScaleRow, ...]
    remarks: tuple[str, ...]
    differences: tuple[str, ...]
    strips: tuple[Strip, ...] = ()
    apart: tuple[tuple[datetime, datetime], ...] = ()


@dataclass(frozen=True)
class Verdict:
    """What one scale says of one moment; bounds are None where it cannot be applied. `decides` in words."""

    system: GradingSystem
    at_least: int | None
    at_most: int | None
    met: tuple[str, ...]
    unassessed: tuple[str, ...]
    decides: str
    flags: tuple[Flag, ...]

    @property
    def rows_met(self) -> list[Criterion]:
        """The rows of the table that are met; of several that rest on one concept, the highest."""
        rows = [row for row in self.system.criteria if row.key in self.met]
        return [row for row in rows if not any(_covers(other, row) for other in rows)]

    @property
    def shut_out(self) -> bool:
        """Whether there are findings that a closed gate keeps from grading."""
        return self.at_most == 0 and any(row.grade for row in self.rows_met)


def _covers(higher: Criterion, row: Criterion) -> bool:
    return higher.grade > row.grade and bool(set(higher.axis.concepts) & set(row.axis.concepts))


def short(system: GradingSystem) -> str:
    """What a scale is called beside the others."""
    return _SHORT.get(system.id, system.title)


def families(system_ids: Iterable[str]) -> dict[str, list[str]]:
    """Scales that may be compared, by family: the published ones of each syndrome, ASTCT first; then the lists."""
    found: dict[str, list[str]] = {}
    for system_id in system_ids:
        system = systems()[system_id]
        found.setdefault(system.syndrome.value.upper() if system.published else REPORTED, []).append(system_id)
    first = set(PUBLISHED.values())
    names = sorted(found, key=lambda name: name == REPORTED)
    return {name: sorted(found[name], key=lambda system_id: system_id not in first) for name in names}


def of_picture(assessments: Mapping[str, Mapping[str, Any]]) -> list[SideBySide]:
    """The answer of `grade_pictures` to one picture, family by family."""
    return [
        _beside(family, [_answered(systems()[name], assessments[name]) for name in names])
        for family, names in families(assessments).items()
    ]


def of_course(course: Course, family: str, as_of: datetime, ward_zone: tzinfo) -> SideBySide:
    """A patient's scales of one family from the infusion to `as_of`. Raises KeyError for a family nobody knows."""
    known = course.until(as_of)
    names = families(systems())[family]
    graded_steps = {name: steps(known, name, as_of, ward_zone) for name in names}
    verdicts = [_stood(known, name, found[-1], as_of) for name, found in graded_steps.items() if found]
    strips = tuple(_strip(systems()[name], found) for name, found in graded_steps.items())
    return _beside(family, verdicts, strips, tuple(apart(strips)))


def _answered(system: GradingSystem, said: Mapping[str, Any]) -> Verdict:
    """One answer; of a scale that reads a series only its reason is told, the picture's flags are not about it."""
    flags = [] if system.needs_course and not said["gradable"] else said["flags"]
    return Verdict(
        system,
        said["at_least"],
        said["at_most"],
        tuple(said["met"]),
        tuple(said["unassessed"]),
        input_name(said["decides"]) if said["decides"] else "",
        tuple(Flag(flag) for flag in flags),
    )


def _stood(course: Course, name: str, step: GradeStep, as_of: datetime) -> Verdict:
    """The last step of a course, with how long ago the deciding input was last taken."""
    grade = graded(course, name)
    decides = would_decide(course, grade, as_of) or ""
    return Verdict(grade.system, step.at_least, step.at_most, step.met, step.unassessed, decides, step.flags)


def _beside(
    family: str,
    verdicts: Sequence[Verdict],
    strips: tuple[Strip, ...] = (),
    stretches: tuple[tuple[datetime, datetime], ...] = (),
) -> SideBySide:
    first = set(PUBLISHED.values())
    reference = next((verdict for verdict in verdicts if verdict.system.id in first), None)
    told = [difference(verdict, reference) for verdict in verdicts if reference and verdict is not reference]
    told = [sentence for sentence in told if sentence]
    if told and reference and reference.shut_out:
        told.append(f"{short(reference.system)} does not grade without {_gate(reference.system)}.")
    everywhere = [flag for flag in dict.fromkeys(f for v in verdicts for f in v.flags) if len(verdicts) > 1]
    everywhere = [flag for flag in everywhere if all(flag in verdict.flags for verdict in verdicts)]
    rows = tuple(_row(verdict, everywhere) for verdict in verdicts)
    said = tuple(dict.fromkeys(remark(flag) for flag in everywhere))
    return SideBySide(family, rows, said, tuple(told), strips, stretches)


def _row(verdict: Verdict, said_once: Sequence[Flag]) -> ScaleRow:
    cell = GradeCell(
        system=verdict.system.id,
        label=short(verdict.system),
        text=grade_text(verdict.at_least, verdict.at_most),
        at_least=verdict.at_least,
        at_most=verdict.at_most,
        gradable=verdict.at_least is not None,
        since=None,
        worst_24h=None,
        flags=verdict.flags,
    )
    remarks = tuple(remark(flag) for flag in verdict.flags if flag not in said_once)
    return ScaleRow(verdict.system.id, verdict.system.title, cell, _why(verdict), verdict.decides, remarks)


def _why(verdict: Verdict) -> str:
    """The rows of the highest grade met, and what is not known; all rows where a closed gate keeps them out."""
    if verdict.at_least is None and verdict.system.needs_course:
        return _sentence(verdict.system.needs_course.rstrip("."))
    rows = verdict.rows_met
    worst = max((row.grade for row in rows), default=0)
    parts = [row.wording for row in rows if verdict.shut_out or row.grade == worst]
    if verdict.shut_out:
        parts.append(f"not graded without {_gate(verdict.system)}")
    if not parts and verdict.at_most == 0:
        return "No criterion is met."
    missing = list(dict.fromkeys(input_name(name) for name in verdict.unassessed if name != "fio2"))
    if "fio2" in verdict.unassessed:
        parts.append("needs FiO₂")
    if missing:
        rest = len(missing) - _NAMED
        named = [*missing[:_NAMED], f"{rest} more"] if rest > 1 else missing
        parts.append(f"not known: {', '.join(named)}")
    return _sentence("; ".join(parts)) if parts else ""


def difference(other: Verdict, reference: Verdict) -> str:
    """`Penn 3, ASTCT 2: any oxygen is grade 3 in Penn.`; empty unless the two grades certainly differ.

    What made the higher grade is said first, then what the lower one makes of the same finding, if anything.
    """
    bounds = (other.at_least, other.at_most, reference.at_least, reference.at_most)
    if None in bounds or not _disjoint([other, reference]):
        return ""
    higher, lower = sorted([other, reference], key=lambda verdict: -(verdict.at_least or 0))
    deciding = [row for row in higher.rows_met if row.grade == higher.at_least]
    said = [_ranked(higher.system, deciding)]
    if not lower.shut_out:
        axes = {row.axis.name for row in deciding}
        concepts = {concept for row in deciding for concept in row.axis.concepts}
        same = [row for row in lower.rows_met if row.axis.name in axes or concepts & set(row.axis.concepts)]
        worst = max((row.grade for row in same), default=0)
        said += [_ranked(lower.system, [row for row in same if row.grade == worst])] if worst else []
    elif lower is other:
        said.append(f"{short(lower.system)} does not grade without {_gate(lower.system)}")
    heads = ", ".join(
        f"{short(verdict.system)} {grade_text(verdict.at_least, verdict.at_most)}" for verdict in (other, reference)
    )
    return f"{heads}: {'; '.join(said)}."


def _ranked(system: GradingSystem, rows: Sequence[Criterion]) -> str:
    """`any oxygen is grade 3 in Penn`, for rows of one grade."""
    findings = [_lowered(row.wording) for row in rows]
    return (
        f"{' and '.join(findings)} {'are each' if len(findings) > 1 else 'is'} grade {rows[0].grade} in {short(system)}"
    )


def _disjoint(verdicts: Sequence[Verdict | Step | GradeStep]) -> bool:
    """Whether at least two of the grades that can be given certainly differ."""
    bounds = [(v.at_least, v.at_most) for v in verdicts if v.at_least is not None and v.at_most is not None]
    return bool(bounds) and max(low for low, _ in bounds) > min(high for _, high in bounds)


def _gate(system: GradingSystem) -> str:
    """The ways into a scale in words, death left aside."""
    ways = [every for every in system.gate if all(row.grade < _DEATH for row in every)]
    return ", or ".join(_lowered(", ".join(row.wording for row in every)) for every in ways)


def _strip(system: GradingSystem, found: Sequence[GradeStep]) -> Strip:
    """The steps of one scale; neighbours of one interval are one block, with the reason it began with."""
    wording = {row.key: row.wording for row in system.criteria}
    merged: list[Step] = []
    for step in found:
        start, end = moment(step.start), moment(step.end)
        if merged and (merged[-1].at_least, merged[-1].at_most) == (step.at_least, step.at_most):
            start = merged[-1].start
            merged[-1] = Step(start, end, step.at_least, step.at_most, merged[-1].why, merged[-1].flags)
            continue
        why = "; ".join(wording[key] for key in step.met)
        merged.append(Step(start, end, step.at_least, step.at_most, why, step.flags))
    return Strip(system.id, short(system), system.syndrome, tuple(merged))


def apart(strips: Sequence[Strip]) -> list[tuple[datetime, datetime]]:
    """The stretches in which two of the strips certainly differ, joined where they touch."""
    edges = sorted({edge for strip in strips for step in strip.steps for edge in (step.start, step.end)})
    places = dict.fromkeys(range(len(strips)), 0)
    found: list[tuple[datetime, datetime]] = []
    for start, end in pairwise(edges):
        here: list[Step] = []
        for number, strip in enumerate(strips):
            while places[number] < len(strip.steps) and strip.steps[places[number]].end <= start:
                places[number] += 1
            here += [step for step in strip.steps[places[number] : places[number] + 1] if step.start <= start]
        if _disjoint(here):
            joined = found and found[-1][1] == start
            found[-1:] = [(found[-1][0] if joined else start, end)] if joined else [*found[-1:], (start, end)]
    return found


def _lowered(text: str) -> str:
    """Wording inside a sentence: a leading capital goes, an abbreviation keeps its own."""
    return text[0].lower() + text[1:] if len(text) > 1 and text[1].islower() else text


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:] + "."
