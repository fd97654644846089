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
from monitoring.access.passwords import SHORTEST
from monitoring.api import visit
from monitoring.api.bearer import asked_by_its_own_page
from monitoring.api.forms import FormRefused, form_token, read_form, token_field, with_token
from monitoring.api.language import choices, remember, spoken, spoken_without_store
from monitoring.api.log import tell
from monitoring.api.look import alert, field, hidden, notice, page
from monitoring.api.opened import admission, now, settings
from monitoring.languages import Wording, english
from monitoring.store import StoreUnavailable

_HASHING = anyio.CapacityLimiter(2)
"""Argon2 takes 64 MB and a core each time: no more at once than that, whoever asks."""

SILENT = "sign_in.silent"


async def sign_in_page(request: Request) -> Response:
    """The form; onward at once for whoever is signed in."""
    onward = visit.inside(request.query_params.get("next"))
    session = visit.session_id(request.scope)
    try:
        if session is not None and await run_in_threadpool(_is_good, session):
            return RedirectResponse(onward, status_code=303)
    except StoreUnavailable:
        return await _silent_form(request, onward)
    words = await run_in_threadpool(spoken, request)
    is_set = request.query_params.get("done") == "set"
    return await _form(request, words, onward, notice(words.say("sign_in.pass_word_is_set")) if is_set else "")


async def sign_in(request: Request) -> Response:
    """Name and password, for a session."""
    onward, name, came_from = "/", "", visit.address(request.scope)
    try:
        fields = await read_form(request)
        onward, name = visit.inside(fields.get("next")), fields.get("name", "")
        knocking = partial(_knock, name, fields.get("password", ""), came_from)
        secret, account = await anyio.to_thread.run_sync(knocking, limiter=_HASHING)
    except FormRefused as refused:
        words = await run_in_threadpool(spoken, request)
        return await _form(request, words, onward, alert(words.refusal(refused)), 400)
    except StoreUnavailable:
        return await _silent_form(request, onward)
    except AccessRefused as refused:
        tell("sign-in refused", address=came_from, locked=int(refused.until is not None))
        words = await run_in_threadpool(spoken, request)
        status = 429 if refused.until else 401
        return await _form(request, words, onward, alert(_said(refused, words)), status, name, refused.until)
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

    Whoever is signed in no more was sent away by the gate; a page of somebody before is told 401.
    """
    return Response(status_code=204 if asked_by_its_own_page(request) else 401)


async def sign_out_page(request: Request) -> Response:
    """A question, for whoever follows a link here."""
    token = form_token(request)
    words = await run_in_threadpool(spoken, request)
    title, ends = words.say("sign_in.sign_out"), words.say("sign_in.every_tab")
    form = f'<form method="post">{token_field(token)}<button>{escape(title)}</button></form>'
    return with_token(page(title, f"<p>{escape(ends)}</p>{form}", words=words), request, token)


async def sign_out(request: Request) -> Response:
    """The session is over, and the cookie forgotten."""
    session = visit.session_id(request.scope)
    try:
        await read_form(request)
        if session:
            await run_in_threadpool(lambda: admission().sign_out(session, now()))
    except FormRefused as refused:
        words = await run_in_threadpool(spoken, request)
        return page(words.say("sign_in.sign_out"), alert(words.refusal(refused)), 400, words=words)
    except StoreUnavailable:
        return _silent_page(request, "sign_in.sign_out")
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
            raise AccessRefused.worded("set_password.differ")
        account = await anyio.to_thread.run_sync(
            partial(_accept, link, fields, visit.address(request.scope)), limiter=_HASHING
        )
    except (AccessRefused, FormRefused) as refused:
        return await _invitation(request, link, refused, 400)
    except StoreUnavailable:
        return _silent_page(request, "set_password.title")
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


async def _invitation(request: Request, link: str, refused: Exception | None = None, status: int = 200) -> Response:
    """The form of a one-time link, or why it is dead."""
    words = await run_in_threadpool(spoken, request)
    title = words.say("set_password.title")
    try:
        account = await run_in_threadpool(lambda: admission().invited(link, now()))
    except AccessRefused as dead:
        return page(title, alert(words.refusal(dead)), 400, words=words)
    except StoreUnavailable:
        return _silent_page(request, "set_password.title")
    words = words if account is not None else english()
    token = form_token(request)
    hint = words.say("set_password.hint", least=SHORTEST)
    passwords = field(words.say("set_password.pass_word"), "password", "password", fill="new-password", hint=hint)
    passwords += field(words.say("set_password.again"), "again", "password", fill="new-password")
    if account is None:
        title = "Create the administrator"
        names = field("Name to sign in with", "name", fill="username", first=True)
        names += field("Your name, as others read it", "display_name", fill="name")
    else:
        for_whom = escape(words.say("set_password.for_whom", shown="{shown}"))
        names = f"<p>{for_whom} <code>{escape(account.name)}</code>.</p>"
        names = names.replace("{shown}", f"<b>{escape(account.display_name)}</b>")
        names = await run_in_threadpool(choices, request, words, {"link": link}) + names
    said = alert(words.refusal(refused)) if refused else ""
    form = (
        f'<form method="post">{token_field(token)}{hidden("link", link)}{names}{passwords}'
        f"<button>{escape(words.say('set_password.button'))}</button></form>"
    )
    answer = page(title, said + form, status, words=words)
    remember(answer, request, words)
    return with_token(answer, request, token)


async def _silent_form(request: Request, onward: str) -> Response:
    words = spoken_without_store(request)
    return await _form(request, words, onward, alert(words.say(SILENT)), 503)


def _silent_page(request: Request, title: str) -> Response:
    words = spoken_without_store(request)
    return page(words.say(title), alert(words.say(SILENT)), 503, words=words)


async def _form(
    request: Request,
    words: Wording,
    onward: str,
    said: str,
    status: int = 200,
    name: str = "",
    until: datetime | None = None,
) -> Response:
    token = form_token(request)
    fields = field(words.say("sign_in.name"), "name", value=name, fill="username", first=not name)
    fields += field(words.say("sign_in.pass_word"), "password", "password", fill="current-password", first=bool(name))
    form = (
        f'<form method="post" action="/auth/sign-in">{token_field(token)}{hidden("next", onward)}{fields}'
        f"<button>{escape(words.say('sign_in.button'))}</button></form>"
    )
    if settings().single_sign_on is not None:
        address = f"/auth/single-sign-on?next={quote(onward, safe='')}"
        form += f'<a class="button other" href="{address}">{escape(words.say("sign_in.hospital"))}</a>'
    try:
        empty, demonstration = await run_in_threadpool(lambda: (admission().is_empty(), admission().is_demonstration()))
        form = await run_in_threadpool(choices, request, words, {"next": onward}) + form
    except StoreUnavailable:
        empty, demonstration = False, False
    if empty:
        form += (
            "<p>There is no account yet. The console of the server shows a one-time link that creates the "
            "administrator; <code>python -m monitoring user add NAME --role admin</code> makes one too.</p>"
        )
    if demonstration:
        form += f"<p><small>{escape(words.say('sign_in.demonstration'))}</small></p>"
    answer = page(words.say("sign_in.title"), said + form, status, demonstration=demonstration, words=words)
    if until is not None:
        answer.headers["retry-after"] = str(max(1, int((until - now()).total_seconds())))
    remember(answer, request, words)
    return with_token(answer, request, token)


def _said(refused: AccessRefused, words: Wording) -> str:
    why = words.refusal(refused)
    if refused.until is None:
        return why
    return words.say("sign_in.wait", why=why, until=f"{refused.until.astimezone(settings().ward_zone):%H:%M}")
