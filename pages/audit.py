"""Audit: who did what, when, from where, about which patient; found by person, patient, act and day, and verified."""

import streamlit as st

from monitoring.access.acts import Act
from monitoring.store.audit import Asked
from monitoring.ui import live
from monitoring.ui.audit_report import asked_for, chain_sentence, export_of, frame_of, names_of, who_text
from monitoring.ui.frame import open_screen, style
from monitoring.ui.intake_report import sheet, table
from monitoring.ui.traces import audit, audit_opened, traced
from monitoring.ui.trouble import calm

someone = open_screen("audit")
style("intake", "audit")

SHOWN = 100
PAGES, VERDICT = "audit-pages", "audit-verdict"


def anew() -> None:
    """Another question begins at its newest entry."""
    st.session_state.pop(PAGES, None)


def question(names: dict[str, str]) -> Asked:
    """What the filter asks for."""
    with st.container(key="audit-filter", horizontal=True, vertical_alignment="bottom"):
        who = st.selectbox(
            "Person",
            audit().everybody(),
            index=None,
            format_func=lambda one: who_text(one, names),
            placeholder="everybody",
            key="audit-who",
            width=260,
            on_change=anew,
        )
        patient = st.text_input("Patient", key="audit-patient", placeholder="any, or its id", width=170, on_change=anew)
        act = st.selectbox(
            "Act", list(Act), index=None, placeholder="any act", key="audit-act", width=230, on_change=anew
        )
        days = st.date_input("Days", value=[], key="audit-days", width=290, on_change=anew)
    chosen = days if isinstance(days, tuple) else (days,)
    return asked_for(who, patient, act, chosen, live.settings().ward_zone)


def found(asked: Asked, names: dict[str, str]) -> None:
    """The entries, newest first, a page at a time."""
    ends = st.session_state.setdefault(PAGES, [None])
    entries = audit().entries(asked, limit=SHOWN + 1, before=ends[-1])
    if not entries:
        st.info("Nothing is recorded that fits. Ask for less, or for other days.")
        return
    shown = entries[:SHOWN]
    with st.container(key="audit-found"):
        st.html(table(frame_of(shown, names, lambda at: live.clock(at, "%Y-%m-%d %H:%M:%S"))))
    with st.container(horizontal=True):
        if len(ends) > 1 and st.button("Newer", key="audit-newer"):
            ends.pop()
            st.rerun()
        if len(entries) > SHOWN and st.button("Older", key="audit-older"):
            ends.append(shown[-1].seq)
            st.rerun()


def tools(asked: Asked, names: dict[str, str]) -> None:
    """The whole answer as a file, and the chain."""
    with st.container(horizontal=True):
        st.download_button(
            "Download these entries",
            traced(someone, "audit", lambda: sheet(export_of(audit().entries(asked), names))),
            "audit.csv",
            "text/csv",
            key="audit-csv",
            on_click="ignore",
        )
        if st.button("Verify the chain", key="audit-verify"):
            st.session_state[VERDICT] = (audit().findings(), audit().head())
    if VERDICT in st.session_state:
        findings, head = st.session_state.pop(VERDICT)
        (st.error if findings else st.success)(chain_sentence(findings, head))


st.title("Audit", anchor=False)
st.text(f"Every act with its time on the ward's clock ({live.settings().ward_zone.key}). Nothing here can be changed.")
with calm("The audit cannot be read now"):
    audit_opened(someone)
    known = names_of(live.admission().accounts())
    wanted = question(known)
    tools(wanted, known)
    found(wanted, known)
