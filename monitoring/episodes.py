"""From a graded course to the steps a person reads, and to episodes with onset, peak and resolution.

An episode begins where the grade is certainly 1 or more and is over where it is certainly 0 (D38). A restart within
seven days of the resolution belongs to the same episode (the rule of the liso-cel CLL trial, PMC11753452 table 4;
decisions D13, D37); a later one is a recurrence and an episode of its own. Nothing outside a window is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from typing import Any

import numpy as np

from monitoring.clock import day_post_infusion
from monitoring.course import Course
from monitoring.grading import graded, iec_hs
from monitoring.grading.engine import Graded
from monitoring.grading.masking import EPISODE_GAP
from monitoring.hindsight import Revision, revisions
from monitoring.timeline import micros, moment
from monitoring.vocabulary import Flag, Syndrome
from monitoring.windows import DOCUMENTED_DAYS, window_flags, window_span

PUBLISHED = {Syndrome.CRS: "crs-astct-2019", Syndrome.ICANS: "icans-astct-2019"}
REPORTED = {Syndrome.CRS: "crs-documented-symptoms", Syndrome.ICANS: "icans-documented-symptoms"}


@dataclass(frozen=True)
class GradeStep:
    """A grade that holds on [start, end), microseconds; None where the scale cannot be applied.

    `changed` says what the screens had said, where they had said something else.
    """

    start: int
    end: int
    at_least: int | None
    at_most: int | None
    met: tuple[str, ...]
    unassessed: tuple[str, ...]
    flags: tuple[Flag, ...]
    changed: Revision | None = None

    def same_as(self, other: GradeStep) -> bool:
        """Whether two steps say the same."""
        mine = (self.at_least, self.at_most, self.met, self.unassessed, self.flags, self.changed)
        return mine == (other.at_least, other.at_most, other.met, other.unassessed, other.flags, other.changed)


@dataclass(frozen=True)
class Episode:
    """One episode; `resolved` None while it is not certainly over."""

    onset: int
    peak: int
    peak_at: int
    resolved: int | None


def day_and_infusions(course: Course, at: int, ward_zone: tzinfo) -> tuple[int | None, list[float]]:
    """Calendar day of `at` counted from the first infusion, and the days of all infusions on that count."""
    if not course.infusions:
        return None, []
    first = course.infusions[0].effective_at
    days = [float(day_post_infusion(given.effective_at, first, ward_zone)) for given in course.infusions]
    return day_post_infusion(moment(at), first, ward_zone), days


def latest_infusion_day(course: Course, at: int, ward_zone: tzinfo) -> int | None:
    """Day of `at` counted from the last infusion before it; None before any."""
    given = [fact for fact in course.infusions if micros(fact.effective_at) <= at]
    return day_post_infusion(moment(at), given[-1].effective_at, ward_zone) if given else None


def steps(
    course: Course, system_id: str, as_of: datetime, ward_zone: tzinfo, since: datetime | None = None
) -> list[GradeStep]:
    """The grade over time, sorted and without gaps, from the infusion (or the first fact, or `since`) to `as_of`."""
    if course.start is None:
        return []
    start, end = max(course.start, micros(since) if since else course.start), micros(as_of)
    if end < start:
        return []
    merged: list[GradeStep] = []
    for step in _segments(course, system_id, start, end, ward_zone):
        if merged and merged[-1].same_as(step):
            merged[-1] = replace(merged[-1], end=step.end)
        else:
            merged.append(step)
    return merged


def _segments(course: Course, system_id: str, start: int, end: int, ward_zone: tzinfo) -> Iterator[GradeStep]:
    grade = graded(course, system_id)
    beside = graded(course, PUBLISHED[grade.system.syndrome]) if not grade.system.published else None
    edges = [
        micros(edge)
        for given in course.infusions
        if grade.system.syndrome in DOCUMENTED_DAYS
        for edge in window_span(grade.system.syndrome, given.effective_at, ward_zone)
    ]
    boundaries = [grade.at, np.array([*edges, start], dtype=np.int64)]
    if beside is not None:
        boundaries.append(beside.at)
    if _asks_about_iec_hs(grade):
        boundaries.append(iec_hs.asks(course).at)
    changes = revisions(course, system_id, start, end)
    boundaries.append(np.array([edge for change in changes for edge in (change.start, change.end)], dtype=np.int64))
    cuts = np.unique(np.concatenate(boundaries))
    cuts = cuts[(cuts >= start) & (cuts <= end)]
    for index, cut in enumerate(cuts):
        at = int(cut)
        place = grade.place(at)
        gradable = grade.gradable(place)
        yield GradeStep(
            start=at,
            end=int(cuts[index + 1]) if index + 1 < cuts.size else end,
            at_least=int(grade.at_least[place]) if gradable else None,
            at_most=int(grade.at_most[place]) if gradable else None,
            met=tuple(grade.met(place)),
            unassessed=tuple(grade.unassessed(place)),
            flags=tuple(flags_at(course, grade, place, at, ward_zone, beside)),
            changed=next((change for change in changes if change.start <= at < change.end), None),
        )


def flags_at(
    course: Course, grade: Graded, place: int, at: int, ward_zone: tzinfo, beside: Graded | None = None
) -> list[Flag]:
    """Everything to be said with a grade at a moment: the scale's remarks, windows, staleness, the other column."""
    flags = grade.flags_at(place)
    day, infusion_days = day_and_infusions(course, at, ward_zone)
    if day is None:
        flags.append(Flag.NO_INFUSION_RECORDED)
    if grade.at_least[place] >= 1:
        around = window_flags(grade.system.syndrome, day, infusion_days)
        flags += around
        if grade.system.syndrome is Syndrome.CRS and Flag.AFTER_DOCUMENTED_WINDOW in around:
            flags.append(Flag.LOOK_FOR_INFECTION)
    if _asks_about_iec_hs(grade) and iec_hs.asks(course).on(np.array([at]))[0][0]:
        flags.append(Flag.CONSIDER_IEC_HS)
    if beside is not None and grade.at_least[place] > max(int(beside.at_least[beside.place(at)]), 0):
        flags.append(Flag.SYMPTOM_GRADE_EXCEEDS_PUBLISHED)
    if stale_axes(course, grade, place, at):
        flags.append(Flag.STALE)
    if revisions(course, grade.system.id, at, at + 1):
        flags.append(Flag.CHANGED_AFTER_THE_FACT)
    return list(dict.fromkeys(flags))


