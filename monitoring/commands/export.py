"""`export`: what leaves the system, as files in a new folder."""

from __future__ import annotations

import argparse
import hashlib
import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from monitoring.access.accounts import DEMONSTRATION_MARK
from monitoring.access.acts import Act, Deed
from monitoring.commands import terminal
from monitoring.commands.export_files import FactFiles, Files, ResourceFiles
from monitoring.concepts import Dictionary, dictionary
from monitoring.course import Course
from monitoring.export.cibmtr import REPORT, report
from monitoring.export.deidentified import Deidentified, pseudonym
from monitoring.export.fhir import Told, grade_observation, resources
from monitoring.export.graded import GRADE_TABLES, REFUSALS, STEPS, graded
from monitoring.export.tables import Row, Table, placed
from monitoring.grading import systems
from monitoring.records import AlertChange, Correction, Fact, Infusion
from monitoring.settings import Settings, read_settings
from monitoring.standing import ADMINISTRATIVE
from monitoring.store import Store, open_store
from monitoring.store.accounts import open_accounts

HELP = "facts, grades and reports as files"
EXAMPLE = "python -m monitoring export --format csv --out /srv/exports/2026-11-21"
ABOUT = (
    "csv and parquet: every fact in the tables `ingest` reads, grade steps, episodes, refusals. fhir: "
    "NDJSON of resources, grades apart. cibmtr: one row a patient and infusion. The folder must be "
    "new. What was written, how much of it, and the audit head stand in its export.manifest."
)
FORMATS = ("csv", "parquet", "fhir", "cibmtr")
TABLES = ("csv", "parquet")
MANIFEST, LABEL = "export.manifest", "DEMONSTRATION.md"
_ALWAYS = (*ADMINISTRATIVE, Infusion, Correction)


@dataclass(frozen=True)
class Order:
    """What was asked for. `as_of` ends every grade."""

    fmt: str
    system_ids: tuple[str, ...]
    patients: tuple[str, ...]
    since: datetime | None
    until: datetime | None
    as_of: datetime
    deidentified: bool

    def wants(self, fact: Fact) -> bool:
        """Whether a fact lies in the span asked for; who, where and when infused is told always."""
        if isinstance(fact, _ALWAYS):
            return True
        early = self.since is not None and fact.effective_at < self.since
        return not early and (self.until is None or fact.effective_at < self.until)


