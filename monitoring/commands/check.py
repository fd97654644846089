"""`check`: every invariant of a store, one sentence for each that does not hold."""

from __future__ import annotations

import argparse
import json

from monitoring.commands import terminal
from monitoring.settings import read_settings
from monitoring.store import open_store

HELP = "look for anything wrong in a store"
EXAMPLE = "python -m monitoring check --db sqlite:////srv/monitoring.db"


def describe(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    terminal.add_store(parser)
    terminal.add_json(parser)


def run(asked: argparse.Namespace) -> int:
    """Print the findings; exit 0 only without any."""
    store = open_store(read_settings(asked.db).database_url, create=False)
    findings = store.findings()
    if asked.json:
        terminal.say(json.dumps({"findings": findings}))
    else:
        for finding in findings:
            terminal.say(finding)
        if not findings:
            terminal.say("nothing found: the equation holds for every source, and every fact is as it was stored")
    return terminal.FINDINGS if findings else terminal.DONE
