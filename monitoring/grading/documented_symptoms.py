"""The two documented symptom lists, graded by the worst severity inside each list.

Not a published scale: the grade a home report can give. It stands in its own column and never moves the published
grade (D31). Loss of consciousness and seizures are at least severe (D30); an item nobody reported is unknown
(D29). Evidence for an item is a report of it, or the vital sign that measures it, with severities from the CTCAE
v5 texts (decision D14): fever 38.0-39.0 = 1, >39.0-40.0 = 2, >40.0 = 3; saturation below 88 % at rest = 3, below
the ward's 92 % = 1; heart or breathing rate above the band of the age = 1 (PALS cards 2015); systolic pressure
below the limit of the age = 2. An item nobody reported is unknown, whatever its vital sign says.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from monitoring.concepts import Dictionary, Symptom
from monitoring.evidence import Evidence
from monitoring.grading import pressure
from monitoring.grading.engine import TOLERANCE, Axis, Bands, Criterion, GradingSystem
from monitoring.timeline import NO, Steps, Values, combine
from monitoring.vocabulary import Severity, Syndrome

FEVER_CUTS = ((38.0, 1.0), (39.0, 2.0), (40.0, 3.0))
SPO2_SEVERE, SPO2_WATCH = 88.0, 92.0
HEART_RATE_BANDS = (
    # age in years at least | awake heart rate above this is fast, /min | PALS row
    (0.0, 205.0, "neonate"),
    (29 / 365.25, 180.0, "infant"),
    (1.0, 140.0, "toddler"),
    (3.0, 120.0, "preschool"),
    (6.0, 118.0, "school"),
    (12.0, 100.0, "adolescent, adult"),
)
BREATHING_BANDS = (
    (0.0, 53.0, "infant"),
    (1.0, 37.0, "toddler"),
    (3.0, 28.0, "preschool"),
    (6.0, 25.0, "school"),
    (12.0, 20.0, "adolescent, adult"),
)
TITLES = {Syndrome.CRS: "CRS list, documented symptoms", Syndrome.ICANS: "ICANS list, documented symptoms"}
_WORDS = {1: "mild", 2: "moderate", 3: "severe", 4: "life-threatening"}

Pair = tuple[Values, Values]
Band = tuple[tuple[float, float, str], ...]


def _just_above(cuts: tuple[float, ...]) -> tuple[float, ...]:
    """The cuts of a rule that says "above", for bands in which a value on a cut is above it."""
    return tuple(float(np.nextafter(cut, np.inf)) for cut in sorted(set(cuts)))


BANDS = (
    Bands(
        "temperature",
        cuts=(FEVER_CUTS[0][0] - TOLERANCE, *_just_above(tuple(cut + TOLERANCE for cut, _ in FEVER_CUTS[1:]))),
    ),
    Bands("spo2", cuts=(SPO2_SEVERE, SPO2_WATCH)),
    Bands("heart_rate", cuts=_just_above(tuple(top for _, top, _ in HEART_RATE_BANDS))),
    Bands("respiratory_rate", cuts=_just_above(tuple(top for _, top, _ in BREATHING_BANDS))),
    *pressure.BANDS,
)


def _certain(severity: Callable[..., Values], *parts: Steps) -> Steps:
    """What measurements prove, as a lower bound; nothing measured proves nothing."""

    def bounds(*pairs: Pair) -> Pair:
        proven = severity(*pairs)
        return proven, proven

    return combine(bounds, *parts)


def _fever(temperature: Pair) -> Values:
    lowest = temperature[0]
    first = np.where(lowest >= FEVER_CUTS[0][0] - TOLERANCE, FEVER_CUTS[0][1], 0.0)
    severity: Values = first
    for cut, grade in FEVER_CUTS[1:]:
        severity = np.maximum(severity, np.where(lowest > cut + TOLERANCE, grade, 0.0))
    return severity


def _saturation(spo2: Pair) -> Values:
    highest = spo2[1]
    return np.where(highest < SPO2_SEVERE, 3.0, np.where(highest < SPO2_WATCH, 1.0, 0.0))


def _above(bands: Band) -> Callable[[Pair, Pair], Values]:
    ages = np.array([row[0] for row in bands])
    tops = np.array([row[1] for row in bands])

    def above(rate: Pair, age: Pair) -> Values:
        youngest = tops[np.maximum(np.searchsorted(ages, np.maximum(age[0], 0), side="right") - 1, 0)]
        return np.where(rate[0] > youngest, 1.0, 0.0)

    return above


def _low_pressure(low: Pair) -> Values:
    return np.where(low[0] >= 1, 2.0, 0.0)


def fast_heartbeat(evidence: Evidence) -> Steps:
    """1 where the heart rate is above the awake band of the age."""
    return _certain(_above(HEART_RATE_BANDS), evidence.number("heart_rate"), evidence.number("age"))


def measured(item: str, evidence: Evidence) -> Steps:
    """The severity that vital signs prove for a documented item of the CRS list."""
    age = evidence.number("age")
    readings: Mapping[str, Callable[[], list[Steps]]] = {
        "chills and fever": lambda: [_certain(_fever, evidence.number("temperature"))],
        "breathing problems": lambda: [
            _certain(_saturation, evidence.number("spo2")),
            _certain(_above(BREATHING_BANDS), evidence.number("respiratory_rate"), age),
        ],
        "fast heartbeat and low blood pressure": lambda: [
            fast_heartbeat(evidence),
            _certain(_low_pressure, pressure.hypotension(evidence)),
        ],
    }
    parts = readings.get(item, lambda: [NO])()
    return combine(lambda *pairs: (np.max([p[0] for p in pairs], axis=0),) * 2, *parts)


MEASURED_BY = {
    "chills and fever": ("temperature",),
    "breathing problems": ("spo2", "respiratory_rate"),
    "fast heartbeat and low blood pressure": ("heart_rate", "sbp"),
}


def _reported(symptom: Symptom, evidence: Evidence) -> Steps:
    """A report's severity, not below what the symptom means at least; unknown spans all severities."""
    steps = evidence.number(f"symptom:{symptom.id}")

    def severity(report: Pair) -> Pair:
        floor = float(symptom.at_least)
        lo = np.where(report[0] >= 1, np.maximum(report[0], floor), 0.0)
        hi = np.where(
            np.isinf(report[1]),
            float(Severity.LIFE_THREATENING),
            np.where(report[1] >= 1, np.maximum(report[1], floor), 0.0),
        )
        return lo, hi

    return combine(severity, steps)


