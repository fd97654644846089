"""What is done at a terminal leaves its entry, with the login of whoever did it."""

from __future__ import annotations

import getpass
import json
from pathlib import Path

import pytest

from monitoring.__main__ import main
from monitoring.access.acts import Act, Channel
from monitoring.store import Store

from .peculiar import NUMBER


def acts(store: Store) -> list[tuple[Act, str | None, int | None]]:
    """Act, patient, how many; oldest first. Every entry is of this login, from a command."""
    entries = store.audit.entries()
    assert {(one.deed.by.who, one.deed.by.channel) for one in entries} == {
        (f"command:{getpass.getuser()}", Channel.COMMAND)
    }
    return [(one.deed.act, one.deed.patient_id, one.deed.how_many) for one in reversed(entries)]


def test_files_taken_in_a_patient_explained_and_a_store_checked(store: Store, url: str, files: list[Path]) -> None:
    assert main(["ingest", *map(str, files)]) == 0
    assert main(["explain", NUMBER]) == 0
    assert main(["check"]) == 0
    assert acts(store) == [
        (Act.FILES_TAKEN_IN, None, 2),
        (Act.PATIENT_VIEWED, NUMBER, None),
        (Act.STORE_CHECKED, None, 0),
    ]


def test_accounts_and_tokens(store: Store, url: str) -> None:
    main(["user", "add", "ada", "--role", "nurse"])
    main(["user", "link", "ada"])
    main(["user", "disable", "ada"])
    main(["user", "token", "bus", "--scope", "ingest:write"])
    main(["user", "revoke", "bus"])
    assert [act for act, *_ in acts(store)] == [
        Act.ACCOUNT_ADDED,
        Act.LINK_MADE,
        Act.LINK_MADE,
        Act.ACCOUNT_CLOSED,
        Act.TOKEN_MADE,
        Act.TOKEN_REVOKED,
    ]


def test_a_demonstration(store: Store, url: str) -> None:
    main(["demo", "--patients", "1", "--db", url])
    told = acts(store)
    assert told[0] == (Act.DEMONSTRATION_FILLED, None, 1)
    assert [act for act, *_ in told].count(Act.ACCOUNT_ADDED) == 6


def test_check_holds_the_audit_to_a_head_seen_elsewhere(
    store: Store, url: str, files: list[Path], capsys: pytest.CaptureFixture[str]
) -> None:
    main(["ingest", *map(str, files)])
    capsys.readouterr()
    assert main(["check", "--json"]) == 0
    head = json.loads(capsys.readouterr().out)["audit_head"]
    assert head == str(store.audit.head())
    assert main(["check", "--audit-head", head]) == 0
    capsys.readouterr()
    assert main(["check", "--audit-head", f"9{head}"]) == 1
    assert "the audit was cut off before it" in capsys.readouterr().out


@pytest.mark.parametrize("text", ["7", "x:" + "0" * 64, "7:abc"])
def test_a_head_that_is_none_is_said_to_be_none(
    url: str, store: Store, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", "--audit-head", text]) == 2
    assert "expected SEQ:HASH" in capsys.readouterr().err
