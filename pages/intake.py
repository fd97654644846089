"""Intake: files in, every row accounted for, each refusal mended where it is shown, each code given a meaning."""

import streamlit as st

from monitoring.ui.frame import open_screen, style
from monitoring.ui.intake_arrived import arrived
from monitoring.ui.intake_codes import codes
from monitoring.ui.intake_desk import PARTS, VIEW, say
from monitoring.ui.intake_refused import refused
from monitoring.ui.trouble import calm

someone = open_screen("intake")
style("intake")

st.title("Intake", anchor=False)
st.session_state.setdefault(VIEW, "arrived")
part = st.segmented_control(
    "Part of Intake",
    list(PARTS),
    format_func=PARTS.__getitem__,
    required=True,
    key=VIEW,
    label_visibility="collapsed",
)
with calm("Intake is not possible now"):
    say()
    {"arrived": arrived, "refused": refused, "codes": codes}[part or "arrived"](someone)