def _item_axis(item: str, syndrome: Syndrome, members: tuple[Symptom, ...]) -> Axis:
    whole = [symptom for symptom in members if symptom.label == item]
    parts = [symptom for symptom in members if symptom.label != item]

    def read(evidence: Evidence) -> Steps:
        def worst(*pairs: Pair) -> Pair:
            """The worst part; the item is known when it was reported as a whole or in all its parts."""
            measured_pair, reports = pairs[0], pairs[1:]
            lo = np.max([pair[0] for pair in (measured_pair, *reports)], axis=0)
            top = float(Severity.LIFE_THREATENING)
            known = [pair[0] == pair[1] for pair in reports]
            whole_known = known[0] if whole else np.zeros(lo.size, bool)
            parts_known = np.min(known[len(whole) :], axis=0) if parts else np.zeros(lo.size, bool)
            return lo, np.where(whole_known | parts_known, lo, top)

        reports = [_reported(symptom, evidence) for symptom in (*whole, *parts)]
        proven = measured(item, evidence) if syndrome is Syndrome.CRS else NO
        return combine(worst, proven, *reports)

    concepts = tuple(f"symptom:{symptom.id}" for symptom in (*whole, *parts))
    return Axis(item, read, concepts + (MEASURED_BY.get(item, ()) if syndrome is Syndrome.CRS else ()))


def system(syndrome: Syndrome, dictionary: Dictionary) -> GradingSystem:
    """The documented list of a syndrome as a grading system: four rows an item, the worst row decides."""
    criteria = []
    for item in dictionary.documented_items[syndrome]:
        members = tuple(s for s in dictionary.symptoms.values() if s.items.get(syndrome) == item)
        axis = _item_axis(item, syndrome, members)
        criteria += [
            Criterion(
                grade,
                f"{item}: {word}",
                f"{item}, {word}",
                f"documented {syndrome.upper()} list",
                axis,
                grade,
                decision="D14",
            )
            for grade, word in _WORDS.items()
        ]
    return GradingSystem(
        id=f"{syndrome}-documented-symptoms",
        revision=1,
        syndrome=syndrome,
        title=TITLES[syndrome],
        reference="Documented symptom lists of the source documents; severities after NCI CTCAE v5.0",
        criteria=tuple(criteria),
        published=False,
        bands=BANDS if syndrome is Syndrome.CRS else (),
    )
