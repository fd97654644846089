"""Patient: who the patient is. A birth date without its day is refused, not completed."""

from __future__ import annotations

from datetime import date

from monitoring.clock import BEGINNING, TimeRefused, parse_date
from monitoring.ingest.fhir.reading import One
from monitoring.ingest.fhir.resources import HumanName, Patient
from monitoring.records import Observation
from monitoring.records import Patient as Known
from monitoring.vocabulary import Sex, Status

_USE = ("official", "usual")


def read_patient(one: One) -> None:
    """The facts of a Patient. Raises NotRead."""
    resource = one.structure(Patient)
    one.understood(resource)
    identity = resource.id or (one.full_url or "").removeprefix("urn:uuid:") or None
    if identity is None or "/" in identity:
        raise one.give_up("id", identity, "missing", "no id; expected the patient's id. Not read")
    one.identity(identity, "id")
    one.charted(resource.meta.last_updated if resource.meta else None)
    if one.deleted:
        one.facts.append(Known(**one.said(identity, BEGINNING, Status.ENTERED_IN_ERROR)))
        return
    said = one.said(identity, BEGINNING, Status.FINAL)
    sex = _sex(one, resource.gender)
    born = _birth_date(one, resource.birth_date)
    name = _name(resource.name)
    dead = resource.deceased_boolean is True or resource.deceased_date_time is not None
    if not (resource.name or resource.gender or resource.birth_date or dead):
        raise one.pass_over("Patient of whom nothing is said")
    one.facts.append(Known(**said, name=name, birth_date=born, sex=sex))
    if dead:
        _died(one, resource, identity)


def _sex(one: One, gender: str | None) -> Sex:
    if gender is None:
        return Sex.UNKNOWN
    try:
        return Sex(gender)
    except ValueError:
        one.refuse("gender", gender, "format", f"expected one of {', '.join(Sex)}; not read. Correct it")
        return Sex.UNKNOWN


def _birth_date(one: One, text: str | None) -> date | None:
    if text is None:
        return None
    try:
        born = parse_date(text)
    except TimeRefused as refused:
        one.refuse("birthDate", text, "time", f"{refused}; the age stays unknown. Send the whole date")
        return None
    if not BEGINNING.date() <= born <= one.reading.received_at.date():
        one.refuse("birthDate", text, "time", "before 1900 or in the future; not read. Correct it")
        return None
    return born


def _name(names: list[HumanName]) -> str | None:
    """The official name, else the usual one, else the first."""
    ranked = sorted(names, key=lambda name: _USE.index(name.use) if name.use in _USE else len(_USE))
    for name in ranked:
        whole = name.text or " ".join([*name.given, *([name.family] if name.family else [])])
        if whole.strip():
            return whole.strip()
    return None


def _died(one: One, resource: Patient, identity: str) -> None:
    """The death is kept as an observation; its cause, and so any grade, is a clinician's to chart (D89)."""
    at = one.moment(resource.deceased_date_time, "deceasedDateTime") or one.recorded_at
    if at is None:
        if not one.refusals:
            one.refuse(
                "deceasedBoolean", True, "missing", "died, and no time says when; not kept. Send deceasedDateTime"
            )
        return
    one.facts.append(Observation(**one.said(identity, at, Status.FINAL), concept="deceased", code="true"))
