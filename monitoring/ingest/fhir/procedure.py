"""Procedure: the infusion of a CAR T product, by its code or its name. Every other procedure is passed over by kind."""

from __future__ import annotations

from monitoring.ingest.fhir.reading import NotRead, One, words
from monitoring.ingest.fhir.resources import CodeableConcept, Procedure
from monitoring.records import Infusion
from monitoring.vocabulary import RETRACTED, Status

_STATUSES = {
    "in-progress": Status.PRELIMINARY,
    "on-hold": Status.PRELIMINARY,
    "stopped": Status.FINAL,
    "completed": Status.FINAL,
    "preparation": Status.CANCELLED,
    "not-done": Status.CANCELLED,
    "unknown": Status.PRELIMINARY,
    "entered-in-error": Status.ENTERED_IN_ERROR,
}


def read_procedure(one: One) -> None:
    """The infusion a Procedure says was given. Raises NotRead."""
    resource = one.structure(Procedure)
    code = resource.code or CodeableConcept()
    named = [one.codes.cell_product(said) for said in (code, *resource.used_code)]
    if named[0] is None:
        raise one.pass_over(f"Procedure {one.codes.meaning(code).label}")
    one.understood(resource)
    one.charted(resource.meta.last_updated if resource.meta else None)
    status = one.status(resource.status, _STATUSES)
    patient_id = one.subject(resource.subject)
    author = resource.performer[0].actor if resource.performer else None
    before = len(one.refusals)
    at = one.moment(resource.performed_date_time, "performedDateTime")
    start, _ = (None, None) if status in RETRACTED else one.span(resource.performed_period, "performedPeriod")
    at = at or start
    if status in RETRACTED:
        del one.refusals[before:]
        one.facts.append(Infusion(**one.said(patient_id, one.withdrawal_time(at), status, author)))
        return
    if at is None:
        if len(one.refusals) == before:
            one.refuse("performedDateTime", None, "missing", "no time; expected when the cells were given. Quarantined")
        raise NotRead
    product = next((name for name in named if name), None)
    indication = next((text for said in resource.reason_code if (text := words(said))), None)
    one.facts.append(Infusion(**one.said(patient_id, at, status, author), product=product, indication=indication))
