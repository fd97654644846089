"""`ingest`: files and folders into the store, every row accounted for."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path

from monitoring.commands import terminal
from monitoring.concepts import dictionary
from monitoring.rounds import IngestReport, Rounds
from monitoring.settings import read_settings
from monitoring.store import open_store

HELP = "files and folders into the store"
EXAMPLE = "python -m monitoring ingest vitals.csv drugs.csv --tz Europe/Berlin"
AUTHOR = "command line"


def describe(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    terminal.add_input(parser)
    terminal.add_store(parser)
    terminal.add_json(parser)


def run(asked: argparse.Namespace) -> int:
    """Ingest, and print the equation."""
    settings = read_settings(asked.db)
    tz = terminal.chosen_zone(asked.tz)
    rounds = Rounds(open_store(settings.database_url), settings, dictionary())
    with terminal.Progress() as progress:
        report = rounds.ingest(
            [Path(path) for path in asked.paths],
            fmt=asked.format,
            tz=tz,
            author=AUTHOR,
            received_at=datetime.now(UTC),
            progress=progress,
            share=progress.share,
            by=terminal.origin(),
        )
    tell(report, as_json=asked.json)
    return terminal.QUARANTINED if report.quarantined else terminal.DONE


def tell(report: IngestReport, *, as_json: bool) -> None:
    """Print what became of the rows. The bytes of a refused row stay in the store: they may hold a name."""
    if as_json:
        _say_json(report)
        return
    for source in report.sources:
        terminal.say(f"{source.source}: {terminal.equation(source)}")
    if len(report.sources) != 1:
        terminal.say(f"all: {terminal.equation(report)}")
    terminal.note_refusals(report.refusals, "--json lists all, the Intake page shows them")


def _say_json(report: IngestReport) -> None:
    """The whole report as one JSON object, a refusal at a time: there may be as many as the file has rows."""
    counted = report.model_dump_json(exclude={"sources"})
    sys.stdout.write(f'{counted[:-1]},"refusals":[')
    for number, refusal in enumerate(report.refusals):
        sys.stdout.write(("," if number else "") + refusal.model_dump_json(exclude={"raw"}))
    sources = ",".join(one.model_dump_json() for one in report.sources)
    terminal.say(f'],"sources":[{sources}]}}')
