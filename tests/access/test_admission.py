"""Coming in: passwords, locks, one-time links, sessions that end, demonstration accounts, tokens."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from conftest import NOON, PASSWORD, person

from monitoring.access import AccessRefused, Account
from monitoring.access.accounts import digest
from monitoring.admission import Admission, patient_key
from monitoring.store import StoreUnavailable
from monitoring.store.accounts import Accounts
from monitoring.vocabulary import Role, Scope

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def enter(admission: Admission, name: str, password: str = PASSWORD, at: datetime = NOON) -> str:
    """The session's hash."""
    secret, _ = admission.sign_in(name, password, "10.0.0.7", at)
    return digest(secret)


def refused(
    admission: Admission, name: str, password: str, at: datetime = NOON, address: str = "10.0.0.7"
) -> AccessRefused:
    with pytest.raises(AccessRefused) as said:
        admission.sign_in(name, password, address, at)
    return said.value


def test_the_right_password_opens_a_session_of_the_account(admission: Admission) -> None:
    account = person(admission, Role.NURSE)
    visitor = admission.visitor(enter(admission, "  NURSE "), NOON)
    assert visitor is not None
    assert (visitor.account.account_id, visitor.account.role) == (account.account_id, Role.NURSE)


def test_a_wrong_password_and_a_name_nobody_has_are_refused_alike(admission: Admission) -> None:
    person(admission, Role.NURSE)
    wrong, unknown = refused(admission, "nurse", "x" * 12), refused(admission, "nobody", "x" * 12)
    assert (str(wrong), wrong.until) == (str(unknown), unknown.until)


@pytest.mark.parametrize("name", ["nurse", "nobody"])
def test_five_failures_lock_the_name_even_for_the_right_password_and_say_until_when(
    admission: Admission, name: str
) -> None:
    person(admission, Role.NURSE)
    for _ in range(5):
        assert refused(admission, name, "x" * 12).until is None
    locked = refused(admission, name, PASSWORD, NOON + MINUTE, address="10.0.0.8")
    assert locked.until == NOON + 15 * MINUTE
    if name == "nurse":
        assert enter(admission, "nurse", at=NOON + 15 * MINUTE)


def test_a_new_link_ends_a_lock(admission: Admission) -> None:
    account = person(admission, Role.NURSE)
    for _ in range(5):
        refused(admission, "nurse", "x" * 12)
    admission.accept(admission.invite(account, NOON), "another sentence", NOON)
    assert enter(admission, "nurse", "another sentence")


def test_thirty_failures_lock_the_address_for_everybody_behind_it(admission: Admission) -> None:
    person(admission, Role.NURSE)
    for number in range(30):
        refused(admission, f"guess-{number}", "x" * 12)
    assert refused(admission, "nurse", PASSWORD).until == NOON + 15 * MINUTE
    assert admission.sign_in("nurse", PASSWORD, "10.0.0.8", NOON)


def test_neither_cookies_nor_links_nor_passwords_nor_typed_names_are_in_the_store(
    admission: Admission, tmp_path: Path
) -> None:
    account = person(admission, Role.NURSE)
    secret, _ = admission.sign_in("nurse", PASSWORD, "10.0.0.7", NOON)
    link = admission.invite(account, NOON)
    token, _ = admission.make_token("monitor", [Scope.INGEST_WRITE], NOON)
    refused(admission, "my password by mistake", "x" * 12)
    with sqlite3.connect(tmp_path / "ward.db") as database:
        written = "\n".join(database.iterdump())
    assert [text for text in (secret, link, token, PASSWORD, "my password by mistake") if text in written] == []


def test_a_store_that_can_be_read_and_takes_nothing_sends_nobody_away(
    admission: Admission, monkeypatch: pytest.MonkeyPatch
) -> None:
    person(admission, Role.NURSE)
    session = enter(admission, "nurse")

    def refuse(*_: object) -> None:
        raise StoreUnavailable("attempt to write a readonly database")

    monkeypatch.setattr(Accounts, "touch_session", refuse)
    assert admission.visitor(session, NOON + 10 * MINUTE, touch=True) is not None
    assert admission.visitor(session, NOON + 60 * MINUTE, touch=True) is None, "nothing was touched"


def test_refreshing_is_no_activity_and_a_persons_doing_is(admission: Admission) -> None:
    person(admission, Role.NURSE)
    left = enter(admission, "nurse")
    used = enter(admission, "nurse")
    for minutes in range(10, 60, 10):
        assert admission.visitor(left, NOON + minutes * MINUTE) is not None
    assert admission.visitor(used, NOON + 50 * MINUTE, touch=True) is not None
    assert admission.visitor(left, NOON + 60 * MINUTE) is None
    assert admission.visitor(used, NOON + 60 * MINUTE) is not None
    assert admission.visitor(left, NOON + 61 * MINUTE, touch=True) is None, "what is over cannot be woken"


def test_signing_out_ends_this_session_and_no_other(admission: Admission) -> None:
    person(admission, Role.NURSE)
    one, other = enter(admission, "nurse"), enter(admission, "nurse")
    admission.sign_out(one, NOON)
    assert admission.visitor(one, NOON) is None
    assert admission.visitor(other, NOON) is not None


