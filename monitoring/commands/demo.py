"""`demo`: a store filled with the synthetic ward, through the same ingest as everything else."""

from __future__ import annotations

import argparse
import secrets
import tempfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from monitoring.access.accounts import DEMONSTRATION_MARK
from monitoring.access.acts import Act, Deed
from monitoring.admission import Admission
from monitoring.commands import ingest, terminal
from monitoring.concepts import dictionary
from monitoring.demonstration import write_ward
from monitoring.demonstration.stories import read_stories, ward_of
from monitoring.rounds import Rounds
from monitoring.settings import ROOT, read_settings
from monitoring.store import open_store
from monitoring.store.accounts import open_accounts
from monitoring.vocabulary import Role

HELP = "fill an empty store with the synthetic ward"
EXAMPLE = "python -m monitoring demo --patients 8"
ABOUT = (
    "A few rows of the synthetic files are wrong on purpose, as real exports are; they are quarantined and listed, and "
    "the exit code is 0 all the same. The stories are relative to now, so the store must be empty."
)
AUTHOR = "demonstration"
NAMES = {
    Role.NURSE: "R. Nightingale",
    Role.PHYSICIAN: "A. Avicenna",
    Role.CAREGIVER: "C. Family",
    Role.DATA_MANAGER: "D. Snow",
    Role.ADMIN: "E. Keeper",
    Role.DISPLAY: "Wall",
}
"""Who the demonstration accounts are, one of each role."""
_STORE = f"sqlite:///{ROOT / 'data' / 'demo.db'}"


def describe(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("--patients", type=int, default=17, metavar="N", help="how many patients; default 17")
    parser.add_argument("--seed", type=int, default=7, metavar="S", help="of the small variations; default 7")
    parser.add_argument("--db", default=_STORE, metavar="URL", help="an empty store; default data/demo.db")
    terminal.add_json(parser)


def run(asked: argparse.Namespace) -> int:
    """Write the files, ingest them, print the equation."""
    if asked.patients < 1:
        raise terminal.CallRefused(f"--patients {asked.patients}: expected a whole number from 1")
    settings = read_settings(asked.db)
    store = open_store(settings.database_url)
    if store.ledger():
        raise terminal.CallRefused(
            "the store already holds data; the demonstration never mixes with it: name an "
            "empty store with --db, or remove an earlier demonstration's file"
        )
    admission = Admission(open_accounts(settings.database_url))
    if admission.accounts():
        raise terminal.CallRefused("the store already has accounts of people; name an empty store with --db")
    now = datetime.now(settings.ward_zone)
    admission.mark_as_demonstration()
    admission.audit.record(Deed(Act.DEMONSTRATION_FILLED, terminal.origin(), how_many=asked.patients), now)
    with tempfile.TemporaryDirectory() as folder, terminal.Progress() as progress:
        paths = write_ward(Path(folder), now, asked.patients, asked.seed)
        report = Rounds(store, settings, dictionary()).ingest(
            paths, author=AUTHOR, received_at=now, progress=progress, by=terminal.origin()
        )
    ingest.tell(report, as_json=asked.json)
    _people(admission, _of_the_family(asked.patients), now, terminal.note if asked.json else terminal.say)
    return terminal.DONE


def _of_the_family(patients: int) -> str:
    """Whom the caregiver reports on: a patient who is at home and reports, else the first of a small ward."""
    told = ward_of(patients, read_stories())
    return next((story.id for story in reversed(told) if story.at_home), told[0].id)


def _people(admission: Admission, patient_id: str, at: datetime, say: Callable[[str], None]) -> None:
    """An account of each role, with one password made up for this store; neither opens any other store."""
    password = f"{DEMONSTRATION_MARK}-{secrets.token_hex(4)}"
    say("Demonstration accounts of this store only:")
    for role in Role:
        account = admission.add(
            f"demo-{role.value}",
            role,
            at,
            display_name=NAMES[role],
            patient_id=patient_id if role is Role.CAREGIVER else None,
            demonstration=True,
            by=terminal.origin(),
        )
        admission.set_password(account, password, at, terminal.origin())
        say(f"  {account.name:<18} password: {password}")
