"""The value of an observation or component, in the concept's own unit or words, or the reason there is none.

A number is never guessed: a unit that is missing, unknown or contradicts itself, a comparator, or a value nobody would
believe is quarantined (D86).
"""

from __future__ import annotations

from dataclasses import dataclass

from monitoring.concepts import Concept, UnitRefused, folded
from monitoring.ingest.fhir.reading import One
from monitoring.ingest.fhir.resources import CodeableConcept, Quantity, Valued
from monitoring.vocabulary import AbsentReason

UCUM = "http://unitsofmeasure.org"
_TRUTH = ("true", "false")
_FRACTION_UNITS = frozenset({"", "1", "{fraction}", "fraction"})


@dataclass(frozen=True)
class Word:
    """A finding in the words of the dictionary."""

    word: str


Found = float | Word | AbsentReason


def find(one: One, concept: Concept, valued: Valued, at: str) -> Found | None:
    """What was found; None where it was refused."""
    values = valued.values()
    if valued.data_absent_reason is not None:
        if not values:
            return one.codes.absent(valued.data_absent_reason)
        one.refuse(f"{at}dataAbsentReason", None, "format", "says a value and that there is none; quarantined")
    elif len(values) != 1:
        reason = "more than one value" if values else "no value and no reason why; expected dataAbsentReason"
        one.refuse(f"{at}value", ", ".join(values) or None, "missing", f"{reason}. Quarantined, not graded")
    elif concept.kind == "words":
        return _word(one, concept, valued, f"{at}{values[0]}")
    elif valued.value_quantity is not None:
        return _quantity(one, concept, valued.value_quantity, f"{at}valueQuantity")
    elif valued.value_integer is not None and concept.unit.startswith("{"):
        return _believed(one, concept, float(valued.value_integer), None, f"{at}valueInteger")
    else:
        one.refuse(f"{at}{values[0]}", None, "not a number", f"expected valueQuantity for {concept.label}; not read")
    return None


def _quantity(one: One, concept: Concept, said: Quantity, at: str) -> float | None:
    shown = (
        f"{said.comparator or ''}{said.value if said.value is not None else ''} {said.code or said.unit or ''}".strip()
    )
    if said.modifier_extension:
        one.refuse(at, shown, "format", "an extension changes the meaning of the number; quarantined, not graded")
        return None
    if said.value is None:
        one.refuse(at, shown or None, "missing", "no number; quarantined. Send dataAbsentReason where there is none")
        return None
    if said.comparator:
        one.refuse(at, shown, "not a number", "a bound, not a value; quarantined, not graded")
        return None
    try:
        unit = _unit(concept, said)
    except UnitRefused as unknown:
        one.refuse(at, shown, "unit", f"{unknown}; quarantined, not graded. Correct the unit")
        return None
    return _believed(one, concept, said.value, unit, at)


def _unit(concept: Concept, said: Quantity) -> str:
    """The unit's spelling in the dictionary. Raises UnitRefused."""
    code, unit = (said.code or "").strip(), (said.unit or "").strip()
    if code == concept.unit:
        if unit and unit != code and _another(concept, unit):
            raise UnitRefused(f"unit {unit!r} contradicts its code {code!r} for {concept.label}")
        return code
    if concept.id == "fio2" and (code or unit) in _FRACTION_UNITS:
        return ""
    if not code and not unit:
        if concept.unit.startswith("{"):
            return ""
        raise UnitRefused(f"no unit for {concept.label}; expected {concept.unit}")
    if code and (said.system == UCUM or not unit or _known(concept, code)):
        concept.canonical(0.0, code)
        return code
    concept.canonical(0.0, unit)
    return unit


def _known(concept: Concept, unit: str) -> bool:
    try:
        concept.canonical(0.0, unit)
    except UnitRefused:
        return False
    return True


def _another(concept: Concept, unit: str) -> bool:
    """Whether the words for people name another of the concept's units than the canonical code beside them."""
    return _known(concept, unit) and any(concept.canonical(one, unit) != one for one in (1.0, 50.0))


def _believed(one: One, concept: Concept, number: float, unit: str | None, at: str) -> float | None:
    value = concept.canonical(number, unit)
    if concept.id == "fio2" and not unit and number <= 1:
        value = round(number * 100, 9)
    if concept.believable(value) and (concept.id not in {"ice", "capd"} or value == int(value)):
        return value
    low, high = concept.refuse_outside or (0.0, 0.0)
    whole = "a whole number from " if concept.id in {"ice", "capd"} else ""
    one.refuse(
        at,
        f"{number:g} {unit or ''}".strip(),
        "implausible",
        f"expected {whole}{low:g}–{high:g} {concept.unit.replace('[', '').replace(']', '').strip('{}')} for "
        f"{concept.label}; quarantined, not graded. Correct it at its source and send it again",
    )
    return None


def _word(one: One, concept: Concept, valued: Valued, at: str) -> Word | None:
    if valued.value_boolean is not None and concept.values == _TRUTH:
        return Word(str(valued.value_boolean).lower())
    said = valued.value_codeable_concept or CodeableConcept(text=valued.value_string)
    offered = [text for coding in said.coding for text in (coding.code, coding.display) if text]
    offered += [said.text] if said.text else []
    if not concept.values:
        offered = offered[:1]
    found = {word for text in offered if (word := _spelled(one, concept, text)) is not None}
    if len(found) == 1:
        return Word(found.pop())
    why = (
        f"expected one of {', '.join(concept.values)}" if not found else f"means {' and '.join(sorted(found))} at once"
    )
    one.refuse(at, ", ".join(offered) or None, "format", f"{why} for {concept.label}; not read. Correct it")
    return None


def _spelled(one: One, concept: Concept, text: str) -> str | None:
    """One offered word in the spelling of the dictionary."""
    if concept.id == "oxygen_support":
        return one.codes.dictionary.device(text)
    if not concept.values:
        return text[:200]
    return next((word for word in concept.values if folded(word) == folded(text)), None)
