"""One resource while it is read: where it stands, what surrounds it, its facts, and a refusal for what cannot be read.

The patient is the logical id of the resource that `subject` names, and a record is `Type/id` (D82); when it was
charted is `meta.lastUpdated`, else `issued` (D83).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from functools import lru_cache
from typing import Any, TypeVar

import msgspec

from monitoring.clock import BEGINNING, FutureRefused, TimeRefused, checked, parse_with_offset
from monitoring.ingest.fhir.codes import Codes
from monitoring.ingest.fhir.resources import UNREADABLE, CodeableConcept, Head, Patient, Period, Reference, Resource
from monitoring.ingest.rows import LONGEST_IDENTIFIER, TOO_LONG, Reading
from monitoring.records import Fact, Refusal, RowRead, UnmappedCode
from monitoring.vocabulary import RETRACTED, Status

ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
"""What FHIR allows as the id of a resource."""
_SHOWN = 200
_MONTH_OR_YEAR = re.compile(r"[0-9]{4}(-[0-9]{2})?")
Read = TypeVar("Read", bound=msgspec.Struct)


class NotRead(Exception):
    """The resource was refused or passed over; what became of it is already noted."""


@lru_cache(maxsize=4096)
def _instant(text: str, tz: tzinfo | None) -> tuple[datetime, int | None]:
    return parse_with_offset(text, tz)


@lru_cache(maxsize=64)
def _decoder(kind: type[msgspec.Struct]) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind)


def decoded(raw: bytes | msgspec.Raw, kind: type[Read]) -> Read:
    """`raw` as a structure. Raises any of UNREADABLE."""
    found: Read = _decoder(kind).decode(raw)
    return found


@dataclass
class One:
    """A resource being read. `neighbours` are the other resources of its Bundle by every name a reference may use."""

    reading: Reading
    codes: Codes
    place: str
    raw: bytes
    head: Head
    neighbours: Mapping[str, bytes]
    full_url: str | None = None
    last_modified: str | None = None
    deleted: bool = False
    facts: list[Fact] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    unmapped: list[UnmappedCode] = field(default_factory=list)
    ignored_kind: str | None = None
    used: dict[str, bytes] = field(default_factory=dict)
    recorded_at: datetime | None = None
    offsets: dict[datetime, int | None] = field(default_factory=dict)
    contained: list[msgspec.Raw] = field(default_factory=list)

    @property
    def kind(self) -> str:
        """The resource's type."""
        return self.head.resource_type or "resource"

    @property
    def record_id(self) -> str | None:
        """The source's own identity of the record, where the resource has an id."""
        return f"{self.kind}/{self.head.id}" if self.head.id else None

    def refuse(self, at: str | None, value: object, rule: str, reason: str) -> None:
        """Quarantine the resource for the element `at`; what else is good in it is kept."""
        shown = None if value is None else str(value)[:_SHOWN]
        self.refusals.append(
            Refusal(source=self.reading.source, place=self.place, field=at, value=shown, reason=reason, rule=rule)
        )

    def give_up(self, at: str | None, value: object, rule: str, reason: str) -> NotRead:
        """`refuse`, as an exception that ends the reading of the resource."""
        self.refuse(at, value, rule, reason)
        return NotRead()

    def pass_over(self, kind: str) -> NotRead:
        """Nothing in it is a clinical fact for us; counted under `kind`."""
        self.ignored_kind = kind
        return NotRead()

    def done(self) -> RowRead:
        """The resource as read."""
        if self.facts and not (self.refusals or self.unmapped):
            return RowRead(self.reading.source, self.place, tuple(self.facts))
        kept = bool(self.refusals or self.unmapped)
        nothing = not (self.facts or self.refusals)
        return RowRead(
            source=self.reading.source,
            place=self.place,
            facts=tuple(self.facts),
            refusals=tuple(self.refusals),
            ignored_kind=(self.ignored_kind or f"{self.kind} without a value") if nothing else None,
            unmapped=tuple(self.unmapped),
            raw=self._alone() if kept else None,
        )

    def _alone(self) -> str:
        """The resource as it came, with what it refers to, so that it can be read again without its Bundle."""
        text = self.raw.decode("utf-8", "backslashreplace")
        if not self.used:
            return text
        entries = [f'{{"fullUrl": {json.dumps(url)}, "resource": {one.decode()}}}' for url, one in self.used.items()]
        own = f'"fullUrl": {json.dumps(self.full_url)}, ' if self.full_url else ""
        entries.append(f'{{{own}"resource": {text}}}')
        return f'{{"resourceType": "Bundle", "type": "collection", "entry": [{", ".join(entries)}]}}'

    def structure(self, kind: type[Read]) -> Read:
        """The resource as a structure; the extensions that would change its meaning end the reading."""
        try:
            resource = decoded(self.raw, kind)
        except UNREADABLE as wrong:
            raise self.give_up(None, None, "format", f"{wrong}; not read. Send it as FHIR R4 says") from wrong
        return resource

    def understood(self, resource: Resource) -> None:
        """Refuse what the standard forbids to read as if it were plain: `modifierExtension`, `implicitRules`."""
        if resource.modifier_extension or resource.implicit_rules:
            at = "modifierExtension" if resource.modifier_extension else "implicitRules"
            raise self.give_up(
                at,
                None,
                "format",
                "changes the meaning of the resource in a way not known here; quarantined, not graded",
            )

    def moment(self, text: str | None, at: str) -> datetime | None:
        """An element as a moment; None when it is not there or refused."""
        if text is None:
            return None
        try:
            found, offset = _instant(text, self.reading.tz)
            checked(found, self.reading.received_at, live=self.reading.live)
        except TimeRefused as refused:
            why = "a month or a year, not a moment" if _MONTH_OR_YEAR.fullmatch(text) else str(refused)
            rule = "future" if isinstance(refused, FutureRefused) else "time"
            self.refuse(at, text, rule, f"{why}; quarantined, not graded. Correct it at its source and send it again")
            return None
        self.offsets[found] = offset
        return found

    def span(self, period: Period | None, at: str) -> tuple[datetime | None, datetime | None]:
        """Both ends of a period; an end before its start is refused. Raises NotRead where either is refused."""
        if period is None:
            return None, None
        before = len(self.refusals)
        start, end = self.moment(period.start, f"{at}.start"), self.moment(period.end, f"{at}.end")
        if start is not None and end is not None and end < start:
            self.refuse(f"{at}.end", period.end, "time", "before the start; quarantined, not graded. Correct either")
        if len(self.refusals) > before:
            raise NotRead
        return start, end

    def charted(self, last_updated: str | None, issued: str | None = None) -> None:
        """Note when the record was charted: the version's own time, else when it was issued (D83)."""
        text, at = last_updated or self.last_modified, "meta.lastUpdated"
        if text is None:
            text, at = issued, "issued"
        self.recorded_at = self.moment(text, at)

    def resolved(self, reference: str | None) -> bytes | None:
        """The resource a reference names: contained, or in the same Bundle."""
        if not reference:
            return None
        if reference.startswith("#"):
            return next((bytes(raw) for raw in self.contained if decoded(raw, Head).id == reference[1:]), None)
        found = self.neighbours.get(reference)
        if found is None and "://" in reference:
            found = self.neighbours.get("/".join(reference.split("/_history")[0].rsplit("/", 2)[-2:]))
        return found

    def subject(self, reference: Reference | None, at: str = "subject") -> str:
        """The patient's id. Raises NotRead where it is another kind of subject, cannot be told, or is too long."""
        return self.identity(self._named(reference, at), at)

    def identity(self, patient_id: str, at: str) -> str:
        """The patient's id as it stands at `at`. Raises NotRead where it is too long for one."""
        if len(patient_id) > LONGEST_IDENTIFIER:
            raise self.give_up(at, patient_id, "format", f"{TOO_LONG}; expected the patient's. Quarantined")
        return patient_id

    def _named(self, reference: Reference | None, at: str) -> str:
        name = (reference.reference if reference else None) or ""
        if name.startswith("Patient/") and name.count("/") == 1 and len(name) > len("Patient/"):
            return name.removeprefix("Patient/")
        local = name.split("/_history")[0]
        folder, _, identity = local.rpartition("/")
        if identity and folder.rpartition("/")[2] == "Patient":
            return identity
        if local.startswith(("urn:uuid:", "urn:oid:", "#")):
            return self._patient_named(local, at)
        if local.startswith("Patient?identifier="):
            return local.rpartition("|" if "|" in local else "=")[2] or self._no_patient(name, at)
        other = (reference.type if reference else None) or folder.rpartition("/")[2]
        if other and other != "Patient":
            raise self.pass_over(f"{self.kind} about a {other[:40]}")
        if reference is not None and reference.identifier is not None and reference.identifier.value:
            return reference.identifier.value
        return self._no_patient(name, at)

    def _patient_named(self, name: str, at: str) -> str:
        """The patient behind a `urn:uuid:` of the Bundle, or a contained one."""
        raw = self.resolved(name)
        if raw is None:
            return self._no_patient(name, at) if name.startswith("#") else name.rpartition(":")[2]
        try:
            patient = decoded(raw, Patient)
        except UNREADABLE:
            return self._no_patient(name, at)
        if patient.resource_type != "Patient":
            raise self.pass_over(f"{self.kind} about a {(patient.resource_type or 'thing')[:40]}")
        if name.startswith("#"):
            known = [one.value for one in patient.identifier if one.value]
            return known[0] if known else self._no_patient(name, at)
        identity = patient.id or name.rpartition(":")[2]
        if identity != name.rpartition(":")[2]:
            self.used[name] = json.dumps({"resourceType": "Patient", "id": identity}).encode()
        return identity

    def _no_patient(self, name: str, at: str) -> str:
        raise self.give_up(
            at, name or None, "missing", "names no patient; expected a reference such as Patient/123. Quarantined"
        )

    def said(
        self, patient_id: str, at: datetime, status: Status, author: Reference | None = None, part: str = ""
    ) -> dict[str, Any]:
        """What every fact of the resource carries."""
        by = None if author is None else author.reference or author.display
        record_id = self.record_id
        return {
            "patient_id": patient_id,
            "effective_at": at,
            "recorded_at": self.recorded_at,
            "received_at": self.reading.received_at,
            "source": f"{self.reading.source}:{self.place}",
            "author": by,
            "status": status,
            "record_id": record_id + part if record_id else None,
            "utc_offset_minutes": self.offsets.get(at),
        }

    def withdrawal_time(self, at: datetime | None) -> datetime:
        """When a withdrawal is placed: where its record was, else when it was charted."""
        return at or self.recorded_at or BEGINNING

    def status(self, charted: str, known: Mapping[str, Status]) -> Status:
        """The standing of the record. Raises NotRead for a word the standard does not have."""
        if self.deleted:
            return Status.ENTERED_IN_ERROR
        found = known.get(charted)
        if found is None:
            raise self.give_up(
                "status", charted, "format", f"expected one of {', '.join(known)}; quarantined, not graded. Correct it"
            )
        if found in RETRACTED and self.record_id is None:
            raise self.give_up(
                "status", charted, "missing", "withdraws a record without naming it; send it with its id. Quarantined"
            )
        return found


def words(said: CodeableConcept | None) -> str | None:
    """The words of a concept for people."""
    if said is None:
        return None
    return said.text or next((one.display or one.code for one in said.coding if one.display or one.code), None)
