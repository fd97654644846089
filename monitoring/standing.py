"""Which of a patient's facts stand, and how to find them by concept and time.

What stands does not depend on the order in which facts came: a correction withdraws its target, of several records
with one record id a retraction outranks a correction and a correction the rest, then the last charted wins. Records
of several ids that tell one event stand once (D99). Who and where the patient is, is told field by field (D100).
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cached_property

import numpy as np

from monitoring import administrations
from monitoring.administrations import Run
from monitoring.at_once import minute_of
from monitoring.concepts import Dictionary
from monitoring.last_word import last_words, places, said_in_order
from monitoring.packed import Packed
from monitoring.placed import NOTHING_CHARTED, Column, Placed
from monitoring.records import (
    Acknowledgement,
    Administration,
    Attribution,
    CareContact,
    ChartedGrade,
    Correction,
    Enrolment,
    Fact,
    Infusion,
    Milestone,
    NeuroAssessment,
    Observation,
    OxygenSupport,
    Patient,
    Placement,
    SymptomReport,
)
from monitoring.timeline import Times, hours, micros
from monitoring.vocabulary import RETRACTED, Status

ADMINISTRATIVE = (Patient, Placement, Enrolment, Milestone, CareContact)
"""Kinds that say who and where somebody is, and nothing of how they are."""


def standing(facts: Sequence[Fact]) -> list[Fact]:
    """The facts that still hold, sorted by effective time, in an order no arrival can change."""
    withdrawn = {fact.target for fact in facts if isinstance(fact, Correction)}
    withdrawn |= {fact.final_id for fact in facts if fact.status in RETRACTED}
    latest: dict[tuple[str, str, str], Fact] = {}
    plain: dict[str, Fact] = {}
    for fact in facts:
        if fact.record_id is None:
            plain[fact.fact_id] = fact
            continue
        concept = fact.concept if isinstance(fact, Observation) else ""
        key = (fact.record_id, getattr(fact, "kind", ""), concept)
        rival = latest.get(key)
        if rival is None or _charting_order(fact) > _charting_order(rival):
            latest[key] = fact
    kept = [f for f in (*plain.values(), *latest.values()) if f.status not in RETRACTED and f.fact_id not in withdrawn]
    return sorted(_each_event_once(kept), key=lambda fact: (fact.effective_at, fact.fact_id))


def _each_event_once(facts: list[Fact]) -> Iterable[Fact]:
    """Of the facts that tell one event, the one that is final, and of those the one charted first (D99)."""
    alike: dict[tuple[datetime, type, str], list[Fact]] = defaultdict(list)
    for fact in facts:
        alike[fact.effective_at, type(fact), fact.concept if isinstance(fact, Observation) else ""].append(fact)
    if len(alike) == len(facts):
        return facts
    told: dict[str, Fact] = {}
    for together in alike.values():
        if len(together) == 1:
            told[together[0].fact_id] = together[0]
            continue
        for fact in together:
            event = fact.event_id
            rival = told.get(event)
            if rival is None or _shown_before(fact) < _shown_before(rival):
                told[event] = fact
    return told.values()


def _shown_before(fact: Fact) -> tuple[int, datetime, str]:
    return -_STANDING[fact.status], fact.recorded_at or fact.effective_at, fact.fact_id


_STANDING = {Status.PRELIMINARY: 0, Status.FINAL: 1, Status.AMENDED: 2, Status.CORRECTED: 2} | dict.fromkeys(
    RETRACTED, 3
)


def _charting_order(fact: Fact) -> tuple[int, datetime, datetime, str]:
    """A correction outranks what it corrects and a retraction both, whether or not the source says when it charted."""
    return (_STANDING[fact.status], fact.recorded_at or fact.effective_at, fact.received_at, fact.fact_id)


_OF_SEVERAL_COLUMNS = (NeuroAssessment, SymptomReport, Attribution, ChartedGrade)
"""Kinds whose facts name their columns one by one; all others of one kind and concept share theirs."""


def standing_places(facts: Packed) -> Times:
    """The places of the facts that still hold, by time: those of `standing`."""
    if facts.withdraws or facts.repeats_a_record():
        every = list(facts)
        place_of = {id(fact): place for place, fact in enumerate(every)}
        return np.array([place_of[id(fact)] for fact in standing(every)], np.int64)
    places = facts.in_time()
    at, matter = facts.effective[places], facts.matters[places]
    by_matter = np.lexsort((at, matter))
    alike = np.zeros(len(places), bool)
    same = (at[by_matter][1:] == at[by_matter][:-1]) & (matter[by_matter][1:] == matter[by_matter][:-1])
    alike[by_matter[1:][same]] = alike[by_matter[:-1][same]] = True
    if not alike.any():
        return places
    last_of = {facts[place].fact_id: place for place in places[alike].tolist()}
    told = [facts[place] for place in last_of.values()]
    kept = [last_of[fact.fact_id] for fact in _each_event_once(told)]
    return places[~alike | np.isin(places, kept)]


class StandingFacts:
    """A patient's facts that still hold, by concept and time. Immutable after construction."""

    def __init__(self, patient_id: str, facts: Iterable[Fact], dictionary: Dictionary) -> None:
        self.patient_id = patient_id
        self.dictionary = dictionary
        self.received = facts if isinstance(facts, Packed) else Packed(facts)
        places = standing_places(self.received)
        self.facts = Placed(self.received, places, self.received.effective[places])
        self._columns = _columns(self.received, self.facts, places)

    def column(self, concept: str) -> Column:
        """(time, fact) of one concept, by time."""
        return self._columns.get(concept, NOTHING_CHARTED)

    def last(self, concept: str, at: int) -> Fact | None:
        """The last fact of a concept at or before `at`."""
        before = self.column(concept).facts.until(at)
        return before[-1] if before else None

    def last_at(self, concept: str, at: int) -> int | None:
        """When the last fact of a concept at or before `at` was true, microseconds since 1970."""
        column = self._columns.get(concept)
        if column is None:
            return None
        before = int(column.at.searchsorted(at, side="right"))
        return int(column.at[before - 1]) if before else None

    def freshness(self, concept: str) -> int | None:
        """Longest age in microseconds at which a value of the concept is still usable; None = it never lapses."""
        entry = self.dictionary.concepts.get("symptom_report" if concept.startswith("symptom:") else concept)
        return None if entry is None or entry.freshness_hours is None else hours(entry.freshness_hours)

    @cached_property
    def infusions(self) -> tuple[Infusion, ...]:
        """Cell infusions by time, those of one minute as one (D99)."""
        given: dict[int, list[Infusion]] = defaultdict(list)
        for at, fact in self.column("infusion"):
            if isinstance(fact, Infusion):
                given[minute_of(at)].append(fact)
        return tuple(
            told[0]
            if len(told) == 1
            else last_words(sorted(told, key=said_in_order)).model_copy(update={"effective_at": told[0].effective_at})
            for told in given.values()
        )

    @cached_property
    def start(self) -> int | None:
        """Where grading begins: the first infusion, or the first timed fact where none is recorded."""
        if self.infusions:
            return micros(self.infusions[0].effective_at)
        timed = [fact.effective_at for fact in self.facts if not isinstance(fact, ADMINISTRATIVE)]
        return micros(min(timed)) if timed else None

    @cached_property
    def _patient(self) -> Patient | None:
        told = [fact for _, fact in self.column("patient") if isinstance(fact, Patient)]
        return last_words(sorted(told, key=said_in_order)) if told else None

    def patient(self) -> Patient | None:
        """Who the patient is: of each field the last word that says something (D100)."""
        return self._patient

    @cached_property
    def placements(self) -> tuple[Placement, ...]:
        """Every place by time, with the ward or the bed that a word of one of them leaves standing (D100)."""
        return places(fact for _, fact in self.column("placement") if isinstance(fact, Placement))

    def placement(self, at: int) -> Placement | None:
        """Where the patient is at a moment."""
        place = bisect_right(self.placements, at, key=lambda fact: micros(fact.effective_at))
        return self.placements[place - 1] if place else None

    @cached_property
    def drug_runs(self) -> tuple[Run, ...]:
        """Every drug run and single dose, sorted by start; a charted "none" is not a drug."""
        by_drug: dict[str, list[Administration]] = defaultdict(list)
        for _, fact in self.column("administration"):
            if isinstance(fact, Administration) and fact.drug.casefold() != administrations.NOTHING_GIVEN:
                known = self.dictionary.drug(fact.drug)
                by_drug[known.id if known else fact.drug.casefold()].append(fact)
        found = [
            run
            for name, given in by_drug.items()
            for run in administrations.runs(given, self.dictionary.drug_class(name), name)
        ]
        return tuple(sorted(found, key=lambda run: (run.start, run.drug, run.end)))

    @cached_property
    def drug_chart_covers(self) -> bool:
        """Whether a drug chart speaks for this patient, so that no vasopressor charted means none (D33)."""
        return bool(self.column("administration"))


