"""Resources in, rows out: what the FHIR tests stand on."""

from __future__ import annotations

import io
import json
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from fhir_resources import RECEIVED, ReadFhir

from monitoring.concepts import Dictionary, dictionary
from monitoring.ingest.fhir import read_fhir
from monitoring.ingest.rows import Reading
from monitoring.records import RowRead

SHARED = Path(__file__).resolve().parents[3].parent / "shared" / "data" / "fhir"


@pytest.fixture
def read() -> ReadFhir:
    def of(
        content: object, zone: str | None = None, site: Dictionary | None = None, live: bool = False
    ) -> list[RowRead]:
        raw = content if isinstance(content, bytes) else json.dumps(content).encode()
        tz = ZoneInfo(zone) if zone else None
        reading = Reading("feed", RECEIVED, tz, site or dictionary(), live=live)
        return list(read_fhir(io.BytesIO(raw), reading))

    return of


@pytest.fixture
def shared() -> Path:
    if not SHARED.is_dir():
        pytest.skip(f"the FHIR examples are not beside this checkout ({SHARED})")
    return SHARED
