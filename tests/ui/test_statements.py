"""What is typed becomes facts, or a sentence."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from conftest import NURSE, caregiver

from monitoring.concepts import dictionary
from monitoring.ui import live
from monitoring.ui.statements import StatementRefused, home_facts, neuro_fact, vital_facts, ward_instant
from monitoring.vocabulary import AbsentReason, Consciousness, NeuroTool, OxygenDevice, Severity

pytestmark = pytest.mark.usefixtures("store")
NO_OXYGEN = (None, None, None)


def vitals(values: dict, oxygen: tuple = NO_OXYGEN, *, minutes_ago: float = 5):
    now = live.now()
    at = now - timedelta(minutes=minutes_ago)
    return vital_facts("P1", values, oxygen, by=NURSE, at=at, now=now, dictionary=dictionary())


def test_what_was_not_taken_makes_no_fact() -> None:
    (fact,) = vitals({"temperature": 38.0, "sbp": None})
    assert (fact.concept, fact.value, fact.unit, fact.author) == ("temperature", 38.0, "Cel", "nurse:Ada")


def test_an_empty_set_is_refused() -> None:
    with pytest.raises(StatementRefused, match="Nothing was written, so nothing was charted"):
        vitals({"temperature": None})


def test_a_time_to_come_is_refused() -> None:
    with pytest.raises(StatementRefused, match="is still to come"):
        vitals({"temperature": 38.0}, minutes_ago=-5)


@pytest.mark.parametrize(("value", "kept"), [(40.0, True), (39.9, False), (100.0, True), (100.1, False)])
def test_a_saturation_that_cannot_be_believed_is_refused(value: float, kept: bool) -> None:
    if kept:
        assert vitals({"spo2": value})[0].value == value
    else:
        with pytest.raises(StatementRefused, match="expected 40 to 100"):
            vitals({"spo2": value})


@pytest.mark.parametrize(("upper", "lower", "kept"), [(70, 69, True), (70, 70, False), (70, 110, False)])
def test_the_lower_pressure_is_below_the_upper(upper: float, lower: float, kept: bool) -> None:
    if kept:
        assert len(vitals({"sbp": upper, "dbp": lower})) == 2
    else:
        with pytest.raises(StatementRefused, match="not below the upper one"):
            vitals({"sbp": upper, "dbp": lower})


def test_a_flow_needs_a_device_and_room_air_has_none() -> None:
    with pytest.raises(StatementRefused, match="without a device"):
        vitals({}, (None, 4.0, None))
    with pytest.raises(StatementRefused, match="Room air has no flow"):
        vitals({}, (OxygenDevice.ROOM_AIR, 2.0, None))
    (fact,) = vitals({}, (OxygenDevice.NASAL_CANNULA, 4.0, None))
    assert (fact.device, fact.flow_l_min, fact.reason) == (OxygenDevice.NASAL_CANNULA, 4.0, None)


def neuro(**said: object):
    now = live.now()
    return neuro_fact("P1", said, by=NURSE, at=now, now=now)


@pytest.mark.parametrize(
    ("tool", "total", "kept"), [("ICE", 10, True), ("ICE", 11, False), ("CAPD", 32, True), ("CAPD", 33, False)]
)
def test_a_score_stays_inside_its_scale(tool: str, total: int, kept: bool) -> None:
    if kept:
        assert neuro(tool=NeuroTool(tool), total=total).total == total
    else:
        with pytest.raises(StatementRefused, match="Please check the total"):
            neuro(tool=NeuroTool(tool), total=total)


def test_a_score_not_done_keeps_its_reason_and_a_bedside_domain_stands_alone() -> None:
    asleep = neuro(tool=NeuroTool.ICE, absent=AbsentReason.ASLEEP)
    assert (asleep.absent, asleep.total) == ({"ice": AbsentReason.ASLEEP}, None)
    awake = neuro(tool=None, consciousness=Consciousness.AWAKE)
    assert (awake.tool, awake.consciousness) == (None, Consciousness.AWAKE)
    with pytest.raises(StatementRefused, match="exclude each other"):
        neuro(tool=NeuroTool.ICE, total=9, absent=AbsentReason.ASLEEP)


def test_a_home_report_answers_every_question_that_is_asked_at_home() -> None:
    now = live.now()
    facts = home_facts("P1", None, {"chills": Severity.MILD}, by=caregiver(), at=now, now=now, dictionary=dictionary())
    said = {fact.symptom: fact.severity for fact in facts}
    asked = {key for key, symptom in dictionary().symptoms.items() if symptom.asked_at_home}
    assert set(said) == asked
    assert {key for key, severity in said.items() if severity > Severity.NONE} == {"chills"}


def test_an_hour_of_the_ward_s_clock_is_read_in_its_zone() -> None:
    assert ward_instant(datetime.fromisoformat("2026-07-01T12:00")).isoformat() == "2026-07-01T10:00:00+00:00"
    assert ward_instant(datetime.fromisoformat("2026-01-01T12:00")).isoformat() == "2026-01-01T11:00:00+00:00"


@pytest.mark.parametrize(
    "when", [datetime.fromisoformat("2026-10-25T02:30"), datetime.fromisoformat("2026-03-29T02:30")]
)
def test_an_hour_that_exists_twice_or_never_is_refused(when: datetime) -> None:
    with pytest.raises(StatementRefused, match="daylight saving"):
        ward_instant(when)
