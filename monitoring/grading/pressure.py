"""Low blood pressure by age, by baseline, or by the clinician's word (clinical.md d.1; decisions D6 to D9).

The consensus scale sets no number: an age-appropriate limit or the patient's baseline, and the clinician decides.
"""

from __future__ import annotations

import numpy as np

from monitoring.evidence import Evidence, once
from monitoring.grading.attribution import elsewhere, unless_elsewhere
from monitoring.grading.engine import Axis, Bands
from monitoring.site import ADULT_MEAN, ADULT_SYSTOLIC, AGAINST_BASELINE
from monitoring.timeline import Steps, Values, combine
from monitoring.vocabulary import Sign, Syndrome

NEONATE_YEARS, INFANT_YEARS, CHILD_YEARS, ADULT_YEARS = 28 / 365.25, 1.0, 10.0, 18.0
PALS_LIMITS = (
    # age up to, years | systolic below this is low, mmHg: constant, and per year of age | PALS row
    (NEONATE_YEARS, 60.0, 0.0, "0-28 d"),
    (INFANT_YEARS, 70.0, 0.0, "1-12 mo"),
    (CHILD_YEARS, 70.0, 2.0, "1-10 y: 70 + 2 x age in years"),
    (np.inf, 90.0, 0.0, ">10 y"),
)
LOWEST_LIMIT, HIGHEST_LIMIT = 60.0, 90.0
ADULT_LOW_MAP = 65.0
BASELINE_SHARE, BASELINE_CEILING = 0.8, 100.0

_UP_TO, _CONSTANT, _PER_YEAR = (np.array([row[part] for row in PALS_LIMITS]) for part in range(3))
Pair = tuple[Values, Values]


def _limit(age: Values, unknown: float) -> Values:
    """Systolic limit of each age; at exactly 12 months the row of the older child."""
    known = np.isfinite(age)
    years = np.where(known, age, 0.0)
    row = np.searchsorted(_UP_TO, years, side="left")
    row = np.where(years == INFANT_YEARS, row + 1, row)
    return np.where(known, _CONSTANT[row] + _PER_YEAR[row] * years, unknown)


def limits(age: Pair) -> Pair:
    """Lowest and highest systolic limit that an age within the interval can have, mmHg."""
    return _limit(age[0], LOWEST_LIMIT), _limit(age[1], HIGHEST_LIMIT)


@once
def by_age(evidence: Evidence) -> Steps:
    """1 where the systolic pressure is below the limit of the age (adults: or a charted mean below 65)."""
    return combine(
        _by_age,
        evidence.number("sbp"),
        evidence.number("map"),
        evidence.number("age"),
        _said(evidence, ADULT_SYSTOLIC, HIGHEST_LIMIT),
        _said(evidence, ADULT_MEAN, ADULT_LOW_MAP),
    )


def _said(evidence: Evidence, name: str, otherwise: float) -> Steps:
    """A limit that the site chose (D96), else the usual one."""
    return evidence.numbers.get(name) or Steps.constant(otherwise)


def _by_age(sbp: Pair, mean: Pair, age: Pair, adult: Pair, low_below: Pair) -> Pair:
    low, high = (
        np.where(np.isfinite(years) & (years >= ADULT_YEARS), adult[0], limit)
        for years, limit in zip(age, limits(age), strict=True)
    )
    low_mean = np.isfinite(mean[1]) & (mean[1] < low_below[0])
    certain = (sbp[1] < low) | (low_mean & (age[0] >= ADULT_YEARS))
    possible = (sbp[0] < high) | (low_mean & (age[1] >= ADULT_YEARS))
    return certain.astype(float), possible.astype(float)


@once
def by_baseline(evidence: Evidence) -> Steps:
    """1 where an adult's systolic pressure is below 80 % of baseline and below 100 (Brudno 2016 ward rule)."""
    return combine(
        _by_baseline,
        evidence.number("sbp"),
        evidence.number("baseline_sbp"),
        evidence.number("age"),
        _said(evidence, AGAINST_BASELINE, BASELINE_SHARE),
    )


def _by_baseline(sbp: Pair, baseline: Pair, age: Pair, share: Pair) -> Pair:
    counted = np.isfinite(baseline[0]) & (share[0] > 0)
    low = counted & (sbp[1] < share[0] * np.where(counted, baseline[0], 1.0)) & (sbp[1] < BASELINE_CEILING)
    return (low & (age[0] >= ADULT_YEARS)).astype(float), (low & (age[1] >= ADULT_YEARS)).astype(float)


@once
def hypotension(evidence: Evidence) -> Steps:
    """1 where there is hypotension: the clinician's word where it stands, else either rule; [0, 1] unknown."""
    return combine(_either, evidence.truth("hypotension_clinician"), by_age(evidence), by_baseline(evidence))


def _either(said: Pair, age: Pair, baseline: Pair) -> tuple[Values, Values]:
    known = said[0] == said[1]
    lo, hi = np.maximum(age[0], baseline[0]), np.maximum(age[1], baseline[1])
    return np.where(known, said[0], lo), np.where(known, said[1], hi)


@once
def of_crs(evidence: Evidence) -> Steps:
    """Hypotension that is not attributed to another cause."""
    return unless_elsewhere(hypotension(evidence), elsewhere(evidence, Sign.HYPOTENSION, Syndrome.CRS), 0.0)


def _age_is_missing(evidence: Evidence) -> Steps:
    """[0, 1] where the pressure is charted and only the age leaves open whether it is low, else 0 (D113)."""
    return combine(
        lambda low, sbp, age: (
            np.zeros(low[0].size),
            ((low[0] != low[1]) & np.isfinite(sbp[1]) & (age[0] != age[1])).astype(float),
        ),
        of_crs(evidence),
        evidence.number("sbp"),
        evidence.number("age"),
    )


AGE = Axis("age", _age_is_missing)
BLOOD_PRESSURE = Axis(
    "blood_pressure", of_crs, ("sbp", "map", "hypotension_clinician", "baseline_sbp"), inputs=(AGE.name,)
)
PRESSURE_ELSEWHERE = Axis("hypotension_elsewhere", lambda e: elsewhere(e, Sign.HYPOTENSION, Syndrome.CRS))
BELOW_AGE = Axis("below_age_limit", by_age)
BELOW_BASELINE = Axis("below_baseline_pressure", by_baseline)

BANDS = (
    Bands(
        "sbp",
        apart_below=HIGHEST_LIMIT,
        moved_by="baseline_sbp",
        apart_below_moved=BASELINE_CEILING,
        settled=(HIGHEST_LIMIT,),
        settled_by="age",
        settled_from=ADULT_YEARS,
    ),
    Bands("map", cuts=(ADULT_LOW_MAP,)),
    Bands("age", apart_below=ADULT_YEARS),
)
"""What the rules above can tell apart: an adult without a charted baseline is either below 90 or not."""
