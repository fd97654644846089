"""Panels stacked over one shared time axis, and the few shapes everything on them is made of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import plotly.graph_objects as go

from monitoring.charts.hover import day_text
from monitoring.charts.ink import DARK, GRADE_COLOURS, LIGHT
from monitoring.charts.series import merged
from monitoring.views import PatientView, Step

GRADE_TOP = 5.9
"""The upper end of a grade panel: grade 4, and room above it for the thin onset bar and the names of the windows."""

_TOP = 26
_TOLD_APART_PIXELS = 4
_BOTTOM = 72


@dataclass(frozen=True)
class Panel:
    """One row of the figure. `title` may hold line breaks; `lanes` names the lanes of a panel of bars, from below.

    `keys` names the lines of `concepts` where there are several: beside the axis, where no line can run through them.
    `bare` is a panel of which nothing is charted in the range: without a scale.
    """

    title: str
    height: int
    low: float
    high: float
    concepts: tuple[str, ...] = ()
    line: float | None = None
    lanes: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    bare: bool = False


class Canvas:
    """The figure while it is being built. Places count panels from 1 at the top, as their y axes do.

    What is drawn is gathered and given to Plotly at once: asked shape by shape, it reads all the shapes before each.
    """

    def __init__(self, view: PatientView, *, dark: bool, start: datetime, end: datetime, narrow: bool) -> None:
        self.view = view
        self.zone = ZoneInfo(view.ward_zone)
        self.start, self.end = start, end
        self.narrow = narrow
        self.grades = GRADE_COLOURS[dark]
        self.ink = DARK if dark else LIGHT
        self.domains: list[tuple[float, float]] = []
        self._shapes: list[dict[str, object]] = []
        self._words: list[dict[str, object]] = []
        self._traces: list[dict[str, object]] = []
        self._axes: dict[str, object] = {}

    def figure(self) -> go.Figure:
        """What has been drawn."""
        drawn = {"shapes": self._shapes, "annotations": self._words}
        return go.Figure(self._traces, self._layout() | self._axes | drawn)

    def local(self, at: datetime) -> datetime:
        """`at` on the ward's wall clock, naive, because the figure prints the clock it is given."""
        return at.astimezone(self.zone).replace(tzinfo=None)

    def clip(self, at: datetime) -> datetime:
        """`at` held inside the range shown."""
        return min(max(at, self.start), self.end)

    def visible(self, start: datetime, end: datetime) -> bool:
        """Whether [start, end) is in the range shown."""
        return end > self.start and start < self.end

    def pixels(self, start: datetime, end: datetime) -> float:
        """About how wide the visible part of [start, end) is drawn."""
        share: float = (self.clip(end) - self.clip(start)) / (self.end - self.start)
        return share * (310 if self.narrow else 1000)

    def drawn(self, steps: Iterable[Step]) -> list[Step]:
        """The steps in the range shown; those too narrow to be told apart, as one with the worst of them."""
        shortest = (self.end - self.start) * _TOLD_APART_PIXELS / self.pixels(self.start, self.end)
        return merged((step for step in steps if self.visible(step.start, step.end)), shortest)

    def stack(self, panels: Sequence[Panel]) -> None:
        """Lays the panels out from the top."""
        gap = 24 if self.narrow else 14
        self._height = height = sum(panel.height + gap for panel in panels)
        top = 0.0
        for place, panel in enumerate(panels, start=1):
            self.domains.append((max(0.0, 1 - (top + gap + panel.height) / height), 1 - (top + gap) / height))
            top += gap + panel.height
            self._axis(place, panel)

    def box(self, place: int, start: datetime, end: datetime, low: float, high: float, **style: object) -> None:
        """A rectangle of panel `place`, cut to the range shown."""
        where = {"x0": self.local(self.clip(start)), "x1": self.local(self.clip(end)), "y0": low, "y1": high}
        look = {"layer": "between", "line": {"width": 0}} | style
        self._shapes.append({"type": "rect", "xref": "x", "yref": f"y{place}"} | where | look)

    def shade(self, place: int, start: datetime, end: datetime, colour: str, opacity: float) -> None:
        """The whole height of a panel shaded from `start` to `end`, behind the grid."""
        low, high = self.domains[place - 1]
        self.box(place, start, end, low, high, yref="paper", fillcolor=colour, opacity=opacity, layer="below")

    def across(self, place: int, height: float, colour: str) -> None:
        """A dashed line over the whole width of a panel."""
        line = {"width": 1, "dash": "dash", "color": colour}
        where = {"xref": "x domain", "x0": 0, "x1": 1, "yref": f"y{place}", "y0": height, "y1": height}
        self._shapes.append({"type": "line", "line": line} | where)

    def word(
        self,
        place: int,
        at: datetime,
        height: float,
        text: str,
        *,
        anchor: str = "left",
        upright: str = "middle",
        shift: float = 4,
        colour: str | None = None,
    ) -> None:
        """A word beside the moment `at`; `anchor` is the side of the word that touches it."""
        self._say(
            text,
            self.local(self.clip(at)),
            height,
            yref=f"y{place}",
            xanchor=anchor,
            yanchor=upright,
            xshift=shift if anchor == "left" else -shift,
            font={"size": 11, "color": colour or self.ink.quiet},
        )

    def spoken(self, place: int, height: float, says: Callable[[datetime], str], moments: int) -> None:
        """One invisible line that carries, for evenly spread moments up to now, what is to be read there."""
        last = min(self.end, self.view.as_of)
        if last <= self.start:
            return
        step = (last - self.start) / moments
        times = [self.start + step * count for count in range(moments + 1)]
        self.trace(
            place,
            times,
            [height] * len(times),
            mode="lines",
            line={"width": 0, "color": "rgba(0,0,0,0)"},
            text=[says(at) for at in times],
            hovertemplate="%{text}<extra></extra>",
        )

    def trace(self, place: int, times: Iterable[datetime], heights: Sequence[float | None], **style: object) -> None:
        """A line or marks of panel `place`; a height of None is a gap."""
        where = {"x": [self.local(at) for at in times], "y": heights, "yaxis": f"y{place}"}
        self._traces.append({"type": "scatter"} | where | style)

    def upright(self, at: datetime, text: str, dash: str) -> None:
        """A line through all panels with its name above them."""
        x, top = self.local(at), self.domains[0][1]
        line = {"width": 1.3, "dash": dash, "color": self.ink.text}
        where = {"xref": "x", "x0": x, "x1": x, "yref": "paper", "y0": 0, "y1": top}
        self._shapes.append({"type": "line", "line": line} | where)
        late = self.pixels(self.start, at) > self.pixels(self.start, self.end) * 0.8
        font = {"size": 12, "color": self.ink.text}
        self._say(text, x, top, xanchor="right" if late else "left", yanchor="bottom", font=font)

    def _say(self, text: str, x: datetime | float, y: float, **style: object) -> None:
        self._words.append({"text": text, "x": x, "xref": "x", "y": y, "yref": "paper", "showarrow": False} | style)

    def _axis(self, place: int, panel: Panel) -> None:
        axis: dict[str, object] = {
            "domain": self.domains[-1],
            "range": [panel.low, panel.high],
            "anchor": "x",
            "fixedrange": True,
            "nticks": 5,
            "showgrid": not panel.lanes,
            "gridcolor": self.ink.grid,
            "zeroline": False,
            "tickfont": {"size": 11, "color": self.ink.quiet},
        }
        if panel.high == GRADE_TOP:
            axis["tickvals"] = [0, 1, 2, 3, 4]
        if panel.bare:
            axis["tickvals"] = []
        if panel.lanes:
            axis["tickvals"] = [] if self.narrow else [lane + 0.5 for lane in range(len(panel.lanes))]
            axis["ticktext"] = [] if self.narrow else list(panel.lanes)
            axis["tickfont"] = {"size": 12, "color": self.ink.text}
        self._axes[f"yaxis{place}"] = axis
        if panel.title:
            self._title(panel)

    def _title(self, panel: Panel) -> None:
        aside = {"xanchor": "left", "yanchor": "top", "xshift": -self._left() + 8, "align": "left"}
        above = {"xanchor": "left", "yanchor": "bottom"}
        between = " " if self.narrow else "<br>"
        keys = [
            f'<span style="color:{self.ink.lines[concept]}">━</span> {key}'
            for concept, key in zip(panel.concepts, panel.keys, strict=False)
        ]
        title = f"<b>{panel.title.replace('<br>', between)}</b>"
        self._say(
            ("  " if self.narrow else "<br>").join([title, *keys]),
            0,
            self.domains[-1][1],
            xref="paper",
            font={"size": 13, "color": self.ink.text},
            bgcolor=self.ink.paper if self.narrow else None,
            **(above if self.narrow else aside),
        )

    def _left(self) -> int:
        return 40 if self.narrow else 132

    def _layout(self) -> dict[str, object]:
        values, words = self._ticks()
        about = f"ward time, {self.view.ward_zone}"
        about = f"day post infusion · {about}" if self.view.infusions else f"{about} · no infusion recorded"
        return {
            "height": self._height + _TOP + _BOTTOM,
            "margin": {"l": self._left(), "r": 10 if self.narrow else 22, "t": _TOP, "b": _BOTTOM},
            "paper_bgcolor": self.ink.paper,
            "plot_bgcolor": self.ink.panel,
            "font": {"family": "system-ui, 'DejaVu Sans', sans-serif", "color": self.ink.text},
            "hovermode": "x unified",
            "hoversubplots": "axis",
            "hoverlabel": {
                "bgcolor": self.ink.panel,
                "bordercolor": self.ink.quiet,
                "font": {"size": 13, "color": self.ink.text},
            },
            "dragmode": False,
            "showlegend": False,
            "xaxis": {
                "type": "date",
                "range": [self.local(self.start), self.local(self.end)],
                "fixedrange": True,
                "anchor": f"y{len(self.domains)}",
                "gridcolor": self.ink.grid,
                "tickvals": values,
                "ticktext": words,
                "tickfont": {"size": 12, "color": self.ink.text},
                "showspikes": True,
                "spikemode": "across",
                "spikesnap": "hovered data",
                "spikethickness": 1,
                "spikedash": "dot",
                "spikecolor": self.ink.quiet,
                "hoverformat": "%a %d %b %H:%M",
                "title": {"text": about, "font": {"size": 12, "color": self.ink.quiet}},
            },
        }

    def _ticks(self) -> tuple[list[datetime], list[str]]:
        first, last = self.local(self.start), self.local(self.end)
        days = (last - first) / timedelta(days=1)
        midnight = first.replace(hour=0, minute=0, second=0, microsecond=0)
        if days <= 1.6:
            every = timedelta(hours=6 if self.narrow else 3)
        else:
            every = timedelta(days=max(1, int(np.ceil(days / (6 if self.narrow else 15)))))
            if self.view.infusions:
                midnight += (self.local(self.view.infusions[0].at).date() - midnight.date()) % every
        marks = [midnight + every * count for count in range(int((last - midnight) / every) + 1)]
        shown = [at for at in marks if at >= first]
        return shown, [self._tick(at) for at in shown]

    def _tick(self, at: datetime) -> str:
        if at.hour:
            return f"{at:%H:%M}"
        day = day_text(self.view, at.replace(hour=23, minute=59, tzinfo=self.zone))
        return f"<b>{day}</b><br>{at:%-d %b}" if day else f"{at:%-d %b}"
