"""Facts over HTTP: what is taken, what is answered, and who may send."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitoring.access.acts import Act, Channel
from monitoring.api import bodies, intake, opened
from monitoring.records import Observation
from monitoring.rounds import arriving
from monitoring.store.audit import Asked
from monitoring.vocabulary import Scope

from .sending import Ward

NOW = datetime.now(UTC).replace(microsecond=0)
AT = (NOW - timedelta(minutes=5)).isoformat()


def temperature(value: float = 38.6, ident: str = "t1", patient: str = "P1", unit: str = "Cel") -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "id": ident,
        "status": "final",
        "code": {"coding": [{"system": "http://loinc.org", "code": "8310-5"}]},
        "subject": {"reference": f"Patient/{patient}"},
        "effectiveDateTime": AT,
        "valueQuantity": {"value": value, "unit": unit, "system": "http://unitsofmeasure.org", "code": unit},
    }


def bundle(*resources: dict[str, Any]) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": one} for one in resources]}


def said(answer: httpx.Response) -> list[str]:
    """The diagnostics of an OperationOutcome."""
    outcome = answer.json()
    assert outcome["resourceType"] == "OperationOutcome"
    return [issue["diagnostics"] for issue in outcome["issue"]]


def test_a_resource_is_stored_before_it_is_answered(ward: Ward) -> None:
    answer = ward.post("/api/fhir", json.dumps(temperature()), "application/fhir+json")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/fhir+json"
    assert said(answer) == ["1 read = 1 stored + 0 duplicates + 0 quarantined + 0 ignored"]
    (fact,) = ward.store.facts()
    assert isinstance(fact, Observation)
    assert (fact.patient_id, fact.concept, fact.value) == ("P1", "temperature", 38.6)
    assert fact.source == "http icu-gateway:Observation/t1"


def test_sending_the_same_again_changes_nothing(ward: Ward) -> None:
    body = json.dumps(bundle(temperature(), temperature(99.9, "bad")))
    first = ward.post("/api/fhir", body)
    before = ward.store.facts(), ward.store.quarantine.refusals()
    again = ward.post("/api/fhir", body)
    assert (first.status_code, again.status_code) == (207, 207)
    assert said(first)[-1] == "2 read = 1 stored + 0 duplicates + 1 quarantined + 0 ignored"
    assert said(again)[-1] == "2 read = 0 stored + 1 duplicates + 1 quarantined + 0 ignored"
    assert (ward.store.facts(), len(ward.store.quarantine.refusals())) == (before[0], len(before[1]))


def test_each_refused_entry_is_named_with_its_element(ward: Ward) -> None:
    answer = ward.post("/api/fhir", json.dumps(bundle(temperature(), temperature(99.9, "bad"))))
    assert answer.status_code == 207
    issue = answer.json()["issue"][0]
    assert (issue["severity"], issue["expression"]) == ("error", ["Bundle.entry[1].resource.valueQuantity"])
    assert "Observation/bad (entry 2)" in issue["diagnostics"]
    assert "expected 25–45 Cel for temperature" in issue["diagnostics"]


def test_the_audit_names_each_sender_once_an_hour(ward: Ward) -> None:
    for _ in range(3):
        ward.post("/api/observations", json.dumps(SET))
    found = [entry.deed for entry in ward.store.audit.entries(Asked(act=Act.DATA_SENT))]
    assert [(one.by.who, one.by.channel, one.by.address) for one in found] == [
        ("service:icu-gateway", Channel.HTTP, "127.0.0.1")
    ]


def test_a_long_body_that_cannot_be_read_is_held_whole_and_can_be_mended(ward: Ward) -> None:
    """Half of a large Bundle, as a gateway sends it that ran out of memory."""
    body = json.dumps(bundle(*(temperature(38.1, f"t{number}") for number in range(400))))
    assert len(body) > 100_000
    answer = ward.post("/api/fhir", body[:-3])
    assert answer.status_code == 422
    (held,) = ward.store.quarantine.refusals()
    assert held.row.raw == body[:-3]
    assert ward.store.findings() == []


def test_of_lines_longer_than_any_document_the_beginning_is_held_and_that_is_said(
    ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arriving, "_KEPT_OF_BODY", 1_000)
    answer = ward.post("/api/fhir", "x" * 5_000, "application/fhir+ndjson")
    assert answer.status_code == 422
    assert "only its first 1,000 bytes are held: send it again, mended" in said(answer)[0]
    (held,) = ward.store.quarantine.refusals()
    assert held.row.raw == "x" * 1_000
    assert ward.store.findings() == []


def test_a_body_of_which_everything_is_quarantined_is_422(ward: Ward) -> None:
    assert ward.post("/api/fhir", json.dumps(temperature(99.9))).status_code == 422


def test_bulk_lines_are_read_one_by_one(ward: Ward) -> None:
    lines = "\n".join([json.dumps(temperature(38.1, "a")), "{ broken", json.dumps(temperature(38.2, "b"))])
    answer = ward.post("/api/fhir", lines, "application/fhir+ndjson")
    assert answer.status_code == 207
    assert said(answer)[-1] == "3 read = 2 stored + 0 duplicates + 1 quarantined + 0 ignored"
    assert "line 2" in said(answer)[0]


def test_a_body_that_is_no_fhir_is_held_with_its_text(ward: Ward) -> None:
    answer = ward.post("/api/fhir", "temp;38.6", "application/fhir+json")
    assert answer.status_code == 422
    assert "expected FHIR R4 JSON" in said(answer)[0]
    assert "1 read = 0 stored + 0 duplicates + 1 quarantined + 0 ignored" in said(answer)
    (held,) = ward.store.quarantine.refusals()
    assert held.row.raw == "temp;38.6"


SET = {"patient_id": "P1", "time": AT, "concept": "sbp", "value": 118, "unit": "mm[Hg]"}


def test_one_observation_or_an_array_of_them(ward: Ward) -> None:
    assert ward.post("/api/observations", json.dumps(SET)).json() == {
        "read": 1, "stored": 1, "duplicates": 0, "quarantined": 0, "ignored": 0, "ignored_kinds": {}, "refusals": [],
    }  # fmt: skip
    answer = ward.post("/api/observations", json.dumps([SET, {**SET, "concept": "hr", "value": "96", "unit": "/min"}]))
    assert (answer.status_code, answer.json()["stored"], answer.json()["duplicates"]) == (200, 1, 1)
    assert [(fact.concept, fact.value) for fact in ward.store.facts() if isinstance(fact, Observation)] == [
        ("sbp", 118.0),
        ("heart_rate", 96.0),
    ]


def test_a_misspelt_field_is_an_error_and_its_object_is_held_whole(ward: Ward) -> None:
    answer = ward.post("/api/observations", json.dumps([SET, {**SET, "concept": "hr", "valeu": 96}]))
    assert answer.status_code == 207
    (refusal,) = answer.json()["refusals"]
    assert (refusal["place"], refusal["field"], refusal["rule"]) == ("object 2", "valeu", "unknown field")
    assert "the nearest is value" in refusal["reason"]
    assert len(ward.store.facts()) == 1


def test_a_held_object_is_corrected_in_its_place(ward: Ward) -> None:
    ward.post("/api/observations", json.dumps({**SET, "valeu": 96}))
    (held,) = opened.rounds().open_refusals()
    assert held.row.raw is not None
    corrected = held.row.raw.replace('"value": 118, ', "").replace("valeu", "value")
    reread = opened.rounds().correct(held.id, corrected, author="data-manager:Dana", at=NOW)
    assert (reread.closed, reread.refusals) == (1, ())
    assert [fact.value for fact in ward.store.facts() if isinstance(fact, Observation)] == [96.0]


NO_OBSERVATIONS = [
    ("a text", '"38.6"'),
    ("a number", "38.6"),
    ("no JSON", "{"),
    ("an array of numbers", "[1, 2]"),
    ("an array that does not end", "[{}"),
    ("a list in a field", json.dumps({**SET, "value": [1]})),
    ("a key twice", '{"patient_id": "P1", "patient_id": "P2", "time": "2026-03-01T08:00Z", "concept": "hr"}'),
    ("no patient", json.dumps({**SET, "patient_id": None})),
    ("no time", json.dumps({**SET, "time": None})),
    ("a time without an offset", json.dumps({**SET, "time": "2026-03-01T08:00"})),
    ("deep", "[" * 5000 + "]" * 5000),
]  # fmt: skip


@pytest.mark.parametrize(("case", "body"), NO_OBSERVATIONS, ids=[row[0] for row in NO_OBSERVATIONS])
def test_what_is_no_observation_is_quarantined_with_a_reason(case: str, body: str, ward: Ward) -> None:
    answer = ward.post("/api/observations", body)
    assert answer.status_code == 422
    assert all(refusal["reason"] for refusal in answer.json()["refusals"])
    assert ward.store.facts() == []
    assert ward.store.findings() == []


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8) | st.sampled_from([AT, "P1", "hr"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from([*SET, "resourceType", "entry", "resource"]) | st.text(max_size=6), inner)
    ),
    max_leaves=20,
)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(body=JSON.map(json.dumps) | st.binary(max_size=200) | st.text(max_size=80), fhir=st.booleans())
def test_no_body_is_answered_with_a_fault_and_every_row_is_accounted_for(
    body: bytes | str, fhir: bool, ward: Ward
) -> None:
    sent = body.encode("utf-8", "surrogatepass") if isinstance(body, str) else body
    answer = ward.post("/api/fhir" if fhir else "/api/observations", sent)
    assert answer.status_code in ({200, 207, 422} if sent else {400}), answer.text
    assert answer.json()
    assert ward.store.findings() == []


def half_sent(ward: Ward, body: bytes) -> socket.socket:
    """A connection on which a request has begun, and not ended."""
    host, port = str(ward.client.base_url).removeprefix("http://").rstrip("/").split(":")
    head = f"POST /api/observations HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {ward.secret}\r\n"
    head += "Content-Type: application/json\r\nContent-Length: 5000\r\n\r\n"
    wire = socket.create_connection((host, int(port)), timeout=30)
    wire.sendall(head.encode() + body)
    return wire


def test_a_sender_that_leaves_half_way_has_stored_nothing(ward: Ward) -> None:
    half_sent(ward, json.dumps(SET).encode()).close()
    assert ward.post("/api/observations", json.dumps({**SET, "value": 99})).status_code == 200
    assert [fact.value for fact in ward.store.facts() if isinstance(fact, Observation)] == [99.0]


def test_a_body_that_stops_half_way_is_given_up(ward: Ward, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "_SILENT_SECONDS", 0.2)
    with half_sent(ward, b"[") as wire:
        assert b" 408 " in wire.recv(200)
    assert ward.store.ledger() == []


def test_nobody_sends_without_a_token_or_with_another_scope(ward: Ward) -> None:
    reader, _ = ward.admission.make_token("reader", [Scope.EXPORT_READ], NOW)
    for path in ("/api/fhir", "/api/observations"):
        assert ward.client.post(path, json=SET).status_code == 401
        assert ward.post(path, json.dumps(SET), authorization="Bearer nonsense").status_code == 401
        assert ward.post(path, json.dumps(SET), authorization=f"Bearer {reader}").status_code == 403
    ward.admission.revoke_token("icu-gateway", NOW)
    assert ward.post("/api/fhir", json.dumps(temperature())).status_code == 401
    assert ward.store.facts() == []


@pytest.mark.parametrize("path", ["/api/fhir", "/api/observations"])
def test_another_content_type_is_415_and_an_empty_body_400(path: str, ward: Ward) -> None:
    assert ward.post(path, "x", "text/csv").status_code == 415
    assert ward.post(path, "x", "application/json", **{"content-encoding": "gzip"}).status_code == 415
    assert ward.post(path, b"").status_code == 400


def test_a_body_beyond_the_limit_is_413_declared_or_not(ward: Ward, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "FHIR_TYPES", {"application/json": 2 * 2**20})
    large = b" " * (2 * 2**20 + 1)

    def in_parts() -> Iterator[bytes]:
        yield from (large[at : at + 65536] for at in range(0, len(large), 65536))

    assert ward.post("/api/fhir", large).status_code == 413
    assert ward.post("/api/fhir", in_parts()).status_code == 413
    assert ward.store.ledger() == []


def test_a_token_that_sends_too_often_waits(ward: Ward, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MONITORING_REQUESTS_PER_SECOND", "0.01")
    opened.settings.cache_clear()
    intake.pace.cache_clear()
    answers = [ward.post("/api/observations", json.dumps(SET)) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 429]
    assert 1 <= int(answers[1].headers["retry-after"]) <= 100


def test_the_log_says_how_much_and_never_who_or_what(ward: Ward, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO"):
        ward.post("/api/fhir", json.dumps(bundle(temperature(38.6, "t1", "Ada-Okafor"), temperature(99.9, "bad"))))
    when = {"created", "msecs", "relativeCreated"}
    lines = [
        {name: value for name, value in vars(record).items() if name not in when}
        for record in caplog.records
        if record.name.startswith("monitoring")
    ]
    assert any(line.get("facts", {}).get("stored") == 1 for line in lines)
    assert [word for word in ("Ada", "38.6", "99.9") if word in str(lines)] == []