def test_closing_an_account_ends_every_session_and_keeps_it_out(admission: Admission) -> None:
    account = person(admission, Role.NURSE)
    session = enter(admission, "nurse")
    link = admission.invite(account, NOON)
    admission.disable(account, NOON)
    assert admission.visitor(session, NOON) is None
    assert "closed" in str(refused(admission, "nurse", PASSWORD))
    with pytest.raises(AccessRefused):
        admission.invited(link, NOON)


def test_a_new_password_ends_the_sessions_of_the_old_one(admission: Admission) -> None:
    account = person(admission, Role.NURSE)
    session = enter(admission, "nurse")
    admission.set_password(account, "another sentence", NOON)
    assert admission.visitor(session, NOON) is None
    assert refused(admission, "nurse", PASSWORD)


@contextmanager
def silent(path: Path, table: str) -> Iterator[None]:
    """The store fails where it comes to that table, and answers again afterwards."""
    with closing(sqlite3.connect(path)) as database:
        database.execute(f"ALTER TABLE {table} RENAME TO elsewhere")
        yield
        database.execute(f"ALTER TABLE elsewhere RENAME TO {table}")


@pytest.mark.parametrize("table", ["audit", "session", "failed_sign_in"])
def test_a_link_is_spent_with_its_password_set_and_the_old_sessions_ended_or_nothing_is(
    table: str, admission: Admission, tmp_path: Path
) -> None:
    account = person(admission, Role.NURSE)
    session, link = enter(admission, "nurse"), admission.invite(account, NOON)
    with silent(tmp_path / "ward.db", table), pytest.raises(StoreUnavailable):
        admission.accept(link, "another sentence", NOON)
    assert admission.invited(link, NOON) == account
    assert admission.visitor(session, NOON) is not None
    assert refused(admission, "nurse", "another sentence")
    assert enter(admission, "nurse")
    admission.accept(link, "another sentence", NOON)
    assert admission.visitor(session, NOON) is None


@pytest.mark.parametrize("table", ["audit", "session", "failed_sign_in"])
def test_a_new_password_and_the_end_of_the_old_sessions_are_one(
    table: str, admission: Admission, tmp_path: Path
) -> None:
    account = person(admission, Role.NURSE)
    with silent(tmp_path / "ward.db", table), pytest.raises(StoreUnavailable):
        admission.set_password(account, "another sentence", NOON)
    assert refused(admission, "nurse", "another sentence")
    assert enter(admission, "nurse")


Change = Callable[[Admission, Account], object]
CHANGES: list[tuple[str, Change]] = [
    ("another role", lambda admission, one: admission.change(one, NOON, role=Role.DISPLAY)),
    ("closed", lambda admission, one: admission.disable(one, NOON)),
    (
        "another role by the single sign-on",
        lambda admission, one: admission.sign_in_by_subject("s|1", "s|1", "Bo", Role.DATA_MANAGER, "10.0.0.7", NOON),
    ),
]


@pytest.mark.parametrize("table", ["audit", "session"])
@pytest.mark.parametrize(("case", "change"), CHANGES, ids=[row[0] for row in CHANGES])
def test_an_account_is_changed_and_its_sessions_ended_or_nothing_is(
    case: str, change: Change, table: str, admission: Admission, tmp_path: Path
) -> None:
    if "single" in case:
        secret, account = admission.sign_in_by_subject("s|1", "s|1", "Bo", Role.NURSE, "10.0.0.7", NOON)
        session = digest(secret)
    else:
        account, session = person(admission, Role.NURSE), enter(admission, "nurse")
    with silent(tmp_path / "ward.db", table), pytest.raises(StoreUnavailable):
        change(admission, account)
    assert admission.accounts() == [account]
    assert admission.visitor(session, NOON) is not None
    change(admission, account)
    assert admission.visitor(session, NOON) is None


def test_a_caregiver_comes_in_until_the_end_date_and_then_no_more(admission: Admission) -> None:
    account = admission.add("family", Role.CAREGIVER, NOON, patient_id="P1", ends_at=NOON + 2 * DAY)
    admission.set_password(account, PASSWORD, NOON)
    session = enter(admission, "family")
    assert admission.visitor(session, NOON + 2 * DAY - MINUTE) is not None
    assert admission.visitor(session, NOON + 2 * DAY) is None
    assert refused(admission, "family", PASSWORD, NOON + 2 * DAY)


def test_a_caregiver_is_of_one_patient_and_nobody_else_of_any(admission: Admission) -> None:
    with pytest.raises(AccessRefused):
        admission.add("family", Role.CAREGIVER, NOON)
    with pytest.raises(AccessRefused):
        admission.add("nurse", Role.NURSE, NOON, patient_id="P1")
    account = admission.add("family", Role.CAREGIVER, NOON, patient_id="P1")
    assert account.ends_at == NOON + 60 * DAY


