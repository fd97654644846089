"""CRS grade by NCI CTCAE v5.0 (27 November 2017), term "Cytokine release syndrome", MedDRA 10052015.

Wording read in the full CTCAE v5.0 table. No row asks for a fever beyond the first: low pressure or oxygen count
without one, and the grade then says `attribution_needed` (D41). Nothing waives a fever because nothing requires it.
Decided in docs/decisions.md: D44 the fluids row, D45 what "life-threatening; urgent intervention" is read from.
A vasopressor is any, vasopressin included; the term says nothing of doses.
"""

from __future__ import annotations

from monitoring.grading import crs_remarks, fever, pressure
from monitoring.grading.attribution import DEATH_FROM_CRS
from monitoring.grading.engine import Axis, Criterion, GradingSystem
from monitoring.grading.fever import ATTRIBUTION_NEEDED, FEVER_CELSIUS, TEMPERATURE
from monitoring.grading.oxygen import FIO2, HIGH_FIO2_PERCENT, OXYGEN, SOME_OXYGEN, VENTILATOR
from monitoring.grading.pressure import BLOOD_PRESSURE
from monitoring.grading.vasopressors import AGENTS, ONE, SEVERAL
from monitoring.vocabulary import Syndrome


def _row(grade: int, key: str, wording: str, axis: Axis, cut: float, decision: str = "") -> Criterion:
    return Criterion(grade, key, wording, f"CTCAE v5.0, 10052015, grade {grade}", axis, cut, decision=decision)


_URGENT = "Life-threatening consequences; urgent intervention indicated"

SYSTEM = GradingSystem(
    id="crs-ctcae-5",
    revision=1,
    syndrome=Syndrome.CRS,
    title="CRS, CTCAE v5.0",
    reference="NCI Common Terminology Criteria for Adverse Events v5.0, cytokine release syndrome (10052015)",
    criteria=(
        _row(1, "fever", "Fever with or without constitutional symptoms", TEMPERATURE, FEVER_CELSIUS),
        _row(2, "hypotension", "Hypotension (grade 2 while it responds to fluids)", BLOOD_PRESSURE, 1, "D44"),
        _row(2, "oxygen", "Hypoxia on oxygen (grade 2 while <40% O2)", OXYGEN, SOME_OXYGEN),
        _row(3, "one_vasopressor", "Hypotension managed with one pressor", AGENTS, ONE),
        _row(3, "fio2_40", "Hypoxia requiring ≥ 40% O2", FIO2, HIGH_FIO2_PERCENT),
        _row(4, "several_vasopressors", f"{_URGENT}: more than one pressor", AGENTS, SEVERAL, "D45"),
        _row(4, "ventilator", f"{_URGENT}: invasive ventilation", OXYGEN, VENTILATOR, "D45"),
        _row(5, "death", "Death", DEATH_FROM_CRS, 1, "D23"),
    ),
    also=crs_remarks.AXES,
    remarks=(*crs_remarks.SIGNS, ATTRIBUTION_NEEDED),
    bands=(*fever.BANDS, *pressure.BANDS),
)
