"""The two baselines: one sweep in plain Python over one patient's values, and the same rows through a calculator.

`plain` gives exactly the steps of the engine for adults with a drug chart and no attributions (the benchmark checks
that it does), written as a careful programmer would without arrays. `peer` carries the last values forward and asks
a calculator at each charted moment: no interval, no freshness, no end of a diagnosis.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from monitoring.cohort import Channel, Cohort, Spans
from tests.benchmarks.peer import CrsCalculator, grade_row
from tests.benchmarks.people import OXYGEN

FRESH, GAP = (6 * 3600, 6 * 3600, 6 * 3600, 12 * 3600), 7 * 86_400
TEMPERATURE, SYSTOLIC, MEAN, AIR = range(4)
OXYGEN_GRADES = (0, 2, 3, 4)
Step = tuple[int, int, int]


@dataclass(frozen=True)
class PlainCourse:
    """One patient's values as Python lists: (time, value) by concept, spans of vasopressors, times of doses."""

    values: tuple[list[tuple[int, float]], ...]
    pressors: list[tuple[int, int]]
    doses: list[int]


def plain_courses(cohort: Cohort, patients: int) -> list[PlainCourse]:
    """The first patients of a cohort as lists; not part of what is measured."""

    def listed(channel: Channel, patient: int) -> list[tuple[int, float]]:
        part = slice(int(channel.starts[patient]), int(channel.starts[patient + 1]))
        return list(zip(channel.at[part].tolist(), channel.value[part].astype(float).round(1).tolist(), strict=True))

    def spans(of: Spans, patient: int) -> list[tuple[int, int]]:
        part = slice(int(of.starts[patient]), int(of.starts[patient + 1]))
        return list(zip(of.start[part].tolist(), of.end[part].tolist(), strict=True))

    channels = [cohort.numbers[name] for name in ("temperature", "sbp", "map")] + [cohort.labels["oxygen"][0]]
    return [
        PlainCourse(
            tuple(listed(channel, patient) for channel in channels),
            spans(cohort.drugs["vasopressors"], patient),
            [start for start, _ in spans(cohort.drugs["masking"], patient)],
        )
        for patient in range(patients)
    ]


def moments(course: PlainCourse) -> Iterator[tuple[int, list[tuple[int, float]]]]:
    """Each charted moment and what was charted then, as (concept, value)."""
    events = [(at, concept, value) for concept, values in enumerate(course.values) for at, value in values]
    events.sort()
    together: list[tuple[int, float]] = []
    begin = events[0][0] if events else 0
    for at, concept, value in events:
        if at != begin:
            yield begin, together
            begin, together = at, []
        together.append((concept, value))
    if events:
        yield begin, together


def peer(courses: list[PlainCourse]) -> list[list[dict[str, object]]]:
    """One request, one call, one dictionary a charted moment."""
    calculator = CrsCalculator()
    answers = []
    for course in courses:
        latest: list[float | None] = [None, None, None, None]
        answered = []
        for at, charted in moments(course):
            for concept, value in charted:
                latest[concept] = value
            state = OXYGEN[int(latest[AIR] or 0)]
            row: dict[str, object] = {
                "mean_pressure": latest[MEAN],
                "vasopressors": sum(start <= at < end for start, end in course.pressors),
                "oxygen_device": str(state.device),
                "oxygen_flow": state.flow_l_min,
                "fever_waived": any(dose <= at for dose in course.doses),
            }
            if latest[TEMPERATURE] is not None:
                row["temperature_c"] = latest[TEMPERATURE]
            if latest[SYSTOLIC] is not None:
                row["systolic"] = latest[SYSTOLIC]
            answered.append(grade_row(calculator, row))
        answers.append(answered)
    return answers


def plain(courses: list[PlainCourse], until: int) -> list[list[Step]]:
    """(second, at_least, at_most) of each patient from second 0 to `until`."""
    return [_swept(course, until) for course in courses]


def _swept(course: PlainCourse, until: int) -> list[Step]:
    charted: dict[int, list[tuple[int, float]]] = dict(moments(course))
    turns = {0, *charted}
    for values, keeps in zip(course.values, FRESH, strict=True):
        turns.update(at + keeps for at, _ in values)
    for start, end in course.pressors:
        turns.update((start, end))
    for dose in course.doses:
        turns.update((dose, dose + GAP))
    latest: list[float | None] = [None, None, None, None]
    taken = [0, 0, 0, 0]
    told: list[Step] = []
    seen = febrile = False
    sign_ended: int | None = None
    signed = False
    diagnosed_at = 0
    for at in sorted(turns):
        for concept, value in charted.get(at, ()):
            latest[concept], taken[concept] = value, at
        now = [value if value is not None and at < taken[c] + FRESH[c] else None for c, value in enumerate(latest)]
        celsius, systolic, mean, air = now
        seen = seen or latest[TEMPERATURE] is not None
        fever = celsius is not None and celsius >= 38.0
        low = (systolic is not None and systolic < 90) or (mean is not None and mean < 65)
        pressors = sum(start <= at < end for start, end in course.pressors)
        lowest_air = 0 if air is None else int(air)
        if signed:
            sign_ended = at
        if sign_ended is not None and at - sign_ended >= GAP:
            febrile = False
        signed = fever or low or pressors > 0 or lowest_air > 0
        if fever and not febrile:
            febrile, diagnosed_at = True, at
        masked = febrile and any(diagnosed_at <= dose <= at for dose in course.doses)
        hidden = any(dose <= at < dose + GAP for dose in course.doses)
        sure, maybe = int(fever), 1 if fever or celsius is None else 0
        sure = max(sure, 2 * low, 0 if not pressors else 3 if pressors == 1 else 4, OXYGEN_GRADES[lowest_air])
        maybe = max(maybe, sure, 2 * (low or systolic is None), 4 if air is None else 0)
        opened = fever or (febrile and masked)
        if not opened:
            found = sure >= 2
            sure = 0
            if celsius is not None:
                maybe = 0
                if hidden and found and not febrile:
                    sure = maybe = -1
        if at < until and (not told or told[-1][1:] != (sure, maybe)):
            told.append((at, sure, maybe))
    return told
