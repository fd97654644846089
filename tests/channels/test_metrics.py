"""What is told of the application itself: counts and ages, never a patient; and the description of its routes."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from prometheus_client.parser import text_string_to_metric_families
from starlette.routing import Route

from monitoring.access import door_to
from monitoring.api import ROUTES, metrics
from monitoring.api.metrics import source_of
from monitoring.records import Refusal, RowRead
from monitoring.store import StoreUnavailable
from monitoring.vocabulary import Scope

from .sending import Ward
from .test_http import SET, bundle, temperature

NOW = datetime.now(UTC)


def figures(ward: Ward) -> dict[tuple[str, ...], float]:
    """Each sample of `/metrics` by its name and the values of its labels."""
    secret, _ = ward.admission.make_token("prometheus", [Scope.METRICS_READ], NOW)
    answer = ward.client.get("/metrics", headers={"authorization": f"Bearer {secret}"})
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
    families = text_string_to_metric_families(answer.text)
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }


def test_rows_are_counted_by_channel_and_outcome_and_refusals_by_rule(ward: Ward) -> None:
    for _ in range(2):
        ward.post("/api/fhir", json.dumps(bundle(temperature(), temperature(99.9, "bad"))))
    found = figures(ward)
    assert found["monitoring_rows_total", "http", "stored"] == 1
    assert found["monitoring_rows_total", "http", "duplicates"] == 1
    assert found["monitoring_rows_total", "http", "quarantined"] == 2
    assert found["monitoring_rows_total", "http", "ignored"] == 0
    assert found["monitoring_refusals_total", "implausible"] == 2
    assert found["monitoring_store_version",] == 1
    assert found["monitoring_store_up",] == 1


def test_counting_goes_on_where_it_ended(ward: Ward) -> None:
    for number in range(3):
        ward.post("/api/observations", json.dumps({**SET, "value": 110 + number}))
        assert figures(ward)["monitoring_rows_total", "http", "stored"] == number + 1


def test_a_source_that_fell_silent_shows_its_age(ward: Ward) -> None:
    received_at = datetime.now(UTC) - timedelta(hours=2)
    ward.store.append(
        [RowRead(source="mllp 10.0.0.3", place="message A", ignored_kind="ADT A05")],
        author="mllp 10.0.0.3",
        received_at=received_at,
    )
    age = figures(ward)["monitoring_last_arrival_age_seconds", "mllp 10.0.0.3"]
    assert timedelta(hours=2).total_seconds() <= age <= (datetime.now(UTC) - received_at).total_seconds()


SOURCES = [
    ("http icu-gateway", "service:icu-gateway", "http icu-gateway"),
    ("mllp 10.0.0.3", "mllp 10.0.0.3", "mllp 10.0.0.3"),
    ("mllp fe80::1", "mllp fe80::1", "mllp fe80::1"),
    ("Okafor Ada.csv", "watched folder", "folder"),
    ("Okafor Ada.csv", "command line", "command"),
    ("Okafor Ada.csv", "nurse:Ada", "screens"),
    ("http Okafor Ada.csv", "command line", "command"),
    ("home", None, "screens"),
]


@pytest.mark.parametrize(("source", "author", "shown"), SOURCES)
def test_a_source_is_named_only_where_the_name_is_one_of_ours(source: str, author: str | None, shown: str) -> None:
    assert source_of(source, author) == shown


def test_no_patient_and_no_file_is_in_the_metrics(ward: Ward) -> None:
    ward.post("/api/fhir", json.dumps(temperature(38.6, "obs-7", "Ada-Okafor")))
    refusal = Refusal(source="Okafor.csv", place="2", field="temp_c", value="99.9", reason="no", rule="implausible")
    ward.store.append([RowRead(source="Okafor.csv", place="2", refusals=(refusal,))], author="x", received_at=NOW)
    secret, _ = ward.admission.make_token("prometheus", [Scope.METRICS_READ], NOW)
    text = ward.client.get("/metrics", headers={"authorization": f"Bearer {secret}"}).text
    assert [word for word in ("Okafor", "obs-7", "99.9", "38.6") if word in text] == []


def test_the_metrics_want_a_token_with_their_scope_even_from_this_machine(ward: Ward) -> None:
    assert ward.client.get("/metrics").status_code == 401
    assert ward.client.get("/metrics", headers={"authorization": f"Bearer {ward.secret}"}).status_code == 403


def test_requests_are_timed_by_the_door_they_came_to(ward: Ward) -> None:
    def requests() -> float:
        return figures(ward).get(("monitoring_request_seconds_count", "/api/observations", "200"), 0.0)

    before = requests()
    ward.post("/api/observations", json.dumps(SET))
    assert requests() == before + 1


def test_a_silent_store_is_said_and_not_an_error(ward: Ward, monkeypatch: pytest.MonkeyPatch) -> None:
    def silent() -> None:
        raise StoreUnavailable("gone")

    secret, _ = ward.admission.make_token("prometheus", [Scope.METRICS_READ], NOW)
    monkeypatch.setattr(metrics, "store", silent)
    answer = ward.client.get("/metrics", headers={"authorization": f"Bearer {secret}"})
    assert answer.status_code == 200
    assert "\nmonitoring_store_up 0.0\n" in answer.text
    assert "monitoring_rows_total" not in answer.text


def test_health_says_what_is_stored_and_when_something_last_came(ward: Ward) -> None:
    empty = ward.client.get("/healthz").json()
    assert (empty["status"], empty["version"], empty["last_arrival"]) == ("ok", 0, None)
    assert re.fullmatch(r"[0-9]{4}", empty["schema"])
    ward.post("/api/observations", json.dumps(SET))
    full = ward.client.get("/healthz").json()
    assert full["version"] == 1
    assert timedelta(0) <= datetime.now(UTC) - datetime.fromisoformat(full["last_arrival"]) < timedelta(minutes=1)


# --- OpenAPI


@pytest.fixture
def document(ward: Ward) -> dict[str, Any]:
    answer = ward.client.get("/api/openapi.json")
    assert answer.status_code == 200
    found = answer.json()
    assert isinstance(found, dict)
    return found


def references(part: object) -> list[str]:
    """Every `$ref` in a document."""
    if isinstance(part, dict):
        inner = [ref for value in part.values() for ref in references(value)]
        return [*inner, part["$ref"]] if "$ref" in part else inner
    return [ref for value in part for ref in references(value)] if isinstance(part, list) else []


def schema_of(document: dict[str, Any], path: str, method: str, answer: httpx.Response) -> dict[str, Any]:
    """The schema the document gives for an answer, with the components beside it."""
    described = document["paths"][path][method]["responses"][str(answer.status_code)]
    media = answer.headers["content-type"].partition(";")[0]
    return {**described["content"][media]["schema"], "components": document["components"]}


def test_the_document_is_openapi_and_all_its_schemas_are_schemas(document: dict[str, Any]) -> None:
    assert document["openapi"] == "3.1.0"
    assert {"title", "version"} <= set(document["info"])
    for schema in document["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)
    for ref in references(document):
        where: Any = document
        for part in ref.removeprefix("#/").split("/"):
            where = where[part]
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    assert all({"operationId", "responses", "summary"} <= set(operation) for operation in operations)
    assert len({operation["operationId"] for operation in operations}) == len(operations)
    assert all("description" in said for operation in operations for said in operation["responses"].values())


def test_every_route_of_machines_is_described_and_every_description_is_a_route(document: dict[str, Any]) -> None:
    routes: dict[str, set[str]] = {}
    for route in ROUTES:
        if isinstance(route, Route):
            routes.setdefault(route.path, set()).update(route.methods or ())
    machines = {path for path in routes if door_to(path).scopes} | {"/healthz"}
    assert set(document["paths"]) == machines
    for path, operations in document["paths"].items():
        assert {method.upper() for method in operations} <= routes[path]


CALLS = [
    ("all stored", "/api/observations", json.dumps(SET), 200),
    ("some quarantined", "/api/observations", json.dumps([SET, {**SET, "vaule": 1}]), 207),
    ("all quarantined", "/api/observations", "[1]", 422),
    ("empty", "/api/observations", "", 400),
    ("a resource", "/api/fhir", json.dumps(temperature()), 200),
    ("some entries", "/api/fhir", json.dumps(bundle(temperature(), temperature(99.9, "bad"))), 207),
    ("no FHIR", "/api/fhir", "x", 422),
    ("nothing", "/api/fhir", "", 400),
]


@pytest.mark.parametrize(("case", "path", "body", "status"), CALLS, ids=[f"{row[1]} {row[0]}" for row in CALLS])
def test_an_answer_is_as_the_document_says(
    case: str, path: str, body: str, status: int, ward: Ward, document: dict[str, Any]
) -> None:
    answer = ward.post(path, body)
    assert answer.status_code == status
    Draft202012Validator(schema_of(document, path, "post", answer)).validate(answer.json())


def test_refusals_at_the_door_are_as_the_document_says(ward: Ward, document: dict[str, Any]) -> None:
    for path in ("/api/fhir", "/api/observations"):
        for answer in (ward.post(path, "x", "text/csv"), ward.post(path, "x", authorization="Bearer no")):
            Draft202012Validator(schema_of(document, path, "post", answer)).validate(answer.json())


def test_the_described_body_is_what_is_taken(ward: Ward, document: dict[str, Any]) -> None:
    described = document["paths"]["/api/observations"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    validator = Draft202012Validator({**described, "components": document["components"]})
    for body, good in ((SET, True), ([SET, SET], True), ({**SET, "vaule": 1}, False), ({"time": "x"}, False)):
        assert validator.is_valid(body) is good
        assert (ward.post("/api/observations", json.dumps(body)).status_code == 200) is good
