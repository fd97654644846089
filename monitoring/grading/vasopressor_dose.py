"""High-dose vasopressors: the two published tables, the units they are charted in, and what cannot be told.

clinical.md d.4, recalled from Lee 2014 (doi:10.1182/blood-2014-05-552729) and Porter 2018
(doi:10.1186/s13045-018-0571-y) and not re-read: every scale that uses them carries `unverified_rule` (D42).
A dose is high only when it has been given for three hours. A dose, unit, weight or duration nobody charted leaves
the answer unknown. Norepinephrine equivalents by VASST, ug/min: norepinephrine + dopamine (ug/kg/min) / 2 +
epinephrine + phenylephrine / 10.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from math import inf

from monitoring.evidence import Evidence, RunningVasopressor, VasopressorState
from monitoring.grading.duration import sustained
from monitoring.grading.engine import TOLERANCE, Axis
from monitoring.grading.vasopressors import unless_other_cause
from monitoring.timeline import Steps, hours

HIGH_DOSE_HOURS = 3.0
PER_MIN, PER_KG_MIN = "ug/min", "ug/kg/min"
VASOPRESSIN = "vasopressin"

VASST = (
    # drug | unit it enters in | parts of norepinephrine, ug/min
    ("norepinephrine", PER_MIN, 1.0),
    ("dopamine", PER_KG_MIN, 0.5),
    ("epinephrine", PER_MIN, 1.0),
    ("phenylephrine", PER_MIN, 0.1),
)
_ENTERS = {drug: (unit, parts) for drug, unit, parts in VASST}
_MASS = {"ug": 1.0, "mcg": 1.0, "microgram": 1.0, "micrograms": 1.0, "mg": 1000.0, "ng": 0.001}
_TIME = {"min": 1.0, "minute": 1.0, "h": 60.0, "hr": 60.0, "hour": 60.0}

Range = tuple[float, float]
UNKNOWN_RATE: Range = (0.0, inf)


@dataclass(frozen=True)
class HighDose:
    """One published table: (unit, cut) for each drug alone, beside vasopressin, and for drugs combined."""

    alone: Mapping[str, tuple[str, float]]
    with_vasopressin: tuple[str, float]
    combined: tuple[str, float]


LEE = HighDose(
    alone={
        "norepinephrine": (PER_MIN, 20.0),
        "dopamine": (PER_KG_MIN, 10.0),
        "phenylephrine": (PER_MIN, 200.0),
        "epinephrine": (PER_MIN, 10.0),
    },
    with_vasopressin=(PER_MIN, 10.0),
    combined=(PER_MIN, 20.0),
)
PENN = HighDose(
    alone={
        "norepinephrine": (PER_KG_MIN, 0.2),
        "dopamine": (PER_KG_MIN, 10.0),
        "phenylephrine": (PER_MIN, 200.0),
        "epinephrine": (PER_KG_MIN, 0.1),
    },
    with_vasopressin=(PER_KG_MIN, 0.1),
    combined=(PER_MIN, 20.0),
)


def micrograms(dose: float | None, unit: str | None) -> tuple[float, str] | None:
    """A dose in ug/min or ug/kg/min, whichever its unit says; None where dose or unit cannot be read."""
    if dose is None or unit is None:
        return None
    parts = "".join(unit.casefold().split()).replace("\u00b5", "u").replace("\u03bc", "u").split("/")
    mass, rest = _MASS.get(parts[0]), sorted(parts[1:], key=lambda part: part != "kg")
    if mass is None or not rest or rest[-1] not in _TIME or rest[:-1] not in ([], ["kg"]):
        return None
    return dose * mass / _TIME[rest[-1]], PER_KG_MIN if len(rest) == 2 else PER_MIN


def rate(drug: RunningVasopressor, weight_kg: float | None, wanted: str) -> Range:
    """The drug's dose in the unit wanted; unknown where dose, unit, or a weight that is needed is not charted."""
    read = micrograms(drug.dose, drug.unit)
    if read is None or (read[1] != wanted and weight_kg is None):
        return UNKNOWN_RATE
    value, unit = read
    if unit != wanted and weight_kg is not None:
        value = value * weight_kg if wanted == PER_MIN else value / weight_kg
    return value, value


def norepinephrine_equivalent(drugs: Iterable[RunningVasopressor], weight_kg: float | None, wanted: str) -> Range:
    """The VASST sum of the drugs, per minute or per kg and minute; a drug that is not in the formula is unknown."""
    low = high = 0.0
    for drug in drugs:
        part = _equivalent(drug, weight_kg, wanted)
        low, high = low + part[0], high + part[1]
    return low, high


