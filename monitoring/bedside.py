"""Bedside pictures graded by any system: the calculator, for scripts and for screens."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from monitoring.concepts import dictionary
from monitoring.grading import systems
from monitoring.grading.engine import Graded, grade
from monitoring.grading.iec_hs import screen
from monitoring.grading.picture import PictureRefused, evidence_of, findings, read_picture
from monitoring.grading.picture_fields import Picture
from monitoring.grading.scores import scores
from monitoring.vocabulary import Answer, Flag, Syndrome
from monitoring.windows import window_flags


def pictures_in(text: str, source: str = "picture") -> object:
    """The JSON of `text`, for `grade_pictures`; `source` is what a refusal calls it. Raises PictureRefused."""
    try:
        return json.loads(text.removeprefix("\ufeff"), object_pairs_hook=_without_repeats, parse_constant=_no_number)
    except json.JSONDecodeError as broken:
        raise PictureRefused(f"{source}:{broken.lineno}:{broken.colno}: not JSON ({broken.msg})") from broken
    except RecursionError as broken:
        raise PictureRefused(f"{source}: nested too deeply; expected an array of pictures") from broken


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse a field given twice: which of the two is meant would be a guess."""
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise PictureRefused(f"the field {name!r} is given twice in one object; expected once")
        found[name] = value
    return found


def _no_number(text: str) -> object:
    raise PictureRefused(f"{text} is no number of JSON; expected a number, or null for not recorded")


def grade_pictures(pictures: object, system_ids: Sequence[str]) -> list[dict[str, Any]]:
    """The contract's answer for a list of pictures, in order. Raises PictureRefused."""
    if not isinstance(pictures, list):
        raise PictureRefused('expected a JSON array of pictures such as [{"id": "1", "inputs": {"temp_c": 38.4}}]')
    unknown = [name for name in system_ids if name not in systems()]
    if unknown:
        raise PictureRefused(f"unknown system {unknown[0]!r}; expected one of {', '.join(systems())}")
    return [_answer(read_picture(content, dictionary()), system_ids) for content in pictures]


def _answer(picture: Picture, system_ids: Sequence[str]) -> dict[str, Any]:
    evidence = evidence_of(picture, dictionary())
    graded = {name: grade(systems()[name], evidence) for name in system_ids}
    answer = {"id": picture.id, "assessments": {name: assessment(g, picture, graded) for name, g in graded.items()}}
    return answer if picture.inputs.labs is None else answer | laboratory(picture)


def laboratory(picture: Picture) -> dict[str, Any]:
    """The scores and the screen for IEC-HS, for a picture that has laboratory values."""
    labs = picture.inputs.labs.numbers() if picture.inputs.labs else {}
    given = (day := picture.days()[0]) is not None and day >= 0
    asked = screen(findings(picture))
    return {
        "scores": {
            score.table.id: {
                "value": score.value,
                "unit": score.table.unit,
                **({"log2": score.log2} if score.table.log2 else {}),
                **({"group": score.group(after_infusion=given)} if score.table.high_from else {}),
                "missing": list(score.missing),
                "published_range": score.table.published_range,
                "flags": [flag.value for flag in score.table.flags],
            }
            for score in scores(labs)
        },
        "iec_hs": {
            "answer": asked.answer.name.lower(),
            "findings": {name: answer.name.lower() for name, answer in asked.answers.items()},
            "unassessed": list(asked.unassessed),
            "flags": [flag.value for flag in asked.flags],
        },
    }


def assessment(graded: Graded, picture: Picture, beside: dict[str, Graded]) -> dict[str, Any]:
    """One system's answer; `beside` are the other systems' answers to the same picture."""
    gradable = graded.gradable(0)
    at_least = int(graded.at_least[0]) if gradable else None
    return {
        "at_least": at_least,
        "at_most": int(graded.at_most[0]) if gradable else None,
        "gradable": gradable,
        "met": graded.met(0),
        "unassessed": graded.unassessed(0),
        "decides": graded.decides(0),
        "flags": [flag.value for flag in _flags(graded, picture, beside)],
        **({"reason": graded.system.needs_course} if graded.system.needs_course else {}),
    }


def _flags(graded: Graded, picture: Picture, beside: dict[str, Graded]) -> list[Flag]:
    flags = graded.flags_at(0)
    syndrome = graded.system.syndrome
    day, infusion_days = picture.days()
    if graded.at_least[0] >= 1:
        around = window_flags(syndrome, day, infusion_days)
        flags += around
        if syndrome is Syndrome.CRS and Flag.AFTER_DOCUMENTED_WINDOW in around:
            flags.append(Flag.LOOK_FOR_INFECTION)
    if syndrome is Syndrome.CRS and graded.system.published and screen(findings(picture)).answer is Answer.YES:
        flags.append(Flag.CONSIDER_IEC_HS)
    published = beside.get(f"{syndrome}-astct-2019")
    if not graded.system.published and published is not None and exceeds(graded, published):
        flags.append(Flag.SYMPTOM_GRADE_EXCEEDS_PUBLISHED)
    return list(dict.fromkeys(flags))


def exceeds(reported: Graded, published: Graded, reported_place: int = 0, published_place: int = 0) -> bool:
    """Whether the reported symptoms are certainly worse than what the published grade is certain of."""
    return bool(reported.at_least[reported_place] > max(int(published.at_least[published_place]), 0))
