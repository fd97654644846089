"""A patient of whom nothing can be mistaken for anything else."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

NAME = "Quillfeather, Zéphyrine"
NUMBER = "PX-471193"
TEMPERATURE = "39.47"
NOTE = "wept over a broken samovar"
PASSWORD = "a sentence nobody guesses"  # noqa: S105 - of accounts in a temporary store

TELLTALE = ("quillfeather", "zéphyrine", "z\\u00e9phyrine", NUMBER.lower(), "471193", TEMPERATURE, "samovar", PASSWORD)
"""What no log may hold, in small letters."""


def seen(page: AppTest) -> str:
    """Everything a person can read on the page, as one text (HTML included)."""
    kinds = ("title", "header", "subheader", "text", "info", "warning", "error", "success", "markdown")
    said = [str(element.value) for kind in kinds for element in getattr(page, kind)]
    return "\n".join([*said, *(html.proto.body for html in page.get("html"))])
