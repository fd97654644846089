"""Observation: what is read, what is refused and why, what a status does."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from fhir_resources import RECEIVED, ReadFhir, bundle, coded, quantity, temperature
from hypothesis import given
from hypothesis import strategies as st

from monitoring.concepts import dictionary
from monitoring.ingest.fhir import read_fhir
from monitoring.ingest.fhir.check_digits import loinc_holds, snomed_holds
from monitoring.ingest.fhir.codes import site_table
from monitoring.ingest.rows import Reading
from monitoring.records import NeuroAssessment, Observation, OxygenSupport, RowRead
from monitoring.standing import standing
from monitoring.vocabulary import AbsentReason, Consciousness, NeuroTool, OxygenDevice, Status


def values(row: RowRead) -> dict[str, float | None]:
    return {fact.concept: fact.value for fact in row.facts if isinstance(fact, Observation)}


def test_a_temperature_is_read_with_its_patient_time_record_and_place(read: ReadFhir) -> None:
    (row,) = read(
        temperature(meta={"lastUpdated": "2026-03-01T08:02:00Z"}, performer=[{"reference": "Practitioner/n"}])
    )
    (fact,) = row.facts
    assert isinstance(fact, Observation)
    assert (fact.patient_id, fact.concept, fact.value, fact.unit) == ("P1", "temperature", 38.5, "Cel")
    assert fact.effective_at == datetime(2026, 3, 1, 7, tzinfo=UTC)
    assert (fact.utc_offset_minutes, fact.recorded_at) == (60, datetime(2026, 3, 1, 8, 2, tzinfo=UTC))
    assert (fact.record_id, fact.source, fact.author) == ("Observation/t1", "feed:Observation/t1", "Practitioner/n")
    assert row.place == "Observation/t1"


# what is wrong | field refused | rule
REFUSED: list[tuple[dict[str, Any], str | None, str]] = [
    ({"effectiveDateTime": "2026-03-01"}, "effectiveDateTime", "time"),
    ({"effectiveDateTime": "2026-03"}, "effectiveDateTime", "time"),
    ({"effectiveDateTime": "2026"}, "effectiveDateTime", "time"),
    ({"effectiveDateTime": "2026-03-01T08:00:00"}, "effectiveDateTime", "time"),
    ({"effectiveDateTime": "2026-02-30T08:00:00Z"}, "effectiveDateTime", "time"),
    ({"effectiveDateTime": "2026-03-25T08:00:00Z"}, "effectiveDateTime", "future"),
    ({"effectiveDateTime": None}, "effectiveDateTime", "missing"),
    ({"effectiveDateTime": None, "effectiveTiming": {"event": []}}, "effectiveTiming", "time"),
    ({"effectiveDateTime": None, "effectivePeriod": {}}, "effectivePeriod", "missing"),
    ({"valueQuantity": {"value": 38.5}}, "valueQuantity", "unit"),
    ({"valueQuantity": quantity(38.5, "K")}, "valueQuantity", "unit"),
    ({"valueQuantity": {**quantity(101.3, "Cel"), "unit": "F"}}, "valueQuantity", "unit"),
    ({"valueQuantity": {**quantity(38.5, "Cel"), "comparator": "<"}}, "valueQuantity", "not a number"),
    ({"valueQuantity": quantity(24.9, "Cel")}, "valueQuantity", "implausible"),
    ({"valueQuantity": quantity(45.1, "Cel")}, "valueQuantity", "implausible"),
    ({"valueQuantity": quantity(0, "Cel")}, "valueQuantity", "implausible"),
    ({"valueQuantity": {**quantity(38.5, "Cel"), "value": "38.5"}}, None, "format"),
    ({"valueQuantity": {"unit": "Cel"}}, "valueQuantity", "missing"),
    ({"valueQuantity": None}, "value", "missing"),
    ({"valueQuantity": None, "valueString": "38.5"}, "valueString", "not a number"),
    ({"valueQuantity": None, "valueInteger": 38}, "valueInteger", "not a number"),
    ({"valueString": "38.5"}, "value", "missing"),
    ({"dataAbsentReason": coded("unknown", system="x")}, "dataAbsentReason", "format"),
    ({"status": "done"}, "status", "format"),
    ({"status": None}, None, "format"),
    ({"subject": None}, "subject", "missing"),
    ({"subject": {"display": "Amy Shaw"}}, "subject", "missing"),
    ({"focus": [{"reference": "Patient/child"}]}, "focus", "format"),
    ({"modifierExtension": [{"url": "x"}]}, "modifierExtension", "format"),
    ({"implicitRules": "http://x"}, "implicitRules", "format"),
    ({"id": "no spaces please"}, "id", "format"),
    ({"code": coded("8310-5", "8867-4")}, "code", "unknown code"),
    ({"code": coded("3150-6")}, "code", "unknown code"),
    ({"code": {}}, "code", "unknown code"),
    ({"code": None}, None, "format"),
]


@pytest.mark.parametrize(("wrong", "field", "rule"), REFUSED)
def test_what_cannot_be_read_is_quarantined_with_its_rule_and_kept(
    read: ReadFhir, wrong: dict[str, Any], field: str | None, rule: str
) -> None:
    (row,) = read({name: value for name, value in temperature(**wrong).items() if value is not None})
    assert row.facts == ()
    assert [(refusal.field, refusal.rule) for refusal in row.refusals] == [(field, rule)]
    assert row.raw is not None
    assert "Observation" in row.raw
    assert "Amy" not in row.refusals[0].sentence()


@pytest.mark.parametrize(
    ("unit", "value", "celsius"),
    [("Cel", 25, 25.0), ("Cel", 45, 45.0), ("[degF]", 100.4, 38.0), ("[degF]", 98.6, 37.0)],
)
def test_ucum_units_convert_and_the_ends_of_the_range_are_believed(
    read: ReadFhir, unit: str, value: float, celsius: float
) -> None:
    assert values(read(temperature(valueQuantity=quantity(value, unit)))[0]) == {"temperature": celsius}


def test_a_unit_in_words_is_read_where_there_is_no_code(read: ReadFhir) -> None:
    assert values(read(temperature(valueQuantity={"value": 100.4, "unit": "degF"}))[0]) == {"temperature": 38.0}


@pytest.mark.parametrize(
    ("period", "at"),
    [
        ({"start": "2026-03-01T08:00:00Z", "end": "2026-03-01T09:00:00Z"}, "2026-03-01T09:00:00+00:00"),
        ({"start": "2026-03-01T08:00:00Z"}, "2026-03-01T08:00:00+00:00"),
        ({"start": "2026-03-01T08:00:00Z", "end": "2026-03-01T09:00:01Z"}, None),
        ({"start": "2026-03-01T08:00:00Z", "end": "2026-03-01T07:00:00Z"}, None),
        ({"start": "2026-03-01"}, None),
    ],
)
def test_a_period_of_at_most_an_hour_is_placed_at_its_end(
    read: ReadFhir, period: dict[str, str], at: str | None
) -> None:
    said = temperature(effectivePeriod=period)
    del said["effectiveDateTime"]
    (row,) = read(said)
    assert [fact.effective_at.isoformat() for fact in row.facts] == ([at] if at else [])
    assert bool(row.refusals) is (at is None)


def test_an_instant_is_a_time(read: ReadFhir) -> None:
    said = temperature(effectiveInstant="2026-03-01T08:00:00.123Z")
    del said["effectiveDateTime"]
    assert read(said)[0].facts[0].effective_at == datetime(2026, 3, 1, 8, 0, 0, 123000, tzinfo=UTC)


def test_a_time_without_an_offset_takes_the_zone_given_and_a_doubled_hour_is_refused(read: ReadFhir) -> None:
    plain = temperature(effectiveDateTime="2026-03-01T08:00:00")
    assert read(plain, zone="Europe/Berlin")[0].facts[0].effective_at == datetime(2026, 3, 1, 7, tzinfo=UTC)
    twice = temperature(effectiveDateTime="2025-10-26T02:30:00")
    assert read(twice, zone="Europe/Berlin")[0].refusals[0].rule == "time"


def test_one_value_with_three_codes_is_one_reading(read: ReadFhir) -> None:
    codes = coded("59408-5", "2708-6")
    codes["coding"].append({"system": "urn:iso:std:iso:11073:10101", "code": "150456"})
    (row,) = read(temperature(code=codes, valueQuantity=quantity(95, "%")))
    assert values(row) == {"spo2": 95}
    assert len(row.facts) == 1


def test_oxygen_flow_beside_a_saturation_is_read_and_a_device_makes_a_whole_row_of_it(read: ReadFhir) -> None:
    flow = {"code": coded("3151-8"), "valueQuantity": quantity(6, "L/min")}
    device = {
        "code": coded("oxygen_support", system="urn:cart-tox"),
        "valueCodeableConcept": coded("336623009", system="http://snomed.info/sct"),
    }
    spo2 = temperature(code=coded("59408-5"), valueQuantity=quantity(95, "%"), component=[flow])
    assert values(read(spo2)[0]) == {"spo2": 95, "o2_flow": 6}
    spo2["component"].append(device)
    (row,) = read(spo2)
    assert values(row) == {"spo2": 95}
    (support,) = [fact for fact in row.facts if isinstance(fact, OxygenSupport)]
    assert (support.device, support.flow_l_min) == (OxygenDevice.NASAL_CANNULA, 6)


@pytest.mark.parametrize(
    ("said", "percent"),
    [
        (quantity(40, "%"), 40),
        (quantity(0.4, "{fraction}"), 40),
        (quantity(0.4, "1"), 40),
        ({"value": 0.4}, 40),
        ({"value": 40}, 40),
        (quantity(0.21, "1"), 21),
        (quantity(1, "1"), 100),
        (quantity(0.4, "%"), None),
        (quantity(0.2, "1"), None),
    ],
)
def test_inspired_oxygen_is_a_percentage_or_a_fraction(
    read: ReadFhir, said: dict[str, Any], percent: float | None
) -> None:
    (row,) = read(temperature(code=coded("3150-0"), valueQuantity=said))
    assert values(row) == ({} if percent is None else {"fio2": percent})
    assert bool(row.refusals) is (percent is None)


def pressure(upper: dict[str, Any], lower: dict[str, Any], **more: Any) -> dict[str, Any]:
    parts = [{"code": coded("8480-6"), **upper}, {"code": coded("8462-4"), **lower}]
    said = temperature(code=coded("85354-9"), component=parts, **more)
    del said["valueQuantity"]
    return said


def test_a_pressure_is_two_values_and_a_missing_one_says_why(read: ReadFhir) -> None:
    upper = {"valueQuantity": quantity(109, "mm[Hg]")}
    assert values(read(pressure(upper, {"valueQuantity": quantity(44, "mm[Hg]")}))[0]) == {"sbp": 109, "dbp": 44}
    (row,) = read(pressure(upper, {"dataAbsentReason": coded("asked-declined", system="x")}))
    assert [(f.concept, f.value, f.absent_reason) for f in row.facts if isinstance(f, Observation)] == [
        ("sbp", 109, None),
        ("dbp", None, AbsentReason.REFUSED),
    ]


@pytest.mark.parametrize("lower", [109, 110])
def test_a_diastolic_not_below_the_systolic_quarantines_both(read: ReadFhir, lower: float) -> None:
    (row,) = read(pressure({"valueQuantity": quantity(109, "mm[Hg]")}, {"valueQuantity": quantity(lower, "mm[Hg]")}))
    assert row.facts == ()
    assert [refusal.rule for refusal in row.refusals] == ["implausible", "implausible"]


def test_a_bad_component_leaves_the_good_one(read: ReadFhir) -> None:
    (row,) = read(pressure({"valueQuantity": quantity(109, "mm[Hg]")}, {"valueQuantity": quantity(4, "mm[Hg]")}))
    assert values(row) == {"sbp": 109}
    assert [refusal.field for refusal in row.refusals] == ["component[1].valueQuantity"]


def test_an_arterial_line_and_a_cuff_are_told_apart(read: ReadFhir) -> None:
    rows = read(
        bundle(
            temperature(id="a", code=coded("76215-3"), valueQuantity=quantity(84, "mm[Hg]")),
            temperature(id="b", code=coded("76534-7"), valueQuantity=quantity(96, "mm[Hg]")),
        )
    )
    said = [(fact.value, fact.method) for row in rows for fact in row.facts if isinstance(fact, Observation)]
    assert said == [(84, "arterial line"), (96, "cuff")]


def test_findings_in_our_own_words_are_neurological_facts(read: ReadFhir) -> None:
    ice = temperature(id="a", code=coded("ice", system="urn:cart-tox"), valueInteger=7)
    awake = temperature(
        id="b",
        code=coded("consciousness", system="urn:cart-tox"),
        valueCodeableConcept=coded("awakens_to_voice", system="urn:cart-tox"),
    )
    for one in (ice, awake):
        del one["valueQuantity"]
    facts = [fact for row in read(bundle(ice, awake)) for fact in row.facts if isinstance(fact, NeuroAssessment)]
    assert (facts[0].tool, facts[0].total) == (NeuroTool.ICE, 7)
    assert facts[1].consciousness is Consciousness.AWAKENS_TO_VOICE
    ice["valueInteger"] = 11
    assert read(ice)[0].refusals[0].rule == "implausible"


def test_members_that_are_contained_are_read_and_a_panel_of_others_counts_as_itself(read: ReadFhir) -> None:
    member = temperature()
    del member["subject"]
    panel = temperature(id="p", code=coded("85353-1"), hasMember=[{"reference": "#t1"}], contained=[member])
    del panel["valueQuantity"]
    (row,) = read(panel)
    assert values(row) == {"temperature": 38.5}
    assert row.facts[0].record_id == "Observation/p"
    panel.update(hasMember=[{"reference": "Observation/t1"}], contained=[])
    (row,) = read(panel)
    assert (row.facts, row.refusals) == ((), ())
    assert row.ignored_kind == "Observation 85353-1 (its values are in its members)"


def test_a_public_code_that_is_not_ours_is_passed_over_by_kind_whatever_else_is_wrong(read: ReadFhir) -> None:
    (row,) = read(temperature(code=coded("8302-2", display="Body height"), effectiveDateTime="2026-03-01"))
    assert (row.ignored_kind, row.refusals, row.unmapped) == ("Observation 8302-2 Body height", (), ())


def test_a_local_code_waits_to_be_mapped_and_is_read_once_it_is(read: ReadFhir) -> None:
    local = temperature(code=coded("T-17", system="urn:ward-7", display="Temp. skin fold"))
    (row,) = read(local)
    assert [(code.system, code.code, code.label) for code in row.unmapped] == [
        ("urn:ward-7", "T-17", "Temp. skin fold")
    ]
    assert (row.facts, row.refusals) == ((), ())
    assert row.ignored_kind == "Observation T-17 Temp. skin fold (local code)"
    assert row.raw is not None
    mapped = dictionary().with_mappings([("urn:ward-7", "T-17", "temperature")])
    assert values(read(row.raw.encode(), site=mapped)[0]) == {"temperature": 38.5}
    never = dictionary().with_mappings([("urn:ward-7", "T-17", None)])
    assert read(local, site=never)[0].unmapped == ()


@pytest.mark.parametrize(("name", "read_as"), [("Pulse", "heart_rate"), ("creatinine", None), ("88674", None)])
def test_words_alone_are_read_only_where_they_cannot_be_mistaken(
    read: ReadFhir, name: str, read_as: str | None
) -> None:
    (row,) = read(temperature(code={"text": name}, valueQuantity=quantity(88, "/min")))
    assert values(row) == ({read_as: 88} if read_as else {})
    assert bool(row.unmapped) is (read_as is None)


def test_a_group_is_no_patient(read: ReadFhir) -> None:
    assert read(temperature(subject={"reference": "Group/herd"}))[0].ignored_kind == "Observation about a Group"


@pytest.mark.parametrize(
    ("charted", "status"),
    [
        ("final", Status.FINAL),
        ("amended", Status.AMENDED),
        ("corrected", Status.CORRECTED),
        ("preliminary", Status.PRELIMINARY),
        ("registered", Status.PRELIMINARY),
        ("unknown", Status.PRELIMINARY),
    ],
)
def test_the_status_of_a_record_is_the_status_of_its_facts(read: ReadFhir, charted: str, status: Status) -> None:
    assert read(temperature(status=charted))[0].facts[0].status is status


def test_registered_without_a_value_is_passed_over(read: ReadFhir) -> None:
    said = temperature(status="registered")
    del said["valueQuantity"]
    assert read(said)[0].ignored_kind == "Observation registered, no result yet"


@pytest.mark.parametrize("status", ["entered-in-error", "cancelled"])
@pytest.mark.parametrize("stripped", [False, True])
def test_a_withdrawal_takes_back_every_value_of_its_record(read: ReadFhir, status: str, stripped: bool) -> None:
    first = pressure({"valueQuantity": quantity(84, "mm[Hg]")}, {"valueQuantity": quantity(44, "mm[Hg]")})
    said = read(first)[0].facts
    assert len(said) == 2
    first["status"] = status
    if stripped:
        del first["component"], first["effectiveDateTime"]
    (row,) = read(first)
    assert row.refusals == ()
    assert standing([*said, *row.facts]) == standing([*row.facts, *said]) == []


def test_a_withdrawal_without_an_id_withdraws_nothing_and_says_so(read: ReadFhir) -> None:
    said = temperature(status="entered-in-error")
    del said["id"]
    assert read(said)[0].refusals[0].rule == "missing"


def test_a_correction_stands_for_what_it_corrects_in_any_order(read: ReadFhir) -> None:
    first, second = read(temperature(38.5))[0].facts[0], read(temperature(37.5, status="corrected"))[0].facts[0]
    for facts in ([first, second], [second, first]):
        assert [fact.value for fact in standing(facts) if isinstance(fact, Observation)] == [37.5]


def test_the_later_version_of_a_record_stands(read: ReadFhir) -> None:
    facts = [
        read(temperature(value, meta={"lastUpdated": f"2026-03-01T0{hour}:00:00Z"}))[0].facts[0]
        for value, hour in ((38.5, 9), (37.5, 8))
    ]
    assert [fact.value for fact in standing(facts) if isinstance(fact, Observation)] == [38.5]


def test_the_same_resource_again_is_the_same_fact(read: ReadFhir) -> None:
    first, second = read(bundle(temperature(), temperature()))
    assert first.facts[0].fact_id == second.facts[0].fact_id


def test_codes_of_the_table_pass_their_check_digits() -> None:
    table = site_table()
    assert [code for code in (*table.methods, *table.panels) if not loinc_holds(code)] == []
    assert [code for code in table.snomed if not snomed_holds(code)] == []
    assert set(table.rxnorm.values()) | set(table.atc.values()) <= set(dictionary().drugs)
    assert (loinc_holds("3150-0"), loinc_holds("3150-6"), snomed_holds("2363000"), snomed_holds("73211009")) == (
        True,
        False,
        False,
        True,
    )


@given(st.floats(25, 45), st.sampled_from(["Cel", "[degF]"]))
def test_every_believable_temperature_is_one_fact_and_its_number_is_kept(value: float, unit: str) -> None:
    sent = round(value if unit == "Cel" else value * 9 / 5 + 32, 6)
    raw = json.dumps(temperature(valueQuantity=quantity(sent, unit))).encode()
    (row,) = read_fhir(io.BytesIO(raw), Reading("feed", RECEIVED, None, dictionary()))
    found = values(row)["temperature"] if row.facts else None
    assert found is None or found == pytest.approx(value, abs=1e-5)
    assert (found is None) == bool(row.refusals)