def _columns(facts: Packed, standing: Placed, places: Times) -> dict[str, Column]:
    matters = facts.matters[places]
    found: dict[str, list[Times]] = defaultdict(list)
    for number, (kind, _) in enumerate(facts.about()):
        of_it = np.flatnonzero(matters == number)
        if of_it.size and kind not in _OF_SEVERAL_COLUMNS:
            for name in columns_of(standing[int(of_it[0])]):
                found[name].append(of_it)
            continue
        each: dict[str, list[int]] = defaultdict(list)
        for place in of_it.tolist():
            for name in columns_of(standing[place]):
                each[name].append(place)
        for name, some in each.items():
            found[name].append(np.array(some, np.int64))
    joined = {name: parts[0] if len(parts) == 1 else np.sort(np.concatenate(parts)) for name, parts in found.items()}
    return {name: Column(Placed(facts, places[some], standing.at[some])) for name, some in joined.items() if some.size}


def columns_of(fact: Fact) -> list[str]:
    """Names of the columns a fact belongs to."""
    match fact:
        case Observation():
            names = [fact.concept]
        case NeuroAssessment():
            names = _neuro_domains(fact)
        case SymptomReport():
            names = [f"symptom:{fact.symptom}", "symptom_report"]
        case Attribution():
            names = [f"attribution:{fact.sign}"]
        case ChartedGrade():
            names = [f"charted:{fact.syndrome}"]
        case Patient() | Placement() | Infusion() | OxygenSupport() | Administration() | Acknowledgement():
            names = [fact.kind]
        case Enrolment() | Milestone() | CareContact():
            names = [fact.kind]
        case _:
            names = []
    return names


def _neuro_domains(fact: NeuroAssessment) -> list[str]:
    """The domains an assessment says something about."""
    examined = {"consciousness": fact.consciousness, "motor": fact.motor, "icp": fact.icp}
    found = [name for name, value in examined.items() if value is not None]
    if fact.seizure is not None or fact.seizure_minutes is not None:
        found.append("seizure")
    if fact.tool is not None:
        found.append(fact.tool.value.lower())
    return found
