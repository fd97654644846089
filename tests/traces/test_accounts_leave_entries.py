"""Signing in and out, accounts, links and tokens: each leaves its entry, with who asked and from where."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitoring.access import AccessRefused
from monitoring.access.accounts import digest
from monitoring.access.acts import APPLICATION, Act, Channel, Origin
from monitoring.admission import Admission
from monitoring.store import StoreUnavailable
from monitoring.store.accounts import open_accounts
from monitoring.store.audit import Audit
from monitoring.vocabulary import Role, Scope

NOON = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
HERE = "10.0.0.7"
PASSWORD = "a sentence nobody guesses"  # noqa: S105 - of accounts in a temporary store
KEEPER = Origin("keeper", Channel.SCREEN, Role.ADMIN, "10.0.0.1")


@pytest.fixture
def admission(tmp_path: Path) -> Iterator[Admission]:
    accounts = open_accounts(f"sqlite:///{tmp_path / 'ward.db'}")
    yield Admission(accounts)
    accounts.close()


def told(admission: Admission) -> list[tuple[Act, Origin, str | None]]:
    """Act, by whom, about what; oldest first."""
    return [(one.deed.act, one.deed.by, one.deed.about) for one in reversed(admission.audit.entries())]


def test_an_account_from_its_making_to_its_end(admission: Admission) -> None:
    ada = admission.add("ada", Role.NURSE, NOON, by=KEEPER)
    link = admission.invite(ada, NOON, KEEPER)
    admission.accept(link, PASSWORD, NOON, HERE)
    secret, _ = admission.sign_in("Ada", PASSWORD, HERE, NOON)
    session = digest(secret)
    admission.sign_out(session, NOON)
    admission.disable(ada, NOON, KEEPER)
    herself = Origin(ada.account_id, Channel.SCREEN, Role.NURSE, HERE)
    assert told(admission) == [
        (Act.ACCOUNT_ADDED, KEEPER, ada.account_id),
        (Act.LINK_MADE, KEEPER, ada.account_id),
        (Act.PASSWORD_SET, herself, ada.account_id),
        (Act.SIGNED_IN, herself, session[:16]),
        (Act.SIGNED_OUT, herself, session[:16]),
        (Act.ACCOUNT_CLOSED, KEEPER, ada.account_id),
    ]


def test_a_session_that_is_over_is_not_signed_out_twice(admission: Admission) -> None:
    admission.set_password(admission.add("ada", Role.NURSE, NOON), PASSWORD, NOON)
    secret, _ = admission.sign_in("ada", PASSWORD, HERE, NOON)
    for _ in range(2):
        admission.sign_out(digest(secret), NOON)
    assert [act for act, *_ in told(admission)].count(Act.SIGNED_OUT) == 1


def test_a_failed_sign_in_names_the_address_and_never_what_was_typed(admission: Admission) -> None:
    """Somebody may type their password where their name belongs."""
    ada = admission.add("ada", Role.NURSE, NOON)
    admission.set_password(ada, PASSWORD, NOON)
    for name in ("ada", "correct horse battery"):
        with pytest.raises(AccessRefused):
            admission.sign_in(name, "wrong", HERE, NOON)
    stranger = Origin("", Channel.SCREEN, address=HERE)
    assert told(admission)[-2:] == [
        (Act.SIGN_IN_FAILED, stranger, ada.account_id),
        (Act.SIGN_IN_FAILED, stranger, None),
    ]


def test_a_lock_is_one_entry_however_often_somebody_knocks(admission: Admission) -> None:
    for _ in range(20):
        with pytest.raises(AccessRefused):
            admission.sign_in("ada", "wrong", HERE, NOON)
    acts = [act for act, *_ in told(admission)]
    assert (acts.count(Act.SIGN_IN_FAILED), acts.count(Act.LOCKED_OUT)) == (5, 1)


def test_an_address_that_is_locked_is_one_entry_whatever_names_it_invents(admission: Admission) -> None:
    """Thirty failures lock it; what is refused unheard must not let a stranger grow the audit."""
    for number in range(50):
        with pytest.raises(AccessRefused):
            admission.sign_in(f"guess-{number}", "wrong", HERE, NOON)
    acts = [act for act, *_ in told(admission)]
    assert (acts.count(Act.SIGN_IN_FAILED), acts.count(Act.LOCKED_OUT)) == (30, 1)


def test_two_names_locked_at_one_address_are_two_entries(admission: Admission) -> None:
    for name in ("ada", "bo"):
        for _ in range(7):
            with pytest.raises(AccessRefused):
                admission.sign_in(name, "wrong", HERE, NOON)
    acts = [act for act, *_ in told(admission)]
    assert (acts.count(Act.SIGN_IN_FAILED), acts.count(Act.LOCKED_OUT)) == (10, 2)


def test_a_lock_that_could_not_be_recorded_is_recorded_at_the_next_knock(
    admission: Admission, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(5):
        with pytest.raises(AccessRefused):
            admission.sign_in("ada", "wrong", HERE, NOON)

    def silent(*_: object) -> None:
        raise StoreUnavailable("no answer")

    with monkeypatch.context() as broken:
        broken.setattr(Audit, "record", silent)
        with pytest.raises(StoreUnavailable):
            admission.sign_in("ada", "wrong", HERE, NOON)
    with pytest.raises(AccessRefused):
        admission.sign_in("ada", "wrong", HERE, NOON)
    assert told(admission)[-1][0] is Act.LOCKED_OUT


def test_a_closed_account_that_knocks_leaves_an_entry(admission: Admission) -> None:
    ada = admission.add("ada", Role.NURSE, NOON)
    admission.set_password(ada, PASSWORD, NOON)
    admission.disable(ada, NOON)
    with pytest.raises(AccessRefused, match="closed"):
        admission.sign_in("ada", PASSWORD, HERE, NOON)
    assert told(admission)[-1] == (Act.SIGN_IN_FAILED, Origin("", Channel.SCREEN, address=HERE), ada.account_id)


def test_the_single_sign_on_makes_and_changes_accounts(admission: Admission) -> None:
    for role in (Role.NURSE, Role.PHYSICIAN):
        admission.sign_in_by_subject("https://id|7", "https://id|7", "Ada", role, HERE, NOON)
    acts = [act for act, *_ in told(admission)]
    assert acts == [Act.ACCOUNT_ADDED, Act.SIGNED_IN, Act.ACCOUNT_CHANGED, Act.SIGNED_IN]


def test_whom_the_single_sign_on_vouches_for_without_a_role_here_leaves_an_entry(admission: Admission) -> None:
    _, ada = admission.sign_in_by_subject("https://id|7", "https://id|7", "Ada", Role.NURSE, HERE, NOON)
    admission.turn_away("https://id|7", HERE, NOON)
    admission.turn_away("https://id|8", HERE, NOON)
    with pytest.raises(AccessRefused, match="invited"):
        admission.sign_in_by_subject("https://id|9", "https://id|9", "Cy", Role.CAREGIVER, HERE, NOON)
    stranger = Origin("", Channel.SCREEN, address=HERE)
    about = (ada.account_id, None, None)
    assert told(admission)[2:] == [(Act.SIGN_IN_FAILED, stranger, one) for one in about]


def test_tokens_of_machines(admission: Admission) -> None:
    admission.make_token("bus", [Scope.INGEST_WRITE], NOON, by=KEEPER)
    admission.revoke_token("bus", NOON, KEEPER)
    with pytest.raises(AccessRefused):
        admission.revoke_token("bus", NOON, KEEPER)
    assert told(admission) == [(Act.TOKEN_MADE, KEEPER, "bus"), (Act.TOKEN_REVOKED, KEEPER, "bus")]


def test_the_first_administrator_makes_themselves(admission: Admission) -> None:
    link = admission.invite(None, NOON)
    keeper = admission.accept_as_first(link, "keeper", "", PASSWORD, NOON, HERE)
    by = Origin(keeper.account_id, Channel.SCREEN, Role.ADMIN, HERE)
    assert told(admission) == [(Act.LINK_MADE, APPLICATION, None), (Act.ACCOUNT_ADDED, by, keeper.account_id)]


def test_a_caregivers_account_names_its_patient(admission: Admission) -> None:
    admission.add("cy", Role.CAREGIVER, NOON, patient_id="P1", by=KEEPER)
    (entry,) = admission.audit.entries()
    assert entry.deed.patient_id == "P1"


def test_what_is_refused_leaves_no_entry_of_having_been_done(admission: Admission) -> None:
    admission.add("ada", Role.NURSE, NOON)
    with pytest.raises(AccessRefused, match="taken"):
        admission.add("Ada", Role.NURSE, NOON + timedelta(hours=1))
    assert len(told(admission)) == 1
