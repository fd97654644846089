"""The fields of the bedside picture as a form asks for them, by section.

A field's path is its place in the contract's picture (`inputs.oxygen.device`). No Streamlit.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Literal

from monitoring.concepts import dictionary
from monitoring.vocabulary import (
    Cause,
    Consciousness,
    DrugClass,
    Icp,
    Motor,
    OxygenDevice,
    OxygenReason,
    Seizure,
    Severity,
    Sign,
)

VASOPRESSORS, SYMPTOMS, ORGANS = "inputs.vasopressors", "inputs.symptoms", "inputs.organ_ctcae"
NONE = "none"
"""Looked for and absent."""

MOST_VASOPRESSORS = 8
_ICE = {"orientation": 4, "naming": 3, "commands": 1, "writing": 1, "attention": 1}
_ORGANS = ("AST", "ALT", "bilirubin", "creatinine", "cardiac", "lung", "coagulation")

_LABS = (
    ("ldh", "LDH, U/L", 1.0),
    ("creatinine", "Creatinine, mg/dL", 0.1),
    ("platelets", "Platelets, 10⁹/L", 1.0),
    ("crp", "CRP, mg/L", 1.0),
    ("anc", "Neutrophils, 10⁹/L", 0.1),
    ("hemoglobin", "Haemoglobin, g/dL", 0.1),
    ("ferritin", "Ferritin, ng/mL", 1.0),
    ("ferritin_uln", "Ferritin, upper limit", 1.0),
    ("ferritin_infusion_day", "Ferritin, infusion day", 1.0),
    ("fibrinogen", "Fibrinogen, mg/dL", 1.0),
    ("ast", "AST, U/L", 1.0),
    ("ast_uln", "AST, upper limit", 1.0),
    ("alt", "ALT, U/L", 1.0),
    ("alt_uln", "ALT, upper limit", 1.0),
)
_LAB_WORDS = (
    ("ferritin_rising_fast", "Ferritin rising fast"),
    ("new_cytopenia", "New cytopenia"),
    ("haemophagocytosis", "Haemophagocytosis"),
)


@dataclass(frozen=True)
class Entry:
    """One field. `choice` and `truth` have options; `open` options may be typed too."""

    path: str
    label: str
    kind: Literal["number", "count", "truth", "choice", "open", "text"]
    options: tuple[str, ...] = ()
    step: float = 1.0


@dataclass(frozen=True)
class Section:
    """Fields that stand together; `folded` until somebody opens them."""

    title: str
    entries: tuple[Entry, ...]
    folded: bool = False


def _number(path: str, label: str, step: float = 1.0) -> Entry:
    return Entry(f"inputs.{path}", label, "number", step=step)


def _count(path: str, label: str) -> Entry:
    return Entry(f"inputs.{path}", label, "count")


def _truth(path: str, label: str) -> Entry:
    return Entry(f"inputs.{path}", label, "truth")


def _choice(path: str, label: str, members: type[Enum] | tuple[str, ...]) -> Entry:
    return Entry(f"inputs.{path}", label, "choice", tuple(str(getattr(one, "value", one)) for one in members))


def _points(most: int) -> tuple[str, ...]:
    return tuple(str(points) for points in range(most + 1))


def severities() -> tuple[str, ...]:
    """The five severities in the contract's spelling."""
    return tuple(severity.name.lower().replace("_", "-") for severity in Severity)


