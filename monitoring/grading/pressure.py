"""Low blood pressure by age, by baseline, or by the clinician's word (clinical.md d.1; decisions D6 to D9).

The consensus scale sets no number: an age-appropriate limit or the patient's baseline, and the clinician decides.
"""

from __future__ import annotations

import numpy as np

from monitoring.evidence import Evidence
from monitoring.timeline import Steps, Values, combine

NEONATE_DAYS, INFANT_YEARS, CHILD_YEARS, ADULT_YEARS = 28 / 365.25, 1.0, 10.0, 18.0
PALS_LIMITS = (
    # age in years at least | SBP below this is low, mmHg | PALS row
    (0.0, 60.0, "0-28 d"),
    (NEONATE_DAYS + 1 / 365.25, 70.0, "1-12 mo"),
    *((float(year), 70.0 + 2.0 * year, "1-10 y: 70 + 2 x age") for year in range(1, 11)),
    (10.0 + 1e-9, 90.0, ">10 y"),
)
ADULT_LOW_MAP = 65.0
BASELINE_SHARE, BASELINE_CEILING = 0.8, 100.0

_AGES = np.array([row[0] for row in PALS_LIMITS])
_LIMITS = np.array([row[1] for row in PALS_LIMITS])


def limits(age_lo: Values, age_hi: Values) -> tuple[Values, Values]:
    """Lowest and highest systolic limit an age in [age_lo, age_hi] can have, mmHg."""
    low = _LIMITS[np.maximum(np.searchsorted(_AGES, np.maximum(age_lo, 0), side="right") - 1, 0)]
    high = _LIMITS[np.maximum(np.searchsorted(_AGES, np.maximum(age_hi, 0), side="right") - 1, 0)]
    return np.minimum(low, high), high


def by_age(evidence: Evidence) -> Steps:
    """1 where the systolic pressure is below the limit of the age (adults: or a charted mean below 65)."""
    return combine(_by_age, evidence.number("sbp"), evidence.number("map"), evidence.number("age"))


Pair = tuple[Values, Values]


def _by_age(sbp: Pair, mean: Pair, age: Pair) -> tuple[Values, Values]:
    low, high = limits(*age)
    adult_mean = (age[0] >= ADULT_YEARS) & (mean[1] < ADULT_LOW_MAP)
    certain = (sbp[1] < low) | adult_mean
    return certain.astype(float), (certain | (sbp[0] < high)).astype(float)


def by_baseline(evidence: Evidence) -> Steps:
    """1 where an adult's systolic pressure is below 80 % of baseline and below 100 (Brudno 2016 ward rule)."""
    return combine(_by_baseline, evidence.number("sbp"), evidence.number("baseline_sbp"), evidence.number("age"))


def _by_baseline(sbp: Pair, baseline: Pair, age: Pair) -> tuple[Values, Values]:
    adult = age[0] >= ADULT_YEARS
    low = adult & (sbp[1] < BASELINE_SHARE * baseline[0]) & (sbp[1] < BASELINE_CEILING)
    return low.astype(float), low.astype(float)


def hypotension(evidence: Evidence) -> Steps:
    """1 where there is hypotension: the clinician's word where it stands, else either rule; [0, 1] unknown."""
    return combine(_either, evidence.truth("hypotension_clinician"), by_age(evidence), by_baseline(evidence))


def _either(said: Pair, age: Pair, baseline: Pair) -> tuple[Values, Values]:
    known = said[0] == said[1]
    lo, hi = np.maximum(age[0], baseline[0]), np.maximum(age[1], baseline[1])
    return np.where(known, said[0], lo), np.where(known, said[1], hi)
