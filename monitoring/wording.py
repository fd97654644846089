"""Words for ages, times, grades and the evidence behind an input. Never a patient's name, never more than is known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, tzinfo

from monitoring.cognition import capd_range, ice_range
from monitoring.course import Course
from monitoring.records import (
    Administration,
    Attribution,
    Fact,
    NeuroAssessment,
    Observation,
    OxygenSupport,
    SymptomReport,
)
from monitoring.timeline import moment
from monitoring.vocabulary import DrugClass, NeuroTool

ABSENT = "—"
_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_UNITS = {"Cel": "°C", "mm[Hg]": "mmHg", "{score}": "", "/min": "/min", "%": "%"}

INPUT_NAMES = {
    "temperature": "temperature",
    "blood_pressure": "blood pressure",
    "vasopressors": "vasopressors",
    "oxygen": "oxygen",
    "crs_already_diagnosed": "whether CRS was diagnosed before",
    "masking_drugs": "antipyretics, steroids and anticytokine drugs",
    "ice": "ICE",
    "capd": "CAPD",
    "consciousness": "wakefulness",
    "seizure": "seizures",
    "motor": "motor examination",
    "icp": "signs of raised pressure in the head",
    "fio2": "FiO₂",
    "vasopressor_dose": "vasopressor dose",
    "vasopressor_hours": "how long a vasopressor has run",
    "refractory_hypotension": "whether the pressure stays low on high-dose vasopressors",
    "iv_fluid_bolus_count": "number of fluid boluses",
    "organ_ctcae": "organ toxicity",
    "coagulopathy_treated_with": "blood products for a coagulopathy",
    "hospitalised": "whether in hospital",
    "iv_antibiotics": "intravenous antibiotics",
    "papilledema_stage": "stage of papilloedema",
    "anc": "neutrophils",
    "days_anc_500": "neutrophils by day",
    "days_anc_100": "neutrophils by day",
    "anc_never_above_500": "neutrophils by day",
}


def duration(seconds: float) -> str:
    """`12 min`, `1 h 20`, `2 d 3 h`."""
    whole = max(int(seconds), 0)
    if whole < _HOUR:
        return f"{whole // _MINUTE} min"
    if whole < _DAY:
        minutes = whole % _HOUR // _MINUTE
        return f"{whole // _HOUR} h" + (f" {minutes:02d}" if minutes else "")
    rest = whole % _DAY // _HOUR
    return f"{whole // _DAY} d" + (f" {rest} h" if rest else "")


def age_text(at: datetime | None, as_of: datetime) -> str:
    """How old a value is; empty where there is none."""
    return "" if at is None else duration((as_of - at).total_seconds())


def clock_text(at: datetime, as_of: datetime, ward_zone: tzinfo) -> str:
    """`03:10` within a day of `as_of`, else `3 Mar 03:10`, in the ward's zone."""
    local = at.astimezone(ward_zone)
    if abs((as_of - at).total_seconds()) < _DAY:
        return f"{local:%H:%M}"
    return f"{local.day} {local:%b %H:%M}"


def grade_text(at_least: int | None, at_most: int | None) -> str:
    """`2`, `1–2`, or `not gradable`."""
    if at_least is None or at_most is None:
        return "not gradable"
    return str(at_least) if at_least == at_most else f"{at_least}–{at_most}"


def number_text(value: float) -> str:
    """At most one decimal, none where it is zero and the value is no temperature."""
    return f"{value:.1f}".removesuffix(".0")


def unit_text(unit: str) -> str:
    """A UCUM unit as printed for people."""
    return _UNITS.get(unit, unit)


def plain(word: str) -> str:
    """A vocabulary word as plain English."""
    return _PLAIN.get(word, word.replace("_", " ").replace("-", " "))


_PLAIN = {
    "hfnc": "high-flow cannula",
    "simple_mask": "face mask",
    "non_rebreather": "non-rebreather mask",
    "venturi": "Venturi mask",
    "cpap": "CPAP",
    "bipap": "BiPAP",
    "mechanical_ventilation": "ventilator",
    "awakens_to_voice": "wakes to voice",
    "awakens_to_touch": "wakes only to touch",
    "needs_vigorous_stimulus": "wakes only to vigorous stimulus",
    "unarousable": "cannot be roused",
    "brief_resolved": "brief, resolved",
    "eeg_nonconvulsive_resolved": "on EEG only, resolved",
    "prolonged_over_5min": "longer than 5 min",
    "repetitive_no_recovery": "repeated, no recovery between",
    "mild_focal": "mild focal weakness",
    "deep_focal_weakness": "deep focal weakness",
    "focal_edema": "focal oedema on imaging",
    "diffuse_edema": "diffuse oedema on imaging",
    "cn6_palsy": "sixth nerve palsy",
    "papilledema": "papilloedema",
    "cushing_triad": "Cushing's triad",
}


