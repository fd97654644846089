"""Intake, Refused: the rows that were not taken in as they came, found by source, rule, day and field."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from html import escape
from itertools import groupby
from typing import Any, Literal

import streamlit as st

from monitoring.access import Action, may
from monitoring.store import HeldRefusal, Span
from monitoring.ui import live
from monitoring.ui.intake_desk import DAY, FIELD, OPENED, PAGES, RULE, SOURCE, STATE, read_again, told, zone_field
from monitoring.ui.intake_mend import aside_field, mend
from monitoring.ui.intake_report import held_csv
from monitoring.ui.intake_words import arrival, place, refusal_list, resolution_words
from monitoring.ui.people import Person
from monitoring.ui.traces import traced

PAGE = 20
"""Refusals looked up for one page of the list; a row may have several, and a page ends with a whole row."""

_WHOLE = "the whole row"
_STATES: dict[Literal["open", "resolved"], str] = {"open": "Open", "resolved": "Resolved"}
_PICK = "intake-pick-"


@dataclass(frozen=True)
class Wanted:
    """Which refusals are asked for; None: any. An empty field is a row refused as a whole."""

    source: str | None = None
    rule: str | None = None
    field: str | None = None
    day: date | None = None
    state: Literal["open", "resolved"] = "open"

    def asked(self) -> dict[str, Any]:
        """The arguments of `Rounds.open_refusals`."""
        named = {"source": self.source, "rule": self.rule, "field": self.field, "state": self.state}
        return {**named, "arrived": None if self.day is None else day_of_the_ward(self.day)}

    def words(self) -> str:
        """The filter as a person reads it; empty without one."""
        field = _WHOLE if self.field == "" else self.field
        day = f"{self.day:%-d %b %Y}" if self.day else None
        said = {"source": self.source, "rule": self.rule, "field": field, "day": day}
        return ", ".join(f"{name} {value}" for name, value in said.items() if value is not None)


def day_of_the_ward(day: date) -> Span:
    """From midnight to midnight on the ward's clock."""
    zone = live.settings().ward_zone
    start, end = (datetime.combine(one, time(), zone) for one in (day, day + timedelta(days=1)))
    return start, end


def rows_of_page(found: Sequence[HeldRefusal], most: int = PAGE) -> tuple[list[list[HeldRefusal]], int | None]:
    """The refusals by row, and after which id the next page begins; None where this is the last.

    `found` holds one more than `most` where there are more: then the last row may be cut, and is left to the next page.
    """
    rows = [list(group) for _, group in groupby(found, key=lambda one: one.row.key)]
    if len(found) <= most:
        return rows, None
    if len(rows) > 1:
        rows.pop()
    return rows, rows[-1][-1].id


def refused(someone: Person) -> None:
    """The whole view: the list, or the one row that is being mended."""
    opened = st.session_state.get(OPENED)
    if opened is not None:
        mend(opened, someone)
        return
    wanted = _filter()
    total = live.rounds().refused_rows(**wanted.asked())
    _headline(wanted, total)
    if not total:
        return
    starts = st.session_state.setdefault(PAGES, [0])
    found = live.rounds().open_refusals(**wanted.asked(), limit=PAGE + 1, after=starts[-1])
    rows, following = rows_of_page(found)
    _bar([row[0].id for row in rows], wanted, someone)
    for row in rows:
        _card(row, someone)
    _pager(following)


def _filter() -> Wanted:
    st.session_state.setdefault(STATE, "open")
    with st.container(horizontal=True, vertical_alignment="center"):
        chosen = st.segmented_control(
            "Which rows",
            _STATES,
            format_func=_STATES.__getitem__,
            required=True,
            key=STATE,
            label_visibility="collapsed",
            persist_state="page",
            on_change=_first_page,
        )
        state: Literal["open", "resolved"] = chosen or "open"
        kinds = live.rounds().refusal_kinds(state)
        with st.popover("Filter", icon=":material/filter_list:"):
            source = _choice("Source", SOURCE, {one for one, _, _ in kinds})
            rule = _choice("Rule", RULE, {one for _, one, _ in kinds if one})
            field = _choice("Field", FIELD, {one or "" for _, _, one in kinds})
            days = {row.day for row in live.rounds().ledger() if row.tally.quarantined}
            day = _choice("Arrived on", DAY, days, newest_first=True)
            st.button("Clear the filter", key="intake-clear", on_click=_clear)
    return Wanted(source, rule, field, day, state)


