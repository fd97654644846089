"""Oxygen as the older scales read it: whether any is given, the fraction inspired, and the ventilator.

Only oxygen given for hypoxia counts (D2), and a home without a charted device is room air (D5), as in ASTCT. The
fraction is never guessed from a flow: no scale has such a rule (clinical.md e). Where oxygen is given and nobody
charted the fraction it is unknown, and the input that would decide is called `fio2`.
"""

from __future__ import annotations

import numpy as np

from monitoring.evidence import Evidence, OxygenState
from monitoring.grading.attribution import elsewhere, unless_elsewhere
from monitoring.grading.engine import Axis
from monitoring.timeline import Steps, Values, combine
from monitoring.vocabulary import OxygenDevice, OxygenReason, Sign, Syndrome

SOME_OXYGEN, VENTILATOR = 1.0, 2.0
ROOM_AIR_PERCENT, ALL_PERCENT = 21.0, 100.0
HIGH_FIO2_PERCENT = 40.0
Pair = tuple[Values, Values]


def counted(evidence: Evidence, steps: Steps, air: float, unknown: tuple[float, float]) -> Steps:
    """The axis for hypoxia: `air` where it is attributed elsewhere, and where a patient at home has no charting."""

    def at_home(axis: Pair, home: Pair) -> Pair:
        uncharted = (axis[0] == unknown[0]) & (axis[1] == unknown[1]) & (home[0] >= 1)
        return axis[0], np.where(uncharted, air, axis[1])

    placed = combine(at_home, steps, evidence.stated("at_home"))
    return unless_elsewhere(placed, elsewhere(evidence, Sign.HYPOXIA, Syndrome.CRS), air)


def is_given(state: OxygenState) -> bool:
    """Whether a state without a device still says that oxygen is being given."""
    return (state.flow_l_min or 0) > 0 or (state.fio2 or 0) > ROOM_AIR_PERCENT


def for_another_reason(state: object | None) -> bool:
    """Whether oxygen is given for something other than hypoxia."""
    return isinstance(state, OxygenState) and state.reason not in {None, OxygenReason.HYPOXIA}


def _support(state: object | None) -> tuple[float, float]:
    if not isinstance(state, OxygenState):
        return 0.0, VENTILATOR
    if for_another_reason(state) or state.device is OxygenDevice.ROOM_AIR:
        return 0.0, 0.0
    if state.device is None:
        return (SOME_OXYGEN if is_given(state) else 0.0), VENTILATOR
    return (VENTILATOR if state.device is OxygenDevice.MECHANICAL_VENTILATION else SOME_OXYGEN,) * 2


def _fraction(state: object | None) -> tuple[float, float]:
    if not isinstance(state, OxygenState):
        return ROOM_AIR_PERCENT, ALL_PERCENT
    if for_another_reason(state) or state.device is OxygenDevice.ROOM_AIR:
        return ROOM_AIR_PERCENT, ROOM_AIR_PERCENT
    return (ROOM_AIR_PERCENT, ALL_PERCENT) if state.fio2 is None else (state.fio2, state.fio2)


def support(evidence: Evidence) -> Steps:
    """0 room air, 1 oxygen by any device short of the ventilator, 2 invasive ventilation."""
    return counted(evidence, evidence.label("oxygen").map(_support), 0.0, (0.0, VENTILATOR))


def fraction(evidence: Evidence) -> Steps:
    """Inspired oxygen in percent; 21 on room air, 21 to 100 where oxygen may be given and nobody charted it."""
    steps = evidence.label("oxygen").map(_fraction)
    return counted(evidence, steps, ROOM_AIR_PERCENT, (ROOM_AIR_PERCENT, ALL_PERCENT))


CONCEPTS = ("oxygen_support", "o2_flow", "fio2")
OXYGEN = Axis("oxygen", support, CONCEPTS)
FIO2 = Axis("fio2", fraction, CONCEPTS, inputs=("oxygen",))
OXYGEN_ELSEWHERE = Axis("hypoxia_elsewhere", lambda evidence: elsewhere(evidence, Sign.HYPOXIA, Syndrome.CRS))
OTHER_OXYGEN = Axis(
    "oxygen_for_another_reason",
    lambda evidence: evidence.label("oxygen").map(
        lambda state: (float(for_another_reason(state) and getattr(state, "device", None) != "room_air"),) * 2
    ),
)
