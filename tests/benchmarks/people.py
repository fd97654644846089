"""A synthetic cohort, the same every time: what a month of hourly charting looks like as channels."""

from __future__ import annotations

import numpy as np

from monitoring.cohort import NEVER, Channel, Cohort, Spans
from monitoring.evidence import ConsciousnessState, OxygenState, SeizureState
from monitoring.vocabulary import Consciousness, Icp, Motor, OxygenDevice, Seizure

HOUR, DAYS = 3600, 28
OXYGEN = (
    OxygenState(OxygenDevice.ROOM_AIR),
    OxygenState(OxygenDevice.NASAL_CANNULA, 2.0),
    OxygenState(OxygenDevice.HFNC, 40.0),
    OxygenState(OxygenDevice.MECHANICAL_VENTILATION),
)


def synthetic(patients: int, seed: int = 3) -> Cohort:
    """Adults, infused at 0: pressures in one hourly set, temperature and oxygen in another, 3 % of values missing,
    outages of eight hours, two of three ill for one to five days, some with oxygen, vasopressors, tocilizumab.
    """
    draw = np.random.default_rng(seed)
    slots = DAYS * 24
    hours = np.arange(slots, dtype=np.int32) * HOUR
    begins = draw.integers(24, 200, patients)
    lasts = np.where(draw.random(patients) < 0.66, draw.integers(24, 120, patients), 0)
    ill = (np.arange(slots) >= begins[:, None]) & (np.arange(slots) < (begins + lasts)[:, None])
    outage = draw.integers(0, slots - 8, patients)
    there = (np.arange(slots) < outage[:, None]) | (np.arange(slots) >= outage[:, None] + 8)
    set_at = hours + draw.integers(0, 1800, (patients, 1), dtype=np.int32)
    round_at = hours + draw.integers(1800, 3600, (patients, 1), dtype=np.int32)

    def channel(at: np.ndarray, values: np.ndarray) -> Channel:
        taken = there & (draw.random((patients, slots), np.float32) >= 0.03)
        starts = np.append(0, np.cumsum(taken.sum(axis=1)))
        return Channel(at[taken], values[taken], starts)

    def noise(middle: float, spread: float) -> np.ndarray:
        return draw.standard_normal((patients, slots), np.float32) * np.float32(spread) + np.float32(middle)

    grave = np.where(lasts > 0, draw.integers(0, 8, patients), 0)
    support = np.where(ill & (grave >= 5)[:, None], (grave - 4)[:, None], 0).astype(np.float32)
    pressed = np.flatnonzero(grave == 7)
    treated = np.flatnonzero(grave >= 4)
    low_first = (begins * HOUR).astype(np.int32)
    return Cohort(
        patients=patients,
        numbers={
            "temperature": channel(round_at, np.round(noise(36.9, 0.3) + ill * np.float32(1.8), 1)),
            "sbp": channel(set_at, np.round(noise(122, 8) - ill * (grave >= 3)[:, None] * np.float32(28))),
            "map": channel(set_at, np.round(noise(88, 6) - ill * (grave >= 3)[:, None] * np.float32(18))),
            "age": Channel(
                np.zeros(patients, np.int32),
                draw.integers(18, 80, patients).astype(np.float32),
                np.arange(patients + 1),
            ),
        },
        labels={"oxygen": (channel(round_at, support), OXYGEN)},
        drugs={
            "vasopressors": _one_span(patients, pressed, low_first[pressed] + 6 * HOUR, 30 * HOUR),
            "masking": _one_span(patients, treated, low_first[treated] + 4 * HOUR, 0),
        },
        drug_chart=np.ones(patients, bool),
    )


def examined(patients: int, seed: int = 4) -> Cohort:
    """Adults examined every eight hours for 28 days: the ICE score, consciousness, seizures, weakness, ICP signs."""
    draw = np.random.default_rng(seed)
    rounds = DAYS * 3
    at = np.tile(np.arange(rounds, dtype=np.int32) * 8 * HOUR, patients)
    starts = np.arange(patients + 1) * rounds
    day = np.tile(np.arange(rounds) // 3, patients)
    ill = (day >= 4) & (day < 9) & np.repeat(draw.random(patients) < 0.4, rounds)

    def finding(words: tuple[object, ...]) -> tuple[Channel, tuple[object, ...]]:
        worse = draw.integers(0, len(words), at.size)
        return Channel(at, np.where(ill, worse, 0).astype(np.float32), starts), words

    score = np.where(ill, draw.integers(0, 11, at.size), 10).astype(np.float32)
    return Cohort(
        patients=patients,
        numbers={
            "ice": Channel(at, score, starts),
            "age": Channel(np.zeros(patients, np.int32), np.full(patients, 50, np.float32), np.arange(patients + 1)),
        },
        labels={
            "consciousness": finding(
                (ConsciousnessState(Consciousness.AWAKE), ConsciousnessState(Consciousness.AWAKENS_TO_VOICE))
            ),
            "seizure": finding((SeizureState(Seizure.NONE), SeizureState(Seizure.BRIEF_RESOLVED))),
            "motor": finding((Motor.NONE, Motor.DEEP_FOCAL_WEAKNESS)),
            "icp": finding((Icp.NONE, Icp.FOCAL_EDEMA)),
        },
        drug_chart=np.ones(patients, bool),
    )


def _one_span(patients: int, of: np.ndarray, start: np.ndarray, length: int) -> Spans:
    given = np.zeros(patients, np.int64)
    given[of] = 1
    return Spans(start.astype(np.int32), (start + length).astype(np.int32), np.append(0, np.cumsum(given)))


def observations(cohort: Cohort) -> int:
    """Values in the channels that are charted over time."""
    return sum(channel.at.size for channel in cohort.channels) - cohort.patients


def input_bytes(cohort: Cohort) -> int:
    """Bytes of all channels."""
    return sum(channel.at.nbytes + channel.value.nbytes for channel in cohort.channels)


__all__ = ["DAYS", "HOUR", "NEVER", "OXYGEN", "examined", "input_bytes", "observations", "synthetic"]
