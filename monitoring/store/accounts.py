"""Accounts, sessions, one-time links, failed sign-ins and service tokens in the store: kept and found, not judged.

The rules are in `monitoring.access`; `monitoring.admission` joins the two.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Row, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from monitoring.access import AccessRefused, Account, ServiceToken
from monitoring.access.acts import Deed
from monitoring.access.limits import Lock
from monitoring.store import account_tables as tables
from monitoring.store import engine
from monitoring.store.audit import Audit, recorded
from monitoring.store.engine import reading, writing
from monitoring.store.tables import from_micros, to_micros
from monitoring.vocabulary import Role, Scope

FAILURES_KEPT = timedelta(days=1)
"""How long a failed sign-in is remembered; longer than any throttle looks back."""


Judge = Callable[[list[datetime], list[datetime]], Lock | None]
"""From the failures of a name and of an address to what keeps the next attempt from being heard."""


@dataclass(frozen=True)
class SessionRow:
    """A session as kept, with its account."""

    session_id: str
    account: Account
    address: str
    started_at: datetime
    seen_at: datetime
    ended_at: datetime | None


@dataclass(frozen=True)
class InvitationRow:
    """A one-time link as kept. `account_id` is None for the link that makes the first administrator."""

    account_id: str | None
    expires_at: datetime
    used_at: datetime | None


class Accounts:
    """The accounts of an open store. Safe to share between threads. Every method raises StoreUnavailable.

    A `deed` is recorded in the audit in the same transaction: both are kept, or neither is.
    """

    def __init__(self, opened: Engine) -> None:
        self._engine = opened
        self.audit = Audit(opened)

    def mark(self, name: str) -> str | None:
        """The value of a mark of this store, None where it does not carry it."""
        with reading(self._engine) as connection:
            return connection.scalar(select(tables.mark.c.value).where(tables.mark.c.name == name))

    def set_mark(self, name: str, value: str) -> None:
        """Mark this store, for good."""
        with writing(self._engine) as connection:
            connection.execute(insert(tables.mark).values(name=name, value=value))

    def any_account(self) -> bool:
        """Whether anybody has ever been given an account."""
        with reading(self._engine) as connection:
            return connection.scalar(select(func.count()).select_from(tables.account)) != 0

    def account(
        self, *, account_id: str | None = None, name: str | None = None, subject: str | None = None
    ) -> Account | None:
        """The account of that id, name (however it is capitalised) or single sign-on subject."""
        wanted = {"account_id": account_id, "name": None if name is None else folded(name), "subject": subject}
        ((column, value),) = [(column, value) for column, value in wanted.items() if value is not None]
        with reading(self._engine) as connection:
            row = connection.execute(select(tables.account).where(tables.account.c[column] == value)).one_or_none()
        return None if row is None else _account(row)

    def accounts(self) -> list[Account]:
        """Everybody's, by name."""
        with reading(self._engine) as connection:
            return [_account(row) for row in connection.execute(select(tables.account).order_by(tables.account.c.name))]

    def password(self, account_id: str) -> str | None:
        """The hash kept for the account, None while no password was set."""
        with reading(self._engine) as connection:
            return connection.scalar(select(tables.account.c.password).where(_is(account_id)))

    def add_account(
        self,
        one: Account,
        at: datetime,
        *,
        password: str | None = None,
        first_by: str | None = None,
        deed: Deed | None = None,
    ) -> None:
        """Keep a new account. Raises AccessRefused where it cannot be.

        `first_by` is the hash of the one-time link that makes the first: only while there is none, and it is spent.
        """
        values = {
            "account_id": one.account_id,
            "name": folded(one.name),
            "display_name": one.display_name,
            "role": one.role.value,
            "patient_id": one.patient_id,
            "subject": one.subject,
            "demonstration": int(one.demonstration),
            "password": password,
            "made_at": to_micros(at),
            "ends_at": None if one.ends_at is None else to_micros(one.ends_at),
        }
        try:
            with recorded(self._engine, deed, at) as connection:
                if first_by is not None:
                    if connection.scalar(select(func.count()).select_from(tables.account)):
                        raise AccessRefused("The first administrator exists already; please sign in.")
                    _spend(connection, first_by, at)
                connection.execute(insert(tables.account).values(values))
        except IntegrityError as taken:
            raise AccessRefused(f"The name “{one.name}” is taken; choose another.") from taken

    def change_account(self, account_id: str, at: datetime, deed: Deed | None = None, **values: object) -> None:
        """Set columns of an account, `role`, `display_name`, times as datetimes; what it has open ends with that."""
        kept = {name: to_micros(value) if isinstance(value, datetime) else value for name, value in values.items()}
        with recorded(self._engine, deed, at) as connection:
            connection.execute(update(tables.account).where(_is(account_id)).values(kept))
            _end(connection, tables.session.c.account_id == account_id, at)

    def set_password(
        self,
        account_id: str,
        password: str,
        name_hash: str,
        at: datetime,
        *,
        link: str | None = None,
        deed: Deed | None = None,
    ) -> None:
        """Set the hash of a password; what the account has open ends, and failures of its name are forgotten.

        `link` is the hash of the one-time link that it is set by, and spent. Raises AccessRefused where it was taken.
        """
        with recorded(self._engine, deed, at) as connection:
            if link is not None:
                _spend(connection, link, at)
            connection.execute(update(tables.account).where(_is(account_id)).values(password=password))
            _end(connection, tables.session.c.account_id == account_id, at)
            _forget(connection, name_hash)

    def start_session(
        self, session_id: str, account_id: str, address: str, at: datetime, deed: Deed | None = None
    ) -> None:
        """Keep a session that begins now."""
        row = {"session_id": session_id, "account_id": account_id, "address": address}
        with recorded(self._engine, deed, at) as connection:
            connection.execute(insert(tables.session).values(**row, started_at=to_micros(at), seen_at=to_micros(at)))

    def session(self, session_id: str) -> SessionRow | None:
        """The session of that hash with its account."""
        kept = tables.session.c
        joined = tables.session.join(tables.account, tables.account.c.account_id == kept.account_id)
        columns = (kept.session_id, kept.address, kept.started_at, kept.seen_at, kept.ended_at)
        wanted = select(tables.account, *columns).select_from(joined).where(kept.session_id == session_id)
        with reading(self._engine) as connection:
            row = connection.execute(wanted).one_or_none()
        if row is None:
            return None
        return SessionRow(
            session_id=row.session_id,
            account=_account(row),
            address=row.address,
            started_at=from_micros(row.started_at),
            seen_at=from_micros(row.seen_at),
            ended_at=_moment(row.ended_at),
        )

    def touch_session(self, session_id: str, at: datetime) -> None:
        """The person did something at `at`."""
        with writing(self._engine) as connection:
            connection.execute(
                update(tables.session).where(tables.session.c.session_id == session_id).values(seen_at=to_micros(at))
            )

    def end_sessions(
        self,
        at: datetime,
        *,
        session_id: str | None = None,
        account_id: str | None = None,
        deed: Deed | None = None,
    ) -> None:
        """End one session, or every session of an account."""
        kept = tables.session.c
        which = kept.session_id == session_id if session_id is not None else kept.account_id == account_id
        with recorded(self._engine, deed, at) as connection:
            _end(connection, which, at)

    def add_invitation(
        self,
        invitation_id: str,
        account_id: str | None,
        at: datetime,
        expires_at: datetime,
        deed: Deed | None = None,
    ) -> None:
        """Keep a one-time link; earlier unused ones of the same account stop working."""
        kept = tables.invitation.c
        with recorded(self._engine, deed, at) as connection:
            if account_id is not None:
                earlier = update(tables.invitation).where(kept.account_id == account_id, kept.used_at.is_(None))
                connection.execute(earlier.values(used_at=to_micros(at)))
            connection.execute(
                insert(tables.invitation).values(
                    invitation_id=invitation_id,
                    account_id=account_id,
                    made_at=to_micros(at),
                    expires_at=to_micros(expires_at),
                )
            )

    def invitation(self, invitation_id: str) -> InvitationRow | None:
        """The one-time link of that hash."""
        with reading(self._engine) as connection:
            row = connection.execute(
                select(tables.invitation).where(tables.invitation.c.invitation_id == invitation_id)
            ).one_or_none()
        if row is None:
            return None
        return InvitationRow(row.account_id, from_micros(row.expires_at), _moment(row.used_at))

    def attempt(self, name_hash: str, address: str, at: datetime, judge: Judge) -> Lock | None:
        """Count an attempt as failed before it is judged, so that a hundred at once are not a hundred guesses.

        `judge` is asked with the failures of the name and of the address; where it finds a lock nothing is counted
        and that lock is the answer.
        """
        kept = tables.failed_sign_in.c
        with writing(self._engine) as connection:
            connection.execute(delete(tables.failed_sign_in).where(kept.at < to_micros(at - FAILURES_KEPT)))
            by_name = connection.scalars(select(kept.at).where(kept.name_hash == name_hash)).all()
            by_address = connection.scalars(select(kept.at).where(kept.address == address)).all()
            locked = judge([from_micros(one) for one in by_name], [from_micros(one) for one in by_address])
            if locked is None:
                row = {"name_hash": name_hash, "address": address, "at": to_micros(at)}
                connection.execute(insert(tables.failed_sign_in).values(row))
            return locked

    def forget_failures(self, name_hash: str) -> None:
        """Whoever typed this name was let in."""
        with writing(self._engine) as connection:
            _forget(connection, name_hash)

    def add_token(self, token: ServiceToken, deed: Deed | None = None) -> None:
        """Keep a service token."""
        with recorded(self._engine, deed, token.made_at) as connection:
            connection.execute(
                insert(tables.service_token).values(
                    token_id=token.token_id,
                    name=token.name,
                    scopes=" ".join(sorted(token.scopes)),
                    made_at=to_micros(token.made_at),
                    ends_at=None if token.ends_at is None else to_micros(token.ends_at),
                )
            )

    def tokens(self, token_id: str | None = None) -> list[ServiceToken]:
        """The token of that hash, or all, newest first."""
        wanted = select(tables.service_token).order_by(tables.service_token.c.made_at.desc())
        if token_id is not None:
            wanted = wanted.where(tables.service_token.c.token_id == token_id)
        with reading(self._engine) as connection:
            return [_token(row) for row in connection.execute(wanted)]

    def revoke_tokens(self, name: str, at: datetime, deed: Deed | None = None) -> int:
        """Revoke every good token of that name; how many there were."""
        kept = tables.service_token.c
        with recorded(self._engine, deed, at) as connection:
            return connection.execute(
                update(tables.service_token)
                .where(kept.name == name, kept.revoked_at.is_(None))
                .values(revoked_at=to_micros(at))
            ).rowcount

    def close(self) -> None:
        """Give the connections back."""
        self._engine.dispose()


