"""CRS grade by the Penn scale. Porter D et al., J Hematol Oncol 2018;11:35, doi:10.1186/s13045-018-0571-y.

Wording read in PMC7006459 Table 2 and PMC9368621 Table 1; the table of high doses is recalled, not re-read (D42).
A stay in hospital or intravenous antibiotics count only beside a sign of CRS (D49): fever, low pressure, oxygen, a
vasopressor, plasma products or an organ. Fever is one of these signs and not required; nothing is waived (D41).
Any oxygen, high-flow, CPAP and BiPAP included, is grade 3; the ventilator alone is 4. Decided in docs/decisions.md:
D43 organs, D47 doses, D49 hospital, D50 several boluses, D51 plasma products.
"""

from __future__ import annotations

import numpy as np

from monitoring.evidence import Evidence
from monitoring.grading import crs_remarks, fever, pressure
from monitoring.grading.attribution import DEATH_FROM_CRS
from monitoring.grading.engine import Axis, Criterion, GradingSystem
from monitoring.grading.fever import ATTRIBUTION_NEEDED, FEVER_CELSIUS, TEMPERATURE
from monitoring.grading.organs import PENN_ORGANS
from monitoring.grading.oxygen import OXYGEN, SOME_OXYGEN, VENTILATOR
from monitoring.grading.pressure import BLOOD_PRESSURE, of_crs
from monitoring.grading.vasopressor_dose import PENN_HIGH_DOSE, PENN_WEIGHT
from monitoring.grading.vasopressors import AGENTS, ONE
from monitoring.timeline import Steps, Values, combine
from monitoring.vocabulary import Syndrome

MULTIPLE_BOLUSES = 2.0


def _boluses(evidence: Evidence) -> Steps:
    """Fluid boluses given for a pressure that is low now; none where it is not low."""

    def counted(count: tuple[Values, Values], low: tuple[Values, Values]) -> tuple[Values, Values]:
        return np.where(low[0] >= 1, np.maximum(count[0], 0), 0.0), np.where(low[1] >= 1, count[1], 0.0)

    return combine(counted, evidence.number("iv_fluid_bolus_count"), of_crs(evidence))


BOLUSES = Axis("iv_fluid_bolus_count", _boluses, ("iv_fluid_bolus_count",), inputs=("blood_pressure",))
HOSPITAL = Axis("hospitalised", lambda evidence: evidence.truth("hospitalised"), ("hospitalised", "placement"))
ANTIBIOTICS = Axis("iv_antibiotics", lambda evidence: evidence.truth("iv_antibiotics"), ("iv_antibiotics",))
PLASMA = Axis(
    "coagulopathy_treated_with", lambda evidence: evidence.truth("plasma_products"), ("coagulopathy_treated_with",)
)


def _row(grade: int, key: str, wording: str, axis: Axis, cut: float, decision: str = "") -> Criterion:
    return Criterion(grade, key, wording, f"PMC7006459 Table 2, Penn grade {grade}", axis, cut, decision=decision)


SIGNS_OF_CRS = (
    _row(1, "fever", "Fever (grade 1 while supportive care suffices)", TEMPERATURE, FEVER_CELSIUS),
    _row(1, "hypotension", "Hypotension (grade 1 while supportive care suffices)", BLOOD_PRESSURE, 1, "D50"),
    _row(2, "organ_2", "Grade 2 creatinine or grade 3 liver tests", PENN_ORGANS, 2, "D43"),
    _row(3, "organ_3", "Grade 3 creatinine or grade 4 liver tests", PENN_ORGANS, 3, "D43"),
    _row(3, "boluses", "Hypotension treated with multiple fluid boluses", BOLUSES, MULTIPLE_BOLUSES, "D50"),
    _row(3, "vasopressor", "Hypotension on a pressor (grade 3 at a low dose)", AGENTS, ONE),
    _row(3, "plasma", "Coagulopathy requiring plasma products", PLASMA, 1, "D51"),
    _row(3, "oxygen", "Any supplemental oxygen, incl. high-flow, CPAP, BiPAP", OXYGEN, SOME_OXYGEN),
    _row(4, "high_dose", "Hypotension requiring high-dose pressors", PENN_HIGH_DOSE, 1, "D47"),
    _row(4, "ventilator", "Hypoxia requiring mechanical ventilation", OXYGEN, VENTILATOR),
    _row(5, "death", "Death", DEATH_FROM_CRS, 1, "D23"),
)

SYSTEM = GradingSystem(
    id="crs-penn-2018",
    revision=1,
    syndrome=Syndrome.CRS,
    title="CRS, Penn 2018",
    reference="Porter D et al. J Hematol Oncol 2018;11:35, doi:10.1186/s13045-018-0571-y, and its correction",
    gate=tuple((sign,) for sign in SIGNS_OF_CRS),
    criteria=(
        *SIGNS_OF_CRS,
        _row(2, "hospital", "Hospitalisation for CRS", HOSPITAL, 1, "D49"),
        _row(2, "antibiotics", "Intravenous therapy, incl. febrile neutropenia", ANTIBIOTICS, 1, "D49"),
    ),
    also=(*crs_remarks.AXES, PENN_WEIGHT),
    remarks=(*crs_remarks.SIGNS, ATTRIBUTION_NEEDED, crs_remarks.UNVERIFIED),
    bands=(*fever.BANDS, *pressure.BANDS),
)
