"""What a screen had said and is known otherwise now, in words (D66)."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo

from monitoring.course import Course
from monitoring.episodes import PUBLISHED
from monitoring.hindsight import Revision, revisions
from monitoring.timeline import micros, moment
from monitoring.wording import clock_text, grade_text

TOLD_FOR = timedelta(hours=12)
"""How long the ward row tells of a grade that was higher than the screen had it."""


def changed_text(changed: Revision, as_of: datetime, ward_zone: tzinfo) -> str:
    """Such as "At 03:10 the screen said 1; known since 05:40: 2."."""
    at, since = (clock_text(moment(when), as_of, ward_zone) for when in (changed.start, changed.known_since))
    return f"At {at} the screen said {grade_text(*changed.shown)}; known since {since}: {grade_text(*changed.known)}."


def said_then(course: Course, system_id: str, at: datetime, ward_zone: tzinfo) -> list[str]:
    """What the screens had said of a moment, where they had said something else; at most one sentence."""
    now = micros(at)
    return [changed_text(change, at, ward_zone) for change in revisions(course, system_id, now, now + 1)]


def known_late(course: Course, as_of: datetime, ward_zone: tzinfo) -> str:
    """The gravest recent stretch of which a screen said too little; empty where none did."""
    raised = [
        (change.known[0] or 0, change.end, syndrome.value.upper(), change)
        for syndrome, system_id in PUBLISHED.items()
        for change in revisions(course, system_id, micros(as_of - 2 * TOLD_FOR), micros(as_of))
        if change.raised and change.end > micros(as_of - TOLD_FOR)
    ]
    if not raised:
        return ""
    *_, label, change = max(raised, key=lambda entry: entry[:2])
    return f"{label}: {changed_text(change, as_of, ward_zone)}"
