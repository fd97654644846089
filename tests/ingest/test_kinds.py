"""Each kind of file in the contract becomes the facts it states."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from reading import Read

from monitoring.clock import BEGINNING
from monitoring.records import Administration, Fact, NeuroAssessment, Observation, OxygenSupport, RowRead
from monitoring.vocabulary import (
    AbsentReason,
    Cause,
    Consciousness,
    Icp,
    Motor,
    NeuroTool,
    OxygenDevice,
    Reporter,
    Seizure,
    Severity,
    Sex,
    Sign,
    Status,
    Syndrome,
)

T = "2026-03-05T08:00+00:00"
AT = datetime(2026, 3, 5, 8, tzinfo=UTC)
LONG = "patient_id,time,concept,value,unit,status\n"


def facts(rows: list[RowRead]) -> list[Fact]:
    assert [refusal.sentence() for row in rows for refusal in row.refusals] == []
    return [fact for row in rows for fact in row.facts]


def values(found: list[Fact]) -> dict[str, float | None]:
    return {fact.concept: fact.value for fact in found if isinstance(fact, Observation)}


def test_a_wide_row_is_one_observation_a_filled_cell_and_one_oxygen_support(read: Read) -> None:
    found = facts(
        read(
            "patient_id,time,temp_c,hr,rr,sbp,dbp,map,spo2,o2_device,o2_flow_l_min,fio2\n"
            f"A,{T},38.9,118,24,84,50,61,91,nasal_cannula,4,\n"
        )
    )
    assert values(found) == {
        "temperature": 38.9,
        "heart_rate": 118,
        "respiratory_rate": 24,
        "sbp": 84,
        "dbp": 50,
        "map": 61,
        "spo2": 91,
    }
    oxygen = found[-1]
    assert isinstance(oxygen, OxygenSupport)
    assert (oxygen.device, oxygen.flow_l_min, oxygen.fio2) == (OxygenDevice.NASAL_CANNULA, 4, None)
    assert {fact.effective_at for fact in found} == {AT}
    assert {fact.source for fact in found} == {"file.csv:2"}


def test_an_empty_cell_is_not_taken_and_makes_no_fact(read: Read) -> None:
    assert values(facts(read(f"patient_id,time,temp_c,hr,spo2\nA,{T},,80,\n"))) == {"heart_rate": 80}


def test_a_row_without_any_value_is_ignored_as_an_empty_set(read: Read) -> None:
    (row,) = read(f"patient_id,time,temp_c,hr,o2_device,o2_flow_l_min\nA,{T},,,,\n")
    assert (row.ignored_kind, row.facts, row.refusals) == ("empty set", (), ())


@pytest.mark.parametrize(("fahrenheit", "celsius", "fever"), [("100.4", 38.0, True), ("100.3", 37.944444444, False)])
def test_fahrenheit_converts_exactly_at_the_fever_cut(read: Read, fahrenheit: str, celsius: float, fever: bool) -> None:
    (wide,) = facts(read(f"patient_id,time,temp_f\nA,{T},{fahrenheit}\n"))
    (long,) = facts(read(LONG + f"A,{T},8310-5,{fahrenheit},[degF],\n"))
    for fact in (wide, long):
        assert isinstance(fact, Observation)
        assert (fact.value, fact.unit, fact.value is not None and fact.value >= 38.0) == (celsius, "Cel", fever)


def test_oxygen_flow_without_a_device_is_kept_and_never_called_room_air(read: Read) -> None:
    (found,) = facts(read(f"patient_id,time,o2_device,o2_flow_l_min,fio2\nA,{T},,6,\n"))
    assert isinstance(found, OxygenSupport)
    assert (found.device, found.flow_l_min) == (None, 6)


@pytest.mark.parametrize(("cell", "percent"), [("0.4", 40), ("1", 100), ("1.0", 100), ("21", 21), ("0.21", 21)])
def test_inspired_oxygen_is_read_as_fraction_or_percent(read: Read, cell: str, percent: float) -> None:
    (found,) = facts(read(f"patient_id,time,o2_device,fio2\nA,{T},venturi,{cell}\n"))
    assert isinstance(found, OxygenSupport)
    assert found.fio2 == percent


def test_an_absent_reason_in_a_value_cell_is_kept_as_words_and_never_a_number(read: Read) -> None:
    (found,) = facts(read(f"patient_id,time,sbp\nA,{T},refused\n"))
    assert isinstance(found, Observation)
    assert (found.concept, found.value, found.absent_reason) == ("sbp", None, AbsentReason.REFUSED)


def test_long_values_are_stored_in_the_canonical_unit(read: Read) -> None:
    rows = f"A,{T},crp,12,mg/dL,\nA,{T},2276-4,4100,ug/L,\nA,{T},fio2,0.4,,\nA,{T},Hb,95,g/L,\n"
    assert values(facts(read(LONG + rows))) == {"crp": 120, "ferritin": 4100, "fio2": 40, "hemoglobin": 9.5}


def test_neurological_concepts_of_a_long_file_are_assessments(read: Read) -> None:
    rows = f"A,{T},ice,7,,\nA,{T},capd,9,,\nA,{T},consciousness,awakens_to_voice,,\nA,{T},seizure,none,,\n"
    found = facts(read(LONG + rows + f"A,{T},motor,mild_focal,,\nA,{T},icp,papilledema,,\n"))
    assert all(isinstance(fact, NeuroAssessment) for fact in found)
    said = [
        fact.model_dump(exclude_none=True, include={"tool", "total", "consciousness", "seizure", "motor", "icp"})
        for fact in found
    ]
    assert said == [
        {"tool": NeuroTool.ICE, "total": 7},
        {"tool": NeuroTool.CAPD, "total": 9},
        {"consciousness": Consciousness.AWAKENS_TO_VOICE},
        {"seizure": Seizure.NONE},
        {"motor": Motor.MILD_FOCAL},
        {"icp": Icp.PAPILLEDEMA},
    ]


def test_words_attributions_and_charted_grades_of_a_long_file(read: Read) -> None:
    rows = (
        f"A,{T},attribution_fever,other,,\nA,{T},charted_grade_crs,2,,\nA,{T},sedated,yes,,\nA,{T},o2_device,HFNO,,\n"
    )
    attribution, grade, sedated, device = (f.model_dump() for f in facts(read(LONG + rows)))
    assert (attribution["sign"], attribution["cause"]) == (Sign.FEVER, Cause.OTHER)
    assert (grade["syndrome"], grade["grade"]) == (Syndrome.CRS, 2)
    assert (sedated["concept"], sedated["code"]) == ("sedated", "true")
    assert device["device"] is OxygenDevice.HFNC


def test_an_empty_long_value_is_absent_with_a_status_and_ignored_without(read: Read) -> None:
    asked, nothing = read(LONG + f"A,{T},sbp,,,unable\nA,{T},sbp,,,\n")
    assert isinstance(asked.facts[0], Observation)
    assert (asked.facts[0].value, asked.facts[0].absent_reason) == (None, AbsentReason.UNABLE)
    assert nothing.ignored_kind == "empty value"


def test_a_withdrawn_value_keeps_its_record_id_and_status(read: Read) -> None:
    rows = f"A,{T},temperature,41.9,Cel,entered-in-error,t-1\n"
    (found,) = facts(read("patient_id,time,concept,value,unit,status,record_id\n" + rows))
    assert (found.status, found.record_id) == (Status.ENTERED_IN_ERROR, "t-1")


def test_a_symptom_log_uses_the_documented_names(read: Read) -> None:
    header = "patient_id,time,reporter,symptom,severity,note\n"
    one, two = facts(
        read(header + f'A,{T},caregiver,Headache,mild,"since lunch"\nA,{T},patient,confusion and memory loss,4,\n')
    )
    assert one.model_dump(include={"symptom", "severity", "reporter", "note"}) == {
        "symptom": "headaches",
        "severity": Severity.MILD,
        "reporter": Reporter.CAREGIVER,
        "note": "since lunch",
    }
    assert two.model_dump()["severity"] is Severity.LIFE_THREATENING


def test_a_drug_without_an_end_is_open_and_the_word_none_says_the_chart_was_looked_at(read: Read) -> None:
    header = "patient_id,drug,start,end,dose,unit,route,reason\n"
    rows = f"A,no drugs,{T},,,,,\nA,norepinephrine,{T},,0.05,ug/kg/min,iv,\nA,tocilizumab,{T},2026-03-05T09:00Z,,,,\n"
    nothing, open_ended, ended = facts(read(header + rows))
    assert isinstance(nothing, Administration)
    assert nothing.drug == "none"
    assert isinstance(open_ended, Administration)
    assert (open_ended.end, open_ended.dose, open_ended.unit) == (None, 0.05, "ug/kg/min")
    assert isinstance(ended, Administration)
    assert ended.end == datetime(2026, 3, 5, 9, tzinfo=UTC)


def test_neurological_assessments_by_items_by_total_and_absent(read: Read) -> None:
    header = "patient_id,time,tool,total,orientation,naming,commands,writing,attention,consciousness,absent_reason\n"
    rows = f"A,{T},ICE,,4,3,1,0,0,awake,\nA,{T},CAPD,12,,,,,,,\nA,{T},ICE,,,,,,,,asleep\n"
    items, total, absent = facts(read(header + rows))
    assert isinstance(items, NeuroAssessment)
    assert items.items == {"orientation": 4, "naming": 3, "commands": 1, "writing": 0, "attention": 0}
    assert (items.tool, items.total, items.consciousness) == (NeuroTool.ICE, None, Consciousness.AWAKE)
    assert isinstance(total, NeuroAssessment)
    assert (total.tool, total.total) == (NeuroTool.CAPD, 12)
    assert isinstance(absent, NeuroAssessment)
    assert (absent.total, absent.absent) == (None, {"ice": AbsentReason.ASLEEP})


def test_a_patient_row_is_who_where_and_the_infusion(read: Read) -> None:
    header = "patient_id,birth_date,sex,ward,bed,weight_kg,product,indication,infused_at\n"
    patient, placement, infusion = (
        f.model_dump() for f in facts(read(header + f"A,2019-05-17,F,7 North,12,18,Kymriah,ALL,{T}\n"))
    )
    assert (patient["birth_date"], patient["sex"], patient["weight_kg"]) == (date(2019, 5, 17), Sex.FEMALE, 18)
    assert (placement["ward"], placement["bed"], placement["effective_at"]) == ("7 North", "12", BEGINNING)
    assert (infusion["product"], infusion["indication"], infusion["effective_at"]) == ("Kymriah", "ALL", AT)


@pytest.mark.parametrize(
    "content",
    [
        "Patient ID;TIME;Temp C;HR\r\nA;2026-03-05T08:00Z;38,4;90\r\n",
        "﻿hr,temp_c,patient_id,time\nA\n".replace("A\n", "90,38.4,A,2026-03-05T08:00Z\n"),
        "patient id\ttemp_c\ttime\thr\nA\t38.4\t2026-03-05 08:00Z\t90\n",
        'patient_id,time,temp_c,hr\nA,2026-03-05T08:00Z,"38,4",90\n',
    ],
    ids=["semicolon, decimal comma, CRLF", "byte order mark, other order", "tab", "quoted decimal comma"],
)
def test_the_same_set_however_it_is_written(read: Read, content: str) -> None:
    assert values(facts(read(content))) == {"temperature": 38.4, "heart_rate": 90}


def test_a_naive_time_takes_the_zone_given(read: Read) -> None:
    (found,) = facts(read("patient_id,time,hr\nA,2026-03-05T08:00,90\n", zone="Europe/Berlin"))
    assert found.effective_at == datetime(2026, 3, 5, 7, tzinfo=UTC)


def test_a_drug_whose_dose_is_refused_still_runs(read: Read) -> None:
    (row,) = read("patient_id,drug,start,dose,unit\nA,norepinephrine,2026-03-05T08:00Z,-1,ug/min\n")
    (given,) = row.facts
    assert isinstance(given, Administration)
    assert (given.drug, given.dose) == ("norepinephrine", None)
