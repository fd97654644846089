"""`grade`: files to grade steps and episodes, without a store."""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from monitoring.commands import terminal
from monitoring.concepts import dictionary
from monitoring.course import Course
from monitoring.episodes import grade_report
from monitoring.ingest import read_paths
from monitoring.records import Fact, Refusal, Tally, latest_effective
from monitoring.settings import read_settings

HELP = "grade steps and episodes straight from files, no store"
EXAMPLE = "python -m monitoring grade clif/ --system crs-astct-2019 --json"
ABOUT = (
    "Each patient is graded up to the last moment the files speak of for that patient, so the same files always "
    "give the same answer; --as-of sets another moment."
)
_ROWS_A_STEP = 1000


def describe(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    terminal.add_input(parser)
    terminal.add_systems(parser)
    parser.add_argument("--patient", action="append", metavar="ID", help="only this patient; repeat for several")
    parser.add_argument("--as-of", metavar="ISO", help="grade up to this moment; default: the patient's last fact")
    terminal.add_json(parser)


def run(asked: argparse.Namespace) -> int:
    """Read, grade and print."""
    settings = read_settings()
    tz = terminal.chosen_zone(asked.tz) or settings.file_zone
    system_ids = terminal.chosen_systems(asked.system)
    as_of = terminal.chosen_moment("--as-of", asked.as_of, tz) if asked.as_of else None
    by_patient, tally, refusals = _read(asked, tz)
    for wanted in asked.patient or ():
        if wanted not in by_patient:
            raise terminal.CallRefused(f"no patient {wanted!r} in the files; they speak of {_some(by_patient)}")
    for patient_id in sorted(set(asked.patient or by_patient)):
        facts = list(by_patient[patient_id].values())
        moment = as_of or latest_effective(facts)  # D39
        if moment is None:
            continue
        course = Course.from_facts(patient_id, facts, dictionary(), settings.ward_zone)
        for report in grade_report(course, system_ids, moment, settings.ward_zone):
            terminal.say(json.dumps(report)) if asked.json else _tell(report)
    terminal.note(terminal.equation(tally).replace(" stored ", " used "))
    terminal.note_refusals(refusals, "`ingest --json` lists all")
    return terminal.QUARANTINED if refusals else terminal.DONE


def _read(asked: argparse.Namespace, tz: Any) -> tuple[dict[str, dict[str, Fact]], Tally, list[Refusal]]:  # noqa: ANN401
    """Facts by patient and fact id, the equation as a store would count it, and the refusals."""
    by_patient: dict[str, dict[str, Fact]] = defaultdict(dict)
    refusals: list[Refusal] = []
    counts: dict[str, int] = defaultdict(int)
    kinds: dict[str, int] = defaultdict(int)
    paths = [Path(path) for path in asked.paths]
    with terminal.Progress() as progress:
        rows = read_paths(
            paths,
            fmt=asked.format,
            tz=tz,
            received_at=datetime.now(UTC),
            dictionary=dictionary(),
            share=progress.share,
        )
        for number, row in enumerate(rows, start=1):
            fresh = [fact for fact in row.facts if fact.fact_id not in by_patient[fact.patient_id]]
            for fact in fresh:
                by_patient[fact.patient_id][fact.fact_id] = fact
            refusals += row.refusals
            counts["read"] += 1
            if row.refusals:
                counts["quarantined"] += 1
            elif row.ignored_kind:
                counts["ignored"] += 1
                kinds[row.ignored_kind] += 1
            else:
                counts["stored" if fresh else "duplicates"] += 1
            if number % _ROWS_A_STEP == 0:
                progress(row.source, number)
    return by_patient, Tally(**counts, ignored_kinds=dict(kinds)), refusals


def _some(patients: dict[str, dict[str, Fact]]) -> str:
    names = sorted(patients)
    return (", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")) or "nobody"


def _tell(report: dict[str, Any]) -> None:
    terminal.say(f"{report['patient_id']}  {report['system']} (revision {report['revision']})")
    for step in report["steps"]:
        terminal.say("  " + "  ".join(_columns(step)))
    for episode in report["episodes"]:
        day = "" if episode["onset_day"] is None else f" (day {episode['onset_day']})"
        end = f"resolved {_short(episode['resolved'])}" if episode["resolved"] else "not resolved"
        terminal.say(f"  episode: onset {_short(episode['onset'])}{day}, peak {episode['peak']}, {end}")


def _columns(step: dict[str, Any]) -> Iterator[str]:
    yield f"{_short(step['from'])} to {_short(step['to']) if step['to'] else 'the end':<16}"
    low, high = step["at_least"], step["at_most"]
    yield f"{'not gradable' if low is None else low if low == high else f'{low}–{high}':<12}"
    told = {"": step["met"], "not known: ": step["unassessed"], "flags: ": step["flags"]}
    yield "; ".join(name + ", ".join(values) for name, values in told.items() if values)


def _short(moment: str) -> str:
    return datetime.fromisoformat(moment).strftime("%Y-%m-%d %H:%M")
