"""The ward: one row a patient, who needs somebody first at the top; the browser says STALE when nothing arrives."""

from datetime import datetime
from typing import Any

import streamlit as st

from monitoring.access import Action, may, may_open
from monitoring.board_view import DAY, EMPTY, unwatched
from monitoring.settings import ROOT
from monitoring.store import StoreUnavailable
from monitoring.ui import live
from monitoring.ui.board import board_payload, draw_board, empty_board
from monitoring.ui.frame import open_screen, style
from monitoring.ui.traces import ward_opened
from monitoring.views import WardView

someone = open_screen("ward")
style("ward")


def payload(view: WardView, at: datetime) -> dict[str, Any]:
    """The board of `view`, for whoever looks."""
    return board_payload(
        view,
        live.clock(view.as_of, "%H:%M:%S"),
        day_text=live.clock(view.as_of, DAY),
        empty=EMPTY,
        named=may(someone.role, Action.SEE_NAMES),
        trouble=unwatched(live.unwatched_since(at), live.clock),
    )


def last_known(at: datetime) -> dict[str, Any]:
    """The rows of the last answer, marked as not live: the store is silent."""
    try:
        last = live.rounds().ward_last()
    except StoreUnavailable:
        last = None
    board = empty_board() if last is None else payload(last, at)
    return {**board, **board["unanswered"]}


ward_opened(someone)
now = live.now()
try:
    board = payload(live.rounds().ward_now(live.instant), now)
except StoreUnavailable:
    board = last_known(now)
# From here on the browser fetches the board each second (monitoring/api/board.py); a row that is pressed runs the page.
pressed = draw_board(board, someone)
if pressed and may_open(someone.role, "patient"):
    st.switch_page(ROOT / "pages" / "patient.py", query_params={"p": pressed})
