"""The ward board: a component whose html, css and js stand beside this file.

A native table would look alive after the server has died (lab.md, section 0.4); only code in the browser can say STALE.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import streamlit as st

from monitoring.ui.marks import shape, spoken, state, tokens
from monitoring.ui.people import patient_key
from monitoring.views import Age, GradeCell, VitalCell, WardRow, WardView
from monitoring.vocabulary import AlertLevel

STALE_AFTER_SECONDS = 15
"""Three missed refreshes."""

_HERE = Path(__file__).parent
LEGEND = (
    "Who needs somebody first stands at the top · circle ○ 0 ◔ 1 ◑ 2 ◕ 3 ● 4, light to dark · "
    "dashed = not enough is known, the circle shows the highest possible grade · struck through = old · ASTCT 2019 · "
    "decision support, for clinician review"
)


def _read(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")


_COMPONENT = st.components.v2.component(
    "ward_board", html=_read("board.html"), css=f":host {{ {tokens()} }}\n{_read('board.css')}", js=_read("board.js")
)


def draw_board(payload: dict[str, Any]) -> str | None:
    """Draws the board; the key of the patient whose row was pressed in this run, or None."""
    pressed: str | None = _COMPONENT(key="board", data=payload, on_open_change=_nothing).open
    return pressed


def _nothing() -> None:
    """Declares the trigger; the page reads its value."""


def board_payload(view: WardView, at_text: str, *, empty: str, trouble: str = "", named: bool = True) -> dict[str, Any]:
    """The view as plain JSON for the component. `at_text` is the time of the view on the ward's clock.

    Without `named`, only initials leave the server: a wall is read by whoever walks past.
    """
    columns = _columns(view.rows)
    labels = {column["key"]: column["label"] for column in columns if column["kind"] == "vital"}
    return {
        "lang": "en",
        "title": view.ward,
        "caption": f"Patients of {view.ward} at {at_text}, who needs somebody first at the top",
        "asOf": view.as_of.isoformat(),
        "liveText": at_text,
        "staleAfter": STALE_AFTER_SECONDS,
        "trouble": trouble,
        "counts": _counts(view),
        "columns": columns,
        "rows": [_row(row, labels, named=named) for row in view.rows],
        "empty": empty,
        "legend": LEGEND,
    }


def _counts(view: WardView) -> list[dict[str, str]]:
    one = len(view.rows) == 1
    counted = [
        (len(view.rows), "patient" if one else "patients"),
        (view.need_now, "needs somebody now" if view.need_now == 1 else "need somebody now"),
        (view.overdue, "overdue"),
        (view.silent, "silent"),
    ]
    return [{"number": str(number), "words": words} for number, words in counted if view.rows]


def _columns(rows: Iterable[WardRow]) -> list[dict[str, str]]:
    vitals = {vital.concept: f"{vital.label} {vital.unit}".strip() for row in rows for vital in row.vitals}
    return [
        {"kind": "bed", "key": "bed", "label": "Bed"},
        {"kind": "patient", "key": "patient", "label": "Patient"},
        {"kind": "grade", "key": "crs", "label": "CRS"},
        {"kind": "grade", "key": "icans", "label": "ICANS"},
        {"kind": "grade", "key": "reported", "label": "Reported"},
        {"kind": "reason", "key": "reason", "label": "Why, and what next"},
        *({"kind": "vital", "key": concept, "label": label} for concept, label in vitals.items()),
        {"kind": "next", "key": "next", "label": "Next due"},
    ]


def initials(row: WardRow) -> str:
    """`Okafor, Ada` as `O. A.`; a patient without a name is not shown by their number either."""
    parts = [] if row.name == row.patient_id else row.name.replace(",", " ").split()
    return " ".join(f"{part[0].upper()}." for part in parts) or "patient"


def _row(row: WardRow, labels: dict[str, str], *, named: bool) -> dict[str, Any]:
    charted = {vital.concept: _vital(vital) for vital in row.vitals}
    return {
        "key": patient_key(row.patient_id),
        "bed": row.bed,
        "name": row.name if named else initials(row),
        "subtitle": " · ".join(part for part in (row.subtitle, row.day_text) if part),
        "grades": {
            "crs": _grade(row.crs),
            "icans": _grade(row.icans),
            "reported": _grade(row.reported) | {"worst": ""},
        },
        "why": row.why,
        "then": row.then,
        "vitals": {concept: charted.get(concept) or _not_charted(label) for concept, label in labels.items()},
        "due": row.due,
        "dueDetail": row.due_detail,
        "overdue": row.overdue,
        "silent": row.silent,
        "level": "critical" if row.level is AlertLevel.CRITICAL else "",
    }


def _grade(grade: GradeCell) -> dict[str, Any]:
    kind = state(grade)
    worse = grade.gradable and (grade.worst_24h or 0) > (shape(grade) or 0)
    return {
        "label": grade.label,
        "text": grade.text,
        "state": kind,
        "shade": str(grade.at_least or 0),
        "glyph": shape(grade),
        "spoken": spoken(grade),
        "worst": f"was {grade.worst_24h}\nin 24 h" if worse else "",
    }


def _not_charted(label: str) -> dict[str, Any]:
    return {"label": label, "text": "—", "age": "", "old": False, "notable": False}


def _vital(vital: VitalCell) -> dict[str, Any]:
    return {
        "label": f"{vital.label} {vital.unit}".strip(),
        "text": vital.text,
        "age": vital.age_text,
        "old": vital.age in {Age.OLD, Age.STALE},
        "notable": vital.notable and vital.age is Age.FRESH,
    }
