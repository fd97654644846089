"""The reference data: codes pass their check digits, units convert exactly, ranges are those of clinical.md k."""

from __future__ import annotations

import re

import pytest

from monitoring.concepts import REFERENCE, UnitRefused, dictionary
from monitoring.vocabulary import Consciousness, Icp, Motor, OxygenDevice, Seizure

SITE = dictionary()

# Multiplication and permutation tables of the Verhoeff scheme (the dihedral group of order ten).


def _dihedral(i: int, j: int) -> int:
    if i < 5:
        return (i + j) % 5 if j < 5 else (i + j - 5) % 5 + 5
    return (i - 5 - j) % 5 + 5 if j < 5 else (i - j) % 5


_ROUND = [[_dihedral(i, j) for j in range(10)] for i in range(10)]
_TURN = [list(range(10)), [1, 5, 7, 6, 2, 8, 3, 0, 9, 4]]
for _n in range(2, 8):
    _TURN.append([_TURN[-1][_TURN[1][k]] for k in range(10)])


def verhoeff_holds(code: str) -> bool:
    check = 0
    for place, digit in enumerate(reversed(code)):
        check = _ROUND[check][_TURN[place % 8][int(digit)]]
    return check == 0


def loinc_holds(code: str) -> bool:
    number, check = code.split("-")
    total = 0
    for place, digit in enumerate(reversed(number)):
        doubled = int(digit) * (2 if place % 2 == 0 else 1)
        total += doubled // 10 + doubled % 10
    return (10 - total % 10) % 10 == int(check)


def test_the_check_digit_tests_know_a_right_code_from_a_wrong_one() -> None:
    assert verhoeff_holds("2363")  # the published example: 236 takes the check digit 3
    assert not verhoeff_holds("2364")
    assert loinc_holds("3150-0")
    assert not loinc_holds("3150-6")  # clinical.md k: seen in public code, fails


@pytest.mark.parametrize("concept", SITE.concepts.values(), ids=lambda c: c.id)
def test_every_loinc_code_passes_its_check_digit(concept) -> None:
    assert all(loinc_holds(code) for code in concept.loinc)


@pytest.mark.parametrize("file", ["symptoms.toml", "devices.toml", "concepts.toml"])
def test_every_snomed_code_passes_the_verhoeff_check(file: str) -> None:
    text = (REFERENCE / file).read_text(encoding="utf-8")
    lists = re.findall(r"(?m)^(?:snomed|names) = \[(.*?)\]", text)
    codes = [code for entry in lists for code in re.findall(r'"(\d{6,18})"', entry)]
    assert [code for code in codes if not verhoeff_holds(code)] == []


def test_the_snomed_codes_of_symptoms_and_devices_are_there_to_be_checked() -> None:
    assert len([code for symptom in SITE.symptoms.values() for code in symptom.snomed]) >= 20
    assert SITE.device("426854004") is OxygenDevice.HFNC


# id, LOINC, unit, refused below, refused above: typed from clinical.md k
CLINICAL_K = [
    ("temperature", {"8310-5"}, "Cel", 25, 45),
    ("heart_rate", {"8867-4"}, "/min", 20, 300),
    ("respiratory_rate", {"9279-1"}, "/min", 2, 120),
    ("spo2", {"59408-5", "2708-6"}, "%", 40, 100),
    ("sbp", {"8480-6"}, "mm[Hg]", 30, 300),
    ("dbp", {"8462-4"}, "mm[Hg]", 10, 200),
    ("map", {"8478-0"}, "mm[Hg]", 20, 250),
    ("o2_flow", {"3151-8"}, "L/min", 0, 80),
    ("fio2", {"3150-0"}, "%", 21, 100),
    ("gcs_total", {"9269-2"}, "{score}", 3, 15),
    ("rass", {"54632-5"}, "{score}", -5, 4),
    ("ice", set(), "{score}", 0, 10),
    ("capd", set(), "{score}", 0, 32),
    ("crp", {"1988-5", "30522-7"}, "mg/L", 0, 1000),
    ("ferritin", {"2276-4"}, "ng/mL", 0, 2_000_000),
    ("ldh", {"2532-0", "14804-9"}, "U/L", 10, 20000),
    ("creatinine", {"2160-0"}, "mg/dL", 0.05, 30),
    ("platelets", {"777-3"}, "10*3/uL", 0, 3000),
    ("anc", {"751-8"}, "10*3/uL", 0, 200),
    ("hemoglobin", {"718-7"}, "g/dL", 1, 25),
    ("wbc", {"6690-2"}, "10*3/uL", 0, 1000),
    ("fibrinogen", {"3255-7"}, "mg/dL", 10, 1500),
    ("il6", {"26881-3"}, "pg/mL", 0, 1_000_000),
    ("ast", {"1920-8"}, "U/L", 0, 30000),
    ("alt", {"1742-6"}, "U/L", 0, 30000),
    ("bilirubin", {"1975-2"}, "mg/dL", 0, 60),
    ("weight", {"29463-7"}, "kg", 0.5, 300),
]


@pytest.mark.parametrize(("name", "loinc", "unit", "low", "high"), CLINICAL_K, ids=[row[0] for row in CLINICAL_K])
def test_code_unit_and_range_are_those_of_the_clinical_reference(name, loinc, unit, low, high) -> None:
    concept = SITE.concepts[name]
    assert (set(concept.loinc), concept.unit, concept.refuse_outside) == (loinc, unit, (low, high))
    assert concept.believable(low)
    assert concept.believable(high)
    assert not concept.believable(low - 0.01)
    assert not concept.believable(high + 0.01)


@pytest.mark.parametrize(
    ("concept", "value", "unit", "canonical"),
    [
        ("temperature", 100.4, "[degF]", 38.0),  # clinical.md d.3
        ("temperature", 101.3, "°F", 38.5),
        ("temperature", 104.0, "F", 40.0),
        ("temperature", 38.0, "°C", 38.0),
        ("temperature", 38.0, "MDC_DIM_DEGC", 38.0),
        ("crp", 1.0, "mg/dL", 10.0),
        ("creatinine", 88.4, "umol/L", 1.0),
        ("anc", 500, "cells/uL", 0.5),
        ("fibrinogen", 1.5, "g/L", 150.0),
        ("fio2", 0.4, "fraction", 40.0),
    ],
)
def test_a_unit_converts_exactly(concept: str, value: float, unit: str, canonical: float) -> None:
    assert SITE.concepts[concept].canonical(value, unit) == canonical


def test_one_tenth_of_a_degree_fahrenheit_below_the_cut_is_no_fever() -> None:
    assert SITE.concepts["temperature"].canonical(100.3, "[degF]") < 38.0


def test_an_unknown_unit_is_refused_naming_the_known_ones() -> None:
    with pytest.raises(UnitRefused, match=r"unit 'K' is not known for temperature; expected one of Cel"):
        SITE.concepts["temperature"].canonical(311, "K")


@pytest.mark.parametrize(
    ("concept", "words"),
    [
        ("oxygen_support", OxygenDevice),
        ("consciousness", Consciousness),
        ("seizure", Seizure),
        ("motor", Motor),
        ("icp", Icp),
    ],
)
def test_words_of_a_concept_are_the_words_of_the_vocabulary(concept: str, words) -> None:
    assert SITE.concepts[concept].values == tuple(words)


def test_freshness_is_never_shorter_than_the_cadence() -> None:
    late = [c.id for c in SITE.concepts.values() if c.freshness_hours and c.freshness_hours < (c.cadence_hours or 0)]
    assert late == []
