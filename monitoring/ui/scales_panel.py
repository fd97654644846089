"""The Scales panel of the patient page: the published scales of one syndrome over time and now, and the scores."""

from __future__ import annotations

from datetime import datetime

import streamlit as st

from monitoring.grading import systems
from monitoring.side_by_side import REPORTED, families
from monitoring.ui import live
from monitoring.ui.frame import style
from monitoring.ui.scales import difference_list, scale_table, spoken, strips_figure
from monitoring.ui.scores import score_table
from monitoring.views import PatientView


def scales_panel(view: PatientView, start: datetime, end: datetime, *, dark: bool, narrow: bool) -> None:
    """Strips, the differences against ASTCT, and a row a scale; only the chosen family is graded."""
    style("scales")
    st.header("Scales side by side", anchor=False)
    names = [family for family in families(systems()) if family != REPORTED]
    family = st.segmented_control(
        "Scales of", names, default=names[0], required=True, key="scales-of", label_visibility="collapsed"
    )
    shown = live.rounds().scales(view.row.patient_id, family or names[0], view.as_of)
    if shown is None or not shown.rows:
        st.text("Nothing can be graded yet.")
        return
    figure = strips_figure(shown, view, dark=dark, start=start, end=end, narrow=narrow)
    st.plotly_chart(figure, theme=None, key="strips", config={"displayModeBar": False}, alt=spoken(shown, start, end))
    st.html(difference_list(shown) + scale_table(shown))
    laboratory = live.rounds().laboratory(view.row.patient_id, view.as_of)
    if laboratory is not None:
        st.subheader("Scores", anchor=False)
        st.html(score_table(laboratory))
