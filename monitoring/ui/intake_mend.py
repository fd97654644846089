"""One refused row: corrected in place with a preview, read again, or set aside with a reason."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from zoneinfo import ZoneInfo

import streamlit as st

from monitoring.access import Action, may
from monitoring.concepts import dictionary
from monitoring.records import RowRead
from monitoring.rounds import CorrectionRefused
from monitoring.store import HeldRefusal
from monitoring.ui import live
from monitoring.ui.intake_cells import Cells, cells_of, editable, edited
from monitoring.ui.intake_desk import OPENED, read_again, told, zone_field
from monitoring.ui.intake_words import arrival, literal, place, preview_html, refusal_list, resolution_words
from monitoring.ui.people import Person
from monitoring.ui.traces import origin, viewed

_SHORT = 16
"""Characters that a field shows whole where two stand beside each other on a telephone."""

_NOT_KEPT = (
    "This input was refused whole and is not kept. "
    "Correct it at its source and send it again; then set this line aside."
)


def mend(refusal_id: int, someone: Person) -> None:
    """The row of a refusal, with everything that can be done about it."""
    st.button("Back to the list", key="intake-list", icon=":material/arrow_back:", on_click=_close)
    held = live.rounds().held_refusal(refusal_id)
    if held is None:
        st.text("This row is not in the list any more.")
        return
    st.subheader(literal(place(held)), anchor=False)
    if held.resolution is not None:
        _resolved(held, someone)
        return
    st.html(f'<p class="arrival">{escape(arrival(held))}</p>')
    if not may(someone.role, Action.CORRECT_INTAKE):
        st.html(refusal_list([held.refusal]))
        return
    if held.row.raw is None:
        st.html(refusal_list([held.refusal]))
        st.text(_NOT_KEPT)
        _set_aside(held, someone)
        return
    _editor(held, held.row.raw, someone)


def aside_field(ids: Sequence[int], someone: Person, *, key: str) -> bool:
    """Asks why rows are set aside, and does it; whether it was done."""
    with st.form(f"aside-{key}", border=False):
        reason = st.text_input("Why it needs no correction", key=f"aside-why-{key}", placeholder="the cuff was off")
        pressed = st.form_submit_button("Set aside")
    if not pressed:
        return False
    if not reason.strip():
        st.error("Say why: whoever looks later will ask.")
        return False
    live.rounds().dismiss(ids, author=someone.author, at=live.now(), reason=reason.strip(), by=origin(someone))
    return True


def _close() -> None:
    st.session_state[OPENED] = None


def _resolved(held: HeldRefusal, someone: Person) -> None:
    done = held.resolution
    st.html(f'<p class="arrival">{escape(arrival(held))}</p>{refusal_list([held.refusal])}')
    if done is not None:
        st.text(resolution_words(done))
    if may(someone.role, Action.CORRECT_INTAKE) and held.row.raw is not None:
        _seen(held, held.row.raw, someone)
        _as_it_came(held, held.row.raw)
        if done is not None and done.raw is not None:
            with st.expander("As it was corrected"):
                st.code(editable(done.raw), language=None, wrap_lines=True)


def _seen(held: HeldRefusal, raw: str, someone: Person) -> list[RowRead]:
    """What is read in the row as it came; whose it is counts as seen by `someone` before anything of it is drawn."""
    came = live.rounds().preview(held.row, raw, at=live.now())
    for patient_id in sorted({fact.patient_id for row in came for fact in row.facts}):
        viewed(someone, patient_id)
    return came


def _as_it_came(held: HeldRefusal, raw: str) -> None:
    with st.expander("As it came"):
        header = f"{held.row.context}\n" if held.row.context else ""
        st.code(f"{header}{editable(raw)}", language=None, wrap_lines=True)


def _editor(held: HeldRefusal, raw: str, someone: Person) -> None:
    now = live.now()
    came = _seen(held, raw, someone)
    wrong = [refusal for row in came for refusal in row.refusals]
    if wrong:
        st.text("Correct what was refused. What would be stored is shown below before it is.")
    else:
        st.text("Nothing in it is refused any more: it can be taken in as it came.")
    zone = None
    if held.row.zone is None and any(refusal.rule == "time" for refusal in wrong):
        zone = zone_field(f"mend-zone-{held.id}")
    cells = cells_of(held.row)
    fields = {refusal.field for refusal in wrong}
    text = _text(held, raw) if cells is None else _row(held, raw, cells, fields)
    found = live.rounds().preview(held.row, text, at=now, tz=zone)
    with st.container(key="mend-preview"):
        st.html(preview_html(found, dictionary()))
    _actions(held, raw, text, found, someone, zone)
    _as_it_came(held, raw)


def _row(held: HeldRefusal, raw: str, cells: Cells, wrong: set[str | None]) -> str:
    """The row as one field a column, those that were refused said to be."""
    typed = []
    with st.container(horizontal=True, key="mend-cells"):
        for number, (column, value) in enumerate(zip(cells.columns, cells.values, strict=True), start=1):
            name = literal(column.strip()) or f"column {number}"
            label, mark = (f"**{name}, refused**", "wrong") if column in wrong else (name, "cell")
            size = "-long" if len(value) > _SHORT else ""
            typed.append(st.text_input(label, value, key=f"mend-{mark}{size}-{held.id}-{number}", width=236))
    return raw if tuple(typed) == cells.values else cells.line(typed)


def _text(held: HeldRefusal, raw: str) -> str:
    """The resource, the message, or the row that is no row of its table, as text."""
    if held.row.context:
        st.text(f"The columns: {held.row.context}")
    shown = editable(raw)
    height = min(max(24 * (shown.count("\n") + 2), 120), 480)
    with st.container(key="mend-text"):
        typed = st.text_area("The text as it came; correct it here", shown, key=f"mend-{held.id}", height=height)
    return edited(raw, typed)


def _actions(
    held: HeldRefusal, raw: str, text: str, found: list[RowRead], someone: Person, zone: ZoneInfo | None
) -> None:
    changed, fits = text != raw, bool(found) and not any(row.refusals for row in found)
    waits = any(row.unmapped for row in found)
    with st.container(horizontal=True, vertical_alignment="center", key="mend-actions"):
        if changed or not fits:
            store = st.button("Store the correction", type="primary", key="mend-store", disabled=not (changed and fits))
            if store:
                _store(held, text, someone, zone)
        elif st.button("Take it in as it came", type="primary", key="mend-again", disabled=waits):
            st.session_state[OPENED] = None
            read_again([held.id], someone, zone)
        _set_aside(held, someone)


def _store(held: HeldRefusal, text: str, someone: Person, zone: ZoneInfo | None) -> None:
    try:
        done = live.rounds().correct(held.id, text, author=someone.author, at=live.now(), tz=zone, by=origin(someone))
    except CorrectionRefused as refused:
        st.error(literal(f"{refused}."))
        return
    if not done.closed:
        st.error("Something in it is refused still; nothing was stored.")
        return
    known = "" if done.tally.stored else " Everything in it was known already."
    told(f"{place(held)} is corrected. The correction is stored as a record of its own, by you.{known}")
    _close()
    st.rerun()


def _set_aside(held: HeldRefusal, someone: Person) -> None:
    with st.popover("Set aside"):
        if aside_field([held.id], someone, key=str(held.id)):
            told(f"{place(held)} was set aside. Nothing of what was refused in it is stored; it stays under Resolved.")
            _close()
            st.rerun()
