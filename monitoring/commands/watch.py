"""`watch`: a folder whose files go into the store as they appear."""

from __future__ import annotations

import argparse
import logging
import signal
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Event

from watchfiles import watch

from monitoring.access.acts import Channel
from monitoring.api.log import start_log
from monitoring.commands import terminal
from monitoring.concepts import dictionary
from monitoring.intake.folder import DONE, QUARANTINED, REFUSED, Folder, patient_look
from monitoring.rounds import Rounds
from monitoring.settings import read_settings
from monitoring.store import open_store

HELP = "take in every file that appears in a folder"
ABOUT = (
    f"Moves each to {DONE}, {QUARANTINED} (read in part) or {REFUSED} inside the folder, when it is durable and never "
    "before. Subfolders, links, hidden and temporary names are left alone. Ends with Ctrl-C or SIGTERM."
)
EXAMPLE = "python -m monitoring watch /srv/monitoring/incoming"
SETTLE_SECONDS = 2.0
_LOOK_AGAIN_MS = 1_000
_LOG = logging.getLogger("monitoring.intake.folder")


def describe(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("folder", metavar="DIR", type=Path)
    parser.add_argument(
        "--settle",
        type=float,
        default=SETTLE_SECONDS,
        metavar="SECONDS",
        help=f"how long a file must not have changed to be complete; default {SETTLE_SECONDS:g}",
    )
    terminal.add_store(parser)


def run(asked: argparse.Namespace) -> int:
    """Watch until told to stop."""
    if not asked.folder.is_dir():
        raise terminal.CallRefused(f"{asked.folder} is no folder; make it, or correct the path")
    settings = read_settings(asked.db)
    rounds = Rounds(open_store(settings.database_url), settings, dictionary())
    by = replace(terminal.origin(), channel=Channel.FOLDER)
    folder = Folder(asked.folder, rounds, lambda: datetime.now(UTC), asked.settle, by)
    folder.prepare()
    start_log()
    stop = Event()
    for one in (signal.SIGINT, signal.SIGTERM):
        signal.signal(one, lambda *_: stop.set())
    _LOG.info("watching", extra={"facts": {}})
    patient_look(folder)
    changes = watch(
        asked.folder,
        recursive=False,
        stop_event=stop,
        rust_timeout=_LOOK_AGAIN_MS,
        yield_on_timeout=True,
        raise_interrupt=False,
    )
    for _ in changes:
        patient_look(folder)
    _LOG.info("stopped", extra={"facts": {}})
    return terminal.DONE
