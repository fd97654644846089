"""What stands against a patient's row, and what of it is news: alerts raised and cleared, as facts.

The moment of an alert is taken from the facts and not from the clock, and each change names the one before it: two
processes that watch the same ward say the same, and the store keeps it once (D107).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from monitoring.records import WATCH, AlertChange
from monitoring.views import WardRow

SEVERE_REPORT = 3
"""From this grade of the documented lists on, a report is an alert of its own."""

Standing = Mapping[str, AlertChange]
"""The last change of each alert of one patient, by the name of the alert."""


@dataclass(frozen=True)
class Found:
    """One alert as the row shows it: the grade that is certain, None where it is no grade, and since when."""

    grade: int | None
    since: datetime


def found_in(row: WardRow, as_of: datetime) -> dict[str, Found]:
    """The alerts that stand: `crs` and `icans` from a certain grade 1, `reported` from SEVERE_REPORT, and `silent`."""
    found = {}
    for name, cell, least in (("crs", row.crs, 1), ("icans", row.icans, 1), ("reported", row.reported, SEVERE_REPORT)):
        if cell.at_least is not None and cell.at_least >= least:
            found[name] = Found(cell.at_least, cell.since or as_of)
    if row.silent:
        found["silent"] = Found(None, row.quiet_since or as_of)
    return found


def changes(row: WardRow, standing: Standing, as_of: datetime) -> list[AlertChange]:
    """What is new of one patient at `as_of`: alerts raised, at another grade, or standing no more."""
    found = found_in(row, as_of)
    news = []
    for name in sorted({*found, *standing}):
        now, last = found.get(name), standing.get(name)
        stands = last is not None and last.raised
        if now is None and not stands:
            continue
        if now is not None and last is not None and stands and last.grade == now.grade:
            continue
        since = _over_since(name, row) or as_of if now is None else now.since
        news.append(_change(row.patient_id, name, now, last, since, as_of))
    return news


def closed(standing: Standing, since: datetime, as_of: datetime) -> list[AlertChange]:
    """The alerts of a patient whose monitoring ended at `since`, standing no more: what comes later is raised anew."""
    return [
        _change(last.patient_id, name, None, last, since, as_of)
        for name, last in sorted(standing.items())
        if last.raised
    ]


def any_stands(standing: Standing) -> bool:
    """Whether any alert was raised and not cleared since."""
    return any(last.raised for last in standing.values())


def _change(
    patient_id: str, name: str, now: Found | None, last: AlertChange | None, since: datetime, as_of: datetime
) -> AlertChange:
    """The alert as it stands `now` (None: no more) after `last`, true since `since` and noticed at `as_of`."""
    return AlertChange(
        patient_id=patient_id,
        effective_at=since,
        received_at=as_of,
        source=WATCH,
        author=WATCH,
        alert=name,
        raised=now is not None,
        grade=None if now is None else now.grade,
        follows=None if last is None else last.fact_id,
    )


def _over_since(name: str, row: WardRow) -> datetime | None:
    cells = {"crs": row.crs, "icans": row.icans, "reported": row.reported}
    return cells[name].since if name in cells else row.quiet_since
