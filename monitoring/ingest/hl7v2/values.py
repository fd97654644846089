"""OBX-5 as a value: numbers, words, and the many ways in which a device says that it has none (D74)."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import cache

from monitoring.concepts import Concept, Dictionary, UnitRefused, folded
from monitoring.ingest.hl7v2.codes import tables
from monitoring.ingest.hl7v2.message import Segment

_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)")
_PAIR = re.compile(r"([0-9]{1,3})\s*/\s*([0-9]{1,3})(?:\s*[(\[/]?\s*([0-9]{1,3})\s*[)\]]?)?")
_NUMERIC_TYPES = frozenset({"NM", "SN", "ST", ""})
_WORD_TYPES = frozenset({"", "ST", "TX", "FT", "CE", "CWE", "CNE", "CF", "IS", "ID"})
_WORD_PARTS = (0, 1, 3, 4, 8)
"""Components of a coded value that may hold its word or code: identifier, text, both of the alternative, original."""


class ValueRefused(ValueError):
    """A value that cannot be read; `field` is the number of the OBX field that is wrong."""

    def __init__(self, field: int, rule: str, reason: str) -> None:
        super().__init__(reason)
        self.field = field
        self.rule = rule


@dataclass(frozen=True)
class NoValue:
    """Asked for, and not there. `why` is what the sender put in its place; empty where it put nothing."""

    why: str = ""


def number(obx: Segment, text: str, concept: Concept, *, of_a_pair: bool = False) -> float | NoValue:
    """One repeat of OBX-5, or one number `pair` found in it, in the concept's unit. Raises ValueRefused."""
    found = _plain_number(obx, text, of_a_pair)
    if isinstance(found, NoValue):
        return found
    value = _canonical(obx, found, concept)
    if concept.believable(value):
        return value
    if found in tables().numbers_without_a_value:
        return NoValue(f"sent as {found:.15g}")
    low, high = concept.refuse_outside or (0.0, 0.0)
    unit = concept.unit.replace("[", "").replace("]", "").strip("{}")
    raise ValueRefused(5, "implausible", f"outside {low:g}–{high:g} {unit} for {concept.label}".replace("  ", " "))


def _plain_number(obx: Segment, text: str, of_a_pair: bool) -> float | NoValue:
    kind = obx.component(2).upper()
    if kind not in _NUMERIC_TYPES:
        raise ValueRefused(2, "format", f"a value of type {kind[:10]} where a number was expected (NM, SN or ST)")
    written = _structured(obx, text) if kind == "SN" and not of_a_pair else obx.read(text)
    if not written or written == '""' or folded_word(written) in _no_value_words():
        return _instead(written)
    value = float(written) if _NUMBER.fullmatch(written) else math.nan
    if not math.isfinite(value):
        raise ValueRefused(5, "not a number", "not a number; expected for example 38.4, the unit in OBX-6")
    return value


def _structured(obx: Segment, text: str) -> str:
    """The one number of an SN: comparator, number, separator, number."""
    comparator, first, separator, second = (*obx.components(text), "", "", "", "")[:4]
    if comparator not in {"", "="}:
        raise ValueRefused(5, "not a number", f"a limit ({comparator[:2]} and a number), not a value")
    if separator or second:
        raise ValueRefused(5, "not a number", "a range, ratio or pair where one number was expected")
    return first


def pair(obx: Segment, text: str) -> tuple[str, ...] | NoValue:
    """Systolic, diastolic and, where it is given, mean of `120/80`, `120/80(93)` or the SN `^120^/^80`, as text."""
    if obx.component(2).upper() == "SN":
        comparator, first, separator, second = (*obx.components(text), "", "", "", "")[:4]
        written = f"{comparator}{first}{separator}{second}"
    else:
        written = obx.read(text)
    if not written or folded_word(written) in _no_value_words():
        return _instead(written)
    match = _PAIR.fullmatch(written)
    if match is None:
        raise ValueRefused(5, "not a number", "not two pressures; expected for example 120/80")
    return tuple(part for part in match.groups() if part)


def _canonical(obx: Segment, value: float, concept: Concept) -> float:
    """The number in the concept's unit, from whichever component of OBX-6 the dictionary knows."""
    repeats = obx.repeats(6)
    spellings = [text for text in (obx.components(repeats[0]) if repeats else []) if text]
    if concept.id == "fio2" and value <= 1 and not spellings:
        return round(value * 100, 9)
    if not spellings:
        scaled = {concept.canonical(value, unit) for unit in (concept.unit, *concept.units)}
        if len([one for one in scaled if concept.believable(one)]) > 1:
            raise ValueRefused(
                6, "unit", f"no unit, and {concept.label} is given in more than one; expected {concept.unit}"
            )
        return float(value)
    refused: UnitRefused | None = None
    for spelling in spellings:
        try:
            return concept.canonical(value, tables().units.get(spelling, spelling))
        except UnitRefused as unknown:
            refused = refused or unknown
    raise ValueRefused(6, "unit", str(refused))


def word(obx: Segment, text: str, concept: Concept, dictionary: Dictionary) -> str | NoValue:
    """One repeat of OBX-5 as a word of the concept. Raises ValueRefused."""
    kind = obx.component(2).upper()
    if kind not in _WORD_TYPES:
        raise ValueRefused(2, "format", f"a value of type {kind[:10]} where words were expected (CWE, CE, ST or TX)")
    parts = obx.components(text)
    said = [parts[place] for place in _WORD_PARTS if place < len(parts) and parts[place]]
    if not said or folded_word(said[0]) in _no_value_words():
        return _instead(said[0] if said else "")
    for one in said:
        if concept.id == "oxygen_support":
            device = dictionary.device(one)
            if device is not None:
                return device.value
        elif not concept.values:
            return one
        else:
            found = next((value for value in concept.values if folded(value) == folded(one)), None)
            if found is not None:
                return found
    raise ValueRefused(5, "unknown word", f"not known for {concept.label}; expected one of {', '.join(concept.values)}")


def folded_word(text: str) -> str:
    """A word as the tables of absent values are searched for it."""
    return text.strip().casefold()


def _instead(text: str) -> NoValue:
    return NoValue(f"sent as {text[:40]}" if text.strip('"') else "")


@cache
def _no_value_words() -> frozenset[str]:
    return frozenset(folded_word(entry) for entry in tables().words_without_a_value)
