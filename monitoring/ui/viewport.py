"""How wide the browser is: the server cannot know, and a figure for a desk cannot be read on a telephone."""

from __future__ import annotations

import streamlit as st

NARROW_BELOW = 700

_JS = f"""
export default function ({{ setStateValue }}) {{
  const query = window.matchMedia("(max-width: {NARROW_BELOW}px)")
  const tell = () => setStateValue("narrow", query.matches)
  query.onchange = tell
  if (query.matches) tell()
  return () => {{ query.onchange = null }}
}}
"""

_COMPONENT = st.components.v2.component("viewport", html="<span hidden>\n</span>", js=_JS)


def narrow_screen() -> bool:
    """Whether the browser is as narrow as a telephone; False until it has said so."""
    return bool(_COMPONENT(key="viewport", height=1, on_narrow_change=_heard).narrow)


def _heard() -> None:
    """Declares the state, so that it can always be read."""
