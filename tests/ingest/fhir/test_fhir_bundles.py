"""Bundles, NDJSON and lists: every resource has one outcome; references, deletions, hostile input, the examples."""

from __future__ import annotations

import io
import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from fhir_resources import RECEIVED, ReadFhir, bundle, coded, quantity, temperature
from hypothesis import example, given
from hypothesis import strategies as st

from monitoring.concepts import dictionary
from monitoring.ingest.fhir import documents, operation_outcome, read_fhir
from monitoring.ingest.rows import Reading
from monitoring.ingest.sources import FileRefused
from monitoring.records import Observation, RowRead
from monitoring.standing import standing

READING = Reading("feed", RECEIVED, None, dictionary())


def outcome(row: RowRead) -> str:
    return "quarantined" if row.refusals else "ignored" if row.ignored_kind else "read"


@pytest.mark.parametrize(
    "kind", ["transaction", "batch", "collection", "searchset", "message", "history", "document", "anything"]
)
def test_every_entry_of_a_bundle_of_any_type_is_counted_at_its_place(read: ReadFhir, kind: str) -> None:
    rows = read(bundle({"resourceType": "Composition", "id": "c"}, temperature(), temperature(id="t2"), kind=kind))
    assert [(row.place, outcome(row)) for row in rows] == [
        ("Composition/c (entry 1)", "ignored"),
        ("Observation/t1 (entry 2)", "read"),
        ("Observation/t2 (entry 3)", "read"),
    ]


def test_a_bad_entry_or_line_leaves_the_others(read: ReadFhir) -> None:
    raw = b'{"resourceType":"Bundle","entry":[{"resource":' + json.dumps(temperature()).encode()
    raw += b'},{"resource":{"resourceType":"Observation","status":7}},17,{"resource":null},{}]}'
    assert [outcome(row) for row in read(raw)] == ["read", "quarantined", "quarantined", "quarantined", "ignored"]
    line = json.dumps(temperature()).encode()
    rows = read(b"\n".join((line, b'{"resourceType":"Observation",', b"", b"nonsense", line)))
    assert [(row.place, outcome(row)) for row in rows] == [
        ("Observation/t1 (line 1)", "read"),
        ("resource (line 2)", "quarantined"),
        ("resource (line 4)", "quarantined"),
        ("Observation/t1 (line 5)", "read"),
    ]


def test_a_first_line_that_is_broken_does_not_refuse_the_file(read: ReadFhir) -> None:
    line = json.dumps(temperature()).encode()
    assert [outcome(row) for row in read(b'{"resourceType":\n' + line + b"\n")] == ["quarantined", "read"]


def test_lists_lines_of_bundles_bundles_in_bundles_and_a_byte_order_mark_are_read(read: ReadFhir) -> None:
    assert [row.place for row in read([temperature(), temperature()])] == [
        "Observation/t1 (entry 1)",
        "Observation/t1 (entry 2)",
    ]
    lines = b"\r\n".join(json.dumps(bundle(temperature())).encode() for _ in range(2))
    assert [row.place for row in read(lines)] == [
        "Observation/t1 (line 1, entry 1)",
        "Observation/t1 (line 2, entry 1)",
    ]
    assert [row.place for row in read(bundle(bundle(temperature())))] == ["Observation/t1 (entry 1, entry 1)"]
    assert outcome(read(b"\xef\xbb\xbf" + json.dumps(temperature()).encode())[0]) == "read"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n \n",
        b"17",
        b'"text"',
        b"null",
        b"{}",
        b'{"name":"package"}',
        b"[]",
        b"[1]",
        b"{",
        b"\xff\xfe{\x00",
        b"a,b",
        b'{"a":' * 5000,
        b'{"resourceType":"Observation"',
        b'{"resourceType":17}',
    ],
)
def test_what_is_no_fhir_json_is_refused_whole_at_once(content: bytes) -> None:
    with pytest.raises(FileRefused, match=r"FHIR R4 JSON|resource a line"):
        read_fhir(io.BytesIO(content), READING)


