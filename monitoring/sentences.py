"""The sentence that says why: one line for the reason, one for what would settle it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

import numpy as np

from monitoring.after_the_fact import known_late
from monitoring.alerts import last_heard, silent_for
from monitoring.axis_evidence import evidence_for
from monitoring.course import Course
from monitoring.episodes import PUBLISHED, REPORTED, flags_at, latest_infusion_day, stale_axes
from monitoring.grading import graded
from monitoring.grading.engine import Graded
from monitoring.grading.pressure import ADULT_YEARS, limits
from monitoring.records import Observation
from monitoring.timeline import micros, moment
from monitoring.vocabulary import DrugClass, Flag, Syndrome
from monitoring.windows import DOCUMENTED_DAYS
from monitoring.wording import (
    INPUT_NAMES,
    age_text,
    blood_pressure,
    clock_text,
    drug_name,
    drugs_running,
    duration,
    number_text,
    observed,
    oxygen,
)

_LABEL = {Syndrome.CRS: "CRS", Syndrome.ICANS: "ICANS"}
_PRESSORS = frozenset({DrugClass.VASOPRESSOR, DrugClass.VASOPRESSIN})
_REMARKS = {
    Flag.ATTRIBUTED_ELSEWHERE: "A sign was attributed to another cause and is not counted.",
    Flag.INOTROPE_NOT_COUNTED: "Inotrope running, not counted.",
    Flag.OXYGEN_NOT_FOR_HYPOXIA: "Oxygen is not for hypoxia and is not counted.",
    Flag.HYPOTENSION_RELATIVE_TO_BASELINE: "Low against the patient's own baseline.",
    Flag.HYPOTENSION_BELOW_AGE_THRESHOLD: "Systolic pressure is below the limit of the age.",
    Flag.FEVER_NOT_REQUIRED: "Fever is no longer required: CRS was diagnosed and a fever-lowering drug given since.",
    Flag.FEVER_MAY_BE_MASKED: "A drug given before any fever may be hiding one.",
    Flag.NOT_GRADABLE_SEDATED: "Sedated or paralysed: cannot be graded.",
    Flag.NOT_GRADABLE_DRUG_CAUSE: "Put down to a drug: cannot be graded.",
    Flag.NOT_GRADABLE_LANGUAGE: "Language barrier: ICE is missing, not zero.",
    Flag.ASSESSMENT_NOT_DONE: "The cognitive score was not done.",
    Flag.UNCHANGED_FROM_BASELINE: "Score unchanged from the patient's baseline: not counted, a clinician confirms.",
    Flag.ATTRIBUTION_NEEDED: "A clinician should say whether this is new.",
    Flag.BELOW_BASELINE: "Score is worse than the patient's baseline.",
    Flag.HAEMORRHAGE_EXCLUDED: "Haemorrhage and its oedema are not ICANS.",
    Flag.LATE_NEUROTOXICITY_NOT_ICANS: "Late neurotoxicity that is not ICANS was charted.",
    Flag.BEFORE_DOCUMENTED_WINDOW: "Before the documented window; graded all the same.",
    Flag.AFTER_DOCUMENTED_WINDOW: "After the documented window; graded all the same.",
    Flag.SECOND_INFUSION_WINDOW: "Inside the documented window of a later infusion.",
    Flag.LOOK_FOR_INFECTION: "Look for infection.",
    Flag.NO_INFUSION_RECORDED: "No infusion is recorded, so there is no day to count.",
    Flag.CONSIDER_IEC_HS: "Ask about IEC-HS: its screen, a rule not re-read in its source, is positive.",
    Flag.CHANGED_AFTER_THE_FACT: "Changed after the fact.",
    Flag.STALE: "A value is too old to use.",
    Flag.UNVERIFIED_RULE: "A rule of this scale was not re-read in its source.",
    Flag.SYMPTOM_GRADE_EXCEEDS_PUBLISHED: "Reported symptoms are graver than the published grade: examine.",
}


def remark(flag: Flag) -> str:
    """A flag as a sentence."""
    return _REMARKS.get(flag, flag.value.replace("_", " ").capitalize() + ".")


@dataclass(frozen=True)
class Because:
    """Why, and what next; either may be empty."""

    why: str
    then: str


class Situation:
    """One patient at one moment, with the grades of that moment at hand."""

    def __init__(self, course: Course, as_of: datetime, ward_zone: tzinfo) -> None:
        self.course, self.as_of, self.zone, self.at = course, as_of, ward_zone, micros(as_of)
        names = [*PUBLISHED.values(), *REPORTED.values()]
        self.grades: dict[str, Graded] = {name: graded(course, name) for name in names}
        self._flags: dict[str, list[Flag]] = {}

    def place(self, system_id: str) -> int:
        """Segment of a system's grade that holds now."""
        return self.grades[system_id].place(self.at)

    def bounds(self, system_id: str) -> tuple[int | None, int | None]:
        """(at_least, at_most) now; None where the scale cannot be applied."""
        grade, place = self.grades[system_id], self.place(system_id)
        return (int(grade.at_least[place]), int(grade.at_most[place])) if grade.gradable(place) else (None, None)

    def flags(self, system_id: str) -> list[Flag]:
        """Everything to be said with a system's grade now."""
        if system_id not in self._flags:
            grade = self.grades[system_id]
            beside = None if grade.system.published else self.grades[PUBLISHED[grade.system.syndrome]]
            self._flags[system_id] = flags_at(self.course, grade, self.place(system_id), self.at, self.zone, beside)
        return self._flags[system_id]

    def since(self, system_id: str) -> int | None:
        """When the present interval of a system began."""
        grade, place = self.grades[system_id], self.place(system_id)
        while (
            place
            and grade.at_least[place - 1] == grade.at_least[place]
            and grade.at_most[place - 1] == grade.at_most[place]
        ):
            place -= 1
        if self.course.start is None:
            return None
        begun = max(int(grade.at[place]), self.course.start)
        return begun if begun <= self.at else None

    def before(self, system_id: str) -> int | None:
        """The certain grade that the present one followed."""
        grade, begun = self.grades[system_id], self.since(system_id)
        place = grade.place(begun - 1) if begun is not None else 0
        known = begun is not None and self.course.start is not None and begun > self.course.start and place >= 0
        return int(grade.at_least[place]) if known and grade.gradable(place) else None

    def worst(self, system_id: str, back: timedelta) -> int | None:
        """The highest certain grade within the time back from now."""
        grade = self.grades[system_id]
        first, last = grade.place(self.at - micros_of(back)), self.place(system_id)
        return max((int(grade.at_least[place]) for place in range(first, last + 1)), default=0)

    def clock(self, at: int) -> str:
        """A moment as the ward reads it."""
        return clock_text(moment(at), self.as_of, self.zone)


