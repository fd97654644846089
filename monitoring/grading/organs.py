"""Organ toxicity as the older scales read it: CTCAE grades by organ, transaminases named apart.

A whole list of organs knows them all: an organ it does not name has no toxicity (D43); else `organ_charting` says what
is known. Lee and CARTOX let AST and ALT stop at grade 3; Penn reads creatinine and the liver tests only.
"""

from __future__ import annotations

import numpy as np

from monitoring.evidence import Evidence
from monitoring.grading.engine import Axis
from monitoring.organ_charting import LIST, WORST
from monitoring.timeline import Steps, Values, combine

_TRANSAMINASES_COUNT_AT_MOST = 3.0
_PENN_COUNTS_AT_MOST = 3.0
Pair = tuple[Values, Values]


def _group(evidence: Evidence, group: str) -> Steps:
    return combine(
        lambda grade: (np.maximum(grade[0], 0.0), np.minimum(grade[1], WORST)), evidence.number(f"organs:{group}")
    )


def sparing_transaminases(evidence: Evidence) -> Steps:
    """Worst organ grade, where transaminases count as 3 at most."""

    def worst(other: Pair, transaminases: Pair) -> Pair:
        capped = [np.minimum(bound, _TRANSAMINASES_COUNT_AT_MOST) for bound in transaminases]
        return np.maximum(other[0], capped[0]), np.maximum(other[1], capped[1])

    return combine(worst, _group(evidence, "other"), _group(evidence, "transaminases"))


def penn(evidence: Evidence) -> Steps:
    """The Penn row an organ reaches: creatinine 2 or liver tests 3 is row 2, creatinine 3 or liver tests 4 is row 3."""

    def row(creatinine: Pair, liver: Pair) -> Pair:
        low, high = (np.maximum(c, step - 1) for c, step in zip(creatinine, liver, strict=True))
        return np.minimum(low, _PENN_COUNTS_AT_MOST), np.minimum(high, _PENN_COUNTS_AT_MOST)

    return combine(row, _group(evidence, "creatinine"), _group(evidence, "liver"))


ORGANS = Axis("organ_ctcae", sparing_transaminases, (LIST,))
PENN_ORGANS = Axis("organ_ctcae", penn, (LIST,))
