"""`backup`: all of a store in one new file, while the application runs."""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime
from pathlib import Path

from monitoring.commands import terminal
from monitoring.settings import read_settings
from monitoring.store.backup import back_up
from monitoring.store.backup_file import BackupRefused

HELP = "all of a store in one file, while the application runs"
EXAMPLE = "python -m monitoring backup /srv/backups/ward-2026-11-21.backup"
ABOUT = (
    "The file holds patients and hashes of passwords: only its owner may read it, and it belongs where the store may "
    "be. Keep the audit head that is printed somewhere else: it shows later whether the audit was cut off."
)


def describe(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("file", type=Path, metavar="FILE", help="a new file; an existing one is never written over")
    terminal.add_store(parser)
    terminal.add_json(parser)


def run(asked: argparse.Namespace) -> int:
    """Write it, and print what is in it."""
    address = read_settings(asked.db).database_url
    try:
        made = back_up(address, asked.file, at=datetime.now(UTC), by=terminal.origin())
    except BackupRefused as refused:
        raise terminal.CallRefused(str(refused)) from refused
    if asked.json:
        terminal.say(json.dumps({"file": str(asked.file)} | made.as_json()))
    else:
        terminal.say(f"{asked.file}: {made.sentence()}")
        terminal.say(f"  content sha256 {made.sha256}")
        terminal.say(f"  audit head {made.audit_head or 'none: the schema is older than the audit'}")
    return terminal.DONE
