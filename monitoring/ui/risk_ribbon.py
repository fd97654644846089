"""The risk window at a glance: both documented windows, each infusion and today on one slim ribbon, as HTML."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from html import escape
from zoneinfo import ZoneInfo

from monitoring.clock import day_post_infusion
from monitoring.views import OnsetBand, PatientView, Window

_WEEK = 7


def ribbon(view: PatientView) -> str:
    """The sentence, and under it the picture of it; the picture is silent, because the sentence says it all."""
    sentence = f'<p class="standing">{escape(view.risk.sentence)}</p>'
    if not view.windows:
        return f'<section class="risk" aria-label="Risk window">{sentence}</section>'
    scale = _Scale(view)
    lanes = "".join(_lane(scale, view, window) for window in _in_order(view.windows))
    notes = "".join(f"<li>{escape(note)}</li>" for note in view.risk.notes)
    title = f"Thin bar: onset after {view.risk.bands[0].product}" if view.risk.bands else "Onset by product"
    return (
        f'<section class="risk" aria-label="Risk window">{sentence}<div class="track" aria-hidden="true">'
        f"{_days(scale)}{lanes}{_infusions(scale, view)}{_today(scale, view)}</div>"
        f"<details><summary>{escape(title)}</summary><ul>{notes}</ul></details></section>"
    )


class _Scale:
    """Moments as shares of the ribbon: from the day of the first infusion to the end of the last window."""

    def __init__(self, view: PatientView) -> None:
        self.zone = ZoneInfo(view.ward_zone)
        first = min(mark.at for mark in view.infusions).astimezone(self.zone).date()
        self.start = datetime.combine(first, time(0), self.zone)
        self.end = max(window.end for window in view.windows)

    def share(self, at: datetime) -> float:
        """`at` in percent of the width, held inside it."""
        return round(min(max((at - self.start) / (self.end - self.start), 0.0), 1.0) * 100, 2)

    def place(self, start: datetime, end: datetime) -> str:
        """Left edge and width as CSS."""
        left = self.share(start)
        return f"left:{left}%;width:{round(self.share(end) - left, 2)}%"


def _in_order(windows: tuple[Window, ...]) -> list[Window]:
    """CRS above ICANS, of each the earlier infusion first."""
    return sorted(windows, key=lambda window: (window.days, window.infusion))


def _lane(scale: _Scale, view: PatientView, window: Window) -> str:
    now = " now" if window.start <= view.as_of < window.end else ""
    name = window.syndrome.value.upper()
    of = f" {window.infusion}" if len(view.infusions) > 1 else ""
    text = f"{name}{of} · day {window.days[0]}–{window.days[1]}"
    place = scale.place(window.start, window.end)
    bar = f'<span class="window {window.syndrome.value}{now}" style="{place}">{text}</span>'
    bands = [band for band in view.risk.bands if (band.syndrome, band.infusion) == (window.syndrome, window.infusion)]
    return f'<div class="lane">{bar}{"".join(_band(scale, band) for band in bands)}</div>'


def _band(scale: _Scale, band: OnsetBand) -> str:
    onwards = " onwards" if band.end > scale.end else ""
    return (
        f'<i class="onset {band.syndrome.value}{onwards}" style="{scale.place(band.start, band.end)}"></i>'
        f'<i class="median {band.syndrome.value}" style="left:{scale.share(band.median_at)}%"></i>'
    )


def _days(scale: _Scale) -> str:
    """A tick a week, counted from the first infusion."""
    weeks = int((scale.end - scale.start) / timedelta(days=_WEEK))
    marks = [(week * _WEEK, scale.start + timedelta(days=week * _WEEK)) for week in range(weeks + 1)]
    return "".join(
        f'<span class="week" style="left:{scale.share(at)}%"><small>{day or "day 0"}</small></span>'
        for day, at in marks
    )


def _infusions(scale: _Scale, view: PatientView) -> str:
    several = len(view.infusions) > 1
    names = [f"infusion {number}" if several else mark.product for number, mark in enumerate(view.infusions, start=1)]
    return "".join(
        f'<span class="given" style="left:{scale.share(mark.at)}%"><small>▲ {escape(name)}</small></span>'
        for mark, name in zip(view.infusions, names, strict=True)
    )


def _today(scale: _Scale, view: PatientView) -> str:
    share = scale.share(view.as_of)
    day = day_post_infusion(view.as_of, view.infusions[-1].at, scale.zone)
    side = " before" if share > 80 else ""
    return f'<span class="today{side}" style="left:{share}%"><b>day {day}</b></span>'
