"""What must hold for every bedside picture: found by enumerating small worlds whole, and by search in large ones."""

import itertools
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.bedside import grade_pictures

CRS, ICANS = "crs-astct-2019", "icans-astct-2019"
Inputs = dict[str, Any]
Choice = Mapping[str, Inputs]
Span = tuple[int, int]
UNKNOWN = "?"


def drugs(*names: str) -> Inputs:
    return {"vasopressors": [{"drug": name} for name in names]}


def masked(diagnosed: bool, anticytokine: bool) -> Inputs:
    return {
        "crs_already_diagnosed": diagnosed,
        "on_anticytokine": anticytokine,
        "on_antipyretic": False,
        "on_corticosteroid": False,
    }


# Each domain lists its known states from well to ill, then "?" for not recorded.
CRS_WORLD: dict[str, Choice] = {
    "temperature": {"36.8": {"temp_c": 36.8}, "38.5": {"temp_c": 38.5}, UNKNOWN: {}},
    "pressure": {"normal": {"sbp": 120}, "low": {"sbp": 60}, UNKNOWN: {}},
    "vasopressors": {
        "none": drugs(),
        "one": drugs("norepinephrine"),
        "one and vasopressin": drugs("norepinephrine", "vasopressin"),
        "two": drugs("norepinephrine", "epinephrine"),
        UNKNOWN: {},
    },
    "oxygen": {
        "room air": {"oxygen": {"device": "room_air"}},
        "cannula 2": {"oxygen": {"device": "nasal_cannula", "flow_l_min": 2}},
        "high flow": {"oxygen": {"device": "hfnc", "flow_l_min": 40}},
        "CPAP": {"oxygen": {"device": "cpap"}},
        UNKNOWN: {},
    },
    "masked": {
        "no": masked(False, False),
        "diagnosed, nothing masks": masked(True, False),
        "masked": masked(True, True),
        UNKNOWN: {},
    },
}
ICANS_WORLD: dict[str, Choice] = {
    "ice": {**{str(total): {"ice": {"total": total}} for total in (10, 8, 5, 1)}, UNKNOWN: {}},
    "consciousness": {
        **{
            word: {"consciousness": word}
            for word in ("awake", "awakens_to_voice", "awakens_to_touch", "needs_vigorous_stimulus", "unarousable")
        },
        UNKNOWN: {},
    },
    "seizure": {
        **{word: {"seizure": word} for word in ("none", "brief_resolved", "prolonged_over_5min")},
        UNKNOWN: {},
    },
    "motor": {**{word: {"motor": word} for word in ("none", "deep_focal_weakness")}, UNKNOWN: {}},
    "icp": {**{word: {"icp": word} for word in ("none", "focal_edema", "diffuse_edema")}, UNKNOWN: {}},
}
CHILD_WORLD: dict[str, Choice] = {
    "capd": {
        **{str(total): {"capd": {"total": total}} for total in (0, 5, 9)},
        "cannot be done": {"capd_unable": True},
        UNKNOWN: {},
    },
    **{domain: ICANS_WORLD[domain] for domain in ("consciousness", "seizure", "motor", "icp")},
}
WORLDS: dict[str, tuple[Mapping[str, Choice], str, float]] = {
    "CRS, adult": (CRS_WORLD, CRS, 55),
    "CRS, child of four": (CRS_WORLD, CRS, 4),
    "ICANS, adult": (ICANS_WORLD, ICANS, 55),
    "ICANS, child of four": (CHILD_WORLD, ICANS, 4),
}
Grades = dict[tuple[str, ...], Span]


def inputs_of(world: Mapping[str, Choice], states: Sequence[str]) -> Inputs:
    inputs: Inputs = {}
    for choice, state in zip(world.values(), states, strict=True):
        inputs |= choice[state]
    return inputs


def spans(inputs: Iterable[Inputs], system: str, age: float | None) -> list[Span]:
    pictures = [{"id": str(n), "patient": {"age_years": age}, "inputs": one} for n, one in enumerate(inputs)]
    answers = [answer["assessments"][system] for answer in grade_pictures(pictures, [system])]
    assert all(answer["gradable"] for answer in answers)
    return [(answer["at_least"], answer["at_most"]) for answer in answers]


