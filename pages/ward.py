"""The ward: one row a patient, who needs somebody first at the top; the browser says STALE when nothing arrives."""

import streamlit as st

from monitoring.access import Action, may, may_open
from monitoring.board_view import DAY, EMPTY, unwatched
from monitoring.settings import ROOT
from monitoring.store import StoreUnavailable
from monitoring.ui import live
from monitoring.ui.board import board_payload, draw_board
from monitoring.ui.frame import open_screen, style
from monitoring.ui.people import still_signed_in
from monitoring.ui.traces import ward_opened
from monitoring.views import WardView

someone = open_screen("ward")
style("ward")

# What the board's own fetching, once a second, falls back on: well inside the time after which it says STALE.
REFRESH_SECONDS = 10
SEEN = "ward-seen"


@st.fragment(run_every=REFRESH_SECONDS)
def board() -> None:
    """The board, read anew every few seconds; when the store falls silent the last rows stay, marked as not live."""
    if not still_signed_in():
        st.rerun()
    at = live.now()
    named = may(someone.role, Action.SEE_NAMES)
    try:
        view = live.rounds().ward_now(live.instant)
    except StoreUnavailable:
        nothing = board_payload(WardView("Ward", at, (), 0, 0, 0), "", empty="")
        payload = st.session_state.get(SEEN, nothing)
        since = f" since {payload['liveText']}" if payload["liveText"] else ""
        payload = payload | {"trouble": f"Not live{since}: the store does not answer.", "liveText": f"not live{since}"}
    else:
        trouble = unwatched(live.unwatched_since(at), live.clock)
        at_text, day_text = live.clock(view.as_of, "%H:%M:%S"), live.clock(view.as_of, DAY)
        payload = board_payload(view, at_text, day_text=day_text, empty=EMPTY, named=named, trouble=trouble)
        st.session_state[SEEN] = payload
    pressed = draw_board(payload)
    if pressed and may_open(someone.role, "patient"):
        st.switch_page(ROOT / "pages" / "patient.py", query_params={"p": pressed})


ward_opened(someone)
board()
