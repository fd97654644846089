"""Tables of an export that are worked out of the facts: read again they are passed over, counted, and never facts."""

from __future__ import annotations

from monitoring.ingest.kinds import Kind
from monitoring.ingest.rows import Row


def _pass_over(row: Row) -> None:
    row.ignored_kind = "row of an export that is worked out of the facts"


def _kind(name: str, *columns: str) -> Kind:
    return Kind(name, {column: (column,) for column in columns}, tuple((column,) for column in columns), _pass_over)


DERIVED = (
    _kind("grade steps of an export", *["patient_id", "system", "revision", "from", "to", "at_least", "at_most"]),
    _kind("episodes of an export", *["patient_id", "system", "revision", "onset", "peak", "resolved"]),
    _kind("refusals of an export", *["source", "place", "rule", "field", "value", "reason"]),
    _kind("registry report of an export", *["patient_id", "infusion", "crs_onset_date", "icans_onset_date", "missing"]),
)
"""Kinds without facts; each needs all its columns."""