def open_accounts(address: str) -> Accounts:
    """The accounts of the store at a SQLAlchemy URL, its schema brought up to date. Raises StoreUnavailable."""
    opened = engine.connect(address)
    try:
        engine.migrate(opened)
    except engine.StoreUnavailable:
        opened.dispose()
        raise
    return Accounts(opened)


def folded(name: str) -> str:
    """A name as it is kept and looked up: capitals and outer spaces make no difference."""
    return name.strip().casefold()


def _is(account_id: str) -> ColumnElement[bool]:
    return tables.account.c.account_id == account_id


def _end(connection: Connection, which: ColumnElement[bool], at: datetime) -> None:
    running = tables.session.c.ended_at.is_(None)
    connection.execute(update(tables.session).where(which, running).values(ended_at=to_micros(at)))


def _spend(connection: Connection, link: str, at: datetime) -> None:
    kept = tables.invitation.c
    good = update(tables.invitation).where(kept.invitation_id == link, kept.used_at.is_(None))
    if connection.execute(good.values(used_at=to_micros(at))).rowcount != 1:
        raise AccessRefused.worded("set_password.over")


def _forget(connection: Connection, name_hash: str) -> None:
    connection.execute(delete(tables.failed_sign_in).where(tables.failed_sign_in.c.name_hash == name_hash))


def _moment(micros: int | None) -> datetime | None:
    return None if micros is None else from_micros(micros)


def _account(row: Row[Any]) -> Account:
    return Account(
        account_id=row.account_id,
        name=row.name,
        display_name=row.display_name,
        role=Role(row.role),
        patient_id=row.patient_id,
        subject=row.subject,
        demonstration=bool(row.demonstration),
        ends_at=_moment(row.ends_at),
        disabled_at=_moment(row.disabled_at),
    )


def _token(row: Row[Any]) -> ServiceToken:
    return ServiceToken(
        token_id=row.token_id,
        name=row.name,
        scopes=_scopes(row.scopes.split()),
        made_at=from_micros(row.made_at),
        ends_at=_moment(row.ends_at),
        revoked_at=_moment(row.revoked_at),
    )


def _scopes(words: Iterable[str]) -> frozenset[Scope]:
    return frozenset(Scope(word) for word in words)
