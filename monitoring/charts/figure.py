"""One patient's course: grades, reports, vital signs, oxygen and drugs over one time axis.

All times are shown in the ward's zone. A gap stays a gap, and long series keep every bucket's extremes. The hover
reads moments made here, so that it can only name what was true at or before the cursor.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import numpy as np
import plotly.graph_objects as go

from monitoring.charts.canvas import GRADE_TOP, Canvas, Panel
from monitoring.charts.hover import moment_text
from monitoring.charts.ink import faint
from monitoring.charts.series import reduced, within
from monitoring.views import Bar, OnsetBand, PatientView, Series, Step, Strip, Window
from monitoring.vocabulary import Syndrome

_MOMENTS = 360
_MARKED = 120
_LANE = 24
_BARE = 56
_NOTHING_SAID = 0.3
_ONSET = (4.28, 4.44)
_VITALS = (
    Panel("Temperature<br>°C", 120, 35.5, 40.5, ("temperature",), 38.0),
    Panel("Heart and<br>breath /min", 110, 0, 150, ("heart_rate", "respiratory_rate"), keys=("pulse", "breathing")),
    Panel("Blood<br>pressure<br>mmHg", 120, 40, 150, ("sbp", "dbp"), keys=("systolic", "diastolic")),
    Panel("SpO₂ %", 84, 84, 101, ("spo2",)),
)


def patient_figure(view: PatientView, *, dark: bool, start: datetime, end: datetime, narrow: bool) -> go.Figure:
    """The course from `start` to `end` (aware) as linked panels; `narrow` is for a telephone."""
    canvas = Canvas(view, dark=dark, start=start, end=end, narrow=narrow)
    published = [strip for strip in view.strips if "symptoms" not in strip.system]
    reported = [strip for strip in view.strips if "symptoms" in strip.system]
    lanes = _lanes([bar for bar in view.bars if bar.end >= start and bar.start <= end])
    grades = [Panel(strip.syndrome.value.upper(), 116, 0, GRADE_TOP) for strip in published]
    reports = [_report_panel(reported, "Reported symptoms" if narrow else "")] if reported else []
    vitals = [_fitted(panel, canvas) for panel in _VITALS]
    bars = [_bar_panel(lanes)] if lanes else []
    canvas.stack([*grades, *reports, *vitals, *bars])
    _windows(canvas, published)
    for place, strip in enumerate(published, start=1):
        _steps(canvas, place, strip)
        _changes(canvas, place, strip)
    if reports:
        _reports(canvas, len(grades) + 1, reported)
    first_vital = len(grades) + len(reports) + 1
    for place, panel in enumerate(vitals, start=first_vital):
        _vital(canvas, place, panel)
    if bars:
        _bars(canvas, len(canvas.domains), lanes)
    canvas.spoken(first_vital, vitals[0].low, lambda at: moment_text(view, at), _MOMENTS)
    _marks(canvas)
    return canvas.figure()


def _report_panel(reported: Sequence[Strip], title: str) -> Panel:
    names = tuple(f"reported {strip.syndrome.value.upper()}" for strip in reversed(reported))
    return Panel(title, _LANE * len(names), 0, len(names), lanes=names)


def _bar_panel(lanes: dict[str, list[Bar]]) -> Panel:
    return Panel("", _LANE * len(lanes), 0, len(lanes), lanes=tuple(reversed(lanes)))


def _lanes(bars: Sequence[Bar]) -> dict[str, list[Bar]]:
    """Bars by lane from the top: oxygen as one lane, then one lane a drug in order of first dose."""
    lanes: dict[str, list[Bar]] = {}
    for bar in sorted(bars, key=lambda bar: (bar.group != "oxygen", bar.start)):
        lanes.setdefault("oxygen" if bar.group == "oxygen" else bar.label, []).append(bar)
    return lanes


def _fitted(panel: Panel, canvas: Canvas) -> Panel:
    """The panel with its usual range, widened where a value in view lies outside it; low where nothing is in view."""
    spare = (panel.high - panel.low) * 0.06
    charted = [
        (series.concept, value)
        for series in canvas.view.series
        if series.concept in panel.concepts
        for at, value in zip(series.times, series.values, strict=True)
        if value is not None and canvas.start <= at <= canvas.end
    ]
    values = [value for _, value in charted]
    if not charted:
        return replace(panel, height=24 if canvas.narrow else _BARE, keys=(), line=None, bare=True)
    known = {concept for concept, _ in charted}
    keys = tuple(key for concept, key in zip(panel.concepts, panel.keys, strict=False) if concept in known)
    concepts = tuple(concept for concept in panel.concepts if concept in known)
    low, high = min(values), max(values)
    panel = replace(panel, concepts=concepts, keys=keys)
    return replace(panel, low=min(panel.low, low - spare), high=max(panel.high, high + spare))


def _windows(canvas: Canvas, published: Sequence[Strip]) -> None:
    colours = {Syndrome.CRS: canvas.ink.crs_window, Syndrome.ICANS: canvas.ink.icans_window}
    for window in canvas.view.windows:
        if not canvas.visible(window.start, window.end):
            continue
        for place in range(1, len(canvas.domains) + 1):
            strip = published[place - 1] if place <= len(published) else None
            if strip is not None and strip.syndrome is not window.syndrome:
                continue
            canvas.shade(place, window.start, window.end, colours[window.syndrome], 1 if strip else 0.35)
            if strip is not None:
                _window_name(canvas, place, window)
    for place, strip in enumerate(published, start=1):
        for band in canvas.view.risk.bands:
            if band.syndrome is strip.syndrome:
                _onset(canvas, place, band)


def _window_name(canvas: Canvas, place: int, window: Window) -> None:
    """The name where the window begins in view, or, where it does not fit, where it ends; one line an infusion."""
    onset = next((band for band in canvas.view.risk.bands if _beside(band, window)), None)
    names = [window.label, f"{window.label} · thin bar: onset after {onset.product}"] if onset else [window.label]
    room = canvas.pixels(window.start, canvas.end)
    fitting = [name for name in names if room > 6.6 * len(name)]
    at, anchor = (window.start, "left") if fitting else (window.end, "right")
    height = GRADE_TOP - 0.1 - 0.65 * (window.infusion - 1)
    canvas.word(place, at, height, fitting[-1] if fitting else window.label, anchor=anchor, upright="top")


def _beside(band: OnsetBand, window: Window) -> bool:
    return (band.syndrome, band.infusion) == (window.syndrome, window.infusion)


def _onset(canvas: Canvas, place: int, band: OnsetBand) -> None:
    if canvas.visible(band.start, band.end):
        colour = {Syndrome.CRS: canvas.ink.crs_onset, Syndrome.ICANS: canvas.ink.icans_onset}[band.syndrome]
        canvas.box(place, band.start, band.end, *_ONSET, fillcolor=colour)
    if canvas.start <= band.median_at <= canvas.end:
        low, high = _ONSET
        half = (canvas.end - canvas.start) * 0.0016
        span = (band.median_at - half, band.median_at + half)
        canvas.box(place, *span, low - 0.12, high + 0.12, fillcolor=canvas.ink.text)


def _steps(canvas: Canvas, place: int, strip: Strip) -> None:
    for step in canvas.drawn(strip.steps):
        if step.at_least is None or step.at_most is None:
            style = {"line": {"width": 1.5, "dash": "dot", "color": canvas.ink.quiet}}
            label = _label(canvas, step, "not gradable", canvas.ink.text, 11)
            canvas.box(place, step.start, step.end, 0, 1, label=label, **style)
            continue
        background, ink = canvas.grades[step.at_least]
        if step.at_least:
            label = _label(canvas, step, f"<b>{step.at_least}</b>", ink, 15)
            canvas.box(place, step.start, step.end, 0, step.at_least, fillcolor=background, label=label)
        if step.at_most > step.at_least:
            dashed = canvas.ink.dashed
            label = _label(canvas, step, f"to {step.at_most}", dashed, 12)
            canvas.box(
                place,
                step.start,
                step.end,
                step.at_least,
                step.at_most,
                fillcolor=faint(dashed),
                line={"width": 1.5, "dash": "dot", "color": dashed},
                label=label,
            )
        if not step.at_most:
            canvas.box(place, step.start, step.end, 0, 0.07, fillcolor=canvas.ink.quiet)


def _changes(canvas: Canvas, place: int, strip: Strip) -> None:
    """A dotted outline of what the screens had said, over the stretches of which it is known otherwise now."""
    for change in strip.changes:
        if not canvas.visible(change.start, change.end):
            continue
        height = 1.0 if change.shown_at_most is None else max(float(change.shown_at_most), _NOTHING_SAID)
        line = {"width": 1.5, "dash": "dot", "color": canvas.ink.text}
        canvas.box(place, change.start, change.end, 0, height, line=line, layer="above")
        words = f"screen said {change.shown}"
        if canvas.pixels(change.start, change.end) >= 6.6 * len(words) + 8:
            canvas.word(place, change.start, height, words, upright="bottom", colour=canvas.ink.text)


def _label(canvas: Canvas, step: Step, text: str, colour: str, size: int) -> dict[str, object]:
    wide = size * 0.62 * len(text.removeprefix("<b>").removesuffix("</b>")) + 4
    fits = canvas.pixels(step.start, step.end) >= wide
    return {"text": text if fits else "", "font": {"color": colour, "size": size}, "padding": 1}


def _reports(canvas: Canvas, place: int, reported: Sequence[Strip]) -> None:
    """Only what somebody said is drawn; an empty lane says that nobody did."""
    drawn = False
    for lane, strip in enumerate(reversed(reported)):
        for step in canvas.drawn(strip.steps):
            silent = step.at_least is None or (step.at_least == 0 and step.at_most != 0)
            if silent or step.at_least is None:
                continue
            background, ink = canvas.grades[step.at_least]
            canvas.box(
                place,
                step.start,
                step.end,
                lane + 0.1,
                lane + 0.9,
                fillcolor=background,
                line={"width": 0 if step.at_least else 1, "color": canvas.ink.grid},
                label=_label(canvas, step, _report_text(canvas, strip, step), ink, 12),
            )
            drawn = True
    if not drawn:
        canvas.word(place, canvas.start, len(reported) / 2, "nothing reported in this range")


def _report_text(canvas: Canvas, strip: Strip, step: Step) -> str:
    """On a telephone the lanes have no names beside them, so each block carries its own."""
    text = f"{strip.syndrome.value.upper()} {step.at_least}"
    fits = canvas.pixels(step.start, step.end) > 7.5 * len(text)
    return text if canvas.narrow and fits else str(step.at_least)


def _vital(canvas: Canvas, place: int, panel: Panel) -> None:
    if panel.bare:
        canvas.word(place, canvas.start, (panel.low + panel.high) / 2, "nothing charted in this range")
        return
    if panel.line is not None:
        canvas.across(place, panel.line, canvas.ink.dashed)
    for series in canvas.view.series:
        if series.concept in panel.concepts:
            _line(canvas, place, series)


def _line(canvas: Canvas, place: int, series: Series) -> None:
    times, values = within(series, canvas.start, canvas.end)
    if np.isnan(values).all():
        return
    times, values = reduced(times, values)
    colour = canvas.ink.lines[series.concept]
    canvas.trace(
        place,
        times,
        [None if np.isnan(value) else value for value in values],
        name=series.label,
        mode="lines+markers" if values.size <= _MARKED else "lines",
        line={"color": colour, "width": 1.8},
        marker={"size": 5, "color": colour},
        connectgaps=False,
        hoverinfo="skip",
    )


def _bars(canvas: Canvas, place: int, lanes: dict[str, list[Bar]]) -> None:
    for lane, bars in enumerate(reversed(lanes.values())):
        for bar in bars:
            if bar.start < bar.end:
                colour = canvas.ink.bars.get(bar.group, canvas.ink.bars[""])
                edge = {"width": 1, "color": canvas.ink.panel}
                canvas.box(place, bar.start, bar.end, lane + 0.12, lane + 0.88, fillcolor=colour, line=edge)
        single = [bar.start for bar in bars if bar.start == bar.end]
        if single:
            marker = {"symbol": "triangle-down", "size": 10, "color": canvas.ink.text}
            canvas.trace(place, single, [lane + 0.5] * len(single), mode="markers", marker=marker, hoverinfo="skip")
        for before, bar, after in zip([None, *bars[:-1]], bars, [*bars[1:], None], strict=True):
            _bar_word(canvas, place, lane + 0.5, before, bar, after)


def _bar_word(canvas: Canvas, place: int, height: float, before: Bar | None, bar: Bar, after: Bar | None) -> None:
    """The bar's words inside it, else after it, else before it; nothing where all three would cover another bar."""
    whole = f"{bar.label} {bar.detail}".strip()
    texts = [whole, bar.label] if canvas.narrow or bar.group == "oxygen" else [bar.detail]
    free_after = canvas.pixels(bar.end, after.start if after else canvas.end)
    free_before = canvas.pixels(before.end if before else canvas.start, bar.start)
    inside = canvas.pixels(bar.start, bar.end)
    sides = ((inside, bar.start, "left"), (free_after, bar.end, "left"), (free_before, bar.start, "right"))
    for text in filter(None, texts):
        for room, at, anchor in sides:
            if room >= 6.6 * len(text) + 16:
                shift = 9 if bar.start == bar.end else 5
                canvas.word(place, at, height, text, anchor=anchor, shift=shift, colour=canvas.ink.text)
                return


def _marks(canvas: Canvas) -> None:
    for mark in canvas.view.infusions:
        if canvas.start <= mark.at <= canvas.end:
            canvas.upright(mark.at, "" if canvas.narrow else mark.product, "dash")
    if canvas.start <= canvas.view.as_of <= canvas.end:
        canvas.upright(canvas.view.as_of, f"<b>now</b> {canvas.local(canvas.view.as_of):%H:%M}", "solid")
