"""Trouble on a screen: one calm sentence, never a traceback."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import streamlit as st

from monitoring.store import StoreUnavailable
from monitoring.ui.people import family_here
from monitoring.ui.spoken import spoken

_LOG = logging.getLogger(__name__)


@contextmanager
def calm(what: str, sentence: Callable[[], str] | None = None) -> Iterator[None]:
    """Turns a store that does not answer into one sentence on the screen; `what` says what is missing.

    `sentence` says the whole of it in a family's language.
    """
    try:
        yield
    except StoreUnavailable as silent:
        _LOG.warning("%s: %s", what, silent)
        st.error(
            sentence()
            if sentence
            else f"{what}: the store does not answer. Nothing typed here has been recorded; try again in a minute."
        )


def said_calmly(problem: Exception) -> bool:
    """What the application shows for a mistake of our own: one sentence; the traceback goes to the log."""
    _LOG.error("a screen could not be drawn", exc_info=problem)
    st.error(
        spoken().say("frame.wrong")
        if family_here()
        else "Something went wrong on this screen. Nothing typed here was recorded. "
        "Reload the page; if it stays, tell the data manager."
    )
    return True
