"""The ward board: a component whose html, css and js stand beside this file.

A native table would look alive after the server has died (lab.md, section 0.4); only code in the browser can say STALE.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import streamlit as st

from monitoring import board_view
from monitoring.access.acts import SESSION_SHOWN
from monitoring.ui.marks import tokens
from monitoring.ui.people import Person, patient_key
from monitoring.views import WardView

_HERE = Path(__file__).parent


def _read(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")


_COMPONENT = st.components.v2.component(
    "ward_board", html=_read("board.html"), css=f":host {{ {tokens()} }}\n{_read('board.css')}", js=_read("board.js")
)


def draw_board(payload: dict[str, Any], someone: Person) -> str | None:
    """Draws the board for `someone`; the key of the patient whose row was pressed in this run, or None."""
    data = payload | {"of": someone.session_id[:SESSION_SHOWN]}
    pressed: str | None = _COMPONENT(key="board", data=data, on_open_change=_nothing).open
    return pressed


def _nothing() -> None:
    """Declares the trigger; the page reads its value."""


def board_payload(
    view: WardView, at_text: str, *, empty: str, day_text: str = "", trouble: str = "", named: bool = True
) -> dict[str, Any]:
    """The view as plain JSON, with the keys that stand for patients in this site's addresses; one for all who share it.

    Not to be changed by whoever gets it.
    """
    said = (at_text, day_text, empty, trouble)
    kept = _made.get(named)
    if kept is not None and kept[0] is view and kept[1] == said:
        return kept[2]
    payload = board_view.board_payload(
        view, at_text, key_of=patient_key, day_text=day_text, empty=empty, trouble=trouble, named=named
    )
    _made[named] = view, said, payload
    return payload


def empty_board() -> dict[str, Any]:
    """A board nobody has seen yet, older than any other."""
    return board_view.board_payload(WardView("Ward", _NEVER, (), 0, 0, 0), "", key_of=patient_key, empty="")


_NEVER = datetime.min.replace(tzinfo=UTC)
_made: dict[bool, tuple[WardView, tuple[str, ...], dict[str, Any]]] = {}
