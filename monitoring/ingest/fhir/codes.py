"""What the codes of a resource mean to us, from `data/reference/fhir.toml` and the site's dictionary.

One value with several codes is one reading. A code of a public system that we do not read is passed over by kind; a
local code is a concept where the site has mapped it, and waits as an unmapped code where it has not.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from monitoring.clock import BEGINNING
from monitoring.concepts import NEVER_A_VITAL, REFERENCE, Concept, Dictionary, folded
from monitoring.fact import STAMPED
from monitoring.ingest.fhir.check_digits import loinc_holds, snomed_holds
from monitoring.ingest.fhir.resources import CodeableConcept, Coding
from monitoring.products import product_named
from monitoring.records import Observation, UnmappedCode
from monitoring.stamp import Stamp
from monitoring.vocabulary import AbsentReason

LOINC, SNOMED, MDC = "http://loinc.org", "http://snomed.info/sct", "urn:iso:std:iso:11073:10101"
_MDC_BY_OID = "urn:oid:2.16.840.1.113883.6.24"
_RXNORM, _ATC = "http://www.nlm.nih.gov/research/umls/rxnorm", "http://www.whocc.no/atc"
_REMEMBERED = 20_000
_SOMEBODY: dict[str, Any] = {
    "patient_id": "somebody",
    "effective_at": BEGINNING,
    "received_at": BEGINNING,
    "source": "",
}
_WORDS = re.compile(r"[^\W_]+")
_NOT_INTO_A_VEIN = frozenset(
    ["ophthalmic", "eye", "nasal", "nose", "topical", "cream", "ointment", "otic", "ear", "inhalation", "inhaled"]
)
_MIXED = frozenset(("with", "dental", "nebulised", "nebulized"))
_ABOUT_GIVING = frozenset(
    ("infusion", "administration", "of", "transfusion", "injection", "intravenous", "iv", "suspension")
)
_LEADING_WORDS = 3


class _Measured(BaseModel):
    """A concept and how it was measured."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    concept: str
    method: str | None = None


class FhirTable(BaseModel):
    """`data/reference/fhir.toml`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    standard_systems: frozenset[str]
    own_systems: frozenset[str]
    read_by_name: frozenset[str]
    panels: Mapping[str, tuple[str, ...]]
    methods: Mapping[str, _Measured]
    snomed: Mapping[str, str]
    mdc: Mapping[str, _Measured | str]
    absent: Mapping[str, AbsentReason]
    rxnorm: Mapping[str, str]
    atc: Mapping[str, str]
    infusion_systems: frozenset[str]
    infusions: Mapping[str, str]
    infusion_names: Mapping[str, str]


def read_table(folder: Path) -> FhirTable:
    """The table in `folder`. Raises OSError, tomllib.TOMLDecodeError or pydantic.ValidationError."""
    return FhirTable.model_validate(tomllib.loads((folder / "fhir.toml").read_text(encoding="utf-8")))


@cache
def site_table() -> FhirTable:
    """The site's table, read once a process."""
    return read_table(REFERENCE)


@dataclass(frozen=True)
class Meaning:
    """What a code says: one of our concepts, a panel of them, something we do not read, or nothing known.

    `label` is the code and its words, for counting by kind. `problem` says why it cannot be read at all.
    """

    concept: Concept | None = None
    method: str | None = None
    panel: tuple[str, ...] | None = None
    unmapped: tuple[UnmappedCode, ...] = ()
    problem: str | None = None
    label: str = "without a code"