@dataclass(frozen=True)
class Evidenced:
    """What an input rests on at a moment: words, when, and the record's place; empty text where nothing was charted."""

    text: str
    at: datetime | None = None
    source: str = ""


NOTHING = Evidenced("")


def _from(fact: Fact, text: str) -> Evidenced:
    return Evidenced(text, fact.effective_at, fact.source)


def observed(course: Course, concept: str, at: int, *, look_twice: bool = False) -> Evidenced:
    """The last value of a measured concept, with its unit; on demand, that it is outside the usual range."""
    fact = course.last(concept, at)
    if not isinstance(fact, Observation) or fact.value is None:
        return NOTHING
    entry = course.dictionary.concepts.get(concept)
    unit = unit_text(entry.unit) if entry else ""
    number = f"{fact.value:.1f}" if concept == "temperature" else number_text(fact.value)
    unusual = look_twice and entry is not None and not entry.usual(fact.value)
    return _from(fact, f"{number} {unit}".strip() + (", outside the usual range: look twice" if unusual else ""))


def blood_pressure(course: Course, at: int) -> Evidenced:
    """Systolic over diastolic of one moment; systolic alone where no diastolic belongs to it."""
    systolic, diastolic = course.last("sbp", at), course.last("dbp", at)
    if not isinstance(systolic, Observation) or systolic.value is None:
        return observed(course, "map", at)
    text = number_text(systolic.value)
    same = isinstance(diastolic, Observation) and diastolic.effective_at == systolic.effective_at
    if same and isinstance(diastolic, Observation) and diastolic.value is not None:
        text += f"/{number_text(diastolic.value)}"
    return _from(systolic, text + " mmHg")


def drugs_running(course: Course, at: int, classes: frozenset[DrugClass]) -> list[tuple[str, Administration]]:
    """(label with rate, the row that says so) of each drug of the classes running at a moment."""
    found = []
    for run in course.drug_runs:
        if run.drug_class in classes and run.start <= at < run.end:
            said = [fact for fact in run.facts if fact.effective_at <= moment(at)] or list(run.facts)
            last = max(said, key=lambda fact: fact.effective_at)
            found.append((drug_label(course, run.drug, last), run.facts[0]))
    return found


def drug_name(course: Course, drug: str) -> str:
    """The name a drug is known by, else as charted."""
    known = course.dictionary.drug(drug)
    return known.label if known else drug


def drug_label(course: Course, drug: str, fact: Administration) -> str:
    """`norepinephrine 0.08 mcg/kg/min`; the dose as charted."""
    name = drug_name(course, drug)
    return f"{name} {fact.dose:g} {fact.unit or ''}".strip() if fact.dose is not None else name


def _vasopressors(course: Course, at: int) -> Evidenced:
    running = drugs_running(course, at, frozenset({DrugClass.VASOPRESSOR, DrugClass.VASOPRESSIN}))
    if running:
        return _from(running[0][1], ", ".join(label for label, _ in running))
    if course.drug_chart_covers:
        return Evidenced("none on the drug chart")
    return Evidenced("at home: none") if course.at_home(at) else Evidenced("no drug chart")


def oxygen(course: Course, at: int) -> Evidenced:
    """Device and flow as last charted."""
    fact = course.last("oxygen_support", at)
    if not isinstance(fact, OxygenSupport):
        return Evidenced("at home: room air") if course.at_home(at) else NOTHING
    parts = [plain(fact.device) if fact.device else "device not charted"]
    if fact.flow_l_min is not None:
        parts.append(f"{number_text(fact.flow_l_min)} L/min")
    if fact.fio2 is not None:
        parts.append(f"FiO₂ {number_text(fact.fio2)} %")
    if fact.reason is not None and fact.reason != "hypoxia":
        parts.append(f"for {plain(fact.reason)}")
    return _from(fact, " ".join(parts))


