"""The entry script: what a role may open, and where it starts. `dashboard.py` points the server here.

It stands outside the top level on purpose: beside `pages/`, Streamlit would serve the pages without it (lab.md, 0.1).
"""

from __future__ import annotations

import streamlit as st

from monitoring.settings import ROOT
from monitoring.ui.frame import open_screen
from monitoring.ui.people import PAGES, START, person

TITLES = {"ward": "Ward", "patient": "Patient", "calculator": "Calculator", "home": "Home", "intake": "Intake"}


def start() -> None:
    """The bare address: the sign-in, then the page the role starts on."""
    someone = person()
    if someone is None:
        open_screen("")
    else:
        st.switch_page(pages[START[someone.role]])


st.set_page_config(page_title="Cell therapy ward", layout="wide", initial_sidebar_state="collapsed")
someone = person()
allowed = PAGES[someone.role] if someone else ()
pages = {
    name: st.Page(ROOT / "pages" / f"{name}.py", title=title, visibility="visible" if name in allowed else "hidden")
    for name, title in TITLES.items()
}
# Hidden pages stay reachable so that an address keeps its target through the sign-in; `open_screen` admits or refuses.
st.navigation(
    [st.Page(start, title="Start", default=True, visibility="hidden"), *pages.values()],
    position="top" if len(allowed) > 1 else "hidden",
).run()