def micros_of(span: timedelta) -> int:
    """A span in microseconds."""
    return span // timedelta(microseconds=1)


def because(now: Situation) -> Because:
    """The two lines of the ward row."""
    quiet = silent_for(now.course, now.as_of)
    if quiet is not None:
        return _silence(now, quiet)
    graver = sorted(PUBLISHED, key=lambda s: -_rank(now.bounds(PUBLISHED[s])))
    told = [_syndrome(now, syndrome) for syndrome in graver]
    lines = [line for line in told if line.why]
    reported = _reported_symptoms(now)
    late = known_late(now.course, now.as_of, now.zone)
    certain = max(now.bounds(system_id)[0] or 0 for system_id in PUBLISHED.values())
    if reported and lines and certain == 0 and now.course.at_home(now.at):
        return Because(reported, " ".join(part for part in (_published_note(now), lines[0].why) if part))
    if not lines:
        note = _published_note(now) if reported else ""
        return Because(reported or _nothing_found(now), " ".join(part for part in (note, late) if part))
    first, second = lines[0], lines[1] if len(lines) > 1 else Because("", "")
    parts = (first.then, second.why, second.then if not first.then else "", reported, late)
    return Because(first.why, " ".join(part for part in parts if part))


def _rank(bounds: tuple[int | None, int | None]) -> float:
    low, high = bounds
    return 2.5 if low is None or high is None else low + high / 10


