"""What was refused in one call, however much it was: kept in a file once it is long, so that memory stays flat."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from tempfile import SpooledTemporaryFile
from threading import Lock
from typing import overload
from weakref import finalize

from monitoring.records import Refusal

_IN_MEMORY = 1 << 20
"""Bytes kept in memory; what is more goes to a file without a name, which is gone with this object."""
_READ_AT_ONCE = 1 << 16


class Refusals(Sequence[Refusal]):
    """Refusals in the order they were added, each read back when it is asked for. Safe to share between threads."""

    def __init__(self) -> None:
        self._file = SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 - open as long as the refusals are asked for
        finalize(self, self._file.close)
        self._lock = Lock()
        self._count = 0

    def add(self, refusal: Refusal) -> None:
        """One more."""
        with self._lock:
            self._file.seek(0, 2)
            self._file.write(refusal.model_dump_json(exclude_none=True).encode() + b"\n")
            self._count += 1

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Refusal]:
        at = 0
        while True:
            with self._lock:
                self._file.seek(at)
                lines = self._file.readlines(_READ_AT_ONCE)
                at = self._file.tell()
            if not lines:
                return
            yield from map(Refusal.model_validate_json, lines)

    @overload
    def __getitem__(self, which: int) -> Refusal: ...
    @overload
    def __getitem__(self, which: slice) -> Sequence[Refusal]: ...
    def __getitem__(self, which: int | slice) -> Refusal | Sequence[Refusal]:
        chosen = range(self._count)[which]
        if isinstance(chosen, int):
            return next(islice(self, chosen, None))
        found = list(islice(self, min(chosen, default=0), max(chosen, default=-1) + 1, abs(chosen.step)))
        return found if chosen.step > 0 else found[::-1]
