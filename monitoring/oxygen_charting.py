"""Oxygen over time from what was charted: whole rows, and flows or fractions that came as values of their own.

Rows of one moment are read together; of two devices in one minute the one that is more support counts (D36, D65). A
row without a device keeps the last device charted for as long as that one is fresh; a flow or a fraction alone
changes only its own part. Room air beside oxygen that is given is not believed (D59).
"""

from __future__ import annotations

from collections import defaultdict

import numpy as np

from monitoring.at_once import more_support, support, worst_so_far
from monitoring.evidence import OxygenState
from monitoring.records import Fact, Observation, OxygenSupport
from monitoring.standing import StandingFacts
from monitoring.timeline import BEGINNING_OF_TIME, END_OF_TIME, Labels
from monitoring.vocabulary import OxygenDevice

ROOM_AIR_PERCENT = 21.0
PARTS = ("o2_flow", "fio2")
"""Concepts that a source may send apart from the device."""


def _by_moment(facts: StandingFacts) -> dict[int, list[Fact]]:
    moments: dict[int, list[Fact]] = defaultdict(list)
    for concept in ("oxygen_support", *PARTS):
        for at, fact in facts.column(concept).facts.saying():
            if isinstance(fact, OxygenSupport) or (isinstance(fact, Observation) and fact.value is not None):
                moments[at].append(fact)
    return moments


def _together(charted: list[Fact]) -> OxygenState:
    """What the rows of one moment say together."""
    rows = [fact for fact in charted if isinstance(fact, OxygenSupport)]
    values = {fact.concept: fact.value for fact in charted if isinstance(fact, Observation)}
    states = [OxygenState(row.device, row.flow_l_min, row.fio2, row.reason) for row in rows]
    most = max((state for state in states if state.device is not None), key=support, default=OxygenState(None))
    apart = [most, *(state for state in states if state.device is None)]
    return OxygenState(
        most.device,
        _first([*(state.flow_l_min for state in apart), values.get("o2_flow")]),
        _first([*(state.fio2 for state in apart), values.get("fio2")]),
        next((state.reason for state in apart if state.reason is not None), None),
    )


def _first(charted: list[float | None]) -> float | None:
    return next((value for value in charted if value is not None), None)


def oxygen_states(facts: StandingFacts) -> Labels:
    """The oxygen that holds at each moment, unknown once the device charted last is too old."""
    keeps = facts.freshness("oxygen_support")
    points: list[tuple[int, OxygenState]] = []
    ends: list[int] = []
    device_at, state = BEGINNING_OF_TIME, OxygenState(None)
    known: dict[tuple[int, ...], OxygenState] = {}
    moments = _by_moment(facts)
    for at, charted in sorted(moments.items()):
        same = tuple(id(fact) for fact in charted)
        now = known[same] = known.get(same) or _together(charted)
        lapsed = device_at == BEGINNING_OF_TIME or (keeps is not None and at - device_at >= keeps)
        if now.device is not None or lapsed:
            device_at = at
        held = OxygenState(None) if lapsed else state
        device = now.device or held.device
        reason = now.reason or (held.reason if device is held.device else None)
        if any(isinstance(fact, OxygenSupport) for fact in charted):
            state = OxygenState(device, now.flow_l_min, now.fio2, reason)
        else:
            flow = held.flow_l_min if now.flow_l_min is None else now.flow_l_min
            fio2 = held.fio2 if now.fio2 is None else now.fio2
            given = (flow or 0) > 0 or (fio2 or 0) > ROOM_AIR_PERCENT
            unbelieved = device is OxygenDevice.ROOM_AIR and given
            state = OxygenState(None if unbelieved else device, flow, fio2, reason)
        points.append((at, state))
        ends.append(END_OF_TIME if keeps is None else device_at + keeps)
    counted = worst_so_far(points, more_support)
    times = np.array([at for at, _ in counted], np.int64)
    return Labels.held(times, [state for _, state in counted], np.array(ends, np.int64))
