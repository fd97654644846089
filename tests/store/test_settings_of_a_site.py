"""The settings of a site on both engines: appended, numbered, never two revisions from one."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError

from monitoring.access.acts import APPLICATION, Act, Deed
from monitoring.site import SiteSettings
from monitoring.store import Store, open_store
from monitoring.store.audit import Asked
from monitoring.store.site import NOBODYS, SettingsMoved

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
DEED = Deed(Act.SETTINGS_CHANGED, APPLICATION, about="late after")


def later(minutes: int) -> SiteSettings:
    return SiteSettings(late_minutes=minutes)


def test_before_anybody_changed_anything_the_dictionary_holds(store: Store) -> None:
    assert store.site.revision() == 0
    assert store.site.now() == NOBODYS
    assert store.site.history() == []


def test_each_revision_stays_and_the_last_one_holds(store: Store) -> None:
    assert store.site.change(later(45), seen=0, author="admin:Zoë", at=AT) == 1
    assert store.site.change(later(60), seen=1, author="admin:B", at=AT) == 2
    assert [(one.number, one.settings.late_minutes, one.author, one.at) for one in store.site.history()] == [
        (2, 60, "admin:B", AT),
        (1, 45, "admin:Zoë", AT),
    ]
    assert store.site.now().number == store.site.revision() == 2
    assert store.findings() == []


def test_of_many_who_saw_the_same_one_changes_and_only_that_one_is_in_the_audit(store: Store, address: str) -> None:
    stores = [open_store(address) for _ in range(4)]

    def change(number: int) -> bool:
        try:
            stores[number].site.change(later(40 + number), seen=0, author=f"admin:{number}", at=AT, deed=DEED)
        except SettingsMoved:
            return False
        return True

    with ThreadPoolExecutor(4) as together:
        won = list(together.map(change, range(4)))
    for one in stores:
        one.close()
    assert won.count(True) == 1
    assert store.site.now().settings == later(40 + won.index(True))
    assert len(store.audit.entries(Asked(act=Act.SETTINGS_CHANGED))) == 1


@pytest.mark.parametrize("wrong", ["UPDATE site SET author = 'x'", "DELETE FROM site"])
def test_the_database_itself_refuses_to_change_a_revision(store: Store, address: str, wrong: str) -> None:
    store.site.change(later(45), seen=0, author="admin:A", at=AT)
    engine = create_engine(address)
    with pytest.raises(DBAPIError, match="append-only"), engine.begin() as connection:
        connection.execute(text(wrong))
    engine.dispose()
    assert store.site.now().author == "admin:A"
