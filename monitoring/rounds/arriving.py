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
FILE = "file"
"""The place of a file that was refused whole: it stays where its owner put it, so a long one is not held here too."""
_KEPT_OF_FILE = 65_536
_KEPT_OF_BODY = 16 * 2**20
"""Bytes: every document that a route takes. Of longer lines of bulk data the beginning is held, and that is said."""


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
        """What the audit is to be told with what is stored inside.

        It counts once that is stored: where it fails, or while it is under way, the next one is told of too.
        """
        sender = f"{by.who} {by.address}"
        if self._seen.lately(sender, fmt, at):
            yield None
            return
        yield Deed(Act.DATA_SENT, by, about=fmt)
        self._seen.counts(sender, fmt, at)


def arriving(stream: BinaryIO, fmt: str, reading: Reading, arrived: Arrived, whole: str) -> Iterator[RowRead]:
    """The rows of `stream` as they are read; `arrived` remembers what was refused in them.

    A stream refused whole is one quarantined row at the place `whole`, with its text, so that the ward sees what could
    not be read and can correct it.
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
    most = _KEPT_OF_FILE if place == FILE else _KEPT_OF_BODY
    start = stream.read(most + 1)
    reason = f"{why}. Nothing of it was read"
    if len(start) > most and place != FILE:
        start, reason = start[:most], f"{reason}, and only its first {most:,} bytes are held: send it again, mended"
    text = start.decode("utf-8", "backslashreplace") if len(start) <= most else None
    refusal = Refusal(source=source, place=place, reason=reason, rule="format")
    return RowRead(source=source, place=place, refusals=(refusal,), raw=text or None)
