"""What comes in by itself: a body, a message, a file. Its rows, and what the sender is told of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import BinaryIO

from msgspec.structs import replace

from monitoring.access.acts import Act, Deed, Origin, Seen
from monitoring.ingest import FileRefused, read_stream
from monitoring.ingest.rows import Reading
from monitoring.records import Refusal, RowRead, Tally

MOST_TOLD = 1000
"""Refusals told to the sender of one body; the Intake page lists all of them."""
_KEPT_WHOLE = 65_536


@dataclass
class Arrived:
    """The equation of one body, and its first MOST_TOLD refused rows, without their text.

    `refused` counts the refusals of all of them. `whole` is why nothing of the body could be read at all.
    """

    tally: Tally = field(default_factory=Tally)
    rows: list[RowRead] = field(default_factory=list)
    refused: int = 0
    whole: str | None = None

    @property
    def untold(self) -> int:
        """How many refusals `rows` does not have."""
        return self.refused - sum(len(row.refusals) for row in self.rows)


class Senders:
    """Who has sent what kind of thing in the last hour: the audit has one entry for each (D102)."""

    def __init__(self) -> None:
        self._seen = Seen(timedelta(hours=1))

    @contextmanager
    def told(self, by: Origin, fmt: str, at: datetime) -> Iterator[Deed | None]:
        """What the audit is to be told with what is stored inside; nothing was told where that fails."""
        sender = f"{by.who} {by.address}"
        if not self._seen.counts(sender, fmt, at):
            yield None
            return
        try:
            yield Deed(Act.DATA_SENT, by, about=fmt)
        except BaseException:
            self._seen.forget(sender, fmt)
            raise


def arriving(stream: BinaryIO, fmt: str, reading: Reading, arrived: Arrived, whole: str) -> Iterator[RowRead]:
    """The rows of `stream` as they are read; `arrived` remembers what was refused in them.

    A stream refused whole is one quarantined row at the place `whole`, which keeps a short text, so that the ward sees
    what could not be read.
    """
    try:
        rows = read_stream(
            stream,
            source=reading.source,
            fmt=fmt,
            tz=reading.tz,
            received_at=reading.received_at,
            dictionary=reading.dictionary,
            live=reading.live,
        )
    except FileRefused as why:
        arrived.whole = str(why)
        yield _remembered(_unread(stream, reading.source, whole, arrived.whole), arrived)
        return
    for row in rows:
        yield _remembered(row, arrived) if row.refusals else row


def _remembered(row: RowRead, arrived: Arrived) -> RowRead:
    arrived.refused += len(row.refusals)
    if len(arrived.rows) < MOST_TOLD:
        arrived.rows.append(replace(row, raw=None, context=None, facts=()))
    return row


def _unread(stream: BinaryIO, source: str, place: str, why: str) -> RowRead:
    stream.seek(0)
    start = stream.read(_KEPT_WHOLE + 1)
    text = start.decode("utf-8", "backslashreplace") if len(start) <= _KEPT_WHOLE else None
    refusal = Refusal(source=source, place=place, reason=f"{why}. Nothing of it was read", rule="format")
    return RowRead(source=source, place=place, refusals=(refusal,), raw=text or None)
