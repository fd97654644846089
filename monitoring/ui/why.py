"""Why a grade is what it is: the four grades of the ward as tabs, and any other scale or moment as the last."""

from __future__ import annotations

from datetime import datetime

import streamlit as st

from monitoring.grading import DEFAULT_SYSTEMS, systems
from monitoring.ui import live
from monitoring.ui.course import why_table
from monitoring.ui.statements import StatementRefused, ward_instant
from monitoring.views import PatientView

OTHER = "Another scale or moment"


def why_panel(view: PatientView) -> None:
    """Every criterion of the grades shown above; of another scale, or as it was at another moment, when asked."""
    st.header("Why this grade", anchor=False)
    *tabs, other = st.tabs([*(explanation.title for explanation in view.explanations), OTHER])
    for tab, explanation in zip(tabs, view.explanations, strict=True):
        tab.html(why_table(explanation))
    with other:
        _another(view)


def _another(view: PatientView) -> None:
    known = systems()
    ordered = sorted(known, key=lambda name: name in DEFAULT_SYSTEMS)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        system_id = st.selectbox(
            "Scale", ordered, format_func=lambda name: known[name].title, key="why-scale", width=340
        )
        typed = st.datetime_input("As it was at (empty: now)", value=None, key="why-at", width=260)
    try:
        at = _moment(typed, view)
    except StatementRefused as refused:
        st.error(str(refused))
        return
    for explanation in live.rounds().explain(view.row.patient_id, [system_id], at):
        st.html(why_table(explanation))


def _moment(typed: datetime | None, view: PatientView) -> datetime:
    """The moment asked about; never later than the page itself."""
    return view.as_of if typed is None else min(ward_instant(typed), view.as_of)
