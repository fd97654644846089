"""A bedside picture: what is believed at one moment, in the fields of the contract, turned into evidence.

A field absent or null was not recorded; `[]` or "none" was looked for and is absent. A field nobody knows is an
error that names it, because a misspelt field must never become "not recorded".
"""

from __future__ import annotations

import difflib
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, ValidationError

from monitoring.cognition import capd_range, ice_range
from monitoring.concepts import Dictionary
from monitoring.evidence import ConsciousnessState, Evidence, OxygenState, SeizureState
from monitoring.timeline import Labels, Steps
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

LATE_NEUROTOXICITY = frozenset({"facial_palsy", "parkinsonism", "guillain_barre"})
"""Late effects after BCMA products that are not ICANS (clinical.md b.3)."""

CapdAnswer = Literal["never", "rarely", "sometimes", "often", "always"]
_SEVERITIES = {severity.name.lower().replace("_", "-"): severity for severity in Severity}


class PictureRefused(ValueError):
    """A picture that cannot be read; the message names the picture, the field and what was expected."""


def _none_is_empty(value: object) -> object:
    return [] if value == "none" else value


def _none_is_air(value: object) -> object:
    return {"device": "room_air"} if value in ("none", []) else value


def _none_is_nothing_reported(value: object) -> object:
    return {"": 0} if value in ("none", []) else value


def _severity(value: object) -> object:
    if not isinstance(value, str):
        return _not_a_truth(value)
    word = value.casefold().replace("_", "-")
    if word not in _SEVERITIES:
        raise ValueError(f"expected one of {', '.join(_SEVERITIES)}, or 0 to 4")
    return _SEVERITIES[word]