@pytest.mark.parametrize(
    "reference",
    [
        "Patient/P1",
        "Patient/P1/_history/3",
        "https://fhir.example/r4/Patient/P1",
        "urn:uuid:aaa",
        "Patient?identifier=m|P1",
    ],
)
def test_a_patient_is_named_in_any_way_the_standard_has(read: ReadFhir, reference: str) -> None:
    patient = {"fullUrl": "urn:uuid:aaa", "resource": {"resourceType": "Patient", "id": "P1", "gender": "female"}}
    said = {"resource": temperature(subject={"reference": reference})}
    rows = read({"resourceType": "Bundle", "type": "transaction", "entry": [said, patient]})
    assert {fact.patient_id for row in rows for fact in row.facts} == {"P1"}


def test_an_entry_that_was_refused_is_read_the_same_without_its_bundle(read: ReadFhir) -> None:
    patient = {"fullUrl": "urn:uuid:aaa", "resource": {"resourceType": "Patient", "id": "P1", "gender": "female"}}
    said = {"resource": temperature(subject={"reference": "urn:uuid:aaa"}, effectiveDateTime="2026-03-01")}
    _, row = read({"resourceType": "Bundle", "type": "transaction", "entry": [patient, said]})
    assert row.raw is not None
    corrected = read(row.raw.replace('"2026-03-01"', '"2026-03-01T08:00:00Z"').encode())
    assert [(fact.patient_id, fact.record_id) for row in corrected for fact in row.facts] == [("P1", "Observation/t1")]


def test_a_deletion_withdraws_what_its_history_holds_and_is_quarantined_alone(read: ReadFhir) -> None:
    gone: dict[str, Any] = {"request": {"method": "DELETE", "url": "Observation/t1"}}
    rows = read({"resourceType": "Bundle", "type": "history", "entry": [gone, {"resource": temperature()}]})
    assert [outcome(row) for row in rows] == ["read", "read"]
    assert standing([fact for row in rows for fact in row.facts]) == []
    (row,) = read({"resourceType": "Bundle", "type": "transaction", "entry": [gone]})
    assert [(refusal.field, refusal.value) for refusal in row.refusals] == [("request.url", "Observation/t1")]


@pytest.mark.parametrize(("method", "becomes"), [("GET", "ignored"), ("PATCH", "quarantined"), ("PUT", "read")])
def test_what_a_request_asks_decides_what_an_entry_is(read: ReadFhir, method: str, becomes: str) -> None:
    entry = {"resource": temperature(), "request": {"method": method, "url": "Observation/t1"}}
    (row,) = read({"resourceType": "Bundle", "type": "batch", "entry": [entry]})
    assert outcome(row) == becomes


DEEP = b'{"resourceType":"Observation","extension":' + b"[" * 50_000 + b"]" * 50_000 + b"}"


@pytest.mark.parametrize(
    "element",
    [
        b'"status":"final","status":"entered-in-error"',
        b'"subject":{"reference":"Patient/P1","reference":"Patient/P2"}',
        b'"valueQuantity":{"value":1e999}',
        b'"valueQuantity":{"value":' + b"9" * 400 + b"}",
        b'"valueQuantity":{"value":NaN}',
        b'"note":[{"text":"\\u0000"}]',
        b'"note":[{"text":"\\ud800"}]',
        b'"note":"\xff"',
        b'"contained":[17],"hasMember":[{"reference":"#x"}]',
        b'"extension":' + b"[" * 50_000 + b"]" * 50_000,
    ],
)
def test_hostile_json_is_one_quarantined_resource(read: ReadFhir, element: bytes) -> None:
    ours = b'{"resourceType":"Observation","id":"h","code":{"coding":[{"system":"http://loinc.org","code":"8310-5"}]},'
    good = json.dumps(temperature()).encode()
    rows = read(good + b"\n" + ours + element + b"}\n" + good)
    assert [outcome(row) for row in rows] == ["read", "quarantined", "read"]
    assert [refusal.rule for refusal in rows[1].refusals] == ["format"]


