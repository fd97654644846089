"""A screen for IEC-HS: whether a clinician should ask about it. It never diagnoses and never grades.

Hines MR et al., Transplant Cell Ther 2023;29:438.e1. The criteria were recalled, not re-read: every answer carries
`unverified_rule` (D42). Ferritin is required; one common finding beside it makes the screen positive (D58). Units:
fibrinogen in mg/dL (150 mg/dL = 1.5 g/L), ferritin in ng/mL, transaminases in U/L. On a course a laboratory value
counts while it is fresh and a limit of the laboratory until another is said; the ferritin of the infusion day is found
in the course (D63).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from monitoring.clock import day_post_infusion
from monitoring.course import Course
from monitoring.records import Observation
from monitoring.timeline import BEGINNING_OF_TIME, Steps, micros, moment
from monitoring.vocabulary import Answer, Flag

FERRITIN_TIMES, TRANSAMINASE_TIMES = 2.0, 5.0
FIBRINOGEN_MG_DL = 150.0


@dataclass(frozen=True)
class Findings:
    """What is known. None = nobody measured or looked; `_uln` = upper limit of normal of the laboratory.

    `ferritin_rising_fast`, `new_cytopenia` and `haemophagocytosis` are a clinician's words.
    """

    ferritin: float | None = None
    ferritin_uln: float | None = None
    ferritin_infusion_day: float | None = None
    ferritin_rising_fast: bool | None = None
    ast: float | None = None
    alt: float | None = None
    ast_uln: float | None = None
    alt_uln: float | None = None
    fibrinogen: float | None = None
    new_cytopenia: bool | None = None
    haemophagocytosis: bool | None = None


@dataclass(frozen=True)
class Screen:
    """YES = ask about IEC-HS. `answers` by finding; `unassessed` what could still change the answer."""

    answer: Answer
    answers: Mapping[str, Answer]
    unassessed: tuple[str, ...]
    flags: tuple[Flag, ...] = (Flag.UNVERIFIED_RULE,)


def screen(found: Findings) -> Screen:
    """Whether to ask about IEC-HS, from what is known."""
    required = max(
        _above(found.ferritin, found.ferritin_uln, FERRITIN_TIMES),
        _above(found.ferritin, found.ferritin_infusion_day, FERRITIN_TIMES),
        _said(found.ferritin_rising_fast),
    )
    common = {
        "transaminases": max(
            _above(found.ast, found.ast_uln, TRANSAMINASE_TIMES), _above(found.alt, found.alt_uln, TRANSAMINASE_TIMES)
        ),
        "fibrinogen": Answer.UNKNOWN if found.fibrinogen is None else _said(found.fibrinogen < FIBRINOGEN_MG_DL),
        "cytopenia": _said(found.new_cytopenia),
        "haemophagocytosis": _said(found.haemophagocytosis),
    }
    answer = min(required, max(common.values()))
    flags = (Flag.CONSIDER_IEC_HS, Flag.UNVERIFIED_RULE) if answer is Answer.YES else (Flag.UNVERIFIED_RULE,)
    missing = tuple(field.name for field in fields(found) if getattr(found, field.name) is None)
    return Screen(answer, {"ferritin": required, **common}, missing if answer is Answer.UNKNOWN else (), flags)


def _above(value: float | None, limit: float | None, times: float) -> Answer:
    return Answer.UNKNOWN if value is None or limit is None else _said(value > times * limit)


def _said(holds: bool | None) -> Answer:
    return Answer.UNKNOWN if holds is None else Answer.YES if holds else Answer.NO


NUMBERS = ("ferritin", "ast", "alt", "fibrinogen", "ferritin_uln", "ast_uln", "alt_uln")
WORDS = ("ferritin_rising_fast", "new_cytopenia", "haemophagocytosis")
TITLE = "Screen for IEC-HS"
REFERENCE = "Hines MR et al. Transplant Cell Ther 2023;29:438.e1"


def findings(course: Course, at: int) -> Findings:
    """What is known of a patient at the moment `at` (microseconds)."""
    found: dict[str, Any] = {"ferritin_infusion_day": _on_infusion_day(course, at)}
    for name in (*NUMBERS, *WORDS):
        fact = fresh(course, name, at)
        if fact is not None and (fact.value is not None or fact.code is not None):
            found[name] = fact.value if name in NUMBERS else fact.code == "true"
    return Findings(**found)


def fresh(course: Course, concept: str, at: int) -> Observation | None:
    """The last observation of a concept, where it is still fresh."""
    fact, keeps = course.last(concept, at), course.freshness(concept)
    if not isinstance(fact, Observation) or (keeps is not None and at >= micros(fact.effective_at) + keeps):
        return None
    return fact


def _on_infusion_day(course: Course, at: int) -> float | None:
    """Ferritin of the day of the last infusion: the last value before the infusion, else the first after it."""
    given = [fact.effective_at for fact in course.infusions if micros(fact.effective_at) <= at]
    if not given:
        return None
    values = [
        (when, fact.value)
        for when, fact in course.column("ferritin")
        if when <= at
        and isinstance(fact, Observation)
        and fact.value is not None
        and day_post_infusion(moment(when), given[-1], course.ward_zone) == 0
    ]
    before = [value for when, value in values if when <= micros(given[-1])]
    return before[-1] if before else values[0][1] if values else None


def asks(course: Course) -> Steps:
    """1 where the screen says: ask about IEC-HS. Kept with the course, so that a second question costs nothing."""
    held = course.memo.get("iec-hs")
    if not isinstance(held, Steps):
        held = course.memo["iec-hs"] = _asks(course)
    return held


def _asks(course: Course) -> Steps:
    required = [name for name in ("ferritin", "ferritin_rising_fast") if course.column(name)]
    if not required:
        return Steps.constant(0)
    turns = {BEGINNING_OF_TIME} | {micros(given.effective_at) for given in course.infusions}
    for name in (*NUMBERS, *WORDS):
        keeps = course.freshness(name)
        for when, _ in course.column(name):
            turns |= {when} if keeps is None else {when, when + keeps}
    grid = np.array(sorted(turns), np.int64)
    yes = np.array([screen(findings(course, int(at))).answer is Answer.YES for at in grid], dtype=float)
    return Steps(grid, yes, yes).compact()