def _asks_about_iec_hs(grade: Graded) -> bool:
    """Whether the screen for IEC-HS is told beside this scale: with every published scale of CRS (D58)."""
    return grade.system.syndrome is Syndrome.CRS and grade.system.published


def stale_axes(course: Course, grade: Graded, place: int, at: int) -> list[str]:
    """Names of the inputs that are unknown although they were taken: their last value is too old to use."""
    names = grade.unassessed(place)
    return [
        axis.name
        for axis in grade.system.axes
        if axis.name in names and any(_lapsed(course, concept, at) for concept in axis.concepts)
    ]


def _lapsed(course: Course, concept: str, at: int) -> bool:
    last = course.last_at(concept, at)
    keeps = None if last is None else course.freshness(concept)
    return last is not None and keeps is not None and at >= last + keeps


def episodes(course: Course, system_id: str, as_of: datetime) -> list[Episode]:
    """Episodes of one system up to `as_of`, in order of onset."""
    if course.start is None:
        return []
    grade = graded(course, system_id)
    begin, end = course.start, micros(as_of)
    first, last = grade.place(begin), grade.place(end)
    found: list[Episode] = []
    for place in range(first, last + 1):
        at = max(int(grade.at[place]), begin)
        low, high = int(grade.at_least[place]), int(grade.at_most[place])
        current = found[-1] if found else None
        if low >= 1:
            if current is None or (current.resolved is not None and at - current.resolved >= EPISODE_GAP):
                found.append(Episode(at, low, at, None))
            else:
                peak, peak_at = (low, at) if low > current.peak else (current.peak, current.peak_at)
                found[-1] = Episode(current.onset, peak, peak_at, None)
        elif high == 0 and current is not None and current.resolved is None:
            found[-1] = Episode(current.onset, current.peak, current.peak_at, at)
    return found


def grade_report(course: Course, system_ids: Sequence[str], as_of: datetime, ward_zone: tzinfo) -> list[dict[str, Any]]:
    """The contract's object for one patient and each system: steps and episodes. Raises KeyError for a system."""
    known = course.until(as_of)
    return [_report(known, system_id, as_of, ward_zone) for system_id in system_ids]


def _shown(changed: Revision | None) -> dict[str, Any]:
    """What the screens had said of a step, where they had said something else."""
    if changed is None:
        return {}
    low, high = changed.shown
    return {"shown": {"at_least": low, "at_most": high}, "known_since": moment(changed.known_since).isoformat()}


def _report(course: Course, system_id: str, as_of: datetime, ward_zone: tzinfo) -> dict[str, Any]:
    found = steps(course, system_id, as_of, ward_zone)
    return {
        "patient_id": course.patient_id,
        "system": system_id,
        "revision": graded(course, system_id).system.revision,
        "steps": [
            {
                "from": moment(step.start).isoformat(),
                "to": None if step is found[-1] else moment(step.end).isoformat(),
                "at_least": step.at_least,
                "at_most": step.at_most,
                "met": list(step.met),
                "unassessed": list(step.unassessed),
                "flags": [flag.value for flag in step.flags],
                **_shown(step.changed),
            }
            for step in found
        ],
        "episodes": [
            {
                "onset": moment(episode.onset).isoformat(),
                "resolved": None if episode.resolved is None else moment(episode.resolved).isoformat(),
                "peak": episode.peak,
                "peak_at": moment(episode.peak_at).isoformat(),
                "onset_day": latest_infusion_day(course, episode.onset, ward_zone),
            }
            for episode in episodes(course, system_id, as_of)
        ],
    }
