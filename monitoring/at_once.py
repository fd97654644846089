"""Two sources at once: values of one concept in one minute of the clock stand together, the worse counts (D36, D65).

Nothing is averaged and nothing is dropped: a value counts from its own moment, and within its minute a later one takes
its place only where it is worse. The order of arrival, the source and the method decide nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from monitoring.evidence import OxygenState
from monitoring.vocabulary import OxygenDevice, OxygenReason

MINUTE = 60_000_000
"""In microseconds; minutes are those of the clock, so that joining them has an end."""
LOWER_IS_WORSE = frozenset({"sbp", "dbp", "map", "spo2", "ice", "cartox_10"})

Value = TypeVar("Value")

_LOW_FLOW_L_MIN = 6.0
_SUPPORT = {
    OxygenDevice.ROOM_AIR: 1,
    OxygenDevice.NASAL_CANNULA: 3,
    OxygenDevice.BLOW_BY: 4,
    OxygenDevice.SIMPLE_MASK: 6,
    OxygenDevice.VENTURI: 7,
    OxygenDevice.NON_REBREATHER: 8,
    OxygenDevice.HFNC: 9,
    OxygenDevice.CPAP: 10,
    OxygenDevice.BIPAP: 11,
    OxygenDevice.MECHANICAL_VENTILATION: 12,
}
_FLOW_WITHOUT_DEVICE, _FAST_CANNULA, _ROOM_AIR_PERCENT = 2, 5, 21


def minute_of(at: int) -> int:
    """The start of the minute of the clock that holds a moment, microseconds."""
    return at - at % MINUTE


def worst_so_far(
    points: Sequence[tuple[int, Value]], worse: Callable[[Value, Value], Value]
) -> list[tuple[int, Value]]:
    """(moment, value) points by time, each moment once, with the worst value of its minute up to then."""
    found: list[tuple[int, Value]] = []
    for at, value in points:
        counts = value
        if found and minute_of(found[-1][0]) == minute_of(at):
            counts = worse(found[-1][1], value)
            if found[-1][0] == at:
                found.pop()
        found.append((at, counts))
    return found


def support(state: OxygenState) -> tuple[bool, int, float, float, str]:
    """How much an oxygen state is: for hypoxia before any other reason, then the device, flow and inspired oxygen.

    A total order, so that the more of two states is one and the same whichever comes first.
    """
    given = (state.flow_l_min or 0) > 0 or (state.fio2 or 0) > _ROOM_AIR_PERCENT
    if state.device is None:
        rung = _FLOW_WITHOUT_DEVICE if given else 0
    elif state.device is OxygenDevice.NASAL_CANNULA and (state.flow_l_min or 0) > _LOW_FLOW_L_MIN:
        rung = _FAST_CANNULA
    else:
        rung = _SUPPORT[state.device]
    counts = state.reason in {None, OxygenReason.HYPOXIA}
    flow = -1.0 if state.flow_l_min is None else state.flow_l_min
    return counts, rung, flow, -1.0 if state.fio2 is None else state.fio2, state.reason or ""


def more_support(one: OxygenState, other: OxygenState) -> OxygenState:
    """The one of two oxygen states that is more support."""
    return max(one, other, key=support)
