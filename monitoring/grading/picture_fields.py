"""The fields of a bedside picture, as the contract names them, and what each may say.

A field absent or null was not recorded; `[]` or "none" was looked for and is absent.
"""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictBool

from monitoring.vocabulary import (
    Cause,
    Consciousness,
    Icp,
    Motor,
    OxygenDevice,
    OxygenReason,
    Seizure,
    Severity,
    Sign,
)

CapdAnswer = Literal["never", "rarely", "sometimes", "often", "always"]
_SEVERITIES = {severity.name.lower().replace("_", "-"): severity for severity in Severity}


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


def _none_is_no_organ(value: object) -> object:
    return {} if value in ("none", []) else value


Listed = BeforeValidator(_none_is_empty)
Number = Annotated[float, BeforeValidator(_not_a_truth)]
Count = Annotated[int, BeforeValidator(_not_a_truth)]
OrganGrade = Annotated[Count, Field(ge=0, le=5)]


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


class Labs(_Strict):
    """Laboratory values for the scores and the IEC-HS screen, in the dictionary's units.

    U/L for LDH, AST and ALT; mg/dL for creatinine and fibrinogen; 10*3/uL for platelets and neutrophils (`anc`);
    mg/L for CRP; g/dL for haemoglobin; ng/mL for ferritin. `_uln` is the upper limit of the laboratory.
    """

    ldh: Number | None = None
    creatinine: Number | None = None
    platelets: Number | None = None
    crp: Number | None = None
    anc: Number | None = None
    hemoglobin: Number | None = None
    ferritin: Number | None = None
    ferritin_uln: Number | None = None
    ferritin_infusion_day: Number | None = None
    ferritin_rising_fast: StrictBool | None = None
    fibrinogen: Number | None = None
    ast: Number | None = None
    ast_uln: Number | None = None
    alt: Number | None = None
    alt_uln: Number | None = None
    new_cytopenia: StrictBool | None = None
    haemophagocytosis: StrictBool | None = None

    def numbers(self) -> dict[str, float]:
        """Every value that was given, by its name."""
        given = self.model_dump(exclude_none=True)
        return {name: float(value) for name, value in given.items() if not isinstance(value, bool)}


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
    cartox_10: Count | None = Field(default=None, ge=0, le=10)
    capd: Capd | None = None
    capd_baseline: Count | None = Field(default=None, ge=0, le=32)
    consciousness: Consciousness | None = None
    consciousness_cause: str | None = None
    seizure: Seizure | None = None
    seizure_minutes: Number | None = Field(default=None, ge=0)
    motor: Motor | None = None
    icp: Icp | None = None
    papilledema_stage: Count | None = Field(default=None, ge=0, le=5)
    other_neuro: Annotated[list[str], Listed] | None = None
    organ_ctcae: Annotated[dict[str, OrganGrade], BeforeValidator(_none_is_no_organ)] | None = None
    hospitalised: StrictBool | None = None
    iv_antibiotics: StrictBool | None = None
    coagulopathy_treated_with: Annotated[list[str] | str, Listed] | None = None
    labs: Labs | None = None
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
    weight_kg: Number | None = Field(default=None, ge=0.5, le=300)
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
