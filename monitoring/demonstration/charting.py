"""One invented patient's charting, drawn from the key frames of the story.

A seed moves the small noise of the values and the minutes of the charting; no noise ever crosses a cut.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from math import cos, pi
from random import Random

from monitoring.demonstration.stories import Neuro, Oxygen, Story, Vitals

FEVER = 38.0
INFUSION_HOUR, INFUSION_MINUTE = 10, 40
WELL_EVERY_HOURS, HOME_EVERY_HOURS, NEURO_EVERY_HOURS = 4, 12, 8


@dataclass(frozen=True)
class Charting:
    """One set of vital signs; None = not taken."""

    at: datetime
    temp: float
    hr: int
    rr: int
    sbp: int | None
    dbp: int | None
    spo2: int
    oxygen: Oxygen


class Chart:
    """One patient's charting, drawn from the story: the same story, moment and seed give the same values."""

    def __init__(self, story: Story, now: datetime, seed: int) -> None:
        self.story, self.now = story, now
        self._random = Random(f"{seed}:{story.id}")  # noqa: S311 - noise of invented patients, no secret
        today = now.replace(hour=INFUSION_HOUR, minute=INFUSION_MINUTE, second=0, microsecond=0)
        self.infusions = [today - timedelta(days=days) for days in story.infused_days_ago]
        self.begins = (self.infusions[0].astimezone(UTC) - now.astimezone(UTC)).total_seconds() / 3600

    def at(self, hours: float) -> datetime:
        """The minute `hours` from now, across a change of the clocks too."""
        moment = self.now.astimezone(UTC) + timedelta(hours=hours)
        return moment.replace(second=0, microsecond=0).astimezone(self.now.tzinfo)

    def _between(self, hours: float) -> Vitals:
        frames, base = self.story.frames, self.story.baseline
        if not frames or hours < frames[0].h:
            return base
        for early, late in pairwise(frames):
            if hours <= late.h:
                share = (hours - early.h) / (late.h - early.h)
                return Vitals(
                    temp=early.temp + share * (late.temp - early.temp),
                    sbp=early.sbp + share * (late.sbp - early.sbp),
                    spo2=early.spo2 + share * (late.spo2 - early.spo2),
                )
        return frames[-1]

    def _oxygen(self, hours: float) -> Oxygen:
        given = [entry for entry in self.story.oxygen if entry.h <= hours]
        return given[-1] if given else Oxygen(h=self.begins, device="room_air")

    def _sick(self, hours: float) -> bool:
        drawn = self._between(hours)
        return drawn.temp >= 37.8 or drawn.sbp < self.story.low_sbp + 5 or self._oxygen(hours).device != "room_air"

    def _same_side(self, value: float, drawn: float, cut: float, step: float) -> float:
        """A noisy value, held on the side of the cut where the story has it."""
        return max(value, cut) if drawn >= cut else min(value, cut - step)

    def _set(self, hours: float, jitter: float) -> Charting:
        drawn, base, noise = self._between(hours), self.story.baseline, self._random
        at = self.at(hours + jitter)
        evening = 0.2 * cos((at.hour + at.minute / 60 - 18) * pi / 12)
        temp = self._same_side(round(drawn.temp + evening + noise.uniform(-0.12, 0.12), 1), drawn.temp, FEVER, 0.1)
        sbp = round(self._same_side(drawn.sbp + noise.uniform(-5, 5), drawn.sbp, self.story.low_sbp, 1))
        pressure_taken = self.story.last_pressure_hours is None or hours <= -self.story.last_pressure_hours
        warm, fall = max(temp - base.temp, 0), max(base.sbp - sbp, 0)
        thirsty = max(base.spo2 - drawn.spo2, 0)
        return Charting(
            at=at,
            temp=temp,
            hr=round(base.hr + 10 * warm + 0.35 * fall + noise.uniform(-4, 4)),
            rr=round(base.rr + 2 * warm + 0.9 * thirsty + noise.uniform(-1, 1)),
            sbp=sbp if pressure_taken else None,
            dbp=round(0.63 * sbp + noise.uniform(-2, 2)) if pressure_taken else None,
            spo2=min(round(drawn.spo2 + noise.uniform(-0.7, 0.7)), 100),
            oxygen=self._oxygen(hours),
        )

    def sets(self) -> list[Charting]:
        """Sets of vital signs by time: every four hours when well, every hour when not, the last one in time."""
        last = -self.story.last_set_minutes / 60
        every = HOME_EVERY_HOURS if self.story.at_home else WELL_EVERY_HOURS
        count = int(last - self.begins)
        places = [
            n for n in range(count, -1, -1) if n % every == 0 or (not self.story.at_home and self._sick(last - n))
        ]
        return [self._set(last - n, self._random.uniform(-0.1, 0.1) if n else 0.0) for n in places]

    def assessments(self) -> Iterator[tuple[datetime, Neuro]]:
        """Neurological assessments by time: every eight hours, and one at each change the story tells."""
        if self.story.at_home:
            return
        well = Neuro(h=self.begins, total=10 if self.story.tool == "ICE" else 0)
        told = {entry.h: entry for entry in self.story.neuro}
        last = -self.story.last_neuro_hours
        routine = [last - NEURO_EVERY_HOURS * n for n in range(int((last - self.begins) / NEURO_EVERY_HOURS) + 1)]
        for hours in sorted({*routine, *told}):
            yield self.at(hours), next((told[h] for h in sorted(told, reverse=True) if h <= hours), well)
