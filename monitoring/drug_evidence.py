"""Which vasopressors run at a moment, at what dose, for how long, and the rows of the drug chart that say so."""

from __future__ import annotations

from dataclasses import replace

from monitoring.administrations import Run, doses
from monitoring.course import Course
from monitoring.grading.vasopressor_dose import PER_MIN, micrograms
from monitoring.records import Administration, Observation
from monitoring.timeline import moment
from monitoring.vocabulary import DrugClass
from monitoring.wording import (
    Evidenced,
    drug_label,
    drugs_running,
    duration,
    last_charted,
    number_text,
    resting_on,
)

PRESSORS = frozenset({DrugClass.VASOPRESSOR, DrugClass.VASOPRESSIN})
_SECOND = 1_000_000


def vasopressors(course: Course, at: int) -> Evidenced:
    """Every vasopressor that runs; what the drug chart says where none does."""
    running = drugs_running(course, at, PRESSORS)
    if running:
        return resting_on(running[0][1], ", ".join(label for label, _ in running))
    if course.drug_chart_covers:
        return Evidenced("none on the drug chart")
    return Evidenced("at home: none") if course.at_home(at) else Evidenced("no drug chart")


def doses_running(course: Course, at: int) -> Evidenced:
    """Every vasopressor with its present dose and for how long; per minute too where the weight is known."""
    found: list[tuple[int, Administration, str]] = []
    weight = _weight(course, at)
    for run in course.drug_runs:
        if run.drug_class in PRESSORS and run.start <= at < run.end:
            start, _, fact = next(piece for piece in doses(run) if piece[0] <= at < piece[1])
            lasted = duration((at - start) / _SECOND)
            found.append((start, fact, f"{drug_label(course, run.drug, fact)}{_per_minute(fact, weight)} for {lasted}"))
    if not found:
        return vasopressors(course, at)
    newest = max(found, key=lambda piece: piece[0])
    return replace(resting_on(newest[1], ", ".join(text for *_, text in found)), at=moment(newest[0]))


def _weight(course: Course, at: int) -> float | None:
    fact = last_charted(course, "weight", at)
    patient = course.patient()
    return fact.value if isinstance(fact, Observation) else patient.weight_kg if patient else None


def _per_minute(fact: Administration, weight_kg: float | None) -> str:
    """What a dose per kilogram is at the patient's weight, and what is missing to know it."""
    if fact.dose is None:
        return ", dose not charted"
    read = micrograms(fact.dose, fact.unit)
    if read is None:
        return ", unit not read" if fact.unit else ", unit not charted"
    value, unit = read
    if unit == PER_MIN:
        return ""
    if weight_kg is None:
        return ", weight not charted"
    return f" ({number_text(value * weight_kg)} µg/min at {weight_kg:g} kg)"


def hours_running(course: Course, at: int) -> Evidenced:
    """For how long at least one vasopressor has run without a break, and the row that began it."""
    first: Run | None = None
    until = 0
    for run in course.drug_runs:
        if run.drug_class in PRESSORS and not run.single_dose and run.start <= at:
            if first is None or run.start > until:
                first = run
            until = max(until, run.end)
    if first is None or until <= at:
        return vasopressors(course, at)
    names = ", ".join(label for label, _ in drugs_running(course, at, PRESSORS))
    lasted = duration((at - first.start) / _SECOND)
    return replace(resting_on(first.facts[0], f"{names}; running for {lasted}"), at=moment(first.start))
