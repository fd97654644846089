"""The patient page above and below the figure: the grades first and largest, and why they are what they are."""

from __future__ import annotations

from datetime import datetime, timedelta
from html import escape

from monitoring.ui.live import clock
from monitoring.ui.marks import badge
from monitoring.views import Age, CriterionRow, EpisodeRow, Explanation, PatientView, VitalCell
from monitoring.vocabulary import Answer

DOCUMENTED = "day 0–28"
"""The range that shows both documented windows whole."""

RANGES = ("24h", "3d", "7d", DOCUMENTED, "all")
"""The ranges of the figure, as they stand on the screen and in the address."""

_SIGNS = {Answer.YES: ("✓", "YES"), Answer.NO: ("–", "NO"), Answer.UNKNOWN: ("?", "UNKNOWN")}


def heading(view: PatientView) -> str:
    """Name, grades, the sentence and the last vital signs, as HTML."""
    row = view.row
    name = " · ".join(part for part in (row.bed, row.name) if part)
    about = " · ".join(part for part in (view.heading, row.day_text, f"as of {clock(view.as_of)}") if part)
    late = "due late" if row.overdue else "due"
    due = f"{row.due} {row.due_detail}".strip() if row.overdue else f"Next: {row.due}, {row.due_detail}".strip(" ,")
    return (
        f'<header class="head"><div><h1>{escape(name)}</h1><p class="about">{escape(about)}</p>'
        f'<div class="badges">{badge(row.crs)}{badge(row.icans)}{badge(row.reported)}</div></div>'
        f'<div><p class="why">{escape(row.why)}</p><p class="then">{escape(row.then)}</p>'
        f'<p class="{late}">{escape(due if row.due else "")}</p>'
        f'<dl class="signs">{"".join(_sign(vital) for vital in row.vitals)}</dl></div></header>'
    )


def _sign(vital: VitalCell) -> str:
    old = vital.age in {Age.OLD, Age.STALE}
    tag = "s" if old else "b"
    notable = ' class="notable"' if vital.notable and not old else ""
    age = f"<small{' class=late' if old else ''}>{escape(vital.age_text)}</small>" if vital.age_text else ""
    label = escape(f"{vital.label} {vital.unit}".strip())
    return f"<div><dt>{label}</dt><dd><{tag}{notable}>{escape(vital.text)}</{tag}>{age}</dd></div>"


def why_table(explanation: Explanation) -> str:
    """Every criterion of one scale: what it asks, what it answers, from which value, and where the paper says so."""
    parts = [f'<p class="said">{escape(explanation.sentence)}</p>']
    if explanation.decides:
        parts.append(f'<p class="decides">What would decide it: <b>{escape(explanation.decides)}</b></p>')
    if explanation.remarks:
        items = "".join(f"<li>{escape(remark)}</li>" for remark in explanation.remarks)
        parts.append(f'<ul class="remarks">{items}</ul>')
    head = _head("Answer", "Grade", "Criterion", "Value", "Age", "Source", "Decision")
    made = explanation.grade.at_least or None
    body = "".join(_criterion(row, made) for row in explanation.rows)
    parts.append(
        f'<div class="scroll"><table class="sheet why"><caption>{escape(explanation.reference)}</caption>'
        f"{head}<tbody>{body}</tbody></table></div>"
    )
    return "".join(parts)


def _criterion(row: CriterionRow, made: int | None) -> str:
    """A row of the table; the one that makes the grade stands out."""
    sign, word = _SIGNS[row.answer]
    tone = f"{word.lower()} made" if row.answer is Answer.YES and made and row.grade == made else word.lower()
    at = f'<br><span class="soft">{clock(row.at, "%-d %b %H:%M")}</span>' if row.at else ""
    at += f'<br><span class="soft">{escape(row.as_charted)}</span>' if row.as_charted else ""
    cells = (
        f'<td class="answer">{sign} {word}</td><td>{"" if row.grade is None else row.grade}</td>'
        f'<td>{escape(row.wording)}<br><span class="soft">{escape(row.locator)}</span></td>'
        f"<td>{escape(row.value)}</td><td class='when'>{escape(row.age_text)}{at}</td>"
        f'<td class="soft">{_breakable(row.source)}</td><td class="soft">{escape(row.decision)}</td>'
    )
    return f'<tr class="{tone}">{cells}</tr>'


def _breakable(source: str) -> str:
    """A record's place, broken only where a reader would break it."""
    return escape(source).replace("_", "_<wbr>")


def changed_list(view: PatientView) -> str:
    """Every stretch of which a screen had said something else, newest first; empty where there is none."""
    told = [(change.start, strip.label, change) for strip in view.strips for change in strip.changes]
    items = "".join(
        f"<li>{escape(label)}, {_moment(start)} to {_moment(change.end)}: {escape(change.sentence)}</li>"
        for start, label, change in sorted(told, key=lambda entry: entry[:2], reverse=True)
    )
    return f'<ul class="remarks">{items}</ul>' if items else ""


def episode_table(episodes: tuple[EpisodeRow, ...]) -> str:
    """Onset, peak and resolution of each episode, as a physician writes them down."""
    head = _head("Syndrome", "Onset", "Day", "Peak", "Peak at", "Resolved", "Duration")
    body = "".join(
        f"<tr><td>{episode.syndrome.value.upper()}</td><td>{_moment(episode.onset)}</td>"
        f"<td>{'' if episode.onset_day is None else episode.onset_day}</td><td><b>{episode.peak}</b></td>"
        f"<td>{_moment(episode.peak_at)}</td>"
        f"<td>{_moment(episode.resolved) if episode.resolved else 'still running'}</td>"
        f"<td>{escape(episode.duration_text)}</td></tr>"
        for episode in episodes
    )
    return f'<div class="scroll"><table class="sheet">{head}<tbody>{body}</tbody></table></div>'


def _head(*names: str) -> str:
    cells = "".join(f'<th scope="col">{name}</th>' for name in names)
    return f"<thead><tr>{cells}</tr></thead>"


def _moment(at: datetime) -> str:
    return clock(at, "%-d %b %H:%M")


def figure_range(view: PatientView, chosen: str) -> tuple[datetime, datetime]:
    """The start and end of the figure for one of `RANGES`, never longer before the first fact than a little.

    `day 0–28` shows the whole documented time around the infusions, what is still to come left empty.
    """
    known = [mark.at for mark in view.infusions] + [series.times[0] for series in view.series if series.times]
    known += [bar.start for bar in view.bars]
    first = min(known, default=view.as_of - timedelta(days=1))
    if chosen == DOCUMENTED and view.windows:
        given = view.infusions[0].at
        return given - timedelta(hours=12), max(*(window.end for window in view.windows), view.as_of)
    back = {"24h": timedelta(days=1), "3d": timedelta(days=3), "7d": timedelta(days=7)}.get(chosen)
    start = first if back is None else max(first, view.as_of - back)
    spare = max((view.as_of - start) * 0.04, timedelta(hours=1))
    return start - (spare if start == first else timedelta(0)), view.as_of + spare
