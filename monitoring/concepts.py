"""The concept dictionary: names, units, what is believable, and how long a value stays fresh.

All of it is data in `data/reference/`, which a site may edit (freshness: D32, D112); this module reads it, checks it
and answers from it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from monitoring.languages import english
from monitoring.site import CONCEPTS, SiteSettings
from monitoring.vocabulary import DrugClass, OxygenDevice, Severity, Syndrome

REFERENCE = Path(__file__).resolve().parent.parent / "data" / "reference"


NEVER_A_VITAL = ""
"""What a code is mapped to that a site wants passed over."""


class UnitRefused(ValueError):
    """A unit the dictionary does not know for this concept."""


class Scaling(BaseModel):
    """canonical = (value - `minus`) * `times` / `over`; integers keep 100.4 F exactly at the fever cut."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    minus: float = 0.0
    times: float = 1.0
    over: float = 1.0

    def apply(self, value: float) -> float:
        """The value in the canonical unit, rounded to nine decimals so that no float dust moves a cut."""
        return round((value - self.minus) * self.times / self.over, 9)


class Concept(BaseModel):
    """One entry of the dictionary."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    label: str
    kind: Literal["number", "words"] = "number"
    unit: str = ""
    units: Mapping[str, Scaling] = Field(default_factory=dict)
    refuse_outside: tuple[float, float] | None = None
    warn_outside: tuple[float, float] | None = None
    values: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    loinc: tuple[str, ...] = ()
    snomed: tuple[str, ...] = ()
    mdc: tuple[str, ...] = ()
    freshness_hours: float | None = None
    cadence_hours: float | None = None
    verified: bool = True
    source: str = ""

    def canonical(self, value: float, unit: str | None) -> float:
        """`value` in this concept's unit. No unit means the canonical one. Raises UnitRefused."""
        spelling = (unit or "").strip()
        if spelling in {"", self.unit}:
            return float(value)
        by_fold = {known.casefold(): scaling for known, scaling in self.units.items()}
        by_fold[self.unit.casefold()] = Scaling()
        scaling = by_fold.get(spelling.casefold())
        if scaling is None:
            known = ", ".join(dict.fromkeys([self.unit, *self.units]))
            raise UnitRefused(f"unit {spelling!r} is not known for {self.label}; expected one of {known}")
        return scaling.apply(float(value))

    def believable(self, value: float) -> bool:
        """Whether the canonical value may be graded at all."""
        return self.refuse_outside is None or self.refuse_outside[0] <= value <= self.refuse_outside[1]

    def usual(self, value: float) -> bool:
        """False for a value that is kept and graded, and marked for a second look."""
        return self.warn_outside is None or self.warn_outside[0] <= value <= self.warn_outside[1]


class Symptom(BaseModel):
    """One thing a person can report; `items` names the documented line it belongs to, word for word, in each list.

    A report of it grades at least `at_least` once it is there at all. `phone_from` and `emergency_from` are
    the severities at which a family is told to telephone the team, or the emergency number.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    label: str
    items: Mapping[Syndrome, str] = Field(default_factory=dict)
    names: tuple[str, ...] = ()
    at_least: Severity = Severity.NONE
    phone_from: Severity = Severity.MILD
    emergency_from: Severity = Severity.LIFE_THREATENING
    asked_at_home: bool = True
    check: str
    ctcae: str = ""
    snomed: tuple[str, ...] = ()


class Drug(BaseModel):
    """A drug that can move a grade, with the names it is charted under."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    label: str
    drug_class: DrugClass
    names: tuple[str, ...] = ()
    atc: str = ""
    verified: bool = True


