"""Accounts: who may sign in, one-time links shown once, ends and sessions; tokens of machines."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time

import streamlit as st

from monitoring.access import AccessRefused, Account
from monitoring.ui import live
from monitoring.ui.administration import kept
from monitoring.ui.administration.plain import table
from monitoring.ui.people import ROLE_NAMES, Person
from monitoring.ui.statements import StatementRefused, ward_instant
from monitoring.ui.traces import origin
from monitoring.vocabulary import Role, Scope

SECRET = "administration-secret"  # noqa: S105 - a key of the session, no secret

_SCOPES = {
    Scope.INGEST_WRITE: "send data",
    Scope.EXPORT_READ: "read exports",
    Scope.METRICS_READ: "read figures of operation",
}


def accounts_part(someone: Person) -> None:
    """Everybody who may sign in, and every machine that may send."""
    kept.said_before()
    _shown_once()
    everybody = live.admission().accounts()
    now = live.now()
    names = dict(live.rounds().patients())
    st.header("People", anchor=False)
    rows = [
        (
            one.name,
            one.display_name,
            ROLE_NAMES[one.role],
            names.get(one.patient_id, one.patient_id) if one.patient_id else "",
            live.clock(one.ends_at, "%-d %b %Y") if one.ends_at else "",
            "closed" if one.closed(now) else "single sign-on" if one.subject else "open",
        )
        for one in everybody
    ]
    st.html(table(["Signs in as", "Name", "Role", "Patient", "Until", "State"], rows))
    with st.expander("New account"):
        _new(someone, names)
    with st.expander("Change, sign out or close an account"):
        _change(someone, [one for one in everybody if not one.disabled_at], names)
    _tokens(someone)


def _shown_once() -> None:
    """A link or a token right after it was made; the next run has forgotten it."""
    secret = st.session_state.pop(SECRET, None)
    if secret:
        st.warning(secret[0])
        st.code(secret[1], language=None, wrap_lines=True)


def _done(act: Callable[[], tuple[str, str] | None], sentence: str) -> None:
    """Does it; a secret it gives is shown once. Raises StoreUnavailable."""
    try:
        secret = act()
    except (AccessRefused, StatementRefused) as refused:
        st.warning(str(refused))
        return
    if secret is not None:
        st.session_state[SECRET] = secret
    kept.say(sentence)


def _link(account: Account, someone: Person) -> tuple[str, str]:
    secret = live.admission().invite(account, live.now(), origin(someone))
    about = f"The link for {account.display_name}, good once and for 24 hours. It is shown only now:"
    return about, f"{live.settings().public_url}/auth/set-password?link={secret}"


def _last_moment(day: object) -> datetime | None:
    """The end of a day on the ward's clock."""
    return ward_instant(datetime.combine(day, time(23, 59))) if isinstance(day, date) else None


def _role_patient_end(
    tag: str, names: dict[str, str], known: Account | None = None
) -> tuple[Role | None, str | None, datetime | None]:
    """What is chosen. An end that is not asked about, or left at its day, stays what it was to the minute."""
    ends_at = known.ends_at if known else None
    roles = list(Role)
    first, second, third = st.columns(3)
    role = first.selectbox(
        "Role",
        roles,
        index=roles.index(known.role) if known else None,
        format_func=ROLE_NAMES.__getitem__,
        placeholder="choose",
        key=f"role-{tag}",
    )
    if role is not Role.CAREGIVER:
        return role, None, ends_at
    patients = list(names)
    patient_id = second.selectbox(
        "Patient",
        patients,
        index=patients.index(known.patient_id) if known and known.patient_id in names else None,
        format_func=names.__getitem__,
        placeholder="choose",
        key=f"for-{tag}",
    )
    held = ends_at.astimezone(live.settings().ward_zone).date() if ends_at else None
    until = third.date_input("Until", value=held, format="YYYY-MM-DD", key=f"until-{tag}")
    return role, patient_id, ends_at if until == held else _last_moment(until)


