"""What a family sees of its own patient: the first name, the day, and what it has reported. Never a grade."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, tzinfo

from monitoring.course import Course
from monitoring.enrolled_view import contacts
from monitoring.episodes import latest_infusion_day
from monitoring.records import Observation, SymptomReport
from monitoring.timeline import micros
from monitoring.views import HomeReport, HomeView
from monitoring.vocabulary import Reporter, Severity

_FAMILY = frozenset({Reporter.PATIENT, Reporter.CAREGIVER})


def home_view(course: Course, as_of: datetime, ward_zone: tzinfo) -> HomeView:
    """The family's page at `as_of`, its reports newest first."""
    course = course.until(as_of)
    patient = course.patient()
    name = patient.name if patient else None
    return HomeView(
        name=name or course.patient_id,
        first_name=_first_name(name),
        day=latest_infusion_day(course, micros(as_of), ward_zone),
        reports=tuple(_reports(course)),
        contacts=contacts(course),
    )


def _first_name(name: str | None) -> str | None:
    """`Joris` of `Achterberg, Joris`; None where the name is written in another way or the first is an initial."""
    _, comma, first = (name or "").partition(",")
    first = first.strip()
    return first if comma and len(first.rstrip(".")) > 1 else None


def _reports(course: Course) -> list[HomeReport]:
    """Everything patient and family said at one moment is one report, with a temperature of that same moment."""
    said: dict[int, list[SymptomReport]] = defaultdict(list)
    for at, fact in course.column("symptom_report"):
        if isinstance(fact, SymptomReport) and fact.reporter in _FAMILY:
            said[at].append(fact)
    warm = {at: fact.value for at, fact in course.column("temperature") if isinstance(fact, Observation)}
    return [
        HomeReport(
            seen_at=facts[0].effective_at,
            sent_at=max(fact.recorded_at or fact.effective_at for fact in facts),
            temperature_c=warm.get(at),
            symptoms={fact.symptom: fact.severity for fact in facts if fact.severity > Severity.NONE},
        )
        for at, facts in sorted(said.items(), reverse=True)
    ]
