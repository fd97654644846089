"""A cohort as arrays: each concept a channel of times and values, patient after patient.

Rows in any order become a channel by one sort. Nothing here knows what a value means.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from monitoring.timeline import Times

Seconds = NDArray[np.int32]
Worse = Literal["max", "min", "later"]
A_MINUTE = 60
NEVER = int(np.iinfo(np.int32).max)
"""End of a drug that is still running."""
ROWS_A_PORTION = 65_536
MOST_HUNDREDTHS = 2**24
"""Whole numbers that a float32 holds exactly."""
HUNDRED = np.float32(100)


@dataclass(frozen=True)
class Channel:
    """One concept of a cohort: `at` and `value` of patient p are [starts[p], starts[p + 1]).

    `at` are seconds since that patient's infusion, strictly increasing for each patient. For a label, `value`
    is the place of the word in the list given beside the channel.
    """

    at: Seconds
    value: NDArray[np.float32]
    starts: Times

    @property
    def first_at(self) -> Seconds:
        """The first time of everybody who has a value."""
        return self.at[self.starts[:-1][self.starts[:-1] < self.starts[1:]]]

    @classmethod
    def from_rows(
        cls,
        patients: int,
        patient: NDArray[np.integer],
        at: Seconds,
        value: NDArray[np.float32],
        *,
        worse: Worse = "max",
        infused_second: int | NDArray[np.integer] = 0,
    ) -> Channel:
        """The channel of rows in any order; of several in one minute of the clock the worst up to then counts (D65).

        `infused_second` says at which second of its minute (0 to 59) each infusion was given, so that minutes are
        those of the clock. Words that take each other's place, such as a cause or a ward, are `worse="later"`: only of
        several at one moment the highest counts.

        One sort of integers orders everything: patient, time and the value itself are packed into each where no
        value has more than two decimals and all fits into 63 bits, else patient, time and the row's place. The
        sorted integers give way to the times and values in the same memory.
        Raises ValueError where even these need more.
        """
        if at.size == 0:
            return cls(np.empty(0, np.int32), np.empty(0, np.float32), np.zeros(patients + 1, np.int64))
        earliest = int(at.min())
        span_bits = (int(at.max()) - earliest).bit_length()
        left = 63 - (patients << span_bits).bit_length()
        packed = np.empty(at.size, np.int64)
        for rest in (_Hundredths.of(value), _Places(value)):
            if rest.bits <= min(left, 31) and all(
                _packed(packed[rows], patient[rows], at[rows], (earliest, span_bits, rest.bits), rest.code(rows))
                for rows in portions(at.size)
            ):
                break
        else:
            raise ValueError("too many rows for one channel; make it of fewer patients at a time")
        packed.sort()
        starts = np.searchsorted(packed, np.arange(patients + 1, dtype=np.int64) << (span_bits + rest.bits))
        sorted_value, sorted_at = packed.view(np.float32)[::2], packed.view(np.int32)[1::2]
        close, before = False, -A_MINUTE
        low = (1 << rest.bits) - 1
        for rows in portions(at.size):
            key = packed[rows] >> rest.bits
            close = close or key[0] - before < A_MINUTE or bool((key[1:] - key[:-1] < A_MINUTE).any())
            before = key[-1]
            values = rest.value((packed[rows] & low).astype(np.int32))
            times = (key & ((1 << span_bits) - 1)).astype(np.int32)
            times += earliest
            sorted_value[rows], sorted_at[rows] = values, times
        made = cls(sorted_at, sorted_value, starts)
        if not close:
            return made
        once = made._each_once(worse)
        return once if worse == "later" else once._worst_of_each_minute(worse, infused_second)

    def _each_once(self, worse: Worse) -> Channel:
        """The channel with one value a moment."""
        again = self.at[1:] == self.at[:-1]
        again[self.starts[(self.starts > 0) & (self.starts < self.at.size)] - 1] = False
        first = np.flatnonzero(np.append(True, ~again))
        counts = (np.minimum if worse == "min" else np.maximum).reduceat(self.value, first)
        return Channel(self.at[first], counts, np.searchsorted(first, self.starts))

    def _worst_of_each_minute(self, worse: Worse, infused_second: int | NDArray[np.integer]) -> Channel:
        """Each value, or a worse one before it in its minute: looked for 1, 2, 4 .. seconds' places back."""
        rows = np.diff(self.starts)
        second = np.broadcast_to(np.asarray(infused_second, np.int64), rows.size)
        minute = (self.at + np.repeat(second, rows)) // A_MINUTE
        minute += np.repeat(np.arange(rows.size, dtype=np.int64) << 32, rows)
        value, worst = self.value.copy(), np.minimum if worse == "min" else np.maximum
        back = 1
        while (same := minute[back:] == minute[:-back]).any():
            worst(value[back:], value[:-back], out=value[back:], where=same)
            back *= 2
        return Channel(self.at, value, self.starts)


