"""MedicationAdministration: a drug given over a time or at one, or a CAR T product (an infusion). Statuses: D90."""

from __future__ import annotations

from datetime import datetime
from math import isfinite

from monitoring.ingest.fhir.reading import NotRead, One, decoded, words
from monitoring.ingest.fhir.resources import (
    UNREADABLE,
    CodeableConcept,
    Dosage,
    Medication,
    MedicationAdministration,
    Quantity,
    Reference,
)
from monitoring.records import Administration, Infusion
from monitoring.vocabulary import RETRACTED, AdministrationAction, Status

_STATUSES = {
    "in-progress": Status.PRELIMINARY,
    "on-hold": Status.PRELIMINARY,
    "completed": Status.FINAL,
    "stopped": Status.FINAL,
    "unknown": Status.PRELIMINARY,
    "not-done": Status.CANCELLED,
    "entered-in-error": Status.ENTERED_IN_ERROR,
}
_OVER = frozenset({"completed", "stopped"})


def read_administration(one: One) -> None:
    """What a MedicationAdministration says was given. Raises NotRead."""
    resource = one.structure(MedicationAdministration)
    one.understood(resource)
    one.contained = resource.contained
    one.charted(resource.meta.last_updated if resource.meta else None)
    if resource.status == "not-done" and one.record_id is None:
        raise one.pass_over("MedicationAdministration not-done")
    status = one.status(resource.status, _STATUSES)
    patient_id = one.subject(resource.subject)
    author = resource.performer[0].actor if resource.performer else None
    if status in RETRACTED:
        said = one.said(patient_id, one.withdrawal_time(None), status, author)
        one.facts += [Administration(**said, drug="withdrawn"), Infusion(**said)]
        return
    named = _medication(one, resource)
    product = one.codes.cell_product(named)
    drug, problem = one.codes.drug(named)
    if problem is not None or drug is None:
        why = problem or "names no drug"
        raise one.give_up("medication", words(named), "unknown code", f"{why}; quarantined, not graded. Correct it")
    start, end, action = _when(one, resource)
    said = one.said(patient_id, start, status, author)
    reason = next((text for one_reason in resource.reason_code if (text := words(one_reason))), None)
    if product is not None:
        one.facts.append(Infusion(**said, product=product or None, indication=reason))
        return
    dose, unit = _dose(one, resource.dosage)
    one.facts.append(
        Administration(
            **said,
            drug=drug,
            action=action,
            end=end,
            dose=dose,
            unit=unit,
            route=words(resource.dosage.route) if resource.dosage else None,
            reason=reason,
            order_id=resource.request.reference if resource.request else None,
        )
    )


def _medication(one: One, resource: MedicationAdministration) -> CodeableConcept:
    """The code of the drug: its own, or that of the medication it refers to, with the ingredient where there is one."""
    if resource.medication_codeable_concept is not None:
        return resource.medication_codeable_concept
    reference = resource.medication_reference or Reference()
    raw = one.resolved(reference.reference)
    if raw is None:
        if reference.display:
            return CodeableConcept(text=reference.display)
        raise one.give_up(
            "medicationReference",
            reference.reference,
            "missing",
            "this medication is not in the input; send it too, or the drug's code. Quarantined, not graded",
        )
    try:
        medication = decoded(raw, Medication)
    except UNREADABLE as wrong:
        raise one.give_up("medicationReference", reference.reference, "format", f"{wrong}; not read") from wrong
    if reference.reference and not reference.reference.startswith("#"):
        one.used[reference.reference] = raw
    if medication.code is not None:
        return medication.code
    items = [part.item_codeable_concept for part in medication.ingredient if part.item_codeable_concept]
    if len(items) == 1:
        return items[0]
    mixture = " + ".join(text for item in items if (text := words(item)))
    return CodeableConcept(text=mixture or reference.display)


def _when(one: One, resource: MedicationAdministration) -> tuple[datetime, datetime | None, AdministrationAction]:
    """Start, end and kind. Raises NotRead where it cannot be told how long the drug ran."""
    start, end = one.span(resource.effective_period, "effectivePeriod")
    if start is not None:
        if end is None and resource.status != "in-progress":
            raise one.give_up(
                "effectivePeriod.end",
                None,
                "missing",
                f"{resource.status}, and no time says until when; quarantined, not graded. Send the end",
            )
        return start, end, AdministrationAction.INTERVAL
    if resource.effective_period is not None:
        raise one.give_up("effectivePeriod.start", None, "missing", "no start; quarantined, not graded. Send it")
    if resource.effective_date_time is None:
        raise one.give_up("effectiveDateTime", None, "missing", "no time; expected when it was given. Quarantined")
    at = one.moment(resource.effective_date_time, "effectiveDateTime")
    if at is None:
        raise NotRead
    if resource.status == "in-progress":
        return at, None, AdministrationAction.INTERVAL
    rated = resource.dosage is not None and bool(resource.dosage.rate_quantity or resource.dosage.rate_ratio)
    if rated or resource.status not in _OVER:
        raise one.give_up(
            "effectiveDateTime",
            resource.effective_date_time,
            "missing",
            f"{resource.status} and given at a rate: one moment does not say how long it ran; expected effectivePeriod."
            " Quarantined, not graded",
        )
    return at, None, AdministrationAction.GIVEN


def _dose(one: One, dosage: Dosage | None) -> tuple[float | None, str | None]:
    """The rate where there is one, else the dose, with its unit."""
    if dosage is None:
        return None, None
    if dosage.rate_ratio is not None:
        over, per = dosage.rate_ratio.numerator, dosage.rate_ratio.denominator
        if over is None or per is None or over.value is None or not per.value or not isfinite(over.value / per.value):
            one.refuse("dosage.rateRatio", None, "not a number", "no rate can be made of it; the dose stays unknown")
            return None, None
        return round(over.value / per.value, 9), f"{_unit(over) or ''}/{_unit(per) or ''}"
    said = dosage.rate_quantity or dosage.dose
    if said is not None and said.value is not None and said.value < 0:
        one.refuse("dosage", said.value, "implausible", "a dose below 0; not read, the drug is kept without it")
        return None, None
    return (None, None) if said is None else (said.value, _unit(said))


def _unit(said: Quantity) -> str | None:
    return said.code or said.unit
