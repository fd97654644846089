"""The list of what was refused, beside a plain walk: each refusal once, by the first time it was told."""

from __future__ import annotations

import random
from datetime import timedelta

from monitoring.records import Refusal, RowRead
from monitoring.store import HeldRefusal, Store
from tests.store.rows import ARRIVED

FIELDS = [None, "spo2", "temperature"]
VALUES = [None, "", "9", "a\\0b"]
REASONS = ["outside 50–100 %", "no number"]


def test_a_page_of_refusals_is_what_a_walk_finds(store: Store) -> None:
    """Rows of four places sent again and again, each with some of the same few refusals; one place was set aside."""
    draw = random.Random(20261128)
    sent: list[tuple[int, Refusal]] = []
    for hour in range(40):
        place = str(draw.randrange(4))
        told = [
            Refusal(
                source="v.csv",
                place=place,
                field=draw.choice(FIELDS),
                value=draw.choice(VALUES),
                reason=draw.choice(REASONS),
                raw=f"row {place}",
            )
            for _ in range(draw.choice([1, 2, 3]))
        ]
        row = RowRead(source="v.csv", place=place, refusals=tuple(told))
        store.append([row], author=None, received_at=ARRIVED + timedelta(hours=hour))
        sent += [(hour, refusal) for refusal in told]
    aside = next(one.row.key for one in store.quarantine.refusals() if one.refusal.place == "2")
    store.quarantine.dismiss([aside], author="n", at=ARRIVED, reason="a test row")

    first: dict[Refusal, tuple[int, int]] = {}
    times: dict[Refusal, int] = {}
    for number, (hour, refusal) in enumerate(sent, start=1):
        first.setdefault(refusal, (number, hour))
        times[refusal] = times.get(refusal, 0) + 1

    def shown(found: list[HeldRefusal]) -> list[tuple[int, Refusal, int, int]]:
        return [(one.id, one.refusal, (one.received_at - ARRIVED) // timedelta(hours=1), one.times) for one in found]

    expected = [(number, one, hour, times[one]) for one, (number, hour) in first.items()]
    still_open = [entry for entry in expected if entry[1].place != "2"]
    assert max(times.values()) > 1
    assert shown(store.quarantine.refusals(state="all")) == expected
    assert shown(store.quarantine.refusals()) == still_open
    assert shown(store.quarantine.refusals(state="resolved")) == [one for one in expected if one[1].place == "2"]
    fifth = still_open[4][0]
    assert shown(store.quarantine.refusals(limit=3, after=fifth)) == still_open[5:8]
    late = (ARRIVED + timedelta(hours=5), ARRIVED + timedelta(hours=20))
    assert shown(store.quarantine.refusals(arrived=late)) == [one for one in still_open if 5 <= one[2] < 20]
    assert store.quarantine.how_many() == 3
    assert store.quarantine.how_many(arrived=late) == len({one[1].place for one in still_open if 5 <= one[2] < 20})
