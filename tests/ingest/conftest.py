"""Text in, rows out: what the reader tests stand on."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from reading import RECEIVED, Read

from monitoring.concepts import dictionary
from monitoring.ingest import read_paths
from monitoring.records import RowRead


@pytest.fixture
def read(tmp_path: Path) -> Read:
    def of(content: str | bytes, name: str = "file.csv", fmt: str = "auto", zone: str | None = None) -> list[RowRead]:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        tz = ZoneInfo(zone) if zone else None
        return list(read_paths([path], fmt=fmt, tz=tz, received_at=RECEIVED, dictionary=dictionary()))

    return of