@cache
def grades_of(name: str) -> Grades:
    """The grade of every combination of states in one world."""
    world, system, age = WORLDS[name]
    every = list(itertools.product(*world.values()))
    return dict(zip(every, spans((inputs_of(world, states) for states in every), system, age), strict=True))


def completions(world: Mapping[str, Choice], states: Sequence[str]) -> Iterable[tuple[str, ...]]:
    known = (
        [name for name in choice if name != UNKNOWN] if state == UNKNOWN else [state]
        for choice, state in zip(world.values(), states, strict=True)
    )
    return itertools.product(*known)


@pytest.mark.parametrize("name", WORLDS)
def test_an_interval_is_the_hull_of_every_way_the_unknown_could_turn_out(name: str) -> None:
    grades = grades_of(name)
    wrong = {}
    for states, span in grades.items():
        truths = [grades[full] for full in completions(WORLDS[name][0], states)]
        hull = (min(low for low, _ in truths), max(high for _, high in truths))
        if span != hull:
            wrong[states] = (span, hull)
    assert wrong == {}


@pytest.mark.parametrize("name", WORLDS)
def test_with_everything_known_the_grade_is_one_number(name: str) -> None:
    grades = grades_of(name)
    assert {states: span for states, span in grades.items() if UNKNOWN not in states and span[0] != span[1]} == {}


@pytest.mark.parametrize("name", WORLDS)
def test_getting_sicker_on_one_input_never_lowers_either_end(name: str) -> None:
    grades = grades_of(name)
    wrong = []
    for place, choice in enumerate(WORLDS[name][0].values()):
        ladder = [name for name in choice if name != UNKNOWN]
        for states, span in grades.items():
            if states[place] != UNKNOWN and states[place] != ladder[-1]:
                worse = ladder[ladder.index(states[place]) + 1]
                sicker = (*states[:place], worse, *states[place + 1 :])
                if grades[sicker][0] < span[0] or grades[sicker][1] < span[1]:
                    wrong.append((states, span, sicker, grades[sicker]))
    assert wrong == []


@pytest.mark.parametrize("name", WORLDS)
def test_hiding_one_input_never_narrows_nor_moves_past_the_truth(name: str) -> None:
    grades = grades_of(name)
    wrong = []
    for states, (low, high) in grades.items():
        for place in range(len(states)):
            hidden = (*states[:place], UNKNOWN, *states[place + 1 :])
            if not (grades[hidden][0] <= low and high <= grades[hidden][1]):
                wrong.append((states, (low, high), hidden, grades[hidden]))
    assert wrong == []


@pytest.mark.parametrize("age", [0.05, 0.5, 1, 4, 10, 17, 18, 55])
@pytest.mark.parametrize(
    "pressure", [{}, {"map": 60}, {"map": 70}, {"baseline_sbp": 130}, {"baseline_sbp": 90}], ids=str
)
def test_hiding_the_age_keeps_the_full_grade_inside(age: float, pressure: Inputs) -> None:
    inputs = [
        {"temp_c": 38.5, "sbp": sbp, **pressure, **drugs(), "oxygen": {"device": "room_air"}}
        for sbp in (55, 59, 60, 65, 69, 70, 75, 80, 85, 89, 90, 95, 99, 100, 120)
    ]
    with_age, without = spans(inputs, CRS, age), spans(inputs, CRS, None)
    narrower = [
        (one["sbp"], full, hidden)
        for one, full, hidden in zip(inputs, with_age, without, strict=True)
        if not (hidden[0] <= full[0] and full[1] <= hidden[1])
    ]
    assert narrower == []


@pytest.mark.parametrize(
    ("age", "score"),
    [(55, {"ice": {"total": 10}}), (55, {"ice": {"total": 4}}), (4, {"capd": {"total": 9}})],
    ids=str,
)  # the tool recorded tells the form (docs/decisions.md D9): with the age's own tool nothing changes
def test_hiding_the_age_keeps_the_full_icans_grade_inside(age: float, score: Inputs) -> None:
    inputs = {"consciousness": "awake", "seizure": "none", "motor": "none", "icp": "none", **score}
    full, hidden = *spans([inputs], ICANS, age), *spans([inputs], ICANS, None)
    assert hidden[0] <= full[0]
    assert full[1] <= hidden[1]


