"""CLIF tables: the real sample read to the last row, and each mapping; expected numbers from the sample's README."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pyarrow.csv
import pyarrow.parquet
import pytest
from reading import RECEIVED, Read

from monitoring.concepts import dictionary
from monitoring.ingest import read_paths
from monitoring.records import Administration, Observation, OxygenSupport, RowRead
from monitoring.vocabulary import AdministrationAction, OxygenDevice

SAMPLE = Path(__file__).resolve().parents[3] / "shared" / "data" / "clif"
here = pytest.mark.skipif(not SAMPLE.is_dir(), reason=f"the CLIF sample is not at {SAMPLE}")
T = "2026-03-05 08:00:00+00:00"
DRUG = "hospitalization_id,med_order_id,med_category,admin_dttm,mar_action_category,med_dose,med_dose_unit\n"
OXYGEN = "hospitalization_id,recorded_dttm,device_name,device_category,fio2_set,lpm_set\n"


def sample(path: Path = SAMPLE, fmt: str = "clif") -> list[RowRead]:
    received = RECEIVED.replace(year=2027)
    return list(read_paths([path], fmt=fmt, received_at=received, dictionary=dictionary()))


@here
@pytest.mark.parametrize("fmt", ["clif", "auto"])
def test_every_row_of_the_real_sample_has_one_outcome(fmt: str) -> None:
    rows = sample(fmt=fmt)
    assert len(rows) == 15_828
    assert len({(row.source, row.place) for row in rows}) == 15_828
    assert all(bool(row.facts) != bool(row.ignored_kind or row.refusals) for row in rows)


@here
def test_the_real_sample_has_the_temperatures_fevers_and_low_pressures_its_readme_states() -> None:
    facts = [f for row in sample(SAMPLE / "clif_vitals.csv") for f in row.facts if isinstance(f, Observation)]
    counts: Counter[tuple[str, str]] = Counter()
    for fact in facts:
        if fact.concept == "temperature" and fact.value is not None:
            counts[fact.patient_id, "temperatures"] += 1
            counts[fact.patient_id, "fevers"] += fact.value >= 38.0
        if fact.concept == "sbp" and fact.value is not None:
            counts[fact.patient_id, "low"] += fact.value < 90
    stated = {"23831430": (129, 8, 3), "28661809": (99, 9, 43), "22987108": (185, 2, 28)}
    kinds = ("temperatures", "fevers", "low")
    assert {patient: tuple(counts[patient, kind] for kind in kinds) for patient in stated} == stated


@here
def test_the_real_sample_as_parquet_under_another_name_states_the_same_facts(tmp_path: Path) -> None:
    table = pyarrow.csv.read_csv(SAMPLE / "clif_vitals.csv")
    pyarrow.parquet.write_table(table, tmp_path / "export.parquet")
    ids = [{f.fact_id for row in sample(path) for f in row.facts} for path in (tmp_path, SAMPLE / "clif_vitals.csv")]
    assert ids[0] == ids[1]


@pytest.mark.parametrize(
    ("category", "device"),
    [
        ("IMV", OxygenDevice.MECHANICAL_VENTILATION),
        ("NIPPV", OxygenDevice.BIPAP),
        ("CPAP", OxygenDevice.CPAP),
        ("High Flow NC", OxygenDevice.HFNC),
        ("Face Mask", OxygenDevice.SIMPLE_MASK),
        ("Nasal Cannula", OxygenDevice.NASAL_CANNULA),
        ("Room Air", OxygenDevice.ROOM_AIR),
    ],
)
def test_each_device_category_is_a_device_of_the_contract(read: Read, category: str, device: OxygenDevice) -> None:
    (row,) = read(OXYGEN + f"1,{T},,{category},,\n")
    assert isinstance(row.facts[0], OxygenSupport)
    assert row.facts[0].device is device


def test_a_row_without_device_is_oxygen_of_unknown_device_or_settings_only(read: Read) -> None:
    flow, settings = read(OXYGEN + f"1,{T},,,0.5,4\n1,{T},,,,\n")
    assert isinstance(flow.facts[0], OxygenSupport)
    assert (flow.facts[0].device, flow.facts[0].fio2, flow.facts[0].flow_l_min) == (None, 50, 4)
    assert settings.ignored_kind == "clif_respiratory_support: settings without device"


def test_a_tracheostomy_collar_is_quarantined_because_no_published_row_names_it(read: Read) -> None:
    (row,) = read(OXYGEN + f"1,{T},,Trach Collar,0.3,\n")
    assert (row.facts, row.refusals[0].field, row.refusals[0].value) == ((), "device_category", "Trach Collar")


@pytest.mark.parametrize(
    ("word", "action"),
    [
        ("start", AdministrationAction.START),
        ("dose_change", AdministrationAction.DOSE_CHANGE),
        ("going", AdministrationAction.DOSE_CHANGE),
        ("stop", AdministrationAction.STOP),
        ("given", AdministrationAction.GIVEN),
    ],
)
def test_a_drug_row_is_one_event_of_its_order(read: Read, word: str, action: AdministrationAction) -> None:
    (row,) = read(DRUG + f"1,77,norepinephrine,{T},{word},0.05,mcg/kg/min\n")
    (fact,) = row.facts
    assert isinstance(fact, Administration)
    assert (fact.drug, fact.action, fact.order_id, fact.dose) == ("norepinephrine", action, "77", 0.05)


def test_a_drug_not_given_is_ignored_and_one_without_an_action_refused(read: Read) -> None:
    not_given, empty = read(DRUG + f"1,7,heparin,{T},not_given,,\n1,7,heparin,{T},,,\n")
    assert not_given.ignored_kind == "clif_medication_admin_intermittent: not_given"
    assert [(r.place, r.field) for r in empty.refusals] == [("3", "mar_action_category")]


def test_a_time_without_offset_is_quarantined_unless_a_zone_is_given(read: Read) -> None:
    content = "hospitalization_id,recorded_dttm,vital_category,vital_value\n1,2026-03-05 08:00:00,sbp,88\n"
    (row,) = read(content)
    assert (row.facts, row.refusals[0].field) == ((), "recorded_dttm")
    assert len(read(content, zone="Europe/Berlin")[0].facts) == 1
