"""The laboratory scores and the screen for IEC-HS as a person reads them: the number, its inputs, what is missing.

Numbers with their inputs, never a grade. Plain rows; how they are drawn is not known here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from monitoring.concepts import Dictionary, dictionary
from monitoring.course import Course
from monitoring.grading import iec_hs
from monitoring.grading.picture import findings
from monitoring.grading.picture_fields import Picture
from monitoring.grading.scores import INPUTS, Labs, Score, fresh_labs, scores
from monitoring.sentences import remark
from monitoring.timeline import micros
from monitoring.vocabulary import Answer, Flag
from monitoring.wording import Evidenced, age_text, exact_text, observed, unit_text

_ANSWERS = {
    Answer.YES: "Ask about IEC-HS.",
    Answer.NO: "Nothing to ask about now.",
    Answer.UNKNOWN: "Cannot be answered yet.",
}
_FINDINGS = {
    "ferritin": "ferritin, required",
    "transaminases": "AST or ALT",
    "fibrinogen": "fibrinogen",
    "cytopenia": "new cytopenia",
    "haemophagocytosis": "haemophagocytosis",
}
_AFTER = "The infusion was given: no risk group is read from it now."
_NEVER_A_DIAGNOSIS = "It asks; it diagnoses and grades nothing."


@dataclass(frozen=True)
class ScoreInput:
    """One value of a score; `text` without a value says so, `age_text` is empty for a picture."""

    label: str
    text: str
    age_text: str
    source: str


@dataclass(frozen=True)
class ScoreRow:
    """One score: `text` with its unit or an em dash, the inputs, what is missing, and what must be said with it."""

    id: str
    title: str
    text: str
    unit: str
    formula: str
    reference: str
    inputs: tuple[ScoreInput, ...]
    missing: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class ScreenRow:
    """The screen for IEC-HS: its answer, each finding with its own, and what could still change it."""

    title: str
    answer: Answer
    sentence: str
    findings: tuple[tuple[str, Answer], ...]
    missing: tuple[str, ...]
    notes: tuple[str, ...]
    reference: str


@dataclass(frozen=True)
class Laboratory:
    """Every score, and the screen."""

    scores: tuple[ScoreRow, ...]
    screen: ScreenRow


def of_course(course: Course, as_of: datetime) -> Laboratory:
    """What the laboratory values of a patient say at `as_of`."""
    known, at = course.until(as_of), micros(as_of)
    labs = fresh_labs(known, at)
    given = any(micros(infusion.effective_at) <= at for infusion in known.infusions)

    def charted(name: str) -> ScoreInput:
        found = observed(known, name, at)
        return _input(known.dictionary, name, found, age_text(found.at, as_of), stale=name not in labs)

    screened = iec_hs.screen(iec_hs.findings(known, at))
    return Laboratory(_rows(labs, charted, given=given), _screen(screened, known.dictionary))


def of_picture(picture: Picture) -> Laboratory:
    """What the laboratory values of a bedside picture say."""
    labs = picture.inputs.labs.numbers() if picture.inputs.labs else {}
    day, _ = picture.days()

    def given(name: str) -> ScoreInput:
        unit = unit_text(dictionary().concepts[name].unit)
        text = f"{exact_text(labs[name])} {unit}" if name in labs else ""
        return _input(dictionary(), name, Evidenced(text), "", stale=False)

    rows = _rows(labs, given, given=day is not None and day >= 0)
    return Laboratory(rows, _screen(iec_hs.screen(findings(picture)), dictionary()))


def _input(known: Dictionary, name: str, found: Evidenced, age: str, *, stale: bool) -> ScoreInput:
    text = found.text or "not taken"
    return ScoreInput(
        known.concepts[name].label, f"{text}, too old" if stale and found.text else text, age, found.source
    )


def _rows(labs: Labs, input_of: Callable[[str], ScoreInput], *, given: bool) -> tuple[ScoreRow, ...]:
    inputs = {name: input_of(name) for name in INPUTS}
    return tuple(_row(score, inputs, given=given) for score in scores(labs))


def three_figures(value: float) -> str:
    """`value` to three figures, never with an exponent: `1090`, `45.7`, `0.0123`."""
    return np.format_float_positional(value, precision=3, fractional=False, trim="-")


def _row(score: Score, inputs: Mapping[str, ScoreInput], *, given: bool) -> ScoreRow:
    table = score.table
    notes = [table.published_range[0].upper() + table.published_range[1:] + "."]
    group = score.group(after_infusion=given)
    if group:
        notes.insert(0, f"{group.capitalize()} risk group.")
    elif given and table.high_from is not None:
        notes.append(_AFTER)
    if score.log2 is not None:
        notes.append(f"log2: {score.log2:.2f}.")
    notes += [remark(flag) for flag in table.flags]
    return ScoreRow(
        id=table.id,
        title=table.title,
        text="—" if score.value is None else three_figures(score.value) if table.log2 else f"{score.value:g}",
        unit=table.unit,
        formula=table.formula,
        reference=table.reference,
        inputs=tuple(inputs[name] for name in table.inputs),
        missing=tuple(inputs[name].label for name in score.missing),
        notes=tuple(notes),
    )


def _screen(screened: iec_hs.Screen, known: Dictionary) -> ScreenRow:
    labels = {name: entry.label for name, entry in known.concepts.items()}
    labels["ferritin_infusion_day"] = "ferritin of the infusion day"
    return ScreenRow(
        title=iec_hs.TITLE,
        answer=screened.answer,
        sentence=_ANSWERS[screened.answer],
        findings=tuple((_FINDINGS[name], answer) for name, answer in screened.answers.items()),
        missing=tuple(labels[name] for name in screened.unassessed),
        notes=(_NEVER_A_DIAGNOSIS, *(remark(flag) for flag in screened.flags if flag is Flag.UNVERIFIED_RULE)),
        reference=iec_hs.REFERENCE,
    )
