"""The ward screen's rows: one line a patient, who needs somebody first at the top."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta, tzinfo

import numpy as np

from monitoring.acknowledged import holds_until, seen_text, standing_alerts
from monitoring.alerts import last_heard, level, next_due, quiet_since, silent_for
from monitoring.clock import age_years
from monitoring.course import Course
from monitoring.episodes import PUBLISHED, REPORTED, latest_infusion_day
from monitoring.grading.documented_symptoms import fast_heartbeat
from monitoring.records import Observation, SymptomReport
from monitoring.sentences import Situation, because
from monitoring.timeline import micros, moment
from monitoring.views import Age, GradeCell, VitalCell, WardRow, WardView
from monitoring.vocabulary import AlertLevel, Syndrome
from monitoring.wording import (
    ABSENT,
    Evidenced,
    age_text,
    blood_pressure,
    clock_text,
    duration,
    grade_text,
    observed,
    oxygen,
)

_LABELS = {
    "crs-astct-2019": "CRS",
    "icans-astct-2019": "ICANS",
    "crs-documented-symptoms": "CRS list",
    "icans-documented-symptoms": "ICANS list",
}
_DEVICE_SHORT = {
    "room air": "air",
    "nasal cannula": "",
    "high-flow cannula": "HF",
    "non-rebreather mask": "NRB",
    "ventilator": "vent",
}


def ward_view(courses: Sequence[Course], as_of: datetime, ward_zone: tzinfo, ward: str) -> WardView:
    """The rows of the courses at `as_of`: silent patients and the highest certain grades first (decision D16)."""
    return in_order([placed_row(course, as_of, ward_zone) for course in courses], as_of, ward)


def in_order(placed: Sequence[PlacedRow], as_of: datetime, ward: str) -> WardView:
    """Rows that hold at `as_of` as the board of a ward."""
    shown = tuple(entry.row for entry in sorted(placed, key=lambda entry: entry.order))
    return WardView(
        ward=ward,
        as_of=as_of,
        rows=shown,
        need_now=sum(row.level is AlertLevel.CRITICAL for row in shown),
        overdue=sum(row.overdue for row in shown),
        silent=sum(row.silent for row in shown),
    )


@dataclass(frozen=True)
class PlacedRow:
    """A row, its place in the order of the board, and from when to before when it holds if nothing more is known.

    It holds for a minute, since ages are to the minute, and less where a grade changes, something falls due or the
    ward's day ends (D107). A minute of its own each: the lines of a ward are not all made anew at one moment.
    """

    order: tuple[float, float, float, float, str, str]
    row: WardRow
    since: datetime
    until: datetime


def placed_row(course: Course, as_of: datetime, ward_zone: tzinfo) -> PlacedRow:
    """One patient's line at `as_of`; what the course says of later moments is left out."""
    now = Situation(course.until(as_of), as_of, ward_zone)
    row = ward_row(now)
    published = (row.crs, row.icans)
    certain = max(_certain(cell) for cell in published)
    possible = max(cell.at_most if cell.at_most is not None else 4 for cell in published)
    heard = last_heard(now.course, as_of)
    quiet = (as_of - heard).total_seconds() if heard else float("inf")
    urgent = 4.5 if row.silent else certain
    order = (-urgent, -possible, -float(row.reported.at_least or 0), -quiet, row.bed, row.patient_id)
    return PlacedRow(order, row, as_of, _holds_until(now, row, course))


def _holds_until(now: Situation, row: WardRow, course: Course) -> datetime:
    """The next moment at which the line may say something else."""
    tomorrow = now.as_of.astimezone(now.zone).date() + timedelta(days=1)
    latest = min(now.as_of + timedelta(minutes=1), datetime.combine(tomorrow, time(0), now.zone))
    due = next_due(now.course, latest, cognitive_tool(now))
    late = due is not None and due.overdue(latest)
    if late != row.overdue or (silent_for(now.course, latest) is not None) != row.silent:
        return now.as_of
    turns = [
        int(grade.at[place]) for grade in now.grades.values() if (place := grade.place(now.at) + 1) < len(grade.at)
    ]
    seen = holds_until(standing_alerts(now, row)) if row.seen else None
    later = len(course.facts.until(now.at))
    begins = [course.facts[later].effective_at] if later < len(course.facts) else []
    ends = [seen] if seen is not None else []
    return min([latest, *ends, *begins, *(moment(turn) for turn in turns if turn < micros(latest))])