def _new(someone: Person, names: dict[str, str]) -> None:
    tag = f"new-{kept.turn()}"
    first, second = st.columns(2)
    name = first.text_input("Signs in as", key=f"account-{tag}", max_chars=60)
    shown = second.text_input("Name on the screen", key=f"shown-{tag}", max_chars=80)
    role, patient_id, ends_at = _role_patient_end(tag, names)
    if not st.button("Make account and link", type="primary", key="account-send"):
        return
    if role is None:
        st.warning("Please choose a role.")
        return

    def made() -> tuple[str, str]:
        if role is Role.CAREGIVER and ends_at is None:
            raise StatementRefused("Please choose until when the family may sign in.")
        account = live.admission().add(
            name,
            role,
            live.now(),
            display_name=shown,
            patient_id=patient_id,
            ends_at=ends_at,
            by=origin(someone),
        )
        return _link(account, someone)

    _done(made, f"Account made: {name.strip()}.")


def _change(someone: Person, accounts: list[Account], names: dict[str, str]) -> None:
    by_name = {one.name: one for one in accounts}
    chosen = st.selectbox(
        "Account", list(by_name), index=None, placeholder="choose", key=f"change-{kept.turn()}", width=340
    )
    if chosen is None:
        return
    account, admission, who = by_name[chosen], live.admission(), origin(someone)
    tag = f"{account.account_id}-{kept.turn()}"
    role, patient_id, ends_at = _role_patient_end(tag, names, account)
    with st.container(horizontal=True):
        keep = st.button("Keep role, patient and end", key="account-keep", type="primary")
        again = st.button("New link", key="account-link", disabled=account.subject is not None)
        out = st.button("Sign out everywhere", key="account-out")
        shut = st.button("Close for good", key="account-close", disabled=account.account_id == someone.account_id)
    now = live.now()
    if keep and role is not None:
        _done(
            lambda: admission.change(account, now, role=role, patient_id=patient_id, ends_at=ends_at, by=who),
            f"Kept for {account.name}; whoever was signed in signs in again.",
        )
    if again:
        _done(lambda: _link(account, someone), f"A new link for {account.name}; earlier ones are dead.")
    if out:
        _done(lambda: admission.end_sessions(account, now, who), f"{account.name} is signed out everywhere.")
    if shut:
        _done(lambda: admission.disable(account, now, who), f"{account.name} is closed.")


def _tokens(someone: Person) -> None:
    st.header("Machines", anchor=False)
    now, admission = live.now(), live.admission()
    tokens = admission.tokens()
    rows = [
        (
            one.name,
            ", ".join(_SCOPES[scope] for scope in sorted(one.scopes)),
            live.clock(one.made_at, "%-d %b %Y"),
            live.clock(one.ends_at, "%-d %b %Y") if one.ends_at else "",
            "works" if one.good(now) else "revoked" if one.revoked_at else "over",
        )
        for one in tokens
    ]
    if rows:
        st.html(table(["Token", "May", "Made", "Until", "State"], rows))
    else:
        st.text("No machine has a token yet.")
    with st.expander("New token"):
        first, second, third = st.columns(3)
        name = first.text_input("Name", key=f"token-{kept.turn()}", placeholder="monitor gateway", max_chars=60)
        scopes = second.multiselect(
            "May", list(_SCOPES), format_func=_SCOPES.__getitem__, placeholder="choose", key=f"scopes-{kept.turn()}"
        )
        until = third.date_input("Until", value=None, format="YYYY-MM-DD", key=f"token-until-{kept.turn()}")
        if st.button("Make token", type="primary", key="token-send"):
            _done(lambda: _token(name, scopes, until, someone), f"Token made: {name.strip()}.")
    working = sorted({one.name for one in tokens if one.good(now)})
    if working:
        with st.expander("Revoke a token"):
            chosen = st.selectbox("Token", working, index=None, placeholder="choose", key=f"revoke-{kept.turn()}")
            if st.button("Revoke", key="token-revoke", disabled=chosen is None) and chosen is not None:
                _done(
                    lambda: admission.revoke_token(chosen, live.now(), origin(someone)),
                    f"{chosen} opens nothing any more.",
                )


def _token(name: str, scopes: list[Scope], until: object, someone: Person) -> tuple[str, str]:
    if not name.strip() or not scopes:
        raise StatementRefused("A token needs a name and something it may do.")
    now, ends_at = live.now(), _last_moment(until)
    if ends_at is not None and ends_at <= now:
        raise StatementRefused("This end is over already. Choose a later day.")
    secret, _ = live.admission().make_token(name.strip(), scopes, now, ends_at, origin(someone))
    return "The token. It is shown only now, and kept nowhere:", secret
