"""The language a family reads: chosen on the page, else kept by its browser, else the browser's own (D114).

Staff screens are English (`people.family_here`). Which languages there are to choose from is a setting of the site.
"""

from __future__ import annotations

import streamlit as st

from monitoring.languages import COOKIE, Wording, chosen, english, known, offered
from monitoring.store import StoreUnavailable
from monitoring.ui import live

CHOSEN = "language"
"""What was chosen on this page. It is no secret, so a signed-out page may still speak it."""

_BY_HAND = "language-by-hand"
_KEPT = ("home-", "much-")
_REMEMBER = st.components.v2.component(
    "language",
    html="<span hidden>\n</span>",
    js="""
export default function ({ data }) {
  document.documentElement.lang = data.language
  if (data.chosen) {
    const safe = window.location.protocol === "https:" ? "; Secure" : ""
    document.cookie = data.cookie + "=" + data.language + "; Path=/; Max-Age=31536000; SameSite=Lax" + safe
  }
  // a telephone shows its keys for numbers, with the comma of its own language
  const numeric = () => {
    for (const field of document.querySelectorAll('[class*="st-key-home-temp"] input')) field.inputMode = "decimal"
  }
  numeric()
  const watching = new MutationObserver(numeric)
  watching.observe(document.body, { childList: true, subtree: true })
  return () => watching.disconnect()
}
""",
)


def to_choose() -> tuple[Wording, ...]:
    """The languages the site offers, its own first. Raises StoreUnavailable."""
    return offered(live.rounds().site.now().settings.languages)


def spoken() -> Wording:
    """The language of the family, or of somebody not yet known, at this screen.

    While the store is silent it is what was chosen before, else English.
    """
    said = (st.session_state.get(CHOSEN), st.context.cookies.get(COOKIE))
    try:
        return chosen(to_choose(), (*said, st.context.locale))
    except StoreUnavailable:
        return chosen((english(), *known()[0].values()), said)


def choice(words: Wording) -> None:
    """One row of languages, each in its own name; nothing where there is only one. Raises StoreUnavailable."""
    among = {wording.code: wording.name for wording in to_choose()}
    if len(among) > 1:
        if st.session_state.get(CHOSEN) not in among:
            st.session_state[CHOSEN] = words.code
        st.segmented_control(
            words.say("frame.language"),
            list(among),
            format_func=among.__getitem__,
            required=True,
            key=CHOSEN,
            on_change=_chose,
            label_visibility="collapsed",
            width="stretch",
        )
    _REMEMBER(
        key="speak",
        data={"language": words.code, "chosen": st.session_state.get(_BY_HAND, False), "cookie": COOKIE},
        height=1,
    )


def _chose() -> None:
    """The words of a field change with the language, and Streamlit would take it for another field."""
    st.session_state[_BY_HAND] = True
    for key in [key for key in st.session_state if isinstance(key, str) and key.startswith(_KEPT)]:
        st.session_state[key] = st.session_state[key]
