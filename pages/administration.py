"""Administration: who is enrolled and how the treatment runs; the site's settings; accounts."""

import streamlit as st

from monitoring.access import Action, may
from monitoring.ui.administration.accounts import accounts_part
from monitoring.ui.administration.patients import patients_part
from monitoring.ui.administration.site import site_part
from monitoring.ui.frame import open_screen, style
from monitoring.ui.trouble import calm

someone = open_screen("administration")
style("administration")

PARTS = {"Patients": patients_part, "Site": site_part, "Accounts": accounts_part}

st.title("Administration", anchor=False)
with st.container(key="administration"):
    parts = list(PARTS) if may(someone.role, Action.ADMINISTER) else ["Patients"]
    chosen = "Patients"
    if len(parts) > 1:
        chosen = (
            st.segmented_control(
                "Part",
                parts,
                default="Patients",
                required=True,
                key="part",
                bind="query-params",
                label_visibility="collapsed",
            )
            or "Patients"
        )
    with calm("Administration is not possible now"):
        PARTS[chosen](someone)