def _silence(now: Situation, quiet: timedelta) -> Because:
    at_home = now.course.at_home(now.at)
    where = "No report from home" if at_home else "Nothing charted"
    temperature = observed(now.course, "temperature", now.at)
    last = f"; last temperature {temperature.text}" if temperature.text else ""
    if last_heard(now.course, now.as_of) is None:
        return Because(f"{where} since the infusion.", "Nothing is known of this patient.")
    then = "Phone the family." if at_home else "See the patient and take a full set."
    return Because(f"{where} for {duration(quiet.total_seconds())}{last}.", then)


def _nothing_found(now: Situation) -> str:
    day = latest_infusion_day(now.course, now.at, now.zone)
    for syndrome, (_, last) in DOCUMENTED_DAYS.items():
        if day == last:
            return f"No finding. Last day of the documented {_LABEL[syndrome]} window."
    return "No finding." if day is not None else "No finding. No infusion is recorded."


def _published_note(now: Situation) -> str:
    """Whether the reported column says more than the published one."""
    exceeds = any(Flag.SYMPTOM_GRADE_EXCEEDS_PUBLISHED in now.flags(name) for name in REPORTED.values())
    return "Graver than the published grade: examine." if exceeds else ""


def _syndrome(now: Situation, syndrome: Syndrome) -> Because:
    system_id = PUBLISHED[syndrome]
    low, high = now.bounds(system_id)
    if low is None:
        return _not_gradable(now, syndrome)
    if high == 0:
        return Because("", "")
    reason = _crs_reason(now) if syndrome is Syndrome.CRS else _icans_reason(now)
    missing, advice = _missing(now, system_id)
    window = _window(now, syndrome) if low >= 1 else ""
    change = _change(now, system_id)
    parts = [part for part in (reason, missing) if part]
    if not parts:
        return Because("", "")
    why = "; ".join(parts)
    why = why[0].upper() + why[1:] + (f" → {_LABEL[syndrome]} {change}" if change else "") + "."
    return Because(why + (f" {window}" if window else ""), advice)


def _change(now: Situation, system_id: str) -> str:
    """`3 ↑ from 2`, within six hours of the change."""
    before, (low, high), begun = now.before(system_id), now.bounds(system_id), now.since(system_id)
    recent = begun is not None and now.at - begun <= micros_of(timedelta(hours=6))
    if before is None or low is None or low != high or before == low or not recent:
        return ""
    return f"{low} {'↑' if low > before else '↓'} from {before}"


def _window(now: Situation, syndrome: Syndrome) -> str:
    flags = now.flags(PUBLISHED[syndrome])
    day = latest_infusion_day(now.course, now.at, now.zone)
    if Flag.AFTER_DOCUMENTED_WINDOW in flags:
        look = ": look for infection" if Flag.LOOK_FOR_INFECTION in flags else ""
        return f"Day {day}, after the documented {_LABEL[syndrome]} window{look}."
    if Flag.BEFORE_DOCUMENTED_WINDOW in flags:
        return f"Day {day}, before the documented {_LABEL[syndrome]} window."
    return ""


