"""One patient's course: the standing facts as columns in time, each held for as long as it is fresh."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import cached_property
from typing import Any

import numpy as np

from monitoring import readings
from monitoring.administrations import doses
from monitoring.at_once import LOWER_IS_WORSE, MINUTE, minute_of, worst_so_far
from monitoring.clock import age_years, day_post_infusion
from monitoring.concepts import Dictionary
from monitoring.evidence import (
    Evidence,
    RunningVasopressor,
    VasopressorState,
)
from monitoring.last_word import HOME
from monitoring.organ_charting import charted_truths, organ_numbers
from monitoring.oxygen_charting import oxygen_states
from monitoring.records import (
    Attribution,
    ChartedGrade,
    Fact,
    Observation,
    Patient,
)
from monitoring.standing import StandingFacts
from monitoring.timeline import (
    BEGINNING_OF_TIME,
    END_OF_TIME,
    NO,
    Labels,
    Steps,
    Times,
    combine,
    joined,
    micros,
    moment,
)
from monitoring.vocabulary import (
    Consciousness,
    DrugClass,
    Icp,
    Motor,
    Seizure,
    Syndrome,
)

_MASKING = frozenset({DrugClass.ANTIPYRETIC, DrugClass.ANTICYTOKINE, DrugClass.CORTICOSTEROID})
_PRESSORS = frozenset({DrugClass.VASOPRESSOR, DrugClass.VASOPRESSIN})
_SEDATING = frozenset({DrugClass.SEDATIVE, DrugClass.NEUROMUSCULAR_BLOCKER})
_GROWING_DAYS = 11 * 366  # past the tenth birthday, from which on no limit depends on the day


class Course(StandingFacts):
    """A patient's standing facts and the evidence they make.

    `memo` is where the grading layers above keep what they derived from this very course; `received` is
    everything that reached us, withdrawn and amended facts too.
    """

    def __init__(self, patient_id: str, facts: Iterable[Fact], dictionary: Dictionary, ward_zone: tzinfo = UTC) -> None:
        super().__init__(patient_id, facts, dictionary)
        self.ward_zone = ward_zone
        self.memo: dict[str, object] = {}
        self._cut_from: Course | None = None

    @classmethod
    def from_facts(
        cls, patient_id: str, facts: Iterable[Fact], dictionary: Dictionary, ward_zone: tzinfo = UTC
    ) -> Course:
        """The course of `patient_id` from the facts about them, in any order; `ward_zone` counts calendar days."""
        return cls(patient_id, facts, dictionary, ward_zone)

    def until(self, as_of: datetime) -> Course:
        """The course as it is at `as_of`: what is true only later (a planned dose, a later chart) is left out."""
        earlier = self.facts.until(micros(as_of))
        if len(earlier) == len(self.facts):
            return self
        cut = Course(self.patient_id, earlier, self.dictionary, self.ward_zone)
        cut._cut_from = self.whole
        return cut

    @property
    def whole(self) -> Course:
        """The course this one was cut from, else itself."""
        return self._cut_from or self

    def patient(self) -> Patient | None:
        """Who the patient is, by the last words of the whole course: they hold at every moment (D101)."""
        return self.whole._patient

    @cached_property
    def drug_chart_covers(self) -> bool:
        """Whether a drug chart speaks for this patient, for all of the course (D33, D101)."""
        return bool(self.whole.column("administration"))

    def at_once(self, concept: str, at: int) -> list[Fact]:
        """What was charted of a concept in the last minute it was charted in, up to `at`; first the one that counts.

        A fact that says nothing of the concept stands only where none of its minute does; a later word on a cause or
        a place stands alone.
        """
        last = self.last(concept, at)
        if last is None:
            return []
        charted = self.column(concept).facts.until(at)
        first = int(np.searchsorted(charted.at, minute_of(micros(last.effective_at))))
        ranked = [(rank, fact) for fact in charted[first:] if (rank := readings.rank(concept, fact)) is not None]
        ranked.sort(key=lambda pair: pair[0], reverse=True)
        return [fact for _, fact in ranked] or [last]

    @cached_property
    def evidence(self) -> Evidence:
        """The course as the grading engine sees it."""
        temperatures = [self.column(name).at[:1] for name in ("temperature", "fever_charted")]
        return Evidence(
            numbers=self._numbers(),
            truths=self._truths(),
            labels=self._labels(),
            masking_doses=tuple((run.start, run.end) for run in self.drug_runs if run.drug_class in _MASKING),
            crs_charted=tuple(
                at
                for at, fact in self.column(f"charted:{Syndrome.CRS}")
                if isinstance(fact, ChartedGrade) and fact.grade >= 1
            ),
            temperatures_from=min((int(at[0]) for at in temperatures if at.size), default=None),
            over_time=True,
            daily={"anc": self._by_day("anc")} if self.infusions else {},
            day_zero=self._day_zero() if self.infusions else None,
        )

    def _day_zero(self) -> int:
        """Midnight before the first infusion, in the ward's calendar."""
        day = self.infusions[0].effective_at.astimezone(self.ward_zone).date()
        return micros(datetime.combine(day, time(0), self.ward_zone))

    def _by_day(self, concept: str) -> tuple[tuple[int, float, int], ...]:
        first = self.infusions[0].effective_at
        return tuple(
            (day_post_infusion(fact.effective_at, first, self.ward_zone), fact.value, at)
            for at, fact in self.column(concept)
            if isinstance(fact, Observation) and fact.value is not None
        )

    def _measured(self, concept: str) -> Steps:
        """The values of a column as `_held` holds them, read off its numbers."""
        column = self.column(concept)
        values = column.facts.values
        taken = ~np.isnan(values)
        times, values = column.at[taken], values[taken]
        minutes = times // MINUTE
        if (minutes[1:] == minutes[:-1]).any():
            return self._held(concept, readings.observed)
        return Steps.held(times, values, values, self._lapses(concept, times))

    def _held(self, concept: str, reading: Callable[[Fact], tuple[float, float] | None]) -> Steps:
        """A numeric column held while fresh; of several values of one minute the worse counts (D36, D65)."""
        worse = _lower if concept in LOWER_IS_WORSE else _higher
        read = ((at, reading(fact)) for at, fact in self.column(concept))
        points = worst_so_far([(at, value) for at, value in read if value is not None], worse)
        times = np.fromiter((at for at, _ in points), np.int64, len(points))
        bounds = np.array([value for _, value in points], dtype=float).reshape(-1, 2)
        return Steps.held(times, bounds[:, 0], bounds[:, 1], self._lapses(concept, times))

    def _labelled(self, concept: str, reading: Callable[[Fact], object | None], rank: Callable[[Any], int]) -> Labels:
        """A column of findings held while fresh; of several of one minute the one of highest rank counts (D65)."""
        read = ((at, reading(fact)) for at, fact in self.column(concept))
        found = [(at, value) for at, value in read if value is not None]
        points = worst_so_far(found, lambda one, other: other if rank(other) > rank(one) else one)
        return self._held_words(concept, dict(points))

    def _attributed(self, concept: str) -> Labels:
        """A clinician's word on the cause of a sign, until the next word."""
        words: dict[int, object] = {}
        for at, fact in self.column(concept):
            if isinstance(fact, Attribution):
                words.setdefault(at, fact.cause)
        return self._held_words(concept, words)

    def _held_words(self, concept: str, points: dict[int, object]) -> Labels:
        times = np.fromiter(points, np.int64, len(points))
        return Labels.held(times, list(points.values()), self._lapses(concept, times))

    def _lapses(self, concept: str, times: Times) -> Times:
        keeps = self.freshness(concept)
        return np.full(times.size, END_OF_TIME) if keeps is None else times + keeps

    def _numbers(self) -> dict[str, Steps]:
        vitals = ("temperature", "heart_rate", "respiratory_rate", "spo2", "sbp", "map")
        plain = (*vitals, "baseline_sbp", "baseline_ice", "baseline_capd", "cartox_10", "papilledema_stage")
        found = {name: self._measured(name) for name in plain}
        found["ice"] = self._held("ice", readings.cognitive_score)
        found["capd"] = self._held("capd", readings.cognitive_score)
        for symptom in self.dictionary.symptoms:
            if self.column(f"symptom:{symptom}"):
                found[f"symptom:{symptom}"] = self._held(f"symptom:{symptom}", readings.severity)
        found["iv_fluid_bolus_count"] = self._measured("iv_fluid_bolus_count")
        found |= self._drug_counts() | organ_numbers(self)
        found["age"] = self._age()
        found |= {name: Steps.constant(limit) for name, limit in self.dictionary.site.low_pressure.numbers().items()}
        return found

    def _vasopressor_doses(self) -> Labels:
        """Every vasopressor and vasopressin with its charted dose; unknown where no drug chart speaks (D33)."""
        if not self.drug_chart_covers:
            home = self._at_home
            return Labels(home.at, np.where(home.lo >= 1, 0, -1).astype(np.int64), (VasopressorState(),))
        pieces = [
            (start, end, run.drug, fact)
            for run in self.drug_runs
            if run.drug_class in _PRESSORS and not run.single_dose
            for start, end, fact in doses(run)
        ]
        weights = [(at, fact.value) for at, fact in self.column("weight") if isinstance(fact, Observation)]
        patient = self.patient()
        bounds = {edge for start, end, *_ in pieces for edge in (start, end)} | {at for at, _ in weights}
        grid = sorted(bounds | {BEGINNING_OF_TIME})
        states = []
        for at in grid:
            running = tuple(
                RunningVasopressor(drug, fact.dose, fact.unit) for start, end, drug, fact in pieces if start <= at < end
            )
            known = [value for when, value in weights if when <= at and value is not None]
            states.append(VasopressorState(running, known[-1] if known else patient.weight_kg if patient else None))
        return Labels(np.array(grid, np.int64), np.arange(len(grid)), tuple(states))

    def _drug_counts(self) -> dict[str, Steps]:
        """Running vasopressors (vasopressin apart), vasopressin and inotropes: lower and upper bound of each."""
        unseen = NO if self.drug_chart_covers else _unless(self._at_home)
        counts = {}
        for name, drug_class in (
            ("vasopressors", DrugClass.VASOPRESSOR),
            ("vasopressin", DrugClass.VASOPRESSIN),
            ("inotrope", DrugClass.INOTROPE),
        ):
            spans = [run for run in self.drug_runs if run.drug_class is drug_class and not run.single_dose]
            seen = Steps.during([run.start for run in spans], [run.end for run in spans])
            counts[name] = _raised(seen, unseen)
        return counts

    def _age(self) -> Steps:
        """Age in years: every day of the course for a child, else on the days on which a rule's band may change.

        A child's pressure limit grows with the age as it is (D6), so a birthday is too coarse a step.
        """
        patient = self.patient()
        if patient is None or patient.birth_date is None or self.start is None:
            return Steps.constant(-np.inf, np.inf)
        birth: date = patient.birth_date
        first = datetime(birth.year, birth.month, birth.day, tzinfo=self.facts[-1].effective_at.tzinfo)
        last = self.facts[-1].effective_at + timedelta(days=60)
        bands = {0, 29, 31, *(round(365.25 * year) + shift for year in range(1, 19) for shift in (-1, 0, 1))}
        of_the_course = range((moment(self.start) - first).days, (last - first).days + 1)
        days = bands | {day for day in of_the_course if 0 <= day <= _GROWING_DAYS}
        turns = [first + timedelta(days=day) for day in sorted(days) if first + timedelta(days=day) <= last]
        ages = np.array([age_years(birth, turn) for turn in turns], dtype=float)
        at = np.array([BEGINNING_OF_TIME, *(micros(turn) for turn in turns)])
        ages = np.concatenate([[0.0], ages])
        return Steps(at, ages, ages)

    @cached_property
    def _at_home(self) -> Steps:
        times = np.array([micros(fact.effective_at) for fact in self.placements], dtype=np.int64)
        home = np.array([float((fact.ward or "").casefold() == HOME) for fact in self.placements])
        unique = np.append(times[1:] != times[:-1], True)[: times.size]
        times, home = times[unique], home[unique]
        return Steps.held(times, home, home, np.full(times.size, END_OF_TIME), outside=(0, 0))

    def _hospitalised(self) -> Steps:
        """1 from a placement on a ward on, 0 at home; unknown before any placement."""
        first = self.column("placement").at[:1]
        certain = np.ones(first.size)
        placed = Steps.held(first, certain, certain, np.full(first.size, END_OF_TIME), outside=(0, 0))
        return combine(
            lambda seen, home: (seen[0] * (home[0] < 1), np.where(seen[0] < 1, 1.0, home[0] < 1)), placed, self._at_home
        )

    def at_home(self, at: int) -> bool:
        """Whether the patient is at home at a moment."""
        return bool(self._at_home.on(np.array([at]))[0][0] >= 1)

    def _truths(self) -> dict[str, Steps]:
        found = {
            name: self._held(name, readings.said)
            for name in ("fever_charted", "hypotension_clinician", "capd_unable", "language_barrier", "iv_antibiotics")
            if self.column(name)
        }
        if self.column("intracranial_haemorrhage"):
            found["haemorrhage"] = self._held("intracranial_haemorrhage", readings.said)
        unable = self._held("capd", readings.unable)
        if unable.at.size > 1:
            found.setdefault("capd_unable", unable)
        patient = self.patient()
        if patient is not None and patient.developmental_delay is not None:
            found["developmental_delay"] = Steps.constant(float(patient.developmental_delay))
        found = {name: _truth(steps) for name, steps in found.items()}
        found["at_home"] = self._at_home
        found |= charted_truths(self, self._hospitalised())
        found["sedated"] = self._sedated()
        found["masking_drug"] = NO if self.drug_chart_covers else _unless(self._at_home, upper=1)
        return found

    def _sedated(self) -> Steps:
        spans = [run for run in self.drug_runs if run.drug_class in _SEDATING and not run.single_dose]
        running = Steps.during([run.start for run in spans], [run.end for run in spans])
        charted = self._held("sedated", readings.said)
        charted = Steps(charted.at, (charted.lo >= 1).astype(float), (charted.lo >= 1).astype(float))
        return _any_of(running, charted)

    def _labels(self) -> dict[str, Labels]:
        found = {
            "oxygen": oxygen_states(self),
            "vasopressor_doses": self._vasopressor_doses(),
            "consciousness": self._labelled(
                "consciousness",
                readings.consciousness,
                lambda v: list(Consciousness).index(v.consciousness),
            ),
            "seizure": self._labelled(
                "seizure", readings.seizure, lambda v: -1 if v.seizure is None else list(Seizure).index(v.seizure)
            ),
            "motor": self._labelled("motor", lambda f: getattr(f, "motor", None), lambda v: list(Motor).index(v)),
            "icp": self._labelled("icp", lambda f: getattr(f, "icp", None), lambda v: list(Icp).index(v)),
        }
        for concept in [name for name in self._columns if name.startswith("attribution:")]:
            found[concept] = self._attributed(concept)
        return found


def _lower(one: tuple[float, float], other: tuple[float, float]) -> tuple[float, float]:
    return min(one[0], other[0]), min(one[1], other[1])


def _higher(one: tuple[float, float], other: tuple[float, float]) -> tuple[float, float]:
    return max(one[0], other[0]), max(one[1], other[1])


def _truth(steps: Steps) -> Steps:
    return Steps(steps.at, np.clip(steps.lo, 0, 1), np.clip(steps.hi, 0, 1)).compact()


def _unless(known: Steps, upper: float = np.inf) -> Steps:
    """[0, upper] except where `known` says yes, where it is 0."""
    return Steps(known.at, np.zeros(known.at.size), np.where(known.lo >= 1, 0.0, upper)).compact()


def _raised(seen: Steps, unseen: Steps) -> Steps:
    grid = joined(seen, unseen)
    count, _ = seen.on(grid)
    _, more = unseen.on(grid)
    return Steps(grid, count, count + more).compact()


def _any_of(*parts: Steps) -> Steps:
    grid = joined(*parts)
    yes = np.max([part.on(grid)[0] for part in parts], axis=0)
    yes = (yes >= 1).astype(float)
    return Steps(grid, yes, yes).compact()