def _certain(cell: GradeCell) -> float:
    """A patient who cannot be graded stands between a certain 2 and a certain 3."""
    return 2.5 if cell.at_least is None else float(cell.at_least)


def ward_row(now: Situation) -> WardRow:
    """One patient's line."""
    course, as_of = now.course, now.as_of
    patient, place = course.patient(), course.placement(now.at)
    due = next_due(course, as_of, cognitive_tool(now))
    quiet = silent_for(course, as_of) is not None
    late = due is not None and due.overdue(as_of)
    said = because(now)
    crs, icans = (grade_cell(now, PUBLISHED[syndrome]) for syndrome in (Syndrome.CRS, Syndrome.ICANS))
    row = WardRow(
        patient_id=course.patient_id,
        bed=(place.bed or place.ward or ABSENT) if place else ABSENT,
        name=(patient.name if patient and patient.name else course.patient_id),
        subtitle=_subtitle(now),
        day_text=day_text(now),
        crs=crs,
        icans=icans,
        reported=reported_cell(now),
        why=said.why,
        then=said.then,
        vitals=tuple(vital_cells(now)),
        due=_due_text(due.name, due.at, as_of, now.zone, late=late) if due else "",
        due_detail=_due_detail(due.at, as_of, now.zone, late=late) if due else "",
        overdue=late,
        silent=quiet,
        level=level([(cell.at_least, cell.at_most) for cell in (crs, icans)], silent=quiet, overdue=late),
        quiet_since=quiet_since(course, as_of),
    )
    return replace(row, seen=seen_text(standing_alerts(now, row), as_of, now))


def cognitive_tool(now: Situation) -> str:
    """`capd` where the child's form applies, else `ice`."""
    grade = now.grades[PUBLISHED[Syndrome.ICANS]]
    return "capd" if grade.sweep.lo["child_form"][grade.place(now.at)] >= 1 else "ice"


def _due_text(name: str, at: datetime, as_of: datetime, ward_zone: tzinfo, *, late: bool) -> str:
    return f"{name} overdue" if late else f"{name} {clock_text(at, as_of, ward_zone)}"


def _due_detail(at: datetime, as_of: datetime, ward_zone: tzinfo, *, late: bool) -> str:
    return f"since {clock_text(at, as_of, ward_zone)}" if late else f"in {duration((at - as_of).total_seconds())}"


def _subtitle(now: Situation) -> str:
    patient = now.course.patient()
    place = now.course.placement(now.at)
    given = [infusion for infusion in now.course.infusions if micros(infusion.effective_at) <= now.at]
    parts = []
    if patient and patient.birth_date:
        years = age_years(patient.birth_date, now.as_of)
        parts.append(f"{int(years)} y" if years >= 2 else f"{int(years * 12)} mo")
    if given and given[-1].product:
        parts.append(given[-1].product)
    if place and place.ward and now.course.at_home(now.at) and place.bed:
        parts.append("home")
    return " · ".join(parts)


def day_text(now: Situation) -> str:
    """`day 5`; with two infusions `day 3 / 13`, the later one first; `no infusion` where none is recorded."""
    day = latest_infusion_day(now.course, now.at, now.zone)
    if day is None:
        return "no infusion recorded" if not now.course.infusions else "before infusion"
    given = [infusion for infusion in now.course.infusions if micros(infusion.effective_at) <= now.at]
    if len(given) == 1:
        return f"day {day}"
    first = now.as_of.astimezone(now.zone).date() - given[0].effective_at.astimezone(now.zone).date()
    return f"day {day} / {first.days}"


def grade_cell(now: Situation, system_id: str) -> GradeCell:
    """A system's grade now."""
    low, high = now.bounds(system_id)
    begun = now.since(system_id)
    return GradeCell(
        system=system_id,
        label=_LABELS.get(system_id) or now.grades[system_id].system.title,
        text=grade_text(low, high),
        at_least=low,
        at_most=high,
        gradable=low is not None,
        since=moment(begun) if begun is not None else None,
        worst_24h=now.worst(system_id, timedelta(hours=24)),
        flags=tuple(now.flags(system_id)),
    )


