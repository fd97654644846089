"""Alerts that somebody has seen: who and when stands beside the alert until its reason changes or its time is over.

Seeing lowers no grade, moves no row and hides nothing; a grade is made without reading it (D109).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from monitoring.alerts import last_heard
from monitoring.episodes import PUBLISHED, REPORTED
from monitoring.records import Acknowledgement
from monitoring.sentences import Situation
from monitoring.timeline import micros
from monitoring.views import Seen, StandingAlert, WardRow
from monitoring.vocabulary import Syndrome
from monitoring.watchkeeping import SEVERE_REPORT, Found, found_in
from monitoring.wording import clock_text

HOLDS = timedelta(hours=4)
"""How long an acknowledgement holds at most where nothing changes."""

HOLDS_GRAVE = timedelta(hours=1)
"""The same from a certain grade 3, and for a patient nobody has heard of."""

GRAVE = 3
SILENT = "silent"

_SYSTEMS = {
    "crs": (PUBLISHED[Syndrome.CRS],),
    "icans": (PUBLISHED[Syndrome.ICANS],),
    "reported": tuple(REPORTED.values()),
}
_WORDS = {"crs": "CRS", "icans": "ICANS", "reported": "Reported", SILENT: "Silent"}
_LEAST = {"crs": 1, "icans": 1, "reported": SEVERE_REPORT}

Reasons = Mapping[str, int]
"""What holds of a grade: for each axis of the scale the grade its findings stand for."""


def standing_alerts(now: Situation, row: WardRow) -> tuple[StandingAlert, ...]:
    """The alerts of a row, each with who has seen it, if anybody has."""
    said = [fact for _, fact in reversed(now.course.column("acknowledgement")) if isinstance(fact, Acknowledgement)]
    return tuple(_alert(now, name, found, said) for name, found in found_in(row, now.as_of).items())


def seen_text(alerts: Sequence[StandingAlert], as_of: datetime, now: Situation) -> str:
    """The mark on the ward row: `seen by Ada N. 03:10`, naming the alerts where not all of them were; else empty."""
    held = [alert for alert in alerts if alert.seen is not None and not alert.seen.lapsed]
    if not held:
        return ""
    people = dict.fromkeys(f"{one.seen.who} {clock_text(one.seen.at, as_of, now.zone)}" for one in held if one.seen)
    which = "" if len(held) == len(alerts) else f"{', '.join(_WORDS[one.name] for one in held)} "
    return f"{which}seen by {', '.join(people)}"


def holds_until(alerts: Sequence[StandingAlert]) -> datetime | None:
    """When the first of the marks that hold comes to its end; None without one."""
    return min((one.seen.until for one in alerts if one.seen is not None and not one.seen.lapsed), default=None)


def _alert(now: Situation, name: str, found: Found, said: Sequence[Acknowledgement]) -> StandingAlert:
    seen = [_seen(now, name, fact) for fact in said if fact.alert.partition(" ")[0] == name]
    shown = next((one for one in seen if not one.lapsed), seen[0] if seen else None)
    grade = "" if found.grade is None else f" grade {found.grade}"
    return StandingAlert(name, _key(now, name), f"{_WORDS[name]}{grade}", found.since, shown)


def _key(now: Situation, name: str) -> str:
    """What an acknowledgement of the alert as it stands says: `crs 2 temperature:1 blood_pressure:2`."""
    if name == SILENT:
        return SILENT
    grade, reasons = _stood(now, name, now.at)
    return " ".join([name, str(grade), *(f"{axis}:{level}" for axis, level in sorted(reasons.items()))])


def _seen(now: Situation, name: str, fact: Acknowledgement) -> Seen:
    role, _, who = (fact.author or "").partition(":")
    grade, reasons = _read(fact.alert)
    grave = name == SILENT or grade >= GRAVE
    until = fact.effective_at + (HOLDS_GRAVE if grave else HOLDS)
    lapsed = ""
    if not _as_it_was(now, name, fact.effective_at, grade, reasons):
        lapsed = "the reason has changed since"
    elif now.as_of >= until:
        lapsed = f"that was {'an hour' if grave else 'four hours'} ago or more"
    return Seen(_short(who), role, fact.effective_at, until, lapsed)


def _as_it_was(now: Situation, name: str, since: datetime, grade: int, reasons: Reasons) -> bool:
    """Whether the alert has stood all the time, never at a higher grade and for no other reason."""
    if name == SILENT:
        heard = last_heard(now.course, now.as_of)
        return heard is None or heard <= since
    for at in _turns(now, name, micros(since)):
        then, because = _stood(now, name, at)
        if not _LEAST[name] <= then <= grade or any(level > reasons.get(axis, 0) for axis, level in because.items()):
            return False
    return True


def _turns(now: Situation, name: str, since: int) -> list[int]:
    """`since`, and every later moment up to now at which a grade of the alert may be another."""
    turns = {since}
    for system_id in _SYSTEMS[name]:
        grade = now.grades[system_id]
        turns |= {int(at) for at in grade.at[grade.place(since) + 1 : grade.place(now.at) + 1]}
    return sorted(turns)


def _stood(now: Situation, name: str, at: int) -> tuple[int, Reasons]:
    """The certain grade at a moment, and what it rested on."""
    certain, reasons = 0, dict[str, int]()
    for system_id in _SYSTEMS[name]:
        grade = now.grades[system_id]
        place = grade.place(at)
        certain = max(certain, int(grade.at_least[place]))
        met = set(grade.met(place))
        for row in grade.system.criteria:
            if row.key in met:
                reasons[row.axis.name] = max(reasons.get(row.axis.name, 0), row.grade)
    return certain, reasons


def _read(alert: str) -> tuple[int, Reasons]:
    """The grade and the reasons that were seen; grade 0, which nothing fits, where another program wrote it."""
    _, *words = alert.split()
    if not words or not words[0].isdecimal():
        return 0, {}
    pairs = (word.rpartition(":") for word in words[1:])
    return int(words[0]), {axis: int(level) for axis, _, level in pairs if level.isdecimal()}


def _short(name: str) -> str:
    """`Ada Nowak` as `Ada N.`, `R. Nightingale` as it is; a mark is read from across a room."""
    first, *rest = name.split() or ["somebody"]
    if first.endswith("."):
        return " ".join([first, *rest])
    return " ".join([first, *(f"{part[0]}." for part in rest[-1:])])
