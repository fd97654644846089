"""The scales beside each other on a screen: a strip a scale over the shown time, a row a scale, a line a difference.

Figures and HTML from plain data; nothing here is Streamlit. The strips share the time axis of the course above them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from html import escape

import plotly.graph_objects as go

from monitoring.charts.canvas import Canvas, Panel
from monitoring.charts.ink import faint
from monitoring.side_by_side import ScaleRow, SideBySide
from monitoring.ui.marks import badge
from monitoring.views import PatientView, Step, Strip
from monitoring.wording import grade_text

_LANE, _NARROW_LANE = 30, 44
_MOMENTS = 240
_WHY = 70
_HIGHEST = 4


def strips_figure(
    shown: SideBySide, view: PatientView, *, dark: bool, start: datetime, end: datetime, narrow: bool
) -> go.Figure:
    """One lane a scale from `start` to `end`; under them a lane that marks where two scales certainly differ."""
    canvas = Canvas(view, dark=dark, start=start, end=end, narrow=narrow)
    strips = list(reversed(shown.strips))
    floor = 1 if shown.apart else 0
    names = [*(["they differ"] if floor else []), *(strip.label for strip in strips)]
    height = _NARROW_LANE if narrow else _LANE
    canvas.stack([Panel("", height * len(names), 0, len(names), lanes=tuple(f"{name} " for name in names))])
    for begin, until in shown.apart:
        if canvas.visible(begin, until):
            canvas.box(1, begin, until, 0, len(names), fillcolor=faint(canvas.ink.dashed, 0.1), layer="below")
            canvas.box(1, begin, until, 0.3, 0.3 + (0.25 if narrow else 0.4), fillcolor=canvas.ink.dashed)
    for lane, strip in enumerate(strips, start=floor):
        for step in canvas.drawn(strip.steps):
            _block(canvas, lane, step)
    if narrow:
        for lane, name in enumerate(names):
            canvas.word(1, start, lane + 0.8, f"<b>{name}</b>", colour=canvas.ink.text)
    canvas.spoken(1, 0.5, lambda at: _at(shown.strips, at), _MOMENTS)
    if start <= view.as_of <= end:
        canvas.upright(view.as_of, "<b>now</b>", "solid")
    return canvas.figure()


def _block(canvas: Canvas, lane: int, step: Step) -> None:
    """A certain grade is filled, an interval dashed with its bounds, grade 0 a line, what cannot be graded dotted.

    On a telephone the scale's name stands in the lane above its blocks.
    """
    low, high = lane + 0.08, lane + (0.6 if canvas.narrow else 0.92)
    middle = (low + high) / 2
    text = grade_text(step.at_least, step.at_most)
    if step.at_least is None or step.at_most is None:
        line = {"width": 1.5, "dash": "dot", "color": canvas.ink.quiet}
        canvas.box(1, step.start, step.end, low + 0.1, high - 0.1, line=line)
        return
    if not step.at_most:
        canvas.box(1, step.start, step.end, middle - 0.03, middle + 0.03, fillcolor=canvas.ink.quiet)
        return
    background, ink = canvas.grades[min(step.at_least, _HIGHEST)]
    certain = step.at_least == step.at_most
    size = 14 if certain else 12
    colour = ink if step.at_least else canvas.ink.dashed
    fits = canvas.pixels(step.start, step.end) > size * 0.62 * len(text) + 6
    canvas.box(
        1,
        step.start,
        step.end,
        low,
        high,
        fillcolor=background if step.at_least else faint(canvas.ink.dashed),
        line={"width": 1, "color": canvas.ink.panel}
        if certain
        else {"width": 1.5, "dash": "dash", "color": canvas.ink.dashed},
        label={"text": f"<b>{text}</b>" if fits else "", "font": {"size": size, "color": colour}, "padding": 1},
    )


def _at(strips: Sequence[Strip], at: datetime) -> str:
    lines = []
    for strip in strips:
        step = next((step for step in reversed(strip.steps) if step.start <= at), None)
        if step is not None:
            why = step.why if len(step.why) <= _WHY else step.why[:_WHY].rsplit(" ", 1)[0] + " …"
            lines.append(f"{strip.label} <b>{grade_text(step.at_least, step.at_most)}</b> {why}".rstrip())
    return "<br>".join(lines)


def spoken(shown: SideBySide, start: datetime, end: datetime) -> str:
    """What the strips show, for somebody who hears it."""
    inside = [(max(begin, start), min(until, end)) for begin, until in shown.apart if begin < end and until > start]
    hours = sum(((until - begin) for begin, until in inside), timedelta()) / timedelta(hours=1)
    said = f"{len(shown.strips)} {shown.family} scales over time"
    return f"{said}; they differ for {hours:.0f} hours of it" if inside else f"{said}; none certainly differs"


def scale_table(shown: SideBySide) -> str:
    """A row a scale, then what holds for all of them."""
    head = "".join(f'<th scope="col">{name}</th>' for name in ("Scale", "Why", "What would decide it"))
    remarks = "".join(f"<li>{escape(remark)}</li>" for remark in shown.remarks)
    return (
        f'<div class="beside"><table class="scales"><caption>{escape(shown.family)}</caption>'
        f"<thead><tr>{head}</tr></thead>"
        f"<tbody>{''.join(map(_row, shown.rows))}</tbody></table></div>"
        + (f'<ul class="notes">{remarks}</ul>' if remarks else "")
    )


def _row(row: ScaleRow) -> str:
    notes = "".join(f'<span class="note">{escape(remark)}</span>' for remark in row.remarks)
    return (
        f'<tr data-system="{escape(row.system)}"><th scope="row">{badge(row.grade)}'
        f'<span class="title">{escape(row.title)}</span></th>'
        f'<td>{escape(row.why)}{notes}</td><td class="wanted">{escape(row.decides)}</td></tr>'
    )


def difference_list(shown: SideBySide) -> str:
    """A line for each difference against ASTCT; that there is none is said too."""
    if not shown.differences:
        rivals = len([row for row in shown.rows if row.grade.gradable]) > 1
        return '<p class="agree">At this moment no scale certainly differs from ASTCT.</p>' if rivals else ""
    items = "".join(f"<li>{escape(sentence)}</li>" for sentence in shown.differences)
    return f'<ul class="differences" aria-label="Differences">{items}</ul>'
