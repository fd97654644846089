"""What became of each resource, as the OperationOutcome an HTTP client is answered with."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from monitoring.records import RowRead

_ENTRY = re.compile(r"entry ([0-9]+)\)?$")
_ISSUE = {"format": "structure", "missing": "required", "unknown code": "code-invalid"}


def operation_outcome(rows: Iterable[RowRead]) -> dict[str, Any]:
    """One issue for each refusal, naming its entry and element; one informational issue where all was accepted."""
    issues: list[dict[str, Any]] = []
    for row in rows:
        entry = _ENTRY.search(row.place)
        within = f"Bundle.entry[{int(entry[1]) - 1}].resource" if entry else ""
        for refusal in row.refusals:
            at = ".".join(part for part in (within, refusal.field) if part)
            issue: dict[str, Any] = {
                "severity": "error",
                "code": _ISSUE.get(refusal.rule or "", "value"),
                "diagnostics": refusal.sentence(),
            }
            issues.append({**issue, "expression": [at]} if at else issue)
    everything = {"severity": "information", "code": "informational", "diagnostics": "every resource was accepted"}
    return {"resourceType": "OperationOutcome", "issue": issues or [everything]}
