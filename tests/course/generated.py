"""Courses made of chosen or random events: gaps, late charting, amendments and withdrawals included."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np

from monitoring.channels import NEVER, Channel, Cohort, Spans, Worse
from monitoring.concepts import dictionary
from monitoring.course import Course
from monitoring.records import (
    Administration,
    Attribution,
    ChartedGrade,
    Correction,
    Fact,
    Infusion,
    Observation,
    OxygenSupport,
    Patient,
    Placement,
)
from monitoring.timeline import micros
from monitoring.vocabulary import Cause, DrugClass, OxygenDevice, OxygenReason, Sign, Syndrome
from tests.course.charts import INFUSED, after

UNTIL_HOURS = 420
LOWER_IS_WORSE = {"sbp", "map"}
NUMBERS = {
    "temperature": (36.5, 37.9, 38.0, 38.4, 39.5),
    "sbp": (62, 84, 89, 90, 95, 99, 100, 104, 120, 150),
    "map": (55, 64, 65, 80),
    "baseline_sbp": (95, 120, 130),
}
STATEMENTS = ("fever_charted", "hypotension_clinician")
DEVICES = (
    {"device": OxygenDevice.ROOM_AIR},
    {"device": OxygenDevice.NASAL_CANNULA, "flow_l_min": 2.0},
    {"device": OxygenDevice.NASAL_CANNULA},
    {"device": OxygenDevice.HFNC},
    {"device": OxygenDevice.BIPAP},
    {"device": OxygenDevice.CPAP, "reason": OxygenReason.HOME_SLEEP_APNOEA},
    {"flow_l_min": 4.0},
)
DRUGS = ("norepinephrine", "epinephrine", "vasopressin", "milrinone", "tocilizumab", "dexamethasone", "none")
KINDS = (*NUMBERS, *STATEMENTS, "oxygen", "drug", "attribution", "charted", "home", "amend", "withdraw")
WEIGHTS = (14, 14, 8, 1, 2, 2, 10, 6, 2, 1, 1, 4, 4)

Event = tuple[float, str, int]
"""Quarter hours after the infusion, kind, and a number that chooses among what the kind offers."""


def random_events(draw: random.Random, longest: int = 40) -> list[Event]:
    """Events in clusters, with silences between them."""
    events: list[Event] = []
    quarter = draw.randrange(-80, 40)
    for _ in range(draw.randrange(1, longest)):
        quarter += draw.choice((0, 0, 1, 4, 4, 16, 24, 25, 60, 300))
        events.append((min(quarter, UNTIL_HOURS * 4 - 1), draw.choices(KINDS, WEIGHTS)[0], draw.randrange(1000)))
    return events


def facts_of(events: Sequence[Event], age: int | None, *, drug_chart: bool) -> list[Fact]:
    """The facts that say what the events say, in the order in which they arrived."""
    always = {"patient_id": "P1", "effective_at": INFUSED, "received_at": INFUSED, "source": "chart"}
    facts: list[Fact] = [Infusion(**always), Placement(**always, ward="7 North")]
    if age is not None:
        facts.append(Patient(**always, birth_date=date(INFUSED.year - age, 1, 1)))
    if drug_chart:
        facts.append(Administration(**always, drug="none"))
    for number, event in enumerate(events):
        facts.append(_fact(number, event, facts))
    return facts


def _fact(number: int, event: Event, earlier: Sequence[Fact]) -> Fact:  # noqa: PLR0911 - one return a kind
    quarter, kind, pick = event
    at = after(quarter / 4)
    late = after(quarter / 4 + pick % 50)
    carried = {"patient_id": "P1", "effective_at": at, "received_at": late, "source": f"chart:{number}"}
    if kind in NUMBERS:
        value = NUMBERS[kind][pick % len(NUMBERS[kind])]
        return Observation(**carried, concept=kind, value=value, record_id=f"R{number}")
    if kind in STATEMENTS:
        return Observation(**carried, concept=kind, code=("true", "false")[pick % 2])
    if kind == "oxygen":
        return OxygenSupport(**carried, **DEVICES[pick % len(DEVICES)])
    if kind == "drug":
        lasts = (None, 2, 30)[pick % 3]
        end = None if lasts is None else at + timedelta(hours=lasts)
        return Administration(**carried, drug=DRUGS[pick % len(DRUGS)], end=end)
    if kind == "attribution":
        return Attribution(**carried, sign=tuple(Sign)[pick % 3], cause=(Cause.OTHER, Cause.CRS)[pick // 3 % 2])
    if kind == "charted":
        return ChartedGrade(**carried, syndrome=Syndrome.CRS, grade=pick % 3)
    if kind == "home":
        return Placement(**carried, ward=("home", "7 North")[pick % 2])
    target = earlier[pick % len(earlier)]
    if kind == "amend" and isinstance(target, Observation) and target.value is not None:
        return target.model_copy(update={"value": target.value + 1.5, "recorded_at": late, "received_at": late})
    if isinstance(target, Infusion):
        return Observation(**carried, concept="temperature", value=38.2)
    return Correction(**carried, target=target.fact_id, reason="charted on the wrong patient")


def random_course(draw: random.Random, longest: int = 40) -> Course:
    """A course of random events, its facts in a random order of arrival."""
    facts = facts_of(random_events(draw, longest), draw.choice((54, 54, 8, None)), drug_chart=draw.random() < 0.7)
    draw.shuffle(facts)
    return Course.from_facts("P1", facts, dictionary())


def cohort_of(courses: Sequence[Course]) -> Cohort:
    """The channels of courses as a registry would keep them."""
    starts = [0 if course.start is None else course.start for course in courses]

    def seconds(patient: int, at: int) -> int:
        return int(np.clip((at - starts[patient]) // 1_000_000, -NEVER, NEVER))

    def channel(rows: list[tuple[int, int, float]], worse: Worse = "later") -> Channel:
        table = np.array(rows, dtype=float).reshape(-1, 3)
        patient, at = table[:, 0].astype(np.int64), table[:, 1].astype(np.int32)
        value, second = table[:, 2].astype(np.float32), np.array(starts) // 1_000_000 % 60
        return Channel.from_rows(len(courses), patient, at, value, worse=worse, infused_second=second)

    def column(name: str, reading: object) -> list[tuple[int, int, float]]:
        found = []
        for patient, course in enumerate(courses):
            for at, fact in course.column(name):
                value = reading(fact)  # type: ignore[operator]
                if value is not None:
                    found.append((patient, seconds(patient, at), float(value)))
        return found

    def spans(classes: set[DrugClass], *, doses: bool) -> Spans:
        rows = [
            (patient, seconds(patient, run.start), seconds(patient, run.end))
            for patient, course in enumerate(courses)
            for run in course.drug_runs
            if run.drug_class in classes and (doses or not run.single_dose)
        ]
        table = np.array(rows, np.int64).reshape(-1, 3)
        return Spans(
            table[:, 1].astype(np.int32),
            table[:, 2].astype(np.int32),
            np.searchsorted(table[:, 0], np.arange(len(courses) + 1)),
        )

    oxygen, words = [], []
    doses: list[tuple[int, int, float]] = []
    states: list[object] = []
    ages = []
    for patient, course in enumerate(courses):
        label = course.evidence.label("oxygen")
        oxygen += [
            (patient, seconds(patient, int(at)), -1 if index < 0 else index + len(words))
            for at, index in zip(label.at[1:], label.index[1:], strict=True)
        ]
        words += label.values
        dose = course.evidence.label("vasopressor_doses")
        doses += [
            (patient, max(seconds(patient, int(at)), -30 * 86_400), -1 if index < 0 else index + len(states))
            for at, index in zip(dose.at, dose.index, strict=True)
        ]
        states += dose.values
        age = course.evidence.number("age")
        begins = max(0, int(np.searchsorted(age.at, starts[patient] - 30 * 86_400_000_000, side="right")) - 1)
        ages += [
            (patient, max(seconds(patient, int(at)), -30 * 86_400), value)
            for at, value in zip(age.at[begins:], age.lo[begins:], strict=True)
            if np.isfinite(value)
        ]
    placed = [
        (patient, seconds(patient, micros(fact.effective_at)), float(fact.ward == "home"))
        for patient, course in enumerate(courses)
        for fact in course.placements
    ]
    causes = tuple(Cause)
    return Cohort(
        patients=len(courses),
        numbers={
            name: channel(column(name, lambda f: f.value), "min" if name in LOWER_IS_WORSE else "max")
            for name in NUMBERS
        }
        | {"age": channel(ages)},
        truths={name: channel(column(name, lambda f: f.code == "true"), "max") for name in STATEMENTS}
        | {"at_home": _last_wins(channel, placed)},
        labels={
            "oxygen": (channel(oxygen), tuple(words)),
            "vasopressor_doses": (_last_wins(channel, doses), tuple(states)),
        }
        | {
            f"attribution:{sign}": (
                _first_wins(channel, column(f"attribution:{sign}", lambda f: causes.index(f.cause))),
                causes,
            )
            for sign in (Sign.FEVER, Sign.HYPOTENSION, Sign.HYPOXIA)
        },
        drugs={
            "vasopressors": spans({DrugClass.VASOPRESSOR}, doses=False),
            "vasopressin": spans({DrugClass.VASOPRESSIN}, doses=False),
            "inotrope": spans({DrugClass.INOTROPE}, doses=False),
            "masking": spans({DrugClass.ANTIPYRETIC, DrugClass.ANTICYTOKINE, DrugClass.CORTICOSTEROID}, doses=True),
        },
        drug_chart=np.array([course.drug_chart_covers for course in courses]),
        crs_charted=channel(column("charted:crs", lambda f: 1 if f.grade >= 1 else None)),
    )


def _last_wins(channel: object, rows: list[tuple[int, int, float]]) -> Channel:
    return channel([(p, at, v) for (p, at), v in {(p, at): v for p, at, v in rows}.items()])  # type: ignore[operator]


def _first_wins(channel: object, rows: list[tuple[int, int, float]]) -> Channel:
    return _last_wins(channel, rows[::-1])
