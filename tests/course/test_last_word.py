"""Who the patient is and where, told by several sources of which none tells everything (D100)."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import date, datetime

import pytest

from monitoring.records import Administration, Fact, Infusion, NeuroAssessment, Patient, Placement
from monitoring.timeline import micros
from monitoring.vocabulary import Sex, Status
from tests.course.charts import ICANS, after, carried, course, neuro, steps, vitals

CSV = Patient(**carried(0), birth_date=date(2010, 6, 1), weight_kg=31.5, developmental_delay=True, sex=Sex.FEMALE)
ADT = Patient(**carried(3), name="Ida Berg", birth_date=date(2010, 6, 1))
FHIR = Patient(**carried(5), name="Berg, Ida", record_id="Patient/1", recorded_at=after(5))


def patient(facts: Sequence[Fact]) -> Patient:
    """Who the patient is, the same in every order of arrival."""
    found = [course(order).patient() for order in itertools.permutations(facts)]
    assert all(one == found[0] for one in found)
    assert found[0] is not None
    return found[0]


def places(*facts: Placement, at: float) -> tuple[str | None, str | None]:
    found = {course(order).placement(micros(after(at))) for order in itertools.permutations(facts)}
    assert len(found) == 1
    (one,) = found
    assert one is not None
    return one.ward, one.bed


def test_a_message_that_says_no_weight_leaves_the_one_that_was_charted() -> None:
    told = patient([CSV, ADT])
    assert (told.name, told.birth_date, told.weight_kg, told.developmental_delay, told.sex) == (
        "Ida Berg",
        date(2010, 6, 1),
        31.5,
        True,
        Sex.FEMALE,
    )


def test_of_each_field_the_last_word_counts() -> None:
    heavier = Patient(**carried(4), weight_kg=33.0, developmental_delay=False, sex=Sex.UNKNOWN)
    told = patient([CSV, ADT, heavier, FHIR])
    assert (told.name, told.weight_kg, told.developmental_delay, told.sex) == ("Berg, Ida", 33.0, False, Sex.FEMALE)


def test_a_record_entered_in_error_takes_its_fields_back() -> None:
    wrong = Patient(**carried(4), weight_kg=90.0, record_id="Patient/2")
    retraction = Patient(**carried(4), weight_kg=90.0, record_id="Patient/2", status=Status.ENTERED_IN_ERROR)
    assert patient([CSV, wrong]).weight_kg == 90.0
    assert patient([CSV, wrong, retraction]).weight_kg == 31.5


def test_an_amended_record_that_no_longer_names_a_weight_takes_it_back() -> None:
    first = Patient(**carried(4), weight_kg=90.0, record_id="Patient/1", recorded_at=after(4))
    assert patient([CSV, first, FHIR]).weight_kg == 31.5


@pytest.mark.parametrize(("came", "weight"), [(1, 31.5), (2, 33.0)])
def test_of_two_tables_without_a_time_the_one_that_came_later_is_the_correction(came: float, weight: float) -> None:
    tables = [
        Patient(**(carried(0) | {"received_at": after(hours)}), weight_kg=kg)
        for hours, kg in ((1.5, 31.5), (came, 33.0))
    ]
    assert patient(tables).weight_kg == weight


def test_a_weight_divides_the_doses_and_a_delay_chooses_capd_after_a_message_of_neither() -> None:
    delayed = [CSV, ADT, Infusion(**carried(0)), Administration(**carried(0), drug="none"), *vitals(4)]
    states = course(delayed, Administration(**carried(4), drug="norepinephrine", dose=3, unit="mcg/min")).evidence
    assert {state.weight_kg for state in states.label("vasopressor_doses").values} == {31.5}
    examined = NeuroAssessment(
        **carried(4), tool="CAPD", total=12, consciousness="awake", seizure="none", motor="none", icp="none"
    )
    # fifteen years old: CAPD is read because of the delay alone, and 9 or more is grade 3
    assert steps(course(delayed, examined), ICANS, 5)[-1][1:] == (3, 3)
    without = [fact for fact in delayed if fact is not CSV]
    assert steps(course(without, examined, neuro(4)), ICANS, 5)[-1][1:] == (0, 0)


def ward(hours: float, ward: str | None = None, bed: str | None = None, charted: datetime | None = None) -> Placement:
    return Placement(**carried(hours), ward=ward, bed=bed, recorded_at=charted)


@pytest.mark.parametrize(
    ("told", "ward_and_bed"),
    [
        ([ward(0, "7 North", "12"), ward(1, "7 North")], ("7 North", "12")),
        ([ward(0, "7 North", "12"), ward(1, "7 north"), ward(2, "7 North")], ("7 North", "12")),
        ([ward(0, "7 North", "12"), ward(1, "ICU")], ("ICU", None)),
        ([ward(0, "7 North", "12"), ward(1, "ICU"), ward(2, "7 North")], ("7 North", None)),
        ([ward(0, "7 North", "12"), ward(1, bed="14")], ("7 North", "14")),
        ([ward(0, "7 North", "12"), ward(1)], (None, None)),
        ([ward(0, "7 North", "12"), ward(1), ward(2, bed="14")], (None, "14")),
        ([ward(0, "home"), ward(1, bed="14")], (None, "14")),
        ([ward(1, "7 North", "12"), ward(1, "7 North", charted=after(2))], ("7 North", "12")),
    ],
)
def test_a_ward_alone_keeps_its_bed_and_a_bed_alone_its_ward(
    told: list[Placement], ward_and_bed: tuple[str | None, str | None]
) -> None:
    assert places(*told, at=3) == ward_and_bed


def test_a_bed_charted_of_a_patient_at_home_ends_the_home() -> None:
    chart = course(ward(0, "home"), ward(2, bed="14"))
    assert [chart.at_home(micros(after(hour))) for hour in (0, 1.99, 2)] == [True, True, False]


def test_who_the_patient_is_holds_at_every_moment_asked_about() -> None:
    late = Patient(**carried(8), birth_date=date(2010, 6, 1))
    cut = course(Infusion(**carried(0)), *vitals(1), late).until(after(2))
    assert cut.patient() == late
