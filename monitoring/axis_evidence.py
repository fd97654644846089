"""What each input of a scale rests on at a moment: the value with its unit, when, and the record that says so."""

from __future__ import annotations

from collections.abc import Callable

from monitoring.cognition import capd_range, ice_range
from monitoring.course import Course
from monitoring.drug_evidence import doses_running, hours_running, vasopressors
from monitoring.grading.fever import FEVER_CELSIUS
from monitoring.grading.neutrophils import filled, longest, lowest_by_day, runs
from monitoring.organ_charting import LIST, ORGAN
from monitoring.records import (
    Attribution,
    ChartedGrade,
    NeuroAssessment,
    Observation,
    Placement,
    SymptomReport,
)
from monitoring.vocabulary import DrugClass, NeuroTool
from monitoring.wording import (
    NOTHING,
    Evidenced,
    blood_pressure,
    drug_label,
    last_charted,
    number_text,
    observed,
    oxygen,
    plain,
    resting_on,
)

LAST_EARLY_DAY = 30


def _score(course: Course, concept: str, at: int) -> Evidenced:
    fact = next(iter(course.at_once(concept, at)), None)
    if not isinstance(fact, NeuroAssessment):
        return NOTHING
    if fact.tool is NeuroTool.ICE:
        bounds, top = ice_range(fact.total, {k: int(v) for k, v in (fact.items or {}).items()}), 10
    else:
        bounds, top = capd_range(fact.total, {k: str(v) for k, v in (fact.items or {}).items()}), 32
    if bounds is None:
        why = (fact.absent or {}).get(concept)
        return resting_on(fact, f"not done: {plain(why)}" if why else "not done")
    low, high = bounds
    return resting_on(fact, f"{low:g} of {top}" if low == high else f"{low:g} to {high:g} of {top}")


def _finding(course: Course, concept: str, at: int) -> Evidenced:
    fact = next(iter(course.at_once(concept, at)), None)
    if not isinstance(fact, NeuroAssessment):
        return NOTHING
    word = getattr(fact, concept)
    text = plain(word) if word is not None else concept
    if concept == "seizure" and fact.seizure_minutes is not None:
        text += f", {fact.seizure_minutes:g} min"
    if concept == "consciousness" and fact.consciousness_cause:
        text += f", put down to {fact.consciousness_cause}"
    return resting_on(fact, text)


def _attributed(course: Course, at: int, sign: str) -> str:
    fact = course.last(f"attribution:{sign}", at)
    return f"; attributed to {fact.cause.value}" if isinstance(fact, Attribution) else ""


def _masking(course: Course, at: int) -> Evidenced:
    classes = frozenset({DrugClass.ANTIPYRETIC, DrugClass.ANTICYTOKINE, DrugClass.CORTICOSTEROID})
    given = [run for run in course.drug_runs if run.drug_class in classes and run.start <= at]
    if given:
        fact = given[-1].facts[-1]
        return resting_on(fact, drug_label(course, given[-1].drug, fact))
    return Evidenced("none on the drug chart" if course.drug_chart_covers else "no drug chart")


def _pressure(course: Course, at: int) -> Evidenced:
    """The pressure, and the clinician's word where it stands."""
    found, said = blood_pressure(course, at).with_others(), last_charted(course, "hypotension_clinician", at)
    if said is None:
        return found
    word = f"{'hypotension' if said.code == 'true' else 'no hypotension'} by the clinician's word"
    if not found.text:
        return resting_on(said, word)
    newer = found if found.at is not None and found.at > said.effective_at else resting_on(said, word)
    return newer.saying(f"{found.text}; {word}")


def _diagnosed(course: Course, at: int) -> Evidenced:
    """The last grade of CRS a clinician charted, else the last fever."""
    grade = course.last("charted:crs", at)
    if isinstance(grade, ChartedGrade) and grade.grade:
        return resting_on(grade, f"CRS grade {grade.grade} charted")
    for when, fact in reversed(course.column("temperature")):
        if when <= at and isinstance(fact, Observation) and fact.value is not None and fact.value >= FEVER_CELSIUS:
            return resting_on(fact, f"last fever {fact.value:.1f} °C")
    return Evidenced("no fever charted" if course.column("temperature") else "")


def _fraction(course: Course, at: int) -> Evidenced:
    """The fraction charted with the oxygen that runs; that it is needed where it was not charted."""
    found = oxygen(course, at)
    if not found.text or "FiO₂" in found.text or found.text.startswith((plain("room_air"), "at home")):
        return found
    return found.saying(f"{found.text}; needs FiO₂")


def _organs(course: Course, at: int) -> Evidenced:
    """Each organ's last CTCAE grade, and whether the list is whole."""
    found: list[tuple[Observation, str]] = []
    for concept, entry in course.dictionary.concepts.items():
        fact = last_charted(course, concept, at) if concept.startswith(ORGAN) else None
        if fact is not None and fact.value is not None:
            found.append((fact, f"{entry.label.split(',')[0]} {fact.value:g}"))
    listed = last_charted(course, LIST, at)
    if listed is not None:
        nothing_then = listed.code == "none"
        found = [pair for pair in found if not nothing_then or pair[0].effective_at >= listed.effective_at]
        found.append((listed, "no toxicity" if nothing_then else "list complete"))
    if not found:
        return NOTHING
    text = ", ".join(text for _, text in found) + ("" if listed is not None else "; other organs not charted")
    return resting_on(max((fact for fact, _ in found), key=lambda fact: fact.effective_at), text)


