"""CRS grade by Lee DW et al., Blood 2014;124:188-195, doi:10.1182/blood-2014-05-552729.

Wording read in PMC7006459 Table 2 and PMC9368621 Table 1; the table of high doses is recalled, not re-read (D42).
One public copy prints grade 3 as "O2 <40%" (clinical.md e); it is 40 % and more.
Fever belongs to the first row only: the other rows count without it (D41). Decided in docs/decisions.md: D43 organs,
D44 the fluids row, D46 the ventilator is invasive, D47 doses.
"""

from __future__ import annotations

from monitoring.grading import crs_remarks, fever, pressure
from monitoring.grading.attribution import DEATH_FROM_CRS
from monitoring.grading.engine import Axis, Criterion, GradingSystem
from monitoring.grading.fever import ATTRIBUTION_NEEDED, FEVER_CELSIUS, TEMPERATURE
from monitoring.grading.organs import ORGANS
from monitoring.grading.oxygen import FIO2, HIGH_FIO2_PERCENT, OXYGEN, SOME_OXYGEN, VENTILATOR
from monitoring.grading.pressure import BLOOD_PRESSURE
from monitoring.grading.vasopressor_dose import LEE_HIGH_DOSE, LEE_WEIGHT
from monitoring.grading.vasopressors import AGENTS, ONE, SEVERAL
from monitoring.vocabulary import Syndrome


def _row(grade: int, key: str, wording: str, axis: Axis, cut: float, decision: str = "") -> Criterion:
    return Criterion(grade, key, wording, f"PMC7006459 Table 2, Lee grade {grade}", axis, cut, decision=decision)


SYSTEM = GradingSystem(
    id="crs-lee-2014",
    revision=1,
    syndrome=Syndrome.CRS,
    title="CRS, Lee 2014",
    reference="Lee DW et al. Blood 2014;124:188-195, doi:10.1182/blood-2014-05-552729",
    criteria=(
        _row(1, "fever", "Fever, constitutional symptoms", TEMPERATURE, FEVER_CELSIUS),
        _row(2, "hypotension", "Hypotension (grade 2 while it responds to fluids)", BLOOD_PRESSURE, 1, "D44"),
        _row(2, "one_vasopressor", "Hypotension on a pressor (grade 2 at a low dose of one)", AGENTS, ONE, "D44"),
        _row(2, "oxygen", "Oxygen requirement (grade 2 at FiO2 <40%)", OXYGEN, SOME_OXYGEN),
        _row(2, "organ_2", "Grade 2 organ toxicity", ORGANS, 2, "D43"),
        _row(3, "several_vasopressors", "Hypotension requiring multiple pressors", AGENTS, SEVERAL),
        _row(3, "high_dose", "Hypotension requiring a high-dose pressor", LEE_HIGH_DOSE, 1, "D47"),
        _row(3, "fio2_40", "Oxygen requirement, FiO2 ≥40%", FIO2, HIGH_FIO2_PERCENT),
        _row(3, "organ_3", "Grade 3 organ toxicity, or grade 4 transaminitis", ORGANS, 3, "D43"),
        _row(4, "ventilator", "Requirement for ventilator support", OXYGEN, VENTILATOR, "D46"),
        _row(4, "organ_4", "Grade 4 organ toxicity, transaminitis excluded", ORGANS, 4, "D43"),
        _row(5, "death", "Death", DEATH_FROM_CRS, 1, "D23"),
    ),
    also=(*crs_remarks.AXES, LEE_WEIGHT),
    remarks=(*crs_remarks.SIGNS, ATTRIBUTION_NEEDED, crs_remarks.UNVERIFIED),
    bands=(*fever.BANDS, *pressure.BANDS),
)
