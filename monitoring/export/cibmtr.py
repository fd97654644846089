"""What CIBMTR form 4100 asks about CRS and neurotoxicity, one row a patient and infusion, with what is missing.

Of the form only its questions 175 to 179 on the onset were read (the date the first symptom was charted; fever of
38.0 C or more is mandatory; clinical.md a.4). The other fields are what ASTCT asks to report: maximum grade, onset,
duration, treatment (recalled, not re-read). Column names are ours; nothing here is the form's own layout (D111).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, tzinfo

from monitoring.clock import day_post_infusion
from monitoring.course import Course
from monitoring.episodes import PUBLISHED, Episode, GradeStep, episodes, steps
from monitoring.export.tables import Cell, Row, table
from monitoring.records import Infusion
from monitoring.timeline import micros, moment
from monitoring.vocabulary import DrugClass, Syndrome

_ASKED = (
    *("seen", "onset_date", "onset_day", "max_grade", "max_grade_at_most", "max_grade_date"),
    *("resolution_date", "duration_days", "episodes"),
)
_REPORTED = (Syndrome.CRS, Syndrome.ICANS)
_THERAPIES = {
    "anticytokine": DrugClass.ANTICYTOKINE,
    "corticosteroid": DrugClass.CORTICOSTEROID,
    "vasopressor": DrugClass.VASOPRESSOR,
}
_EXPECTED_DAYS = 28
_DAY = 86_400_000_000
REPORT = table(
    *("toxicity", "patient_id", "infusion", "product", "infusion_date", "followed_to_day"),
    *(f"{syndrome}_{asked}" for syndrome in _REPORTED for asked in _ASKED),
    *("crs_fever_at_onset", *_THERAPIES, "missing"),
)


def report(course: Course, as_of: datetime, ward_zone: tzinfo) -> Iterator[Row]:
    """One row for each infusion up to `as_of`; what happened until the next infusion belongs to it."""
    known = course.until(as_of)
    given = [one for one in known.infusions if one.effective_at <= as_of]
    for number, infusion in enumerate(given, start=1):
        until = given[number].effective_at if number < len(given) else as_of
        yield _row(known, number, infusion, until, ward_zone)


def _row(course: Course, number: int, infusion: Infusion, until: datetime, ward_zone: tzinfo) -> Row:
    followed = max(fact.effective_at for fact in course.facts if fact.effective_at <= until)
    followed_to = day_post_infusion(max(followed, infusion.effective_at), infusion.effective_at, ward_zone)
    row: dict[str, Cell] = {
        "patient_id": course.patient_id,
        "infusion": str(number),
        "product": infusion.product,
        "infusion_date": _date(micros(infusion.effective_at), ward_zone).isoformat(),
        "followed_to_day": str(followed_to),
    }
    missing = [] if infusion.product else ["product"]
    for syndrome in _REPORTED:
        told, lacking = _syndrome(course, syndrome, infusion, until, ward_zone)
        row |= told
        missing += lacking
    row |= _therapies(course, infusion, until, ward_zone)
    if not course.drug_chart_covers:
        missing.append("drug chart: no therapy is not the same as none given")
    if followed_to < _EXPECTED_DAYS:
        missing.append(f"follow-up after day {followed_to}")
    return {**row, "missing": "; ".join(missing)}


def _syndrome(
    course: Course, syndrome: Syndrome, infusion: Infusion, until: datetime, ward_zone: tzinfo
) -> tuple[dict[str, Cell], list[str]]:
    """The fields of one syndrome, and what is missing in them."""
    begin, end = micros(infusion.effective_at), micros(until)
    found = [one for one in episodes(course, PUBLISHED[syndrome], until) if begin <= one.onset < end]
    graded = [step for step in steps(course, PUBLISHED[syndrome], until, ward_zone) if step.end > begin]
    doubtful = sum(s.end - max(s.start, begin) for s in graded if s.at_most is None or (s.at_least == 0 and s.at_most))
    lacking = [f"{syndrome}: {doubtful / _DAY:.1f} days on which grade 1 or more is not ruled out"] if doubtful else []
    row: dict[str, Cell] = {f"{syndrome}_seen": "yes" if found else "not seen", f"{syndrome}_episodes": str(len(found))}
    if not found:
        return row, lacking
    first, worst = found[0], max(found, key=lambda one: one.peak)
    at_most = _at_most(graded, found, end)
    row |= {
        f"{syndrome}_onset_date": _date(first.onset, ward_zone).isoformat(),
        f"{syndrome}_onset_day": str(day_post_infusion(moment(first.onset), infusion.effective_at, ward_zone)),
        f"{syndrome}_max_grade": str(worst.peak),
        f"{syndrome}_max_grade_at_most": str(at_most),
        f"{syndrome}_max_grade_date": _date(worst.peak_at, ward_zone).isoformat(),
    }
    if at_most > worst.peak:
        lacking.append(f"{syndrome}: maximum grade is {worst.peak} to {at_most}")
    last = found[-1].resolved
    if last is None:
        lacking.append(f"{syndrome}: resolution")
    else:
        days = (_date(last, ward_zone) - _date(first.onset, ward_zone)).days + 1
        row |= {f"{syndrome}_resolution_date": _date(last, ward_zone).isoformat()}
        row |= {f"{syndrome}_duration_days": str(days)}
    if syndrome is Syndrome.CRS:
        feverish = any("fever" in step.met for step in graded if step.start <= first.onset < step.end)
        row["crs_fever_at_onset"] = "yes" if feverish else "not charted"
        lacking += [] if feverish else ["crs: a temperature of 38.0 C or more at the onset, which the form demands"]
    return row, lacking


def _at_most(graded: list[GradeStep], found: list[Episode], end: int) -> int:
    """The highest grade that is not ruled out while an episode lasts."""
    spans = [(one.onset, end if one.resolved is None else one.resolved) for one in found]
    within = [step for step in graded if any(step.start < over and step.end > onset for onset, over in spans)]
    return max(step.at_most or 0 for step in within)


def _therapies(course: Course, infusion: Infusion, until: datetime, ward_zone: tzinfo) -> dict[str, Cell]:
    """Each kind of drug given in the time: its drugs, each with the day it began."""
    begin, end = micros(infusion.effective_at), micros(until)
    said: dict[str, Cell] = {}
    for name, kind in _THERAPIES.items():
        classes = {kind, DrugClass.VASOPRESSIN} if kind is DrugClass.VASOPRESSOR else {kind}
        runs = [run for run in course.drug_runs if run.drug_class in classes and begin <= run.start < end]
        first = {run.drug: run.start for run in reversed(runs)}
        said[name] = " ".join(f"{drug}:{_date(at, ward_zone).isoformat()}" for drug, at in sorted(first.items()))
    return said


def _date(at: int, ward_zone: tzinfo) -> date:
    return moment(at).astimezone(ward_zone).date()
