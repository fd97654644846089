"""Files, screens and people in, graded views out.

A patient's course is built once for each state of the store and kept, so a ward screen that refreshes every few
seconds reads nothing while nothing has arrived.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, tzinfo
from pathlib import Path
from threading import Condition, Lock
from typing import BinaryIO

from pydantic import ConfigDict, Field

from monitoring import score_view
from monitoring.access.acts import Act, Origin
from monitoring.concepts import Dictionary
from monitoring.course import Course
from monitoring.enrolled_view import EnrolledView, ended_sentence, enrolled_view
from monitoring.home_view import home_view
from monitoring.ingest import Share, read_paths
from monitoring.ingest.hl7v2 import read_message
from monitoring.ingest.rows import Reading
from monitoring.monitored import ended, on_board, watched
from monitoring.patient_view import explanations, patient_view
from monitoring.records import AlertChange, Fact, RowRead, Tally
from monitoring.rounds.arriving import Arrived, Senders, arriving
from monitoring.rounds.boards import Boards
from monitoring.rounds.courses import Courses
from monitoring.rounds.deeds import charted, deed
from monitoring.rounds.refusals import Refusals
from monitoring.rounds.refused import Refused
from monitoring.rounds.site import SiteRounds
from monitoring.score_view import Laboratory
from monitoring.settings import Settings
from monitoring.side_by_side import SideBySide, of_course
from monitoring.store import LedgerRow, Store
from monitoring.timeline import micros
from monitoring.views import Explanation, HomeView, PatientView, WardView
from monitoring.ward_view import ward_view

ALL_WARDS = "All wards"
"""What a ward view is called whose patients lie on several wards, or of whom no ward is charted."""

Progress = Callable[[str, int], None]
"""Told after each commit: the source, and how many rows of the call are stored by now."""


class SourceTally(Tally):
    """The equation of one source."""

    source: str


class IngestReport(Tally):
    """The equation of one call and of each source, and what was refused: read when asked for, never dumped."""

    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True)

    refusals: Refusals = Field(default_factory=Refusals, exclude=True)
    sources: tuple[SourceTally, ...] = ()


class Rounds(Refused):
    """What the screens and the commands ask of a ward. Safe to share between threads.

    Every method raises StoreUnavailable when the store does not answer.
    """

    def __init__(self, store: Store, settings: Settings, dictionary: Dictionary) -> None:
        super().__init__(store, settings, dictionary)
        self._senders = Senders()
        self._courses = Courses(store, dictionary, settings.ward_zone)
        self._boards = Boards(settings.ward_zone)
        self._one_at_a_time = Lock()
        self._latest: tuple[tuple[int, datetime], WardView] | None = None
        self._news = Condition()
        self._told = 0
        self.site = SiteRounds(store, self._courses, dictionary, settings.ward_zone)
        store.listen(self._tell)

    def ingest(
        self,
        paths: Sequence[Path],
        *,
        fmt: str = "auto",
        tz: tzinfo | None = None,
        author: str | None = None,
        received_at: datetime,
        progress: Progress | None = None,
        share: Share | None = None,
        by: Origin | None = None,
    ) -> IngestReport:
        """Files and folders into the store. `tz` (else the site's zone for files) reads times without an offset.

        `share` is told now and then which share of the bytes is read. Raises FileRefused where nothing in the call
        can be read.
        """
        zone = tz or self._settings.file_zone
        rows = read_paths(
            paths, fmt=fmt, tz=zone, received_at=received_at, dictionary=self._with_mappings(), share=share
        )
        refusals = Refusals()
        by_source: dict[str, Tally] = defaultdict(Tally)
        done = 0

        def remembered() -> Iterator[RowRead]:
            for row in rows:
                for one in row.refusals:
                    refusals.add(one if one.raw else one.model_copy(update={"raw": row.raw}))
                yield row

        def committed(source: str, tally: Tally) -> None:
            nonlocal done
            by_source[source] += tally
            done += tally.read
            if progress is not None:
                progress(source, done)

        total = self._store.append(
            remembered(),
            author=author,
            received_at=received_at,
            committed=committed,
            zone=_name(zone),
            deed=deed(Act.FILES_TAKEN_IN, by, len(paths)),
        )
        return IngestReport(
            **total.model_dump(),
            refusals=refusals,
            sources=tuple(SourceTally(source=source, **tally.model_dump()) for source, tally in by_source.items()),
        )

    def receive(
        self,
        stream: BinaryIO,
        *,
        source: str,
        fmt: str = "auto",
        author: str,
        by: Origin,
        received_at: datetime,
        live: bool = True,
        whole: str = "body",
    ) -> Arrived:
        """One body or file that came by itself; durable when the call returns. `live`: it came as it happened.

        `stream` can be wound back. What is refused whole is one quarantined row at the place `whole`, and
        `Arrived.whole` says why. The audit names each sender once an hour (D102).
        """
        zone = self._settings.file_zone
        arrived = Arrived()
        reading = Reading(source, received_at, zone, self._with_mappings(), live=live)
        rows = arriving(stream, fmt, reading, arrived, whole)
        with self._senders.told(by, fmt, received_at) as sent:
            arrived.tally = self._store.append(
                rows, author=author, received_at=received_at, zone=_name(zone), deed=sent
            )
        return arrived

    def receive_message(
        self, message: bytes, *, source: str, author: str, by: Origin, received_at: datetime
    ) -> RowRead:
        """One HL7 v2 message, without framing, as it happened: what was read of it, durable when the call returns."""
        zone = self._settings.file_zone
        row = read_message(message, Reading(source, received_at, zone, self._with_mappings(), live=True))
        with self._senders.told(by, "hl7v2", received_at) as sent:
            self._store.append([row], author=author, received_at=received_at, zone=_name(zone), deed=sent)
        return row

    def record(self, facts: Sequence[Fact], *, source: str, by: Origin | None = None) -> Tally:
        """Facts charted on a screen, each counted as one row of `source`."""
        if not facts:
            return Tally()
        rows = [RowRead(source=source, place=str(number), facts=(fact,)) for number, fact in enumerate(facts, start=1)]
        received_at = max(fact.received_at for fact in facts)
        return self._store.append(rows, author=facts[0].author, received_at=received_at, deed=charted(by, facts))

    def note(self, news: Sequence[AlertChange]) -> None:
        """Alerts raised and cleared, as the watch found them; what another process noted first is kept once."""
        if news:
            self.record(news, source=news[0].source)

    def alerts(self) -> Mapping[str, Mapping[str, AlertChange]]:
        """The last change of each alert of each patient, by patient id and name of the alert."""
        return self._courses.standing()

    def alert_history(self, patient_id: str) -> Sequence[AlertChange]:
        """Every change of one patient's alerts, in the order in which they were noticed."""
        return self._courses.alerts(patient_id)

    def hear(self) -> Callable[[], None]:
        """Have `waiting` wake for what other processes store, too; call the answer to end it."""
        return self._store.hear()

    def ward(self, as_of: datetime, known_by: datetime | None = None, ward: str | None = None) -> WardView:
        """The ward at `as_of`; with `known_by`, from what had reached us by then. `ward` narrows to one by name.

        Not narrowed, it is called by the ward all its patients share (those at home apart), else ALL_WARDS.
        """
        if known_by is None:
            return self._boards.board(
                self._courses.now(),
                as_of,
                ward,
                lambda course: _ward_of(course, as_of) == ward,
                lambda courses: _shared_ward(courses, as_of),
            )
        courses = watched(self._courses.known_by(known_by).values(), as_of)
        if ward is not None:
            courses = [course for course in courses if _ward_of(course, as_of) == ward]
        return ward_view(courses, as_of, self._settings.ward_zone, ward or _shared_ward(courses, as_of))

    def ward_now(self, now: Callable[[], datetime]) -> WardView:
        """The ward at the moment of the answer, one for all who ask in the same second while nothing is new.

        `now` is asked when it is this caller's turn: whoever had to wait is given what was made meanwhile.
        """
        with self._one_at_a_time:
            told, at = self._told, now()
            made = told, at.replace(microsecond=0)
            if self._latest is None or self._latest[0] != made:
                self._latest = made, self.ward(at)
            return self._latest[1]

    def ward_last(self) -> WardView | None:
        """The answer `ward_now` gave last, for a screen whose store has fallen silent since; asks the store nothing."""
        return self._latest[1] if self._latest else None

    def patient(self, patient_id: str, as_of: datetime, known_by: datetime | None = None) -> PatientView | None:
        """One patient's page at `as_of`; None for a patient nothing is known of (by `known_by`)."""
        if known_by is None:
            course = self._courses.now().get(patient_id)
        else:
            course = self._courses.one_known_by(patient_id, known_by)
        return None if course is None else patient_view(course, as_of, self._settings.ward_zone)

    def explain(
        self, patient_id: str, system_ids: Sequence[str], at: datetime, known_by: datetime | None = None
    ) -> tuple[Explanation, ...]:
        """Why each scale grades one patient as it does at a moment; empty for a patient nothing is known of.

        Raises KeyError for a scale nobody knows.
        """
        if known_by is None:
            course = self._courses.now().get(patient_id)
        else:
            course = self._courses.one_known_by(patient_id, known_by)
        return () if course is None else explanations(course, system_ids, at, self._settings.ward_zone)

    def laboratory(self, patient_id: str, as_of: datetime) -> Laboratory | None:
        """One patient's laboratory scores and the screen for IEC-HS; None for a patient nothing is known of."""
        course = self._courses.now().get(patient_id)
        return None if course is None else score_view.of_course(course, as_of)

    def scales(self, patient_id: str, family: str, as_of: datetime) -> SideBySide | None:
        """One patient's scales of one family beside each other; None for a patient nothing is known of.

        Raises KeyError for a family `side_by_side.families` does not name.
        """
        course = self._courses.now().get(patient_id)
        return None if course is None else of_course(course, family, as_of, self._settings.ward_zone)

    def home(self, patient_id: str, as_of: datetime) -> HomeView | None:
        """What a patient's family sees at `as_of`, with every report it sent; None where nothing is known."""
        course = self._courses.now().get(patient_id)
        return None if course is None else home_view(course, as_of, self._settings.ward_zone)

    def enrolled(self, patient_id: str, as_of: datetime) -> EnrolledView | None:
        """One patient as administered; None for a patient nothing is known of."""
        course = self._courses.now().get(patient_id)
        return None if course is None else enrolled_view(course, as_of, self._settings.ward_zone)

    def left(self, as_of: datetime) -> dict[str, datetime]:
        """Since when, of everyone whose monitoring has ended and whom the board shows no more, by patient id."""
        courses = self._courses.now()
        ends = ((course, ended(course, as_of)) for course in courses.values())
        return {course.patient_id: end.at for course, end in ends if end and not on_board(course, as_of)}

    def ended(self, as_of: datetime) -> list[tuple[str, str]]:
        """(name or else id, since when and by whom) of everyone whose monitoring has ended."""
        zone = self._settings.ward_zone
        told = [(_label(course), ended_sentence(course, as_of, zone)) for course in self._courses.now().values()]
        return sorted((name, sentence) for name, sentence in told if sentence)

    def patients(self) -> list[tuple[str, str]]:
        """(patient id, name or else id) of everyone, sorted as a person looks for them."""
        labels = [(patient_id, _label(course)) for patient_id, course in self._courses.now().items()]
        return sorted(labels, key=lambda entry: (entry[1].casefold(), entry[0]))

    def ledger(self) -> list[LedgerRow]:
        """The equation per source and day of the ward's zone, newest day first."""
        return self._store.ledger(self._settings.ward_zone)

    def version(self) -> int:
        """A number that changes when facts arrive, for `waiting`."""
        return self._store.version()

    def waiting(self, version: int, timeout: float) -> int:
        """Wait for news if the version is still `version`, at most `timeout` seconds; the version then.

        What this process stores is noticed at once; what another one stores, when the store is told of it.
        """
        told = self._told
        now = self._store.version()
        if now != version:
            return now
        with self._news:
            self._news.wait_for(lambda: self._told != told, timeout)
        return self._store.version()

    def _tell(self) -> None:
        with self._news:
            self._told += 1
            self._news.notify_all()


def _name(zone: tzinfo | None) -> str | None:
    return getattr(zone, "key", None)


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
