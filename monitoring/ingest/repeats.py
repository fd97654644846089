"""Rows made of cells that were read before: charts say the same few things again and again.

`heart_rate, 88, /min` gives the same observation wherever it stands, but for whose it is and when. Each group of
columns of a row is read once by the reader of its kind, the only place that knows a rule; what it gave is kept and
stamped with patient, time and place when the same cells come again. A row with anything refused, unknown or unclear in
it is not read here at all, so that a refusal always comes from the one reader.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from operator import itemgetter
from typing import Any, TypeVar

from monitoring.clock import TimeRefused
from monitoring.fact import STAMPED, WHENCE, Whence
from monitoring.ingest.rows import Reading, Row, cell_text, identifier, moment_in
from monitoring.ingest.sources import TextRow
from monitoring.records import Fact, RowRead
from monitoring.stamp import CONTENT, EXTRA, FIELDS_SET, NEW, PRIVATE, Stamp
from monitoring.vocabulary import Status

_KEPT = 8192
"""Answers kept per group of columns; memory stays flat whatever a file holds."""
_SOMEBODY = "somebody"

Answer = TypeVar("Answer")


class _Kept(dict[Hashable, Answer]):
    """Answers by the text of their cells, asked for once."""

    def __init__(self, ask: Callable[[Any], Answer]) -> None:
        super().__init__()
        self._ask = ask

    def __missing__(self, cells: Hashable) -> Answer:
        if len(self) >= _KEPT:
            self.clear()
        answer = self[cells] = self._ask(cells)
        return answer


class Repeats:
    """One file's rows out of what its cells said before.

    `groups` are the columns that are read together; each group must give the same facts whatever stands in the others.
    A row with anything in a cell of `unknown`, columns that are refused where they are filled, is not answered here.
    """

    def __init__(
        self,
        read: Callable[[Row], None],
        groups: Sequence[Sequence[str]],
        reading: Reading,
        positions: Mapping[str, int],
        unknown: Collection[int] = (),
    ) -> None:
        self._read = read
        self._reading = reading
        self._patient, self._time = positions["patient_id"], positions["time"]
        self._record_id, self._recorded_at = positions.get("record_id"), positions.get("recorded_at")
        self._unknown = tuple(unknown)
        self._stamps: dict[Hashable, Stamp[Fact]] = {}
        self._patients = _Kept(identifier)
        self._moments = _Kept(self._moment)
        self._charted = _Kept(self._recorded)
        self._groups = [
            (itemgetter(*(positions[name] for name in there)), _Kept(self._asking(there)))
            for group in groups
            if (there := [name for name in group if name in positions])
        ]
        about = [name for name in ("author", "status") if name in positions]
        self._about = itemgetter(*(positions[name] for name in about)) if about else None
        self._saying = _Kept(self._asking_about(about))

    def rows(self, rows: Iterable[TextRow], in_full: Callable[[TextRow], RowRead]) -> Iterator[RowRead]:
        """Each of `rows` as its kind would read it; a row that is not answered here is read `in_full`.

        Written out flat, with nothing but local names: it runs once a row, and a call is a tenth of a file's time.
        """
        new, content, fields_set, extra, private = NEW, CONTENT, FIELDS_SET, EXTRA, PRIVATE
        patients, at_patient, moments, at_time = self._patients, self._patient, self._moments, self._time
        groups, file, before = self._groups, self._reading.source, f"{self._reading.source}:"
        plain = self._about is None and self._recorded_at is None and self._record_id is None and not self._unknown
        together = len(groups) > 1
        more: dict[str, Any] | None = {}
        for text_row in rows:
            facts: list[Fact] = []
            if text_row.broken is None:
                cells, place = text_row.cells, text_row.place
                patient_id = patients[cells[at_patient]]
                effective_at, offset = moments[cells[at_time]]
                if not plain:
                    more = self._beside(cells)
                if patient_id is not None and effective_at is not None and more is not None:
                    source = before + place
                    if together:
                        whence = Whence()
                    for chosen, answers in groups:
                        answer = answers[chosen(cells)]
                        if answer is None:
                            facts.clear()
                            break
                        for stamp in answer:
                            said = stamp.whole.copy()
                            said["patient_id"] = patient_id
                            said["effective_at"] = effective_at
                            said["source"] = source
                            said["utc_offset_minutes"] = offset
                            if together:
                                said[WHENCE] = whence
                            if more:
                                said.update(more)
                            fact = new(stamp.of)
                            content(fact, said)
                            fields_set(fact, stamp.fields_set)
                            extra(fact, None)
                            private(fact, None)
                            facts.append(fact)
            yield RowRead(file, place, tuple(facts)) if facts else in_full(text_row)

    def _beside(self, cells: Sequence[str]) -> dict[str, Any] | None:
        """What every fact of a row carries beside whose it is, when and where; None where that has to be asked."""
        if any(cells[at].strip() for at in self._unknown):
            return None
        said = dict[str, Any]()
        if self._about is not None:
            about = self._saying[self._about(cells)]
            if about is None:
                return None
            said["author"], said["status"] = about
        if self._recorded_at is not None:
            said["recorded_at"], refused = self._charted[cells[self._recorded_at]]
            if refused:
                return None
        if self._record_id is not None:
            said["record_id"] = cell_text(cells[self._record_id])
        return said

    def _probe(self, cells: Mapping[str, str]) -> Row:
        return Row(self._reading, "", cells, "")

    def _moment(self, text: str) -> tuple[datetime | None, int | None]:
        said = cell_text(text)
        try:
            return (None, None) if said is None else moment_in(said, self._reading)
        except TimeRefused:
            return None, None

    def _recorded(self, text: str) -> tuple[datetime | None, bool]:
        row = self._probe({"recorded_at": text})
        return row.moment("recorded_at"), bool(row.refusals)

    def _asking_about(self, names: Sequence[str]) -> Callable[[Any], tuple[str | None, Status] | None]:
        def ask(texts: Any) -> tuple[str | None, Status] | None:  # noqa: ANN401 - one text or several, as itemgetter gives
            said = self._probe({"patient_id": _SOMEBODY, **_named(names, texts)}).provenance()
            return None if said is None else (said["author"], said["status"])

        return ask

    def _asking(self, names: Sequence[str]) -> Callable[[Any], tuple[Stamp[Fact], ...] | None]:
        now = self._reading.received_at.isoformat()

        def ask(texts: Any) -> tuple[Stamp[Fact], ...] | None:  # noqa: ANN401 - as above
            row = self._probe({"patient_id": _SOMEBODY, "time": now, **_named(names, texts)})
            self._read(row)
            return None if row.refusals else tuple(map(self._stamp, row.facts))

        return ask

    def _stamp(self, fact: Fact) -> Stamp[Fact]:
        """The one stamp for all facts that say the same: 120 systolic, whatever stands under it."""
        said = (type(fact), fact.model_dump_json(), frozenset(fact.model_fields_set))
        stamp = self._stamps.get(said)
        if stamp is None:
            if len(self._stamps) >= _KEPT:
                self._stamps.clear()
            stamp = self._stamps[said] = Stamp(fact, STAMPED)
        return stamp


def _named(names: Sequence[str], texts: Any) -> dict[str, str]:  # noqa: ANN401 - one text or several
    return {names[0]: texts} if len(names) == 1 else dict(zip(names, texts, strict=True))
