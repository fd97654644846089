"""Everything the environment may say, read in this one place."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from monitoring.clock import zone

ROOT = Path(__file__).resolve().parent.parent
DEFAULT_DATABASE = ROOT / "data" / "monitoring.db"


@dataclass(frozen=True)
class Settings:
    """What a site decides outside the dictionary.

    `ward_zone` decides the day post infusion and the times on screens; `file_zone` is applied to times without
    an offset in files, and is None unless set, so that such rows are quarantined and never guessed.
    """

    database_url: str
    ward_zone: ZoneInfo
    file_zone: ZoneInfo | None
    demonstration: bool


def read_settings(database_url: str | None = None) -> Settings:
    """Settings from `MONITORING_*` variables; an argument wins over the environment. Raises TimeRefused."""
    file_zone = os.environ.get("MONITORING_FILE_ZONE")
    return Settings(
        database_url=database_url or os.environ.get("MONITORING_DATABASE_URL") or f"sqlite:///{DEFAULT_DATABASE}",
        ward_zone=zone(os.environ.get("MONITORING_WARD_ZONE", "UTC")),
        file_zone=zone(file_zone) if file_zone else None,
        demonstration=os.environ.get("MONITORING_DEMONSTRATION", "") == "1",
    )
