"""CRS grade by CARTOX. Neelapu SS et al., Nat Rev Clin Oncol 2018;15:47-62, doi:10.1038/nrclinonc.2017.148.

Wording read in PMC7006459 Table 2; the table of high doses is Lee's, recalled, not re-read (D42).
A temperature of 38 C, low pressure, oxygen or an organ each open the scale: no fever is required, nothing is waived
(D41). Decided in docs/decisions.md: D43 organs, D44 the fluids row, D46 the ventilator is invasive, D47 doses,
D48 what "life-threatening hypotension" is read from.
"""

from __future__ import annotations

from monitoring.grading import crs_remarks, fever, pressure
from monitoring.grading.attribution import DEATH_FROM_CRS
from monitoring.grading.engine import Axis, Criterion, GradingSystem
from monitoring.grading.fever import ATTRIBUTION_NEEDED, FEVER_CELSIUS, TEMPERATURE
from monitoring.grading.organs import ORGANS
from monitoring.grading.oxygen import FIO2, HIGH_FIO2_PERCENT, OXYGEN, SOME_OXYGEN, VENTILATOR
from monitoring.grading.pressure import BLOOD_PRESSURE
from monitoring.grading.refractory import REFRACTORY
from monitoring.grading.vasopressor_dose import LEE_HIGH_DOSE, LEE_WEIGHT
from monitoring.grading.vasopressors import AGENTS, ONE, SEVERAL
from monitoring.vocabulary import Syndrome


def _row(grade: int, key: str, wording: str, axis: Axis, cut: float, decision: str = "") -> Criterion:
    return Criterion(grade, key, wording, f"PMC7006459 Table 2, CARTOX grade {grade}", axis, cut, decision=decision)


SYSTEM = GradingSystem(
    id="crs-cartox-2018",
    revision=1,
    syndrome=Syndrome.CRS,
    title="CRS, CARTOX 2018",
    reference="Neelapu SS et al. Nat Rev Clin Oncol 2018;15:47-62, doi:10.1038/nrclinonc.2017.148",
    criteria=(
        _row(1, "fever", "Temperature ≥38 °C", TEMPERATURE, FEVER_CELSIUS),
        _row(1, "organ_1", "Grade 1 organ toxicity", ORGANS, 1, "D43"),
        _row(2, "hypotension", "Hypotension (grade 2 while it responds to fluids)", BLOOD_PRESSURE, 1, "D44"),
        _row(2, "one_vasopressor", "Hypotension on a pressor (grade 2 at a low dose)", AGENTS, ONE, "D44"),
        _row(2, "oxygen", "Hypoxia on oxygen (grade 2 at FiO2 <40%)", OXYGEN, SOME_OXYGEN),
        _row(2, "organ_2", "Grade 2 organ toxicity", ORGANS, 2, "D43"),
        _row(3, "several_vasopressors", "Hypotension requiring multiple pressors", AGENTS, SEVERAL),
        _row(3, "high_dose", "Hypotension requiring a high-dose pressor", LEE_HIGH_DOSE, 1, "D47"),
        _row(3, "fio2_40", "Hypoxia requiring FiO2 ≥40%", FIO2, HIGH_FIO2_PERCENT),
        _row(3, "organ_3", "Grade 3 organ toxicity, or grade 4 transaminitis", ORGANS, 3, "D43"),
        _row(4, "refractory", "Life-threatening hypotension", REFRACTORY, 1, "D48"),
        _row(4, "ventilator", "Needing ventilator support", OXYGEN, VENTILATOR, "D46"),
        _row(4, "organ_4", "Grade 4 organ toxicity, transaminitis excluded", ORGANS, 4, "D43"),
        _row(5, "death", "Death", DEATH_FROM_CRS, 1, "D23"),
    ),
    also=(*crs_remarks.AXES, LEE_WEIGHT),
    remarks=(*crs_remarks.SIGNS, ATTRIBUTION_NEEDED, crs_remarks.UNVERIFIED),
    bands=(*fever.BANDS, *pressure.BANDS),
)
