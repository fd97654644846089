"""Who comes in: signing in and out, one-time links, sessions looked up again and again, tokens of machines.

Joins the rules of `monitoring.access` and the accounts of the store. Takes the moment as an argument; every method
raises StoreUnavailable when the store does not answer, and then nobody comes in.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from monitoring.access import AccessRefused, Account, ServiceToken, Visitor
from monitoring.access.accounts import DEMONSTRATION_MARK, digest, new_secret
from monitoring.access.acts import APPLICATION, SESSION_SHOWN, Act, Channel, Deed, Origin, Seen
from monitoring.access.limits import CAREGIVER_LASTS, INVITATION_LASTS, PER_ADDRESS, SESSION_LIMITS, lock
from monitoring.access.passwords import check_password, hashed, matches
from monitoring.store import StoreUnavailable
from monitoring.store.accounts import Accounts, InvitationRow, folded
from monitoring.vocabulary import Role, Scope

_TOUCH_EVERY = timedelta(seconds=30)
_REFUSED = "sign_in.wrong"
_OVER = "set_password.over"


class Admission:
    """The door of one store. Safe to share between threads.

    Everything it does is in the audit, in the same transaction; `by` is who asked for it.
    """

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts
        self.audit = accounts.audit
        self._told = Seen(PER_ADDRESS.window)

    # sessions

    def sign_in(self, name: str, password: str, address: str, at: datetime) -> tuple[str, Account]:
        """The secret of a new session, for the cookie, and whose it is. Slow on purpose (argon2). Raises AccessRefused.

        What is refused tells nobody whether the account exists: one sentence, the same time, the same lock.
        """
        who = digest(folded(name))
        locked = self._accounts.attempt(who, address, at, partial(lock, at=at))
        stranger = Origin("", Channel.SCREEN, address=address)
        if locked is not None:
            # names can be invented without end, and none of them is counted once the address is locked
            told = "" if locked.of_address else who
            self._told.once(address, told, at, lambda: self.audit.record(Deed(Act.LOCKED_OUT, stranger), at))
            raise AccessRefused.worded("sign_in.too_often", locked.until)
        account = self._accounts.account(name=name)
        kept = self._accounts.password(account.account_id) if account else None
        if not matches(kept, password) or account is None:
            self.audit.record(
                Deed(Act.SIGN_IN_FAILED, stranger, about=None if account is None else account.account_id), at
            )
            raise AccessRefused.worded(_REFUSED)
        self._refuse_closed(account, at, stranger)
        self._accounts.forget_failures(who)
        return self._begin(account, address, at)

    def sign_in_by_subject(
        self, subject: str, name: str, display_name: str, role: Role, address: str, at: datetime
    ) -> tuple[str, Account]:
        """The secret of a new session for somebody whom the single sign-on vouches for, made or brought up to date."""
        if role is Role.CAREGIVER:
            self.turn_away(subject, address, at)
            raise AccessRefused("Families are invited by the ward; the single sign-on is for staff.")
        account = self._accounts.account(subject=subject)
        vouched = Origin("", Channel.SCREEN, address=address)
        if account is None:
            account = Account(secrets.token_hex(8), folded(name), display_name, role, subject=subject)
            self._accounts.add_account(account, at, deed=_of(Act.ACCOUNT_ADDED, account, vouched))
        elif (account.role, account.display_name) != (role, display_name):
            changed = _of(Act.ACCOUNT_CHANGED, account, vouched)
            self._accounts.change_account(account.account_id, at, changed, role=role.value, display_name=display_name)
            account = replace(account, role=role, display_name=display_name)
        self._refuse_closed(account, at, vouched)
        return self._begin(account, address, at)

    def turn_away(self, subject: str, address: str, at: datetime) -> None:
        """Record that somebody whom the single sign-on vouches for is refused: what they are there is no role here."""
        known = self._accounts.account(subject=subject)
        about = None if known is None else known.account_id
        self.audit.record(Deed(Act.SIGN_IN_FAILED, Origin("", Channel.SCREEN, address=address), about=about), at)

    def visitor(self, session_id: str, at: datetime, *, touch: bool = False) -> Visitor | None:
        """Who is behind the session of that hash, None once it is over for any reason.

        `touch` where a person did something; a screen that refreshes itself is nobody's doing.
        """
        row = self._accounts.session(session_id)
        if row is None or row.ended_at is not None or row.account.closed(at):
            return None
        if row.account.demonstration and not self.is_demonstration():
            return None
        if SESSION_LIMITS[row.account.role].over(row.started_at, row.seen_at, at):
            return None
        if touch and at - row.seen_at >= _TOUCH_EVERY:
            with suppress(StoreUnavailable):  # a store that can be read and takes nothing sends nobody away
                self._accounts.touch_session(session_id, at)
        return Visitor(session_id, row.account, row.address)

    def sign_out(self, session_id: str, at: datetime) -> None:
        """End the session; every tab that it opened ends with it."""
        row = self._accounts.session(session_id)
        if row is None or row.ended_at is not None:
            return
        by = Origin(row.account.account_id, Channel.SCREEN, row.account.role, row.address)
        deed = Deed(Act.SIGNED_OUT, by, about=session_id[:SESSION_SHOWN])
        self._accounts.end_sessions(at, session_id=session_id, deed=deed)

    # accounts

    def is_empty(self) -> bool:
        """Whether there is no account yet, so that the next thing to do is to make the administrator."""
        return not self._accounts.any_account()

    def is_demonstration(self) -> bool:
        """Whether `demo` filled this store."""
        return self._accounts.mark(DEMONSTRATION_MARK) is not None

    def address_secret(self) -> str:
        """The secret of this store that keeps patients' numbers out of addresses."""
        return self._accounts.mark("address-secret") or ""

    def mark_as_demonstration(self) -> None:
        """From now on, and for good, this store holds invented patients."""
        if not self.is_demonstration():
            self._accounts.set_mark(DEMONSTRATION_MARK, "1")

    def add(
        self,
        name: str,
        role: Role,
        at: datetime,
        *,
        display_name: str = "",
        patient_id: str | None = None,
        ends_at: datetime | None = None,
        demonstration: bool = False,
        by: Origin = APPLICATION,
    ) -> Account:
        """A new account, without a password: `invite` makes the link to set one. Raises AccessRefused."""
        if not name.strip():
            raise AccessRefused("An account needs a name.")
        if (role is Role.CAREGIVER) != (patient_id is not None):
            raise AccessRefused("A caregiver's account names one patient, and no other account names any.")
        if demonstration and not self.is_demonstration():
            raise AccessRefused("Demonstration accounts exist only in a store that `demo` filled.")
        _refuse_past(ends_at, at)
        if role is Role.CAREGIVER and ends_at is None:
            ends_at = at + CAREGIVER_LASTS
        shown = display_name.strip() or name.strip()
        account = Account(
            secrets.token_hex(8), folded(name), shown, role, patient_id, demonstration=demonstration, ends_at=ends_at
        )
        self._accounts.add_account(account, at, deed=_of(Act.ACCOUNT_ADDED, account, by))
        return account

    def account(self, name: str) -> Account:
        """The account of that name. Raises AccessRefused."""
        found = self._accounts.account(name=name)
        if found is None:
            raise AccessRefused(f"There is no account “{name}”; `user list` names them all.")
        return found

    def accounts(self) -> list[Account]:
        """Everybody's, by name."""
        return self._accounts.accounts()

    def disable(self, account: Account, at: datetime, by: Origin = APPLICATION) -> None:
        """Close an account at once, and every tab it has open. Raises AccessRefused for the last administrator."""
        if account.role is Role.ADMIN:
            self._refuse_last_administrator(account, at)
        self._accounts.change_account(account.account_id, at, _of(Act.ACCOUNT_CLOSED, account, by), disabled_at=at)

    def change(
        self,
        account: Account,
        at: datetime,
        *,
        role: Role,
        patient_id: str | None = None,
        ends_at: datetime | None = None,
        by: Origin = APPLICATION,
    ) -> None:
        """Give an account another role, patient or end; what it has open ends. Raises AccessRefused."""
        if account.subject is not None and role is not account.role:
            raise AccessRefused("The hospital's sign-in says what this account's role is; change it there.")
        if (role is Role.CAREGIVER) != (patient_id is not None):
            raise AccessRefused("A caregiver's account names one patient, and no other account names any.")
        if role is Role.CAREGIVER and ends_at is None:
            raise AccessRefused("A caregiver's account has an end.")
        if account.role is Role.ADMIN and role is not Role.ADMIN:
            self._refuse_last_administrator(account, at)
        deed = _of(Act.ACCOUNT_CHANGED, account, by)
        values = {"role": role.value, "patient_id": patient_id, "ends_at": ends_at}
        self._accounts.change_account(account.account_id, at, deed, **values)

    def end_sessions(self, account: Account, at: datetime, by: Origin = APPLICATION) -> None:
        """Sign somebody out everywhere; the account stays."""
        deed = _of(Act.SIGNED_OUT, account, by)
        self._accounts.end_sessions(at, account_id=account.account_id, deed=deed)

    def _refuse_last_administrator(self, account: Account, at: datetime) -> None:
        others = (one for one in self.accounts() if one.account_id != account.account_id)
        if not any(one.role is Role.ADMIN and not one.closed(at) for one in others):
            raise AccessRefused("This is the last administrator; make another one first.")

    def set_password(
        self, account: Account, password: str, at: datetime, by: Origin = APPLICATION, *, link: str | None = None
    ) -> None:
        """A new password; whoever was signed in with the old one no longer is. Raises AccessRefused.

        `link` is the hash of the one-time link that it is set by, spent in the same transaction.
        """
        check_password(password, account.name, account.display_name)
        deed = _of(Act.PASSWORD_SET, account, by)
        kept = hashed(password)
        self._accounts.set_password(account.account_id, kept, digest(account.name), at, link=link, deed=deed)

    # one-time links

    def invite(self, account: Account | None, at: datetime, by: Origin = APPLICATION) -> str:
        """The secret of a one-time link: to set the password of `account`, or to make the first administrator.

        Raises AccessRefused for a closed account: its link would open nothing.
        """
        if account is not None and account.closed(at):
            raise AccessRefused(f"The account “{account.name}” is closed; a link would not open it.")
        secret = new_secret()
        account_id = None if account is None else account.account_id
        deed = Deed(Act.LINK_MADE, by, about=account_id)
        self._accounts.add_invitation(digest(secret), account_id, at, at + INVITATION_LASTS, deed)
        return secret

    def invited(self, secret: str, at: datetime) -> Account | None:
        """Whose password the link sets; None for the first administrator's. Raises AccessRefused for a dead link."""
        account_id = self._good_link(secret, at).account_id
        if account_id is None:
            if not self.is_empty():
                raise AccessRefused.worded(_OVER)
            return None
        account = self._accounts.account(account_id=account_id)
        if account is None or account.closed(at):
            raise AccessRefused.worded(_OVER)
        return account

    def accept(self, secret: str, password: str, at: datetime, address: str | None = None) -> Account:
        """Set the password of the link's account, and spend the link. Raises AccessRefused, and then it still holds."""
        account = self.invited(secret, at)
        if account is None:
            raise AccessRefused.worded(_OVER)
        by = Origin(account.account_id, Channel.SCREEN, account.role, address)
        self.set_password(account, password, at, by, link=digest(secret))
        return account

    def accept_as_first(
        self, secret: str, name: str, display_name: str, password: str, at: datetime, address: str | None = None
    ) -> Account:
        """Make the first administrator. Raises AccessRefused, and then the link still holds."""
        if self.invited(secret, at) is not None:
            raise AccessRefused.worded(_OVER)
        if not name.strip():
            raise AccessRefused("Please write a name to sign in with.")
        check_password(password, name, display_name)
        shown = display_name.strip() or name.strip()
        account = Account(secrets.token_hex(8), folded(name), shown, Role.ADMIN)
        deed = _of(Act.ACCOUNT_ADDED, account, Origin(account.account_id, Channel.SCREEN, account.role, address))
        self._accounts.add_account(account, at, password=hashed(password), first_by=digest(secret), deed=deed)
        return account

    # machines

    def make_token(
        self,
        name: str,
        scopes: Iterable[Scope],
        at: datetime,
        ends_at: datetime | None = None,
        by: Origin = APPLICATION,
    ) -> tuple[str, ServiceToken]:
        """A new service token and its secret, which is kept nowhere. Raises AccessRefused."""
        if not name.strip():
            raise AccessRefused("A token needs a name.")
        _refuse_past(ends_at, at)
        secret = new_secret()
        token = ServiceToken(digest(secret), name, frozenset(scopes), at, ends_at)
        self._accounts.add_token(token, Deed(Act.TOKEN_MADE, by, about=name))
        return secret, token

    def bearer(self, secret: str, at: datetime) -> ServiceToken | None:
        """The service token behind a secret, None where it opens nothing (any more)."""
        found = self._accounts.tokens(digest(secret))
        return found[0] if found and found[0].good(at) else None

    def tokens(self) -> list[ServiceToken]:
        """Every service token, newest first."""
        return self._accounts.tokens()

    def revoke_token(self, name: str, at: datetime, by: Origin = APPLICATION) -> None:
        """Every token of that name opens nothing from now on. Raises AccessRefused where there is none."""
        if not any(token.name == name and token.revoked_at is None for token in self.tokens()):
            raise AccessRefused(f"There is no working token “{name}”; `user tokens` names them all.")
        self._accounts.revoke_tokens(name, at, Deed(Act.TOKEN_REVOKED, by, about=name))

    def _good_link(self, secret: str, at: datetime) -> InvitationRow:
        link = self._accounts.invitation(digest(secret))
        if link is None or link.used_at is not None or at >= link.expires_at:
            raise AccessRefused.worded(_OVER)
        return link

    def _refuse_closed(self, account: Account, at: datetime, by: Origin) -> None:
        strange = account.demonstration and not self.is_demonstration()
        if not strange and not account.closed(at):
            return
        self.audit.record(_of(Act.SIGN_IN_FAILED, account, by), at)
        if strange:
            raise AccessRefused("This is a demonstration account, and this store is no demonstration.")
        raise AccessRefused.worded("sign_in.closed")

    def _begin(self, account: Account, address: str, at: datetime) -> tuple[str, Account]:
        secret = new_secret()
        session_id = digest(secret)
        by = Origin(account.account_id, Channel.SCREEN, account.role, address)
        deed = Deed(Act.SIGNED_IN, by, about=session_id[:SESSION_SHOWN])
        self._accounts.start_session(session_id, account.account_id, address, at, deed)
        return secret, account


def _refuse_past(ends_at: datetime | None, at: datetime) -> None:
    if ends_at is not None and ends_at <= at:
        raise AccessRefused("The end is over already; name a later one.")


def _of(act: Act, account: Account, by: Origin) -> Deed:
    return Deed(act, by, patient_id=account.patient_id, about=account.account_id)


def patient_key(patient_id: str, address_secret: str) -> str:
    """What stands for a patient in an address of this store: never the number, and nothing to look a number up by."""
    return hashlib.blake2b(
        patient_id.encode(), key=bytes.fromhex(address_secret), digest_size=12, person=b"address"
    ).hexdigest()
