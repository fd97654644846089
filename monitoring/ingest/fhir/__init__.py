"""FHIR R4: resources, Bundles of every type and NDJSON bulk files, one outcome for every resource.

One resource counts as one row read: each entry of a Bundle, each line of NDJSON, each element of a list, or the
resource alone. Its place is `Observation/abc (entry 12)`, `(line 12)` or both.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
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
from monitoring.ingest.fhir.reading import NotRead, One, decoded
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
_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_DEEPEST_BUNDLE = 4
_REMEMBERED = 50_000
_REFERRED_TO = frozenset({"Medication", "Location"})


def read_fhir(stream: BinaryIO, reading: Reading) -> Iterator[RowRead]:
    """One RowRead for each resource of `stream`, in its order. Raises FileRefused at once for what is no FHIR JSON."""
    found = json_texts(stream)
    codes = site_codes(reading.dictionary)
    return _read_all(found, reading, codes)


def _read_all(found: Iterator[Document], reading: Reading, codes: Codes) -> Iterator[RowRead]:
    seen: dict[str, bytes] = {}
    for document in found:
        if document.broken is not None:
            yield _unread(reading, document.place, document.raw, document.broken)
        elif document.raw.lstrip()[:1] == b"[":
            try:
                entries = msgspec.json.decode(document.raw, type=list[msgspec.Raw])
            except UNREADABLE as wrong:
                yield _unread(reading, document.place, document.raw, str(wrong))
                continue
            parsed = [_parsed(Entry(resource=raw), bytes(raw)) for raw in entries]
            yield from _read_entries(parsed, reading, codes, document.place, 0)
        else:
            raw = document.raw.strip()
            entry = _parsed(Entry(resource=msgspec.Raw(raw)), raw)
            yield from _read_one(entry, reading, codes, document.place, seen, 0)


class _Parsed:
    """An entry and what its resource is called; `broken` says why it cannot be read."""

    __slots__ = ("broken", "entry", "head", "raw")

    def __init__(self, entry: Entry, raw: bytes, head: Head, broken: str | None) -> None:
        self.entry, self.raw, self.head, self.broken = entry, raw, head, broken

    def names(self) -> list[str]:
        """Everything a reference may call the resource."""
        head, url = self.head, self.entry.full_url
        return [name for name in (url, f"{head.resource_type}/{head.id}" if head.id else None) if name]


def _parsed(entry: Entry, raw: bytes) -> _Parsed:
    head, broken = Head(), None
    if entry.resource is not msgspec.UNSET:
        try:
            head = decoded(entry.resource, Head)
        except UNREADABLE as wrong:
            broken = str(wrong)
    return _Parsed(entry, raw, head, broken)


def _parsed_entry(raw: bytes) -> _Parsed:
    try:
        return _parsed(decoded(raw, Entry), raw)
    except UNREADABLE as wrong:
        return _Parsed(Entry(), raw, Head(), str(wrong))


def _unread(reading: Reading, place: str, raw: bytes, why: str) -> RowRead:
    one = One(reading, site_codes(reading.dictionary), place, raw, Head(), {})
    one.refuse(None, None, "format", f"{why}; not read. Correct it and send it again")
    return one.done()


def _read_bundle(
    raw: bytes, reading: Reading, codes: Codes, place: str, seen: dict[str, bytes], depth: int
) -> Iterator[RowRead]:
    """The entries of a Bundle; one that is none, or says a key twice, is one quarantined row."""
    try:
        parts = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
        colons = sum(name.count(":") + 1 + bytes(part).count(b":") for name, part in parts.items())
        if colons != raw.count(b":"):
            checked(raw)
        entries = msgspec.json.decode(parts.get("entry", b"[]"), type=list[msgspec.Raw])
    except (*UNREADABLE, NotJson) as wrong:
        yield _unread(reading, place or "Bundle", raw, str(wrong))
        return
    if not entries:
        one = One(reading, codes, place or "Bundle", raw, Head("Bundle"), {}, ignored_kind="Bundle without entries")
        yield one.done()
        return
    yield from _read_entries([_parsed_entry(bytes(entry)) for entry in entries], reading, codes, place, depth, seen)


def _read_entries(
    entries: list[_Parsed],
    reading: Reading,
    codes: Codes,
    place: str,
    depth: int,
    seen: Mapping[str, bytes] | None = None,
) -> Iterator[RowRead]:
    neighbours = dict(seen or {})
    for parsed in entries:
        if parsed.entry.resource is not msgspec.UNSET:
            neighbours.update(dict.fromkeys(parsed.names(), bytes(parsed.entry.resource)))
    for number, parsed in enumerate(entries, start=1):
        where = f"{place}, entry {number}" if place else f"entry {number}"
        yield from _read_one(parsed, reading, codes, where, neighbours, depth)


def _read_one(
    parsed: _Parsed, reading: Reading, codes: Codes, where: str, seen: dict[str, bytes], depth: int
) -> Iterator[RowRead]:
    """The outcome of one resource, or of every entry of a Bundle."""
    head, entry = parsed.head, parsed.entry
    if head.resource_type == "Bundle" and entry.resource is not msgspec.UNSET and depth < _DEEPEST_BUNDLE:
        yield from _read_bundle(bytes(entry.resource), reading, codes, where, seen, depth + 1)
        return
    resource = parsed.raw if entry.resource is msgspec.UNSET else bytes(entry.resource)
    named = "/".join(name for name in (head.resource_type, head.id) if name) or "resource"
    one = One(reading, codes, f"{named} ({where})" if where else named, resource, head, seen, entry.full_url)
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
    yield one.done()
    if head.resource_type in _REFERRED_TO and head.id and len(seen) < _REMEMBERED:
        seen[f"{head.resource_type}/{head.id}"] = resource


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
    if one.head.id is not None and _ID.fullmatch(one.head.id) is None:
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
