"""A chart written the way a clinician would say it, for tests: hours after the infusion and what was charted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from monitoring.concepts import dictionary
from monitoring.course import Course
from monitoring.episodes import grade_report
from monitoring.records import (
    Administration,
    Attribution,
    ChartedGrade,
    Fact,
    Infusion,
    NeuroAssessment,
    Observation,
    OxygenSupport,
    Patient,
    Placement,
)
from monitoring.vocabulary import AdministrationAction, Cause, OxygenDevice, Sign, Syndrome

INFUSED = datetime(2026, 3, 1, 10, tzinfo=UTC)
CRS, ICANS = "crs-astct-2019", "icans-astct-2019"


def after(hours: float) -> datetime:
    return INFUSED + timedelta(hours=hours)


def carried(hours: float) -> dict[str, object]:
    return {"patient_id": "P1", "effective_at": after(hours), "received_at": after(hours), "source": "chart"}


def adult() -> list[Fact]:
    """54 years old, infused at hour 0, with a drug chart on which nothing was given."""
    return [
        Patient(**carried(0), birth_date=date(1972, 1, 1)),
        Infusion(**carried(0), product="axicabtagene ciloleucel"),
        Placement(**carried(0), ward="7 North", bed="12"),
        Administration(**carried(0), drug="none"),
    ]


def temperature(hours: float, celsius: float, **more: object) -> Fact:
    return Observation(**carried(hours), concept="temperature", value=celsius, **more)


def vitals(
    hours: float, celsius: float = 36.8, systolic: float = 120, device: str = "room_air", **oxygen: float
) -> list[Fact]:
    """A set of vital signs with the oxygen that goes with it."""
    return [
        temperature(hours, celsius),
        Observation(**carried(hours), concept="sbp", value=systolic),
        OxygenSupport(**carried(hours), device=OxygenDevice(device), **oxygen),
    ]


def drug(start: float, name: str, end: float | None = None, dose: float | None = None, unit: str | None = None) -> Fact:
    return Administration(**carried(start), drug=name, end=None if end is None else after(end), dose=dose, unit=unit)


def event(hours: float, action: str, order: str = "A", name: str = "norepinephrine", dose: float | None = 0.1) -> Fact:
    """One row of a drug chart that lists events of orders."""
    return Administration(
        **carried(hours), drug=name, action=AdministrationAction(action), order_id=order, dose=dose, unit="mcg/kg/min"
    )


def neuro(hours: float, ice: int = 10, consciousness: str = "awake", seizure: str = "none", **more: object) -> Fact:
    findings = {"motor": "none", "icp": "none"} | more
    return NeuroAssessment(
        **carried(hours), tool="ICE", total=ice, consciousness=consciousness, seizure=seizure, **findings
    )


def attributed(hours: float, sign: Sign, cause: Cause) -> Fact:
    return Attribution(**carried(hours), sign=sign, cause=cause)


def charted(hours: float, syndrome: Syndrome, grade: int) -> Fact:
    return ChartedGrade(**carried(hours), syndrome=syndrome, grade=grade)


def course(*facts: Fact | Sequence[Fact]) -> Course:
    flat: list[Fact] = []
    for fact in facts:
        flat.extend([fact] if isinstance(fact, Fact) else fact)
    return Course.from_facts("P1", flat, dictionary())


Told = tuple[float, int | None, int | None]


def steps(chart: Course, system: str, until: float) -> list[Told]:
    """(hour at which the step begins, at_least, at_most), neighbours of one interval joined."""
    told: list[Told] = []
    for step in grade_report(chart, [system], after(until), UTC)[0]["steps"]:
        hour = (datetime.fromisoformat(step["from"]) - INFUSED).total_seconds() / 3600
        if not told or told[-1][1:] != (step["at_least"], step["at_most"]):
            told.append((hour, step["at_least"], step["at_most"]))
    return told


def episodes(chart: Course, system: str, until: float) -> list[dict[str, object]]:
    """Episodes with their times as hours after the infusion."""
    found = []
    for episode in grade_report(chart, [system], after(until), UTC)[0]["episodes"]:
        hours = {
            key: None
            if episode[key] is None
            else (datetime.fromisoformat(episode[key]) - INFUSED).total_seconds() / 3600
            for key in ("onset", "resolved", "peak_at")
        }
        found.append(hours | {"peak": episode["peak"], "onset_day": episode["onset_day"]})
    return found


def flags(chart: Course, system: str, at: float) -> list[str]:
    """Flags of the step that holds at an hour."""
    return grade_report(chart, [system], after(at), UTC)[0]["steps"][-1]["flags"]
