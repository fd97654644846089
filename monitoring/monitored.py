"""Who is on the board: from the first word of the bedside until somebody ends the monitoring (D95).

Nothing is deleted by an end, and everything that comes after it is graded all the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from monitoring.alerts import last_heard
from monitoring.course import Course
from monitoring.episodes import PUBLISHED
from monitoring.grading import graded
from monitoring.records import Milestone
from monitoring.timeline import micros
from monitoring.vocabulary import CourseStep

_TURNS = {CourseStep.MONITORING_ENDED, CourseStep.MONITORING_RESUMED}


@dataclass(frozen=True)
class Ended:
    """Monitoring ended at `at`, by whom (`nurse:Ada`), and why, where that was said."""

    at: datetime
    author: str | None
    note: str | None


def ended(course: Course, as_of: datetime) -> Ended | None:
    """The end of the monitoring that holds at `as_of`; None where it goes on. A later infusion begins it anew."""
    at = micros(as_of)
    turns = [fact for when, fact in course.column("milestone") if when <= at and _turns(fact)]
    if not turns:
        return None
    last = turns[-1]
    again = any(last.effective_at < given.effective_at <= as_of for given in course.infusions)
    if again or not isinstance(last, Milestone) or last.step is CourseStep.MONITORING_RESUMED:
        return None
    return Ended(last.effective_at, last.author, last.note)


def on_board(course: Course, as_of: datetime) -> bool:
    """Whether the ward looks after the patient at `as_of`.

    Somebody enrolled comes with the first place, infusion or word of the bedside. Whose monitoring was ended comes
    back by itself where something heard after the end is certainly a grade 1 or more.
    """
    end = ended(course, as_of)
    heard = last_heard(course, as_of)
    if end is not None:
        return heard is not None and heard > end.at and _toxic(course.until(as_of), micros(as_of))
    if heard is not None or course.placement(micros(as_of)) is not None:
        return True
    given = any(infusion.effective_at <= as_of for infusion in course.infusions)
    return given or not course.column("enrolment")


def watched(courses: Iterable[Course], as_of: datetime) -> list[Course]:
    """Those of the courses that are on the board."""
    return [course for course in courses if on_board(course, as_of)]


def _turns(fact: object) -> bool:
    return isinstance(fact, Milestone) and fact.step in _TURNS


def _toxic(course: Course, at: int) -> bool:
    found = [graded(course, system_id) for system_id in PUBLISHED.values()]
    return any(int(grade.at_least[grade.place(at)]) >= 1 for grade in found)
