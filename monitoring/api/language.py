"""The language of the pages that are plain HTML, for whoever is not signed in yet: chosen there, kept in a cookie."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from urllib.parse import urlencode

from starlette.requests import HTTPConnection, Request
from starlette.responses import Response

from monitoring.api.opened import store
from monitoring.api.visit import is_secure
from monitoring.languages import COOKIE, Wording, chosen, english, known, offered
from monitoring.store import StoreUnavailable

ASKED = "language"
_YEAR = 365 * 24 * 3600


def spoken(visit: HTTPConnection) -> Wording:
    """What was chosen, else what the browser asks for, among what the site offers; reads the store.

    While the store is silent only what was chosen counts, and else it is English.
    """
    try:
        return chosen(_offered(), (*_said(visit), *_accepted(visit.headers.get("accept-language", ""))))
    except StoreUnavailable:
        return spoken_without_store(visit)


def spoken_without_store(visit: HTTPConnection) -> Wording:
    """What was chosen before, whatever the site offers; English where nothing was."""
    return chosen((english(), *known()[0].values()), _said(visit))


def choices(request: Request, words: Wording, keep: Mapping[str, str]) -> str:
    """A link to this page in each other language; `keep` is what the address carries. Nothing where there is none."""
    try:
        others = [one for one in _offered() if one.code != words.code]
    except StoreUnavailable:
        return ""
    path = escape(request.url.path)
    links = [
        f'<a href="{path}?{escape(urlencode({**keep, ASKED: one.code}))}" lang="{one.code}" hreflang="{one.code}">'
        f"{escape(one.name)}</a>"
        for one in others
    ]
    return f'<nav aria-label="{escape(words.say("frame.language"))}">{" ".join(links)}</nav>' if links else ""


def remember(response: Response, request: Request, words: Wording) -> None:
    """Keep in the browser what was chosen just now: the code of a language, and nothing of the person."""
    if ASKED in request.query_params:
        response.set_cookie(
            COOKIE, words.code, _YEAR, path="/", samesite="lax", secure=is_secure(request.scope), httponly=False
        )


def _offered() -> tuple[Wording, ...]:
    return offered(store().site.now().settings.languages)


def _said(visit: HTTPConnection) -> tuple[str | None, str | None]:
    return visit.query_params.get(ASKED), visit.cookies.get(COOKIE)


def _accepted(header: str) -> list[str]:
    """The languages of an Accept-Language header, the most wanted first; what cannot be read is passed over."""
    wanted: list[tuple[float, str]] = []
    for part in header[:1000].split(","):
        tag, _, weight = part.partition(";")
        try:
            quality = float(weight.strip().removeprefix("q=") or 1)
        except ValueError:
            continue
        if quality > 0:
            wanted.append((-quality, tag.strip()))
    return [tag for _, tag in sorted(wanted, key=lambda one: one[0])]
