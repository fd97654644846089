"""Quarantined rows read a second time: corrected by a person, or as they came after a mapping or dictionary changed.

Nothing is stored of a row that is still refused, except facts nobody had read in it before. What is stored closes the
row in the same transaction, so that a row is answered once however often somebody asks (D92).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from io import BytesIO
from itertools import islice

from msgspec.structs import replace

from monitoring.access.acts import Act, Origin
from monitoring.clock import zone
from monitoring.concepts import Dictionary
from monitoring.ingest import FileRefused, read_stream
from monitoring.records import Correction, Fact, Refusal, RowRead, Tally
from monitoring.rounds.deeds import deed
from monitoring.store import Closing, HeldRefusal, HeldRow, Store

_ROWS_AT_A_TIME = 200


class CorrectionRefused(ValueError):
    """A row that cannot be corrected or read again; the message says why, and what to do instead."""


@dataclass(frozen=True)
class Reread:
    """What became of rows read again. `closed` are resolved now, `waiting` are as they were.

    `tally` is the equation of what was stored; `refusals` says what is still refused.
    """

    closed: int = 0
    waiting: int = 0
    tally: Tally = field(default_factory=Tally)
    refusals: tuple[Refusal, ...] = ()


@dataclass(frozen=True)
class Reader:
    """How rows are read again: with what dictionary, at what moment, in which zone where the row had none, by whom."""

    dictionary: Dictionary
    at: datetime
    tz: tzinfo | None
    by: Origin | None = None

    def rows(self, row: HeldRow, raw: str) -> list[RowRead]:
        """`raw` in the place of the text of `row`: what stands in it, each fact with the place of that row."""
        text = raw if row.context is None else f"{row.context}\n{raw}"
        try:
            found = list(
                read_stream(
                    BytesIO(text.encode("utf-8", "backslashreplace")),
                    source=row.source,
                    tz=zone(row.zone) if row.zone else self.tz,
                    received_at=self.at,
                    dictionary=self.dictionary,
                )
            )
        except FileRefused as why:
            found = []
            refusal = Refusal(
                source=row.source, place=row.place, reason=f"{why}. Nothing of it was read", rule="format"
            )
            return [RowRead(source=row.source, place=row.place, refusals=(refusal,))]
        return [_in_place(one, row) for one in found]


def correct(store: Store, reader: Reader, held: HeldRefusal, raw: str, author: str) -> Reread:
    """Store what the corrected text of a row says, and close the row; where it is refused too, store nothing.

    What the row had given before and no longer gives is withdrawn. Raises CorrectionRefused for a row that cannot be
    corrected, AlreadyResolved where somebody was faster.
    """
    row = held.row
    if row.raw is None:
        raise CorrectionRefused("the input was refused whole and is not kept; correct it at its source and send it")
    if held.resolution is not None:
        done = held.resolution
        raise CorrectionRefused(f"already {done.how} by {done.author} at {done.at:%Y-%m-%d %H:%M} UTC")
    if not raw.strip():
        raise CorrectionRefused("there is no text to read; to set the row aside, dismiss it with a reason")
    found = reader.rows(row, raw)
    refusals = tuple(refusal for one in found for refusal in one.refusals)
    if refusals or not found:
        return Reread(waiting=1, refusals=refusals)
    stated = {fact.fact_id for one in found for fact in one.facts}
    before = [fact for one in reader.rows(row, row.raw) for fact in one.facts]
    stored = store.by_id(fact.fact_id for fact in before if fact.fact_id not in stated)
    withdrawn = [
        Correction(
            patient_id=fact.patient_id,
            effective_at=fact.effective_at,
            received_at=reader.at,
            source=fact.source,
            target=fact.fact_id,
            reason="the row it stood in was corrected",
        )
        for fact in stored
        if f"{fact.source} ".startswith(f"{row.source}:{row.place} ")
    ]
    found[0] = replace(found[0], facts=(*withdrawn, *found[0].facts))
    rows = [_said_by(one, author, f"{row.source} (corrected)") for one in found]
    closing = Closing(row.key, "corrected", author, reader.at, raw=raw)
    said = deed(Act.ROW_CORRECTED, reader.by, 1)
    tally = store.append(rows, author=author, received_at=reader.at, closing=[closing], deed=said)
    return Reread(closed=1, tally=tally)


def replay(store: Store, reader: Reader, rows: Iterable[HeldRow], author: str) -> Reread:
    """Read rows again as they came; close those in which nothing is refused or unmapped any more."""
    closed = waiting = 0
    tally = Tally()
    refusals: list[Refusal] = []
    remaining = iter(rows)
    while some := list(islice(remaining, _ROWS_AT_A_TIME)):
        answered: list[RowRead] = []
        closing: list[Closing] = []
        partly: list[RowRead] = []
        for row in some:
            found = [] if row.raw is None else reader.rows(row, row.raw)
            refusals += [refusal for one in found for refusal in one.refusals]
            renamed = [replace(one, source=f"{row.source} (replayed)") for one in found]
            if not found or any(one.refusals or one.unmapped for one in found):
                partly += renamed
                waiting += 1
                continue
            answered += renamed
            closing.append(Closing(row.key, "replayed", author, reader.at))
        if closing:
            said = deed(Act.ROWS_REPLAYED, reader.by, len(closing))
            tally += store.append(answered, author=author, received_at=reader.at, closing=closing, deed=said)
            closed += len(closing)
        new = list(_with_new_facts(store, partly))
        if new:
            said = deed(Act.ROWS_REPLAYED, reader.by, len(new))
            tally += store.append(new, author=author, received_at=reader.at, deed=said)
    return Reread(closed, waiting, tally, tuple(refusals))


def _with_new_facts(store: Store, rows: Sequence[RowRead]) -> Iterator[RowRead]:
    """Of rows that still wait, those with a fact the store lacks, without what is still refused."""
    known = {fact.fact_id for fact in store.by_id(fact.fact_id for row in rows for fact in row.facts)}
    for row in rows:
        if any(fact.fact_id not in known for fact in row.facts):
            yield RowRead(source=row.source, place=row.place, facts=row.facts)


def _in_place(read: RowRead, row: HeldRow) -> RowRead:
    """A row of a table read alone, as if where it stood; messages and resources name their own place."""
    if row.context is None:
        return read
    there, here = f"{row.source}:{read.place}", f"{row.source}:{row.place}"
    return replace(
        read,
        place=row.place,
        facts=tuple(_moved(fact, here) if fact.source == there else fact for fact in read.facts),
        refusals=tuple(one.model_copy(update={"place": row.place}) for one in read.refusals),
    )


def _moved(fact: Fact, source: str) -> Fact:
    return fact.model_copy(update={"source": source})


def _said_by(read: RowRead, author: str, source: str) -> RowRead:
    facts = tuple(fact.model_copy(update={"author": author}) for fact in read.facts)
    return replace(read, facts=facts, source=source)
