"""What is known of whoever comes: accounts, the visitor behind a session, tokens of machines."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from monitoring.languages import english
from monitoring.vocabulary import Role, Scope

DEMONSTRATION_MARK = "demonstration"
"""The mark that `demo` writes into a store, and without which no demonstration account exists or signs in."""


class AccessRefused(ValueError):
    """Somebody may not come in or do this; the message is one sentence for the person.

    `until` is when it may be tried again, where waiting helps. Where families meet it, `worded` gives it with the key
    of its sentence in each language.
    """

    def __init__(self, sentence: str, until: datetime | None = None) -> None:
        super().__init__(sentence)
        self.until = until
        self.key = ""
        self.values: Mapping[str, object] = {}

    @classmethod
    def worded(cls, key: str, until: datetime | None = None, **values: object) -> AccessRefused:
        """The refusal whose sentence the wording has under `key`."""
        refused = cls(english().say(key, **values), until)
        refused.key, refused.values = key, values
        return refused


@dataclass(frozen=True)
class Account:
    """Somebody who may sign in. `name` is what they type; `patient_id` whom a caregiver cares for.

    `subject` names an account of the single sign-on, which has no password here. `ends_at` is the end of a
    caregiver's invitation.
    """

    account_id: str
    name: str
    display_name: str
    role: Role
    patient_id: str | None = None
    subject: str | None = None
    demonstration: bool = False
    ends_at: datetime | None = None
    disabled_at: datetime | None = None

    def closed(self, at: datetime) -> bool:
        """Whether it may not be used at `at`."""
        return self.disabled_at is not None or (self.ends_at is not None and at >= self.ends_at)


@dataclass(frozen=True)
class Visitor:
    """Who is behind a session that is still good. `session_id` is the hash the store keeps, never the cookie.

    `address` is where the session was begun.
    """

    session_id: str
    account: Account
    address: str


@dataclass(frozen=True)
class ServiceToken:
    """A machine's right to come in. Its secret is shown once and kept as a hash, `token_id`."""

    token_id: str
    name: str
    scopes: frozenset[Scope]
    made_at: datetime
    ends_at: datetime | None = None
    revoked_at: datetime | None = None

    def good(self, at: datetime) -> bool:
        """Whether it opens anything at `at`."""
        return self.revoked_at is None and (self.ends_at is None or at < self.ends_at)


def new_secret() -> str:
    """An unguessable text for a cookie, a link or a token: 256 bits."""
    return secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    """What the store keeps of a secret of ours. They are random and long, so one round is enough."""
    return hashlib.sha256(secret.encode()).hexdigest()
