"""One patient as administered: who, for what, the steps of the treatment, where, and whom to phone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, tzinfo

from monitoring.course import Course
from monitoring.monitored import ended
from monitoring.records import CareContact, Enrolment, Fact, Infusion, Milestone, Observation, Patient, Placement
from monitoring.timeline import micros
from monitoring.views import Contact
from monitoring.vocabulary import CourseStep

BASELINES = ("baseline_ice", "baseline_capd", "baseline_sbp", "baseline_spo2", "baseline_o2_flow")

STEP_NAMES = {
    CourseStep.COLLECTION: "Cells collected",
    CourseStep.MANUFACTURING: "Manufacturing began",
    CourseStep.PRODUCT_RECEIVED: "Product received",
    CourseStep.LYMPHODEPLETION: "Lymphodepletion began",
    CourseStep.MONITORING_ENDED: "Monitoring ended",
    CourseStep.MONITORING_RESUMED: "Monitoring resumed",
}


@dataclass(frozen=True)
class CourseEvent:
    """One step of the treatment's course, from whatever source it came."""

    fact_id: str
    at: datetime
    label: str
    author: str
    detail: str


@dataclass(frozen=True)
class Baseline:
    """One value of before the infusion, in the unit of its concept."""

    concept: str
    value: float
    at: datetime


@dataclass(frozen=True)
class EnrolledView:
    """One patient as administered. What nobody wrote is None or empty; `ended` is a sentence once it is so."""

    patient_id: str
    name: str
    patient: Patient | None
    enrolment: Enrolment | None
    indication: str | None
    product: str | None
    infusions: int
    events: tuple[CourseEvent, ...]
    place: Placement | None
    baselines: tuple[Baseline, ...]
    contacts: tuple[Contact, ...]
    ended: str


def enrolled_view(course: Course, as_of: datetime, ward_zone: tzinfo) -> EnrolledView:
    """The patient as known at `as_of`, steps by time."""
    course = course.until(as_of)
    patient, at = course.patient(), micros(as_of)
    enrolment = course.last("enrolment", at)
    enrolment = enrolment if isinstance(enrolment, Enrolment) else None
    given = [infusion.product for infusion in course.infusions if infusion.product]
    treated = [infusion.indication for infusion in course.infusions if infusion.indication]
    return EnrolledView(
        patient_id=course.patient_id,
        name=(patient.name if patient and patient.name else course.patient_id),
        patient=patient,
        enrolment=enrolment,
        indication=(enrolment.indication if enrolment else None) or (treated[-1] if treated else None),
        product=given[-1] if given else enrolment.product if enrolment else None,
        infusions=len(course.infusions),
        events=tuple(_events(course)),
        place=course.placement(at),
        baselines=tuple(_baselines(course, at)),
        contacts=contacts(course),
        ended=ended_sentence(course, as_of, ward_zone),
    )


def contacts(course: Course) -> tuple[Contact, ...]:
    """Whom the family may phone, as written down and not taken away, oldest first."""
    return tuple(
        Contact(fact.fact_id, fact.label, fact.phone, fact.hours or "")
        for _, fact in course.column("care_contact")
        if isinstance(fact, CareContact)
    )


def ended_sentence(course: Course, as_of: datetime, ward_zone: tzinfo) -> str:
    """`Monitoring ended on 14 Mar 2026 at 11:20 by Bo (physician): well.`; empty while it goes on."""
    end = ended(course, as_of)
    if end is None:
        return ""
    by = f" by {author_text(end.author)}" if end.author else ""
    why = f": {end.note.rstrip('.')}" if end.note else ""
    return f"Monitoring ended on {end.at.astimezone(ward_zone):%-d %b %Y at %H:%M}{by}{why}."


def author_text(author: str | None) -> str:
    """`Bo (physician)` of `physician:Bo`."""
    role, colon, name = (author or "").partition(":")
    return f"{name} ({role.replace('-', ' ')})" if colon and name else role


def _events(course: Course) -> list[CourseEvent]:
    found: list[CourseEvent] = []
    for _, fact in course.column("milestone"):
        if isinstance(fact, Milestone):
            found.append(_event(fact, STEP_NAMES[fact.step], fact.note or ""))
    for number, infusion in enumerate(course.infusions, start=1):
        label = "Infusion" if len(course.infusions) == 1 else f"Infusion {number}"
        found.append(_event(infusion, label, infusion.product or "product not charted"))
    home = False
    for when, fact in course.column("placement"):
        if not isinstance(fact, Placement):
            continue
        goes_home = course.at_home(when)
        if goes_home and not home:
            found.append(_event(fact, "Discharged home", ""))
        elif home and fact.ward and not goes_home:
            found.append(_event(fact, "Back on the ward", " ".join(filter(None, (fact.ward, fact.bed)))))
        home = goes_home if fact.ward else home
    return sorted(found, key=lambda event: (event.at, event.label))


def _event(fact: Fact | Infusion, label: str, detail: str) -> CourseEvent:
    return CourseEvent(fact.fact_id, fact.effective_at, label, author_text(fact.author), detail)


def _baselines(course: Course, at: int) -> list[Baseline]:
    found = [(concept, course.last(concept, at)) for concept in BASELINES]
    return [
        Baseline(concept, fact.value, fact.effective_at)
        for concept, fact in found
        if isinstance(fact, Observation) and fact.value is not None
    ]