class Dictionary(BaseModel):
    """Everything `data/reference` says, with look-ups by any accepted name (case and punctuation do not matter)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    concepts: Mapping[str, Concept]
    symptoms: Mapping[str, Symptom]
    documented_items: Mapping[Syndrome, tuple[str, ...]]
    drugs: Mapping[str, Drug]
    devices: Mapping[str, OxygenDevice]
    concept_names: Mapping[str, str]
    symptom_names: Mapping[str, str]
    drug_names: Mapping[str, str]
    mapped: Mapping[tuple[str, str], str | None] = Field(default_factory=dict)
    """What a site says its own codes mean, by folded (system, code); None: never a vital sign."""

    site: SiteSettings = SiteSettings()
    revision: int = 0
    """Which revision of the site's settings `site` is; 0 where nobody has changed anything."""

    def with_site(self, settings: SiteSettings, revision: int) -> Dictionary:
        """The same dictionary with a site's cadence and freshness, and the rest of its settings at hand."""
        changed = dict(self.concepts)
        for group, names in CONCEPTS.items():
            said = {
                "cadence_hours": settings.cadence_hours.get(group),
                "freshness_hours": settings.freshness_hours.get(group),
            }
            update = {name: hours for name, hours in said.items() if hours is not None}
            changed |= {name: self.concepts[name].model_copy(update=update) for name in names if name in self.concepts}
        return self.model_copy(update={"concepts": changed, "site": settings, "revision": revision})

    def mapping(self, code: str, system: str = "") -> str | None:
        """What a site says a local code means: a concept id, NEVER_A_VITAL, or None where it says nothing."""
        key = _code_key(system, code)
        return (self.mapped[key] or NEVER_A_VITAL) if key in self.mapped else None

    def with_mappings(self, said: Iterable[tuple[str, str, str | None]]) -> Dictionary:
        """The same dictionary with a site's (system, code, concept id or None). No system: the code is also a name."""
        words = tuple(said)
        names = {folded(code): concept for system, code, concept in words if not system and concept}
        mapped = {_code_key(system, code): concept for system, code, concept in words}
        return self.model_copy(update={"mapped": mapped, "concept_names": {**names, **self.concept_names}})

    def concept(self, name: str) -> Concept | None:
        """The concept called or coded `name`, or None."""
        return self.concepts.get(self.concept_names.get(folded(name), ""))

    def drug(self, name: str) -> Drug | None:
        """The drug charted as `name`, or None for a drug of no class."""
        return self.drugs.get(self.drug_names.get(folded(name), ""))

    def drug_class(self, name: str) -> DrugClass:
        """The class of the drug charted as `name`; NONE where the dictionary knows nothing of it."""
        drug = self.drug(name)
        return drug.drug_class if drug else DrugClass.NONE

    def symptom(self, name: str) -> Symptom | None:
        """The symptom or whole documented item reported as `name`, or None."""
        return self.symptoms.get(self.symptom_names.get(folded(name), ""))

    def device(self, name: str) -> OxygenDevice | None:
        """The oxygen device charted as `name`, or None."""
        return self.devices.get(folded(name))


def _code_key(system: str, code: str) -> tuple[str, str]:
    return system.strip().casefold(), code.strip().casefold()


def folded(name: str) -> str:
    """A name without case, punctuation or spacing: `Mg/dL` and `mg dl` fold alike."""
    return "".join(filter(str.isalnum, name.casefold()))


class DictionaryRefused(ValueError):
    """The reference data contradict themselves; the message names the file and both entries."""


def _index(file: str, entries: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    """Every accepted name to the id it stands for. Raises DictionaryRefused where one name means two things."""
    index: dict[str, str] = {}
    for identity, names in entries.items():
        for name in (identity, *names):
            other = index.setdefault(folded(name), identity)
            if other != identity:
                raise DictionaryRefused(f"{file}: {name!r} is listed under both {other!r} and {identity!r}")
    return index


def read_dictionary(folder: Path) -> Dictionary:
    """The dictionary in `folder`.

    Raises OSError, tomllib.TOMLDecodeError, pydantic.ValidationError or DictionaryRefused.
    """

    def table(name: str) -> dict[str, dict[str, object]]:
        return tomllib.loads((folder / name).read_text(encoding="utf-8"))

    concepts = {key: Concept.model_validate({"id": key, **entry}) for key, entry in table("concepts.toml").items()}
    documented = table("symptoms.toml")
    symptoms = {key: Symptom.model_validate({"id": key, **entry}) for key, entry in documented["symptoms"].items()}  # type: ignore[dict-item]
    drugs = {key: Drug.model_validate({"id": key, **entry}) for key, entry in table("drugs.toml").items()}
    devices: dict[str, tuple[str, ...]] = {}
    for key, entry in table("devices.toml").items():
        devices[key] = tuple(entry["names"])  # type: ignore[arg-type]
    return Dictionary(
        concepts=concepts,
        symptoms=symptoms,
        documented_items={Syndrome(key): tuple(items) for key, items in documented["items"].items()},  # type: ignore[arg-type]
        drugs=drugs,
        devices={name: OxygenDevice(key) for name, key in _index("devices.toml", devices).items()},
        concept_names=_index("concepts.toml", {c.id: (*c.names, *c.loinc, *c.mdc) for c in concepts.values()}),
        symptom_names=_index("symptoms.toml", {s.id: s.names for s in symptoms.values()}),
        drug_names=_index("drugs.toml", {d.id: d.names for d in drugs.values()}),
    )


@cache
def dictionary() -> Dictionary:
    """The site's dictionary, read once a process. Raises as `read_dictionary`, and for a symptom without plain name."""
    found = read_dictionary(REFERENCE)
    unnamed = [key for key in found.symptoms if f"symptoms.{key}" not in english().texts]
    if unnamed:
        raise DictionaryRefused(f"symptoms.toml: {unnamed[0]!r} has no name under [symptoms] in wording/en.toml")
    return found
