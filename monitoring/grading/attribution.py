"""A sign that a clinician attributes to another cause does not count.

ASTCT tables: fever, hypotension, hypoxia and consciousness count when "not attributable to any other cause".
"""

from __future__ import annotations

import numpy as np

from monitoring.evidence import Evidence
from monitoring.grading.engine import Axis
from monitoring.timeline import Steps, combine
from monitoring.vocabulary import Cause, Sign, Syndrome


def elsewhere(evidence: Evidence, sign: Sign, syndrome: Syndrome) -> Steps:
    """1 where the sign was attributed to something other than the syndrome."""
    own = Cause(syndrome.value)
    return evidence.label(f"attribution:{sign}").map(
        lambda cause: (0.0, 0.0) if cause is None or cause is own else (1.0, 1.0)
    )


def unless_elsewhere(steps: Steps, elsewhere_: Steps, normal: float) -> Steps:
    """The axis as it is, and `normal` where its sign belongs to another cause."""
    return combine(
        lambda axis, other: (np.where(other[0] >= 1, normal, axis[0]), np.where(other[0] >= 1, normal, axis[1])),
        steps,
        elsewhere_,
    )


DEATH_FROM_CRS = Axis("death", lambda evidence: evidence.stated("death_crs"))
DEATH_FROM_ICANS = Axis("death", lambda evidence: evidence.stated("death_icans"))
