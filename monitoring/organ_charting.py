"""What the older scales read beside vital signs: CTCAE grades of organs, plasma products, a stay in hospital.

An organ that is charted is known for as long as it is fresh. A charting that says `none` or `complete` (concept
`organ_ctcae`) makes the list whole: an organ it does not name has no toxicity (D43). Without such a word an organ
nobody charted is unknown (D62).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from monitoring.concepts import folded
from monitoring.records import Fact, Observation
from monitoring.standing import StandingFacts
from monitoring.timeline import END_OF_TIME, Steps, Values, combine

ORGAN = "organ_ctcae_"
"""A concept that begins so is the CTCAE grade of the organ that follows."""
LIST = "organ_ctcae"
WORST = 5.0
TRANSAMINASES = frozenset({"ast", "alt"})
LIVER_TESTS = TRANSAMINASES | {"bilirubin", "alp", "alkalinephosphatase", "ggt"}
_ALL_OF = {
    "transaminases": ({"ast"}, {"alt"}),
    "liver": ({"ast"}, {"alt"}, {"bilirubin"}, {"alp", "alkalinephosphatase"}, {"ggt"}),
    "creatinine": ({"creatinine"},),
}
"""Groups that are known without a whole list: one organ of each set was charted."""

PLASMA_PRODUCTS = ("plasma", "ffp", "cryo", "fibrinogen", "prothrombincomplex", "pcc")
NO_PLASMA_PRODUCTS = frozenset(
    {"vitamink", "phytomenadione", "platelets", "redcells", "tranexamicacid", "heparin", "none"}
)
"""Folded names; Penn counts plasma products given for a coagulopathy (D51)."""

Range = tuple[float, float]
Pair = tuple[Values, Values]


def _members(group: str, organ: str) -> bool:
    return {
        "transaminases": organ in TRANSAMINASES,
        "liver": organ in LIVER_TESTS,
        "creatinine": organ == "creatinine",
        "other": organ not in TRANSAMINASES,
    }[group]


GROUPS = ("transaminases", "liver", "creatinine", "other")


def worst_by_group(charted: Mapping[str, int]) -> dict[str, float]:
    """The worst CTCAE grade of each group of a whole list of organs; 0 for a group without a toxicity."""
    named = {folded(organ): float(grade) for organ, grade in charted.items()}
    return {
        f"organs:{group}": max((grade for organ, grade in named.items() if _members(group, organ)), default=0.0)
        for group in GROUPS
    }


def plasma_products(treated: Sequence[str] | str | None) -> Range | None:
    """Whether a coagulopathy was treated with plasma products (D51); a product nobody knows may be one."""
    if treated is None:
        return None
    products = [folded(product) for product in ([treated] if isinstance(treated, str) else treated)]
    if any(word in product for product in products for word in PLASMA_PRODUCTS):
        return 1.0, 1.0
    return 0.0, float(any(product not in NO_PLASMA_PRODUCTS for product in products))


def organ_numbers(facts: StandingFacts) -> dict[str, Steps]:
    """`organs:<group>` over time, for a patient of whom an organ grade was ever charted."""
    whole = _held(facts, LIST, lambda fact: (1.0, 1.0), outside=(0.0, 0.0))
    nothing = [(at, 0.0) for at, fact in facts.column(LIST) if isinstance(fact, Observation) and fact.code == "none"]
    organs: dict[str, Steps] = {}
    for concept in facts.dictionary.concepts:
        if concept.startswith(ORGAN) and facts.column(concept):
            organs[folded(concept.removeprefix(ORGAN))] = _held(facts, concept, _grade, also=nothing)
    if not organs and not facts.column(LIST):
        return {}
    return {f"organs:{group}": _group(group, organs, whole) for group in GROUPS}


def _group(group: str, organs: Mapping[str, Steps], whole: Steps) -> Steps:
    members = {organ: steps for organ, steps in organs.items() if _members(group, organ)}
    wanted = _ALL_OF.get(group, ())

    def bounds(whole_list: Pair, *charted: Pair) -> Pair:
        known = {organ: np.isfinite(pair[0]) for organ, pair in zip(members, charted, strict=True)}
        grades = [np.where(np.isfinite(pair[0]), pair[0], 0.0) for pair in charted]
        low = np.max([np.zeros(whole_list[0].size), *grades], axis=0)
        every = np.full(low.size, bool(wanted))
        for names in wanted:
            some = [known[organ] for organ in names if organ in known]
            every &= np.any(some, axis=0) if some else False
        return low, np.where((whole_list[0] >= 1) | every, low, WORST)

    return combine(bounds, whole, *members.values())


def _grade(fact: Fact) -> Range | None:
    value = fact.value if isinstance(fact, Observation) else None
    return None if value is None else (value, value)


def _held(
    facts: StandingFacts,
    concept: str,
    reading: Callable[[Fact], Range | None],
    outside: Range = (-np.inf, np.inf),
    also: Sequence[tuple[int, float]] = (),
) -> Steps:
    """A concept held while fresh; of several values at one moment the worse counts (D36)."""
    points: dict[int, Range] = {at: (value, value) for at, value in also}
    for at, fact in facts.column(concept):
        said = reading(fact)
        if said is not None:
            points[at] = max(said, points.get(at, said))
    times = np.array(sorted(points), np.int64)
    bounds = np.array([points[int(at)] for at in times], dtype=float).reshape(-1, 2)
    keeps = facts.freshness(concept)
    ends = np.full(times.size, END_OF_TIME) if keeps is None else times + keeps
    return Steps.held(times, bounds[:, 0], bounds[:, 1], ends, outside)


def charted_truths(facts: StandingFacts, in_hospital: Steps) -> dict[str, Steps]:
    """Plasma products, and a stay in hospital: as said while the word is fresh, else `in_hospital` by the placement."""
    found = {"hospitalised": in_hospital}
    if facts.column("hospitalised"):
        said = _held(facts, "hospitalised", _yes_or_no)
        found["hospitalised"] = combine(_said_first, said, in_hospital)
    if facts.column("coagulopathy_treated_with"):
        found["plasma_products"] = _held(facts, "coagulopathy_treated_with", _product, outside=(0.0, 1.0))
    return found


def _said_first(said: Pair, placed: Pair) -> Pair:
    known = np.isfinite(said[0])
    return np.where(known, said[0], placed[0]), np.where(known, said[1], placed[1])


def _yes_or_no(fact: Fact) -> Range | None:
    code = fact.code if isinstance(fact, Observation) else None
    return None if code is None else (float(code == "true"), float(code == "true"))


def _product(fact: Fact) -> Range | None:
    return plasma_products(fact.code if isinstance(fact, Observation) else None)
