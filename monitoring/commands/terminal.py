"""What the verbs share on a terminal: exit codes, one refused call, lines out, and progress that never fills a log."""

from __future__ import annotations

import argparse
import getpass
import sys
import time
from collections.abc import Callable, Sequence
from datetime import datetime, tzinfo
from typing import TextIO

from monitoring.access.acts import Channel, Origin
from monitoring.clock import parse_instant, zone
from monitoring.grading import DEFAULT_SYSTEMS, systems
from monitoring.ingest import FORMATS
from monitoring.records import Refusal, Tally

DONE, FINDINGS, UNUSABLE, QUARANTINED = 0, 1, 2, 3
"""Exit codes: done; `check` found something; the call or input is unusable; done, and something was quarantined."""

_LISTED = 20
_BAR = 24
_LINE_EVERY_SECONDS = 60.0


class CallRefused(ValueError):
    """The call cannot be carried out as it stands; the message is one sentence."""


def origin() -> Origin:
    """Whoever is logged in at this terminal, as the audit names them."""
    try:
        login = getpass.getuser()
    except (OSError, KeyError, ImportError):
        login = "unknown"
    return Origin(f"command:{login}", Channel.COMMAND)


def say(text: str) -> None:
    """One line on standard output."""
    sys.stdout.write(text + "\n")


def note(text: str) -> None:
    """One line on standard error."""
    sys.stderr.write(text + "\n")


def equation(tally: Tally) -> str:
    """The equation in one line, with what was ignored by kind."""
    kinds = ", ".join(f"{kind}: {count}" for kind, count in sorted(tally.ignored_kinds.items()))
    return tally.sentence() + (f" ({kinds})" if kinds else "")


def note_refusals(refusals: Sequence[Refusal], all_of_them: str) -> None:
    """The first refusals on standard error, and where to see `all_of_them`."""
    for refusal in refusals[:_LISTED]:
        note(refusal.sentence())
    if len(refusals) > _LISTED:
        note(f"... and {len(refusals) - _LISTED} more; {all_of_them}")


class Progress:
    """Rows done so far: a bar on a terminal, cleared on leaving the context; one line a minute elsewhere.

    The bar fills where somebody says which share of the input is read, and wanders where nobody does.
    """

    def __init__(self, stream: TextIO | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream or sys.stderr
        self._clock = clock
        self._last_line = clock()
        self._share: float | None = None

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_raised: object) -> None:
        if self._stream.isatty():
            self._stream.write("\r\x1b[K")

    def __call__(self, source: str, rows: int) -> None:
        """Told of `rows` done, the last of them from `source`."""
        if self._stream.isatty():
            self._stream.write(f"\r\x1b[K[{self._bar(rows)}]{self._percent()} {rows:,} rows, {source}")
            self._stream.flush()
        elif self._clock() - self._last_line >= _LINE_EVERY_SECONDS:
            self._last_line = self._clock()
            self._stream.write(f"{self._percent()} {rows} rows, {source}\n".lstrip())
            self._stream.flush()

    def share(self, part: float) -> None:
        """Told of the share of the input that is read, from 0 to 1; shown with the next rows."""
        self._share = min(part, 1.0)

    def _bar(self, rows: int) -> str:
        if self._share is None:
            at = rows // 1000 % _BAR
            return "." * at + "=" + "." * (_BAR - 1 - at)
        done = int(self._share * _BAR)
        return "=" * done + "." * (_BAR - done)

    def _percent(self) -> str:
        return "" if self._share is None else f" {self._share:.0%}"


def add_input(parser: argparse.ArgumentParser) -> None:
    """`PATH... --format --tz`."""
    parser.add_argument("paths", nargs="+", metavar="PATH", help="a file, or a folder of files")
    parser.add_argument("--format", default="auto", choices=tuple(FORMATS), help="default: found by looking")
    parser.add_argument("--tz", metavar="ZONE", help="zone of times without an offset, such as Europe/Berlin")


def add_json(parser: argparse.ArgumentParser) -> None:
    """`--json`."""
    parser.add_argument("--json", action="store_true", help="machine-readable output on stdout and nothing else there")


def add_store(parser: argparse.ArgumentParser) -> None:
    """`--db`."""
    parser.add_argument(
        "--db", metavar="URL", help="the store; default MONITORING_DATABASE_URL, else data/monitoring.db"
    )


def add_systems(parser: argparse.ArgumentParser) -> None:
    """`--system`, repeated."""
    parser.add_argument(
        "--system", action="append", metavar="ID", help=f"repeat for several; default {', '.join(DEFAULT_SYSTEMS)}"
    )


def chosen_zone(name: str | None) -> tzinfo | None:
    """The zone asked for with `--tz`. Raises TimeRefused."""
    return zone(name) if name else None


def chosen_systems(names: list[str] | None) -> tuple[str, ...]:
    """The systems asked for, once each, else the default ones. Raises CallRefused."""
    for name in names or ():
        if name not in systems():
            raise CallRefused(f"unknown system {name!r}; expected one of {', '.join(systems())}")
    return tuple(dict.fromkeys(names)) if names else DEFAULT_SYSTEMS


def chosen_moment(option: str, text: str, tz: tzinfo | None = None) -> datetime:
    """A moment given on the command line. Raises CallRefused naming the option."""
    try:
        return parse_instant(text, tz)
    except ValueError as refused:
        raise CallRefused(f"{option} {text!r}: {refused}") from refused
