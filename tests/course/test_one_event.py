"""One reading under two ids is one event, and each record is withdrawn alone (D99)."""

from __future__ import annotations

import itertools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.concepts import dictionary
from monitoring.course import Course
from monitoring.records import Administration, Correction, Fact, Infusion, NeuroAssessment, Observation
from monitoring.standing import standing
from monitoring.timeline import micros
from monitoring.vocabulary import Status
from tests.course.charts import CRS, adult, after, carried, course, flags, steps, temperature, vitals


def said(fact: Fact, **more: object) -> Fact:
    """The same once more, as another record."""
    return type(fact)(**{**{name: getattr(fact, name) for name in type(fact).model_fields}, **more})


def second(fact: Fact) -> Fact:
    """What another system makes of the same event."""
    return said(
        fact,
        record_id="Observation/2",
        recorded_at=after(6),
        received_at=after(7),
        source="fhir",
        author="gateway",
        utc_offset_minutes=60,
    )


@pytest.mark.parametrize(
    "fact",
    [
        temperature(1, 38.5, record_id="Observation/1", method="ear"),
        Infusion(**carried(0), product="axi-cel", record_id="Procedure/1"),
        Administration(**carried(2), drug="tocilizumab", dose=8, unit="mg/kg", record_id="MedicationAdministration/1"),
        NeuroAssessment(**carried(3), tool="ICE", items={"naming": 3, "writing": 1}, record_id="q"),
    ],
)
@pytest.mark.parametrize("first_has_an_id", [True, False])
def test_one_event_under_two_ids_stands_once_whichever_comes_first(fact: Fact, first_has_an_id: bool) -> None:
    fact = fact if first_has_an_id else said(fact, record_id=None)
    assert standing([fact, second(fact)]) == standing([second(fact), fact]) == [fact]


@pytest.mark.parametrize(
    "more",
    [{"value": 38.6}, {"method": "axilla"}, {"effective_at": after(1.001)}, {"patient_id": "P2"}, {"unit": "Cel"}],
)
def test_what_tells_anything_else_is_another_event(more: dict[str, object]) -> None:
    fact = temperature(1, 38.5, record_id="A", method="ear")
    assert len(standing([fact, said(fact, record_id="B", **more)])) == 2


def test_a_preliminary_record_gives_way_to_the_final_one_of_the_same_event() -> None:
    early = temperature(1, 38.5, record_id="A", status=Status.PRELIMINARY)
    final = temperature(1, 38.5, record_id="B", recorded_at=after(2))
    assert standing([early, final]) == standing([final, early]) == [final]


@pytest.mark.parametrize("gone", ["A", "B"])
def test_withdrawing_one_of_two_ids_leaves_the_other_standing_in_any_order(gone: str) -> None:
    both = [temperature(1, 38.5, record_id=name) for name in "AB"]
    retracted = [fact for fact in both if fact.record_id == gone]
    retraction = said(retracted[0], status=Status.ENTERED_IN_ERROR, received_at=after(2))
    withdrawal = Correction(**carried(2), target=retracted[0].fact_id, reason="sent twice")
    for word in (retraction, withdrawal):
        for facts in itertools.permutations([*both, word]):
            left = [fact.record_id for fact in standing(facts) if isinstance(fact, Observation)]
            assert left == [name for name in "AB" if name != gone]


def test_withdrawing_both_ids_leaves_nothing() -> None:
    both = [temperature(1, 38.5, record_id=name) for name in "AB"]
    retractions = [said(fact, status=Status.ENTERED_IN_ERROR) for fact in both]
    assert standing([*retractions, *both]) == []


def test_a_record_amended_to_another_value_leaves_the_other_record_of_the_event() -> None:
    both = [temperature(1, 38.5, record_id=name) for name in "AB"]
    amended = temperature(1, 36.9, record_id="A", status=Status.CORRECTED, recorded_at=after(2))
    chart = course(adult(), vitals(0), *both, amended)
    # two ids, two statements now: the worse counts until the other source corrects its own
    assert steps(chart, CRS, 2)[-1][1:] == (1, 1)
    assert steps(course(adult(), vitals(0), both[0], amended), CRS, 2)[-1][1:] == (0, 0)


def test_a_second_id_of_the_infusion_is_no_second_infusion() -> None:
    second_id = second(next(fact for fact in adult() if isinstance(fact, Infusion)))
    chart = course(adult(), second_id, vitals(0))
    assert len(chart.infusions) == 1
    assert "second_infusion_window" not in flags(chart, CRS, 1)


def test_infusions_of_one_minute_are_one_with_what_each_of_them_names() -> None:
    plain = Infusion(**carried(0), indication="large B-cell lymphoma")
    named = Infusion(**(carried(0) | {"effective_at": after(59 / 3600)}), product="Yescarta", record_id="Procedure/1")
    minute_later = Infusion(**(carried(0) | {"effective_at": after(60 / 3600)}), product="Yescarta")
    (one,) = course(plain, named).infusions
    assert (one.product, one.indication, one.effective_at) == ("Yescarta", "large B-cell lymphoma", after(0))
    assert course(named, plain).infusions == (one,)
    assert len(course(plain, named, minute_later).infusions) == 2


def test_a_dose_under_two_ids_runs_once_with_its_own_dose() -> None:
    row = Administration(**carried(1), drug="norepinephrine", dose=0.1, unit="mcg/kg/min", record_id="A")
    chart = course(adult(), row, second(row))
    assert [(run.start, len(run.facts)) for run in chart.drug_runs] == [(micros(after(1)), 1)]


@given(st.integers(0, 10_000))
def test_second_ids_anywhere_and_in_any_order_change_no_step(seed: int) -> None:
    draw = random.Random(seed)
    facts = [*adult(), *vitals(0, 38.5), *vitals(4, 38.2, 84), *vitals(8, 36.9, 120, "hfnc")]
    doubled = [*facts, *(second(fact) for fact in draw.sample(facts, 5))]
    draw.shuffle(doubled)
    alone = Course.from_facts("P1", facts, dictionary())
    assert steps(Course.from_facts("P1", doubled, dictionary()), CRS, 12) == steps(alone, CRS, 12)
