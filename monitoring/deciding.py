"""The one input that would narrow a grade most, and how long ago it was last taken."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from monitoring.axis_evidence import evidence_for
from monitoring.course import Course
from monitoring.grading.engine import Graded
from monitoring.records import Administration, Fact, Observation, OxygenSupport
from monitoring.timeline import micros
from monitoring.vocabulary import DrugClass
from monitoring.wording import INPUT_NAMES, age_text, plain

_PRESSORS = frozenset({DrugClass.VASOPRESSOR, DrugClass.VASOPRESSIN})
_ONCE = frozenset({"age", "weight"})


def input_name(name: str) -> str:
    """An input of a scale as a person calls it."""
    return INPUT_NAMES.get(name, plain(name))


def would_decide(course: Course, grade: Graded, as_of: datetime) -> str | None:
    """`FiO₂ (never taken)`, `blood pressure (last 7 h ago)`; None where nothing is left to decide."""
    at = micros(as_of)
    name = grade.decides(grade.place(at))
    if name is None:
        return None
    axis = next(axis for axis in grade.system.axes if name in (axis.name, *axis.inputs))
    last = last_taken(course, name, axis.concepts, at)
    never = "not recorded" if name in _ONCE else "never taken"
    ago = never if last is None else f"last {age_text(last, as_of)} ago"
    return f"{input_name(name)} ({ago})"


def last_taken(course: Course, name: str, concepts: tuple[str, ...], at: int) -> datetime | None:
    """When an input was last charted, which a row that leaves it out does not do."""
    if name == "fio2":
        return _latest(course, ("oxygen_support", "fio2"), at, _says_fio2)
    if name == "vasopressor_dose":
        return _latest(course, ("administration",), at, lambda fact: _says_dose(course, fact))
    return evidence_for(course, name, concepts, at).at


def _latest(course: Course, concepts: tuple[str, ...], at: int, says: Callable[[Fact], bool]) -> datetime | None:
    moments = [
        fact.effective_at for name in concepts for when, fact in course.column(name) if when <= at and says(fact)
    ]
    return max(moments, default=None)


def _says_fio2(fact: Fact) -> bool:
    if isinstance(fact, OxygenSupport):
        return fact.fio2 is not None
    return isinstance(fact, Observation) and fact.value is not None


def _says_dose(course: Course, fact: Fact) -> bool:
    if not isinstance(fact, Administration) or fact.dose is None:
        return False
    return course.dictionary.drug_class(fact.drug) in _PRESSORS
