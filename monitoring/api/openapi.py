"""`GET /api/openapi.json`: what machines may ask, as OpenAPI 3.1, made of the constants the routes themselves use."""

from __future__ import annotations

from functools import cache
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse

import monitoring
from monitoring.api.intake import FHIR_TYPES, OBSERVATION_TYPES
from monitoring.api.opened import settings
from monitoring.ingest.objects import FIELDS, NEEDED
from monitoring.vocabulary import Scope

Json = dict[str, Any]

_VALUE = {"type": ["string", "number", "boolean", "null"]}
_WORDS = {"type": ["string", "null"]}
_ABOUT = {
    "patient_id": "The patient's identifier.",
    "time": "ISO 8601 with an offset, when it was so.",
    "concept": "A concept's id, name or code, such as temperature, sbp or 8310-5.",
    "value": "As the long CSV has it; null or absent with a status such as not-taken.",
    "unit": "UCUM or a spelling the dictionary knows; empty for the concept's own.",
    "recorded_at": "ISO 8601, when it was charted.",
    "record_id": "The source's own identity; the same again corrects or withdraws.",
}


def _observation() -> Json:
    known: Json = {name: {**(_VALUE if name == "value" else _WORDS)} for name in FIELDS}
    for name, about in _ABOUT.items():
        known[name]["description"] = about
    for name in NEEDED:
        known[name]["type"] = "string"
    return {"type": "object", "required": list(NEEDED), "properties": known, "additionalProperties": False}


def _counts() -> Json:
    return {
        name: {"type": "integer", "minimum": 0} for name in ("read", "stored", "duplicates", "quarantined", "ignored")
    }


_REFUSAL: Json = {
    "type": "object",
    "required": ["place", "reason"],
    "properties": {"place": {"type": "string"}, "field": _WORDS, "reason": {"type": "string"}, "rule": _WORDS},
    "additionalProperties": False,
}


def _schemas() -> Json:
    counts = _counts()
    report = {
        **counts,
        "ignored_kinds": {"type": "object", "additionalProperties": {"type": "integer"}},
        "refusals": {"type": "array", "items": {"$ref": "#/components/schemas/Refusal"}},
        "note": {"type": "string"},
    }
    return {
        "Observation": _observation(),
        "Refusal": _REFUSAL,
        "Report": {
            "type": "object",
            "description": "read = stored + duplicates + quarantined + ignored, always.",
            "required": [*counts, "ignored_kinds", "refusals"],
            "properties": report,
            "additionalProperties": False,
        },
        "OperationOutcome": {
            "type": "object",
            "description": "FHIR R4. One issue for each refusal, naming its entry; the last one is the equation.",
            "required": ["resourceType", "issue"],
            "properties": {
                "resourceType": {"const": "OperationOutcome"},
                "issue": {
                    "type": "array",
                    "minItems": 1,
                    "items": {
                        "type": "object",
                        "required": ["severity", "code", "diagnostics"],
                        "properties": {
                            "severity": {"enum": ["error", "information"]},
                            "code": {"type": "string"},
                            "diagnostics": {"type": "string"},
                            "expression": {"type": "array", "items": {"type": "string"}},
                        },
                        "additionalProperties": False,
                    },
                },
            },
            "additionalProperties": False,
        },
        "Problem": {
            "type": "object",
            "required": ["detail"],
            "properties": {"detail": {"type": "string"}},
            "additionalProperties": False,
        },
        "Health": {
            "type": "object",
            "required": ["status"],
            "properties": {
                "status": {"type": "string"},
                "reason": {"type": "string"},
                "version": {"type": "integer"},
                "schema": {"type": "string"},
                "last_arrival": _WORDS,
                "watched": _WORDS,
            },
        },
    }


