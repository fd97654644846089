"""The fields of a bedside picture, as the contract names them, and what each may say.

A field absent or null was not recorded; `[]` or "none" was looked for and is absent.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self, TypeVar

import numpy as np
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StrictBool, model_validator

from monitoring.cognition import capd_range, ice_range
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
        return _a_number(value)
    word = value.casefold().replace("_", "-")
    if word not in _SEVERITIES:
        raise ValueError(f"expected one of {', '.join(_SEVERITIES)}, or 0 to 4")
    return _SEVERITIES[word]


def _a_number(value: object) -> object:
    if isinstance(value, bool | str):
        raise ValueError("a number is expected")
    return value


def _none_is_nothing_named(value: object) -> object:
    return {} if value in ("none", []) else value


def _empty_is_none(value: object) -> object:
    return "none" if value == [] else value


def _none_is_no_cause(value: object) -> object:
    return None if value in ("none", []) else value


def _number_is_total(value: object) -> object:
    return value if isinstance(value, dict) or value is None else {"total": value}


Listed = BeforeValidator(_none_is_empty)
Number = Annotated[float, BeforeValidator(_a_number), Field(allow_inf_nan=False)]
Count = Annotated[int, BeforeValidator(_a_number)]
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

    @model_validator(mode="after")
    def _air_has_no_flow(self) -> Self:
        enriched = self.fio2 is not None and not (self.fio2 <= 0.21 or 1 < self.fio2 <= 21)
        if self.device is OxygenDevice.ROOM_AIR and (self.flow_l_min or enriched):
            raise ValueError("room air and oxygen given contradict each other")
        return self


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

    def bounds(self) -> tuple[float, float] | None:
        """Lowest and highest score; None where nothing was scored. The total goes before the items."""
        return ice_range(self.total, self.items.model_dump(exclude_none=True) if self.items else None)


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

    def bounds(self) -> tuple[float, float] | None:
        """Lowest and highest score; None where nothing was answered. The total goes before the answers."""
        return capd_range(self.total, self.answers.model_dump(exclude_none=True) if self.answers else None)


_Score = TypeVar("_Score", Ice, Capd)


def _agrees(score: _Score) -> _Score:
    """A total and items that cannot add up to it: which of the two is meant would be a guess."""
    parts = score.model_copy(update={"total": None}).bounds()
    if score.total is not None and parts is not None and not parts[0] <= score.total <= parts[1]:
        raise ValueError("the total and the items contradict each other")
    return score


def _whole(score: _Score) -> _Score:
    """A baseline that could be one of several scores would make an unchanged patient look worse, or hide a fall."""
    bounds = score.bounds()
    if bounds is None or bounds[0] != bounds[1]:
        raise ValueError("a baseline is a total, or every item")
    return _agrees(score)


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
    attribution: Annotated[dict[Sign, Cause | None], BeforeValidator(_none_is_nothing_named)] | None = None
    ice: Annotated[Ice, AfterValidator(_agrees)] | None = None
    baseline_ice: Annotated[Ice, BeforeValidator(_number_is_total), AfterValidator(_whole)] | None = None
    cartox_10: Count | None = Field(default=None, ge=0, le=10)
    capd: Annotated[Capd, AfterValidator(_agrees)] | None = None
    capd_baseline: Annotated[Capd, BeforeValidator(_number_is_total), AfterValidator(_whole)] | None = None
    consciousness: Consciousness | None = None
    consciousness_cause: Annotated[str | None, BeforeValidator(_none_is_no_cause)] = None
    seizure: Annotated[Seizure, BeforeValidator(_empty_is_none)] | None = None
    seizure_minutes: Number | None = Field(default=None, ge=0)
    motor: Annotated[Motor, BeforeValidator(_empty_is_none)] | None = None
    icp: Annotated[Icp, BeforeValidator(_empty_is_none)] | None = None
    papilledema_stage: Count | None = Field(default=None, ge=0, le=5)
    other_neuro: Annotated[list[str], Listed] | None = None
    organ_ctcae: Annotated[dict[str, OrganGrade], BeforeValidator(_none_is_nothing_named)] | None = None
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

    @model_validator(mode="after")
    def _agree(self) -> Self:
        """Two fields that contradict each other: neither can be believed (D113)."""
        if self.sbp is not None and self.dbp is not None and self.dbp >= self.sbp:
            raise ValueError("sbp is not above dbp")
        if self.seizure is Seizure.NONE and self.seizure_minutes:
            raise ValueError("seizure none and seizure_minutes above 0 contradict each other")
        return self


class PatientAge(_Strict):
    """What a rule needs to know of the patient."""

    age_years: Number | None = Field(default=None, ge=0, le=130)
    weight_kg: Number | None = Field(default=None, ge=0.5, le=300)
    developmental_delay: StrictBool | None = None


def _null_is_nobody(value: object) -> object:
    return {} if value is None else value


class Picture(_Strict):
    """One bedside picture."""

    id: str | int
    patient: Annotated[PatientAge, BeforeValidator(_null_is_nobody)] = PatientAge()
    inputs: Inputs

    def days(self) -> tuple[float | None, tuple[float, ...]]:
        """Day post infusion and the days of the infusions on the same count, the first at 0."""
        day = self.inputs.day_post_infusion
        if day is None and self.inputs.hours_post_infusion is not None:
            day = float(np.floor(self.inputs.hours_post_infusion / 24))
        return day, tuple(sorted(self.inputs.infusion_days or [0.0]))
