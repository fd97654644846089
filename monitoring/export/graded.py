"""Grades as rows: steps and episodes of each patient, system and revision, as the contract's `grade --json` says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, tzinfo
from typing import Any

from monitoring.clock import day_post_infusion, parse_instant
from monitoring.course import Course
from monitoring.episodes import grade_report
from monitoring.export.tables import Row, Table, table

_GRADES = frozenset({"from_day", "at_least", "at_most", "revision", "onset_day", "peak"})
STEPS = table(
    *("steps", "patient_id", "system", "revision", "from", "to", "from_day", "at_least", "at_most"),
    *("met", "unassessed", "flags"),
    numbers=_GRADES,
)
EPISODES = table(
    *("episodes", "patient_id", "system", "revision", "onset", "onset_day", "peak", "peak_at", "resolved"),
    numbers=_GRADES,
)
REFUSALS = table("refusals", "source", "place", "rule", "field", "value", "reason")
GRADE_TABLES = (STEPS, EPISODES)
"""Tables that are worked out of the facts and are not read back."""


def graded(
    course: Course, system_ids: Sequence[str], as_of: datetime, ward_zone: tzinfo, since: datetime | None = None
) -> Iterator[tuple[Table, Row]]:
    """Every step and episode up to `as_of` that is not over before `since`. Raises KeyError for a system."""
    for report in grade_report(course, system_ids, as_of, ward_zone):
        named = {name: report[name] for name in ("patient_id", "system", "revision")}
        for step in report["steps"]:
            ends = _moment(step["to"])
            if since is None or ends is None or ends > since:
                yield STEPS, {**named, **_step(step, course, ward_zone)}
        for episode in report["episodes"]:
            onset, resolved = parse_instant(episode["onset"]), _moment(episode["resolved"])
            if since is None or resolved is None or resolved >= since:
                moments = {"onset": onset, "peak_at": parse_instant(episode["peak_at"]), "resolved": resolved}
                yield EPISODES, {**named, **moments, "onset_day": episode["onset_day"], "peak": episode["peak"]}


def _step(step: dict[str, Any], course: Course, ward_zone: tzinfo) -> dict[str, Any]:
    begins = parse_instant(step["from"])
    given = [one.effective_at for one in course.infusions if one.effective_at <= begins]
    return {
        "from": begins,
        "to": _moment(step["to"]),
        "from_day": day_post_infusion(begins, given[-1], ward_zone) if given else None,
        "at_least": step["at_least"],
        "at_most": step["at_most"],
        **{name: " ".join(step[name]) for name in ("met", "unassessed", "flags")},
    }


def _moment(text: str | None) -> datetime | None:
    return None if text is None else parse_instant(text)
