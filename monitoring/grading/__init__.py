"""Grading systems by their contract identifiers, and a course graded by one of them."""

from __future__ import annotations

from functools import cache

from monitoring.concepts import dictionary
from monitoring.course import Course
from monitoring.grading import (
    cres_cartox_2018,
    crs_astct_2019,
    crs_cartox_2018,
    crs_ctcae_5,
    crs_lee_2014,
    crs_mskcc,
    crs_penn_2018,
    documented_symptoms,
    icaht_early_2023,
    icaht_late_2023,
    icans_astct_2019,
)
from monitoring.grading.engine import Graded, GradingSystem, grade
from monitoring.vocabulary import Syndrome

DEFAULT_SYSTEMS = (
    "crs-astct-2019",
    "icans-astct-2019",
    "crs-documented-symptoms",
    "icans-documented-symptoms",
)


@cache
def systems() -> dict[str, GradingSystem]:
    """Every grading system this installation knows, by identifier."""
    tables = (
        crs_astct_2019.SYSTEM,
        icans_astct_2019.SYSTEM,
        documented_symptoms.system(Syndrome.CRS, dictionary()),
        documented_symptoms.system(Syndrome.ICANS, dictionary()),
        crs_ctcae_5.SYSTEM,
        crs_lee_2014.SYSTEM,
        crs_penn_2018.SYSTEM,
        crs_mskcc.SYSTEM,
        crs_cartox_2018.SYSTEM,
        cres_cartox_2018.SYSTEM,
        icaht_early_2023.SYSTEM,
        icaht_late_2023.SYSTEM,
    )
    return {table.id: table for table in tables}


def graded(course: Course, system_id: str) -> Graded:
    """A course graded by one system, kept with the course so that a second question costs nothing.

    Raises KeyError for an identifier that `systems()` does not know.
    """
    held = course.memo.get(system_id)
    if not isinstance(held, Graded):
        held = grade(systems()[system_id], course.evidence)
        course.memo[system_id] = held
    return held
