"""Everything the patient page shows: grades as steps, vital signs, drugs, windows, and why each grade is what it is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta, tzinfo
from itertools import pairwise

import numpy as np

from monitoring.acknowledged import standing_alerts
from monitoring.after_the_fact import changed_text, said_then
from monitoring.axis_evidence import evidence_for
from monitoring.charted_view import charted_beside
from monitoring.clock import age_years
from monitoring.course import Course
from monitoring.deciding import would_decide
from monitoring.enrolled_view import ended_sentence
from monitoring.episodes import PUBLISHED, REPORTED, episodes, latest_infusion_day, steps
from monitoring.grading import graded
from monitoring.grading.engine import Graded
from monitoring.hindsight import Revision, revisions
from monitoring.products import LABELS_NOW, product_named
from monitoring.records import OxygenSupport
from monitoring.sentences import Situation, remark
from monitoring.timeline import END_OF_TIME, micros, moment
from monitoring.views import (
    Bar,
    Changed,
    CriterionRow,
    EpisodeRow,
    Explanation,
    InfusionMark,
    OnsetBand,
    PatientView,
    RiskWindow,
    Series,
    Step,
    Strip,
    Window,
)
from monitoring.vocabulary import Answer, DrugClass, OxygenDevice, Syndrome
from monitoring.ward_view import grade_cell, ward_row
from monitoring.windows import DOCUMENTED_DAYS, day_span, standing, window_span
from monitoring.wording import INPUT_NAMES, age_text, as_charted_text, duration, grade_text, plain, unit_text

_SERIES = ("temperature", "heart_rate", "respiratory_rate", "sbp", "dbp", "spo2")
_LABELS = {Syndrome.CRS: "CRS", Syndrome.ICANS: "ICANS"}


def patient_view(course: Course, as_of: datetime, ward_zone: tzinfo) -> PatientView:
    """The page of one patient at `as_of`."""
    course = course.until(as_of)
    now = Situation(course, as_of, ward_zone)
    row = ward_row(now)
    system_ids = [*PUBLISHED.values(), *REPORTED.values()]
    return PatientView(
        row=row,
        heading=_heading(now),
        as_of=as_of,
        ward_zone=str(ward_zone),
        infusions=tuple(
            InfusionMark(given.effective_at, given.product or "product not charted")
            for given in course.infusions
            if given.effective_at <= as_of
        ),
        windows=tuple(_windows(course, ward_zone)),
        risk=_risk(course, as_of, ward_zone),
        strips=tuple(_strip(now, system_id) for system_id in system_ids),
        series=tuple(_series(course, concept, micros(as_of)) for concept in _SERIES),
        bars=(*_oxygen_bars(course, now.at), *_drug_bars(course, now.at)),
        explanations=tuple(explanation(now, system_id) for system_id in system_ids),
        episodes=tuple(_episode_rows(now)),
        ended=ended_sentence(course, as_of, ward_zone),
        alerts=standing_alerts(now, row),
        charted=charted_beside(now),
    )


def _heading(now: Situation) -> str:
    """Age, product, infusion time and day in words."""
    patient = now.course.patient()
    parts = []
    if patient and patient.birth_date:
        years = age_years(patient.birth_date, now.as_of)
        parts.append(f"{int(years)} years" if years >= 2 else f"{int(years * 12)} months")
    if patient and patient.weight_kg:
        parts.append(f"{patient.weight_kg:g} kg")
    for given in now.course.infusions:
        if given.effective_at <= now.as_of:
            local = given.effective_at.astimezone(now.zone)
            parts.append(f"{given.product or 'product not charted'} {local:%Y-%m-%d %H:%M}")
    return " · ".join(parts)


def _windows(course: Course, ward_zone: tzinfo) -> list[Window]:
    found = []
    for number, given in enumerate(course.infusions, start=1):
        for syndrome, days in DOCUMENTED_DAYS.items():
            start, end = window_span(syndrome, given.effective_at, ward_zone)
            of = f", infusion {number}" if len(course.infusions) > 1 else ""
            label = f"documented {_LABELS[syndrome]} window, day {days[0]}–{days[1]}{of}"
            found.append(Window(syndrome, label, start, end, number, days))
    return found


def _risk(course: Course, as_of: datetime, ward_zone: tzinfo) -> RiskWindow:
    """The sentence, and for each infusion of a product we know the published onset of each syndrome."""
    bands: list[OnsetBand] = []
    notes: list[str] = []
    for number, given in enumerate(course.infusions, start=1):
        product = product_named(given.product)
        if product is None:
            name = given.product or "this product"
            notes.append(f"No onset figures were verified for {name}, so no thin bar is drawn.")
            continue
        for onset in product.drawn(number):
            first = onset.median if onset.first is None else onset.first
            last = onset.median if onset.last is None else onset.last
            start, end = day_span(first, last, given.effective_at, ward_zone)
            middle, _ = day_span(onset.median, onset.median, given.effective_at, ward_zone)
            median_at = middle + timedelta(hours=12)
            bands.append(OnsetBand(onset.syndrome, product.label, number, start, end, median_at, onset.words()))
        notes += [f"{product.label}, {_LABELS[onset.syndrome]}: {onset.words()}." for onset in product.onset]
    sentence = standing([given.effective_at for given in course.infusions], as_of, ward_zone)
    return RiskWindow(sentence, tuple(bands), (*dict.fromkeys(notes), *((LABELS_NOW,) if bands else ())))


def _strip(now: Situation, system_id: str) -> Strip:
    grade = now.grades[system_id]
    wording = {row.key: row.wording for row in grade.system.criteria}
    shown = [
        Step(
            start=moment(step.start),
            end=moment(step.end),
            at_least=step.at_least,
            at_most=step.at_most,
            why="; ".join(wording[key] for key in step.met)
            + (
                ("; not known: " if step.met else "not known: ")
                + ", ".join(INPUT_NAMES.get(n, n) for n in step.unassessed[:3])
                if step.unassessed
                else ""
            ),
            flags=step.flags,
        )
        for step in steps(now.course, system_id, now.as_of, now.zone)
    ]
    changes = tuple(_changed(now, change) for change in revisions(now.course, system_id, end=now.at))
    return Strip(system_id, grade.system.title, grade.system.syndrome, tuple(_joined(shown)), changes)


def _changed(now: Situation, change: Revision) -> Changed:
    return Changed(
        start=moment(change.start),
        end=moment(change.end),
        known_since=moment(change.known_since),
        shown=grade_text(*change.shown),
        shown_at_most=change.shown[1],
        known=grade_text(*change.known),
        sentence=changed_text(change, now.as_of, now.zone),
    )


def _joined(shown: list[Step]) -> list[Step]:
    """Neighbouring steps of one interval drawn as one block, with the reason it began with."""
    merged: list[Step] = []
    for step in shown:
        if merged and (merged[-1].at_least, merged[-1].at_most) == (step.at_least, step.at_most):
            last = merged.pop()
            step = Step(last.start, step.end, last.at_least, last.at_most, last.why or step.why, last.flags)  # noqa: PLW2901
        merged.append(step)
    return merged


def _series(course: Course, concept: str, until: int) -> Series:
    """Values with a break wherever the gap is longer than the value stays fresh."""
    entry = course.dictionary.concepts[concept]
    keeps = course.freshness(concept) or END_OF_TIME
    taken = course.column(concept).facts.until(until)
    said = ~np.isnan(taken.values)
    points = list(zip(taken.at[said].tolist(), taken.values[said].tolist(), strict=True))
    times: list[datetime] = []
    values: list[float | None] = []
    for (at, value), (following, _) in pairwise([*points, (END_OF_TIME, 0.0)]):
        times.append(moment(at))
        values.append(value)
        if following != END_OF_TIME and following - at > keeps:
            times.append(moment(at + keeps))
            values.append(None)
    return Series(concept, entry.label, unit_text(entry.unit), tuple(times), tuple(values))


def _oxygen_bars(course: Course, until: int) -> list[Bar]:
    """Oxygen devices other than room air, as long as each was the last one charted and fresh."""
    keeps = course.freshness("oxygen_support") or END_OF_TIME
    column = [(at, f) for at, f in course.column("oxygen_support") if isinstance(f, OxygenSupport) and at <= until]
    found: list[Bar] = []
    for (at, fact), (following, _) in pairwise([*column, (until, None)]):
        if fact is None or fact.device in {None, OxygenDevice.ROOM_AIR}:
            continue
        end = min(following, at + keeps)
        flow = f"{fact.flow_l_min:g} L/min" if fact.flow_l_min is not None else ""
        label = plain(fact.device) if fact.device else ""
        last = found[-1] if found else None
        if last and last.label == label and last.end >= moment(at):
            flows = last.detail if not flow or last.detail.endswith(flow) else f"{last.detail} → {flow}"
            found[-1] = Bar("oxygen", label, flows, last.start, moment(end), running=end == until)
        else:
            found.append(Bar("oxygen", label, flow, moment(at), moment(end), running=end == until))
    return found


def _drug_bars(course: Course, until: int) -> list[Bar]:
    """Every drug that can move a grade; others are stored and listed nowhere on the chart."""
    found = []
    for run in course.drug_runs:
        if run.drug_class is DrugClass.NONE or run.start > until:
            continue
        drug = course.dictionary.drug(run.drug)
        doses = [f"{f.dose:g} {f.unit or ''}".strip() for f in run.facts if f.dose and f.effective_at <= moment(until)]
        detail = doses[0] if len(set(doses)) == 1 else f"{doses[0]} → {doses[-1]}" if doses else ""
        end = min(run.end, until)
        found.append(
            Bar(
                run.drug_class.value,
                drug.label if drug else run.drug,
                detail,
                moment(run.start),
                moment(end),
                running=run.end > until,
            )
        )
    return found


def explanations(course: Course, system_ids: Sequence[str], at: datetime, ward_zone: tzinfo) -> tuple[Explanation, ...]:
    """Why each of the systems grades as it does at a moment. Raises KeyError for a system nobody knows."""
    now = Situation(course.until(at), at, ward_zone)
    return tuple(explanation(now, system_id) for system_id in system_ids)


def explanation(now: Situation, system_id: str) -> Explanation:
    """Why a system grades as it does now: the very answers the grade was made of, with their evidence."""
    grade = now.grades.setdefault(system_id, graded(now.course, system_id))
    place = now.place(system_id)
    cell = grade_cell(now, system_id)
    met = grade.met(place)
    needs = "; needs FiO₂" if "fio2" in grade.unassessed(place) else ""
    wording = {row.key: row.wording for row in grade.system.criteria}
    reasons = "; ".join(wording[key] for key in met) or "no criterion is met"
    return Explanation(
        system=system_id,
        title=grade.system.title,
        reference=grade.system.reference,
        grade=cell,
        sentence=f"Grade {cell.text}: {reasons}{needs}." if cell.gradable else f"Cannot be graded: {reasons}.",
        decides=would_decide(now.course, grade, now.as_of),
        remarks=(
            *(remark(flag) for flag in cell.flags),
            *said_then(now.course, system_id, now.as_of, now.zone),
            *_settings_said(now.course),
        ),
        rows=tuple(_criterion_rows(now, grade, place)),
    )


def _settings_said(course: Course) -> tuple[str, ...]:
    """Which settings of the site made a grade, where anybody changed them (D97)."""
    number = course.dictionary.revision
    return (f"Graded with revision {number} of this site's settings.",) if number else ()


def _criterion_rows(now: Situation, grade: Graded, place: int) -> list[CriterionRow]:
    rows = []
    for row in grade.system.rows:
        found = evidence_for(now.course, row.axis.name, row.axis.concepts, now.at)
        rows.append(
            CriterionRow(
                grade=row.grade or None,
                wording=row.wording,
                locator=row.locator,
                answer=Answer(int(grade.answers[row.key][place])),
                value=found.text,
                at=found.at,
                age_text=age_text(found.at, now.as_of),
                source=found.source,
                decision=row.decision,
                as_charted=as_charted_text(found.at, found.offset_minutes, now.zone) if found.at else "",
            )
        )
    return rows


def _episode_rows(now: Situation) -> list[EpisodeRow]:
    found = []
    for syndrome, system_id in PUBLISHED.items():
        for episode in episodes(now.course, system_id, now.as_of):
            end = episode.resolved if episode.resolved is not None else now.at
            lasted = duration((end - episode.onset) / 1e6)
            found.append(
                EpisodeRow(
                    syndrome=syndrome,
                    onset=moment(episode.onset),
                    onset_day=latest_infusion_day(now.course, episode.onset, now.zone),
                    peak=episode.peak,
                    peak_at=moment(episode.peak_at),
                    resolved=moment(episode.resolved) if episode.resolved is not None else None,
                    duration_text=lasted if episode.resolved is not None else f"{lasted}, not over",
                )
            )
    return found
