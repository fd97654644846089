"""The documented windows around each infusion. They shade a chart and word a message; they never change a grade (D40).

CRS: day 0 to 14 after infusion. ICANS: one to four weeks, day 7 to 28. ICAHT has none. A product given twice has a
window for each.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta, tzinfo
from math import floor

from monitoring.clock import day_post_infusion
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
    opens, closes = day_span(*DOCUMENTED_DAYS[syndrome], infused_at, ward_zone)
    return max(opens, infused_at.astimezone(ward_zone)), closes


def day_span(first: int, last: int, infused_at: datetime, ward_zone: tzinfo) -> tuple[datetime, datetime]:
    """[start of day `first`, end of day `last`) after an infusion, in the ward's calendar."""
    day = infused_at.astimezone(ward_zone).date()
    opens, closes = (datetime.combine(day + timedelta(days=shift), time(0), ward_zone) for shift in (first, last + 1))
    return opens, closes


def standing(infused: Sequence[datetime], as_of: datetime, ward_zone: tzinfo) -> str:
    """Where `as_of` stands in the windows, in words; `infused` are the infusions up to then, earliest first."""
    if not infused:
        return "No infusion is recorded, so the documented windows cannot be placed."
    days = [day_post_infusion(as_of, given, ward_zone) for given in infused]
    counted = f"Day {days[-1]}" + (f" after infusion {len(days)}, day {days[0]} after the first" if days[1:] else "")
    crs, icans = (_in_window(syndrome, days) for syndrome in (Syndrome.CRS, Syndrome.ICANS))
    return f"{counted}: {crs}; {icans}."


def _in_window(syndrome: Syndrome, days: Sequence[int]) -> str:
    name = f"{syndrome.value.upper()} window"
    first, last = DOCUMENTED_DAYS[syndrome]
    within = [number for number, day in enumerate(days, start=1) if first <= day <= last]
    if within:
        of = f" of infusion {within[0]}" if len(days) > 1 else f", day {first} to {last}"
        if within[1:]:
            return f"inside the documented {name}s of infusions {' and '.join(map(str, within))}"
        return f"inside the documented {name}{of}"
    ahead = [first - day for day in days if day < first]
    if ahead:
        return f"{name} opens {'tomorrow' if min(ahead) == 1 else f'in {min(ahead)} days'}"
    past = min(day - last for day in days)
    return f"{name} closed {'yesterday' if past == 1 else f'{past} days ago'}"
