"""What must hold of any bytes at all, whichever reader they reach."""

from __future__ import annotations

import io
from contextlib import suppress
from datetime import UTC, datetime

from monitoring.concepts import dictionary
from monitoring.ingest import FileRefused, read_stream

RECEIVED = datetime(2026, 3, 20, tzinfo=UTC)


def read_without_harm(content: bytes, fmt: str) -> int:
    """Read `content`; the rows read. Anything raised but FileRefused, or a row without one outcome, is a finding."""
    count = 0
    with suppress(FileRefused):
        rows = read_stream(
            io.BytesIO(content), source="hostile", fmt=fmt, tz=UTC, received_at=RECEIVED, dictionary=dictionary()
        )
        for row in rows:
            count += 1
            assert row.place, "a row without a place"
            assert row.facts or row.refusals or row.ignored_kind, f"{row.place} was read as nothing"
            assert all(refusal.reason and refusal.rule for refusal in row.refusals), f"{row.place}: no reason"
            for fact in row.facts:
                assert fact.patient_id
                assert fact.received_at == RECEIVED
                assert len(fact.fact_id) == 32
                fact.model_dump_json().encode()
            for refusal in row.refusals:
                refusal.model_dump_json().encode()
    return count
