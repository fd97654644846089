"""`check`: every invariant of a store, one sentence for each that does not hold."""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime

from monitoring.access.acts import Act, Deed
from monitoring.commands import terminal
from monitoring.settings import read_settings
from monitoring.store import open_store
from monitoring.store.audit import BEGINNING, Head

HELP = "look for anything wrong in a store"
EXAMPLE = "python -m monitoring check --db sqlite:////srv/monitoring.db"


def describe(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    terminal.add_store(parser)
    parser.add_argument(
        "--audit-head", metavar="SEQ:HASH", help="an entry of the audit seen in a log, export or backup: is it there?"
    )
    terminal.add_json(parser)


def run(asked: argparse.Namespace) -> int:
    """Print the findings; exit 0 only without any."""
    store = open_store(read_settings(asked.db).database_url, create=False)
    findings = store.findings()
    if asked.audit_head:
        findings += [one for one in store.audit.findings(_head(asked.audit_head)) if one not in findings]
    store.audit.record(Deed(Act.STORE_CHECKED, terminal.origin(), how_many=len(findings)), datetime.now(UTC))
    head = store.audit.head()
    if asked.json:
        terminal.say(json.dumps({"findings": findings, "audit_head": str(head)}))
    else:
        for finding in findings:
            terminal.say(finding)
        if not findings:
            terminal.say("nothing found: the equation holds for every source, and every fact is as it was stored")
        terminal.say(f"the audit ends at {head}")
    return terminal.FINDINGS if findings else terminal.DONE


def _head(text: str) -> Head:
    number, _, hashed = text.partition(":")
    if not number.isdecimal() or len(hashed) != len(BEGINNING):
        raise terminal.CallRefused(
            f"--audit-head {text!r}: expected SEQ:HASH, as the log, an export or a backup has it"
        )
    return Head(int(number), hashed)