OXYGEN = st.fixed_dictionaries(
    {
        "device": st.sampled_from(
            ["room_air", "blow_by", "hfnc", "simple_mask", "non_rebreather", "venturi", "cpap", "bipap"]
        )
    }
) | st.fixed_dictionaries({"device": st.just("nasal_cannula"), "flow_l_min": st.floats(0.5, 15)})
CRS_INPUTS = st.fixed_dictionaries(
    {
        "temp_c": st.floats(35, 42).map(lambda value: round(value, 1)),
        "sbp": st.integers(40, 200),
        "vasopressors": st.lists(
            st.sampled_from(["norepinephrine", "epinephrine", "vasopressin", "milrinone"]), unique=True, max_size=3
        ).map(lambda names: [{"drug": name} for name in names]),
        "oxygen": OXYGEN,
        "crs_already_diagnosed": st.just(True),
        "on_antipyretic": st.booleans(),
        "on_anticytokine": st.booleans(),
        "on_corticosteroid": st.booleans(),
    }
)
ICE = st.fixed_dictionaries({"total": st.integers(0, 10)})
ICANS_INPUTS = st.fixed_dictionaries(
    {
        "ice": ICE,
        "capd": st.fixed_dictionaries({"total": st.integers(0, 32)}),
        "consciousness": st.sampled_from(["awake", "awakens_to_voice", "awakens_to_touch", "unarousable"]),
        "seizure": st.sampled_from(["none", "brief_resolved", "eeg_nonconvulsive_resolved", "repetitive_no_recovery"]),
        "motor": st.sampled_from(["none", "mild_focal", "deep_focal_weakness"]),
        "icp": st.sampled_from(["none", "focal_edema", "papilledema", "cushing_triad"]),
    }
)
AGES = st.floats(0.01, 90)


@given(inputs=CRS_INPUTS, age=AGES, data=st.data())
def test_hiding_any_crs_inputs_keeps_the_full_grade_inside(inputs: Inputs, age: float, data: st.DataObject) -> None:
    hidden = data.draw(st.sets(st.sampled_from(sorted(inputs))))
    assert_widens(inputs, hidden, CRS, age)


@given(inputs=ICANS_INPUTS, age=AGES, data=st.data())
def test_hiding_any_icans_inputs_keeps_the_full_grade_inside(inputs: Inputs, age: float, data: st.DataObject) -> None:
    hidden = data.draw(st.sets(st.sampled_from(sorted(inputs))))
    assert_widens(inputs, hidden, ICANS, age)


def assert_widens(inputs: Inputs, hidden: set[str], system: str, age: float) -> None:
    left = {field: value for field, value in inputs.items() if field not in hidden}
    full, partial = spans([inputs, left], system, age)
    assert full[0] == full[1]
    assert partial[0] <= full[0] <= partial[1]


@given(inputs=CRS_INPUTS, hotter=st.floats(0, 3), lower=st.integers(0, 40), age=AGES)
def test_a_higher_temperature_or_a_lower_pressure_never_lowers_the_grade(
    inputs: Inputs, hotter: float, lower: int, age: float
) -> None:
    sicker = {**inputs, "temp_c": inputs["temp_c"] + hotter, "sbp": max(31, inputs["sbp"] - lower)}
    before, after = spans([inputs, sicker], CRS, age)
    assert before[0] <= after[0]
    assert before[1] <= after[1]


@given(inputs=ICANS_INPUTS, lost=st.integers(0, 10), age=st.floats(12, 90))
def test_a_lost_ice_point_never_lowers_the_grade(inputs: Inputs, lost: int, age: float) -> None:
    fewer = {**inputs, "ice": {"total": max(0, inputs["ice"]["total"] - lost)}}
    before, after = spans([inputs, fewer], ICANS, age)
    assert before[0] <= after[0]
    assert before[1] <= after[1]


@given(inputs=CRS_INPUTS, age=AGES)
def test_celsius_and_fahrenheit_give_one_grade(inputs: Inputs, age: float) -> None:
    fahrenheit = {field: value for field, value in inputs.items() if field != "temp_c"}
    fahrenheit["temp_f"] = round(inputs["temp_c"] * 9 / 5 + 32, 2)
    first, second = spans([inputs, fahrenheit], CRS, age)
    assert first == second