def _crs_reason(now: Situation) -> str:
    grade = now.grades[PUBLISHED[Syndrome.CRS]]
    met = set(grade.met(now.place(grade.system.id)))
    parts: list[str] = []
    if met & {"several_vasopressors", "one_vasopressor"}:
        parts.append(_pressors(now, several="several_vasopressors" in met))
    if met & {"positive_pressure", "high_flow_oxygen", "low_flow_oxygen"}:
        found = oxygen(now.course, now.at)
        parts.append(found.text)
    if "hypotension" in met and not met & {"several_vasopressors", "one_vasopressor"}:
        parts.append(_low_pressure(now))
    flags = now.flags(grade.system.id)
    if "fever" in met:
        warm = observed(now.course, "temperature", now.at)
        parts.append(f"fever {warm.text.removesuffix(' °C')}".strip() + warm.beside)
    elif Flag.FEVER_NOT_REQUIRED in flags and parts:
        drug = evidence_for(now.course, "masking_drugs", (), now.at)
        when = f" {now.clock(micros(drug.at))}" if drug.at else ""
        parts.append(f"fever no longer required after {drug.text.split(' ')[0]}{when}")
    return ", ".join(parts)


def _pressors(now: Situation, *, several: bool) -> str:
    running = drugs_running(now.course, now.at, _PRESSORS)
    names = ", ".join(drug_name(now.course, fact.drug) for _, fact in running)
    since = min((micros(fact.effective_at) for _, fact in running), default=None)
    start = f" since {now.clock(since)}" if since is not None else ""
    return f"{'several vasopressors' if several else 'one vasopressor'} ({names}){start}"


def _low_pressure(now: Situation) -> str:
    found = blood_pressure(now.course, now.at)
    pressure = found.text.removesuffix(" mmHg") + found.beside
    said = now.course.last("hypotension_clinician", now.at)
    if isinstance(said, Observation) and said.code == "true":
        return (
            f"hypotension by the clinician's word ({pressure})" if pressure else "hypotension by the clinician's word"
        )
    flags = now.flags(PUBLISHED[Syndrome.CRS])
    low = _low_for_age(now) if Flag.HYPOTENSION_BELOW_AGE_THRESHOLD in flags else "low against the baseline"
    return f"BP {pressure}, {low}" + ("" if _pressors_unknown(now) else ", no vasopressor")


def _low_for_age(now: Situation) -> str:
    """`low for age 4 (below 78)` for a child, `low` for an adult."""
    age = now.course.evidence.number("age").on(np.array([now.at]))
    limit = float(limits(age)[0][0])
    years = float(age[0][0])
    if years >= ADULT_YEARS or not np.isfinite(years):
        return "low"
    shown = f"{int(years)}" if years >= 1 else f"{int(years * 12)} months"
    return f"low for age {shown} (below {number_text(limit)})"


def _pressors_unknown(now: Situation) -> bool:
    grade = now.grades[PUBLISHED[Syndrome.CRS]]
    place = now.place(grade.system.id)
    return bool(grade.sweep.hi["vasopressors"][place] > grade.sweep.lo["vasopressors"][place])


def _icans_reason(now: Situation) -> str:
    grade = now.grades[PUBLISHED[Syndrome.ICANS]]
    place = now.place(grade.system.id)
    met = [row for row in grade.system.criteria if row.key in set(grade.met(place))]
    parts: list[str] = []
    for row in sorted(met, key=lambda row: -row.grade):
        found = evidence_for(now.course, row.axis.name, row.axis.concepts, now.at)
        when = f" at {now.clock(micros(found.at))}" if found.at else ""
        words = {"ice": f"ICE {found.text}", "capd": f"CAPD {found.text}", "seizure": f"seizure ({found.text})"}
        parts.append(words.get(row.axis.name, found.text) + (when if not parts else ""))
    return ", ".join(parts)


_EXAMINATION = frozenset({"ice", "capd", "consciousness", "seizure", "motor", "icp"})
_ADVICE = {
    "temperature": "Take the temperature: it decides.",
    "blood_pressure": "Measure the blood pressure: it decides.",
    "age": "Enter the birth date: the age decides.",
    "oxygen": "Chart the oxygen: it decides.",
    "vasopressors": "Chart whether a vasopressor is running: it decides.",
    "crs_already_diagnosed": "Say whether CRS was diagnosed before: it decides.",
    "masking_drugs": "Chart antipyretics, steroids and anticytokine drugs: they decide.",
}