def _hospital(course: Course, at: int) -> Evidenced:
    said = _said(course, "hospitalised", at)
    placed = course.last("placement", at)
    if said.text or not isinstance(placed, Placement):
        return said
    return resting_on(placed, "at home" if course.at_home(at) else f"on {placed.ward or 'a ward'}")


def _said(course: Course, concept: str, at: int) -> Evidenced:
    """A word as charted; `yes` or `no` where it was asked so."""
    fact = last_charted(course, concept, at)
    if fact is None or fact.code is None:
        return NOTHING
    return resting_on(fact, {"true": "yes", "false": "no"}.get(fact.code, fact.code))


def _refractory(course: Course, at: int) -> Evidenced:
    pressure, dose = _pressure(course, at), doses_running(course, at)
    parts = [part for part in (pressure, dose) if part.text]
    return parts[0].saying("; ".join(part.text for part in parts)) if parts else NOTHING


def _papilloedema(course: Course, at: int) -> Evidenced:
    staged = observed(course, "papilledema_stage", at)
    return staged.saying(f"stage {staged.text}") if staged.text else _finding(course, "icp", at)


def _boluses(course: Course, at: int) -> Evidenced:
    found = observed(course, "iv_fluid_bolus_count", at)
    boluses = "bolus" if found.text == "1" else "boluses"
    return found.saying(f"{found.text} {boluses}") if found.text else NOTHING


def _neutrophils(at_most: float | None) -> Callable[[Course, int], Evidenced]:
    """The last count, and the longest run of low days so far where a scale counts them."""

    def reading(course: Course, at: int) -> Evidenced:
        last = observed(course, "anc", at)
        labs = [lab for lab in course.evidence.daily.get("anc", ()) if lab[2] <= at]
        if not last.text or at_most is None or not labs:
            return last
        days = filled(lowest_by_day(labs))
        run = longest(runs(days, max(days), at_most, unknown_is_low=False))
        lasted = f"{run} day{'' if run == 1 else 's'}"
        return last.saying(f"{last.text}; longest run at or below {at_most:g}/µL: {lasted}")

    return reading


def _second_lowest(course: Course, at: int) -> Evidenced:
    last = observed(course, "anc", at)
    late = [lab for lab in course.evidence.daily.get("anc", ()) if lab[2] <= at and lab[0] > LAST_EARLY_DAY]
    lowest = sorted(lowest_by_day(late).values())
    if not last.text or len(lowest) < 2:
        return last
    return last.saying(f"{last.text}; second-lowest day after day 30: {number_text(lowest[1])}/µL")


_READERS: dict[str, Callable[[Course, int], Evidenced]] = {
    "temperature": lambda course, at: observed(course, "temperature", at, look_twice=True).with_others(),
    "blood_pressure": _pressure,
    "crs_already_diagnosed": _diagnosed,
    "vasopressors": vasopressors,
    "vasopressor_dose": doses_running,
    "vasopressor_hours": hours_running,
    "refractory_hypotension": _refractory,
    "iv_fluid_bolus_count": _boluses,
    "fio2": _fraction,
    "organ_ctcae": _organs,
    "death": lambda _course, _at: Evidenced("none charted"),
    "hospitalised": _hospital,
    "iv_antibiotics": lambda course, at: _said(course, "iv_antibiotics", at),
    "coagulopathy_treated_with": lambda course, at: _said(course, "coagulopathy_treated_with", at),
    "papilledema_stage": _papilloedema,
    "days_anc_500": _neutrophils(500),
    "days_anc_100": _neutrophils(100),
    "anc_never_above_500": _neutrophils(500),
    "anc": _second_lowest,
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
    if "cartox_10" in concepts:
        asked = observed(course, "cartox_10", at)
        if asked.text:
            return asked.saying(f"CARTOX-10 {asked.text} of 10")
    reader = _READERS.get(axis)
    if reader is None:
        return _reported(course, concepts, at)
    found = reader(course, at)
    note = _attributed(course, at, _SIGN_OF[axis]) if axis in _SIGN_OF else ""
    return found.saying(found.text + note) if note and found.text else found


def _reported(course: Course, concepts: tuple[str, ...], at: int) -> Evidenced:
    """The worst report of an item, and the vital signs that measure it; says which it was."""
    facts = [fact for concept in concepts for fact in course.at_once(concept, at)[:1]]
    reports = [fact for fact in facts if isinstance(fact, SymptomReport)]
    parts: list[Evidenced] = []
    if reports:
        worst = max(reports, key=lambda fact: (fact.severity, fact.effective_at))
        symptom = course.dictionary.symptoms[worst.symptom]
        parts.append(
            resting_on(worst, f"{symptom.label} {plain(worst.severity.name.lower())}, said the {worst.reporter}")
        )
    for concept in concepts:
        if not concept.startswith("symptom:"):
            measured = observed(course, concept, at, look_twice=True).with_others()
            if measured.text:
                label = course.dictionary.concepts[concept].label
                parts.append(Evidenced(f"{label} {measured.text}, measured", measured.at, measured.source))
    if not parts:
        return NOTHING
    return parts[0].saying("; ".join(part.text for part in parts))
