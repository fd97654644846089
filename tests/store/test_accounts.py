"""Accounts on both engines: one door, and what two processes do at once."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from monitoring.access import AccessRefused
from monitoring.access.accounts import digest
from monitoring.access.limits import Lock
from monitoring.admission import Admission
from monitoring.store.accounts import Accounts, open_accounts
from monitoring.vocabulary import Role, Scope

NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
PASSWORD = "a sentence nobody guesses"  # noqa: S105 - of accounts in a temporary store


@pytest.fixture
def accounts(address: str) -> Iterator[Accounts]:
    kept = open_accounts(address)
    yield kept
    kept.close()


@pytest.fixture
def admission(accounts: Accounts) -> Admission:
    return Admission(accounts)


def test_an_account_comes_back_as_it_was_made(admission: Admission) -> None:
    made = admission.add("Zoë ", Role.CAREGIVER, NOON, display_name="Zoë \\ O'Hara", patient_id="P\\1")
    assert admission.account(" ZOË") == made
    assert (made.name, made.display_name, made.patient_id) == ("zoë", "Zoë \\ O'Hara", "P\\1")
    assert made.ends_at == NOON + timedelta(days=60)
    assert admission.accounts() == [made]


def test_a_session_begins_is_used_and_ends(admission: Admission) -> None:
    account = admission.add("ada", Role.NURSE, NOON)
    admission.set_password(account, PASSWORD, NOON)
    session = digest(admission.sign_in("ada", PASSWORD, "10.0.0.7", NOON)[0])
    later = NOON + timedelta(minutes=59)
    assert admission.visitor(session, later, touch=True) is not None
    assert admission.visitor(session, later + timedelta(minutes=59)) is not None
    admission.disable(account, later)
    assert admission.visitor(session, later) is None


def test_failures_are_counted_and_lock(admission: Admission) -> None:
    for _ in range(5):
        with pytest.raises(AccessRefused) as refused:
            admission.sign_in("ada", "x" * 12, "10.0.0.7", NOON)
        assert refused.value.until is None
    with pytest.raises(AccessRefused) as refused:
        admission.sign_in("ada", "x" * 12, "10.0.0.7", NOON)
    assert refused.value.until == NOON + timedelta(minutes=15)


def test_of_twenty_guesses_at_once_five_are_heard(address: str, accounts: Accounts) -> None:
    lock = Lock(NOON + timedelta(minutes=15), of_address=False)

    def guess(_: int) -> bool:
        return (
            accounts.attempt("name", "10.0.0.7", NOON, lambda by_name, _: lock if len(by_name) >= 5 else None) is None
        )

    with ThreadPoolExecutor(8) as many:
        assert sum(many.map(guess, range(20))) == 5


def test_one_link_opened_by_two_at_once_is_used_once(admission: Admission, accounts: Accounts) -> None:
    one = admission.add("ada", Role.NURSE, NOON).account_id
    accounts.add_invitation("link", one, NOON, NOON + timedelta(days=1))

    def use(number: int) -> str | None:
        try:
            accounts.set_password(one, f"hash {number}", "name", NOON, link="link")
        except AccessRefused:
            return None
        return f"hash {number}"

    with ThreadPoolExecutor(8) as many:
        (used,) = [done for done in many.map(use, range(8)) if done]
    assert accounts.password(one) == used


def test_the_first_administrator_is_one_even_when_two_links_are_used_at_once(admission: Admission) -> None:
    links = [admission.invite(None, NOON) for _ in range(4)]

    def accept(link: str) -> bool:
        try:
            admission.accept_as_first(link, f"keeper-{link[:4]}", "", PASSWORD, NOON)
        except AccessRefused:
            return False
        return True

    with ThreadPoolExecutor(4) as many:
        assert sum(many.map(accept, links)) == 1
    assert [account.role for account in admission.accounts()] == [Role.ADMIN]


def test_a_name_is_one_accounts_and_so_is_a_subject(admission: Admission) -> None:
    admission.add("ada", Role.NURSE, NOON)
    with pytest.raises(AccessRefused, match="taken"):
        admission.add("Ada", Role.NURSE, NOON)
    admission.sign_in_by_subject("sso|1", "sso|1", "Bo", Role.NURSE, "10.0.0.7", NOON)
    admission.sign_in_by_subject("sso|1", "sso|1", "Bo", Role.NURSE, "10.0.0.7", NOON)
    assert len(admission.accounts()) == 2


def test_tokens_and_marks_are_kept(admission: Admission) -> None:
    secret, token = admission.make_token("monitor", [Scope.METRICS_READ, Scope.INGEST_WRITE], NOON)
    assert admission.bearer(secret, NOON) == token
    assert admission.tokens() == [token]
    assert not admission.is_demonstration()
    admission.mark_as_demonstration()
    admission.mark_as_demonstration()
    assert admission.is_demonstration()


def test_every_store_has_a_secret_of_its_own(admission: Admission, tmp_path_factory: pytest.TempPathFactory) -> None:
    other = open_accounts(f"sqlite:///{tmp_path_factory.mktemp('other') / 'ward.db'}")
    assert Admission(other).address_secret() != admission.address_secret()
    other.close()
