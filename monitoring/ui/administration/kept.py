"""How the Administration page keeps what was typed: one sentence on the next run, and the fields empty again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, time

import streamlit as st

from monitoring.records import Fact
from monitoring.ui import live
from monitoring.ui.administration.words import SOURCE
from monitoring.ui.people import Person
from monitoring.ui.statements import StatementRefused, ward_instant
from monitoring.ui.traces import origin

_SAID, _ROUND = "administration-said", "administration-round"


def said_before() -> None:
    """What the last form came to."""
    sentence = st.session_state.pop(_SAID, None)
    if sentence:
        st.success(sentence)


def say(sentence: str) -> None:
    """Says it on the next run, and empties the forms."""
    st.session_state[_SAID] = sentence
    st.session_state[_ROUND] = turn() + 1
    st.rerun()


def turn() -> int:
    """A number that every form carries in its keys: the next one is empty."""
    return int(st.session_state.get(_ROUND, 0))


def keep(build: Callable[[], Sequence[Fact]], someone: Person, sentence: str) -> None:
    """Stores what `build` makes, with its entry in the audit. Raises StoreUnavailable."""
    try:
        facts = build()
    except StatementRefused as refused:
        st.warning(str(refused))
        return
    tally = live.rounds().record(facts, source=SOURCE, by=origin(someone))
    say(sentence if tally.stored else "This was written down already; nothing was added.")


def moment(label: str, key: str) -> datetime | None:
    """A moment on the ward's clock; None until somebody chose the day and the hour."""
    zone = live.settings().ward_zone
    day_column, hour_column = st.columns(2)
    day = day_column.date_input(
        f"{label}: day", value=None, min_value=date(2000, 1, 1), format="YYYY-MM-DD", key=f"{key}-day-{turn()}"
    )
    hour = hour_column.time_input(f"Time ({zone.key})", value=None, step=300, key=f"{key}-hour-{turn()}")
    if not isinstance(day, date) or not isinstance(hour, time):
        return None
    return ward_instant(datetime.combine(day, hour))


def wanted(at: datetime | None) -> datetime:
    """The moment, which must have been chosen. Raises StatementRefused."""
    if at is None:
        raise StatementRefused("Please choose the day and the time.")
    return at
