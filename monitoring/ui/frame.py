"""The frame of every screen, and its lock: nobody signed in sees nothing but the sign-in.

A page that is opened by its address on a fresh server may run without the entry script (lab.md, section 0.1), so
every page's first statement is `open_screen(...)` and the frame relies on nothing that ran before it.
"""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from monitoring.ui import live
from monitoring.ui.marks import tokens
from monitoring.ui.people import PAGES, ROLE_NAMES, Person, person, sign_in, sign_out
from monitoring.ui.trouble import calm
from monitoring.vocabulary import Role

_SHEETS = Path(__file__).parent / "css"


def style(*sheets: str) -> None:
    """Adds style sheets of `css/` to the page, with the colour tokens of both themes at hand."""
    rules = "\n".join((_SHEETS / f"{sheet}.css").read_text(encoding="utf-8") for sheet in sheets)
    st.html(f"<style>.stApp {{ {tokens()} }}\n{rules}</style>")


def open_screen(page: str) -> Person:
    """Draws the frame around `page` and returns who is looking; stops the run where nobody may look.

    Signed out, the sign-in stands here and the address stays, so that signing in leads to where one was going.
    """
    style("frame")
    someone = person()
    if someone is None:
        _sign_in_form()
        st.stop()
    _frame_line(someone)
    if page not in PAGES[someone.role]:
        st.info(f"This page is not for the role “{ROLE_NAMES[someone.role]}”. Choose a page above, or sign out.")
        st.stop()
    return someone


def _banner() -> str:
    if not live.settings().demonstration:
        return ""
    return '<span class="demo">Demonstration ward: synthetic patients</span>'


def _frame_line(someone: Person) -> None:
    family = someone.role is Role.CAREGIVER
    about = "" if family else f'<span class="soft">ward time {live.settings().ward_zone.key}</span>'
    support = "" if family else '<span class="soft">decision support, for clinician review</span>'
    with st.container(key="frame", horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.html(f'<div class="frame">{_banner()}{support}{about}</div>', width="content")
        with st.container(horizontal=True, vertical_alignment="center", width="content"):
            st.text(f"{someone.name}, {ROLE_NAMES[someone.role].lower()}", width="content")
            st.button("Sign out", key="sign-out", type="tertiary", on_click=sign_out)


def _sign_in_form() -> None:
    st.html(f'<div class="frame">{_banner()}<span class="soft">decision support, for clinician review</span></div>')
    with st.container(key="sign-in-card", width=600, border=True, gap="medium"):
        st.title("Sign in", anchor=False)
        role = st.segmented_control(
            "I am here as",
            list(ROLE_NAMES),
            format_func=lambda role: ROLE_NAMES[role],
            key="sign-in-role",
            width="stretch",
        )
        name = st.text_input(
            "My name", key="sign-in-name", placeholder="as it should stand beside what I chart", max_chars=60
        )
        patient_id: str | None = None
        if role is Role.CAREGIVER:
            patient_id = _whom()
        missing = [] if role else ["choose in what role you are here"]
        missing += [] if name.strip() else ["write your name"]
        missing += ["choose whom you care for"] if role is Role.CAREGIVER and patient_id is None else []
        if st.button("Sign in", type="primary", key="sign-in", width="stretch"):
            if role is not None and not missing:
                sign_in(Person(role, name.strip(), patient_id))
                st.rerun()
            st.warning(f"Please {' and '.join(missing)}.")
        st.text("This stands in for accounts until they come. Your name is kept as the author of what you chart.")


def _whom() -> str | None:
    with calm("The list of patients cannot be read now"):
        patients = dict(live.rounds().patients())
        return st.selectbox(
            "I care for",
            list(patients),
            index=None,
            format_func=lambda patient_id: patients[patient_id],
            placeholder="choose a name",
            key="sign-in-patient",
        )
    return None
