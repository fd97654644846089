"""The fixed vocabulary of the audit: what is done, by whom and from where. No value and no name ever stands in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from threading import Lock

from monitoring.vocabulary import Role

VIEW_COUNTS_AGAIN = timedelta(minutes=15)
"""A patient who is opened again by the same session within this time is one view."""


SESSION_SHOWN = 16
"""How much of a session's hash stands for it in the audit."""


class Act(StrEnum):
    """What was done. The audit page shows these words; a stored one is never renamed."""

    SIGNED_IN = "signed in"
    SIGN_IN_FAILED = "sign-in failed"
    LOCKED_OUT = "locked out"
    SIGNED_OUT = "signed out"
    PASSWORD_SET = "password set"  # noqa: S105 - an act, no password
    LINK_MADE = "one-time link made"
    ACCOUNT_ADDED = "account added"
    ACCOUNT_CHANGED = "account changed"
    ACCOUNT_CLOSED = "account closed"
    TOKEN_MADE = "token made"  # noqa: S105 - an act, no token
    TOKEN_REVOKED = "token revoked"  # noqa: S105 - an act, no token
    SETTINGS_CHANGED = "settings changed"
    WARD_OPENED = "ward opened"
    PATIENT_VIEWED = "patient viewed"
    FACT_CHARTED = "charted"
    ALERT_ACKNOWLEDGED = "alert acknowledged"
    FILES_TAKEN_IN = "files taken in"
    DATA_SENT = "data sent"
    ROW_CORRECTED = "row corrected"
    ROWS_REPLAYED = "rows replayed"
    ROWS_DISMISSED = "rows dismissed"
    CODE_MAPPED = "code mapped"
    DOWNLOADED = "downloaded"
    EXPORTED = "exported"
    BACKED_UP = "backed up"
    RESTORED = "restored"
    STORE_CHECKED = "store checked"
    AUDIT_READ = "audit read"
    DEMONSTRATION_FILLED = "demonstration filled"


class Channel(StrEnum):
    """By which way somebody came."""

    SCREEN = "screen"
    HTTP = "http"
    COMMAND = "command"
    MLLP = "mllp"
    FOLDER = "folder"
    APPLICATION = "application"


@dataclass(frozen=True)
class Origin:
    """Who, and from where. `who` is an account's id, "service:TOKEN NAME", "command:LOGIN", or empty: nobody known.

    `address` is the network address of a browser or machine, None where there is none.
    """

    who: str
    channel: Channel
    role: Role | None = None
    address: str | None = None


APPLICATION = Origin("", Channel.APPLICATION)
"""The application itself, where no person and no machine asked."""


@dataclass(frozen=True)
class Deed:
    """One act. `about` is what it was done to: an id, a screen, a kind of export; never a value, never a name.

    `how_many` counts rows or facts, where there are some.
    """

    act: Act
    by: Origin
    patient_id: str | None = None
    about: str | None = None
    how_many: int | None = None


class Seen:
    """Which (session, what) was counted as seen lately, in this process. Safe to share between threads."""

    def __init__(self, again: timedelta = VIEW_COUNTS_AGAIN) -> None:
        self._again = again
        self._last: dict[tuple[str, str], datetime] = {}  # in the order they were counted
        self._lock = Lock()

    def counts(self, session: str, what: str, at: datetime) -> bool:
        """Whether this is seen anew at `at`; says so of one of several threads only."""
        with self._lock:
            if self._lately((session, what), at):
                return False
            self._last.pop((session, what), None)
            self._last[session, what] = at
            while not self._lately(oldest := next(iter(self._last)), at):
                del self._last[oldest]
            return True

    def once(self, session: str, what: str, at: datetime, act: Callable[[], None]) -> None:
        """Does `act` unless it was done lately. It counts once it has returned, so two at once may both do it.

        Until then nobody may rely on it: an entry in the audit can wait for its turn, and then fail.
        """
        if self.lately(session, what, at):
            return
        act()
        self.counts(session, what, at)

    def lately(self, session: str, what: str, at: datetime) -> bool:
        """Whether it has counted within the time after which it counts again."""
        with self._lock:
            return self._lately((session, what), at)

    def _lately(self, key: tuple[str, str], at: datetime) -> bool:
        last = self._last.get(key)
        return last is not None and abs(at - last) < self._again