def _choice(label: str, key: str, options: set[Any], *, newest_first: bool = False) -> Any:  # noqa: ANN401
    chosen = st.session_state.get(key)
    known = options | ({chosen} if chosen is not None else set())
    return st.selectbox(
        label,
        sorted(known, reverse=newest_first),
        index=None,
        format_func=lambda one: f"{one:%-d %b %Y}" if isinstance(one, date) else one or _WHOLE,
        placeholder="any",
        key=key,
        persist_state="page",
        on_change=_first_page,
    )


def _first_page() -> None:
    st.session_state.pop(PAGES, None)


def _clear() -> None:
    for key in (SOURCE, RULE, FIELD, DAY):
        st.session_state[key] = None
    _first_page()


def _headline(wanted: Wanted, total: int) -> None:
    only = f" ({wanted.words()})" if wanted.words() else ""
    if total:
        rows = "1 row" if total == 1 else f"{total} rows"
        what = "waits to be mended" if total == 1 else "wait to be mended"
        st.text(f"{rows} {what if wanted.state == 'open' else 'resolved'}{only}.")
    elif only:
        st.text(f"No {wanted.state} row fits the filter{only}. Clear the filter to see all.")
    elif wanted.state == "open":
        st.text("Nothing waits here: everything that arrived was taken in, or was seen to. Resolved rows stay listed.")
    else:
        st.text("Nothing was resolved yet. Open a refused row, correct it, and it is listed here with who did it.")


def _bar(ids: Sequence[int], wanted: Wanted, someone: Person) -> None:
    """What can be done with several rows at once."""
    open_rows = wanted.state == "open" and may(someone.role, Action.CORRECT_INTAKE)
    with st.container(horizontal=True, vertical_alignment="center", key="intake-bar"):
        if open_rows:
            st.checkbox("Choose all shown", key="intake-pick-all", on_change=_pick_all, args=(tuple(ids),))
            _together([one for one in ids if st.session_state.get(f"{_PICK}{one}")], someone)
        if may(someone.role, Action.EXPORT):
            asked = wanted.asked()
            st.download_button(
                "Download these rows",
                traced(someone, f"{wanted.state} refused rows", lambda: held_csv(live.rounds().open_refusals(**asked))),
                f"{wanted.state}.csv",
                "text/csv",
                key="held-csv",
                on_click="ignore",
            )


def _pick_all(ids: tuple[int, ...]) -> None:
    for one in ids:
        st.session_state[f"{_PICK}{one}"] = st.session_state["intake-pick-all"]


def _together(chosen: list[int], someone: Person) -> None:
    with st.popover("Read again"):
        st.text("After a code was mapped, or with the zone of times that carry none.", width=340)
        zone = zone_field("intake-again-zone")
        some = st.button(f"The {len(chosen)} chosen", key="again-chosen", disabled=not chosen)
        every = st.button("Everything that waits", key="again-all")
    if some or every:
        read_again(chosen if some else None, someone, zone)
    with st.popover("Set aside", disabled=not chosen):
        if aside_field(chosen, someone, key="chosen"):
            rows = "1 row was" if len(chosen) == 1 else f"{len(chosen)} rows were"
            told(f"{rows} set aside. Nothing of what was refused in them is stored; they stay listed under Resolved.")
            st.rerun()


def _card(row: list[HeldRefusal], someone: Person) -> None:
    first = row[0]
    mendable = first.resolution is None and may(someone.role, Action.CORRECT_INTAKE)
    with st.container(horizontal=True, vertical_alignment="top", key=f"intake-row-{first.id}"):
        if mendable:
            st.checkbox(f"Choose {place(first)}", key=f"{_PICK}{first.id}", label_visibility="collapsed")
        done = f'<p class="done">{escape(resolution_words(first.resolution))}</p>' if first.resolution else ""
        said = f"<b>{escape(place(first))}</b> <span>{escape(arrival(first))}</span>"
        why = refusal_list(one.refusal for one in row)
        st.html(f'<div class="held"><p class="place">{said}</p>{why}{done}</div>', width="stretch")
        st.button("Mend" if mendable else "Look", key=f"intake-open-{first.id}", on_click=_open, args=(first.id,))


def _open(refusal_id: int) -> None:
    st.session_state[OPENED] = refusal_id


def _pager(following: int | None) -> None:
    starts = st.session_state[PAGES]
    if len(starts) == 1 and following is None:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button("Earlier", key="intake-back", disabled=len(starts) == 1, on_click=starts.pop)
        st.button("Further", key="intake-on", disabled=following is None, on_click=starts.append, args=(following,))
        st.text(f"page {len(starts)}")
