"""The documented windows around each infusion. They shade a chart and word a message; they never change a grade (D40).

CRS: day 0 to 14 after infusion. ICANS: one to four weeks, day 7 to 28. ICAHT has none. A product given twice has a
window for each.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta, tzinfo
from math import floor

from monitoring.vocabulary import Flag, Syndrome

DOCUMENTED_DAYS = {Syndrome.CRS: (0, 14), Syndrome.ICANS: (7, 28)}


def window_flags(syndrome: Syndrome, day: float | None, infusion_days: Sequence[float]) -> list[Flag]:
    """What to say about a finding on `day`, counted like `infusion_days`; nothing inside the first window."""
    if day is None or syndrome not in DOCUMENTED_DAYS:
        return []
    first, last = DOCUMENTED_DAYS[syndrome]
    inside = [start for start in infusion_days if first <= floor(day - start) <= last]
    if inside:
        return [Flag.SECOND_INFUSION_WINDOW] if inside[-1] > min(infusion_days) else []
    given = [start for start in infusion_days if start <= day]
    before = not given or floor(day - given[-1]) < first
    return [Flag.BEFORE_DOCUMENTED_WINDOW if before else Flag.AFTER_DOCUMENTED_WINDOW]


def window_span(syndrome: Syndrome, infused_at: datetime, ward_zone: tzinfo) -> tuple[datetime, datetime]:
    """[start, end) of the documented window in the ward's calendar; the CRS window opens at the infusion itself."""
    first, last = DOCUMENTED_DAYS[syndrome]
    day = infused_at.astimezone(ward_zone).date()
    opens = datetime.combine(day + timedelta(days=first), time(0), ward_zone)
    closes = datetime.combine(day + timedelta(days=last + 1), time(0), ward_zone)
    return max(opens, infused_at.astimezone(ward_zone)), closes
