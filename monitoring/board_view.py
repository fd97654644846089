"""The board as plain JSON, for the component that draws it and for the route that keeps it fresh."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from monitoring.views import Age, GradeCell, VitalCell, WardRow, WardView
from monitoring.vocabulary import AlertLevel

STALE_AFTER_SECONDS = 15
"""The board is fetched each second: by then it has not come for many times in a row."""

LEGEND = (
    "Who needs somebody first stands at the top · circle ○ 0 ◔ 1 ◑ 2 ◕ 3 ● 4, light to dark · "
    "dashed = not enough is known, the circle shows the highest possible grade · struck through = old · ASTCT 2019 · "
    "decision support, for clinician review"
)
EMPTY = (
    "No patient is on this ward yet. Drop the ward's files on the Intake page, or run: python -m monitoring ingest FILE"
)

DAY = "%-d %b %Y"
"""How the day of a printed board is written."""

KeyOf = Callable[[str], str]
"""What stands for a patient id in an address."""


def unwatched(since: datetime | None, clock: Callable[[datetime], str]) -> str:
    """What to say where the watch has stopped; empty while it is kept."""
    return "" if since is None else f"Not live since {clock(since)}: alerts are not kept. Tell the data manager."


def unanswered(at_text: str) -> dict[str, Any]:
    """What a board of `at_text` says once the store is silent; empty for a board nobody has seen yet."""
    since = f" since {at_text}" if at_text else ""
    return {"trouble": f"Not live{since}: the store does not answer.", "liveText": f"not live{since}", "silent": True}


def board_payload(
    view: WardView,
    at_text: str,
    *,
    key_of: KeyOf,
    day_text: str = "",
    empty: str = EMPTY,
    trouble: str = "",
    named: bool = True,
) -> dict[str, Any]:
    """The view as plain JSON for the component. `at_text` is the time of the view on the ward's clock.

    Paper is not live: on it the time stands with `day_text`. Without `named`, only initials leave the server: a wall
    is read by whoever walks past.
    """
    around = _around(view, at_text, day_text, empty, trouble)
    return around | {"rows": [_row(row, _labels(around), key_of, named=named) for row in view.rows]}


class WrittenRows:
    """The rows of a board as JSON text, each written once for as long as it is the same row."""

    def __init__(self, key_of: KeyOf, *, named: bool) -> None:
        """`key_of` and `named` as in `board_payload`."""
        self._key_of, self._named = key_of, named
        self._labels: dict[str, str] = {}
        self._kept: dict[str, tuple[WardRow, str]] = {}

    def board(self, view: WardView, at_text: str, *, day_text: str, trouble: str) -> str:
        """`board_payload` of the view as JSON."""
        around = _around(view, at_text, day_text, EMPTY, trouble)
        if self._labels != _labels(around):
            self._labels, self._kept = _labels(around), {}
        self._kept = {row.patient_id: self._written(row) for row in view.rows}
        rows = ",".join(text for _, text in self._kept.values())
        return f'{_text(around)[:-1]},"rows":[{rows}]}}'

    def _written(self, row: WardRow) -> tuple[WardRow, str]:
        kept = self._kept.get(row.patient_id)
        if kept is not None and kept[0] is row:
            return kept
        return row, _text(_row(row, self._labels, self._key_of, named=self._named))


def _text(payload: dict[str, Any]) -> str:
    return json.dumps(payload, ensure_ascii=False, separators=(",", ":"))


def _around(view: WardView, at_text: str, day_text: str, empty: str, trouble: str) -> dict[str, Any]:
    """The board without its rows."""
    return {
        "lang": "en",
        "title": view.ward,
        "caption": f"Patients of {view.ward} at {at_text}, who needs somebody first at the top",
        "asOf": view.as_of.isoformat(),
        "liveText": at_text,
        "printed": f"{day_text} {at_text}".strip(),
        "staleAfter": STALE_AFTER_SECONDS,
        "trouble": trouble,
        "unanswered": unanswered(at_text),
        "counts": _counts(view),
        "columns": _columns(view.rows),
        "empty": empty,
        "legend": LEGEND,
    }


def _labels(around: dict[str, Any]) -> dict[str, str]:
    return {column["key"]: column["label"] for column in around["columns"] if column["kind"] == "vital"}


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


def _row(row: WardRow, labels: dict[str, str], key_of: KeyOf, *, named: bool) -> dict[str, Any]:
    charted = {vital.concept: _vital(vital) for vital in row.vitals}
    return {
        "key": key_of(row.patient_id),
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
        "seen": row.seen,
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


def state(grade: GradeCell) -> str:
    """How a badge is drawn: `certain`, `interval`, `ungradable`, or `silent` where nobody has reported."""
    if not grade.gradable:
        return "ungradable"
    if grade.at_most is None:
        return "silent"
    return "certain" if grade.text == str(grade.at_least) else "interval"


def shape(grade: GradeCell) -> int | None:
    """How far the circle is filled, 0 to 4: the highest possible grade; None where there is no circle.

    A reported grade is the worst that somebody said and so certain, whatever nobody was asked about.
    """
    return {"certain": grade.at_least, "interval": grade.at_most}.get(state(grade))


def spoken(grade: GradeCell) -> str:
    """The badge for somebody who hears it."""
    words = {
        "certain": f"{grade.label} grade {grade.at_least}",
        "interval": f"{grade.label} grade between {grade.at_least} and {grade.at_most}, not enough is known",
        "ungradable": f"{grade.label} {grade.text}",
        "silent": f"{grade.label}: nothing reported",
    }
    return words[state(grade)]
