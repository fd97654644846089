"""`explain`: one patient's grades with every criterion, value, time, source and place in the paper."""

from __future__ import annotations

import argparse
import dataclasses
import json
from collections.abc import Sequence
from datetime import UTC, datetime, tzinfo

from monitoring.access.acts import Act, Deed
from monitoring.commands import terminal
from monitoring.concepts import dictionary
from monitoring.rounds import Rounds
from monitoring.settings import read_settings
from monitoring.store import open_store
from monitoring.views import CriterionRow, Explanation, PatientView

HELP = "why a patient has this grade, from the store"
EXAMPLE = "python -m monitoring explain P1 --at 2026-03-01T03:10+01:00 --system crs-lee-2014"


def describe(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("patient", metavar="PATIENT", help="the patient's identifier in the files")
    parser.add_argument("--at", metavar="ISO", help="the moment asked about; default now")
    parser.add_argument("--known-by", metavar="ISO", help="only what had reached us by then; default everything")
    terminal.add_systems(parser)
    terminal.add_store(parser)
    terminal.add_json(parser)


def run(asked: argparse.Namespace) -> int:
    """Print the explanation of each scale."""
    settings = read_settings(asked.db)
    system_ids = terminal.chosen_systems(asked.system)
    at = terminal.chosen_moment("--at", asked.at) if asked.at else datetime.now(UTC)
    known_by = terminal.chosen_moment("--known-by", asked.known_by) if asked.known_by else None
    rounds = Rounds(open_store(settings.database_url, create=False), settings, dictionary())
    view = rounds.patient(asked.patient, at, known_by)
    if view is None:
        by_then = f" by {known_by.isoformat()}" if known_by else ""
        raise terminal.CallRefused(
            f"nothing is known of patient {asked.patient!r}{by_then}; expected a stored identifier"
        )
    rounds.audit.record(
        Deed(Act.PATIENT_VIEWED, terminal.origin(), patient_id=asked.patient, about="explain"), datetime.now(UTC)
    )
    told = rounds.explain(asked.patient, system_ids, at, known_by)
    if asked.json:
        terminal.say(json.dumps(_as_json(asked.patient, view, told)))
        return terminal.DONE
    terminal.say(f"{asked.patient} at {_clock(at, settings.ward_zone)} ({view.ward_zone}), {view.row.day_text}")
    for explanation in told:
        _tell(explanation, settings.ward_zone)
    return terminal.DONE


def _tell(explained: Explanation, ward_zone: tzinfo) -> None:
    terminal.say(f"\n{explained.title}: {explained.grade.text}  [{explained.system}; {explained.reference}]")
    terminal.say(f"  {explained.sentence}")
    if explained.decides:
        terminal.say(f"  would decide: {explained.decides}")
    for row in explained.rows:
        terminal.say("  " + "  ".join(part for part in _parts(row, ward_zone) if part))
    for remark in explained.remarks:
        terminal.say(f"  note: {remark}")


def _parts(row: CriterionRow, ward_zone: tzinfo) -> tuple[str, ...]:
    grade = "any" if row.grade is None else str(row.grade)
    when = f"{_clock(row.at, ward_zone)} ({_age(row)})" if row.at else ""
    seen = " ".join(part for part in (row.value, when, row.source) if part)
    return (f"{row.answer.name:<7} {grade:<3}", row.wording, f"({row.locator})", seen and f"<- {seen}", row.decision)


def _age(row: CriterionRow) -> str:
    return f"{row.age_text} ago; {row.as_charted}" if row.as_charted else f"{row.age_text} ago"


def _clock(at: datetime, ward_zone: tzinfo) -> str:
    return at.astimezone(ward_zone).isoformat(sep=" ", timespec="minutes")


def _as_json(patient_id: str, view: PatientView, told: Sequence[Explanation]) -> dict[str, object]:
    explanations = [dataclasses.asdict(explained) for explained in told]
    for explained in explanations:
        for row in explained["rows"]:
            row["answer"] = row["answer"].name.lower()
            row["at"] = row["at"].isoformat() if row["at"] else None
        since = explained["grade"]["since"]
        explained["grade"]["since"] = since.isoformat() if since else None
    return {"patient_id": patient_id, "at": view.as_of.isoformat(), "explanations": explanations}
