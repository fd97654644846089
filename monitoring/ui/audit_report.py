"""The parts of the Audit page: entries as a table, who they name, and what the chain says of itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pandas as pd

from monitoring.access import Account
from monitoring.access.acts import Act, Deed
from monitoring.store.audit import Asked, Entry, Head
from monitoring.ui.people import ROLE_NAMES

NOBODY = "nobody signed in"
"""Who did what nobody signed in did: a failed sign-in, and what the application does by itself."""

_SHORT = 12


def names_of(accounts: Sequence[Account]) -> dict[str, str]:
    """What people are called, by the id the audit names them by. Two of one name are told apart by what they type."""
    shown: dict[str, str] = {}
    for account in accounts:
        others = [one for one in accounts if one.display_name == account.display_name]
        shown[account.account_id] = (
            account.display_name if len(others) == 1 else f"{account.display_name} ({account.name})"
        )
    return shown


def who_text(who: str, names: Mapping[str, str]) -> str:
    """Somebody as a person reads it."""
    kind, _, rest = who.partition(":")
    if rest:
        return f"{rest} ({'machine' if kind == 'service' else 'command line'})"
    return names.get(who, f"account {who}") if who else NOBODY


def about_text(deed: Deed, names: Mapping[str, str]) -> str:
    """What it was done to; an account by its name, a long id by its beginning."""
    if deed.about is None:
        return ""
    if deed.about in names:
        return names[deed.about]
    return deed.about if len(deed.about) <= 2 * _SHORT else f"{deed.about[:_SHORT]}…"


def asked_for(who: str | None, patient_id: str, act: Act | None, days: Sequence[date], zone: ZoneInfo) -> Asked:
    """The question behind the filter. `days` are the first and the last on the ward's clock, both within."""
    midnight = [datetime.combine(day, time(), zone) for day in days]
    return Asked(
        who=who,
        patient_id=patient_id.strip() or None,
        act=act,
        since=midnight[0] if midnight else None,
        until=datetime.combine(days[-1] + timedelta(days=1), time(), zone) if days else None,
    )


def frame_of(entries: Sequence[Entry], names: Mapping[str, str], clock: Callable[[datetime], str]) -> pd.DataFrame:
    """A line an entry, as text."""
    columns = ("When", "Who", "Role", "Act", "Patient", "About", "Count", "From", "No.")
    lines = [
        (
            clock(entry.at),
            who_text(entry.deed.by.who, names),
            ROLE_NAMES[entry.deed.by.role] if entry.deed.by.role else "",
            entry.deed.act.value,
            entry.deed.patient_id or "",
            about_text(entry.deed, names),
            "" if entry.deed.how_many is None else str(entry.deed.how_many),
            " ".join(part for part in (entry.deed.by.channel.value, entry.deed.by.address) if part),
            str(entry.seq),
        )
        for entry in entries
    ]
    return pd.DataFrame(lines, columns=list(columns), dtype=str)


def export_of(entries: Sequence[Entry], names: Mapping[str, str]) -> pd.DataFrame:
    """Every field of every entry, its hashes included, so that the chain can be verified without this application."""
    lines = [
        {
            "seq": str(entry.seq),
            "at": entry.at.isoformat(),
            "act": entry.deed.act.value,
            "who": entry.deed.by.who,
            "who_is": who_text(entry.deed.by.who, names),
            "role": entry.deed.by.role.value if entry.deed.by.role else "",
            "channel": entry.deed.by.channel.value,
            "address": entry.deed.by.address or "",
            "patient_id": entry.deed.patient_id or "",
            "about": entry.deed.about or "",
            "how_many": "" if entry.deed.how_many is None else str(entry.deed.how_many),
            "previous": entry.previous,
            "hash": entry.hash,
        }
        for entry in entries
    ]
    return pd.DataFrame(lines, dtype=str)


def chain_sentence(findings: Sequence[str], head: Head) -> str:
    """One sentence: the chain holds up to here, or where it breaks first."""
    if findings:
        return f"The chain is broken: {findings[0]}."
    if head.seq == 0:
        return "Nothing is recorded yet."
    return (
        f"The chain holds: all {head.seq:,} entries follow each other unchanged. The last is {head}; "
        "compare it with the log, an export or a backup to see that nothing after an earlier one was cut off."
    )
