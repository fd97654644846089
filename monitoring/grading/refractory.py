"""Low pressure that a high-dose vasopressor does not lift (D48): both hold at the same moment."""

from __future__ import annotations

import numpy as np

from monitoring.evidence import Evidence
from monitoring.grading.engine import Axis
from monitoring.grading.pressure import of_crs
from monitoring.grading.vasopressor_dose import LEE, high_dose
from monitoring.timeline import Steps, combine


def refractory(evidence: Evidence) -> Steps:
    """1 where the pressure is low although a high dose of Lee's table has been running for three hours."""
    return combine(
        lambda low, dose: (np.minimum(low[0], dose[0]), np.minimum(low[1], dose[1])),
        of_crs(evidence),
        high_dose(evidence, LEE),
    )


REFRACTORY = Axis(
    "refractory_hypotension",
    refractory,
    ("sbp", "map", "hypotension_clinician", "baseline_sbp", "vasopressors"),
    inputs=("blood_pressure", "vasopressors", "vasopressor_dose"),
)