class Codes:
    """The codes of one site, looked up by what a resource says; every answer is remembered."""

    def __init__(self, dictionary: Dictionary, table: FhirTable) -> None:
        self.dictionary = dictionary
        self.table = table
        self._known: dict[tuple[str, str], tuple[Concept, str | None]] = {}
        for concept in dictionary.concepts.values():
            self._know(LOINC, concept.loinc, concept.id)
            self._know(SNOMED, concept.snomed, concept.id)
            for system in (MDC, _MDC_BY_OID):
                self._know(system, concept.mdc, concept.id)
            for system in table.own_systems:
                self._know(system, (concept.id,), concept.id)
        for code, measured in table.methods.items():
            self._know(LOINC, (code,), measured.concept, measured.method)
        for code, concept_id in table.snomed.items():
            self._know(SNOMED, (code,), concept_id)
        for code, said in table.mdc.items():
            one = said if isinstance(said, _Measured) else _Measured(concept=said)
            for system in (MDC, _MDC_BY_OID):
                self._know(system, (code,), one.concept, one.method)
        self._loinc_folded = {folded(code): code for c in dictionary.concepts.values() for code in c.loinc}
        self._drug_by_code = {(_RXNORM, code): drug for code, drug in table.rxnorm.items()}
        self._drug_by_code |= {(_ATC, code): drug for code, drug in table.atc.items()}
        self._drug_by_code |= {(_ATC, drug.atc): drug.id for drug in dictionary.drugs.values() if drug.atc}
        self._infusion_names = {folded(name): product for name, product in table.infusion_names.items()}
        self._measured: dict[tuple[str, float, str | None], Stamp[Observation]] = {}
        self._meanings: dict[tuple[object, ...], Meaning] = {}

    def _know(self, system: str, codes: Iterable[str], concept_id: str, method: str | None = None) -> None:
        concept = self.dictionary.concepts[concept_id]
        for code in codes:
            self._known[system, code] = (concept, method)

    def meaning(self, said: CodeableConcept) -> Meaning:
        """What a code of an observation or of one of its components means."""
        key: tuple[object, ...] = (said.text, *((one.system, one.code) for one in said.coding))
        found = self._meanings.get(key)
        if found is None:
            if len(self._meanings) >= _REMEMBERED:
                self._meanings.clear()
            found = self._meanings[key] = self._look_up(said)
        return found

    def _look_up(self, said: CodeableConcept) -> Meaning:
        codings = [one for one in said.coding if one.code]
        found = [known for one in codings if (known := self._coding(one)) is not None]
        if not codings and said.text:
            found = [known for known in (self._named(said.text),) if known is not None]
        names = sorted({concept.label for concept, _ in found})
        shared = [one for one in codings if one.system in self.table.standard_systems]
        label = _label(shared or codings) or (said.text or "")[:80] or "without a code"
        if len(names) > 1:
            return Meaning(problem=f"its codes mean different things to us: {' and '.join(names)}", label=label)
        if found:
            return Meaning(found[0][0], next((method for _, method in found if method), None), label=label)
        panels = [
            self.table.panels[one.code]
            for one in codings
            if one.code and one.system == LOINC and one.code in self.table.panels
        ]
        if panels:
            return Meaning(panel=panels[0], label=label)
        return self._not_ours(said, codings, shared, label)

    def _not_ours(self, said: CodeableConcept, codings: list[Coding], shared: list[Coding], label: str) -> Meaning:
        mistyped = [one.code for one in codings if not _check_digit_holds(one)]
        if mistyped:
            return Meaning(problem=f"{mistyped[0]!r} does not end in its check digit: a mistyped code", label=label)
        if shared or any(self._mapped(one) == NEVER_A_VITAL for one in codings):
            return Meaning(label=label)
        local = [UnmappedCode(code=c.code or "", system=c.system or "", label=c.display or said.text) for c in codings]
        if not local and said.text and self.dictionary.mapping(said.text) != NEVER_A_VITAL:
            local = [UnmappedCode(code=said.text, label=said.text)]
        if not local and not said.text:
            return Meaning(problem="it has no code", label=label)
        return Meaning(unmapped=tuple(local), label=label)

    def _mapped(self, coding: Coding) -> str | None:
        return self.dictionary.mapping(coding.code or "", coding.system or "")

    def _coding(self, coding: Coding) -> tuple[Concept, str | None] | None:
        mapped = self._mapped(coding)
        if mapped is not None:
            concept = self.dictionary.concepts.get(mapped)
            return None if concept is None else (concept, None)
        system, code = coding.system or "", coding.code or ""
        if system in self.table.standard_systems or system in self.table.own_systems:
            return self._known.get((system, code))
        return self._named(code)

    def _named(self, name: str) -> tuple[Concept, str | None] | None:
        """The concept called exactly `name`, for what cannot be mistaken; a bare LOINC number is not a name."""
        mapped = self.dictionary.mapping(name)
        concept = self.dictionary.concepts.get(mapped) if mapped else self.dictionary.concept(name)
        if concept is None or mapped == NEVER_A_VITAL:
            return None
        by_name = concept.id in self.table.read_by_name and folded(name) not in self._loinc_folded
        return (concept, None) if mapped or by_name else None

    def measured(self, concept_id: str, value: float, method: str | None) -> Stamp[Observation]:
        """A value of a concept as validated once, to be stamped with whose it is and when."""
        key = (concept_id, value, method)
        found = self._measured.get(key)
        if found is None:
            if len(self._measured) >= _REMEMBERED:
                self._measured.clear()
            unit = self.dictionary.concepts[concept_id].unit
            once = Observation(**_SOMEBODY, concept=concept_id, value=value, unit=unit, method=method)
            found = self._measured[key] = Stamp(once, STAMPED)
        return found

    def absent(self, said: CodeableConcept) -> AbsentReason:
        """Why a value is not there; a reason we have no word for is `not-taken`."""
        for coding in said.coding:
            if (reason := self.table.absent.get(coding.code or "")) is not None:
                return reason
        return AbsentReason.NOT_TAKEN

    def drug(self, said: CodeableConcept) -> tuple[str | None, str | None]:
        """(drug, problem): the id of a drug we know, else the words it was charted in."""
        codings = [one for one in said.coding if one.code]
        by_code = {self._drug_by_code.get((one.system or "", one.code or "")) for one in codings} - {None}
        texts = [text for text in (said.text, *(one.display for one in said.coding)) if text]
        known = by_code or {self._drug_named(text) for text in texts} - {None}
        if len(known) > 1:
            return None, f"its codes name different drugs: {' and '.join(sorted(map(str, known)))}"
        if known:
            return known.pop(), None
        return (texts[0][:200] if texts else _label(codings)) or None, None

    def _drug_named(self, text: str) -> str | None:
        """The drug a text begins with: a mixture, or a drug for the eye or the nose, is only what it is called."""
        exact = self.dictionary.drug(text)
        if exact is not None:
            return exact.id
        words = [word.casefold() for word in _WORDS.findall(text)]
        if "/ " in text or "+" in text or (_NOT_INTO_A_VEIN | _MIXED).intersection(words):
            return None
        for count in range(min(_LEADING_WORDS, len(words)), 0, -1):
            drug = self.dictionary.drug("".join(words[:count]))
            if drug is not None and drug.id != "unspecified":
                return drug.id
        return None

    def cell_product(self, said: CodeableConcept) -> str | None:
        """The CAR T product a code names; empty where it says CAR T cells and no product, None where neither."""
        for coding in said.coding:
            product = self.table.infusions.get(coding.code or "")
            if coding.system in self.table.infusion_systems and product is not None:
                return product
        texts = [text for text in (said.text, *(one.display for one in said.coding)) if text]
        found = [product for text in texts if (product := self._cells_named(text)) is not None]
        return max(found, key=len, default=None)

    def _cells_named(self, text: str) -> str | None:
        for part in (text, *re.split(r"[()\[\]]", text)):
            words = [word for word in _WORDS.findall(part) if word.casefold() not in _ABOUT_GIVING]
            name = " ".join(words)
            if product_named(name) is not None:
                return name
            if folded(name) in self._infusion_names:
                return self._infusion_names[folded(name)]
        return None


def _label(codings: list[Coding]) -> str:
    return f"{codings[0].code} {codings[0].display or ''}".strip()[:80] if codings else ""


def _check_digit_holds(coding: Coding) -> bool:
    if coding.system == LOINC:
        return loinc_holds(coding.code or "")
    return coding.system != SNOMED or snomed_holds(coding.code or "")


_KEPT: list[Codes] = []


def site_codes(dictionary: Dictionary) -> Codes:
    """The codes for a dictionary; those of the dictionary used last are kept."""
    for kept in _KEPT:
        if kept.dictionary is dictionary:
            return kept
    _KEPT[:] = [Codes(dictionary, site_table())]
    return _KEPT[0]
