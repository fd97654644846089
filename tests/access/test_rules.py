"""Passwords, sessions and attempts: both sides of each cut."""

from __future__ import annotations

from datetime import timedelta

import pytest
from conftest import NOON
from streamlit.proto.BackMsg_pb2 import BackMsg

from monitoring.access import AccessRefused
from monitoring.access.limits import PER_ACCOUNT, PER_ADDRESS, SESSION_LIMITS
from monitoring.access.passwords import check_password, hashed, matches
from monitoring.ui.activity import by_a_person
from monitoring.vocabulary import Role

HOUR, DAY = timedelta(hours=1), timedelta(days=1)

PASSWORDS = [
    ("twelve characters", "abcdefghijkl", True),
    ("eleven", "abcdefghijk", False),
    ("two hundred", "ab" * 100, True),
    ("two hundred and one", "ab" * 100 + "c", False),
    ("no capitals, no digits: a sentence", "four horses under a tree", True),
    ("one character twelve times", "aaaaaaaaaaaa", False),
    ("the name inside", "i am ADA.LOVE herself", False),
    ("the name as others read it inside", "my name is ada lovelace", False),
]


@pytest.mark.parametrize(("case", "password", "good"), PASSWORDS, ids=[row[0] for row in PASSWORDS])
def test_a_password_is_long_and_not_the_name(case: str, password: str, good: bool) -> None:
    if good:
        check_password(password, "ada.love", "Ada Lovelace")
    else:
        with pytest.raises(AccessRefused) as refused:
            check_password(password, "ada.love", "Ada Lovelace")
        assert password not in str(refused.value)


@pytest.mark.slow_hashing
def test_a_password_is_kept_as_argon2id_and_never_twice_alike() -> None:
    first, second = hashed("four horses under a tree"), hashed("four horses under a tree")
    assert first.startswith("$argon2id$v=19$m=65536,t=3,p=4$"), "RFC 9106, section 4: the second recommended option"
    assert first != second
    assert matches(first, "four horses under a tree")
    assert not matches(first, "four horses under a Tree")
    assert not matches(None, "nobody has this password")
    assert not matches("no hash at all", "four horses under a tree")


LIMITS = [
    ("a nurse who did something an hour ago", Role.NURSE, 2 * HOUR, HOUR, True),
    ("a nurse who did something 59 minutes ago", Role.NURSE, 2 * HOUR, timedelta(minutes=59), False),
    ("a nurse at work for thirteen hours", Role.NURSE, 13 * HOUR, timedelta(0), True),
    ("a nurse at work for almost thirteen", Role.NURSE, 13 * HOUR - timedelta(seconds=1), timedelta(0), False),
    ("an administrator idle for half an hour", Role.ADMIN, HOUR, timedelta(minutes=30), True),
    ("an administrator idle for 29 minutes", Role.ADMIN, HOUR, timedelta(minutes=29), False),
    ("a wall nobody touched for 89 days", Role.DISPLAY, 89 * DAY, 89 * DAY, False),
    ("a wall after 90 days", Role.DISPLAY, 90 * DAY, timedelta(0), True),
    ("a family that wrote six days ago", Role.CAREGIVER, 20 * DAY, 6 * DAY, False),
    ("a family that wrote a week ago", Role.CAREGIVER, 20 * DAY, 7 * DAY, True),
    ("a family after thirty days", Role.CAREGIVER, 30 * DAY, timedelta(0), True),
]


@pytest.mark.parametrize(("case", "role", "began", "seen", "over"), LIMITS, ids=[row[0] for row in LIMITS])
def test_a_session_lasts_as_long_as_its_role(
    case: str, role: Role, began: timedelta, seen: timedelta, over: bool
) -> None:
    assert SESSION_LIMITS[role].over(NOON - began, NOON - seen, NOON) is over


def test_every_role_has_a_limit() -> None:
    assert set(SESSION_LIMITS) == set(Role)


def test_the_fifth_failure_within_a_quarter_of_an_hour_locks_until_the_first_is_that_old() -> None:
    failed = [NOON - timedelta(minutes=minutes) for minutes in (14, 8, 6, 4)]
    assert PER_ACCOUNT.until(failed, NOON) is None
    assert PER_ACCOUNT.until([*failed, NOON], NOON) == NOON + timedelta(minutes=1)
    assert PER_ACCOUNT.until([*failed, NOON], NOON + timedelta(minutes=1)) is None
    assert PER_ADDRESS.until([NOON] * 29, NOON) is None
    assert PER_ADDRESS.until([NOON] * 30, NOON) == NOON + timedelta(minutes=15)


def test_a_person_is_active_and_a_screen_that_refreshes_itself_is_not() -> None:
    asked, timer, upload = BackMsg(), BackMsg(), BackMsg()
    asked.rerun_script.query_string = "p=1"
    timer.rerun_script.is_auto_rerun = True
    upload.stop_script = True
    assert by_a_person(asked.SerializeToString())
    assert not by_a_person(timer.SerializeToString())
    assert not by_a_person(upload.SerializeToString())
    assert not by_a_person(b"\xff\xff\xff nonsense")
