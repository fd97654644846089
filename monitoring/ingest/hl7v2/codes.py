"""What an OBX-3 stands for: LOINC and MDC by their code, local codes by the site's tables, and what never is a vital.

The tables are `data/reference/hl7v2.toml`; what a site maps on the Intake page comes with the dictionary (D76).
"""

from __future__ import annotations

import fnmatch
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from monitoring.concepts import NEVER_A_VITAL, REFERENCE, Concept, Dictionary, folded
from monitoring.ingest.hl7v2.message import Segment
from monitoring.records import UnmappedCode

_LOINC = frozenset({"LN", "LOINC"})
_MDC = frozenset({"MDC", "99MDC", "ISO11073", "11073"})
_HEXADECIMAL = re.compile(r"([0-9a-fA-F]{4})-([0-9a-fA-F]{4})")
_PARTITION = 65536
_MOST_KEPT, _LONGEST_KEPT = 4096, 400
"""Answers kept, and the letters of an OBX-3 worth keeping; memory stays flat whatever is sent."""


class Named(BaseModel):
    """What one code of a table stands for, and how it was measured."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    concept: str
    method: str | None = None


class Never(BaseModel):
    """Patterns of codes and names that are no vital sign."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    patterns: tuple[str, ...]


class Tables(BaseModel):
    """`hl7v2.toml`, whose comments say what each entry means."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    charset_when_none_is_declared: str
    patient_identifier_types: frozenset[str]
    read_by_name: frozenset[str]
    pressure_pairs: frozenset[str]
    numbers_without_a_value: frozenset[float]
    words_without_a_value: frozenset[str]
    flags_without_a_value: frozenset[str]
    flags_to_say: frozenset[str]
    units: Mapping[str, str]
    mdc: Mapping[str, str]
    codes: Mapping[str, Mapping[str, Named]]
    never: Never

    @cached_property
    def _never(self) -> re.Pattern[str]:
        return re.compile("|".join(fnmatch.translate(pattern) for pattern in self.never.patterns))

    @cached_property
    def _pairs(self) -> frozenset[str]:
        return frozenset(folded(name) for name in self.pressure_pairs)

    def never_a_vital(self, text: str) -> bool:
        """Whether a code or name is on the list of things that only look like a vital sign."""
        return self._never.match(re.sub(r"[^A-Z0-9]+", "_", text[:200].upper()).strip("_")) is not None

    def holds_a_pair(self, text: str) -> bool:
        """Whether one value under this code holds a systolic and a diastolic pressure."""
        return bool(text) and folded(text) in self._pairs


@cache
def tables(folder: Path = REFERENCE) -> Tables:
    """The site's tables, read once a process. Raises OSError, TOMLDecodeError or pydantic.ValidationError."""
    return Tables.model_validate(tomllib.loads((folder / "hl7v2.toml").read_text(encoding="utf-8")))


@dataclass(frozen=True)
class Meaning:
    """What an OBX-3 stands for. Neither a concept nor a pair: nothing we read; `unmapped` where a site may map it."""

    concept: Concept | None = None
    pair: bool = False
    method: str | None = None
    unmapped: UnmappedCode | None = None
    disputed: tuple[str, str] | None = None


def meaning(identifier: Segment, dictionary: Dictionary) -> Meaning:
    """What the OBX-3 of an OBX stands for. Its two triplets may name one thing in two systems, not two things."""
    repeats = identifier.repeats(3)
    parts = (*(identifier.components(repeats[0]) if repeats else ()), *[""] * 6)[:6]
    return _meanings(dictionary)[parts]


class _Meanings(dict[tuple[str, ...], Meaning]):
    """What was found for the triplets of an OBX-3 before, by one dictionary: a sender's codes are few."""

    def __init__(self, dictionary: Dictionary) -> None:
        super().__init__()
        self.dictionary = dictionary

    def __missing__(self, parts: tuple[str, ...]) -> Meaning:
        found = _found(parts, self.dictionary)
        if sum(map(len, parts)) <= _LONGEST_KEPT:
            if len(self) >= _MOST_KEPT:
                self.clear()
            self[parts] = found
        return found


_latest: list[_Meanings] = []


def _meanings(dictionary: Dictionary) -> _Meanings:
    """The answers by this dictionary; another one, after a mapping or a setting changed, begins anew."""
    kept = next((kept for kept in _latest if kept.dictionary is dictionary), None)
    if kept is None:
        kept = _Meanings(dictionary)
        _latest[:] = [kept]
    return kept


def _found(parts: tuple[str, ...], dictionary: Dictionary) -> Meaning:
    table = tables()
    triplets = [parts[:3], parts[3:]]
    names = [text for code, name, _ in triplets for text in (code, name) if text]
    if not names or any(
        table.never_a_vital(table.mdc.get(_number(text), text)) or table.never_a_vital(text) for text in names
    ):
        return Meaning()
    found: list[tuple[Concept, str | None]] = []
    for code, name, system in triplets:
        said = dictionary.mapping(code or name, system) if code or name else None
        if said == NEVER_A_VITAL:
            return Meaning()
        concept = dictionary.concepts.get(said) if said else None
        one = (concept, None) if concept else _by_system(code, name, system, dictionary)
        if one is not None and one[0].id != "symptom_report":
            found.append(one)
    if not found:
        if any(table.holds_a_pair(table.mdc.get(_number(text), text)) for text in names):
            return Meaning(pair=True, method=_pair_method(names))
        code, name, system = next(triplet for triplet in triplets if triplet[0] or triplet[1])
        return Meaning(unmapped=UnmappedCode(code=(code or name)[:200], system=system[:200], label=name[:200] or None))
    if len({concept.id for concept, _ in found}) > 1:
        return Meaning(disputed=(found[0][0].label, found[1][0].label))
    return Meaning(found[0][0], method=next((method for _, method in found if method), None))


def _by_system(code: str, name: str, system: str, dictionary: Dictionary) -> tuple[Concept, str | None] | None:
    table = tables()
    same = "LN" if system.upper() in _LOINC else "MDC" if system.upper() in _MDC | {"MDIL"} else system
    for text in (table.mdc.get(_number(code), code), name):
        row = table.codes.get(same, {}).get(text)
        concept = dictionary.concepts.get(row.concept) if row else None
        if row and concept:
            return concept, row.method
        concept = dictionary.concept(text) if text else None
        if concept and _fits(concept, text, system.upper()):
            return concept, None
    return None


def _fits(concept: Concept, text: str, system: str) -> bool:
    """Whether `text`, which the dictionary finds, is a code of that system, or a name read in a local one."""
    if system in _LOINC:
        return text in concept.loinc
    if system in _MDC:
        return text.upper() in concept.mdc
    if text in concept.loinc or text.upper() in concept.mdc:
        return True
    named = folded(text) in {folded(name) for name in (concept.id, concept.label, *concept.names)}
    return named and concept.id in tables().read_by_name


def _number(text: str) -> str:
    """A code written as partition and code in hexadecimal, as the one number it stands for."""
    match = _HEXADECIMAL.fullmatch(text)
    return str(int(match[1], 16) * _PARTITION + int(match[2], 16)) if match else text


def _pair_method(names: list[str]) -> str | None:
    words = " ".join(names).upper()
    if "_ART" in words:
        return "arterial"
    return "cuff" if "NONINV" in words or "NIBP" in words or "NBP" in words else None
