"""The demonstration ward: stories written as the files that a ward, an intensive care unit and a home send.

Every patient is invented. The files are ordinary ones, so that the same readers load them as everything else.
"""

from __future__ import annotations

import csv
from datetime import datetime
from pathlib import Path

from monitoring.demonstration import rows
from monitoring.demonstration.charting import Chart, Charting
from monitoring.demonstration.rows import Row
from monitoring.demonstration.stories import read_stories, ward_of

__all__ = ["write_ward"]


def write_ward(folder: Path, now: datetime, patients: int = 17, seed: int = 7) -> list[Path]:
    """Writes the demonstration ward into `folder` and returns the files, in the order of their names.

    `now` is aware, best in the ward's zone: the infusions lie whole days before its calendar day. The same arguments
    give the same bytes. Raises ValueError for a naive `now` or fewer than one patient, OSError for a folder that
    cannot be written.
    """
    if now.tzinfo is None:
        raise ValueError(f"now = {now.isoformat()}: expected a time with a zone; nothing was written")
    charts = [Chart(story, now, seed) for story in ward_of(patients, read_stories())]
    folder.mkdir(parents=True, exist_ok=True)
    clif = [chart for chart in charts if chart.story.charted_as == "clif"]
    vitals = {chart.story.id: chart.sets() for chart in charts}

    def charted_as(way: str) -> list[tuple[Chart, Charting]]:
        return [(chart, taken) for chart in charts if chart.story.charted_as == way for taken in vitals[chart.story.id]]

    wide = [rows.wide_row(chart, taken) for chart, taken in charted_as("wide")]
    long = [*charted_as("long"), *charted_as("long_fahrenheit")]
    tables: dict[str, list[Row]] = {
        "patients.csv": [row for chart in charts for row in rows.patient_rows(chart)],
        "vitals_7north.csv": [*wide, *rows.flawed_rows(wide)],
        "vitals_7north_fahrenheit.csv": [
            rows.in_fahrenheit(rows.wide_row(*each)) for each in charted_as("wide_fahrenheit")
        ],
        "vitals_home.csv": [row for chart, taken in long for row in rows.long_rows(chart, taken)],
        "clif_vitals.csv": [row for chart, taken in charted_as("clif") for row in rows.clif_vital_rows(chart, taken)],
        "clif_respiratory_support.csv": [rows.clif_oxygen_row(chart, taken) for chart, taken in charted_as("clif")],
        "clif_medication_admin_continuous.csv": [
            row for chart in clif for row in rows.clif_drug_rows(chart, rates=True)
        ],
        "clif_medication_admin_intermittent.csv": [
            row for chart in clif for row in rows.clif_drug_rows(chart, rates=False)
        ],
        "drugs.csv": [row for chart in charts if chart not in clif for row in rows.drug_rows(chart)],
        "neuro.csv": [row for chart in charts for row in rows.neuro_rows(chart)],
        "laboratory.csv": [row for chart in charts for row in rows.laboratory_rows(chart)],
        "monitor_7north.csv": [row for chart in charts for row in rows.monitor_rows(chart, vitals[chart.story.id][-1])],
        "symptoms_home.csv": [row for chart in charts for row in rows.symptom_rows(chart)],
    }
    return [_write(folder / name, table) for name, table in sorted(tables.items()) if table]


def _write(path: Path, table: list[Row]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(table[0]))
        writer.writeheader()
        writer.writerows(table)
    return path