def test_a_key_that_stands_twice_in_a_bundle_is_refused_and_colons_in_words_are_not(read: ReadFhir) -> None:
    entry = json.dumps({"resource": temperature()}).encode()
    rows = read(b'{"resourceType":"Bundle","entry":[' + entry + b'],"entry":[]}')
    assert [outcome(row) for row in rows] == ["quarantined"]
    words = temperature(note=[{"text": 'a "b": c \\u003a :'}])
    assert outcome(read(json.dumps(words).encode())[0]) == "read"
    assert outcome(read(json.dumps(words).replace(" :", "\\u003a").encode())[0]) == "read"


def test_a_line_or_document_that_is_too_long_is_not_read(monkeypatch: pytest.MonkeyPatch, read: ReadFhir) -> None:
    monkeypatch.setattr(documents, "LARGEST", 2000)
    good = json.dumps(temperature()).encode()
    rows = read(good + b"\n" + b"x" * 9000 + b"\n" + good)
    assert [(row.place.split(" (")[-1], outcome(row)) for row in rows] == [
        ("line 1)", "read"),
        ("line 2", "quarantined"),
        ("line 3)", "read"),
    ]
    assert len(rows[1].raw or "") == 1000
    for whole in (json.dumps(bundle(*[temperature()] * 9)), json.dumps(bundle(*[temperature()] * 9), indent=1)):
        with pytest.raises(FileRefused):
            read_fhir(io.BytesIO(whole.encode()), READING)


BROKEN = json.dumps(bundle(temperature(), {"resourceType": "Patient", "id": "P1", "gender": "male"})).encode()


@given(st.binary(max_size=6), st.integers(0, len(BROKEN)), st.integers(0, 6))
@example(b"", 0, 0)
def test_any_bytes_put_anywhere_are_refused_or_accounted_for(put: bytes, at: int, cut: int) -> None:
    try:
        rows = list(read_fhir(io.BytesIO(BROKEN[:at] + put + BROKEN[at + cut :]), READING))
    except FileRefused:
        return
    assert rows
    assert all(row.facts or row.refusals or row.ignored_kind for row in rows)
    assert all(row.raw for row in rows if row.refusals)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
KINDS = [
    "Observation",
    "MedicationAdministration",
    "QuestionnaireResponse",
    "Patient",
    "Encounter",
    "Procedure",
    "Bundle",
]
NAMES = [
    "status",
    "code",
    "subject",
    "effectivePeriod",
    "effectiveDateTime",
    "component",
    "contained",
    "hasMember",
]
NAMES += [
    "valueQuantity",
    "medicationReference",
    "medicationCodeableConcept",
    "dosage",
    "item",
    "location",
    "name",
    "entry",
]


@given(st.sampled_from(KINDS), st.dictionaries(st.sampled_from(NAMES), _JSON, max_size=5))
def test_any_json_in_any_element_is_refused_or_accounted_for(kind: str, said: dict[str, object]) -> None:
    code = {"coding": [{"system": "http://loinc.org", "code": "8310-5"}]}
    raw = json.dumps({"resourceType": kind, "status": "final", "code": code, **said}).encode()
    rows = list(read_fhir(io.BytesIO(raw), READING))
    assert all(row.facts or row.refusals or row.ignored_kind for row in rows)
    assert rows


def test_an_operation_outcome_names_each_refused_entry_and_element(read: ReadFhir) -> None:
    bad = temperature(id="bad", valueQuantity=quantity(99, "Cel"))
    answer = operation_outcome(read(bundle(temperature(), bad)))
    assert answer["resourceType"] == "OperationOutcome"
    (issue,) = answer["issue"]
    assert (issue["severity"], issue["code"]) == ("error", "value")
    assert issue["expression"] == ["Bundle.entry[1].resource.valueQuantity"]
    assert [one["severity"] for one in operation_outcome(read(temperature()))["issue"]] == ["information"]


# --- the examples of others: facts typed from ../shared/data/README.md and read in the files themselves ----------


def at_eight(path: Path) -> bytes:
    """The example with a time of day: most of them say a date only, which is refused."""
    said = json.loads(path.read_bytes())
    said["effectiveDateTime"] = "2014-12-05T08:00:00Z"
    return json.dumps(said).encode()