def _not_a_truth(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("a number is expected, not yes or no")
    return value


Listed = BeforeValidator(_none_is_empty)
Number = Annotated[float, BeforeValidator(_not_a_truth)]
Count = Annotated[int, BeforeValidator(_not_a_truth)]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Vasopressor(_Strict):
    """One running drug; every part may be unknown."""

    drug: str | None = None
    dose: Number | None = Field(default=None, ge=0)
    unit: str | None = None
    hours: Number | None = Field(default=None, ge=0)


class Oxygen(_Strict):
    """Oxygen now. `fio2` as a fraction or in percent."""

    device: OxygenDevice | None = None
    flow_l_min: Number | None = Field(default=None, ge=0, le=80)
    fio2: Number | None = Field(default=None, gt=0, le=100)
    reason: OxygenReason | None = None


class IceItems(_Strict):
    """Points by item; an item left out was not asked."""

    orientation: Count | None = Field(default=None, ge=0, le=4)
    naming: Count | None = Field(default=None, ge=0, le=3)
    commands: Count | None = Field(default=None, ge=0, le=1)
    writing: Count | None = Field(default=None, ge=0, le=1)
    attention: Count | None = Field(default=None, ge=0, le=1)


class Ice(_Strict):
    """ICE by total or by items."""

    total: Count | None = Field(default=None, ge=0, le=10)
    items: IceItems | None = None


class CapdAnswers(_Strict):
    """CAPD answers by question; a question left out was not answered."""

    eye_contact: CapdAnswer | None = None
    purposeful: CapdAnswer | None = None
    aware: CapdAnswer | None = None
    communicates: CapdAnswer | None = None
    restless: CapdAnswer | None = None
    inconsolable: CapdAnswer | None = None
    underactive: CapdAnswer | None = None
    slow_response: CapdAnswer | None = None


class Capd(_Strict):
    """CAPD by total or by answers."""

    total: Count | None = Field(default=None, ge=0, le=32)
    answers: CapdAnswers | None = None


class Inputs(_Strict):
    """Every field of the contract's bedside picture."""

    day_post_infusion: Number | None = None
    hours_post_infusion: Number | None = None
    infusion_days: Annotated[list[Number], Listed] | None = None
    temp_c: Number | None = None
    temp_f: Number | None = None
    hr: Number | None = None
    rr: Number | None = None
    sbp: Number | None = None
    dbp: Number | None = None
    map: Number | None = None
    spo2: Number | None = None
    baseline_sbp: Number | None = None
    fever: StrictBool | None = None
    hypotension_clinician: StrictBool | None = None
    vasopressors: Annotated[list[Vasopressor], Listed] | None = None
    iv_fluid_bolus_count: Count | None = Field(default=None, ge=0)
    oxygen: Annotated[Oxygen, BeforeValidator(_none_is_air)] | None = None
    on_antipyretic: StrictBool | None = None
    on_anticytokine: StrictBool | None = None
    on_corticosteroid: StrictBool | None = None
    crs_already_diagnosed: StrictBool | None = None
    sedated_or_paralysed: StrictBool | None = None
    intracranial_haemorrhage: StrictBool | None = None
    capd_unable: StrictBool | None = None
    language_barrier: StrictBool | None = None
    steroid_reason: Literal["treatment", "prophylaxis"] | None = None
    attribution: dict[Sign, Cause | None] | None = None
    ice: Ice | None = None
    baseline_ice: Count | None = Field(default=None, ge=0, le=10)
    capd: Capd | None = None
    capd_baseline: Count | None = Field(default=None, ge=0, le=32)
    consciousness: Consciousness | None = None
    consciousness_cause: str | None = None
    seizure: Seizure | None = None
    seizure_minutes: Number | None = Field(default=None, ge=0)
    motor: Motor | None = None
    icp: Icp | None = None
    other_neuro: Annotated[list[str], Listed] | None = None
    organ_ctcae: Annotated[dict[str, Count], BeforeValidator(lambda v: {} if v in ("none", []) else v)] | None = None
    hospitalised: StrictBool | None = None
    iv_antibiotics: StrictBool | None = None
    coagulopathy_treated_with: Annotated[list[str] | str, Listed] | None = None
    rass: Number | None = Field(default=None, ge=-5, le=4)
    symptoms: (
        Annotated[
            dict[str, Annotated[Severity, BeforeValidator(_severity)] | None],
            BeforeValidator(_none_is_nothing_reported),
        ]
        | None
    ) = None
    death: Literal["crs", "icans", "other"] | None = None


class PatientAge(_Strict):
    """What a rule needs to know of the patient."""

    age_years: Number | None = Field(default=None, ge=0, le=130)
    developmental_delay: StrictBool | None = None


class Picture(_Strict):
    """One bedside picture."""

    id: str | int
    patient: PatientAge = PatientAge()
    inputs: Inputs

    def days(self) -> tuple[float | None, tuple[float, ...]]:
        """Day post infusion and the days of the infusions on the same count, the first at 0."""
        day = self.inputs.day_post_infusion
        if day is None and self.inputs.hours_post_infusion is not None:
            day = float(np.floor(self.inputs.hours_post_infusion / 24))
        return day, tuple(sorted(self.inputs.infusion_days or [0.0]))


def read_picture(content: object, dictionary: Dictionary) -> Picture:
    """A picture from parsed JSON. Raises PictureRefused."""
    name = content.get("id", "?") if isinstance(content, dict) else "?"
    try:
        picture = Picture.model_validate(content)
    except ValidationError as invalid:
        raise PictureRefused(
            f"picture {name!r}: " + "; ".join(_problem(dict(e)) for e in invalid.errors()[:5])
        ) from None
    for field, concept in _MEASURED.items():
        value = getattr(picture.inputs, field)
        entry = dictionary.concepts[concept]
        if value is not None and not entry.believable(value if field != "temp_f" else (value - 32) * 5 / 9):
            low, high = entry.refuse_outside or (-np.inf, np.inf)
            raise PictureRefused(f"picture {name!r}: {field} = {value:g} is outside {low:g} to {high:g} {entry.unit}")
    for symptom in picture.inputs.symptoms or {}:
        if symptom and dictionary.symptom(symptom) is None:
            near = difflib.get_close_matches(symptom, [s.label for s in dictionary.symptoms.values()], 1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise PictureRefused(f"picture {name!r}: symptoms names {symptom!r}, which is on no documented list{hint}")
    return picture


_MEASURED = {
    "temp_c": "temperature", "temp_f": "temperature", "hr": "heart_rate", "rr": "respiratory_rate", "sbp": "sbp",
    "dbp": "dbp", "map": "map", "spo2": "spo2", "baseline_sbp": "sbp",
}  # fmt: skip


def _problem(error: dict[str, Any]) -> str:
    place = ".".join(str(part) for part in error["loc"] if part not in ("function-before", "[key]"))
    if error["type"] == "extra_forbidden":
        near = difflib.get_close_matches(str(error["loc"][-1]), list(Inputs.model_fields), 1)
        return f"unknown field {place!r}" + (f"; did you mean {near[0]!r}?" if near else "")
    return f"{place}: {error['msg']} (got {error['input']!r})"


def evidence_of(picture: Picture, dictionary: Dictionary) -> Evidence:
    """What the picture says, as evidence of one moment. Raises PictureRefused where two fields contradict."""
    given = picture.inputs
    return Evidence(
        numbers=_numbers(picture, dictionary),
        truths=_truths(picture),
        labels={
            "oxygen": Labels.constant(given.oxygen and _oxygen_state(given.oxygen)),
            "consciousness": Labels.constant(
                given.consciousness and ConsciousnessState(given.consciousness, bool(given.consciousness_cause))
            ),
            "seizure": Labels.constant(
                None
                if given.seizure is None and given.seizure_minutes is None
                else SeizureState(given.seizure, given.seizure_minutes)
            ),
            "motor": Labels.constant(given.motor),
            "icp": Labels.constant(given.icp),
            **{f"attribution:{sign}": Labels.constant(cause) for sign, cause in (given.attribution or {}).items()},
        },
    )


def _oxygen_state(oxygen: Oxygen) -> OxygenState | None:
    if oxygen.device is None and oxygen.flow_l_min is None and oxygen.fio2 is None and oxygen.reason is None:
        return None
    fio2 = oxygen.fio2 * 100 if oxygen.fio2 is not None and oxygen.fio2 <= 1 else oxygen.fio2
    return OxygenState(oxygen.device, oxygen.flow_l_min, fio2, oxygen.reason)


def _numbers(picture: Picture, dictionary: Dictionary) -> dict[str, Steps]:
    given = picture.inputs
    plain = {
        "temperature": _temperature(picture, dictionary),
        "heart_rate": given.hr,
        "respiratory_rate": given.rr,
        "spo2": given.spo2,
        "sbp": given.sbp,
        "map": given.map,
        "baseline_sbp": given.baseline_sbp,
        "age": picture.patient.age_years,
        "baseline_ice": given.baseline_ice,
        "baseline_capd": given.capd_baseline,
    }
    numbers = {name: Steps.constant(value) for name, value in plain.items() if value is not None}
    if given.ice is not None:
        items = given.ice.items.model_dump(exclude_none=True) if given.ice.items else None
        numbers |= _ranged("ice", ice_range(given.ice.total, items))
    if given.capd is not None:
        answers = given.capd.answers.model_dump(exclude_none=True) if given.capd.answers else None
        numbers |= _ranged("capd", capd_range(given.capd.total, answers))
    if given.vasopressors is not None:
        numbers |= _vasopressors(picture, given.vasopressors, dictionary)
    return numbers | _symptoms(given, dictionary)


def _ranged(name: str, bounds: tuple[float, float] | None) -> dict[str, Steps]:
    return {} if bounds is None else {name: Steps.constant(*bounds)}


def _temperature(picture: Picture, dictionary: Dictionary) -> float | None:
    given = picture.inputs
    if given.temp_f is None:
        return given.temp_c
    converted = dictionary.concepts["temperature"].canonical(given.temp_f, "[degF]")
    if given.temp_c is not None and abs(converted - given.temp_c) > 0.1:
        raise PictureRefused(f"picture {picture.id!r}: temp_c {given.temp_c:g} and temp_f {given.temp_f:g} contradict")
    return converted


def _vasopressors(picture: Picture, listed: list[Vasopressor], dictionary: Dictionary) -> dict[str, Steps]:
    """Counts; an unspecified vasopressor may be the vasopressin that does not count, if none is named."""
    named: set[str] = set()
    unspecified = 0
    classes: set[DrugClass] = set()
    for entry in listed:
        drug = dictionary.drug(entry.drug) if entry.drug else None
        kind = drug.drug_class if drug else DrugClass.VASOPRESSOR
        classes.add(kind)
        if entry.drug is None or (drug and drug.id == "unspecified"):
            unspecified += 1
        elif kind is DrugClass.VASOPRESSOR:
            named.add(drug.id if drug else entry.drug.casefold())
        elif kind not in {DrugClass.VASOPRESSIN, DrugClass.INOTROPE}:
            raise PictureRefused(f"picture {picture.id!r}: vasopressors names {entry.drug!r}, which is no vasopressor")
    vasopressin = DrugClass.VASOPRESSIN in classes
    hidden = 1 if unspecified and not vasopressin else 0
    return {
        "vasopressors": Steps.constant(len(named) + unspecified - hidden, len(named) + unspecified),
        "vasopressin": Steps.constant(float(vasopressin or bool(hidden))),
        "inotrope": Steps.constant(float(DrugClass.INOTROPE in classes)),
    }


def _symptoms(given: Inputs, dictionary: Dictionary) -> dict[str, Steps]:
    if given.symptoms is None:
        return {}
    if "" in given.symptoms:
        return {f"symptom:{symptom}": Steps.constant(0) for symptom in dictionary.symptoms}
    found: dict[str, Steps] = {}
    for name, severity in given.symptoms.items():
        symptom = dictionary.symptom(name)
        if symptom is not None and severity is not None:
            found[f"symptom:{symptom.id}"] = Steps.constant(float(severity))
    return found


def _truths(picture: Picture) -> dict[str, Steps]:
    given = picture.inputs
    diagnosed = given.crs_already_diagnosed
    if diagnosed is None and given.steroid_reason == "prophylaxis":  # D19
        diagnosed = False
    drugs = (given.on_antipyretic, given.on_anticytokine, given.on_corticosteroid)
    masking = True if True in drugs else None if None in drugs else False
    plain = {
        "fever_charted": given.fever,
        "hypotension_clinician": given.hypotension_clinician,
        "sedated": given.sedated_or_paralysed,
        "capd_unable": given.capd_unable,
        "language_barrier": given.language_barrier,
        "haemorrhage": given.intracranial_haemorrhage,
        "developmental_delay": picture.patient.developmental_delay,
        "crs_already_diagnosed": diagnosed,
        "masking_drug": masking,
        "late_neurotoxicity": bool(LATE_NEUROTOXICITY & set(given.other_neuro or [])),
        "death_crs": given.death == "crs",
        "death_icans": given.death == "icans",
    }
    return {name: Steps.constant(float(value)) for name, value in plain.items() if value is not None}
