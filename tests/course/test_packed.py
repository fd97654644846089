"""Facts in little room: what is given back is what was put in, and what stands is what stood."""

from __future__ import annotations

import random
import tracemalloc
from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.packed import Packed
from monitoring.records import Fact, NeuroAssessment, Observation, OxygenSupport, SymptomReport
from monitoring.standing import standing, standing_places
from monitoring.vocabulary import OxygenDevice, Status
from tests.course.charts import INFUSED, adult, after, carried, temperature, vitals
from tests.course.generated import facts_of, random_events

SOURCES = ("chart", "vitals.csv:17", "vitals.csv:017", "a:b:0", ":3", "vitals.csv:", "x:9" * 40, "bundle:²")
OFFSETS = (timedelta(0), timedelta(hours=1), -timedelta(hours=3, minutes=30))


@st.composite
def moments(draw: st.DrawFn) -> datetime:
    zone = timezone(draw(st.sampled_from(OFFSETS)))
    hours = draw(st.integers(-900, 900))
    return (INFUSED + timedelta(hours=hours, microseconds=draw(st.integers(0, 999_999)))).astimezone(zone)


@st.composite
def charted(draw: st.DrawFn) -> Fact:
    said = {
        "patient_id": draw(st.sampled_from(("P1", "P2"))),
        "effective_at": draw(moments()),
        "received_at": draw(moments()),
        "recorded_at": draw(st.none() | moments()),
        "source": draw(st.sampled_from(SOURCES)),
        "author": draw(st.sampled_from((None, "Ada"))),
        "status": draw(st.sampled_from(Status)),
        "record_id": draw(st.sampled_from((None, "Observation/1", "Observation/2"))),
        "utc_offset_minutes": draw(st.sampled_from((None, 0, 60))),
    }
    value = draw(st.none() | st.floats(allow_nan=False, allow_infinity=False))
    kind = draw(st.integers(0, 3))
    if kind == 0:
        return OxygenSupport(**said, device=draw(st.sampled_from((None, *OxygenDevice))), flow_l_min=value)
    if kind == 1:
        return NeuroAssessment(**said, tool="ICE", items={"naming": 3, "writing": 1})
    if kind == 2:
        return SymptomReport(**said, reporter="nurse", symptom="dizziness", severity=2)
    return Observation(**said, concept=draw(st.sampled_from(("temperature", "sbp"))), value=value, unit="Cel")


def shown(fact: Fact) -> tuple[object, ...]:
    return type(fact), fact.model_dump(), fact.fact_id, fact.as_json(), fact.event_id, fact.final_id


@given(st.lists(charted(), max_size=12))
def test_every_fact_is_given_back_as_it_was(facts: list[Fact]) -> None:
    packed = Packed(facts)
    assert [shown(fact) for fact in packed] == [shown(fact) for fact in facts]
    assert [shown(packed[place]) for place in range(-len(facts), len(facts))] == [shown(fact) for fact in facts * 2]


@given(st.lists(charted(), max_size=12))
def test_what_stands_among_them_is_what_stands(facts: list[Fact]) -> None:
    packed = Packed(facts)
    assert [packed[place] for place in standing_places(packed).tolist()] == standing(facts)


def test_of_a_fact_that_came_twice_the_last_copy_stands() -> None:
    """Two copies differ in where they came from, which is no part of what they say."""
    first, again = (OxygenSupport(**carried(1), flow_l_min=0.0, utc_offset_minutes=offset) for offset in (None, 0))
    assert first.fact_id == again.fact_id
    packed = Packed([first, again])
    assert [packed[place] for place in standing_places(packed).tolist()] == standing([first, again]) == [again]


@pytest.mark.parametrize("seed", range(0, 200, 20))
def test_what_stands_of_random_courses_is_what_stands(seed: int) -> None:
    """With doubles, amendments and withdrawals, in any order of arrival."""
    for number in range(seed, seed + 20):
        draw = random.Random(number)
        facts = facts_of(random_events(draw), 54, drug_chart=True)
        facts += draw.sample(facts, k=min(3, len(facts)))
        draw.shuffle(facts)
        packed = Packed(facts)
        assert [packed[place] for place in standing_places(packed).tolist()] == standing(facts)


def test_more_facts_are_not_seen_by_whoever_holds_the_first() -> None:
    first = Packed(vitals(1))
    second = first.followed_by(vitals(2))
    other = first.followed_by([temperature(3, 39.0)])
    assert list(first) == vitals(1)
    assert list(second) == [*vitals(1), *vitals(2)]
    assert list(other) == [*vitals(1), temperature(3, 39.0)]
    assert len(first.effective) == 3
    with pytest.raises(IndexError):
        first[3]


def test_a_withdrawal_that_comes_later_is_not_looked_for_before() -> None:
    first = Packed(adult())
    gone = temperature(1, 39.0).model_copy(update={"status": Status.ENTERED_IN_ERROR})
    assert not first.withdraws
    assert first.followed_by([gone]).withdraws


@pytest.mark.parametrize("fact_id", ["changed", "", "0" * 31, "G" * 32, "-" + "1" * 31])
def test_a_fact_whose_stored_id_was_tampered_with_is_given_back_as_it_is(fact_id: str) -> None:
    """`check` says so; the ward is shown all the same."""
    fact = temperature(1, 39.0)
    vars(fact)["fact_id"] = fact_id
    packed = Packed([fact, temperature(2, 38.0)])
    assert [one.fact_id for one in packed] == [fact_id, temperature(2, 38.0).fact_id]
    assert standing_places(packed).tolist() == [0, 1]


def test_facts_are_alike_by_the_names_of_what_they_say_in_whatever_order_they_hold_it() -> None:
    coded, counted = temperature(1, 39.0, code="x"), temperature(2, 39.0, unit="x")
    held = vars(counted)
    swapped = {"unit": "code", "code": "unit"}
    ordered = {name: held[name] for name in (swapped.get(name, name) for name in [*held])}
    held.clear()
    held.update(ordered)
    assert [(fact.code, fact.unit) for fact in Packed([coded, counted])] == [("x", None), (None, "x")]


def test_a_vital_sign_takes_little_room() -> None:
    """A set a minute of one patient for a day; as records each takes more than a thousand bytes."""
    each = 250

    def a_day() -> list[Fact]:
        return [
            Observation(**carried(0) | {"effective_at": after(minute / 60), "source": f"api:{minute}:{part}"}, **says)
            for minute in range(1440)
            for part, says in enumerate(
                [
                    {"concept": "temperature", "value": 36.0 + minute % 40 / 10},
                    {"concept": "sbp", "value": 100 + minute % 50},
                ]
            )
        ]

    tracemalloc.start()
    try:
        packed = Packed(a_day())
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(packed) == 2880
    assert taken < 2880 * each