PATIENT = Section(
    "Patient",
    (
        Entry("patient.age_years", "Age, years", "number"),
        Entry("patient.weight_kg", "Weight, kg", "number"),
        Entry("patient.developmental_delay", "Developmental delay", "truth"),
        _number("day_post_infusion", "Day post infusion"),
    ),
)
FEVER = Section(
    "Fever, and what may hide it",
    (
        _number("temp_c", "Temperature, °C", 0.1),
        _number("temp_f", "Temperature, °F", 0.1),
        _truth("on_antipyretic", "Antipyretic"),
        _truth("on_anticytokine", "Anticytokine drug"),
        _truth("on_corticosteroid", "Steroid"),
        _choice("steroid_reason", "Steroid given as", ("treatment", "prophylaxis")),
        _truth("crs_already_diagnosed", "CRS before this"),
    ),
)
PRESSURE = Section(
    "Blood pressure",
    (
        _number("sbp", "Upper, mmHg"),
        _number("dbp", "Lower, mmHg"),
        _number("map", "Mean, mmHg"),
        _number("baseline_sbp", "Usual upper, mmHg"),
        _truth("hypotension_clinician", "Hypotension, as you judge it"),
        _count("iv_fluid_bolus_count", "Fluid boluses"),
    ),
)
OXYGEN = Section(
    "Oxygen",
    (
        _choice("oxygen.device", "Device", OxygenDevice),
        _number("oxygen.flow_l_min", "Flow, L/min", 0.5),
        _number("oxygen.fio2", "FiO₂, % or fraction"),
        _choice("oxygen.reason", "Given for", OxygenReason),
    ),
)
ICE = (
    _count("ice.total", "ICE total, 0 to 10"),
    *(
        Entry(f"inputs.ice.items.{item}", f"ICE {item}, of {most}", "choice", _points(most))
        for item, most in _ICE.items()
    ),
)
CAPD = (_count("capd.total", "CAPD total, 0 to 32"), _truth("capd_unable", "CAPD cannot be done"))
EXAMINATION = (
    _choice("consciousness", "Wakes", Consciousness),
    _choice("seizure", "Seizure", Seizure),
    _number("seizure_minutes", "Seizure, minutes"),
    _choice("motor", "Weakness", Motor),
    _choice("icp", "Signs of raised pressure", Icp),
)
FOLDED = (
    Section(
        "Baselines, sedation and other scores",
        (
            _count("baseline_ice", "Baseline ICE"),
            _count("capd_baseline", "Baseline CAPD"),
            _count("cartox_10", "CARTOX-10"),
            _count("papilledema_stage", "Papilloedema stage"),
            _truth("sedated_or_paralysed", "Sedated or paralysed"),
            Entry("inputs.consciousness_cause", "Drug behind sleepiness", "text"),
            _truth("language_barrier", "No common language"),
            _truth("intracranial_haemorrhage", "Haemorrhage in the head"),
            _number("rass", "RASS"),
        ),
        folded=True,
    ),
    Section(
        "Organ toxicity (CTCAE grade) and treatment",
        (
            _choice("organ_ctcae", "All organs", (NONE,)),
            *(Entry(f"{ORGANS}.{organ}", organ, "choice", _points(5)) for organ in _ORGANS),
            _truth("hospitalised", "In hospital for it"),
            _truth("iv_antibiotics", "IV antibiotics"),
            Entry("inputs.coagulopathy_treated_with", "Coagulopathy treated", "open", (NONE, "plasma", "platelets")),
        ),
        folded=True,
    ),
    Section(
        "Laboratory values, for the scores",
        (
            *(_number(f"labs.{name}", label, step) for name, label, step in _LABS),
            *(_truth(f"labs.{name}", label) for name, label in _LAB_WORDS),
        ),
        folded=True,
    ),
    Section(
        "Symptoms of the documented lists",
        tuple(
            Entry(f"{SYMPTOMS}.{symptom.label}", symptom.label.capitalize(), "choice", severities())
            for symptom in dictionary().symptoms.values()
            if symptom.items
        ),
        folded=True,
    ),
    Section(
        "Causes, other vital signs, death",
        (
            *(_choice(f"attribution.{sign.value}", f"{sign.value.capitalize()} is due to", Cause) for sign in Sign),
            _truth("fever", "Fever, no number"),
            _number("hr", "Pulse, /min"),
            _number("rr", "Breathing, /min"),
            _number("spo2", "SpO₂, %"),
            _number("hours_post_infusion", "Hours post infusion"),
            _choice("death", "Died of", ("crs", "icans", "other")),
        ),
        folded=True,
    ),
)


def vasopressor_entries(number: int) -> tuple[Entry, ...]:
    """The fields of the running drug `number`, counted from 0."""
    classes = {DrugClass.VASOPRESSOR, DrugClass.VASOPRESSIN, DrugClass.INOTROPE}
    drugs = tuple(drug.id for drug in dictionary().drugs.values() if drug.drug_class in classes)
    place = f"{VASOPRESSORS}.{number}"
    return (
        Entry(f"{place}.drug", f"Drug {number + 1}", "open", drugs),
        Entry(f"{place}.dose", "Dose", "number", step=0.01),
        Entry(f"{place}.unit", "Unit", "open", ("mcg/kg/min", "mcg/min", "units/min", "units/h")),
        Entry(f"{place}.hours", "Hours at this dose", "number"),
    )


def entries() -> Iterator[Entry]:
    """Every field that does not depend on another, in the order of the form."""
    for section in (PATIENT, FEVER, PRESSURE, OXYGEN, Section("", (*ICE, *CAPD, *EXAMINATION)), *FOLDED):
        yield from section.entries
