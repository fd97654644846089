"""A watched folder: each file that is complete goes into the store, and only then is moved to where it belongs.

`done` holds what was read, `quarantined` what was read in part, `refused` what could not be read at all; beside the
last two lies a text that says why. A crash between store and move leaves the file where it was: it is read again, and
every row of it is a duplicate. Subfolders, links, hidden and temporary names are left alone.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from monitoring.access.acts import Origin
from monitoring.rounds import Arrived, Rounds
from monitoring.store import StoreUnavailable

DONE, QUARANTINED, REFUSED = "done", "quarantined", "refused"
AUTHOR = "watched folder"
_UNFINISHED = (".tmp", ".part", ".partial", ".filepart", ".crdownload", ".swp", ".lock", "~")
_LOG = logging.getLogger(__name__)


class _Look(NamedTuple):
    """What tells one state of a file from another, and when it was first seen so (a monotonic clock)."""

    size: int
    changed: int
    inode: int
    since: float

    def same(self, other: _Look) -> bool:
        return self[:3] == other[:3]


@dataclass
class Folder:
    """The folder at `path`. A file is complete when it has not changed for `settle` seconds; `by` is who watches."""

    path: Path
    rounds: Rounds
    now: Callable[[], datetime]
    settle: float
    by: Origin
    clock: Callable[[], float] = time.monotonic
    _seen: dict[Path, _Look] = field(default_factory=dict)
    _stuck: dict[Path, _Look] = field(default_factory=dict)

    def prepare(self) -> None:
        """Make the three folders. Raises OSError where they cannot be made."""
        for name in (DONE, QUARANTINED, REFUSED):
            (self.path / name).mkdir(exist_ok=True)

    def look(self) -> int:
        """Take in every file that is complete; how many wait to be. Raises StoreUnavailable, and OSError."""
        present = dict(self._files())
        self._stuck = {file: look for file, look in self._stuck.items() if file in present}
        waiting: dict[Path, _Look] = {}
        for file, look in present.items():
            before = self._seen.get(file)
            since = before.since if before is not None and before.same(look) else look.since
            seen = look._replace(since=since)
            if file in self._stuck and self._stuck[file].same(look):
                continue
            if self.clock() - since < self.settle or not self._settled(file, seen):
                waiting[file] = seen
        self._seen = waiting
        return len(waiting)

    def _files(self) -> Iterator[tuple[Path, _Look]]:
        """The files to be read, the longest unchanged first."""
        found = []
        with os.scandir(self.path) as entries:
            for entry in entries:
                name = entry.name
                if name.startswith((".", "~")) or name.lower().endswith(_UNFINISHED):
                    continue
                if entry.is_file(follow_symlinks=False):
                    state = entry.stat(follow_symlinks=False)
                    look = _Look(state.st_size, state.st_mtime_ns, state.st_ino, self.clock())
                    found.append((Path(entry.path), look))
        yield from sorted(found, key=lambda one: (one[1].changed, one[0].name))

    def _settled(self, file: Path, seen: _Look) -> bool:
        """`_taken`, where a file that meets a fault of ours is left, so that the next ones are taken in."""
        try:
            return self._taken(file, seen)
        except (StoreUnavailable, OSError):
            raise
        except Exception as fault:  # noqa: BLE001 - one file must not end the watch, which would meet it first again
            self._leave(file, seen, "cannot be taken in, a fault of ours; the next ones are", fault)
            return True

    def _taken(self, file: Path, seen: _Look) -> bool:
        """Whether the file was stored and need not be looked at again; one that changed meanwhile must be."""
        try:
            with file.open("rb") as stream:
                arrived = self.rounds.receive(
                    stream,
                    source=_shown(file.name),
                    author=AUTHOR,
                    by=self.by,
                    received_at=self.now(),
                    live=False,
                    whole="file",
                )
            state = file.stat()
        except FileNotFoundError:
            return True  # somebody took it away
        except OSError as unreadable:
            self._leave(file, seen, "cannot be read", unreadable)
            return True
        if not seen.same(_Look(state.st_size, state.st_mtime_ns, state.st_ino, 0.0)):
            return False
        where = _where(arrived)
        try:
            self._move(file, where, arrived)
        except OSError as stuck:
            self._leave(file, seen, "was stored and cannot be moved", stuck)
            return True
        counts = arrived.tally.model_dump(exclude={"ignored_kinds"})
        _LOG.info("file taken in", extra={"facts": {"moved_to": where, **counts}})
        return True

    def _move(self, file: Path, where: str, arrived: Arrived) -> None:
        target = _free(self.path / where, file)
        if where != DONE:
            target.with_name(f"{target.name}.why.txt").write_text(_why(arrived), encoding="utf-8")
        file.rename(target)

    def _leave(self, file: Path, seen: _Look, what: str, why: Exception) -> None:
        """Leave a file where it is until it changes, and say so once; not its name, which may be a patient's."""
        self._stuck[file] = seen
        _LOG.warning("a file %s", what, extra={"facts": {"why": getattr(why, "strerror", None) or type(why).__name__}})


def _where(arrived: Arrived) -> str:
    if arrived.whole is not None:
        return REFUSED
    return QUARANTINED if arrived.tally.quarantined else DONE


def _free(folder: Path, file: Path) -> Path:
    """A name in `folder` nobody has: an earlier file of the same name is kept."""
    target, number = folder / file.name, 1
    while target.exists():
        number += 1
        target = folder / f"{file.stem} ({number}){file.suffix}"
    return target


def _why(arrived: Arrived) -> str:
    lines = [arrived.tally.sentence()]
    lines += [refusal.sentence() for row in arrived.rows for refusal in row.refusals]
    untold = arrived.untold
    return "\n".join([*lines, *([f"... and {untold} more, on the Intake page"] if untold else []), ""])


def _shown(name: str) -> str:
    return name.encode("utf-8", "backslashreplace").decode()


def patient_look(folder: Folder) -> bool:
    """One look that survives a store or a folder that does not answer; whether it did."""
    try:
        folder.look()
    except (StoreUnavailable, OSError) as silent:
        _LOG.warning("the folder waits", extra={"facts": {"why": type(silent).__name__}})
        return False
    return True
