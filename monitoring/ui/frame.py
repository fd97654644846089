"""The frame of every screen, and its lock: nobody signed in sees nothing.

The gate has let in whoever comes here, but a page that is opened by its address on a fresh server may run without the
entry script (lab.md, section 0.1), so every page's first statement is `open_screen(...)`: it looks the session up
itself, asks the table, and relies on nothing that ran before it.
"""

from __future__ import annotations

from html import escape
from pathlib import Path

import streamlit as st

from monitoring.access import may_open
from monitoring.access.acts import SESSION_SHOWN
from monitoring.languages import Wording, english
from monitoring.store import StoreUnavailable
from monitoring.ui import live
from monitoring.ui.marks import tokens
from monitoring.ui.people import LEFT, ROLE_NAMES, Person, family_here, person, sign_out
from monitoring.ui.spoken import spoken
from monitoring.ui.trouble import calm
from monitoring.vocabulary import Role

LOOK_EVERY_SECONDS = 5
"""How often an open screen asks whether its session is over. A signed-out tab leaves after at most as long.

The browser asks the server by HTTP: a fragment that asks costs a run of Streamlit each time, for every open tab.
"""

_ONE_PAGE = {Role.CAREGIVER, Role.DISPLAY}
"""Who has no pages to choose from: the line of the pages is empty, and what they are is said by the page itself."""

_SHEETS = Path(__file__).parent / "css"
_NOTHING_SHOWN = "<span hidden>\n</span>"
_LEAVE = st.components.v2.component(
    "leave",
    html=_NOTHING_SHOWN,
    js="""
export default function ({ data }) {
  const here = window.location.pathname + window.location.search
  window.location.assign("/auth/sign-in" + (data.comeBack ? "?next=" + encodeURIComponent(here) : ""))
}
""",
)
_LOOK = st.components.v2.component(
    "look",
    html=_NOTHING_SHOWN,
    js="""
export default function ({ data, parentElement }) {
  const asked = { headers: { Accept: "application/json" }, cache: "no-store" }
  const look = async () => {
    try {
      const answer = await fetch("/auth/session?of=" + data.of, { ...asked, signal: AbortSignal.timeout(20000) })
      if (answer.status !== 401) return
      const here = window.location.pathname + window.location.search
      window.location.assign("/auth/sign-in?next=" + encodeURIComponent(here))
    } catch {
      // out of reach: what the page shows says so itself
    }
  }
  // called again where the theme changes, and only the last timer is cleared when the page is left
  clearInterval(parentElement.looking)
  parentElement.looking = setInterval(look, 1000 * data.seconds)
  return () => clearInterval(parentElement.looking)
}
""",
)


def style(*sheets: str) -> None:
    """Adds style sheets of `css/` to the page, with the colour tokens of both themes at hand."""
    rules = "\n".join((_SHEETS / f"{sheet}.css").read_text(encoding="utf-8") for sheet in sheets)
    st.html(f"<style>.stApp {{ {tokens()} }}\n{rules}</style>")


def open_screen(page: str) -> Person:
    """Draws the frame around `page` and returns who is looking; stops the run where nobody may look."""
    style("frame")
    someone = None
    with calm("This screen is not live", lambda: spoken().say("frame.not_live")):
        someone = person()
        if someone is None:
            _signed_out()
    if someone is None:
        st.stop()
    _frame_line(someone)
    _LOOK(key="look", data={"seconds": LOOK_EVERY_SECONDS, "of": someone.session_id[:SESSION_SHOWN]}, height=1)
    if not may_open(someone.role, page):
        st.info(
            spoken().say("frame.not_for_you")
            if someone.role is Role.CAREGIVER
            else f"This page is not for the role “{ROLE_NAMES[someone.role]}”. Choose a page above, or sign out."
        )
        st.stop()
    return someone


def _signed_out() -> None:
    words = spoken()
    st.title(words.say("frame.signed_out"), anchor=False)
    st.html(f'<p><a href="/auth/sign-in">{escape(words.say("frame.to_sign_in"))}</a></p>')
    _LEAVE(key="leave", data={"comeBack": LEFT not in st.session_state}, height=1)


def _leave() -> None:
    with calm("You are not signed out", (lambda: spoken().say("frame.still_signed_in")) if family_here() else None):
        sign_out()


def _banner(words: Wording) -> str:
    try:
        invented = live.is_demonstration()
    except StoreUnavailable:
        invented = False
    return f'<span class="demo">{escape(words.say("frame.demonstration"))}</span>' if invented else ""


def _frame_line(someone: Person) -> None:
    family = someone.role is Role.CAREGIVER
    words = spoken() if family else english()
    about = "" if family else f'<span class="soft">ward time {live.settings().ward_zone.key}</span>'
    support = "" if family else '<span class="soft">decision support, for clinician review</span>'
    alone = " alone" if someone.role in _ONE_PAGE else ""
    with st.container(key="frame", horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.html(f'<div class="frame{alone}">{_banner(words)}{support}{about}</div>', width="content")
        if someone.role is Role.DISPLAY and st.context.is_embedded:
            return
        with st.container(horizontal=True, vertical_alignment="center", width="content"):
            st.text(someone.name if alone else f"{someone.name}, {ROLE_NAMES[someone.role].lower()}", width="content")
            st.button(words.say("frame.sign_out"), key="sign-out", type="tertiary", on_click=_leave)
