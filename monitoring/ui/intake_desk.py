"""What the parts of the Intake page share: which part is open, what was done last, and reading rows again."""

from __future__ import annotations

from collections.abc import Sequence
from zoneinfo import ZoneInfo, available_timezones

import streamlit as st

from monitoring.rounds import CorrectionRefused, Reread
from monitoring.ui import live
from monitoring.ui.intake_words import literal
from monitoring.ui.people import Person
from monitoring.ui.traces import origin

VIEW = "intake-view"
"""Under what the session keeps which part of the page is shown: a key of PARTS."""
PARTS = {"arrived": "Arrived", "refused": "Refused", "codes": "Unknown codes"}

OPENED = "intake-opened"
"""The refusal being mended, by its id; None where the list is shown."""

SOURCE, RULE, FIELD, DAY, STATE = (f"intake-{name}" for name in ("source", "rule", "field", "day", "state"))
"""The widgets of the filter."""

PAGES = "intake-pages"
"""Where each page of the list began, the one shown last."""

NO_ZONE = "times carry their offset"
_SAID = "intake-said"


def zone_field(key: str) -> ZoneInfo | None:
    """Asks for the zone of times that carry no offset; None where none is named."""
    zone = st.selectbox(
        "Zone of times without an offset", [NO_ZONE, *sorted(available_timezones())], key=key, width=340
    )
    return None if zone == NO_ZONE else ZoneInfo(zone)


def show_source(source: str | None) -> None:
    """Leads to the open rows of one source, or of all; for a button's callback."""
    for key, value in ((VIEW, "refused"), (SOURCE, source), (STATE, "open"), (OPENED, None)):
        st.session_state[key] = value
    for key in (RULE, FIELD, DAY, PAGES):
        st.session_state.pop(key, None)


def told(sentence: str) -> None:
    """Keeps what was done for the next run to say."""
    st.session_state[_SAID] = sentence


def say() -> None:
    """Says what was done last, once."""
    said = st.session_state.pop(_SAID, None)
    if said:
        st.success(literal(said))


def reread_words(done: Reread) -> str:
    """What became of rows that were read again."""
    if not done.closed and not done.waiting:
        return "Nothing waits to be read again."
    counts = done.tally
    stored = f": {counts.stored} stored, {counts.duplicates} known already, {counts.ignored} ignored"
    one = done.waiting == 1
    still = f"{done.waiting} {'row is' if one else 'rows are'} refused still or {'waits' if one else 'wait'} for a code"
    taken = "1 row was accepted" if done.closed == 1 else f"{done.closed} rows were accepted"
    return f"Read again: {taken}{stored if counts.read else ''}. {still if done.waiting else 'None waits'}."


def read_again(ids: Sequence[int] | None, someone: Person, zone: ZoneInfo | None) -> None:
    """Reads the rows again as they came, those of the refusals named or all, and tells what became of them."""
    with st.spinner("Reading again"):
        try:
            done = live.rounds().replay(ids, author=someone.author, at=live.now(), tz=zone, by=origin(someone))
            told(reread_words(done))
        except CorrectionRefused as refused:
            st.error(literal(f"{refused}."))
            return
    st.rerun()
