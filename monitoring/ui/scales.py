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

_LANE = 30
_MOMENTS = 240
_WHY = 70
_HIGHEST = 4


def strips_figure(
    shown: SideBySide, view: PatientView, *, dark: bool, start: datetime, end: datetime, narrow: bool
) -> go.Figure:
    """One lane a scale from `start` to `end`; under them a lane that marks where two scales certainly differ."""
    canvas = Canvas(view, dark=dark, start=start, end=end, narrow=narrow)
    names = ["they differ", *(strip.label for strip in reversed(shown.strips))]
    canvas.stack([Panel("", _LANE * len(names), 0, len(names), lanes=tuple(names))])
    for begin, until in shown.apart:
        if canvas.visible(begin, until):
            canvas.box(1, begin, until, 0, len(names), fillcolor=faint(canvas.ink.dashed, 0.1), layer="below")
            canvas.box(1, begin, until, 0.3, 0.7, fillcolor=canvas.ink.dashed)
    for lane, strip in enumerate(reversed(shown.strips), start=1):
        for step in strip.steps:
            if canvas.visible(step.start, step.end):
                _block(canvas, lane, step)
        if narrow:
            canvas.word(1, start, lane + 0.5, f"<b>{strip.label}</b>", colour=canvas.ink.text)
    if narrow:
        canvas.word(1, start, 0.5, "<b>they differ</b>", colour=canvas.ink.text)
    _hover(canvas, shown)
    if start <= view.as_of <= end:
        canvas.upright(view.as_of, "<b>now</b>", "solid")
    return canvas.fig


def _block(canvas: Canvas, lane: int, step: Step) -> None:
    """A certain grade is filled, an interval dashed with its bounds, grade 0 a line, what cannot be graded dotted."""
    text = grade_text(step.at_least, step.at_most)
    if step.at_least is None or step.at_most is None:
        line = {"width": 1.5, "dash": "dot", "color": canvas.ink.quiet}
        canvas.box(1, step.start, step.end, lane + 0.2, lane + 0.8, line=line)
        return
    if not step.at_most:
        canvas.box(1, step.start, step.end, lane + 0.47, lane + 0.53, fillcolor=canvas.ink.quiet)
        return
    background, ink = canvas.grades[min(step.at_least, _HIGHEST)]
    certain = step.at_least == step.at_most
    size = 14 if certain else 12
    fits = canvas.pixels(step.start, step.end) > size * 0.62 * len(text) + 6
    label = {"text": f"<b>{text}</b>" if fits else "", "font": {"size": size, "color": ink}, "padding": 1}
    edge = {"width": 1, "color": canvas.ink.panel} if certain else {"width": 1.5, "dash": "dash"}
    if not certain:
        edge["color"] = canvas.ink.dashed
        label["font"] = {"size": size, "color": ink if step.at_least else canvas.ink.dashed}
    fill = background if step.at_least else faint(canvas.ink.dashed)
    canvas.box(1, step.start, step.end, lane + 0.08, lane + 0.92, fillcolor=fill, line=edge, label=label)


def _hover(canvas: Canvas, shown: SideBySide) -> None:
    """One invisible line that carries what every scale says of each moment up to now."""
    last = min(canvas.end, canvas.view.as_of)
    if last <= canvas.start:
        return
    every = (last - canvas.start) / _MOMENTS
    moments = [canvas.start + every * count for count in range(_MOMENTS + 1)]
    canvas.fig.add_trace(
        go.Scatter(
            x=[canvas.local(at) for at in moments],
            y=[0.5] * len(moments),
            yaxis="y1",
            mode="lines",
            line={"width": 0, "color": "rgba(0,0,0,0)"},
            text=[_at(shown.strips, at) for at in moments],
            hovertemplate="%{text}<extra></extra>",
        )
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
        return '<p class="agree">No scale certainly differs from ASTCT.</p>' if rivals else ""
    items = "".join(f"<li>{escape(sentence)}</li>" for sentence in shown.differences)
    return f'<ul class="differences" aria-label="Differences">{items}</ul>'