def reported_cell(now: Situation) -> GradeCell:
    """The graver of the two documented lists, from what was reported or measured; an em dash when nobody reported."""
    cells = [grade_cell(now, system_id) for system_id in REPORTED.values()]
    worst = max(cells, key=lambda cell: cell.at_least or 0)
    last = now.course.last("symptom_report", now.at)
    fresh = now.course.freshness("symptom_report")
    reported = isinstance(last, SymptomReport) and (fresh is None or now.at - micros(last.effective_at) < fresh)
    if not reported and not worst.at_least:
        since = max((cell.since for cell in cells if cell.since is not None), default=None)
        return GradeCell(worst.system, "Reported", ABSENT, None, None, True, since, worst.worst_24h, worst.flags)
    return GradeCell(
        worst.system,
        "Reported",
        str(worst.at_least),
        worst.at_least,
        worst.at_most,
        True,
        worst.since,
        worst.worst_24h,
        worst.flags,
    )


def vital_cells(now: Situation) -> list[VitalCell]:
    """Temperature, pulse, blood pressure and saturation with oxygen, each with its age."""
    course, at = now.course, now.at
    temperature, pulse = observed(course, "temperature", at), observed(course, "heart_rate", at)
    spo2, breathing = observed(course, "spo2", at), oxygen(course, at)
    saturation = spo2.text.removesuffix(" %")
    support = _short_oxygen(breathing.text)
    if saturation and support:
        saturation += f" · {support}"
    warm = next(iter(course.at_once("temperature", at)), None)
    fever = isinstance(warm, Observation) and warm.value is not None and warm.value >= 38.0 - 1e-6
    low = now.grades[PUBLISHED[Syndrome.CRS]].sweep.lo["blood_pressure"][now.place(PUBLISHED[Syndrome.CRS])] >= 1
    fast = fast_heartbeat(course.evidence).on(np.array([at]))[0][0] >= 1
    return [
        _cell(
            now,
            "temperature",
            "Temp",
            "°C",
            Evidenced(temperature.text.removesuffix(" °C"), temperature.at),
            notable=fever or _unusual(course, "temperature", at),
        ),
        _cell(
            now,
            "heart_rate",
            "Pulse",
            "/min",
            Evidenced(pulse.text.removesuffix(" /min"), pulse.at),
            notable=bool(fast),
        ),
        _cell(now, "sbp", "BP", "mmHg", _without_unit(blood_pressure(course, at)), notable=bool(low)),
        _cell(now, "spo2", "SpO₂ % · O₂", "", Evidenced(saturation, spo2.at), notable=_unusual(course, "spo2", at)),
    ]


def _without_unit(found: Evidenced) -> Evidenced:
    return Evidenced(found.text.removesuffix(" mmHg"), found.at)


def _unusual(course: Course, concept: str, at: int) -> bool:
    """Whether the last value is outside the range the dictionary calls usual: kept, graded, worth a second look."""
    fact = next(iter(course.at_once(concept, at)), None)
    entry = course.dictionary.concepts[concept]
    return isinstance(fact, Observation) and fact.value is not None and not entry.usual(fact.value)


def _short_oxygen(text: str) -> str:
    if not text or text.startswith("at home"):
        return ""
    for device, short in _DEVICE_SHORT.items():
        if text.startswith(device):
            rest = text.removeprefix(device).strip().replace(" L/min", " L").split(" FiO₂")[0]
            return " ".join(part for part in (short, rest) if part) or "cannula"
    return text.replace(" L/min", " L").split(" FiO₂")[0]


def _cell(now: Situation, concept: str, label: str, unit: str, found: Evidenced, *, notable: bool) -> VitalCell:
    if not found.text or found.at is None:
        return VitalCell(concept, label, unit, ABSENT, None, "", Age.ABSENT, notable=False)
    age = now.at - micros(found.at)
    keeps = now.course.freshness(concept)
    entry = now.course.dictionary.concepts[concept]
    cadence = entry.cadence_hours
    standing = Age.FRESH
    if keeps is not None and age >= keeps:
        standing = Age.STALE
    elif cadence is not None and age > cadence * 3_600_000_000:
        standing = Age.OLD
    return VitalCell(
        concept,
        label,
        unit,
        found.text,
        found.at,
        age_text(found.at, now.as_of),
        standing,
        notable=notable and standing is not Age.STALE,
    )