def _packed(
    into: Times, patient: NDArray[np.integer], at: Seconds, layout: tuple[int, int, int], code: Seconds | Times | None
) -> bool:
    """Patient, time since the earliest and code in one integer each; False where there is no code."""
    if code is None:
        return False
    earliest, span_bits, rest_bits = layout
    np.multiply(patient, np.int64(1 << span_bits), out=into, casting="unsafe")
    into += at
    into -= earliest
    into <<= rest_bits
    into |= code
    return True


@dataclass(frozen=True)
class _Hundredths:
    """Values of at most two decimals as whole numbers from 0 on."""

    values: NDArray[np.float32]
    lowest: int
    bits: int

    @classmethod
    def of(cls, values: NDArray[np.float32]) -> _Hundredths:
        """Bits for the values' range; 64 where there is no such range."""
        lowest, highest = float(values.min()) * 100, float(values.max()) * 100
        if not -MOST_HUNDREDTHS < lowest <= highest < MOST_HUNDREDTHS:
            return cls(values, 0, 64)
        return cls(values, round(lowest), (round(highest) - round(lowest)).bit_length())

    def code(self, rows: slice) -> Seconds | None:
        """The whole numbers of some rows; None where a value has more decimals."""
        values = self.values[rows]
        hundredths = values * HUNDRED
        np.rint(hundredths, out=hundredths)
        code = hundredths.astype(np.int32)
        hundredths /= HUNDRED
        code -= self.lowest
        return code if np.array_equal(hundredths, values) else None

    def value(self, code: Seconds) -> NDArray[np.float32]:
        """The values of whole numbers."""
        code += self.lowest
        values = code.astype(np.float32)
        values /= HUNDRED
        return values


@dataclass(frozen=True)
class _Places:
    """Values found again by the place of their row."""

    values: NDArray[np.float32]

    @property
    def bits(self) -> int:
        """Bits of the highest place."""
        return self.values.size.bit_length()

    def code(self, rows: slice) -> Times:
        """The places of some rows."""
        return np.arange(rows.start, rows.stop)

    def value(self, code: Seconds) -> NDArray[np.float32]:
        """The values of places."""
        return self.values[code]


def portions(size: int) -> Iterator[slice]:
    """Slices that stay in the cache: what is computed on the way never becomes an array of the whole length."""
    return (slice(begin, min(begin + ROWS_A_PORTION, size)) for begin in range(0, size, ROWS_A_PORTION))


@dataclass(frozen=True)
class Spans:
    """What ran on [start, end), seconds since the infusion: of patient p, [starts[p], starts[p + 1])."""

    start: Seconds
    end: Seconds
    starts: Times


@dataclass(frozen=True)
class Cohort:
    """Channels by the names of `Evidence`; what is not here is unknown of everybody.

    `drugs` may hold `vasopressors, vasopressin, inotrope` (one span a drug) and `masking` (any drug that may take
    a fever away); `drug_chart[p]` says whether a drug chart speaks for patient p, so that no span means none ran.
    """

    patients: int
    numbers: Mapping[str, Channel] = field(default_factory=dict)
    truths: Mapping[str, Channel] = field(default_factory=dict)
    labels: Mapping[str, tuple[Channel, tuple[object, ...]]] = field(default_factory=dict)
    drugs: Mapping[str, Spans] = field(default_factory=dict)
    drug_chart: NDArray[np.bool_] | None = None
    crs_charted: Channel | None = None

    @property
    def channels(self) -> list[Channel]:
        """Every channel."""
        charted = [] if self.crs_charted is None else [self.crs_charted]
        return [*self.numbers.values(), *self.truths.values(), *(pair[0] for pair in self.labels.values()), *charted]