def test_a_name_belongs_to_one_account_however_it_is_written(admission: Admission) -> None:
    person(admission, Role.NURSE)
    with pytest.raises(AccessRefused, match="taken"):
        admission.add("Nurse ", Role.PHYSICIAN, NOON)


def test_an_account_without_a_password_lets_nobody_in(admission: Admission) -> None:
    admission.add("new", Role.NURSE, NOON)
    for guess in ("", "nobody has this password"):
        assert refused(admission, "new", guess)


def test_a_link_works_once_for_a_day_and_a_newer_one_replaces_it(admission: Admission) -> None:
    account = admission.add("new", Role.NURSE, NOON)
    old = admission.invite(account, NOON)
    link = admission.invite(account, NOON)
    with pytest.raises(AccessRefused):
        admission.accept(old, PASSWORD, NOON)
    with pytest.raises(AccessRefused, match="12 or more"):
        admission.accept(link, "short", NOON)
    with pytest.raises(AccessRefused):
        admission.accept(link, PASSWORD, NOON + DAY)
    admission.accept(link, PASSWORD, NOON + DAY - MINUTE)
    with pytest.raises(AccessRefused):
        admission.accept(link, "a third sentence", NOON + DAY - MINUTE)
    assert enter(admission, "new")


def test_the_first_administrator_is_made_once(admission: Admission) -> None:
    assert admission.is_empty()
    first, second = admission.invite(None, NOON), admission.invite(None, NOON)
    assert admission.invited(first, NOON) is None
    made = admission.accept_as_first(first, "Keeper", "E. Keeper", PASSWORD, NOON)
    assert made.role is Role.ADMIN
    assert enter(admission, "keeper")
    for link in (first, second):
        with pytest.raises(AccessRefused):
            admission.accept_as_first(link, "other", "", PASSWORD, NOON)


def test_a_link_of_an_account_makes_no_administrator(admission: Admission) -> None:
    link = admission.invite(person(admission, Role.NURSE), NOON)
    with pytest.raises(AccessRefused):
        admission.accept_as_first(link, "other", "", PASSWORD, NOON)


def test_a_demonstration_account_exists_only_in_a_demonstration(admission: Admission) -> None:
    with pytest.raises(AccessRefused, match="demo"):
        admission.add("demo-nurse", Role.NURSE, NOON, demonstration=True)
    admission.mark_as_demonstration()
    assert admission.add("demo-nurse", Role.NURSE, NOON, demonstration=True).demonstration


def test_a_demonstration_account_carried_into_another_store_opens_nothing(admission: Admission, tmp_path: Path) -> None:
    admission.mark_as_demonstration()
    account = admission.add("demo-nurse", Role.NURSE, NOON, demonstration=True)
    admission.set_password(account, PASSWORD, NOON)
    session = enter(admission, "demo-nurse")
    with sqlite3.connect(tmp_path / "ward.db") as database:  # as if its rows had been copied
        database.execute("delete from mark where name = 'demonstration'")
    assert admission.visitor(session, NOON) is None
    assert "demonstration" in str(refused(admission, "demo-nurse", PASSWORD))


def test_a_token_opens_its_scopes_until_it_ends_or_is_revoked(admission: Admission) -> None:
    secret, _ = admission.make_token("monitor", [Scope.INGEST_WRITE], NOON, NOON + DAY)
    found = admission.bearer(secret, NOON + DAY - MINUTE)
    assert found is not None
    assert found.scopes == {Scope.INGEST_WRITE}
    assert admission.bearer(secret, NOON + DAY) is None
    assert admission.bearer("guess", NOON) is None
    admission.revoke_token("monitor", NOON + HOUR)
    assert admission.bearer(secret, NOON + HOUR) is None
    with pytest.raises(AccessRefused):
        admission.revoke_token("monitor", NOON + HOUR)


def test_single_sign_on_brings_the_role_up_to_date_and_ends_the_sessions_of_the_old(admission: Admission) -> None:
    secret, account = admission.sign_in_by_subject("sso|1", "sso|1", "Bo", Role.NURSE, "10.0.0.7", NOON)
    again, same = admission.sign_in_by_subject("sso|1", "sso|1", "Bo B.", Role.PHYSICIAN, "10.0.0.7", NOON)
    assert same.account_id == account.account_id
    assert admission.visitor(digest(secret), NOON) is None
    visitor = admission.visitor(digest(again), NOON)
    assert visitor is not None
    assert (visitor.account.role, visitor.account.display_name) == (Role.PHYSICIAN, "Bo B.")
    assert refused(admission, "sso|1", PASSWORD), "there is no password to guess"
    with pytest.raises(AccessRefused):
        admission.sign_in_by_subject("sso|2", "sso|2", "Cy", Role.CAREGIVER, "10.0.0.7", NOON)


def test_a_patients_key_is_of_this_store_and_says_nothing(admission: Admission) -> None:
    secret = admission.address_secret()
    assert len(bytes.fromhex(secret)) == 32
    assert patient_key("P07", secret) == patient_key("P07", secret)
    assert patient_key("P07", secret) != patient_key("P07", "00" * 32)
    assert patient_key("P07", secret) != patient_key("P08", secret)
