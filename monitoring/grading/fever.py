"""Fever as every CRS scale reads it: 38.0 C or more, or charted without its number, unless it belongs elsewhere.

clinical.md a.2. Only ASTCT makes fever a gate and waives it after treatment. The older scales print fever in their
first row and nothing of a gate: their other rows count without it, with the flag `attribution_needed` (D41).
"""

from __future__ import annotations

import numpy as np

from monitoring.evidence import Evidence, once
from monitoring.grading.attribution import elsewhere, unless_elsewhere
from monitoring.grading.engine import TOLERANCE, Axis, Bands, Remark, Sweep
from monitoring.timeline import Steps, Truths, Values, combine
from monitoring.vocabulary import Flag, Sign, Syndrome

FEVER_CELSIUS = 38.0
_NO_FEVER_CHARTED = 37.9
Pair = tuple[Values, Values]


@once
def temperature(evidence: Evidence) -> Steps:
    """Temperature in Celsius; where only "fever" or "no fever" was charted, the half-line that says so."""

    def either(measured: Pair, charted: Pair) -> Pair:
        unknown = np.isinf(measured[1])
        lo = np.where(unknown & (charted[0] >= 1), FEVER_CELSIUS, measured[0])
        hi = np.where(unknown & (charted[1] < 1), _NO_FEVER_CHARTED, measured[1])
        return lo, hi

    steps = combine(either, evidence.number("temperature"), evidence.truth("fever_charted"))
    return unless_elsewhere(steps, elsewhere(evidence, Sign.FEVER, Syndrome.CRS), -np.inf)


def is_fever(celsius: Values) -> Values:
    """1 where a temperature is a fever."""
    return (celsius >= FEVER_CELSIUS - TOLERANCE).astype(float)


TEMPERATURE = Axis("temperature", temperature, ("temperature", "fever_charted"))
FEVER_ELSEWHERE = Axis("fever_elsewhere", lambda evidence: elsewhere(evidence, Sign.FEVER, Syndrome.CRS))


def without_fever(sweep: Sweep) -> Truths:
    """Where a grade of 2 or more is certain and fever is certainly absent."""
    assert sweep.outcome is not None  # noqa: S101
    return (sweep.outcome.at_least >= 2) & (sweep.hi["temperature"] < FEVER_CELSIUS - TOLERANCE)


ATTRIBUTION_NEEDED = Remark(Flag.ATTRIBUTION_NEEDED, without_fever)
BANDS = (Bands("temperature", cuts=(FEVER_CELSIUS - TOLERANCE,)),)
