"""How long a session lasts, and how often somebody may try (D77, D78)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from monitoring.vocabulary import Role


@dataclass(frozen=True)
class Limit:
    """A session ends `idle` after its person last did something (None: never), and `absolute` after it began."""

    idle: timedelta | None
    absolute: timedelta

    def over(self, started_at: datetime, seen_at: datetime, at: datetime) -> bool:
        """Whether a session that began and was last used then is over at `at`."""
        return at >= started_at + self.absolute or (self.idle is not None and at >= seen_at + self.idle)


_SHIFT = Limit(idle=timedelta(hours=1), absolute=timedelta(hours=13))

SESSION_LIMITS: Mapping[Role, Limit] = {
    Role.NURSE: _SHIFT,
    Role.PHYSICIAN: _SHIFT,
    Role.DATA_MANAGER: _SHIFT,
    Role.ADMIN: Limit(idle=timedelta(minutes=30), absolute=timedelta(hours=13)),
    Role.CAREGIVER: Limit(idle=timedelta(days=7), absolute=timedelta(days=30)),
    Role.DISPLAY: Limit(idle=None, absolute=timedelta(days=90)),
}
"""By role; the site's own come with the settings page."""

INVITATION_LASTS = timedelta(hours=24)
"""How long a one-time link can be used."""

CAREGIVER_LASTS = timedelta(days=60)
"""How long a caregiver's account lasts where no end is named."""


@dataclass(frozen=True)
class Lock:
    """Nobody is heard before `until`: nobody at all at this address, or nobody by this name."""

    until: datetime
    of_address: bool


@dataclass(frozen=True)
class Throttle:
    """After `failures` failed attempts inside `window`, nobody is heard until the oldest of them is `window` old."""

    failures: int
    window: timedelta

    def until(self, failed_at: Sequence[datetime], at: datetime) -> datetime | None:
        """When the next attempt is heard; None where it is heard now."""
        recent = sorted(moment for moment in failed_at if at - self.window < moment <= at)
        return recent[-self.failures] + self.window if len(recent) >= self.failures else None


PER_ACCOUNT = Throttle(failures=5, window=timedelta(minutes=15))
PER_ADDRESS = Throttle(failures=30, window=timedelta(minutes=15))


def lock(by_name: Sequence[datetime], by_address: Sequence[datetime], at: datetime) -> Lock | None:
    """What keeps a name at an address from being heard at `at`, from the failures of both; None where nothing does."""
    of_name, of_address = PER_ACCOUNT.until(by_name, at), PER_ADDRESS.until(by_address, at)
    ends = [until for until in (of_name, of_address) if until is not None]
    return Lock(max(ends), of_address is not None) if ends else None
