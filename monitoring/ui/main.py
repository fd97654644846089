"""The entry script: what a role may open, and where it starts. `dashboard.py` points the server here.

It stands outside the top level on purpose: beside `pages/`, Streamlit would serve the pages without it (lab.md, 0.1).
"""

from __future__ import annotations

import streamlit as st

from monitoring.access import SCREENS, START, may_open
from monitoring.languages import english
from monitoring.settings import ROOT
from monitoring.store import StoreUnavailable
from monitoring.ui.frame import open_screen
from monitoring.ui.people import Person, family_here, person
from monitoring.ui.spoken import spoken


def known() -> Person | None:
    """Who is here, as far as can be told; a page asks once more and says what is wrong."""
    try:
        return person()
    except StoreUnavailable:
        return None


def start() -> None:
    """The bare address: the page the role starts on."""
    someone = known()
    if someone is None:
        open_screen("")
    else:
        st.switch_page(pages[START[someone.role]])


someone = known()
words = spoken() if family_here() else english()
st.set_page_config(page_title=words.say("frame.title"), layout="wide", initial_sidebar_state="collapsed")
allowed = [name for name in SCREENS if someone is not None and may_open(someone.role, name)]
pages = {
    name: st.Page(
        ROOT / "pages" / f"{name}.py", title=screen.title, visibility="visible" if name in allowed else "hidden"
    )
    for name, screen in SCREENS.items()
}
# A hidden page stays reachable by its address so that it can say whom it is for; `open_screen` admits or refuses.
st.navigation(
    [st.Page(start, title="Start", default=True, visibility="hidden"), *pages.values()],
    position="top" if len(allowed) > 1 and not st.context.is_embedded else "hidden",
).run()
