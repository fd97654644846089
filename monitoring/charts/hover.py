"""What the hover says: for one moment, what was true at or before it, and never a value from after the cursor."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from monitoring.charts.series import last_known
from monitoring.clock import day_post_infusion
from monitoring.views import PatientView, Step, Strip

_WHY_LENGTH = 60


def day_text(view: PatientView, at: datetime) -> str:
    """`day 5`, counted from the last infusion at or before `at`, else from the first; empty without an infusion."""
    given = [mark.at for mark in view.infusions if mark.at <= at] or [mark.at for mark in view.infusions[:1]]
    return f"day {day_post_infusion(at, given[-1], ZoneInfo(view.ward_zone))}" if given else ""


def grade_text(step: Step) -> str:
    """The grade of a step: `2`, `1–2` or `not gradable`."""
    if step.at_least is None or step.at_most is None:
        return "not gradable"
    return str(step.at_least) if step.at_least == step.at_most else f"{step.at_least}–{step.at_most}"


def moment_text(view: PatientView, at: datetime) -> str:
    """The hover text at `at`, as the lines plotly prints; values carry the time they were charted."""
    zone = ZoneInfo(view.ward_zone)
    lines = [f"<b>{day_text(view, at)}</b>"] if view.infusions else []
    for strip in view.strips:
        step = next((step for step in reversed(strip.steps) if step.start <= at), None)
        if step is not None and ("symptoms" not in strip.system or step.at_least):
            name = f"{strip.syndrome.value.upper()}{_reported(strip)}"
            lines.append(f"{name} <b>{grade_text(step)}</b> {_short(step.why)}".rstrip())
        lines += [change.sentence for change in strip.changes if change.start <= at < change.end]
    for series in view.series:
        place = last_known(series, at)
        if place is not None:
            charted = series.times[place].astimezone(zone)
            lines.append(f"{series.label} <b>{series.values[place]:g}</b> {series.unit}, {charted:%H:%M}")
    for bar in view.bars:
        if bar.start < bar.end and bar.start <= at <= bar.end:
            lines.append(f"{bar.label} {bar.detail}".strip())
    return "<br>".join(lines)


def _reported(strip: Strip) -> str:
    return " reported" if "symptoms" in strip.system else ""


def _short(why: str) -> str:
    return why if len(why) <= _WHY_LENGTH else why[:_WHY_LENGTH].rsplit(" ", 1)[0] + " …"
