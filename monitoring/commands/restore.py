"""`restore`: an empty database filled from a backup, and proved."""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime
from pathlib import Path

from monitoring.commands import terminal
from monitoring.settings import read_settings
from monitoring.store.backup_file import BackupRefused
from monitoring.store.restore import restore

HELP = "an empty database filled from a backup, and proved"
EXAMPLE = "python -m monitoring restore /srv/backups/ward-2026-11-21.backup --db sqlite:////srv/monitoring.db"
ABOUT = (
    "SQLite or PostgreSQL, whichever the backup came from. All of it or nothing: every row is read back and compared, "
    "then `check` looks at the result; exit code 1 where it finds something. Everybody signs in again."
)


def describe(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("file", type=Path, metavar="FILE", help="what `backup` wrote")
    terminal.add_store(parser)
    terminal.add_json(parser)


def run(asked: argparse.Namespace) -> int:
    """Restore, and print what is there now and what is wrong with it."""
    address = read_settings(asked.db).database_url
    try:
        made, findings = restore(asked.file, address, at=datetime.now(UTC), by=terminal.origin())
    except BackupRefused as refused:
        raise terminal.CallRefused(str(refused)) from refused
    if asked.json:
        terminal.say(json.dumps({"file": str(asked.file)} | made.as_json() | {"findings": findings}))
    else:
        terminal.say(f"restored {asked.file}: {made.sentence()}")
        terminal.say("every row was read back and is the one in the backup; the audit ends where it did")
        for finding in findings:
            terminal.say(finding)
        if not findings:
            terminal.say("check: nothing found")
        terminal.say(
            "everybody is signed out; an account or token closed after the backup is open again: "
            "look through `user list` and `user tokens`"
        )
    return terminal.FINDINGS if findings else terminal.DONE
