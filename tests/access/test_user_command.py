"""`user` and `demo`: accounts from the terminal, by links only."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime

import pytest

from monitoring.__main__ import main
from monitoring.access.accounts import DEMONSTRATION_MARK, digest
from monitoring.admission import Admission
from monitoring.vocabulary import Role, Scope

PASSWORD = "a sentence nobody guesses"  # noqa: S105 - of accounts in a temporary store


def now() -> datetime:
    return datetime.now(UTC)


def test_add_prints_a_link_that_sets_the_password(admission: Admission, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["user", "add", "ada", "--role", "nurse", "--display-name", "Ada Okafor"]) == 0
    printed = capsys.readouterr().out
    link = re.search(r"http://127\.0\.0\.1:8501/auth/set-password\?link=(\S+)", printed)
    assert link, printed
    assert admission.accept(link[1], PASSWORD, now()).display_name == "Ada Okafor"


def test_a_family_is_added_with_its_patient_and_an_end(
    admission: Admission, capsys: pytest.CaptureFixture[str]
) -> None:
    until = "2999-01-01T00:00+00:00"
    words = ["user", "add", "family", "--role", "caregiver", "--patient", "P1", "--until", until, "--json"]
    assert main(words) == 0
    printed = capsys.readouterr()
    told = json.loads(printed.out)
    assert (told["role"], told["patient_id"], told["ends_at"]) == ("caregiver", "P1", "2999-01-01T00:00:00+00:00")
    assert "nothing is known of patient 'P1' yet" in printed.err


_PAST = "2020-01-01T00:00+00:00"
REFUSED = [
    ("a name that is taken", ["add", "ada", "--role", "nurse"], "is taken"),
    ("a family without a patient", ["add", "cy", "--role", "caregiver"], "names one patient"),
    ("a nurse with a patient", ["add", "bo", "--role", "nurse", "--patient", "P1"], "names one patient"),
    ("a link for nobody", ["link", "nobody"], "There is no account “nobody”"),
    ("a token nobody made", ["revoke", "nobody"], "There is no working token “nobody”"),
    (
        "a family whose end is over",
        ["add", "cy", "--role", "caregiver", "--patient", "P1", "--until", _PAST],
        "is over",
    ),
    ("a token whose end is over", ["token", "bus", "--scope", "ingest:write", "--until", _PAST], "is over"),
    ("a token without a name", ["token", " ", "--scope", "ingest:write"], "A token needs a name"),
    ("a link for an account that is closed", ["link", "gone"], "“gone” is closed"),
    ("an end that is no time", ["add", "bo", "--role", "nurse", "--until", "soon"], "--until 'soon'"),
]


@pytest.mark.parametrize(("case", "words", "sentence"), REFUSED, ids=[row[0] for row in REFUSED])
def test_what_cannot_be_done_is_one_sentence_and_exit_2(
    case: str, words: list[str], sentence: str, admission: Admission, capsys: pytest.CaptureFixture[str]
) -> None:
    admission.add("ada", Role.NURSE, now())
    admission.disable(admission.add("gone", Role.NURSE, now()), now())
    assert main(["user", *words]) == 2
    assert sentence in capsys.readouterr().err


def test_a_password_is_no_argument() -> None:
    with pytest.raises(SystemExit) as refused:
        main(["user", "add", "ada", "--role", "nurse", "--password", PASSWORD])
    assert refused.value.code == 2


def test_disable_closes_and_list_says_so(admission: Admission, capsys: pytest.CaptureFixture[str]) -> None:
    admission.set_password(admission.add("ada", Role.NURSE, now()), PASSWORD, now())
    session = digest(admission.sign_in("ada", PASSWORD, "10.0.0.7", now())[0])
    assert main(["user", "disable", "ADA"]) == 0
    assert admission.visitor(session, now()) is None
    capsys.readouterr()
    assert main(["user", "list"]) == 0
    assert re.search(r"^ada +nurse +closed$", capsys.readouterr().out, re.MULTILINE)


def test_a_token_is_printed_once_listed_without_its_secret_and_revoked(
    admission: Admission, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["user", "token", "monitor", "--scope", "ingest:write", "--scope", "metrics:read", "--json"]
    assert main(words) == 0
    secret = json.loads(capsys.readouterr().out)["token"]
    found = admission.bearer(secret, now())
    assert found is not None
    assert found.scopes == {Scope.INGEST_WRITE, Scope.METRICS_READ}
    assert main(["user", "tokens", "--json"]) == 0
    listed = capsys.readouterr().out
    assert secret not in listed
    assert [one["good"] for one in json.loads(listed)] == [True]
    assert main(["user", "revoke", "monitor"]) == 0
    assert admission.bearer(secret, now()) is None


def test_demo_marks_its_store_and_prints_an_account_of_each_role(
    address: str, admission: Admission, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["demo", "--patients", "1", "--db", address]) == 0
    printed = re.findall(r"^  (demo-[a-z-]+) +password: (\S+)$", capsys.readouterr().out, re.MULTILINE)
    assert [name for name, _ in printed] == [f"demo-{role.value}" for role in Role]
    assert admission.is_demonstration()
    assert all(account.demonstration for account in admission.accounts())
    name, password = printed[0]
    assert password.startswith(f"{DEMONSTRATION_MARK}-")
    assert admission.sign_in(name, password, "10.0.0.7", now())


def test_demo_leaves_a_store_with_accounts_of_people_alone(
    address: str, admission: Admission, capsys: pytest.CaptureFixture[str]
) -> None:
    admission.add("ada", Role.NURSE, now())
    assert main(["demo", "--db", address]) == 2
    assert "already has accounts of people" in capsys.readouterr().err
    assert not admission.is_demonstration()
