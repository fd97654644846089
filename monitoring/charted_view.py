"""A grade that a clinician charted, beside the derived one: neither overwrites the other (D110)."""

from __future__ import annotations

from monitoring.episodes import PUBLISHED
from monitoring.records import ChartedGrade
from monitoring.sentences import Situation
from monitoring.timeline import micros
from monitoring.views import ChartedBeside
from monitoring.vocabulary import Syndrome
from monitoring.wording import clock_text, grade_text

_LABELS = {Syndrome.CRS: "CRS", Syndrome.ICANS: "ICANS"}
DEATH = 5


def charted_beside(now: Situation) -> tuple[ChartedBeside, ...]:
    """The last charted grade of each syndrome up to now; empty where nobody charted one."""
    last = ((syndrome, now.course.last(f"charted:{syndrome}", now.at)) for syndrome in PUBLISHED)
    return tuple(_beside(now, syndrome, fact) for syndrome, fact in last if isinstance(fact, ChartedGrade))


def _beside(now: Situation, syndrome: Syndrome, fact: ChartedGrade) -> ChartedBeside:
    then, present = _derived(now, syndrome, micros(fact.effective_at)), _derived(now, syndrome, now.at)
    low, high = then
    differs = fact.grade != DEATH and (low is None or high is None or not low <= fact.grade <= high)
    _, _, who = (fact.author or "").partition(":")
    said = f"{_LABELS[syndrome]} {fact.grade} charted" + (f" by {who}" if who else "")
    at = clock_text(fact.effective_at, now.as_of, now.zone)
    if fact.grade == DEATH:
        sentence = f"{said} for {at}."
    elif differs:
        sentence = (
            f"{said} for {at}; derived for the same moment: {grade_text(*then)}. Both stand; look at the reasons."
        )
    else:
        sentence = f"{said} for {at}, in keeping with the derived {grade_text(*then)}."
    if present != then and fact.grade != DEATH:
        sentence += f" Derived now: {grade_text(*present)}."
    return ChartedBeside(syndrome, fact.grade, fact.effective_at, sentence, fact.note or "", differs)


def _derived(now: Situation, syndrome: Syndrome, at: int) -> tuple[int | None, int | None]:
    grade = now.grades[PUBLISHED[syndrome]]
    place = grade.place(at)
    return (int(grade.at_least[place]), int(grade.at_most[place])) if grade.gradable(place) else (None, None)
