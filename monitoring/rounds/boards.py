"""The board computed once and shown to everybody: a row anew where its patient's facts or its own moment ask for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, tzinfo
from threading import Lock

from monitoring.course import Course
from monitoring.monitored import watched
from monitoring.views import WardView
from monitoring.ward_view import PlacedRow, in_order, placed_row

_WARDS_KEPT = 16

Narrow = Callable[[Course], bool]


class Boards:
    """The boards of the courses that are known now. Safe to share between threads."""

    def __init__(self, ward_zone: tzinfo) -> None:
        self._ward_zone = ward_zone
        self._lock = Lock()
        self._rows: dict[str, tuple[Course, PlacedRow]] = {}
        self._views: dict[str | None, tuple[Mapping[str, Course], WardView]] = {}

    def board(
        self,
        courses: Mapping[str, Course],
        as_of: datetime,
        ward: str | None,
        belongs: Narrow,
        called: Callable[[list[Course]], str],
    ) -> WardView:
        """The board of the courses that belong to `ward`; the same object for whoever asks of the same moment."""
        with self._lock:
            known = self._views.get(ward)
            if known is not None and known[0] is courses and known[1].as_of == as_of:
                return known[1]
            shown = [one for one in watched(courses.values(), as_of) if ward is None or belongs(one)]
            view = in_order([self._row(one, as_of) for one in shown], as_of, ward or called(shown))
            if len(self._views) >= _WARDS_KEPT:
                self._views.clear()
            self._views[ward] = courses, view
            self._rows = {name: kept for name, kept in self._rows.items() if courses.get(name) is kept[0]}
            return view

    def _row(self, course: Course, as_of: datetime) -> PlacedRow:
        kept = self._rows.get(course.patient_id)
        if kept is not None and kept[0] is course and kept[1].since <= as_of < kept[1].until:
            return kept[1]
        row = placed_row(course, as_of, self._ward_zone)
        self._rows[course.patient_id] = course, row
        return row
