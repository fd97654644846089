"""HL7 v2 times, read strictly: the whole text must be a time, and nothing of it is made up (D72).

`YYYYMMDDHHMM[SS[.S...]][+/-ZZZZ]` is a moment. A date, an hour without minutes and a time whose second component says
it is no more exact than that are refused. All zeros is a device's way of saying that it has no time.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta, timezone, tzinfo

from monitoring.clock import TimeRefused, parse_date, parse_instant

_TIME = re.compile(r"(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(?:(\d{2})(?:\.(\d{1,9}))?)?([+-]\d{4})?", re.ASCII)
_DATE = re.compile(r"\d{4}(?:\d{2}){0,2}(?:[+-]\d{4})?", re.ASCII)
_HOUR = re.compile(r"\d{10}(?:[+-]\d{4})?", re.ASCII)
_BORN = re.compile(r"(\d{4})(\d{2})(\d{2})(?:\d{2,6}(?:\.\d{1,9})?(?:[+-]\d{4})?)?", re.ASCII)
_ZEROS = re.compile(r"0+(?:\.0+)?(?:[+-]\d{4})?", re.ASCII)
_COARSE = frozenset({"Y", "L", "D", "H"})


def absent(text: str) -> bool:
    """Whether a time is not there: empty, or all zeros."""
    return not text or _ZEROS.fullmatch(text) is not None


def parse_time(text: str, precision: str = "", tz: tzinfo | None = None) -> datetime:
    """An HL7 time as an aware datetime in UTC; `tz` is applied only where the text carries no offset.

    Raises TimeRefused for anything but a whole time of day, and for a local hour that exists twice or never.
    """
    match = _TIME.fullmatch(text)
    if match is None or precision.upper() in _COARSE:
        if _DATE.fullmatch(text) or precision.upper() in {"Y", "L", "D"}:
            raise TimeRefused("a date without a time of day; expected YYYYMMDDHHMM[SS][+ZZZZ]")
        if _HOUR.fullmatch(text) or precision.upper() == "H":
            raise TimeRefused("an hour without minutes; expected YYYYMMDDHHMM[SS][+ZZZZ]")
        raise TimeRefused("not an HL7 time; expected for example 20260301080000+0100")
    year, month, day, hour, minute, second, fraction, offset = match.groups()
    seconds = f":{second}" + (f".{fraction}" if fraction else "") if second else ""
    zone = f"{offset[:3]}:{offset[3:]}" if offset else ""
    return parse_instant(f"{year}-{month}-{day}T{hour}:{minute}{seconds}{zone}", tz)


def offset_of(text: str) -> tzinfo | None:
    """The offset a time carries; None without one."""
    match = _TIME.fullmatch(text)
    if match is None or match[8] is None:
        return None
    sign, hours, minutes = match[8][0], int(match[8][1:3]), int(match[8][3:])
    shift = timedelta(hours=hours, minutes=minutes)
    if minutes >= 60 or shift >= timedelta(hours=24):
        return None
    return timezone(-shift if sign == "-" else shift)


def parse_birth(text: str) -> date:
    """The day of a birth, whatever time of day is written behind it. Raises TimeRefused."""
    match = _BORN.fullmatch(text)
    if match is None:
        raise TimeRefused("not a day; expected YYYYMMDD")
    return parse_date(f"{match[1]}-{match[2]}-{match[3]}")
