"""Standing facts as FHIR R4 resources that our own reader, and any other, reads.

Corrections and withdrawn records are applied, not sent. Drug orders are sent as the spans in which each dose ran, and
an assessment as one Observation a domain. `expected` are the facts a resource stands for: whoever writes it reads it
back and keeps as they are the facts of those that say anything else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from monitoring.administrations import NOTHING_GIVEN, doses
from monitoring.cognition import capd_range, ice_range
from monitoring.concepts import Concept
from monitoring.course import Course
from monitoring.export.tables import Row
from monitoring.records import (
    Administration,
    Fact,
    Infusion,
    NeuroAssessment,
    Observation,
    OxygenSupport,
    Patient,
    SymptomReport,
)
from monitoring.timeline import END_OF_TIME, moment
from monitoring.vocabulary import AbsentReason, AdministrationAction, NeuroTool, Status

OWN, GRADE, LOINC, UCUM = "urn:cart-tox", "urn:cart-tox:grade", "http://loinc.org", "http://unitsofmeasure.org"
_ABSENT = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
_STANDARD_ABSENT = {AbsentReason.NOT_TAKEN: "not-performed", AbsentReason.REFUSED: "asked-declined"}
_ATC = "http://www.whocc.no/atc"
_QUESTIONNAIRE = "urn:cart-tox:questionnaire:documented-symptoms"
_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_DOMAINS = ("consciousness", "seizure", "motor", "icp")
_ANSWERED = {Status.PRELIMINARY: "in-progress", Status.AMENDED: "amended", Status.CORRECTED: "amended"}
Resource = dict[str, Any]


@dataclass(frozen=True)
class Told:
    """A resource, the facts it stands for as they will be read, and the fact it was made of.

    `anyway`: sent even where it says less than the fact, which is then kept beside it.
    """

    resource: Resource
    expected: tuple[Fact, ...]
    of: Fact
    anyway: bool = False


def resources(course: Course) -> Iterator[Told | Fact]:
    """A resource for every standing fact that has one; a fact that has none as it is."""
    for run in course.drug_runs:
        pieces = [(run.start, run.end, run.facts[0])] if run.single_dose else doses(run)
        for start, end, dose in pieces:
            yield _given(course, dose, run.drug, start, end)
    patient = course.patient()
    if patient is not None:
        yield _patient(patient)
    for fact in course.facts:
        match fact:
            case Infusion() | SymptomReport():
                yield _infusion(fact) if isinstance(fact, Infusion) else _symptom(fact)
            case Observation():
                yield _observed(course, fact)
            case OxygenSupport() if fact.device is not None and fact.reason is None:
                yield _oxygen(course, fact)
            case NeuroAssessment() if fact.seizure_minutes is None and fact.consciousness_cause is None:
                yield from _assessment(course, fact)
            case Patient():
                if fact.weight_kg is not None or fact.developmental_delay is not None:
                    yield fact
            case Administration() if fact.drug.casefold() != NOTHING_GIVEN:
                continue
            case _:
                yield fact


def grade_observation(row: Row) -> Resource:
    """One grade step of `graded.STEPS` as an Observation of the local code system; never read back as a fact."""
    low, high = row["at_least"], row["at_most"]
    period = {name: _time(at) for name, column in (("start", "from"), ("end", "to")) if (at := row[column])}  # type: ignore[arg-type]
    value: Resource
    if low is None:
        value = {"dataAbsentReason": _reason(AbsentReason.NOT_TAKEN)}
    elif low == high:
        value = {"valueInteger": low}
    else:
        value = {"valueRange": {"low": {"value": low}, "high": {"value": high}}}
    said = [f"{name}: {row[name]}" for name in ("met", "unassessed", "flags") if row[name]]
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": GRADE, "code": row["system"]}], "text": f"{row['system']} grade"},
        "subject": _subject(str(row["patient_id"])),
        "effectivePeriod": period,
        **value,
        "method": {"text": f"{row['system']} revision {row['revision']}"},
        **({"note": [{"text": "; ".join(said)}]} if said else {}),
    }


def _time(at: datetime) -> str:
    return at.isoformat()


def _subject(patient_id: str) -> Resource:
    if _ID.fullmatch(patient_id):
        return {"reference": f"Patient/{patient_id}"}
    return {"type": "Patient", "identifier": {"value": patient_id}}


def _head(kind: str, fact: Fact, part: str = "") -> Resource:
    """Type, id and charting time. A record that came as FHIR keeps its id."""
    own = (fact.record_id or "").removeprefix(f"{kind}/")
    kept = own if fact.record_id == f"{kind}/{own}" and _ID.fullmatch(own) and not part else fact.event_id + part
    meta = {} if fact.recorded_at is None else {"meta": {"lastUpdated": _time(fact.recorded_at)}}
    return {"resourceType": kind, "id": kept, **meta}


def _reason(reason: AbsentReason) -> Resource:
    standard = _STANDARD_ABSENT.get(reason)
    return {"coding": [{"system": _ABSENT, "code": standard} if standard else {"system": OWN, "code": reason.value}]}


def _code(concept: Concept) -> Resource:
    coding = [{"system": LOINC, "code": code} for code in concept.loinc[:1]]
    return {"coding": [*coding, {"system": OWN, "code": concept.id}], "text": concept.label}


def _quantity(value: float, unit: str) -> Resource:
    return {"value": value, "unit": unit, "system": UCUM, "code": unit}


def _observation(fact: Fact, concept: Concept, value: Resource, part: str = "") -> Resource:
    by = {} if fact.author is None else {"performer": [{"display": fact.author}]}
    return {
        **_head("Observation", fact, part),
        "status": fact.status.value,
        "code": _code(concept),
        "subject": _subject(fact.patient_id),
        "effectiveDateTime": _time(fact.effective_at),
        **by,
        **value,
    }


def _word(concept: Concept, word: str) -> Resource:
    if concept.values == ("true", "false"):
        return {"valueBoolean": word == "true"}
    if concept.values or concept.id == "oxygen_support":
        return {"valueCodeableConcept": {"coding": [{"system": OWN, "code": word}], "text": word}}
    return {"valueString": word}


def _observed(course: Course, fact: Observation) -> Told | Fact:
    concept = course.dictionary.concepts.get(fact.concept)
    if concept is None:
        return fact
    value: Resource
    if fact.value is not None:
        value = {"valueQuantity": _quantity(fact.value, concept.unit)}
    elif fact.code is not None:
        value = _word(concept, fact.code)
    else:
        value = {"dataAbsentReason": _reason(fact.absent_reason or AbsentReason.NOT_TAKEN)}
    method = {"method": {"text": fact.method}} if fact.method else {}
    return Told(_observation(fact, concept, {**value, **method}), (fact,), fact)


def _oxygen(course: Course, fact: OxygenSupport) -> Told:
    concepts = course.dictionary.concepts
    parts = [("o2_flow", fact.flow_l_min), ("fio2", fact.fio2)]
    components = [
        {"code": _code(concepts[name]), "valueQuantity": _quantity(value, concepts[name].unit)}
        for name, value in parts
        if value is not None
    ]
    value = _word(concepts["oxygen_support"], str(fact.device))
    more = {"component": components} if components else {}
    return Told(_observation(fact, concepts["oxygen_support"], {**value, **more}), (fact,), fact)


def _assessment(course: Course, fact: NeuroAssessment) -> Iterator[Told | Fact]:
    """One resource a domain, or the fact where a score has no one number."""
    plain: dict[str, Any] = {name: getattr(fact, name) for name in Fact.model_fields}
    told: list[Told] = []

    def add(name: str, value: Resource, **said: object) -> None:
        read = NeuroAssessment(**plain, **said)  # type: ignore[arg-type]
        told.append(Told(_observation(fact, course.dictionary.concepts[name], value, f"-{name}"), (read,), fact))

    absent = dict(fact.absent or {})
    for name in _DOMAINS:
        finding = getattr(fact, name)
        if finding is not None:
            add(name, _word(course.dictionary.concepts[name], str(finding)), **{name: finding})
        elif name in absent:
            add(name, {"dataAbsentReason": _reason(absent[name])}, absent={name: absent[name]})
    if fact.tool is not None:
        name = fact.tool.value.lower()
        answers: Any = fact.items
        scored = (ice_range if fact.tool is NeuroTool.ICE else capd_range)(fact.total, answers)
        if scored is not None and scored[0] != scored[1]:
            yield fact
            return
        unit = course.dictionary.concepts[name].unit
        if scored is not None:
            add(name, {"valueQuantity": _quantity(scored[0], unit)}, tool=fact.tool, total=int(scored[0]))
        elif name in absent:
            reason = {"dataAbsentReason": _reason(absent[name])}
            add(name, reason, tool=fact.tool, absent={name: absent[name]})
    if told:
        yield from told
    else:
        yield fact


def _symptom(fact: SymptomReport) -> Told:
    def item(link: str, answer: Resource) -> Resource:
        return {"linkId": link, "answer": [answer]}

    severity = fact.severity.name.lower().replace("_", "-")
    items = [
        item("reporter", {"valueCoding": {"system": "urn:cart-tox:reporter", "code": fact.reporter.value}}),
        item(fact.symptom, {"valueCoding": {"system": "urn:cart-tox:severity", "code": severity}}),
    ]
    if fact.note is not None:
        items.append(item("note", {"valueString": fact.note}))
    resource = {
        **_head("QuestionnaireResponse", fact),
        "questionnaire": _QUESTIONNAIRE,
        "status": _ANSWERED.get(fact.status, "completed"),
        "subject": _subject(fact.patient_id),
        "authored": _time(fact.effective_at),
        **({} if fact.author is None else {"author": {"display": fact.author}}),
        "item": items,
    }
    return Told(resource, (fact,), fact)


def _infusion(fact: Infusion) -> Told:
    product = {"usedCode": [{"text": fact.product}]} if fact.product else {}
    why = {"reasonCode": [{"text": fact.indication}]} if fact.indication else {}
    by = {"performer": [{"actor": {"display": fact.author}}]} if fact.author else {}
    resource = {
        **_head("Procedure", fact),
        "status": "in-progress" if fact.status is Status.PRELIMINARY else "completed",
        "code": {"text": "CAR T-cell therapy"},
        "subject": _subject(fact.patient_id),
        "performedDateTime": _time(fact.effective_at),
        **product,
        **why,
        **by,
    }
    return Told(resource, (fact,), fact, anyway=True)


def _patient(fact: Patient) -> Told | Fact:
    if not _ID.fullmatch(fact.patient_id):
        return fact
    resource: Resource = {**_head("Patient", fact), "id": fact.patient_id, "gender": fact.sex.value}
    if fact.name is not None:
        resource["name"] = [{"text": fact.name}]
    if fact.birth_date is not None:
        resource["birthDate"] = fact.birth_date.isoformat()
    read = fact.model_copy(update={"weight_kg": None, "developmental_delay": None})
    return Told(resource, (read,), fact, anyway=True)


def _given(course: Course, fact: Administration, drug: str, start: int, end: int) -> Told:
    """One dose, or the span in which one dose ran."""
    known = course.dictionary.drugs.get(drug)
    coding = [{"system": _ATC, "code": known.atc}] if known and known.atc else []
    single, running = start == end, end == END_OF_TIME
    begins = _time(moment(start))
    ends = {} if running else {"end": _time(moment(end))}
    quantity = {} if fact.dose is None else {"value": fact.dose, **({"unit": fact.unit} if fact.unit else {})}
    rate = not single and "/" in (fact.unit or "")
    dosage: Resource = {"rateQuantity" if rate else "dose": quantity} if quantity else {}
    if fact.route:
        dosage["route"] = {"text": fact.route}
    resource = {
        **_head("MedicationAdministration", fact, f"-{start}"),
        "status": "in-progress" if running else "completed",
        "medicationCodeableConcept": {"coding": coding, "text": known.id if known else fact.drug}
        if coding
        else {"text": known.id if known else fact.drug},
        "subject": _subject(fact.patient_id),
        **({"effectiveDateTime": begins} if single else {"effectivePeriod": {"start": begins, **ends}}),
        **({"performer": [{"actor": {"display": fact.author}}]} if fact.author else {}),
        **({"reasonCode": [{"text": fact.reason}]} if fact.reason else {}),
        **({"dosage": dosage} if dosage else {}),
    }
    read = fact.model_copy(
        update={
            "effective_at": moment(start),
            "drug": known.id if known else fact.drug,
            "action": AdministrationAction.GIVEN if single else AdministrationAction.INTERVAL,
            "end": None if single or running else moment(end),
            "unit": fact.unit if fact.dose is not None else None,
            "order_id": None,
        }
    )
    return Told(resource, (read,), fact)
