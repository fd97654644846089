"""Intake, Unknown codes: codes nobody has mapped, by how many rows wait for them, and what a site says they mean."""

from __future__ import annotations

from html import escape

import pandas as pd
import streamlit as st

from monitoring.access import Action, may
from monitoring.concepts import dictionary
from monitoring.store import CodeMapping, CodeSeen
from monitoring.ui import live
from monitoring.ui.intake_desk import read_again, told
from monitoring.ui.intake_report import SHOWN, table
from monitoring.ui.intake_words import when, who
from monitoring.ui.people import Person
from monitoring.ui.traces import origin
from monitoring.wording import unit_text

MOST = 50
"""The most codes listed at once; those in most rows come first."""

_CODE = "intake-code"
_NEVER = ""
_NO_CODE_IS = {"symptom_report"}
"""A concept that no single value stands for."""


def codes(someone: Person) -> None:
    """The whole view."""
    seen, mappings = live.rounds().unmapped_codes(), live.rounds().code_mappings()
    allowed = may(someone.role, Action.MAP_CODES)
    _waiting(seen, someone)
    unknown = [one for one in seen if not one.mapped]
    chosen = st.session_state.get(_CODE)
    if allowed and chosen is not None:
        _form(chosen, seen, mappings, someone)
    _headline(len(unknown), allowed)
    for number, one in enumerate(unknown[:MOST]):
        _card(number, one, allowed)
    if len(unknown) > MOST:
        st.text(f"The first {MOST} of {len(unknown)}, those in most rows.")
    _mapped(mappings, allowed)


def _headline(unknown: int, allowed: bool) -> None:
    if not unknown:
        st.text("No code waits for a meaning. A code that no table knows appears here as soon as it arrives.")
        return
    text = "1 code is not known; its values" if unknown == 1 else f"{unknown} codes are not known; their values"
    rest = "Say what it stands for." if allowed else "A data manager says what it stands for."
    st.text(f"{text} are kept and not graded. {rest}")


def _waiting(seen: list[CodeSeen], someone: Person) -> None:
    """Rows whose code is mapped by now are offered to be read again."""
    rows = sum(one.rows for one in seen if one.mapped)
    if not rows or not may(someone.role, Action.CORRECT_INTAKE):
        return
    with st.container(horizontal=True, vertical_alignment="center", key="codes-waiting"):
        waits = "1 row waits" if rows == 1 else f"{rows} rows wait"
        st.text(f"{waits} to be read again, now that their code has a meaning.")
        pressed = st.button("Read again everything that waits", type="primary", key="codes-again")
    if pressed:
        read_again(None, someone, None)


def _card(number: int, one: CodeSeen, allowed: bool) -> None:
    rows = "1 row" if one.rows == 1 else f"{one.rows} rows"
    label = f" <span>{escape(one.label)}</span>" if one.label and one.label != one.code else ""
    system = f"system {escape(one.system)}, " if one.system else ""
    day = when(one.first) if one.first == one.last else f"{when(one.first)} to {when(one.last)}"
    with st.container(horizontal=True, vertical_alignment="top", key=f"intake-code-{number}"):
        st.html(
            f'<div class="held"><p class="place"><b>{escape(one.code)}</b>{label}</p>'
            f'<p class="seen">{rows}, {system}seen {escape(day)}, for example {escape(one.example)}</p></div>',
            width="stretch",
        )
        if allowed:
            st.button("Map", key=f"map-{number}", on_click=_choose, args=(one.system, one.code))


def _choose(system: str, code: str) -> None:
    st.session_state[_CODE] = (system, code)


def _forget() -> None:
    st.session_state[_CODE] = None


def meanings() -> dict[str, str]:
    """What a code can mean, as it is offered: `_NEVER` first, then every concept with its unit."""
    known = dictionary().concepts.values()
    named = {one.id: f"{one.label} ({unit_text(one.unit)})" if unit_text(one.unit) else one.label for one in known}
    words = {key: name for key, name in named.items() if key not in _NO_CODE_IS}
    return {
        _NEVER: "never a vital sign: pass it over",
        **dict(sorted(words.items(), key=lambda item: item[1].casefold())),
    }


def _form(named: tuple[str, str], seen: list[CodeSeen], mappings: list[CodeMapping], someone: Person) -> None:
    system, code = named
    offered = meanings()
    before = next((one for one in mappings if (one.system, one.code) == named), None)
    example = next((one for one in seen if (one.system, one.code) == named), None)
    with st.container(border=True, key="code-form"):
        of_system = f" of {system}" if system else ""
        st.html(f'<p class="place"><b>{escape(code)}</b>{escape(of_system)} means</p>')
        if example is not None and example.label:
            st.text(f"Its source calls it “{example.label}”.")
        concept = st.selectbox(
            "What it means; type to search",
            list(offered),
            index=None if before is None else list(offered).index(before.concept or _NEVER),
            format_func=lambda one: offered[one],
            placeholder="temperature, SpO₂, never a vital sign ...",
            key=f"code-means-{system}-{code}",
        )
        st.text("It holds for this site from now on. Values keep the unit they came with; an unknown unit is refused.")
        with st.container(horizontal=True):
            if st.button("Save", type="primary", key="code-save", disabled=concept is None):
                live.rounds().map_code(
                    code, concept or None, system=system, author=someone.author, at=live.now(), by=origin(someone)
                )
                told(f"“{code}” is {offered[concept or _NEVER]} from now on.")
                _forget()
                st.rerun()
            st.button("Cancel", key="code-cancel", on_click=_forget)


def _mapped(mappings: list[CodeMapping], allowed: bool) -> None:
    if not mappings:
        return
    offered = meanings()
    st.subheader("What this site's codes mean", anchor=False)
    lines = [
        {"Code": one.code, "System": one.system, "Means": offered.get(one.concept or _NEVER, one.concept)}
        | {"Said by": who(one.author), "On": when(one.at)}
        for one in mappings[:SHOWN]
    ]
    st.html(table(pd.DataFrame(lines)))
    if allowed:
        with st.container(horizontal=True, vertical_alignment="bottom"):
            one = st.selectbox(
                "Change what a code means",
                mappings,
                index=None,
                format_func=lambda said: f"{said.code} {said.system}".strip(),
                placeholder="choose a code",
                key="code-again",
                width=340,
            )
            if one is not None:
                st.button("Change", key="code-change", on_click=_choose, args=(one.system, one.code))
