"""Neurological assessments: ICE or CAPD by items or total, and the four other domains."""

from __future__ import annotations

from typing import Any

from monitoring.cognition import capd_range, ice_range
from monitoring.concepts import folded
from monitoring.ingest.kinds import ANY_FACT, Kind
from monitoring.ingest.rows import Row
from monitoring.records import NeuroAssessment
from monitoring.vocabulary import AbsentReason, Consciousness, Icp, Motor, NeuroTool, Seizure

ICE_ITEMS = {"orientation": 4, "naming": 3, "commands": 1, "writing": 1, "attention": 1}
"""Points by item (clinical.md b.1)."""
CAPD_ITEMS = (
    "eye_contact",
    "purposeful",
    "aware",
    "communicates",
    "restless",
    "inconsolable",
    "underactive",
    "slow_response",
)
_ANSWERS = ("never", "rarely", "sometimes", "often", "always")
_HIGHEST = {NeuroTool.ICE: 10, NeuroTool.CAPD: 32}
_OTHER_DOMAINS = ("consciousness", "seizure", "motor", "icp")
_LONGEST_SEIZURE_MINUTES = 1440.0


def _read(row: Row) -> None:
    said = row.at()
    charted = row.word("tool", NeuroTool)
    items = _items(row)
    tool = charted or _tool_of(items)
    if row.text("tool") is not None and charted is None:
        return
    if items and charted is not None and _tool_of(items) is not charted:
        row.refuse(
            "tool",
            "contradiction",
            f"the items filled in belong to {_tool_of(items)}; not read. Correct the tool or the items",
        )
        return
    total = None
    if row.text("total") is not None and tool is None:
        row.refuse("total", "missing", "a total without a tool; expected ICE or CAPD in the tool column. Not read")
    elif tool is not None:
        total = row.whole("total", 0, _HIGHEST[tool])
    possible = ice_range(None, items) if tool is NeuroTool.ICE else capd_range(None, items)
    if total is not None and possible is not None and not possible[0] <= total <= possible[1]:
        low, high = possible
        adds = f"{low:g}" if low == high else f"{low:g} to {high:g}"
        row.refuse("total", "contradiction", f"the items add to {adds}; neither was read. Correct total or items")
        total, items = None, {}
    found: dict[str, Any] = {
        "consciousness": row.word("consciousness", Consciousness),
        "seizure": row.word("seizure", Seizure),
        "motor": row.word("motor", Motor),
        "icp": row.word("icp", Icp),
    }
    minutes = _minutes(row)
    if found["seizure"] is Seizure.NONE and minutes:
        row.refuse("seizure", "contradiction", "no seizure, and minutes of one; neither was read. Correct one of them")
        found["seizure"], minutes = None, None
    reason = row.word("absent_reason", AbsentReason)
    scored = total is not None or bool(items)
    absent = _absent(row, tool, scored, reason)
    if said is None or not (scored or absent or minutes is not None or any(found.values())):
        return
    row.add(
        NeuroAssessment(
            **said,
            **found,
            tool=tool if scored or absent else None,
            total=total,
            items=items or None,
            seizure_minutes=minutes,
            consciousness_cause=row.text("consciousness_cause"),
            absent=absent or None,
        )
    )


def _items(row: Row) -> dict[str, Any]:
    """Item points or answers of whichever tool is filled in; refused cells are left out."""
    points: dict[str, Any] = {name: row.whole(name, 0, highest) for name, highest in ICE_ITEMS.items()}
    for name in CAPD_ITEMS:
        text = row.text(name)
        if text is None:
            continue
        if folded(text) in _ANSWERS:
            points[name] = folded(text)
        else:
            row.refuse(name, "unknown word", f"expected one of {', '.join(_ANSWERS)}; not read. Correct the cell")
    return {name: value for name, value in points.items() if value is not None}


def _tool_of(items: dict[str, Any]) -> NeuroTool | None:
    if not items:
        return None
    return NeuroTool.ICE if any(name in ICE_ITEMS for name in items) else NeuroTool.CAPD


def _minutes(row: Row) -> float | None:
    minutes = row.number("seizure_minutes")
    if minutes is not None and not 0 <= minutes <= _LONGEST_SEIZURE_MINUTES:
        row.refuse("seizure_minutes", "implausible", "expected minutes from 0 to 1440; not read. Correct the cell")
        return None
    return minutes


def _absent(row: Row, tool: NeuroTool | None, scored: bool, reason: AbsentReason | None) -> dict[str, AbsentReason]:
    """The domain a reason stands for: the tool named without a score, else every other domain left empty."""
    if reason is None:
        return {}
    if tool is not None:
        return {} if scored or row.text("total") is not None else {tool.value.lower(): reason}
    return {domain: reason for domain in _OTHER_DOMAINS if domain in row.headers and row.text(domain) is None}


_SCORES = ("total", *ICE_ITEMS, *CAPD_ITEMS, *_OTHER_DOMAINS)
_PLAIN = ("patient_id", "time", "tool", *_SCORES, "seizure_minutes", "consciousness_cause", "absent_reason")
NEURO_ASSESSMENTS = Kind(
    "neurological assessments",
    {**{name: (name,) for name in _PLAIN}, **ANY_FACT},
    (("patient_id",), ("time",), _SCORES),
    _read,
)