def _missing(now: Situation, system_id: str) -> tuple[str, str]:
    """What is not known, and the one thing that would settle it."""
    grade = now.grades[system_id]
    place = now.place(system_id)
    names = grade.unassessed(place)
    if not names:
        return "", ""
    if len(_EXAMINATION & set(names)) > 2:
        at_home = now.course.at_home(now.at)
        return _not_examined(now), "" if at_home else "Examine: ICE or CAPD and wakefulness first."
    old = set(stale_axes(now.course, grade, place, now.at))
    decides = grade.decides(place) or names[0]
    shown = sorted(names, key=lambda name: (name != decides, names.index(name)))[:2]
    parts: list[str] = []
    for name in shown:
        last = evidence_for(now.course, name, _concepts(grade, name), now.at)
        if name in old and last.at:
            parts.append(f"{INPUT_NAMES.get(name, name)} not taken for {age_text(last.at, now.as_of)}")
        elif name == "vasopressors":
            parts.append("no drug chart")
        else:
            parts.append(f"{INPUT_NAMES.get(name, name)} not charted")
    more = len(names) - len(shown)
    text = ", ".join(dict.fromkeys(parts)) + (f" and {more} more" if more > 0 else "")
    return text, _ADVICE.get(decides, f"{INPUT_NAMES.get(decides, decides).capitalize()} decides.")


def _not_examined(now: Situation) -> str:
    """That most of the neurological examination is missing, and for how long."""
    done = [fact for at, fact in now.course.column("consciousness") if at <= now.at]
    if done:
        return f"not examined neurologically for {age_text(done[-1].effective_at, now.as_of)}"
    return (
        "no neurological examination at home" if now.course.at_home(now.at) else "no neurological examination charted"
    )


def _concepts(grade: Graded, name: str) -> tuple[str, ...]:
    return next((axis.concepts for axis in grade.system.axes if axis.name == name), ())


def _not_gradable(now: Situation, syndrome: Syndrome) -> Because:
    system_id = PUBLISHED[syndrome]
    flags = now.flags(system_id)
    if Flag.FEVER_MAY_BE_MASKED in flags:
        drug = evidence_for(now.course, "masking_drugs", (), now.at).text
        met = now.grades[system_id].met(now.place(system_id))
        finding = _low_pressure(now) if "hypotension" in met else _crs_reason(now)
        return Because(f"CRS cannot be graded: {finding}, and a fever may be masked by {drug}.", "Examine.")
    kind = "sedated or paralysed" if Flag.NOT_GRADABLE_SEDATED in flags else "wakefulness put down to a drug"
    last = _last_gradable(now, system_id)
    return Because(f"{_LABEL[syndrome]} cannot be graded: {kind}.", f"Last graded {last}." if last else "")


def _last_gradable(now: Situation, system_id: str) -> str:
    grade, begun = now.grades[system_id], now.since(system_id)
    if begun is None or now.course.start is None or begun <= now.course.start:
        return ""
    place = grade.place(begun - 1)
    low, high = int(grade.at_least[place]), int(grade.at_most[place])
    shown = str(low) if low == high else f"{low}–{high}"
    return f"{shown} at {now.clock(begun)}"


def _reported_symptoms(now: Situation) -> str:
    """The gravest fresh report, and that headaches stand in both lists."""
    gravest: tuple[int, str] | None = None
    for system_id in REPORTED.values():
        grade = now.grades[system_id]
        place = now.place(system_id)
        met = set(grade.met(place))
        for row in grade.system.criteria:
            if row.key not in met:
                continue
            found = evidence_for(now.course, row.axis.name, row.axis.concepts, now.at)
            if ", said the" not in found.text or found.at is None:
                continue
            both = "; counts in both lists" if row.axis.name == "headaches" else ""
            text = f"{found.text.split(';')[0].capitalize()} {now.clock(micros(found.at))}{both}."
            if gravest is None or row.grade > gravest[0]:
                gravest = (row.grade, text + (" Watch." if row.grade == 1 else ""))
    return gravest[1] if gravest else ""
