"""QuestionnaireResponse: the documented symptoms as somebody reported them, by `data/reference/questionnaire.json`.

The link id of an item is the id of the symptom. An item without an answer was not asked; it is never "none".
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from typing import Any

from monitoring.concepts import REFERENCE, folded
from monitoring.ingest.fhir.reading import NotRead, One
from monitoring.ingest.fhir.resources import Answer, Item, QuestionnaireResponse, Reference
from monitoring.records import SymptomReport
from monitoring.vocabulary import RETRACTED, Reporter, Severity, Status

_STATUSES = {
    "in-progress": Status.PRELIMINARY,
    "stopped": Status.PRELIMINARY,
    "completed": Status.FINAL,
    "amended": Status.AMENDED,
    "entered-in-error": Status.ENTERED_IN_ERROR,
}
_REPORTERS = {
    "Patient": Reporter.PATIENT,
    "RelatedPerson": Reporter.CAREGIVER,
    "Practitioner": Reporter.OTHER,
    "PractitionerRole": Reporter.OTHER,
}
_SEVERITIES = {folded(severity.name): severity for severity in Severity} | {str(int(s)): s for s in Severity}
_REPORTER_ITEM, _NOTE_ITEM = "reporter", "note"


@cache
def our_questionnaire() -> str:
    """The canonical address of the questionnaire we ship."""
    shipped = json.loads((REFERENCE / "questionnaire.json").read_text(encoding="utf-8"))
    return str(shipped["url"])


def read_questionnaire_response(one: One) -> None:
    """The symptom reports of a response to our questionnaire. Raises NotRead."""
    resource = one.structure(QuestionnaireResponse)
    asked = (resource.questionnaire or "").split("|")[0]
    if asked and asked != our_questionnaire():
        raise one.pass_over("QuestionnaireResponse to another questionnaire")
    symptoms = one.codes.dictionary.symptoms
    items = list(_items(resource.item))
    if not asked and not any(item.link_id in symptoms for item in items):
        raise one.pass_over("QuestionnaireResponse to another questionnaire")
    one.understood(resource)
    one.charted(resource.meta.last_updated if resource.meta else None)
    status = one.status(resource.status, _STATUSES)
    patient_id = one.subject(resource.subject)
    if status in RETRACTED:
        _withdraw(one, patient_id, status)
        return
    at = one.moment(resource.authored, "authored")
    if at is None:
        if resource.authored is None:
            one.refuse("authored", None, "missing", "no time; expected when the answers were given. Quarantined")
        raise NotRead
    _reports(one, resource, items, patient_id, at, status)


def _items(items: list[Item]) -> Iterator[Item]:
    """Every question, those inside groups and answers included."""
    for item in items:
        yield item
        yield from _items(item.item)
        for answer in item.answer:
            yield from _items(answer.item)


def _withdraw(one: One, patient_id: str, status: Status) -> None:
    for symptom in one.codes.dictionary.symptoms:
        said = one.said(patient_id, one.withdrawal_time(None), status, part=f"/{symptom}")
        one.facts.append(SymptomReport(**said, reporter=Reporter.OTHER, symptom=symptom, severity=Severity.NONE))


def _reports(
    one: One, resource: QuestionnaireResponse, items: list[Item], patient_id: str, at: datetime, status: Status
) -> None:
    answered = {item.link_id: item for item in items if item.answer}
    reporter = _reporter(one, resource, answered.pop(_REPORTER_ITEM, None))
    note = _note(answered.pop(_NOTE_ITEM, None))
    for link_id, item in answered.items():
        if link_id not in one.codes.dictionary.symptoms:
            one.refuse(f"item[{link_id[:60]}]", None, "unknown code", "not an item of the questionnaire; not read")
            continue
        severity = _severity(one, item)
        if severity is not None and reporter is not None:
            said = one.said(patient_id, at, status, resource.source or resource.author, part=f"/{link_id}")
            one.facts.append(SymptomReport(**said, reporter=reporter, symptom=link_id, severity=severity, note=note))


def _reporter(one: One, resource: QuestionnaireResponse, item: Item | None) -> Reporter | None:
    """Who said it: the answer to the item `reporter`, else the kind of person in `source`, else in `author`."""
    if item is not None:
        said = _text(item.answer[0])
        if said in list(Reporter):
            return Reporter(said)
        one.refuse("item[reporter]", said, "format", f"expected one of {', '.join(Reporter)}; nothing was read")
        return None
    found = next((kind for who in (resource.source, resource.author) if who and (kind := _kind(who))), None)
    if found is None:
        one.refuse("source", None, "missing", "does not say who answered; expected source. Quarantined")
    return found


def _kind(who: Reference) -> Reporter | None:
    name = who.type or (who.reference or "").split("/_history")[0].rpartition("/")[0].rpartition("/")[2]
    return _REPORTERS.get(name)


def _note(item: Item | None) -> str | None:
    return _text(item.answer[0]) if item is not None else None


def _text(answer: Answer) -> str | None:
    coded = answer.value_coding.code or answer.value_coding.display if answer.value_coding else None
    said: Any = coded or answer.value_string
    for number in (answer.value_integer, answer.value_decimal):
        if said is None and number is not None:
            said = f"{number:g}"
    return None if said is None else str(said)


def _severity(one: One, item: Item) -> Severity | None:
    said = [_text(answer) for answer in item.answer]
    found = {_SEVERITIES.get(folded(text)) if text else None for text in said}
    severity = found.pop() if len(found) == 1 else None
    if severity is None:
        one.refuse(
            f"item[{item.link_id}]",
            ", ".join(text or "" for text in said),
            "format",
            "expected one of none, mild, moderate, severe, life-threatening or 0 to 4; not read. Correct the answer",
        )
    return severity
