"""The stays of a folder of CLIF tables as courses."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from monitoring.concepts import dictionary
from monitoring.course import Course
from monitoring.ingest import read_paths
from monitoring.records import Fact, Patient, Placement


def clif_courses(folder: Path) -> list[Course]:
    """A course for everybody of whom something with a time is recorded."""
    facts: dict[str, list[Fact]] = defaultdict(list)
    rows = read_paths([folder], tz=ZoneInfo("UTC"), received_at=datetime.now(UTC), dictionary=dictionary())
    for row in rows:
        for fact in row.facts:
            facts[fact.patient_id].append(fact)
    timed = {name: some for name, some in facts.items() if any(not isinstance(f, Patient | Placement) for f in some)}
    return [Course.from_facts(name, some, dictionary()) for name, some in timed.items()]
