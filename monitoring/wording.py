"""Words for ages, times, grades and charted values. Never a patient's name, never more than is known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone, tzinfo

import numpy as np

from monitoring.course import Course
from monitoring.evidence import OxygenState
from monitoring.oxygen_charting import PARTS
from monitoring.records import Administration, Fact, Observation, OxygenSupport
from monitoring.timeline import micros, moment
from monitoring.vocabulary import DrugClass, OxygenDevice

ABSENT = "—"
_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_UNITS = {
    "Cel": "°C",
    "mm[Hg]": "mmHg",
    "{score}": "",
    "{count}": "",
    "{INR}": "",
    "10*3/uL": "×10³/µL",
    "ng/mL{FEU}": "ng/mL FEU",
}

INPUT_NAMES = {
    "temperature": "temperature",
    "blood_pressure": "blood pressure",
    "age": "the patient's age",
    "weight": "the patient's weight",
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


def as_charted_text(at: datetime, offset_minutes: int | None, ward_zone: tzinfo) -> str:
    """`14:05 +01:00 as charted; 13:05 on the ward's clock`; empty where the source wrote the ward's offset, or none.

    The day stands before the charted time where it is not the ward's.
    """
    local = at.astimezone(ward_zone)
    if offset_minutes is None or local.utcoffset() == timedelta(minutes=offset_minutes):
        return ""
    charted = at.astimezone(timezone(timedelta(minutes=offset_minutes)))
    day = "" if charted.date() == local.date() else f"{charted.day} {charted:%b} "
    return f"{day}{charted:%H:%M} {charted.isoformat()[-6:]} as charted; {local:%H:%M} on the ward's clock"


def grade_text(at_least: int | None, at_most: int | None) -> str:
    """`2`, `1–2`, or `not gradable`."""
    if at_least is None or at_most is None:
        return "not gradable"
    return str(at_least) if at_least == at_most else f"{at_least}–{at_most}"


def number_text(value: float) -> str:
    """At most one decimal, none where it is zero and the value is no temperature."""
    return f"{value:.1f}".removesuffix(".0")


def exact_text(value: float) -> str:
    """As `number_text` from 10 on; three figures below, where laboratory values have them."""
    return number_text(value) if abs(value) >= 10 else f"{value:.3g}"


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
    "airway_protection_neuro": "protection of the airway",
    "home_sleep_apnoea": "sleep apnoea, as at home",
    "baseline_home_oxygen": "oxygen, as at home",
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
    """What an input rests on at a moment: words, when, and the record's place; empty text where nothing was charted.

    `offset_minutes` is how far from UTC the record wrote its time (D67).
    """

    text: str
    at: datetime | None = None
    source: str = ""
    beside: str = ""
    offset_minutes: int | None = None

    def with_others(self) -> Evidenced:
        """The same, with what another source said in the same minute in its text (D65)."""
        return self.saying(self.text + self.beside)

    def saying(self, text: str) -> Evidenced:
        """Other words that rest on the same record."""
        return replace(self, text=text, beside="")


NOTHING = Evidenced("")


def resting_on(fact: Fact, text: str) -> Evidenced:
    """What a fact says, with its time and source."""
    return Evidenced(text, fact.effective_at, fact.source, offset_minutes=fact.utc_offset_minutes)


def last_charted(course: Course, concept: str, at: int) -> Observation | None:
    """The last observation of a concept that says something: one that was asked for and not there is passed over."""
    for fact in reversed(course.column(concept).facts.until(at)):
        if isinstance(fact, Observation) and (fact.value is not None or fact.code is not None):
            return fact
    return None


def observed(course: Course, concept: str, at: int, *, look_twice: bool = False) -> Evidenced:
    """The last value of a measured concept, with its unit; on demand, that it is outside the usual range."""
    charted = last_charted(course, concept, at)
    together = [] if charted is None else _measured(course, concept, micros(charted.effective_at))
    if charted is None or charted.value is None or not together:
        return NOTHING
    fact = together[0]
    entry = course.dictionary.concepts.get(concept)
    unit = unit_text(entry.unit) if entry else ""
    number_of = (lambda value: f"{value:.1f}") if concept == "temperature" else exact_text
    number = number_of(fact.value or 0.0)
    unusual = look_twice and entry is not None and not entry.usual(fact.value or 0.0)
    text = f"{number} {unit}".strip() + (", outside the usual range: look twice" if unusual else "")
    return _standing_together(together, text, number_of)


def _measured(course: Course, concept: str, at: int) -> list[Observation]:
    """The values of a concept that stand together at a moment, the one that counts first."""
    found = course.at_once(concept, at)
    return [fact for fact in found if isinstance(fact, Observation) and fact.value is not None]


def _standing_together(facts: list[Observation], text: str, number_of: Callable[[float], str]) -> Evidenced:
    """`text` of the value that counts, with the method and value of each other source of its minute beside it."""
    counts, *others = facts
    apart = {fact.method: fact for fact in others if (fact.method, fact.value) != (counts.method, counts.value)}
    if not apart:
        return resting_on(counts, text)
    how = f" ({counts.method})" if counts.method else ""
    said = [
        f"{fact.method if fact.method and fact.method != counts.method else 'also'} {number_of(fact.value or 0.0)}"
        for fact in apart.values()
    ]
    sources = dict.fromkeys(fact.source for fact in (counts, *apart.values()))
    return replace(resting_on(counts, text), source="; ".join(sources), beside=", ".join([how, *said]))


def blood_pressure(course: Course, at: int) -> Evidenced:
    """Systolic over diastolic of one moment and method; systolic alone where no diastolic belongs to it."""
    together = _measured(course, "sbp", at)
    if not together:
        return observed(course, "map", at)
    systolic = together[0]
    text = number_text(systolic.value or 0.0)
    when = (systolic.effective_at, systolic.method)
    below = [f for f in _measured(course, "dbp", at) if (f.effective_at, f.method) == when and f.value is not None]
    if below:
        text += f"/{number_text(below[0].value or 0.0)}"
    return _standing_together(together, text + " mmHg", number_text)


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


def oxygen(course: Course, at: int) -> Evidenced:
    """Device, flow and fraction as last charted, those that came as values of their own included."""
    fact = next(iter(course.at_once("oxygen_support", at)), None)
    row = fact if isinstance(fact, OxygenSupport) else None
    apart = [part for part in (last_charted(course, concept, at) for concept in PARTS) if part is not None]
    apart = [part for part in apart if row is None or part.effective_at >= row.effective_at]
    if row is None and not apart:
        return Evidenced("at home: room air") if course.at_home(at) else NOTHING
    said = {part.concept: part.value for part in apart}
    flow = said.get("o2_flow", row.flow_l_min if row else None)
    fio2 = said.get("fio2", row.fio2 if row else None)
    device = row.device if row and row.device else _held_device(course, at)
    parts = [plain(device) if device else "device not charted"]
    if flow is not None:
        parts.append(f"{number_text(flow)} L/min")
    if fio2 is not None:
        parts.append(f"FiO₂ {number_text(fio2)} %")
    if row is not None and row.reason is not None and row.reason != "hypoxia":
        parts.append(f"for {plain(row.reason)}")
    newest = max([*apart, *([row] if row else [])], key=lambda charted: charted.effective_at)
    return resting_on(newest, " ".join(parts))


def _held_device(course: Course, at: int) -> OxygenDevice | None:
    """The device that the grade takes over from an earlier row."""
    states = course.evidence.label("oxygen")
    place = int(states.index[int(np.searchsorted(states.at, at, side="right")) - 1])
    state = states.values[place] if place >= 0 else None
    return state.device if isinstance(state, OxygenState) else None
