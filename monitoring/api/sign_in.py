"""Signing in and out, and setting a password by a one-time link: HTTP routes, because only they can set a cookie."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from html import escape
from urllib.parse import quote

import anyio
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from monitoring.access import AccessRefused, Account
from monitoring.access.acts import SESSION_SHOWN
from monitoring.access.passwords import SHORTEST
from monitoring.api import visit
from monitoring.api.bearer import current_visitor
from monitoring.api.forms import FormRefused, form_token, read_form, token_field, with_token
from monitoring.api.log import tell
from monitoring.api.look import alert, field, hidden, notice, page
from monitoring.api.opened import admission, now, settings
from monitoring.store import StoreUnavailable

_HASHING = anyio.CapacityLimiter(2)
"""Argon2 takes 64 MB and a core each time: no more at once than that, whoever asks."""

SILENT = "The store does not answer. Please try again in a minute."


async def sign_in_page(request: Request) -> Response:
    """The form; onward at once for whoever is signed in."""
    onward = visit.inside(request.query_params.get("next"))
    session = visit.session_id(request.scope)
    try:
        if session is not None and await run_in_threadpool(_is_good, session):
            return RedirectResponse(onward, status_code=303)
    except StoreUnavailable:
        return await _form(request, onward, alert(SILENT), 503)
    said = notice("The password is set. Please sign in.") if request.query_params.get("done") == "set" else ""
    return await _form(request, onward, said)


async def sign_in(request: Request) -> Response:
    """Name and password, for a session."""
    onward, name, came_from = "/", "", visit.address(request.scope)
    try:
        fields = await read_form(request)
        onward, name = visit.inside(fields.get("next")), fields.get("name", "")
        knocking = partial(_knock, name, fields.get("password", ""), came_from)
        secret, account = await anyio.to_thread.run_sync(knocking, limiter=_HASHING)
    except FormRefused as refused:
        return await _form(request, onward, alert(str(refused)), 400)
    except StoreUnavailable:
        return await _form(request, onward, alert(SILENT), 503)
    except AccessRefused as refused:
        tell("sign-in refused", address=came_from, locked=int(refused.until is not None))
        return await _form(request, onward, alert(_said(refused)), 429 if refused.until else 401, name, refused.until)
    return await run_in_threadpool(signed_in, request, secret, account, onward)


def signed_in(request: Request, secret: str, account: Account, onward: str) -> Response:
    """Onward with a new session; the one this browser had before is over."""
    earlier = visit.session_id(request.scope)
    if earlier:
        admission().sign_out(earlier, now())
    tell("signed in", account=account.account_id, role=account.role.value, address=visit.address(request.scope))
    answer = RedirectResponse(onward, status_code=303)
    visit.give_cookie(answer, request.scope, secret, account.role)
    return answer


async def still_in(request: Request) -> Response:
    """204 while the session that a page was drawn for is the browser's. Every open page asks; it is no activity.

    Whoever is signed in no more was sent away by the gate. At a shared computer the cookie may be the next person's:
    a page of the one before says by `of` whose it is, and is told 401.
    """
    same = request.query_params.get("of") == current_visitor(request).session_id[:SESSION_SHOWN]
    return Response(status_code=204 if same else 401)


async def sign_out_page(request: Request) -> Response:
    """A question, for whoever follows a link here."""
    token = form_token(request)
    form = f'<form method="post">{token_field(token)}<button>Sign out</button></form>'
    return with_token(page("Sign out", f"<p>Every tab opened by this sign-in ends.</p>{form}"), request, token)


async def sign_out(request: Request) -> Response:
    """The session is over, and the cookie forgotten."""
    session = visit.session_id(request.scope)
    try:
        await read_form(request)
        if session:
            await run_in_threadpool(lambda: admission().sign_out(session, now()))
    except FormRefused as refused:
        return page("Sign out", alert(str(refused)), 400)
    except StoreUnavailable:
        return page("Sign out", alert(SILENT), 503)
    answer = RedirectResponse("/auth/sign-in", status_code=303)
    visit.take_cookie(answer, request.scope)
    return answer


async def set_password_page(request: Request) -> Response:
    """What a one-time link opens: a password for an account, or the first administrator."""
    return await _invitation(request, request.query_params.get("link", ""))


async def set_password(request: Request) -> Response:
    """A password, for the account of a one-time link or for the first administrator, who is made here."""
    link = ""
    try:
        fields = await read_form(request)
        link = fields.get("link", "")
        if fields.get("password") != fields.get("again"):
            raise AccessRefused("The two passwords differ. Please write the same one twice.")
        account = await anyio.to_thread.run_sync(
            partial(_accept, link, fields, visit.address(request.scope)), limiter=_HASHING
        )
    except (AccessRefused, FormRefused) as refused:
        return await _invitation(request, link, alert(str(refused)), 400)
    except StoreUnavailable:
        return page("Set a password", alert(SILENT), 503)
    tell("password set by link", account=account.account_id, address=visit.address(request.scope))
    return RedirectResponse("/auth/sign-in?done=set", status_code=303)


def _is_good(session: str) -> bool:
    return admission().visitor(session, now()) is not None


def _knock(name: str, password: str, came_from: str) -> tuple[str, Account]:
    return admission().sign_in(name, password, came_from, now())


def _accept(link: str, fields: Mapping[str, str], address: str) -> Account:
    password = fields.get("password", "")
    if "name" in fields:
        return admission().accept_as_first(
            link, fields["name"], fields.get("display_name", ""), password, now(), address
        )
    return admission().accept(link, password, now(), address)


async def _invitation(request: Request, link: str, said: str = "", status: int = 200) -> Response:
    """The form of a one-time link, or why it is dead."""
    try:
        account = await run_in_threadpool(lambda: admission().invited(link, now()))
    except AccessRefused as dead:
        return page("Set a password", alert(str(dead)), 400)
    except StoreUnavailable:
        return page("Set a password", alert(SILENT), 503)
    token = form_token(request)
    hint = f"{SHORTEST} characters or more, not your name. A sentence is easier to keep than a riddle."
    passwords = field("New password", "password", "password", fill="new-password", hint=hint)
    passwords += field("The same once more", "again", "password", fill="new-password")
    if account is None:
        title = "Create the administrator"
        names = field("Name to sign in with", "name", fill="username", first=True)
        names += field("Your name, as others read it", "display_name", fill="name")
    else:
        title = "Set a password"
        names = (
            f"<p>For <b>{escape(account.display_name)}</b>, who signs in as <code>{escape(account.name)}</code>.</p>"
        )
    form = (
        f'<form method="post">{token_field(token)}{hidden("link", link)}{names}{passwords}<button>Save</button></form>'
    )
    return with_token(page(title, said + form, status), request, token)


async def _form(
    request: Request, onward: str, said: str, status: int = 200, name: str = "", until: datetime | None = None
) -> Response:
    token = form_token(request)
    form = (
        f'<form method="post" action="/auth/sign-in">{token_field(token)}{hidden("next", onward)}'
        f"{field('Name', 'name', value=name, fill='username', first=not name)}"
        f"{field('Password', 'password', 'password', fill='current-password', first=bool(name))}"
        "<button>Sign in</button></form>"
    )
    if settings().single_sign_on is not None:
        form += (
            f'<a class="button other" href="/auth/single-sign-on?next={quote(onward, safe="")}">Hospital sign-on</a>'
        )
    try:
        empty, demonstration = await run_in_threadpool(lambda: (admission().is_empty(), admission().is_demonstration()))
    except StoreUnavailable:
        empty, demonstration = False, False
    if empty:
        form += (
            "<p>There is no account yet. The console of the server shows a one-time link that creates the "
            "administrator; <code>python -m monitoring user add NAME --role admin</code> makes one too.</p>"
        )
    if demonstration:
        form += "<p><small>The accounts and their password were printed when this demonstration was filled.</small></p>"
    answer = page("Sign in", said + form, status, demonstration=demonstration)
    if until is not None:
        answer.headers["retry-after"] = str(max(1, int((until - now()).total_seconds())))
    return with_token(answer, request, token)


def _said(refused: AccessRefused) -> str:
    if refused.until is None:
        return str(refused)
    until = refused.until.astimezone(settings().ward_zone)
    return f"{refused} Please wait until {until:%H:%M} (ward time), or ask the administrator for a new link."