def _equivalent(drug: RunningVasopressor, weight_kg: float | None, wanted: str) -> Range:
    if drug.drug not in _ENTERS:
        return UNKNOWN_RATE
    enters, parts = _ENTERS[drug.drug]
    if enters == PER_MIN:
        low, high = rate(drug, weight_kg, wanted)
        return low * parts, high * parts
    low, high = rate(drug, weight_kg, enters)
    if wanted == PER_MIN:
        return low * parts, high * parts
    return UNKNOWN_RATE if weight_kg is None else (low * parts / weight_kg, high * parts / weight_kg)


def is_high(state: VasopressorState, table: HighDose, *, timed: bool) -> tuple[float, float]:
    """Whether the state is a high dose: (certainly, possibly). `timed` = each drug says its own hours."""
    long = tuple(drug for drug in state.running if not timed or (drug.hours or 0) >= HIGH_DOSE_HOURS)
    maybe = tuple(drug for drug in state.running if not timed or drug.hours is None or drug.hours >= HIGH_DOSE_HOURS)
    certainly = _rows(long, state.weight_kg, table, certain=True)
    possibly = _rows(maybe, state.weight_kg, table, certain=False)
    return (
        float(any(low >= cut - TOLERANCE for (low, _), cut in certainly)),
        float(any(high >= cut - TOLERANCE for (_, high), cut in possibly)),
    )


def _rows(
    running: tuple[RunningVasopressor, ...], weight_kg: float | None, table: HighDose, *, certain: bool
) -> list[tuple[Range, float]]:
    """Every row of the table that applies: the dose it looks at and its cut."""
    others = tuple(drug for drug in running if drug.drug != VASOPRESSIN)
    names = {drug.drug for drug in others}
    found: list[tuple[Range, float]] = []
    for name in names:
        same = [drug for drug in others if drug.drug == name]
        if name in table.alone:
            unit, cut = table.alone[name]
            rates = [rate(drug, weight_kg, unit) for drug in same]
            found.append(((sum(low for low, _ in rates), sum(high for _, high in rates)), cut))
        elif not certain:
            found.append((UNKNOWN_RATE, 0.0))
    if len(names) > 1:
        unit, cut = table.combined
        found.append((norepinephrine_equivalent(others, weight_kg, unit), cut))
    if others and len(others) < len(running):
        unit, cut = table.with_vasopressin
        found.append((norepinephrine_equivalent(others, weight_kg, unit), cut))
    return found


def high_dose(evidence: Evidence, table: HighDose) -> Steps:
    """1 where a vasopressor has been given at a high dose of the table for three hours."""
    timed = not evidence.over_time

    def reading(state: object | None) -> tuple[float, float]:
        return is_high(state, table, timed=timed) if isinstance(state, VasopressorState) else (0.0, 1.0)

    now = evidence.label("vasopressor_doses").map(reading)
    return unless_other_cause(evidence, now if timed else sustained(now, hours(HIGH_DOSE_HOURS)))


def _weight_is_missing(evidence: Evidence, table: HighDose) -> Steps:
    """[0, 1] where the doses are charted and any weight would tell whether they are high, else 0 (D113)."""
    timed = not evidence.over_time

    def reading(state: object | None) -> tuple[float, float]:
        if not isinstance(state, VasopressorState) or state.weight_kg is not None:
            return 0.0, 0.0
        low, high = is_high(state, table, timed=timed)
        weighed_low, weighed_high = is_high(replace(state, weight_kg=_ANY_WEIGHT_KG), table, timed=timed)
        return 0.0, float(low != high and weighed_low == weighed_high)

    return evidence.label("vasopressor_doses").map(reading)


_ANY_WEIGHT_KG = 70.0
_CONCEPTS, _INPUTS = ("vasopressors", "weight"), ("vasopressors", "weight")
LEE_HIGH_DOSE = Axis("vasopressor_dose", lambda evidence: high_dose(evidence, LEE), _CONCEPTS, _INPUTS)
LEE_WEIGHT = Axis("weight", lambda evidence: _weight_is_missing(evidence, LEE), ("weight",))
PENN_HIGH_DOSE = Axis("vasopressor_dose", lambda evidence: high_dose(evidence, PENN), _CONCEPTS, _INPUTS)
PENN_WEIGHT = Axis("weight", lambda evidence: _weight_is_missing(evidence, PENN), ("weight",))
