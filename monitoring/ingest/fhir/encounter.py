"""Encounter and Location: the ward and bed a patient is in, from when. An outpatient visit is no place (D87)."""

from __future__ import annotations

from datetime import datetime

from monitoring.ingest.fhir.reading import NotRead, One, decoded, words
from monitoring.ingest.fhir.resources import UNREADABLE, Encounter, EncounterLocation, Location, Reference
from monitoring.records import Placement
from monitoring.vocabulary import RETRACTED, Status

_STATUSES = {
    **dict.fromkeys(("arrived", "triaged", "in-progress", "onleave", "unknown"), Status.PRELIMINARY),
    "planned": Status.PRELIMINARY,
    "finished": Status.FINAL,
    "cancelled": Status.CANCELLED,
    "entered-in-error": Status.ENTERED_IN_ERROR,
}
_STAYS = frozenset({"IMP", "ACUTE", "NONAC", "OBSENC", "EMER", "SS", "HH"})
_AT_HOME = "HH"
_WARD, _BED = frozenset({"wa", "wi", "lvl"}), frozenset({"bd"})
_DEEPEST_PLACE = 6


def read_encounter(one: One) -> None:
    """The placements of a stay. Raises NotRead."""
    resource = one.structure(Encounter)
    one.understood(resource)
    one.contained = resource.contained
    kind = resource.class_.code if resource.class_ else None
    status = one.status(resource.status, _STATUSES)
    if kind is not None and kind not in _STAYS:
        raise one.pass_over(f"Encounter {kind[:20]}")
    if resource.status == "planned":
        raise one.pass_over("Encounter planned")
    one.charted(resource.meta.last_updated if resource.meta else None)
    patient_id = one.subject(resource.subject)
    if status in RETRACTED:
        for number in range(max(1, len(resource.location))):
            _place(one, patient_id, one.withdrawal_time(None), status, f"#{number}")
        _place(one, patient_id, one.withdrawal_time(None), status, "#end")
        return
    start, end = one.span(resource.period, "period")
    for number, stay in enumerate(resource.location):
        try:
            _stay(one, stay, number, start, patient_id)
        except NotRead:
            continue
    if not resource.location and kind == _AT_HOME and start is not None:
        _place(one, patient_id, start, Status.FINAL, "#0", ward="home")
    if resource.status == "finished" and end is not None and (resource.location or one.facts):
        _place(one, patient_id, end, Status.FINAL, "#end")
    if not (one.facts or one.refusals):
        raise one.pass_over("Encounter without a place")


def _stay(one: One, stay: EncounterLocation, number: int, begin: datetime | None, patient_id: str) -> None:
    if stay.status in {"planned", "reserved"}:
        return
    at = f"location[{number}]"
    start, _ = one.span(stay.period, f"{at}.period")
    start = start or begin
    if start is None:
        raise one.give_up(f"{at}.period.start", None, "missing", "no time since when; expected a start. Not read")
    ward, bed = _where(one, stay.location, f"{at}.location")
    _place(one, patient_id, start, Status.FINAL, f"#{number}", ward=ward, bed=bed)


def _place(
    one: One,
    patient_id: str,
    at: datetime,
    status: Status,
    part: str,
    *,
    ward: str | None = None,
    bed: str | None = None,
) -> None:
    one.facts.append(Placement(**one.said(patient_id, at, status, part=part), ward=ward, bed=bed))


def _where(one: One, reference: Reference, at: str) -> tuple[str | None, str | None]:
    """Ward and bed of a location and of what it is part of; a location without a kind is the ward."""
    ward = bed = None
    for _ in range(_DEEPEST_PLACE):
        raw = one.resolved(reference.reference)
        if raw is None:
            break
        try:
            place = decoded(raw, Location)
        except UNREADABLE as wrong:
            raise one.give_up(at, reference.reference, "format", f"{wrong}; not read") from wrong
        if reference.reference and not reference.reference.startswith("#"):
            one.used[reference.reference] = raw
        kinds = {coding.code for coding in place.physical_type.coding} if place.physical_type else set()
        name = place.name or words(place.physical_type) or place.id
        if kinds & _BED:
            bed = bed or name
        elif ward is None and (not kinds or kinds & _WARD):
            ward = name
        if place.part_of is None:
            break
        reference = place.part_of
    if ward is None and bed is None:
        ward = reference.display
    if ward is None and bed is None:
        raise one.give_up(
            at, reference.reference, "missing", "this place is not in the input and has no words; send its Location too"
        )
    return ward, bed