def describe(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("--format", required=True, choices=FORMATS, help="what to write")
    parser.add_argument("--out", required=True, type=Path, metavar="DIR", help="a new folder")
    parser.add_argument("--since", metavar="ISO", help="only what was true from then on")
    parser.add_argument("--until", metavar="ISO", help="only what was true before then; grades end there")
    parser.add_argument("--patient", action="append", metavar="ID", help="only this patient; repeat for several")
    parser.add_argument(
        "--deidentify", action="store_true", help="csv and parquet: no names, ids, dates or typed words; days counted"
    )
    terminal.add_systems(parser)
    terminal.add_store(parser)
    terminal.add_json(parser)


def run(asked: argparse.Namespace) -> int:
    """Record the export in the audit, then write it."""
    settings = read_settings(asked.db)
    now = datetime.now(UTC)
    store = open_store(settings.database_url, create=False)
    order = _order(asked, settings, store, now)
    unfinished = _new_folder(asked.out)
    one = order.patients[0] if asked.patient and len(order.patients) == 1 else None
    about = f"{order.fmt}, deidentified" if order.deidentified else order.fmt
    store.audit.record(Deed(Act.EXPORTED, terminal.origin(), one, about, len(order.patients)), now)
    files = Files(unfinished, "csv" if order.fmt == "cibmtr" else order.fmt)
    with terminal.Progress() as progress:
        write = {"fhir": _resources, "cibmtr": _registry}.get(order.fmt, _tables)
        write = _without_whom if order.deidentified else write
        write(order, store, settings, files, progress)
    if order.fmt in TABLES and not asked.patient and not order.deidentified:
        refused = [refusal.model_dump(exclude={"raw"}) for refusal in store.refusals()]
        files.add("intake", REFUSALS, refused)
    files.close()
    manifest = _manifest(order, store, settings, files, unfinished, now)
    (unfinished / MANIFEST).write_text(json.dumps(manifest, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    unfinished.rename(asked.out)
    if asked.json:
        terminal.say(json.dumps({"out": str(asked.out), **manifest}))
        return terminal.DONE
    for name, written in manifest["files"].items():
        terminal.say(f"{written['rows']:>9}  {name}")
    terminal.say(f"{asked.out}: {len(order.patients)} patients; audit head {manifest['audit_head']}")
    return terminal.DONE


def _order(asked: argparse.Namespace, settings: Settings, store: Store, now: datetime) -> Order:
    known = store.patients()
    for wanted in asked.patient or ():
        if wanted not in known:
            raise terminal.CallRefused(f"nothing is known of patient {wanted!r}; expected a stored identifier")
    if asked.deidentify and asked.format not in TABLES:
        raise terminal.CallRefused(f"--deidentify goes with csv and parquet, not {asked.format}; nothing was written")
    since = terminal.chosen_moment("--since", asked.since, settings.ward_zone) if asked.since else None
    until = terminal.chosen_moment("--until", asked.until, settings.ward_zone) if asked.until else None
    if since is not None and until is not None and until <= since:
        raise terminal.CallRefused(f"--until {asked.until!r} is not after --since {asked.since!r}; nothing was written")
    return Order(
        fmt=asked.format,
        system_ids=terminal.chosen_systems(asked.system),
        patients=tuple(sorted(set(asked.patient))) if asked.patient else tuple(known),
        since=since,
        until=until,
        as_of=min(until, now) if until else now,
        deidentified=asked.deidentify,
    )


def _new_folder(out: Path) -> Path:
    """Where the files are written until all of them are there; only its owner may look into it."""
    if out.exists():
        raise terminal.CallRefused(f"{out} exists already; name a new folder. Nothing was written")
    unfinished = out.with_name(f"{out.name}.unfinished")
    try:
        unfinished.mkdir(mode=0o700, parents=True)
    except FileExistsError as left:
        raise terminal.CallRefused(
            f"{unfinished} is left of an export that did not end; remove it. Nothing was written"
        ) from left
    return unfinished


def _tables(order: Order, store: Store, settings: Settings, files: Files, progress: terminal.Progress) -> None:
    reference = _site(store)
    facts = FactFiles(files, order.fmt, dictionary(), order.as_of if order.until is None else datetime.now(UTC))
    for number, (course, every) in enumerate(_courses(order, store, settings, reference), start=1):
        for fact in filter(order.wants, every):
            facts.add(fact)
        rows = list(graded(course, order.system_ids, order.as_of, settings.ward_zone, order.since))
        for table in GRADE_TABLES:
            files.add("grades", table, [row for where, row in rows if where is table])
        progress(order.fmt, number)
    facts.close()


def _without_whom(order: Order, store: Store, settings: Settings, files: Files, progress: terminal.Progress) -> None:
    """Standing facts and grades, patients in the order of their new names."""
    key = secrets.token_bytes(32)
    shuffled = replace(order, patients=tuple(sorted(order.patients, key=lambda name: pseudonym(name, key))))
    for number, (course, _) in enumerate(_courses(shuffled, store, settings, _site(store)), start=1):
        hidden = Deidentified(course, key, course.dictionary, settings.ward_zone)
        facts = [found for fact in course.facts if order.wants(fact) and (found := placed(fact)) is not None]
        rows = [("facts", where, row) for where, row in facts]
        steps = graded(course, order.system_ids, order.as_of, settings.ward_zone, order.since)
        rows += [("grades", where, row) for where, row in steps]
        leaving: dict[tuple[str, str], tuple[Table, list[Row]]] = {}
        for under, where, row in rows:
            left = hidden.row(where, row)
            if left is not None:
                leaving.setdefault((under, where.name), (left[0], []))[1].append(left[1])
        for (under, _), (where, some) in leaving.items():
            files.add(under, where, some)
        progress(order.fmt, number)


def _resources(order: Order, store: Store, settings: Settings, files: Files, progress: terminal.Progress) -> None:
    written = ResourceFiles(files, dictionary(), datetime.now(UTC))
    for number, (course, _) in enumerate(_courses(order, store, settings, _site(store)), start=1):
        told = [one for one in resources(course) if order.wants(one.of if isinstance(one, Told) else one)]
        written.add([one for one in told if not isinstance(one, Correction)])
        for table, row in graded(course, order.system_ids, order.as_of, settings.ward_zone, order.since):
            if table is STEPS:
                files.line("grades/Observation.ndjson", json.dumps(grade_observation(row), ensure_ascii=False))
        progress(order.fmt, number)


def _registry(order: Order, store: Store, settings: Settings, files: Files, progress: terminal.Progress) -> None:
    for number, (course, _) in enumerate(_courses(order, store, settings, _site(store)), start=1):
        since = order.since
        rows = [
            row
            for infusion, row in zip(course.infusions, report(course, order.as_of, settings.ward_zone), strict=False)
            if since is None or infusion.effective_at >= since
        ]
        files.add("registry", REPORT, rows)
        progress(order.fmt, number)


def _site(store: Store) -> Dictionary:
    now = store.site.now()
    return dictionary().with_site(now.settings, now.number)


def _courses(
    order: Order, store: Store, settings: Settings, reference: Dictionary
) -> Iterator[tuple[Course, list[Fact]]]:
    """Each patient's course, and everything stored of them."""
    for patient_id in order.patients:
        every = store.facts(patient_id)
        charted = [fact for fact in every if not isinstance(fact, AlertChange)]
        yield Course.from_facts(patient_id, charted, reference, settings.ward_zone), every


def _manifest(
    order: Order, store: Store, settings: Settings, files: Files, folder: Path, now: datetime
) -> dict[str, Any]:
    demonstration = open_accounts(settings.database_url).mark(DEMONSTRATION_MARK) is not None
    if demonstration:
        told = "Every patient in these files is invented. They are a demonstration and say nothing of anybody.\n"
        (folder / LABEL).write_text(told, encoding="utf-8")
    return {
        "made_at": now.isoformat(),
        "format": order.fmt,
        "demonstration": demonstration,
        "deidentified": order.deidentified,
        "patients": len(order.patients),
        "since": order.since.isoformat() if order.since else None,
        "until": order.until.isoformat() if order.until else None,
        "as_of": order.as_of.isoformat(),
        "ward_zone": str(settings.ward_zone),
        "systems": {name: systems()[name].revision for name in order.system_ids},
        "audit_head": str(store.audit.head()),
        "files": {
            name: {"rows": rows, "sha256": _sha256(folder / name)} for name, rows in sorted(files.counts.items())
        },
    }


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
