"""Every patient's course, kept as long as nothing new is known: what arrived since is read, and nothing twice."""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, tzinfo
from threading import Lock

import numpy as np

from monitoring.concepts import Dictionary
from monitoring.course import Course
from monitoring.packed import Packed
from monitoring.records import AlertChange, Fact
from monitoring.site import SiteSettings
from monitoring.store import Mark, Store
from monitoring.timeline import micros

_READ_AT_ONCE = 20_000
"""Facts read from the store and packed before more are read."""
_EARLIER_WARDS_KEPT = 4
"""How many moments somebody looks back to at once; the courses of a moment are small beside those of now."""


class Courses:
    """The courses of a store. Safe to share between threads. Every method raises StoreUnavailable."""

    def __init__(self, store: Store, dictionary: Dictionary, ward_zone: tzinfo) -> None:
        self._store = store
        self._reference = self._dictionary = dictionary
        self._ward_zone = ward_zone
        self._lock = Lock()
        self._mark: Mark | None = None
        self._facts: dict[str, Packed] = {}
        self._courses: dict[str, Course] = {}
        self._changed: set[str] = set()
        self._alerts: dict[str, list[AlertChange]] = defaultdict(list)
        self._standing: dict[str, dict[str, AlertChange]] = defaultdict(dict)
        self._shown: Mapping[str, Course] = {}
        self._earlier: OrderedDict[datetime, dict[str, Course]] = OrderedDict()

    def now(self) -> Mapping[str, Course]:
        """The course of every patient by id, from everything stored by now; the same object while nothing is new."""
        with self._lock:
            self._read()
            return self._shown

    def alerts(self, patient_id: str) -> Sequence[AlertChange]:
        """What the watch noted of one patient, as it was stored."""
        with self._lock:
            self._read()
            return tuple(self._alerts.get(patient_id, ()))

    def standing(self) -> Mapping[str, Mapping[str, AlertChange]]:
        """The last change of each alert by its name, of each patient of whom the watch noted any."""
        with self._lock:
            self._read()
            return {name: dict(last) for name, last in self._standing.items()}

    def known_by(self, moment: datetime) -> Mapping[str, Course]:
        """The courses from what had reached us by `moment`, of patients of whom anything had."""
        with self._lock:
            self._read()
            courses = self._earlier.pop(moment, None)
            if courses is None:
                built = {name: self._by(name, moment) for name in self._facts}
                courses = {name: course for name, course in built.items() if course is not None}
            self._earlier[moment] = courses
            if len(self._earlier) > _EARLIER_WARDS_KEPT:
                self._earlier.popitem(last=False)
            return dict(courses)

    def one_known_by(self, patient_id: str, moment: datetime) -> Course | None:
        """One patient's course from what had reached us by `moment`; None where nothing had."""
        with self._lock:
            self._read()
            earlier = self._earlier.get(moment)
            return self._by(patient_id, moment) if earlier is None else earlier.get(patient_id)

    def with_settings(self, settings: SiteSettings) -> dict[str, Course]:
        """Every course as it would be under other settings of the site."""
        with self._lock:
            self._read()
            other = self._reference.with_site(settings, self._dictionary.revision)
            return {name: Course.from_facts(name, facts, other, self._ward_zone) for name, facts in self._facts.items()}

    def _read(self) -> None:
        """Take in what is new. Where the store falls silent half way, the rest is taken the next time."""
        if self._store.site.revision() != self._dictionary.revision:
            self._heed_settings()
        while True:
            changes = self._store.changed_since(self._mark, _READ_AT_ONCE)
            if changes.anew:
                self._heed_settings()
                self._shown = {}
                for kept in (self._facts, self._alerts, self._standing, self._courses, self._changed):
                    kept.clear()
            if changes.anew or changes.facts:
                self._earlier.clear()
            self._changed |= self._take(changes.facts)
            self._mark = changes.mark
            if len(changes.facts) < _READ_AT_ONCE:
                break
        if self._changed:
            self._courses |= {name: self._course(name, self._facts[name]) for name in self._changed}
            self._shown = dict(self._courses)
            self._changed.clear()

    def _take(self, facts: Sequence[Fact]) -> set[str]:
        """Of whom anything but an alert was told."""
        told: dict[str, list[Fact]] = defaultdict(list)
        for fact in facts:
            if isinstance(fact, AlertChange):
                self._alerts[fact.patient_id].append(fact)
                self._standing[fact.patient_id][fact.alert] = fact
            else:
                told[fact.patient_id].append(fact)
        for name, more in told.items():
            before = self._facts.get(name)
            self._facts[name] = Packed(more) if before is None else before.followed_by(more)
        return set(told)

    def _heed_settings(self) -> None:
        """Build every course anew, under the settings that hold now."""
        now = self._store.site.now()
        self._dictionary = self._reference.with_site(now.settings, now.number)
        self._courses = {name: self._course(name, facts) for name, facts in self._facts.items()}
        self._shown = dict(self._courses)
        self._earlier.clear()

    def _by(self, name: str, moment: datetime) -> Course | None:
        every = self._facts.get(name)
        if every is None:
            return None
        known = np.flatnonzero(every.received <= micros(moment)).tolist()
        if len(known) == len(every):
            return self._courses.get(name)
        return self._course(name, [every[place] for place in known]) if known else None

    def _course(self, name: str, facts: Iterable[Fact]) -> Course:
        return Course.from_facts(name, facts, self._dictionary, self._ward_zone)
