"""Passwords: long, and not the name; nothing about capitals and digits (NIST SP 800-63B). Kept by argon2id."""

from __future__ import annotations

from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from monitoring.access.accounts import AccessRefused

SHORTEST, LONGEST = 12, 200
_HASHER = PasswordHasher()


def check_password(password: str, *names: str) -> None:
    """Raises AccessRefused, in one sentence, for a password that is too short, too long, or made of a name."""
    if len(password) < SHORTEST:
        raise AccessRefused.worded("set_password.short", count=len(password), least=SHORTEST)
    if len(password) > LONGEST:
        raise AccessRefused.worded("set_password.long", count=len(password), most=LONGEST)
    folded = password.casefold()
    if len(set(folded)) == 1:
        raise AccessRefused.worded("set_password.repeated")
    if any(name.strip() and name.strip().casefold() in folded for name in names):
        raise AccessRefused.worded("set_password.holds_name")


def hashed(password: str) -> str:
    """The argon2id hash with its own salt; about a sixth of a second."""
    return _HASHER.hash(password)


def matches(kept: str | None, password: str) -> bool:
    """Whether `password` is the one kept. Without one kept it takes as long, so that time tells nobody who exists."""
    try:
        _HASHER.verify(kept or _nobodys(), password)
    except (VerificationError, InvalidHashError):
        return False
    return kept is not None


@cache
def _nobodys() -> str:
    return _HASHER.hash("nobody has this password")
