"""The parts of FHIR R4 resources we read (hl7.org/fhir/R4), as typed structures.

msgspec checks the type of every element named here and passes over the others. An element of another type than the
standard's is a msgspec.ValidationError that names its path.
"""

from __future__ import annotations

from operator import attrgetter

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""What decoding raises: no JSON, an element of another type, no UTF-8, or nested too deeply."""


class Element(Struct, rename="camel", gc=False):
    """What every element may carry: an extension that changes its meaning forbids reading it as if it were absent."""

    modifier_extension: list[object] | None = None


class Coding(Element, gc=False):
    """A code of a system."""

    system: str | None = None
    code: str | None = None
    display: str | None = None


class CodeableConcept(Element, gc=False):
    """The same meaning in several codes, or in words."""

    coding: list[Coding] = []
    text: str | None = None


class Identifier(Element, gc=False):
    """A business identifier."""

    value: str | None = None


class Reference(Element, gc=False):
    """A pointer to another resource."""

    reference: str | None = None
    type: str | None = None
    identifier: Identifier | None = None
    display: str | None = None


class Quantity(Element, gc=False):
    """A number with its unit: `code` of `system`, and `unit` for people."""

    value: float | None = None
    comparator: str | None = None
    unit: str | None = None
    system: str | None = None
    code: str | None = None


class Ratio(Element, gc=False):
    """One quantity per another."""

    numerator: Quantity | None = None
    denominator: Quantity | None = None


class Period(Element, gc=False):
    """From `start` to `end`, either of which may be open."""

    start: str | None = None
    end: str | None = None


class Meta(Element, gc=False):
    """When the server last changed the resource."""

    last_updated: str | None = None


class Head(Struct, rename="camel", gc=False):
    """What a resource is called."""

    resource_type: str | None = None
    id: str | None = None


class Resource(Head, gc=False):
    """What every resource may carry."""

    meta: Meta | None = None
    implicit_rules: str | None = None
    modifier_extension: list[object] | None = None
    contained: list[Raw] = []


class Valued(Struct, rename="camel", gc=False):
    """What an observation and its components share: what was looked at, and what was found."""

    code: CodeableConcept
    value_quantity: Quantity | None = None
    value_codeable_concept: CodeableConcept | None = None
    value_string: str | None = None
    value_integer: int | None = None
    value_boolean: bool | None = None
    value_range: Raw | UnsetType = UNSET
    value_ratio: Raw | UnsetType = UNSET
    value_sampled_data: Raw | UnsetType = UNSET
    value_time: Raw | UnsetType = UNSET
    value_date_time: Raw | UnsetType = UNSET
    value_period: Raw | UnsetType = UNSET
    data_absent_reason: CodeableConcept | None = None

    def values(self) -> list[str]:
        """The names of the values that are there; the standard allows at most one."""
        held = _HELD(self)
        return [name for name, one in zip(_NAMES, held, strict=True) if one is not None and one is not UNSET]


class Component(Valued, gc=False):
    """One part of an observation."""

    modifier_extension: list[object] | None = None


class Observation(Valued, gc=False, kw_only=True):
    """Observation, with the elements of Resource."""

    id: str | None = None
    meta: Meta | None = None
    implicit_rules: str | None = None
    modifier_extension: list[object] | None = None
    contained: list[Raw] = []
    status: str
    subject: Reference | None = None
    focus: list[Reference] = []
    effective_date_time: str | None = None
    effective_instant: str | None = None
    effective_period: Period | None = None
    effective_timing: Raw | UnsetType = UNSET
    issued: str | None = None
    performer: list[Reference] = []
    body_site: CodeableConcept | None = None
    method: CodeableConcept | None = None
    device: Reference | None = None
    has_member: list[Reference] = []
    component: list[Component] = []


_FIELDS = tuple(name for name in Valued.__struct_fields__ if name.startswith("value_"))
_NAMES = tuple(
    encoded
    for encoded, name in zip(Valued.__struct_encode_fields__, Valued.__struct_fields__, strict=True)
    if name in _FIELDS
)
_HELD = attrgetter(*_FIELDS)


class Performer(Element, gc=False):
    """Who did it."""

    actor: Reference | None = None


class Dosage(Element, gc=False):
    """How much, how fast and which way."""

    text: str | None = None
    route: CodeableConcept | None = None
    dose: Quantity | None = None
    rate_ratio: Ratio | None = None
    rate_quantity: Quantity | None = None


class MedicationAdministration(Resource, gc=False, kw_only=True):
    """A drug given."""

    status: str
    medication_codeable_concept: CodeableConcept | None = None
    medication_reference: Reference | None = None
    subject: Reference | None = None
    effective_date_time: str | None = None
    effective_period: Period | None = None
    performer: list[Performer] = []
    reason_code: list[CodeableConcept] = []
    request: Reference | None = None
    dosage: Dosage | None = None


class Ingredient(Element, gc=False):
    """One substance of a medication."""

    item_codeable_concept: CodeableConcept | None = None


class Medication(Resource, gc=False, kw_only=True):
    """A medication that others refer to."""

    code: CodeableConcept | None = None
    ingredient: list[Ingredient] = []


class Procedure(Resource, gc=False, kw_only=True):
    """Something done to the patient."""

    status: str
    code: CodeableConcept | None = None
    subject: Reference | None = None
    performed_date_time: str | None = None
    performed_period: Period | None = None
    performer: list[Performer] = []
    reason_code: list[CodeableConcept] = []
    used_code: list[CodeableConcept] = []


class HumanName(Element, gc=False):
    """A person's name."""

    use: str | None = None
    text: str | None = None
    family: str | None = None
    given: list[str] = []


