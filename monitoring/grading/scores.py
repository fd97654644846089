"""Scores from laboratory values: EASIX, s-EASIX, m-EASIX and CAR-HEMATOTOX. Numbers with inputs, never a grade.

EASIX family: Pennisi M et al., Blood Adv 2021 (PMC8525234); no universal cut is published, and the values are
usually compared on a log2 scale. CAR-HEMATOTOX: Rejeski K et al., Blood 2021;138:2499, meant for the days before
lymphodepletion; its points were recalled, not re-read, and carry `unverified_rule` (D42). A missing input leaves a
score unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import log2

from monitoring.course import Course
from monitoring.grading.iec_hs import fresh
from monitoring.vocabulary import Flag

MG_PER_L_IN_MG_PER_DL = 10.0
PER_UL = 1000.0
Labs = Mapping[str, float]
"""Values in the dictionary's units: U/L, mg/dL, 10*3/uL, g/dL, ng/mL; C-reactive protein in mg/L."""


@dataclass(frozen=True)
class ScoreTable:
    """A published score: what it needs, how it is computed, what is printed of its range, and where it stands.

    `high_from` is the lowest value of the high risk group, where one is published.
    """

    id: str
    title: str
    inputs: tuple[str, ...]
    formula: str
    unit: str
    compute: Callable[[Labs], float]
    published_range: str
    reference: str
    log2: bool = False
    high_from: float | None = None
    flags: tuple[Flag, ...] = ()


@dataclass(frozen=True)
class Score:
    """A score as computed; `value` None where `missing` names an input nobody measured lately."""

    table: ScoreTable
    value: float | None
    missing: tuple[str, ...]

    @property
    def log2(self) -> float | None:
        """The value on a log2 scale, where the score is compared on one."""
        return log2(self.value) if self.table.log2 and self.value else None

    def group(self, *, after_infusion: bool) -> str:
        """`low` or `high` where risk groups are published; empty after the infusion, where they are not meant (D64)."""
        if self.value is None or self.table.high_from is None or after_infusion:
            return ""
        return "high" if self.value >= self.table.high_from else "low"


def _easix(labs: Labs) -> float:
    return labs["ldh"] * labs["creatinine"] / labs["platelets"]


def _simplified(labs: Labs) -> float:
    return labs["ldh"] / labs["platelets"]


def _modified(labs: Labs) -> float:
    return labs["ldh"] * (labs["crp"] / MG_PER_L_IN_MG_PER_DL) / labs["platelets"]


Reaches = Callable[[float], bool]

HEMATOTOX_POINTS: tuple[tuple[str, float, Reaches, Reaches], ...] = (
    # value | in units of the paper | 1 point | 2 points; at a cut that the paper leaves open the worse counts (D57)
    ("platelets", 1.0, lambda value: value <= 175, lambda value: value < 75),
    ("anc", PER_UL, lambda value: value <= 1200, lambda value: False),
    ("hemoglobin", 1.0, lambda value: value <= 9.0, lambda value: False),
    ("crp", 1 / MG_PER_L_IN_MG_PER_DL, lambda value: value >= 3.0, lambda value: False),
    ("ferritin", 1.0, lambda value: value >= 650, lambda value: value > 2000),
)


def _hematotox(labs: Labs) -> float:
    return float(sum(one(labs[n] * unit) + two(labs[n] * unit) for n, unit, one, two in HEMATOTOX_POINTS))


_PENNISI = "Pennisi M et al. Blood Adv 2021, PMC8525234"
_NO_CUT = "no universal cut is published"

TABLES = (
    ScoreTable(
        "easix",
        "EASIX",
        ("ldh", "creatinine", "platelets"),
        "LDH (U/L) × creatinine (mg/dL) / platelets (10⁹/L)",
        "U/L × mg/dL per 10⁹/L",
        _easix,
        _NO_CUT,
        _PENNISI,
        log2=True,
    ),
    ScoreTable(
        "s-easix",
        "simplified EASIX",
        ("ldh", "platelets"),
        "LDH (U/L) / platelets (10⁹/L)",
        "U/L per 10⁹/L",
        _simplified,
        _NO_CUT,
        _PENNISI,
        log2=True,
    ),
    ScoreTable(
        "m-easix",
        "modified EASIX",
        ("ldh", "crp", "platelets"),
        "LDH (U/L) × CRP (mg/dL) / platelets (10⁹/L)",
        "U/L × mg/dL per 10⁹/L",
        _modified,
        _NO_CUT,
        _PENNISI,
        log2=True,
    ),
    ScoreTable(
        "car-hematotox",
        "CAR-HEMATOTOX",
        ("platelets", "anc", "hemoglobin", "crp", "ferritin"),
        "points for platelets (0-2), neutrophils, haemoglobin, CRP (0-1 each) and ferritin (0-2)",
        "points",
        _hematotox,
        "0 to 7; low 0-1, high 2 and more; defined before lymphodepletion",
        "Rejeski K et al. Blood 2021;138:2499",
        high_from=2.0,
        flags=(Flag.UNVERIFIED_RULE,),
    ),
)


INPUTS = tuple(sorted({name for table in TABLES for name in table.inputs}))


def scores(labs: Labs) -> tuple[Score, ...]:
    """Every score from the values at hand. A platelet count of 0 leaves a quotient unknown."""
    return tuple(_score(table, labs) for table in TABLES)


def _score(table: ScoreTable, labs: Labs) -> Score:
    divides = table.log2
    missing = tuple(n for n in table.inputs if n not in labs or (divides and n == "platelets" and labs[n] == 0))
    return Score(table, None if missing else table.compute(labs), missing)


def fresh_labs(course: Course, at: int) -> dict[str, float]:
    """The last value of every input of a score at the moment `at` (microseconds), where it is still fresh."""
    facts = {name: fresh(course, name, at) for name in INPUTS}
    return {name: fact.value for name, fact in facts.items() if fact is not None and fact.value is not None}
