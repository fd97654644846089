"""A bedside picture: what is believed at one moment, in the fields of the contract, turned into evidence.

A field absent or null was not recorded; `[]` or "none" was looked for and is absent. A field nobody knows is an
error that names it, because a misspelt field must never become "not recorded".
"""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterator
from dataclasses import fields
from typing import Any

import numpy as np
from pydantic import ValidationError

from monitoring.concepts import Dictionary
from monitoring.evidence import (
    ConsciousnessState,
    Evidence,
    OxygenState,
    RunningVasopressor,
    SeizureState,
    VasopressorState,
)
from monitoring.grading.iec_hs import Findings
from monitoring.grading.picture_fields import Inputs, Labs, Oxygen, Picture, Vasopressor
from monitoring.organ_charting import plasma_products, worst_by_group
from monitoring.timeline import Labels, Steps
from monitoring.vocabulary import DrugClass

LATE_NEUROTOXICITY = ("facial palsy", "parkinsonism", "guillain barre")
"""How the late effects after BCMA products that are not ICANS begin, as `_plain` writes them (clinical.md b.3)."""


class PictureRefused(ValueError):
    """A picture that cannot be read; the message names the picture, the field and what was expected."""


def read_picture(content: object, dictionary: Dictionary) -> Picture:
    """A picture from parsed JSON. Raises PictureRefused."""
    name = content.get("id", "?") if isinstance(content, dict) else "?"
    try:
        picture = Picture.model_validate(content)
    except ValidationError as invalid:
        raise PictureRefused(
            f"picture {name!r}: " + "; ".join(_problem(dict(e)) for e in invalid.errors()[:5])
        ) from None
    for field, concept, value in _measured(picture):
        entry = dictionary.concepts[concept]
        if not entry.believable(value if field != "temp_f" else (value - 32) * 5 / 9):
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


def _measured(picture: Picture) -> Iterator[tuple[str, str, float]]:
    """(field, concept, value) of every number that has a believable range."""
    for field, concept in _MEASURED.items():
        value = getattr(picture.inputs, field)
        if value is not None:
            yield field, concept, value
    labs = picture.inputs.labs
    for field, value in (labs.numbers() if labs else {}).items():
        yield f"labs.{field}", "ferritin" if field == "ferritin_infusion_day" else field, value


def findings(picture: Picture) -> Findings:
    """What the screen for IEC-HS asks of a picture."""
    said = picture.inputs.labs.model_dump() if picture.inputs.labs else {}
    return Findings(**{field.name: said.get(field.name) for field in fields(Findings)})


def _problem(error: dict[str, Any]) -> str:
    place = ".".join(str(part) for part in error["loc"] if part not in ("function-before", "[key]"))
    if error["type"] == "extra_forbidden":
        near = difflib.get_close_matches(str(error["loc"][-1]), [*Inputs.model_fields, *Labs.model_fields], 1)
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
            "vasopressor_doses": Labels.constant(_doses(picture, dictionary)),
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
        "iv_fluid_bolus_count": given.iv_fluid_bolus_count,
        "cartox_10": given.cartox_10,
        "papilledema_stage": given.papilledema_stage,
        **(worst_by_group(given.organ_ctcae) if given.organ_ctcae is not None else {}),
    }
    numbers = {name: Steps.constant(value) for name, value in plain.items() if value is not None}
    scored = {
        "ice": given.ice, "baseline_ice": given.baseline_ice, "capd": given.capd, "baseline_capd": given.capd_baseline,
    }  # fmt: skip
    for name, score in scored.items():
        numbers |= _ranged(name, score.bounds() if score else None)
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
        "vasopressor_agents": Steps.constant(float(len(named) + unspecified + vasopressin)),
        "inotrope": Steps.constant(float(DrugClass.INOTROPE in classes)),
    }


def _doses(picture: Picture, dictionary: Dictionary) -> VasopressorState | None:
    """Vasopressors and vasopressin as listed, by the dictionary's names; inotropes left out."""
    listed = picture.inputs.vasopressors
    if listed is None:
        return None
    running = []
    for entry in listed:
        drug = dictionary.drug(entry.drug or "unspecified")
        if drug is None or drug.drug_class is not DrugClass.INOTROPE:
            name = drug.id if drug else str(entry.drug).casefold()
            running.append(RunningVasopressor(name, entry.dose, entry.unit, entry.hours))
    return VasopressorState(tuple(running), picture.patient.weight_kg)


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


def _plain(sign: str) -> str:
    """`Guillain-Barré syndrome` as `guillain barre syndrome`."""
    letters = unicodedata.normalize("NFKD", sign.casefold())
    return " ".join("".join(mark if mark.isalpha() else " " for mark in letters if mark.isascii()).split())


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
        "late_neurotoxicity": any(_plain(sign).startswith(LATE_NEUROTOXICITY) for sign in given.other_neuro or []),
        "death_crs": given.death == "crs",
        "death_icans": given.death == "icans",
        "hospitalised": given.hospitalised,
        "iv_antibiotics": given.iv_antibiotics,
    }
    truths = {name: Steps.constant(float(value)) for name, value in plain.items() if value is not None}
    return truths | _ranged("plasma_products", plasma_products(given.coagulopathy_treated_with))