def _answer(about: str, media: str, schema: str, **headers: str) -> Json:
    said: Json = {"description": about, "content": {media: {"schema": {"$ref": f"#/components/schemas/{schema}"}}}}
    if headers:
        said["headers"] = {name: {"description": text, "schema": {"type": "integer"}} for name, text in headers.items()}
    return said


def _intake(media: str, schema: str, refused: str) -> Json:
    """The answers of a route that takes facts in."""
    held = "held as it came, on the Intake page; to send it again unchanged changes nothing"
    wait = "seconds to wait"
    return {
        "200": _answer("Every row is stored, a duplicate, or no fact for us.", media, schema),
        "207": _answer(f"Some rows were quarantined: {held}. The others are stored.", media, schema),
        "422": _answer(f"Every row was quarantined: {held}.", media, schema),
        "400": _answer("The body is empty.", media, refused),
        "401": _answer("No token, or one that is revoked or over.", "application/json", "Problem"),
        "403": _answer(f"The token lacks the scope {Scope.INGEST_WRITE.value}.", "application/json", "Problem"),
        "408": _answer("The body stopped half way; nothing was stored.", media, refused),
        "413": _answer("The body is too large; nothing was stored.", media, refused),
        "415": _answer("A content type or encoding that is not read here.", media, refused),
        "429": _answer("Too many requests from this token.", media, refused, **{"Retry-After": wait}),
        "503": _answer("The store does not answer; send the same again.", media, refused, **{"Retry-After": wait}),
    }


@cache
def document() -> Json:
    """The whole document."""
    any_resource: Json = {"type": "object", "required": ["resourceType"]}
    one_or_many = {
        "oneOf": [
            {"$ref": "#/components/schemas/Observation"},
            {"type": "array", "items": {"$ref": "#/components/schemas/Observation"}},
        ]
    }
    bodies = {
        name: {"schema": any_resource if name.endswith("json") and "nd" not in name else {"type": "string"}}
        for name in FHIR_TYPES
    }
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Post-infusion toxicity monitor",
            "version": monitoring.__version__,
            "description": "Facts in. Decision support for clinician review; not a medical device. "
            "How to send, with examples: docs/interfaces.md.",
        },
        "servers": [{"url": settings().public_url}],
        "security": [{"token": []}],
        "paths": {
            "/api/fhir": {
                "post": {
                    "summary": "FHIR R4: a resource, a Bundle, a list of resources, or NDJSON",
                    "operationId": "postFhir",
                    "requestBody": {"required": True, "content": bodies},
                    "responses": _intake("application/fhir+json", "OperationOutcome", "OperationOutcome"),
                }
            },
            "/api/observations": {
                "post": {
                    "summary": "Observations as the long CSV has them: one object, or an array",
                    "operationId": "postObservations",
                    "requestBody": {
                        "required": True,
                        "content": {name: {"schema": one_or_many} for name in OBSERVATION_TYPES},
                    },
                    "responses": _intake("application/json", "Report", "Problem"),
                }
            },
            "/metrics": {
                "get": {
                    "summary": "Prometheus text, for a token with the scope metrics:read",
                    "operationId": "metrics",
                    "responses": {
                        "200": {"description": "The metrics.", "content": {"text/plain": {}}},
                        "401": _answer("No token.", "application/json", "Problem"),
                        "403": _answer("The token lacks the scope.", "application/json", "Problem"),
                    },
                }
            },
            "/healthz": {
                "get": {
                    "summary": "Whether the application and its store answer",
                    "operationId": "health",
                    "security": [],
                    "responses": {
                        "200": _answer("Both answer.", "application/json", "Health"),
                        "503": _answer("The store does not answer.", "application/json", "Health"),
                    },
                }
            },
        },
        "components": {
            "schemas": _schemas(),
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "Made by `python -m monitoring user token NAME --scope ingest:write`.",
                }
            },
        },
    }


async def described(_: Request) -> JSONResponse:
    """The document."""
    return JSONResponse(document(), media_type="application/vnd.oai.openapi+json;version=3.1")
