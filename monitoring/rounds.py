"""The one place that joins store and core: files and screens in, graded views out.

A patient's course is built once for each state of the store and kept, so a ward screen that refreshes every few
seconds reads nothing while nothing has arrived. A question about what was known earlier is answered from the store.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, tzinfo
from pathlib import Path
from threading import Lock

from pydantic import ConfigDict

from monitoring.concepts import Dictionary
from monitoring.course import Course
from monitoring.home_view import home_view
from monitoring.ingest import read_paths
from monitoring.patient_view import patient_view
from monitoring.records import Fact, Refusal, RowRead, Tally
from monitoring.settings import Settings
from monitoring.side_by_side import SideBySide, of_course
from monitoring.store import LedgerRow, Store
from monitoring.timeline import micros
from monitoring.views import HomeView, PatientView, WardView
from monitoring.ward_view import ward_view

ALL_WARDS = "All wards"
"""What a ward view is called whose patients lie on several wards, or of whom no ward is charted."""

Progress = Callable[[str, int], None]
"""Told after each commit: the source, and how many rows of the call are stored by now."""


class SourceTally(Tally):
    """The equation of one source."""

    source: str


class IngestReport(Tally):
    """The equation of one call, what was refused in it, and the equation of each source."""

    model_config = ConfigDict(frozen=True)

    refusals: tuple[Refusal, ...] = ()
    sources: tuple[SourceTally, ...] = ()


class Rounds:
    """What the screens and the commands ask of a ward. Safe to share between threads.

    Every method raises StoreUnavailable when the store does not answer.
    """

    def __init__(self, store: Store, settings: Settings, dictionary: Dictionary) -> None:
        self._store = store
        self._settings = settings
        self._dictionary = dictionary
        self._lock = Lock()
        self._courses: dict[str, Course] = {}
        self._version = 0

    def ingest(
        self,
        paths: Sequence[Path],
        *,
        fmt: str = "auto",
        tz: tzinfo | None = None,
        author: str | None = None,
        received_at: datetime,
        progress: Progress | None = None,
    ) -> IngestReport:
        """Files and folders into the store. `tz` (else the site's zone for files) reads times without an offset.

        Raises FileRefused where nothing in the call can be read.
        """
        zone = tz or self._settings.file_zone
        rows = read_paths(paths, fmt=fmt, tz=zone, received_at=received_at, dictionary=self._dictionary)
        refusals: list[Refusal] = []
        by_source: dict[str, Tally] = defaultdict(Tally)
        done = 0

        def remembered() -> Iterator[RowRead]:
            for row in rows:
                refusals.extend(row.refusals)
                yield row

        def committed(source: str, tally: Tally) -> None:
            nonlocal done
            by_source[source] += tally
            done += tally.read
            if progress is not None:
                progress(source, done)

        total = self._store.append(remembered(), author=author, received_at=received_at, committed=committed)
        return IngestReport(
            **total.model_dump(),
            refusals=tuple(refusals),
            sources=tuple(SourceTally(source=source, **tally.model_dump()) for source, tally in by_source.items()),
        )

    def record(self, facts: Sequence[Fact], *, source: str) -> Tally:
        """Facts charted on a screen, each counted as one row of `source`."""
        if not facts:
            return Tally()
        rows = [RowRead(source=source, place=str(number), facts=(fact,)) for number, fact in enumerate(facts, start=1)]
        received_at = max(fact.received_at for fact in facts)
        return self._store.append(rows, author=facts[0].author, received_at=received_at)

    def ward(self, as_of: datetime, known_by: datetime | None = None, ward: str | None = None) -> WardView:
        """The ward at `as_of`; with `known_by`, from what had reached us by then. `ward` narrows to one by name.

        Not narrowed, it is called by the ward all its patients share (those at home apart), else ALL_WARDS.
        """
        courses = list(self._known(known_by).values())
        if ward is not None:
            courses = [course for course in courses if _ward_of(course, as_of) == ward]
        return ward_view(courses, as_of, self._settings.ward_zone, ward or _shared_ward(courses, as_of))

    def patient(self, patient_id: str, as_of: datetime, known_by: datetime | None = None) -> PatientView | None:
        """One patient's page at `as_of`; None for a patient nothing is known of (by `known_by`)."""
        if known_by is None:
            course = self._current().get(patient_id)
        else:
            facts = self._store.facts(patient_id, known_by=known_by)
            course = Course.from_facts(patient_id, facts, self._dictionary, self._settings.ward_zone) if facts else None
        return None if course is None else patient_view(course, as_of, self._settings.ward_zone)

    def scales(self, patient_id: str, family: str, as_of: datetime) -> SideBySide | None:
        """One patient's scales of one family beside each other; None for a patient nothing is known of.

        Raises KeyError for a family `side_by_side.families` does not name.
        """
        course = self._current().get(patient_id)
        return None if course is None else of_course(course, family, as_of, self._settings.ward_zone)

    def home(self, patient_id: str, as_of: datetime) -> HomeView | None:
        """What a patient's family sees at `as_of`, with every report it sent; None where nothing is known."""
        course = self._current().get(patient_id)
        return None if course is None else home_view(course, as_of, self._settings.ward_zone)

    def patients(self) -> list[tuple[str, str]]:
        """(patient id, name or else id) of everyone, sorted as a person looks for them."""
        labels = [(patient_id, _label(course)) for patient_id, course in self._current().items()]
        return sorted(labels, key=lambda entry: (entry[1].casefold(), entry[0]))

    def ledger(self) -> list[LedgerRow]:
        """The equation per source and day of the ward's zone, newest day first."""
        return self._store.ledger(self._settings.ward_zone)

    def refusals(self, source: str | None = None) -> list[Refusal]:
        """What was refused, of one source or of all."""
        return self._store.refusals(source)

    def _known(self, known_by: datetime | None) -> dict[str, Course]:
        if known_by is None:
            return self._current()
        by_patient: dict[str, list[Fact]] = defaultdict(list)
        for fact in self._store.facts(known_by=known_by):
            by_patient[fact.patient_id].append(fact)
        return {
            name: Course.from_facts(name, facts, self._dictionary, self._settings.ward_zone)
            for name, facts in by_patient.items()
        }

    def _current(self) -> dict[str, Course]:
        """The course of every patient, those read anew of whom anything arrived since the last call."""
        with self._lock:
            version = self._store.version()
            if version != self._version:
                for name in self._store.patient_versions(after_seq=self._version):
                    self._courses[name] = Course.from_facts(
                        name, self._store.facts(name), self._dictionary, self._settings.ward_zone
                    )
                # asked before the facts were read: what arrives in between is read once more, and never missed
                self._version = version
            return dict(self._courses)


def _ward_of(course: Course, as_of: datetime) -> str | None:
    placement = course.placement(micros(as_of))
    return placement.ward if placement else None


def _shared_ward(courses: Sequence[Course], as_of: datetime) -> str:
    """The one ward everybody who is not at home lies on; else ALL_WARDS."""
    wards = {_ward_of(course, as_of) for course in courses if not course.at_home(micros(as_of))}
    return next(iter(wards)) or ALL_WARDS if len(wards) == 1 else ALL_WARDS


def _label(course: Course) -> str:
    patient = course.patient()
    return patient.name if patient and patient.name else course.patient_id