class Patient(Resource, gc=False, kw_only=True):
    """Who the patient is."""

    identifier: list[Identifier] = []
    name: list[HumanName] = []
    gender: str | None = None
    birth_date: str | None = None
    deceased_boolean: bool | None = None
    deceased_date_time: str | None = None


class EncounterLocation(Element, gc=False, kw_only=True):
    """One place of a stay."""

    location: Reference
    status: str | None = None
    physical_type: CodeableConcept | None = None
    period: Period | None = None


class Encounter(Resource, gc=False, kw_only=True):
    """A stay or a visit."""

    status: str
    class_: Coding | None = msgspec.field(name="class", default=None)
    subject: Reference | None = None
    period: Period | None = None
    location: list[EncounterLocation] = []


class Location(Resource, gc=False, kw_only=True):
    """A ward, a room or a bed."""

    name: str | None = None
    physical_type: CodeableConcept | None = None
    part_of: Reference | None = None


class Answer(Element, gc=False):
    """One answer of a questionnaire; `item` are the questions below it."""

    value_integer: int | None = None
    value_decimal: float | None = None
    value_string: str | None = None
    value_coding: Coding | None = None
    value_boolean: bool | None = None
    item: list[Item] = []


class Item(Element, gc=False, kw_only=True):
    """One question and its answers."""

    link_id: str
    text: str | None = None
    answer: list[Answer] = []
    item: list[Item] = []


class QuestionnaireResponse(Resource, gc=False, kw_only=True):
    """A questionnaire filled in."""

    status: str
    questionnaire: str | None = None
    subject: Reference | None = None
    authored: str | None = None
    author: Reference | None = None
    source: Reference | None = None
    item: list[Item] = []


class Request(Element, gc=False):
    """What a transaction, batch or history did with an entry."""

    method: str | None = None
    url: str | None = None


class Response(Element, gc=False):
    """What a server answered; `last_modified` dates an entry of a history."""

    last_modified: str | None = None


class Search(Element, gc=False):
    """Why an entry is in a search result."""

    mode: str | None = None


class Entry(Element, gc=False):
    """One entry of a Bundle."""

    full_url: str | None = None
    resource: Raw | UnsetType = UNSET
    request: Request | None = None
    response: Response | None = None
    search: Search | None = None
