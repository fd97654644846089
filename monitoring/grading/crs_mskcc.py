"""CRS grade as used at MSKCC. Park JH et al., N Engl J Med 2018;378:449-459, doi:10.1056/NEJMoa1709919.

Wording read in PMC7006459 Table 2. The first row is "observation or supportive care only": fever, or low pressure
without a vasopressor (D44). No fever is required for the other rows and nothing is waived (D41). What a high dose is
the table does not say: Lee's is taken, recalled, not re-read (D42, D47). D46 the ventilator is invasive, D48 what
"refractory" is read from. Hours are those of a vasopressor running without a break.
"""

from __future__ import annotations

from monitoring.grading import crs_remarks, fever, pressure
from monitoring.grading.attribution import DEATH_FROM_CRS
from monitoring.grading.engine import Axis, Criterion, GradingSystem
from monitoring.grading.fever import ATTRIBUTION_NEEDED, FEVER_CELSIUS, TEMPERATURE
from monitoring.grading.oxygen import FIO2, HIGH_FIO2_PERCENT, OXYGEN, SOME_OXYGEN, VENTILATOR
from monitoring.grading.pressure import BLOOD_PRESSURE
from monitoring.grading.refractory import REFRACTORY
from monitoring.grading.vasopressor_dose import LEE_HIGH_DOSE, LEE_WEIGHT
from monitoring.grading.vasopressors import AGENTS, FOR_A_DAY, ONE
from monitoring.vocabulary import Syndrome


def _row(grade: int, key: str, wording: str, axis: Axis, cut: float, decision: str = "") -> Criterion:
    return Criterion(grade, key, wording, f"PMC7006459 Table 2, MSKCC grade {grade}", axis, cut, decision=decision)


SYSTEM = GradingSystem(
    id="crs-mskcc",
    revision=1,
    syndrome=Syndrome.CRS,
    title="CRS, MSKCC",
    reference="Park JH et al. N Engl J Med 2018;378:449-459, doi:10.1056/NEJMoa1709919",
    criteria=(
        _row(1, "fever", "Fever (grade 1 while observation or supportive care suffices)", TEMPERATURE, FEVER_CELSIUS),
        _row(1, "hypotension", "Hypotension (grade 1 while supportive care suffices)", BLOOD_PRESSURE, 1, "D44"),
        _row(2, "vasopressor", "Hypotension on any pressor (grade 2 for <24 h)", AGENTS, ONE),
        _row(2, "oxygen", "Hypoxia on oxygen (grade 2 at <40%)", OXYGEN, SOME_OXYGEN),
        _row(3, "vasopressor_24_h", "Hypotension requiring any pressor ≥24 h", FOR_A_DAY, 1),
        _row(3, "fio2_40", "Hypoxia requiring O2 ≥40%", FIO2, HIGH_FIO2_PERCENT),
        _row(4, "refractory", "Hypotension refractory to high-dose pressors", REFRACTORY, 1, "D48"),
        _row(4, "ventilator", "Hypoxia requiring mechanical ventilation", OXYGEN, VENTILATOR, "D46"),
        _row(5, "death", "Death", DEATH_FROM_CRS, 1, "D23"),
    ),
    also=(*crs_remarks.AXES, LEE_HIGH_DOSE, LEE_WEIGHT),
    remarks=(*crs_remarks.SIGNS, ATTRIBUTION_NEEDED, crs_remarks.UNVERIFIED),
    bands=(*fever.BANDS, *pressure.BANDS),
)
