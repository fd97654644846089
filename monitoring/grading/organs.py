"""Organ toxicity as the older scales read it: CTCAE grades by organ, transaminases named apart.

A list of organs that was charted is complete: an organ it does not name has no toxicity (D43). A list nobody charted
is unknown. Lee and CARTOX let AST and ALT stop at grade 3; Penn reads creatinine and the liver tests only.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from monitoring.concepts import folded
from monitoring.evidence import Evidence
from monitoring.grading.engine import Axis
from monitoring.timeline import Steps, Values, combine

WORST = 5.0
TRANSAMINASES = frozenset({"ast", "alt"})
LIVER_TESTS = TRANSAMINASES | {"bilirubin", "alp", "alkalinephosphatase", "ggt"}
GROUPS = ("transaminases", "liver", "creatinine", "other")
_TRANSAMINASES_COUNT_AT_MOST = 3.0
_PENN_COUNTS_AT_MOST = 3.0
Pair = tuple[Values, Values]


def worst_by_group(charted: Mapping[str, int]) -> dict[str, float]:
    """The worst CTCAE grade of each group of organs; 0 for a group without a toxicity."""
    named = {folded(organ): float(grade) for organ, grade in charted.items()}
    members = {
        "transaminases": [grade for organ, grade in named.items() if organ in TRANSAMINASES],
        "liver": [grade for organ, grade in named.items() if organ in LIVER_TESTS],
        "creatinine": [grade for organ, grade in named.items() if organ == "creatinine"],
        "other": [grade for organ, grade in named.items() if organ not in TRANSAMINASES],
    }
    return {f"organs:{group}": max(grades, default=0.0) for group, grades in members.items()}


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


ORGANS = Axis("organ_ctcae", sparing_transaminases)
PENN_ORGANS = Axis("organ_ctcae", penn)
