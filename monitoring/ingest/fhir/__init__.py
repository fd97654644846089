"""FHIR R4: resources, Bundles of every type and NDJSON bulk files, one outcome for every resource.

One resource counts as one row read: each entry of a Bundle, each line of NDJSON, each element of a list, or the
resource alone. Its place is `Observation/abc (entry 12)`, `(line 12)` or both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import BinaryIO

import msgspec

from monitoring.ingest.fhir.administration import read_administration
from monitoring.ingest.fhir.codes import Codes, site_codes
from monitoring.ingest.fhir.documents import Document, NotJson, checked, json_texts
from monitoring.ingest.fhir.encounter import read_encounter
from monitoring.ingest.fhir.observation import read_observation
from monitoring.ingest.fhir.outcome import operation_outcome
from monitoring.ingest.fhir.patient import read_patient
from monitoring.ingest.fhir.procedure import read_procedure
from monitoring.ingest.fhir.questionnaire import read_questionnaire_response
from monitoring.ingest.fhir.reading import ID, NotRead, One, decoded
from monitoring.ingest.fhir.repeats import Repeats
from monitoring.ingest.fhir.resources import UNREADABLE, Entry, Head
from monitoring.ingest.rows import Reading
from monitoring.records import RowRead

__all__ = ["operation_outcome", "read_fhir"]

_READERS: Mapping[str, Callable[[One], None]] = {
    "Observation": read_observation,
    "MedicationAdministration": read_administration,
    "QuestionnaireResponse": read_questionnaire_response,
    "Patient": read_patient,
    "Encounter": read_encounter,
    "Procedure": read_procedure,
}
_DEEPEST_BUNDLE = 4
_REMEMBERED = 50_000
_REFERRED_TO = frozenset({"Medication", "Location"})


def read_fhir(stream: BinaryIO, reading: Reading) -> Iterator[RowRead]:
    """One RowRead for each resource of `stream`, in its order. Raises FileRefused at once for what is no FHIR JSON."""
    found = json_texts(stream)
    codes = site_codes(reading.dictionary)
    return _read_all(found, reading, codes)


def _read_all(found: Iterator[Document], reading: Reading, codes: Codes) -> Iterator[RowRead]:
    feed = _Feed(reading, codes, Repeats(reading, codes))
    seen: dict[str, bytes] = {}

    def alone(line: bytes, place: str) -> RowRead:
        return feed.one(_resource(line), place, seen)

    for place, line, broken in found:
        raw = line.strip()
        if broken is not None:
            yield feed.unread(place, line, broken)
        elif raw.startswith(b"["):
            try:
                entries = msgspec.json.decode(raw, type=list[msgspec.Raw])
            except UNREADABLE as wrong:
                yield feed.unread(place, line, str(wrong))
                continue
            yield from feed.entries([bytes(entry) for entry in entries], _resource, place, {}, 0)
        else:
            row = feed.again.row(raw, place, raw, alone) if place else None
            if row is not None:
                yield row
                continue
            parsed = _resource(raw)
            yield from feed.rows(parsed, place, seen, 0)
            head = parsed.head
            if head.resource_type in _REFERRED_TO and head.id and len(seen) < _REMEMBERED:
                seen[f"{head.resource_type}/{head.id}"] = raw


@dataclass(slots=True)
class _Parsed:
    """An entry and what its resource is called; `broken` says why it cannot be read."""

    entry: Entry
    raw: bytes
    head: Head
    broken: str | None = None


def _resource(raw: bytes) -> _Parsed:
    """A resource that stands alone."""
    return _headed(Entry(resource=msgspec.Raw(raw)), raw)


def _bundle_entry(raw: bytes) -> _Parsed:
    """An entry of a Bundle."""
    try:
        return _headed(decoded(raw, Entry), raw)
    except UNREADABLE as wrong:
        return _Parsed(Entry(), raw, Head(), str(wrong))


def _headed(entry: Entry, raw: bytes) -> _Parsed:
    head, broken = Head(), None
    if entry.resource is not msgspec.UNSET:
        try:
            head = decoded(entry.resource, Head)
        except UNREADABLE as wrong:
            broken = str(wrong)
    return _Parsed(entry, raw, head, broken)


class _Neighbours(Mapping[str, bytes]):
    """The resources of a Bundle by every name a reference may use, looked through when one is first asked for."""

    def __init__(
        self, entries: Sequence[bytes], parsed: Callable[[bytes], _Parsed], beyond: Mapping[str, bytes]
    ) -> None:
        self._entries, self._parsed, self._beyond = entries, parsed, beyond

    @cached_property
    def _named(self) -> dict[str, bytes]:
        named = dict(self._beyond)
        for one in map(self._parsed, self._entries):
            if one.entry.resource is not msgspec.UNSET:
                names = one.entry.full_url, f"{one.head.resource_type}/{one.head.id}" if one.head.id else None
                named.update(dict.fromkeys(filter(None, names), bytes(one.entry.resource)))
        return named

    def __getitem__(self, name: str) -> bytes:
        return self._named[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._named)

    def __len__(self) -> int:
        return len(self._named)


@dataclass(frozen=True)
class _Feed:
    """One input being read."""

    reading: Reading
    codes: Codes
    again: Repeats

    def unread(self, place: str, raw: bytes, why: str) -> RowRead:
        """What is no JSON we accept."""
        one = One(self.reading, self.codes, place, raw, Head(), {})
        one.refuse(None, None, "format", f"{why}; not read. Correct it and send it again")
        return one.done()

    def bundle(self, raw: bytes, place: str, beyond: Mapping[str, bytes], depth: int) -> Iterator[RowRead]:
        """The entries of a Bundle; one that is none, or says a key twice, is one quarantined row."""
        try:
            parts = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
            colons = sum(name.count(":") + 1 + bytes(part).count(b":") for name, part in parts.items())
            if colons != raw.count(b":"):
                checked(raw)
            entries = msgspec.json.decode(parts.get("entry", b"[]"), type=list[msgspec.Raw])
        except (*UNREADABLE, NotJson) as wrong:
            yield self.unread(place or "Bundle", raw, str(wrong))
            return
        if not entries:
            one = One(self.reading, self.codes, place or "Bundle", raw, Head("Bundle"), {})
            one.ignored_kind = "Bundle without entries"
            yield one.done()
            return
        yield from self.entries([bytes(entry) for entry in entries], _bundle_entry, place, beyond, depth)

    def entries(
        self,
        entries: list[bytes],
        parsed: Callable[[bytes], _Parsed],
        place: str,
        beyond: Mapping[str, bytes],
        depth: int,
    ) -> Iterator[RowRead]:
        """The outcome of every entry of a Bundle or resource of a list."""
        neighbours = _Neighbours(entries, parsed, beyond)

        def alone(entry: bytes, where: str) -> RowRead:
            return self.one(parsed(entry), where, neighbours)

        prefix = f"{place}, entry " if place else "entry "
        for number, entry in enumerate(entries, start=1):
            where = f"{prefix}{number}"
            resource = self.again.resource(entry) if parsed is _bundle_entry else entry
            row = None
            if resource is not None:
                row = self.again.row(resource, where, entry, alone)
            if row is not None:
                yield row
            else:
                yield from self.rows(parsed(entry), where, neighbours, depth)

    def rows(self, parsed: _Parsed, where: str, neighbours: Mapping[str, bytes], depth: int) -> Iterator[RowRead]:
        """The outcome of one resource, or of every entry of a Bundle."""
        resource = parsed.entry.resource
        if parsed.head.resource_type == "Bundle" and resource is not msgspec.UNSET and depth < _DEEPEST_BUNDLE:
            yield from self.bundle(bytes(resource), where, neighbours, depth + 1)
        else:
            yield self.one(parsed, where, neighbours)

    def one(self, parsed: _Parsed, where: str, neighbours: Mapping[str, bytes]) -> RowRead:
        """The outcome of one resource."""
        head, entry = parsed.head, parsed.entry
        resource = parsed.raw if entry.resource is msgspec.UNSET else bytes(entry.resource)
        named = "/".join(name for name in (head.resource_type, head.id) if name) or "resource"
        place = f"{named} ({where})" if where else named
        one = One(self.reading, self.codes, place, resource, head, neighbours, entry.full_url)
        one.last_modified = entry.response.last_modified if entry.response else None
        try:
            if parsed.broken is not None:
                raise NotJson(parsed.broken)
            checked(parsed.raw)
            _read_resource(one, entry)
        except NotJson as wrong:
            one.refuse(None, None, "format", f"{wrong}; not read. Correct it and send it again")
        except UNREADABLE as wrong:
            one.refuse(None, None, "format", f"{wrong}; not read. Send it as FHIR R4 says")
        except NotRead:
            pass
        return one.done()


def _read_resource(one: One, entry: Entry) -> None:
    """Read what the entry asks to be read. Raises NotRead."""
    method = (entry.request.method if entry.request else None) or ""
    if method == "DELETE":
        _deleted(one, entry)
    elif method in {"GET", "HEAD"}:
        raise one.pass_over(f"Bundle entry {method}")
    elif method == "PATCH":
        raise one.give_up(
            "request.method", method, "format", "a patch is not a whole resource; send the whole resource. Quarantined"
        )
    elif entry.resource is msgspec.UNSET:
        raise one.pass_over("Bundle entry without a resource")
    kind = one.head.resource_type or ""
    if not (kind.isascii() and kind.isalpha() and len(kind) <= 64):
        raise one.give_up("resourceType", kind or None, "format", "names no FHIR resource type; not read. Correct it")
    if one.head.id is not None and ID.fullmatch(one.head.id) is None:
        raise one.give_up(
            "id", one.head.id, "format", "expected 1 to 64 letters, digits, - and . as an id; not read. Correct it"
        )
    reader = _READERS.get(kind)
    if reader is None:
        raise one.pass_over(kind)
    reader(one)


def _deleted(one: One, entry: Entry) -> None:
    """A deletion withdraws what its own Bundle says of the resource; alone it names neither patient nor value (D88)."""
    url = (entry.request.url if entry.request else None) or ""
    target = one.raw if entry.resource is not msgspec.UNSET else one.neighbours.get(url)
    if target is None:
        raise one.give_up(
            "request.url",
            url or None,
            "missing",
            "a deletion names neither patient nor value, and the resource is not in this Bundle; nothing was withdrawn."
            " Send the resource with the status entered-in-error",
        )
    one.raw, one.head, one.deleted = target, decoded(target, Head), True
