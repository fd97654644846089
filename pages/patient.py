"""One patient: the grades first, the course as one figure, why each grade is what it is, and what one charts."""

import streamlit as st

from monitoring.access import Action, may
from monitoring.charts import patient_figure
from monitoring.ui import live
from monitoring.ui.charting import charting_forms
from monitoring.ui.course import RANGES, changed_list, episode_table, figure_range, heading
from monitoring.ui.frame import open_screen, style
from monitoring.ui.people import may_stay, patient_key, patient_of
from monitoring.ui.risk_ribbon import ribbon
from monitoring.ui.scales_panel import scales_panel
from monitoring.ui.seen import alerts_panel, charted_grades, keep_what_was_seen
from monitoring.ui.traces import viewed
from monitoring.ui.trouble import calm
from monitoring.ui.viewport import narrow_screen
from monitoring.ui.why import why_panel

someone = open_screen("patient")
style("badge", "course", "risk")

REFRESH_SECONDS = 60


def choose(patients: dict[str, str]) -> str | None:
    """The patient of the address, or the one chosen here."""
    keys = {patient_key(patient_id): label for patient_id, label in patients.items()}
    asked = st.query_params.get("p")
    chosen = st.selectbox(
        "Patient",
        list(keys),
        index=list(keys).index(asked) if asked in keys else None,
        format_func=lambda key: keys[key],
        placeholder="choose a patient",
        label_visibility="collapsed",
        width=340,
    )
    if chosen is None:
        if asked:
            st.info("This address names no patient of this ward. Choose one above.")
        return None
    st.query_params["p"] = chosen
    return patient_of(chosen, patients)


@st.fragment(run_every=REFRESH_SECONDS)
def course(patient_id: str) -> None:
    """Heading, figure and reasons, read anew every minute."""
    if not may_stay("patient"):
        st.rerun()
    with calm("Not live"):
        keep_what_was_seen(patient_id, someone)
        view = live.rounds().patient(patient_id, live.now())
        if view is None:
            st.info("Nothing is charted for this patient yet.")
            return
        if view.ended:
            st.info(view.ended)
        narrow = narrow_screen()
        st.html(heading(view) + ribbon(view))
        charted_grades(view)
        with st.container(key="over-figure", horizontal=True, vertical_alignment="center"):
            chosen = st.segmented_control(
                "Range",
                RANGES,
                default="7d",
                required=True,
                key="range",
                bind="query-params",
                label_visibility="collapsed",
                width="content",
            )
            alerts_panel(view, someone)
        start, end = figure_range(view, chosen or "7d")
        dark = st.context.theme.type == "dark"
        figure = patient_figure(view, dark=dark, start=start, end=end, narrow=narrow)
        st.plotly_chart(
            figure, theme=None, key="course", config={"displayModeBar": False}, alt=f"Course of {view.row.why}"
        )
        why_panel(view)
        scales_panel(view, start, end, dark=dark, narrow=narrow)
        if view.episodes:
            st.header("Episodes", anchor=False)
            st.html(episode_table(view.episodes))
        if late := changed_list(view):
            st.header("Changed after the fact", anchor=False)
            st.html(late)


with calm("The list of patients cannot be read now"):
    everybody = dict(live.rounds().patients())
    shown = choose(everybody)
    if shown is not None:
        viewed(someone, shown)
        course(shown)
        if may(someone.role, Action.CHART):
            charting_forms(shown, someone)
    elif not everybody:
        st.info("No patient is known yet. Drop the ward's files on the Intake page.")
