"""Rows made of cells that were read before: charts say the same few things again and again.

`heart_rate, 88, /min` gives the same observation wherever it stands, but for whose it is and when. Each group of
columns of a row is read once by the reader of its kind, the only place that knows a rule; what it gave is kept and
stamped with patient, time and place when the same cells come again. A row with anything refused, unknown or unclear in
it is not read here at all, so that a refusal always comes from the one reader.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from datetime import datetime
from operator import itemgetter
from typing import Any, Generic, TypeVar

from pydantic import BaseModel

from monitoring.ingest.rows import Reading, Row, cell_text
from monitoring.records import Fact, RowRead
from monitoring.vocabulary import Status

_KEPT = 8192
"""Answers kept per group of columns; memory stays flat whatever a file holds."""
_SOMEBODY = "somebody"

_SAID = (
    "patient_id",
    "effective_at",
    "recorded_at",
    "received_at",
    "source",
    "author",
    "status",
    "record_id",
    "utc_offset_minutes",
)
_new = object.__new__
_content, _fields_set, _extra, _private = (
    vars(BaseModel)[slot].__set__
    for slot in ("__dict__", "__pydantic_fields_set__", "__pydantic_extra__", "__pydantic_private__")
)
"""The four slots that make a model; setting them is all a frozen model forbids and all a copy needs."""

Model = TypeVar("Model", bound=BaseModel)
Answer = TypeVar("Answer")


class Stamp(Generic[Model]):
    """Copies of one validated record in which some fields, validated elsewhere, are replaced.

    What `model_copy` does, without its walk over every field; `tests/ingest/test_repeats.py` holds a copy equal to the
    record that validation would give. Fields `replaced` come first and in this order, as in the model itself.
    """

    def __init__(self, record: Model, replaced: Collection[str]) -> None:
        self.of = type(record)
        self.kept = {name: value for name, value in record.__dict__.items() if name not in replaced}
        self.fields_set = record.__pydantic_fields_set__

    def copy(self, values: Mapping[str, Any]) -> Model:
        """The record with `values` for the fields replaced."""
        made = _new(self.of)
        _content(made, {**values, **self.kept})
        _fields_set(made, self.fields_set)
        _extra(made, None)
        _private(made, None)
        return made


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
    """

    def __init__(
        self,
        read: Callable[[Row], None],
        groups: Sequence[Sequence[str]],
        reading: Reading,
        positions: Mapping[str, int],
    ) -> None:
        self._read = read
        self._reading = reading
        self._received_at = reading.received_at
        self._place = f"{reading.source}:"
        self._patient, self._time = positions["patient_id"], positions["time"]
        self._record_id, self._recorded_at = positions.get("record_id"), positions.get("recorded_at")
        self._patients = _Kept(cell_text)
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
        self._always = (None, Status.FINAL)
        self._stored = Stamp(RowRead(source=reading.source, place="", facts=()), ("source", "place", "facts"))

    def row(self, cells: Sequence[str], place: str) -> RowRead | None:
        """The row as its kind would read it; None where that has to be asked."""
        patient_id = self._patients[cells[self._patient]]
        effective_at, offset = self._moments[cells[self._time]]
        about = self._always if self._about is None else self._saying[self._about(cells)]
        if effective_at is None or about is None or patient_id is None:
            return None
        recorded_at = None
        if self._recorded_at is not None:
            recorded_at, refused = self._charted[cells[self._recorded_at]]
            if refused:
                return None
        said = {
            "patient_id": patient_id,
            "effective_at": effective_at,
            "recorded_at": recorded_at,
            "received_at": self._received_at,
            "source": self._place + place,
            "author": about[0],
            "status": about[1],
            "record_id": None if self._record_id is None else cell_text(cells[self._record_id]),
            "utc_offset_minutes": offset,
        }
        facts: list[Fact] = []
        for chosen, answers in self._groups:
            answer = answers[chosen(cells)]
            if answer is None:
                return None
            for stamp in answer:
                fact = _new(stamp.of)  # Stamp.copy, written out: a call here is a tenth of a file's time
                _content(fact, {**said, **stamp.kept})
                _fields_set(fact, stamp.fields_set)
                _extra(fact, None)
                _private(fact, None)
                facts.append(fact)
        return (
            self._stored.copy({"source": self._reading.source, "place": place, "facts": tuple(facts)})
            if facts
            else None
        )

    def _probe(self, cells: Mapping[str, str]) -> Row:
        return Row(self._reading, "", cells, "")

    def _moment(self, text: str) -> tuple[datetime | None, int | None]:
        return self._probe({"time": text}).moment_and_offset("time")

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
            return None if row.refusals else tuple(Stamp(fact, _SAID) for fact in row.facts)

        return ask


def _named(names: Sequence[str], texts: Any) -> dict[str, str]:  # noqa: ANN401 - one text or several
    return {names[0]: texts} if len(names) == 1 else dict(zip(names, texts, strict=True))
