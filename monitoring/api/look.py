"""The few pages that are plain HTML: signing in and out, setting a password, being refused."""

from __future__ import annotations

from html import escape
from pathlib import Path

from starlette.responses import HTMLResponse

from monitoring.languages import Wording, english

_STYLE = (Path(__file__).parent / "look.css").read_text(encoding="utf-8")


def page(
    title: str, body: str, status: int = 200, *, demonstration: bool = False, words: Wording | None = None
) -> HTMLResponse:
    """A page with `body`, which is HTML already; `title` is plain text. Without `words` it is in English."""
    words = words or english()
    banner = f"<b>{escape(words.say('frame.demonstration'))}</b>" if demonstration else ""
    whole = f"{escape(title)} · {escape(words.say('frame.title'))}"
    return HTMLResponse(
        f'<!doctype html><html lang="{words.code}"><head><meta charset="utf-8"><title>{whole}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<link rel="icon" href="/favicon.png"><style>{_STYLE}</style></head><body>'
        f"<header>{banner}<span>{escape(words.say('sign_in.support'))}</span></header>"
        f"<main><h1>{escape(title)}</h1>{body}</main></body></html>",
        status,
    )


def field(
    label: str, name: str, kind: str = "text", *, value: str = "", fill: str, hint: str = "", first: bool = False
) -> str:
    """One labelled input; `fill` is what a password manager may put there."""
    told = f'<small id="{name}-hint">{escape(hint)}</small>' if hint else ""
    extra = f' aria-describedby="{name}-hint"' if hint else ""
    extra += " autofocus" if first else ""
    return (
        f'<label for="{name}">{escape(label)}</label>{told}<input id="{name}" name="{name}" type="{kind}" '
        f'value="{escape(value)}" autocomplete="{fill}" autocapitalize="none" spellcheck="false" required{extra}>'
    )


def hidden(name: str, value: str) -> str:
    """A value that travels with the form."""
    return f'<input type="hidden" name="{name}" value="{escape(value)}">'


def alert(sentence: str) -> str:
    """Why it did not go on, said aloud at once."""
    return f'<p role="alert">{escape(sentence)}</p>' if sentence else ""


def notice(sentence: str) -> str:
    """What has just been done."""
    return f'<p role="status">{escape(sentence)}</p>' if sentence else ""