def _score(course: Course, concept: str, at: int) -> Evidenced:
    fact = course.last(concept, at)
    if not isinstance(fact, NeuroAssessment):
        return NOTHING
    if fact.tool is NeuroTool.ICE:
        bounds, top = ice_range(fact.total, {k: int(v) for k, v in (fact.items or {}).items()}), 10
    else:
        bounds, top = capd_range(fact.total, {k: str(v) for k, v in (fact.items or {}).items()}), 32
    if bounds is None:
        why = (fact.absent or {}).get(concept)
        return _from(fact, f"not done: {plain(why)}" if why else "not done")
    low, high = bounds
    return _from(fact, f"{low:g} of {top}" if low == high else f"{low:g} to {high:g} of {top}")


def _finding(course: Course, concept: str, at: int) -> Evidenced:
    fact = course.last(concept, at)
    if not isinstance(fact, NeuroAssessment):
        return NOTHING
    word = getattr(fact, concept)
    text = plain(word) if word is not None else concept
    if concept == "seizure" and fact.seizure_minutes is not None:
        text += f", {fact.seizure_minutes:g} min"
    if concept == "consciousness" and fact.consciousness_cause:
        text += f", put down to {fact.consciousness_cause}"
    return _from(fact, text)


def _attributed(course: Course, at: int, sign: str) -> str:
    fact = course.last(f"attribution:{sign}", at)
    return f"; attributed to {fact.cause.value}" if isinstance(fact, Attribution) else ""


def _masking(course: Course, at: int) -> Evidenced:
    classes = frozenset({DrugClass.ANTIPYRETIC, DrugClass.ANTICYTOKINE, DrugClass.CORTICOSTEROID})
    given = [run for run in course.drug_runs if run.drug_class in classes and run.start <= at]
    if given:
        fact = given[-1].facts[-1]
        return _from(fact, drug_label(course, given[-1].drug, fact))
    return Evidenced("none on the drug chart" if course.drug_chart_covers else "no drug chart")


_READERS: dict[str, Callable[[Course, int], Evidenced]] = {
    "temperature": lambda course, at: observed(course, "temperature", at, look_twice=True),
    "blood_pressure": blood_pressure,
    "vasopressors": _vasopressors,
    "oxygen": oxygen,
    "masking_drugs": _masking,
    "ice": lambda course, at: _score(course, "ice", at),
    "capd": lambda course, at: _score(course, "capd", at),
    "consciousness": lambda course, at: _finding(course, "consciousness", at),
    "seizure": lambda course, at: _finding(course, "seizure", at),
    "motor": lambda course, at: _finding(course, "motor", at),
    "icp": lambda course, at: _finding(course, "icp", at),
}
_SIGN_OF = {
    "temperature": "fever",
    "blood_pressure": "hypotension",
    "oxygen": "hypoxia",
    "consciousness": "consciousness",
}


def evidence_for(course: Course, axis: str, concepts: tuple[str, ...], at: int) -> Evidenced:
    """What an axis of a scale rests on at a moment."""
    reader = _READERS.get(axis)
    if reader is None:
        return _reported(course, concepts, at)
    found = reader(course, at)
    note = _attributed(course, at, _SIGN_OF[axis]) if axis in _SIGN_OF else ""
    return Evidenced(found.text + note, found.at, found.source) if note and found.text else found


def _reported(course: Course, concepts: tuple[str, ...], at: int) -> Evidenced:
    """The worst report of an item, and the vital signs that measure it; says which it was."""
    facts = [course.last(concept, at) for concept in concepts]
    reports = [fact for fact in facts if isinstance(fact, SymptomReport)]
    parts: list[Evidenced] = []
    if reports:
        worst = max(reports, key=lambda fact: (fact.severity, fact.effective_at))
        symptom = course.dictionary.symptoms[worst.symptom]
        parts.append(_from(worst, f"{symptom.label} {plain(worst.severity.name.lower())}, said the {worst.reporter}"))
    for concept in concepts:
        if not concept.startswith("symptom:"):
            measured = observed(course, concept, at, look_twice=True)
            if measured.text:
                label = course.dictionary.concepts[concept].label
                parts.append(Evidenced(f"{label} {measured.text}, measured", measured.at, measured.source))
    if not parts:
        return NOTHING
    return Evidenced("; ".join(part.text for part in parts), parts[0].at, parts[0].source)