@pytest.mark.parametrize(
    ("file", "found"),
    [
        ("us-core/temperature.json", {"temperature": 36.55556}),
        ("us-core/blood-pressure.json", {"sbp": 109, "dbp": 44}),
        ("us-core/bp-data-absent.json", {"sbp": 109, "dbp": None}),
        ("us-core/oxygen-saturation.json", {"spo2": 99}),
        ("us-core/observation-satO2-fiO2.json", {"spo2": 95, "o2_flow": 6}),
        ("us-core/heart-rate.json", {"heart_rate": 44}),
        ("us-core/respiratory-rate.json", {"respiratory_rate": 26}),
        ("r4-spec/Observation-body-temperature.json", {"temperature": 36.5}),
        ("r4-spec/Observation-heart-rate.json", {"heart_rate": 44}),
        ("r4-spec/Observation-respiratory-rate.json", {"respiratory_rate": 26}),
        ("r4-spec/Observation-satO2.json", {"spo2": 95}),
        ("r4-spec/Observation-blood-pressure.json", {"sbp": 107, "dbp": 60}),
    ],
)
def test_the_published_examples_hold_the_values_they_are_said_to_hold(
    read: ReadFhir, shared: Path, file: str, found: dict[str, float | None]
) -> None:
    (row,) = read(at_eight(shared / file))
    assert {fact.concept: fact.value for fact in row.facts if isinstance(fact, Observation)} == found
    assert row.refusals == ()


def test_an_example_with_a_bare_date_is_quarantined_and_never_midnight(read: ReadFhir, shared: Path) -> None:
    (row,) = read((shared / "us-core" / "temperature.json").read_bytes())
    assert row.facts == ()
    assert [(refusal.field, refusal.value) for refusal in row.refusals] == [("effectiveDateTime", "1999-07-02")]


def test_the_synthetic_patients_are_accounted_for_and_one_has_one_fever(read: ReadFhir, shared: Path) -> None:
    for path in sorted((shared / "synthea").iterdir()):
        rows = read(path.read_bytes())
        assert len(rows) == len(json.loads(path.read_bytes())["entry"])
        assert Counter(map(outcome, rows))["quarantined"] == 0
        facts = [fact for row in rows for fact in row.facts]
        assert {fact.patient_id for fact in facts} == {path.stem.rpartition("_")[2]}
        fevers = [
            f for f in facts if isinstance(f, Observation) and f.concept == "temperature" and (f.value or 0) >= 38
        ]
        burt = path.name.startswith("Burt293")
        assert [(f.value, f.effective_at) for f in fevers] == (
            [(38.5, datetime(2020, 6, 7, 21, 12, 58, tzinfo=UTC))] if burt else []
        )


def test_every_example_file_is_accounted_for_or_refused_whole(read: ReadFhir, shared: Path) -> None:
    refused = []
    for path in sorted(path for path in shared.rglob("*") if path.is_file()):
        try:
            rows = read(path.read_bytes())
        except FileRefused:
            refused.append(path.relative_to(shared).as_posix())
            continue
        assert rows
        assert all(row.facts or row.refusals or row.ignored_kind for row in rows)
    assert [name for name in refused if not name.startswith("primitives/")] == ["r4-spec/package.json"]
    assert sum(name.startswith("primitives/") for name in refused) == 9


@pytest.mark.parametrize("text", ["1970-01-01T12:00:00.123Z"])
def test_the_valid_instants_of_others_are_times_though_no_clock_of_a_ward(read: ReadFhir, text: str) -> None:
    """A valid instant is understood; 1970 is what a clock shows that was never set, and is refused as that (D69)."""
    (row,) = read(temperature(effectiveDateTime=text))
    assert "never set" in row.refusals[0].reason


def test_a_code_of_others_in_our_shape_is_left_alone(read: ReadFhir) -> None:
    assert outcome(read(temperature(code=coded("temperature", system="http://loinc.org")))[0]) == "ignored"
