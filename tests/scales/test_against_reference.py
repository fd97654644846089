"""Every older scale against a second, naive writing of the paper (reference.py), and what hiding inputs may do."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.bedside import grade_pictures
from tests.scales.reference import GRADE

Inputs = dict[str, Any]
WEIGHT = 80.0

DRUG = st.sampled_from(["norepinephrine", "epinephrine", "dopamine", "phenylephrine", "vasopressin", "milrinone"])
CUTS = [0.1, 0.2, 2.0, 8.0, 10.0, 12.0, 15.9, 16.0, 19.9, 20.0, 25.0, 80.0, 199.0, 200.0]
DOSE = st.sampled_from(CUTS) | st.floats(0.01, 220).map(lambda dose: round(dose, 2))
PRESSOR = st.fixed_dictionaries(
    {
        "drug": DRUG,
        "dose": DOSE,
        "unit": st.sampled_from(["ug/min", "ug/kg/min"]),
        "hours": st.sampled_from([0.5, 2.9, 3.0, 10.0, 23.9, 24.0]),
    }
)
DEVICES = ["nasal_cannula", "simple_mask", "non_rebreather", "venturi", "hfnc", "cpap", "bipap"]
OXYGEN = st.sampled_from([{"device": "room_air"}, {"device": "mechanical_ventilation"}]) | st.fixed_dictionaries(
    {"device": st.sampled_from(DEVICES), "fio2": st.sampled_from([24, 39.9, 40, 60])}
)
ORGANS = st.dictionaries(st.sampled_from(["AST", "ALT", "bilirubin", "creatinine", "heart"]), st.integers(0, 4))
CRS_INPUTS = st.fixed_dictionaries(
    {
        "temp_c": st.sampled_from([36.5, 37.9, 38.0, 40.5]),
        "sbp": st.sampled_from([70, 89, 90, 130]),
        "vasopressors": st.lists(PRESSOR, max_size=3, unique_by=lambda drug: drug["drug"]),
        "oxygen": OXYGEN,
        "organ_ctcae": ORGANS,
        "iv_fluid_bolus_count": st.integers(0, 3),
        "hospitalised": st.booleans(),
        "iv_antibiotics": st.booleans(),
        "coagulopathy_treated_with": st.sampled_from([[], ["plasma"], ["platelets"]]),
    }
)
PAPILLEDEMA = st.integers(1, 5).map(lambda stage: {"icp": "papilledema", "papilledema_stage": stage})
NO_PAPILLEDEMA = st.sampled_from(["none", "focal_edema", "diffuse_edema", "posturing", "cushing_triad"]).map(
    lambda finding: {"icp": finding}
)
CRES_INPUTS = st.builds(
    lambda findings, pressure: findings | pressure,
    st.fixed_dictionaries(
        {
            "cartox_10": st.integers(0, 10),
            "consciousness": st.sampled_from(
                ["awake", "awakens_to_voice", "awakens_to_touch", "needs_vigorous_stimulus", "unarousable"]
            ),
            "seizure": st.sampled_from(
                [
                    "none",
                    "brief_resolved",
                    "eeg_nonconvulsive_resolved",
                    "prolonged_over_5min",
                    "repetitive_no_recovery",
                ]
            ),
            "motor": st.sampled_from(["none", "mild_focal", "deep_focal_weakness"]),
        }
    ),
    NO_PAPILLEDEMA | PAPILLEDEMA,
)
CRS_SYSTEMS = [system for system in GRADE if system.startswith("crs")]


def inputs_of(system: str) -> st.SearchStrategy[Inputs]:
    return CRS_INPUTS if system.startswith("crs") else CRES_INPUTS


def answer(system: str, inputs: Inputs, weight: float | None = WEIGHT) -> dict[str, Any]:
    picture = {"id": "1", "patient": {"age_years": 55, "weight_kg": weight}, "inputs": inputs}
    assessment: dict[str, Any] = grade_pictures([picture], [system])[0]["assessments"][system]
    return assessment


def span(system: str, inputs: Inputs, weight: float | None = WEIGHT) -> tuple[int, int]:
    assessment = answer(system, inputs, weight)
    return assessment["at_least"], assessment["at_most"]


def hide(inputs: Inputs, data: st.DataObject) -> Inputs:
    """The inputs with some of them, and some parts of drugs and oxygen, not recorded."""
    kept = {field: value for field, value in inputs.items() if data.draw(st.integers(0, 3)) > 0}
    if "vasopressors" in kept:
        kept["vasopressors"] = [
            {part: value for part, value in drug.items() if part == "drug" or data.draw(st.integers(0, 3)) > 0}
            for drug in kept["vasopressors"]
        ]
    if "oxygen" in kept:
        kept["oxygen"] = {
            part: value for part, value in kept["oxygen"].items() if part == "device" or data.draw(st.booleans())
        }
    return kept


@pytest.mark.parametrize("system", GRADE)
@given(data=st.data())
def test_with_everything_known_the_grade_is_that_of_the_paper(system: str, data: st.DataObject) -> None:
    inputs = data.draw(inputs_of(system))
    truth = GRADE[system](inputs, WEIGHT)
    assert span(system, inputs) == (truth, truth)


@pytest.mark.parametrize("system", GRADE)
@given(data=st.data())
def test_hiding_any_inputs_keeps_the_truth_inside(system: str, data: st.DataObject) -> None:
    inputs = data.draw(inputs_of(system))
    hidden = hide(inputs, data)
    low, high = span(system, hidden, data.draw(st.sampled_from([WEIGHT, None])))
    assert low <= GRADE[system](inputs, WEIGHT) <= high


SUPPLIED_BY = {
    "temperature": ("temp_c",),
    "blood_pressure": ("sbp",),
    "fio2": ("oxygen",),
    "vasopressor_dose": ("vasopressors", "weight"),
    "weight": ("vasopressors", "weight"),
    "vasopressor_hours": ("vasopressors",),
    "ice": ("cartox_10",),
    "papilledema_stage": ("icp", "papilledema_stage"),
    "icp": ("icp", "papilledema_stage"),
}


@pytest.mark.parametrize("system", GRADE)
@given(data=st.data())
def test_supplying_the_input_that_would_decide_never_widens_the_interval(system: str, data: st.DataObject) -> None:
    inputs = data.draw(inputs_of(system))
    hidden, weight = hide(inputs, data), data.draw(st.sampled_from([WEIGHT, None]))
    before = answer(system, hidden, weight)
    if before["at_least"] == before["at_most"]:
        assert before["decides"] is None
        assert before["unassessed"] == []
        return
    assert before["decides"] in before["unassessed"]
    fields = SUPPLIED_BY.get(before["decides"], (before["decides"],))
    supplied = hidden | {field: inputs[field] for field in fields if field in inputs}
    low, high = span(system, supplied, WEIGHT if "weight" in fields else weight)
    assert before["at_least"] <= low
    assert high <= before["at_most"]
    assert any(field == "weight" or field in inputs for field in fields), before


@pytest.mark.parametrize("system", CRS_SYSTEMS)
@given(data=st.data())
def test_getting_sicker_never_lowers_either_end(system: str, data: st.DataObject) -> None:
    inputs = hide(data.draw(CRS_INPUTS), data)
    sicker = dict(inputs)
    if "temp_c" in inputs:
        sicker["temp_c"] = max(inputs["temp_c"], data.draw(st.sampled_from([38.0, 40.5])))
    if "sbp" in inputs:
        sicker["sbp"] = min(inputs["sbp"], data.draw(st.sampled_from([70, 89])))
    if "vasopressors" in inputs:
        more = data.draw(PRESSOR.filter(lambda drug: drug["drug"] not in [d["drug"] for d in inputs["vasopressors"]]))
        sicker["vasopressors"] = [*inputs["vasopressors"], more]
    if "organ_ctcae" in inputs:
        sicker["organ_ctcae"] = {organ: min(grade + 1, 4) for organ, grade in inputs["organ_ctcae"].items()}
    for field, worst in (("hospitalised", True), ("iv_antibiotics", True), ("coagulopathy_treated_with", ["plasma"])):
        if field in inputs:
            sicker[field] = worst
    before, after = span(system, inputs), span(system, sicker)
    assert before[0] <= after[0]
    assert before[1] <= after[1]


@given(inputs=CRS_INPUTS)
def test_a_dose_means_the_same_in_every_unit(inputs: Inputs) -> None:
    per_hour = [
        {**drug, "dose": drug["dose"] * 60 / 1000, "unit": drug["unit"].replace("ug", "mg").replace("min", "h")}
        for drug in inputs["vasopressors"]
    ]
    for system in CRS_SYSTEMS:
        assert span(system, inputs) == span(system, inputs | {"vasopressors": per_hour})
