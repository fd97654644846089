"""A screen for IEC-HS: whether a clinician should ask about it. It never diagnoses and never grades.

Hines MR et al., Transplant Cell Ther 2023;29:438.e1. The criteria were recalled, not re-read: every answer carries
`unverified_rule` (D42). Ferritin is required; one common finding beside it makes the screen positive (D58). Units:
fibrinogen in mg/dL (150 mg/dL = 1.5 g/L), ferritin in ng/mL, transaminases in U/L.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

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
