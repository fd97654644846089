"""Observation: a value, the values of its components and contained members, or the reason there is none.

What is not ours is passed over before anything else is asked of it. A panel whose values are in its members counts as
itself. Statuses: D84; a time that is a period: D85.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec

from monitoring.ingest.fhir.codes import Meaning
from monitoring.ingest.fhir.reading import NotRead, One, decoded, words
from monitoring.ingest.fhir.resources import UNREADABLE, Head, Observation, Valued
from monitoring.ingest.fhir.values import Found, Word, find
from monitoring.records import Fact, NeuroAssessment, OxygenSupport
from monitoring.records import Observation as Observed
from monitoring.vocabulary import RETRACTED, AbsentReason, NeuroTool, OxygenDevice, Status

STATUSES = {
    "final": Status.FINAL,
    "amended": Status.AMENDED,
    "corrected": Status.CORRECTED,
    "preliminary": Status.PRELIMINARY,
    "registered": Status.PRELIMINARY,
    "unknown": Status.PRELIMINARY,
    "entered-in-error": Status.ENTERED_IN_ERROR,
    "cancelled": Status.CANCELLED,
}
_LONGEST = timedelta(hours=1)
_DOMAINS = frozenset({"consciousness", "seizure", "motor", "icp"})
_TOOLS = {"ice": NeuroTool.ICE, "capd": NeuroTool.CAPD}
_ROOM_AIR_PERCENT = 21.0


@dataclass(frozen=True)
class _Part:
    """One of our concepts in the resource, and the element it stands in."""

    meaning: Meaning
    valued: Valued
    at: str
    when: datetime | None = None


def read_observation(one: One) -> None:
    """The facts of an Observation. Raises NotRead."""
    resource = one.structure(Observation)
    one.contained = resource.contained
    parts, others = _parts(one, resource)
    meaning = others[0].meaning if others and others[0].valued is resource else parts[0].meaning
    if not parts and not (meaning.panel and (one.deleted or STATUSES.get(resource.status) in RETRACTED)):
        _nothing_ours(one, resource, others)
    _plain(one, resource, [*parts, *others])
    one.charted(resource.meta.last_updated if resource.meta else None, resource.issued)
    status = one.status(resource.status, STATUSES)
    patient_id = one.subject(resource.subject)
    author = resource.performer[0] if resource.performer else None
    if status in RETRACTED:
        before = len(one.refusals)
        try:
            when = one.withdrawal_time(_effective(one, resource))
        except NotRead:
            when = one.withdrawal_time(None)
        del one.refusals[before:]
        _withdraw(one, one.said(patient_id, when, status, author), meaning, parts)
        return
    if resource.status == "registered" and not any(part.valued.values() for part in parts):
        raise one.pass_over("Observation registered, no result yet")
    at = _effective(one, resource)
    one.unmapped += [code for part in others if part.valued.values() for code in part.meaning.unmapped]
    _add_values(one, resource, one.said(patient_id, at, status, author), parts)


def _parts(one: One, resource: Observation) -> tuple[list[_Part], list[_Part]]:
    """The elements that hold one of our concepts, and the others; the resource itself comes first in its list."""
    ours: list[_Part] = []
    others: list[_Part] = []
    main = _Part(one.codes.meaning(resource.code), resource, "")
    (ours if main.meaning.concept else others).append(main)
    for number, component in enumerate(resource.component):
        part = _Part(one.codes.meaning(component.code), component, f"component[{number}].")
        (ours if part.meaning.concept else others).append(part)
    for member in resource.has_member:
        raw = one.resolved(member.reference) if (member.reference or "").startswith("#") else None
        if raw is None or decoded(raw, Head).resource_type != "Observation":
            continue
        try:
            inside = decoded(raw, Observation)
        except UNREADABLE as wrong:
            one.refuse(member.reference, None, "format", f"{wrong}; not read. Send it as FHIR R4 says")
            continue
        if STATUSES.get(inside.status, Status.CANCELLED) in RETRACTED:
            continue
        own = _effective(one, inside) if _has_time(inside) else None
        part = _Part(one.codes.meaning(inside.code), inside, f"{member.reference}.", own)
        (ours if part.meaning.concept else others).append(part)
    return ours, others


def _nothing_ours(one: One, resource: Observation, others: list[_Part]) -> None:
    """Say what a resource is that holds nothing of ours: a panel, a code to map, a mistyped code, another subject."""
    main = others[0].meaning
    if main.problem is not None:
        one.subject(resource.subject)
        raise one.give_up(
            "code", main.label, "unknown code", f"{main.problem}. Quarantined, not graded. Correct the code"
        )
    kind = f"Observation {main.label}"
    if main.panel is not None or (resource.has_member and not resource.values()):
        raise one.pass_over(f"{kind} (its values are in its members)")
    holds_value = bool(resource.values()) or not resource.component
    named = others if main.unmapped else others[:1]
    valued = [part for part in named if part.valued is not resource or holds_value]
    one.unmapped += list(dict.fromkeys(code for part in valued for code in part.meaning.unmapped))
    raise one.pass_over(f"{kind} (local code)" if one.unmapped else kind)


def _plain(one: One, resource: Observation, parts: list[_Part]) -> None:
    """Refuse what changes the meaning of the resource, and a reading of something other than the patient."""
    modified = resource.modifier_extension or any(getattr(part.valued, "modifier_extension", None) for part in parts)
    if modified or resource.implicit_rules:
        raise one.give_up(
            "modifierExtension" if modified else "implicitRules",
            None,
            "format",
            "changes the meaning of the resource in a way not known here; quarantined, not graded",
        )
    if resource.focus:
        raise one.give_up(
            "focus", resource.focus[0].reference, "format", "is about something else than the patient; quarantined"
        )
    for part in parts:
        if part.meaning.problem is not None and part.valued is not resource:
            one.refuse(f"{part.at}code", part.meaning.label, "unknown code", f"{part.meaning.problem}. Not graded")


def _has_time(resource: Observation) -> bool:
    return bool(
        resource.effective_date_time
        or resource.effective_instant
        or resource.effective_period
        or resource.effective_timing is not msgspec.UNSET
    )


def _effective(one: One, resource: Observation) -> datetime:
    """When the values were true. Raises NotRead."""
    if resource.effective_date_time is not None:
        at = one.moment(resource.effective_date_time, "effectiveDateTime")
    elif resource.effective_instant is not None:
        at = one.moment(resource.effective_instant, "effectiveInstant")
    elif resource.effective_period is not None:
        start, end = one.span(resource.effective_period, "effectivePeriod")
        if start is not None and end is not None and end - start > _LONGEST:
            raise one.give_up(
                "effectivePeriod",
                f"{resource.effective_period.start} to {resource.effective_period.end}",
                "time",
                "a value over more than an hour is no reading at a moment; quarantined, not graded",
            )
        at = end or start
        if at is None:
            one.refuse("effectivePeriod", None, "missing", "has neither start nor end; quarantined, not graded")
    else:
        timing = resource.effective_timing is not msgspec.UNSET
        one.refuse(
            "effectiveTiming" if timing else "effectiveDateTime",
            None,
            "time" if timing else "missing",
            "a schedule, not a moment; quarantined" if timing else "no time; expected effectiveDateTime. Quarantined",
        )
        at = None
    if at is None:
        raise NotRead
    return at


def _withdraw(one: One, said: dict[str, Any], meaning: Meaning, parts: list[_Part]) -> None:
    """Withdraw everything the record may have said: what it still names, or what its panel holds."""
    named = [part.meaning.concept.id for part in parts if part.meaning.concept]
    for concept_id in dict.fromkeys([*named, *(meaning.panel or ())]):
        _add(one, said, concept_id, None, None)
    if "spo2" in named and len(parts) == 1:
        _add(one, said, "o2_flow", None, None)
        _add(one, said, "fio2", None, None)
        one.facts.append(OxygenSupport(**said))


def _add_values(one: One, resource: Observation, said: dict[str, Any], parts: list[_Part]) -> None:
    measured = _method(resource)
    found: dict[str, tuple[_Part, Found]] = {}
    for part in parts:
        concept = part.meaning.concept
        if concept is None:
            continue
        value = find(one, concept, part.valued, part.at)
        earlier = found.get(concept.id)
        if value is None:
            if concept.id == "oxygen_support":
                return
            continue
        if earlier is not None and earlier[1] != value:
            one.refuse(
                f"{part.at}code", concept.label, "implausible", "two different values in one record; both quarantined"
            )
            found.pop(concept.id)
            continue
        found[concept.id] = (part, value)
    _without_contradictions(one, found)
    device = found.pop("oxygen_support", None)
    if device is not None and isinstance(device[1], Word):
        one.facts.append(_oxygen(said, OxygenDevice(device[1].word), found))
    elif device is not None:
        one.facts.append(OxygenSupport(**said))
    for concept_id, (part, value) in found.items():
        method = ", ".join(filter(None, (part.meaning.method, measured))) or None
        own = said if part.when is None else {**said, "effective_at": part.when}
        _add(one, own, concept_id, value, method)


def _method(resource: Observation) -> str | None:
    if resource.method is None and resource.body_site is None and resource.device is None:
        return None
    device = resource.device.display if resource.device else None
    return ", ".join(filter(None, (words(resource.method), words(resource.body_site), device))) or None


def _oxygen(said: dict[str, Any], device: OxygenDevice, found: dict[str, tuple[_Part, Found]]) -> OxygenSupport:
    flow, fio2 = (found.pop(name, (None, None))[1] for name in ("o2_flow", "fio2"))
    return OxygenSupport(
        **said,
        device=device,
        flow_l_min=flow if isinstance(flow, float) else None,
        fio2=fio2 if isinstance(fio2, float) else None,
    )


def _number(found: dict[str, tuple[_Part, Found]], name: str) -> float | None:
    value = found[name][1] if name in found else None
    return value if isinstance(value, float) else None


def _without_contradictions(one: One, found: dict[str, tuple[_Part, Found]]) -> None:
    """A diastolic not below the systolic, or oxygen given on room air (D59): neither value is believed."""
    upper, lower = _number(found, "sbp"), _number(found, "dbp")
    if upper is not None and lower is not None and lower >= upper:
        for name, value in (("sbp", upper), ("dbp", lower)):
            one.refuse(
                f"{found.pop(name)[0].at}valueQuantity",
                f"{value:g}",
                "implausible",
                "diastolic not below systolic; both quarantined, not graded. Correct them and send them again",
            )
    device = found["oxygen_support"][1] if "oxygen_support" in found else None
    given = (_number(found, "o2_flow") or 0) > 0 or (_number(found, "fio2") or 0) > _ROOM_AIR_PERCENT
    if isinstance(device, Word) and device.word == OxygenDevice.ROOM_AIR and given:
        for name in ("oxygen_support", "o2_flow", "fio2"):
            found.pop(name, None)
        one.refuse(
            "code", "room air", "implausible", "oxygen on room air contradicts itself; neither was read. Correct either"
        )


def _add(one: One, said: dict[str, Any], concept_id: str, value: Found | None, method: str | None) -> None:
    """One fact. Without a value it is a withdrawal, or says that the value was asked for and is not there."""
    fact: Fact
    if concept_id in _DOMAINS:
        finding = {concept_id: value.word} if isinstance(value, Word) else {"absent": _absent(concept_id, value)}
        fact = NeuroAssessment(**{**said, **finding})
    elif concept_id in _TOOLS:
        total = int(value) if isinstance(value, float) else None
        fact = NeuroAssessment(**said, tool=_TOOLS[concept_id], total=total, absent=_absent(concept_id, value))
    elif concept_id == "oxygen_support":
        fact = OxygenSupport(**said)
    elif isinstance(value, float):
        fact = one.codes.measured(concept_id, value, method).copy(said)
    elif isinstance(value, Word):
        fact = Observed(**said, concept=concept_id, code=value.word, method=method)
    else:
        fact = Observed(**said, concept=concept_id, absent_reason=value, method=method)
    one.facts.append(fact)


def _absent(concept_id: str, value: Found | None) -> dict[str, AbsentReason] | None:
    return {concept_id: value} if isinstance(value, AbsentReason) else None
