"""What a person should look at, and the sentence that says why. Nothing here orders or treats.

A patient nobody has heard of is an alert of its own: silence never reads as health.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from monitoring.concepts import Dictionary
from monitoring.course import Course
from monitoring.records import Acknowledgement, AlertChange, Correction, Fact, Infusion, Observation
from monitoring.standing import ADMINISTRATIVE
from monitoring.timeline import hours, micros, moment
from monitoring.vocabulary import AlertLevel, Severity

FEVER_CELSIUS = 38.0
_HOME_REPORT, _VITALS = "symptom_report", ("temperature", "heart_rate", "sbp", "spo2")
_DUE_NAMES = {
    "temperature": "Temperature",
    "heart_rate": "Pulse",
    "sbp": "BP",
    "spo2": "SpO₂",
    "ice": "ICE",
    "capd": "CAPD",
    "symptom_report": "Report",
}
_NOT_HEARD = (*ADMINISTRATIVE, Infusion, Acknowledgement, AlertChange, Correction)


@dataclass(frozen=True)
class Due:
    """The next thing to be taken: `name`, and when it is or was due."""

    name: str
    at: datetime

    def overdue(self, as_of: datetime) -> bool:
        """Whether it is late."""
        return self.at < as_of


def last_heard(course: Course, as_of: datetime) -> datetime | None:
    """When anything at all was last charted about the patient, up to `as_of`."""
    heard = (fact.effective_at for fact in reversed(course.facts.until(micros(as_of))) if _heard(fact))
    return next(heard, None)


def quiet_since(course: Course, as_of: datetime) -> datetime | None:
    """The last word from the bedside up to `as_of`, else the infusion, else the first that is known of the patient."""
    heard = _heard_or_infused(course, as_of)
    known = course.facts.until(micros(as_of))
    return known[0].effective_at if heard is None and known else heard


def _heard_or_infused(course: Course, as_of: datetime) -> datetime | None:
    return last_heard(course, as_of) or (moment(course.start) if course.start is not None else None)


def _heard(fact: Fact) -> bool:
    """Whether a fact comes from the bedside; a baseline is typed at a desk."""
    baseline = isinstance(fact, Observation) and fact.concept.startswith("baseline_")
    return not baseline and not isinstance(fact, _NOT_HEARD)


def silent_for(course: Course, as_of: datetime) -> timedelta | None:
    """How long nobody has been heard of, where that is longer than the ward (or the family) should be quiet.

    In hospital the limit is the freshness of a temperature, at home the cadence of reports; both are site data.
    A patient of whom nothing was ever charted is silent since the infusion.
    """
    at_home = course.at_home(micros(as_of))
    entry = course.dictionary.concepts[_HOME_REPORT if at_home else "temperature"]
    limit = timedelta(hours=(entry.cadence_hours if at_home else entry.freshness_hours) or 0)
    heard = _heard_or_infused(course, as_of)
    quiet = as_of - heard if heard else limit
    return quiet if quiet > limit or heard is None else None


def next_due(course: Course, as_of: datetime, cognitive_tool: str) -> Due | None:
    """What is due first. `cognitive_tool` is `ice` or `capd`. None before anything was ever charted."""
    at = micros(as_of)
    wanted = (_HOME_REPORT,) if course.at_home(at) else (*_VITALS, cognitive_tool)
    found: list[Due] = []
    for concept in wanted:
        cadence = course.dictionary.concepts[concept].cadence_hours
        last = course.last(concept, at)
        if cadence is None:
            continue
        start = micros(last.effective_at) if last else course.start
        if start is not None:
            found.append(Due(_DUE_NAMES[concept], moment(start + (hours(cadence) if last else 0))))
    if not found:
        return None
    first = min(found, key=lambda due: due.at)
    together = {due.name for due in found if due.at == first.at}
    vitals = {_DUE_NAMES[concept] for concept in _VITALS}
    return Due("Vitals", first.at) if len(together & vitals) > 1 else first


def level(published: list[tuple[int | None, int | None]], *, silent: bool, overdue: bool) -> AlertLevel:
    """How soon somebody should look, from the published grades as (at_least, at_most)."""
    certain = max((low for low, _ in published if low is not None), default=0)
    if certain >= 3 or silent:
        return AlertLevel.CRITICAL
    blocked = any(low is None for low, _ in published)
    return AlertLevel.WARNING if certain >= 1 or blocked or overdue else AlertLevel.INFO


@dataclass(frozen=True)
class HomeAnswer:
    """What a family is told: one of three bands, and what there is to say on the telephone, the worst first.

    `temperature_c` is None where there is no need to say it. The sentences are those of the family's language (D114).
    """

    band: Literal["noted", "phone", "emergency"]
    symptoms: tuple[str, ...] = ()
    temperature_c: float | None = None


def home_answer(reports: Mapping[str, Severity], temperature_c: float | None, dictionary: Dictionary) -> HomeAnswer:
    """The answer to a home report: symptom ids with severities, and a temperature in Celsius if one was taken.

    One red flag is enough (clinical.md i; decision D15). Raises KeyError for an unknown symptom id.
    """
    present = [(dictionary.symptoms[key], severity) for key, severity in reports.items() if severity > Severity.NONE]
    said = tuple(symptom.id for symptom, _ in sorted(present, key=lambda report: -report[1]))
    fever = temperature_c is not None and temperature_c >= FEVER_CELSIUS - 1e-6
    warm = temperature_c if fever or said else None
    if any(severity >= symptom.emergency_from for symptom, severity in present):
        return HomeAnswer("emergency", said, warm)
    if fever or any(severity >= symptom.phone_from for symptom, severity in present):
        return HomeAnswer("phone", said, warm)
    return HomeAnswer("noted")
