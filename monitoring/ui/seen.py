"""The alerts that stand, who has seen each, and the button that says so; and what a clinician graded."""

from __future__ import annotations

from html import escape

import streamlit as st

from monitoring.access import Action, may
from monitoring.ui import live
from monitoring.ui.live import clock
from monitoring.ui.people import Person
from monitoring.ui.statements import SOURCE, acknowledgement_fact
from monitoring.ui.traces import origin
from monitoring.views import PatientView, Seen, StandingAlert

_PRESSED = "seen-pressed"


def keep_what_was_seen(patient_id: str, someone: Person) -> None:
    """Stores what was pressed on the screen before, of the alert as it stood there. Raises StoreUnavailable.

    To be asked before the page is read anew, so that the mark stands on it at once.
    """
    pressed = st.session_state.pop(_PRESSED, None)
    if pressed is None or pressed[0] != patient_id or not may(someone.role, Action.ACKNOWLEDGE):
        return
    fact = acknowledgement_fact(patient_id, pressed[1], by=someone, now=live.now())
    live.rounds().record([fact], source=SOURCE, by=origin(someone))


def alerts_panel(view: PatientView, someone: Person) -> None:
    """Each alert that stands, with a button for whoever may say that it was seen."""
    for alert in view.alerts:
        with st.container(horizontal=True, vertical_alignment="center", width="content"):
            st.html(_line(alert), width="content")
            if may(someone.role, Action.ACKNOWLEDGE) and (alert.seen is None or alert.seen.lapsed):
                st.button(
                    "I have seen this",
                    key=f"seen-{alert.name}",
                    on_click=_press,
                    args=(view.row.patient_id, alert.key),
                    help="Puts your name and the time beside the alert. The grade and the row stay as they are.",
                )


def charted_grades(view: PatientView) -> None:
    """Every grade that a clinician charted, in bold where it differs from the derived one."""
    if view.charted:
        said = "".join(
            f"<li>{'<b>' if one.differs else ''}{escape(one.sentence)}{'</b>' if one.differs else ''}"
            f"{f' “{escape(one.note)}”' if one.note else ''}</li>"
            for one in view.charted
        )
        st.html(f'<ul class="remarks">{said}</ul>')


def _press(patient_id: str, key: str) -> None:
    st.session_state[_PRESSED] = (patient_id, key)


def _line(alert: StandingAlert) -> str:
    since = f"since {clock(alert.since, '%-d %b %H:%M')}"
    seen = "" if alert.seen is None else f' · <span class="soft">{escape(_mark(alert.seen))}</span>'
    return f"<span><b>{escape(alert.text)}</b> {since}{seen}</span>"


def _mark(seen: Seen) -> str:
    """`seen by Ada N. (nurse) 03:10, until 07:10`, or that it was and why that holds no more."""
    who = f"{seen.who} ({seen.role})" if seen.role else seen.who
    at = clock(seen.at, "%-d %b %H:%M")
    return f"was seen by {who} {at}; {seen.lapsed}" if seen.lapsed else f"seen by {who} {at}, until {clock(seen.until)}"
