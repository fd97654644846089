"""A cohort graded by the same table and the same sweep as one patient, from arrays kept channel by channel.

Every patient has a stretch of one long axis of time. Before anything is swept, values that the table cannot tell
apart and whose freshness overlaps become one run: a month of hourly sets is a few dozen boundaries, and all that
remains is worked on those. Patients are taken in blocks, so that the memory added does not grow with the cohort.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from monitoring.concepts import Dictionary
from monitoring.evidence import Evidence
from monitoring.grading.engine import Bands, Graded, Grades, GradingSystem, grade
from monitoring.grading.masking import EPISODE_GAP
from monitoring.timeline import BEGINNING_OF_TIME, Labels, Steps, Times, combine, ordered

Seconds = NDArray[np.int32]
SECOND = 1_000_000
NEVER = int(np.iinfo(np.int32).max)
"""End of a drug that is still running."""
PATIENTS_A_BLOCK = 512
ROWS_A_PORTION = 65_536
_STATED = frozenset({"at_home", "sedated"})
_OF_FEW_TURNS = frozenset({"truth masking_drug", "truth crs_already_diagnosed"})
"""Read only beside diagnoses, which are few: on their own boundaries they cost less than on everybody's grid."""
_CONCEPT = {"oxygen": "oxygen_support", "haemorrhage": "intracranial_haemorrhage"}


@dataclass(frozen=True)
class Channel:
    """One concept of a cohort: `at` and `value` of patient p are [starts[p], starts[p + 1]).

    `at` are seconds since that patient's infusion, strictly increasing for each patient. For a label, `value`
    is the place of the word in the list given beside the channel.
    """

    at: Seconds
    value: NDArray[np.float32]
    starts: Times

    @classmethod
    def from_rows(
        cls, patients: int, patient: NDArray[np.integer], at: Seconds, value: NDArray[np.float32], *, worse: str = "max"
    ) -> Channel:
        """The channel of rows in any order; of several at one moment the `worse` ("max" or "min") counts.

        A key is packed with its row, so that one sort of integers orders everything. Raises ValueError where
        patient, time and row together need more than 63 bits.
        """
        earliest = int(at.min(initial=0))
        span_bits = (int(at.max(initial=0)) - earliest).bit_length()
        place_bits = at.size.bit_length()
        if (patients << span_bits).bit_length() + place_bits > 63:
            raise ValueError("too many rows for one channel; make it of fewer patients at a time")
        packed = np.empty(at.size, np.int64)
        for rows in _portions(at.size):
            key = (patient[rows].astype(np.int64) << span_bits) | (at[rows].astype(np.int64) - earliest)
            packed[rows] = (key << place_bits) | np.arange(rows.start, rows.stop)
        packed.sort()
        sorted_at, sorted_value = np.empty(at.size, np.int32), np.empty(at.size, np.float32)
        for rows in _portions(at.size):
            sorted_value[rows] = value[packed[rows] & ((1 << place_bits) - 1)]
            sorted_at[rows] = ((packed[rows] >> place_bits) & ((1 << span_bits) - 1)) + earliest
        starts = np.searchsorted(packed, np.arange(patients + 1, dtype=np.int64) << (span_bits + place_bits))
        again = sorted_at[1:] == sorted_at[:-1]
        again[starts[(starts > 0) & (starts < at.size)] - 1] = False
        if again.any():
            first = np.flatnonzero(np.append(True, ~again))
            sorted_value = (np.maximum if worse == "max" else np.minimum).reduceat(sorted_value, first)
            sorted_at, starts = sorted_at[first], np.searchsorted(first, starts)
        return cls(sorted_at, sorted_value, starts)


def _portions(size: int) -> Iterator[slice]:
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


@dataclass(frozen=True)
class CohortSteps:
    """Grade bounds from `at` (seconds since the infusion) to the next step of the same patient, or to the end.

    -1 in both bounds where the scale cannot be applied.
    """

    patient: NDArray[np.int32]
    at: Seconds
    at_least: Grades
    at_most: Grades


@dataclass(frozen=True)
class Block:
    """Patients `first`..`last` (exclusive) on one axis: patient p begins at `base(p)`, which is second `earliest`."""

    first: int
    last: int
    earliest: int
    length: int

    @property
    def stretch(self) -> int:
        """Microseconds from one patient's beginning to the next; nothing of one reaches into the next."""
        return self.length * SECOND + 2 * EPISODE_GAP

    @property
    def bases(self) -> Times:
        """Where each patient's stretch begins."""
        return np.arange(self.last - self.first, dtype=np.int64) * self.stretch

    def place(self, patient: Times, at: Seconds | Times) -> Times:
        """Moments of patients (counted from `first`) on the axis, none past the end of what is graded."""
        moments: Times = patient * self.stretch + np.minimum(at.astype(np.int64) - self.earliest, self.length) * SECOND
        return moments


def grade_cohort(
    system: GradingSystem, cohort: Cohort, dictionary: Dictionary, *, until: int, since: int = 0
) -> CohortSteps:
    """The steps of every patient from `since` to `until`, seconds since each infusion.

    Raises ValueError for a channel whose times do not increase within a patient.
    """
    parts = [_told(graded, block, since) for block, graded in graded_blocks(system, cohort, dictionary, until, since)]
    columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
    return CohortSteps(columns[0], columns[1], columns[2], columns[3])


def graded_blocks(
    system: GradingSystem, cohort: Cohort, dictionary: Dictionary, until: int, since: int = 0
) -> Iterator[tuple[Block, Graded]]:
    """Each block of patients graded on its axis, with every answer and flag."""
    earliest = min([since, *(int(channel.at.min()) for channel in cohort.channels if channel.at.size)])
    earliest = min([earliest, *(int(spans.start.min()) for spans in cohort.drugs.values() if spans.start.size)])
    for first in range(0, cohort.patients, PATIENTS_A_BLOCK):
        block = Block(first, min(first + PATIENTS_A_BLOCK, cohort.patients), earliest, until - earliest)
        yield block, grade(system, _evidence(system, cohort, dictionary, block, since))


def _told(graded: Graded, block: Block, since: int) -> tuple[NDArray[np.int32], Seconds, Grades, Grades]:
    patient, within = np.divmod(graded.at, block.stretch)
    at = within // SECOND + block.earliest
    inside = (graded.at >= 0) & (at >= since) & (within < block.length * SECOND)
    patient, at, low, high = patient[inside], at[inside], graded.at_least[inside], graded.at_most[inside]
    changes = (patient[1:] != patient[:-1]) | (low[1:] != low[:-1]) | (high[1:] != high[:-1])
    kept = np.append(True, changes)[: patient.size]
    return (patient[kept] + block.first).astype(np.int32), at[kept].astype(np.int32), low[kept], high[kept]


def _evidence(system: GradingSystem, cohort: Cohort, dictionary: Dictionary, block: Block, since: int) -> Evidence:
    """The block's evidence, every function of it on one grid."""
    bands = {entry.number: entry for entry in system.bands}
    found: dict[str, Steps] = {}
    for name, channel in cohort.numbers.items():
        found[name] = _held(channel, block, _fresh(name, dictionary), _bands(bands.get(name), cohort, block))
    for name, channel in cohort.truths.items():
        outside = (0.0, 0.0) if name in _STATED else (0.0, 1.0)
        found[f"truth {name}"] = _held(channel, block, _fresh(name, dictionary), None, outside)
    for name, (channel, _) in cohort.labels.items():
        found[f"label {name}"] = _held(channel, block, _fresh(name, dictionary), None, (-1.0, -1.0))
    home = found.get("truth at_home", Steps.constant(0))
    covered = np.zeros(cohort.patients, bool) if cohort.drug_chart is None else cohort.drug_chart
    uncharted = _each(block, np.where(covered[block.first : block.last], 0.0, 1.0))
    uncharted = combine(lambda u, h: (u[0], np.where(h[0] >= 1, 0.0, u[1])), uncharted, home)
    found["truth masking_drug"] = uncharted
    for name in ("vasopressors", "vasopressin", "inotrope"):
        start, end = _spans(cohort.drugs.get(name), block)
        found[name] = combine(_raised, Steps.during(start, end), uncharted)
    found["truth crs_already_diagnosed"] = _unseen(cohort, block)
    found["whole stretch"] = _each(
        block, np.zeros(block.last - block.first), block.bases + (since - block.earliest) * SECOND
    )
    return _on_one_grid(found, cohort, block)


def _on_one_grid(found: Mapping[str, Steps], cohort: Cohort, block: Block) -> Evidence:
    shared = {name: steps for name, steps in found.items() if name not in _OF_FEW_TURNS and steps.at.size > 1}
    grid = ordered(np.concatenate([steps.at for steps in shared.values()]))
    places: dict[int, Times] = {}
    laid = {**found, **{name: Steps(grid, *steps.spread(grid, places)) for name, steps in shared.items()}}
    labels = {
        name: Labels(laid[f"label {name}"].at, laid[f"label {name}"].lo.astype(np.int64), words)
        for name, (_, words) in cohort.labels.items()
    }
    charted = cohort.crs_charted
    return Evidence(
        numbers={name: laid[name] for name in found if " " not in name},
        truths={name.removeprefix("truth "): laid[name] for name in found if name.startswith("truth ")},
        labels=labels,
        masking_doses=np.stack(_spans(cohort.drugs.get("masking"), block), axis=1),
        crs_charted=() if charted is None else block.place(*_moments(charted, block)),
        over_time=True,
    )


def _fresh(name: str, dictionary: Dictionary) -> int | None:
    """Seconds for which a value of the named input may be used; None = it never lapses."""
    entry = dictionary.concepts.get(_CONCEPT.get(name, name))
    return None if entry is None or entry.freshness_hours is None else round(entry.freshness_hours * 3600)


def _bands(bands: Bands | None, cohort: Cohort, block: Block) -> Bands | None:
    """The bands, or the finer ones where anybody in the block has a value they move with."""
    moved = cohort.numbers.get(bands.moved_by) if bands else None
    moves = moved is not None and moved.starts[block.first] < moved.starts[block.last]
    return replace(bands, apart_below=bands.apart_below_moved) if bands and moves else bands


def _moments(channel: Channel, block: Block) -> tuple[Times, Seconds]:
    """Patient (counted from the block's first) and time of each value."""
    starts = channel.starts[block.first : block.last + 1]
    return np.repeat(np.arange(starts.size - 1), np.diff(starts)), channel.at[starts[0] : starts[-1]]


def _held(
    channel: Channel,
    block: Block,
    fresh: int | None,
    bands: Bands | None,
    outside: tuple[float, float] = (-np.inf, np.inf),
) -> Steps:
    """The channel as a step function, from its runs: neighbours of one band, the next taken while this is fresh."""
    starts = channel.starts[block.first : block.last + 1]
    begin, end = int(starts[0]), int(starts[-1])
    at, value = channel.at[begin:end], channel.value[begin:end]
    if at.size == 0:
        return Steps.constant(*outside)
    opening = starts[:-1][starts[:-1] < starts[1:]] - begin
    gap = np.diff(at)
    backwards = gap <= 0
    backwards[opening[1:] - 1] = False
    if backwards.any():
        raise ValueError("times of a channel must increase within a patient; Channel.from_rows sorts rows")
    told = value if bands is None else bands.of(value)
    opens = np.empty(at.size, np.bool_)
    np.not_equal(told[1:], told[:-1], out=opens[1:])
    if fresh is not None:
        opens[1:] |= gap > fresh
    opens[opening] = True
    first = np.flatnonzero(opens)
    last = np.append(first[1:], at.size) - 1
    patient = np.repeat(np.arange(starts.size - 1), np.diff(np.searchsorted(first, starts - begin)))
    lapse = np.full(first.size, block.earliest + block.length) if fresh is None else at[last].astype(np.int64) + fresh
    held = value[first].astype(float)
    return Steps.held(block.place(patient, at[first]), held, held, block.place(patient, lapse), outside)


def _each(block: Block, hi: NDArray[np.float64], at: Times | None = None) -> Steps:
    """[0, hi[p]] for each patient from the beginning of their stretch (or from `at[p]`), a boundary at each."""
    begins = block.bases if at is None else at
    return Steps(np.append(BEGINNING_OF_TIME, begins), np.zeros(hi.size + 1), np.append(0.0, hi))


def _spans(spans: Spans | None, block: Block) -> tuple[Times, Times]:
    """Starts and ends on the block's axis, by start."""
    if spans is None:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    starts = spans.starts[block.first : block.last + 1]
    patient = np.repeat(np.arange(starts.size - 1), np.diff(starts))
    within = slice(int(starts[0]), int(starts[-1]))
    return block.place(patient, spans.start[within]), block.place(patient, spans.end[within])


def _unseen(cohort: Cohort, block: Block) -> Steps:
    """Whether a diagnosis stands before any fever: no from the first temperature on, unknown before."""
    first = np.full(block.last - block.first, NEVER, np.int64)
    for channel in (cohort.numbers.get("temperature"), cohort.truths.get("fever_charted")):
        if channel is not None and channel.at.size:
            starts = channel.starts[block.first : block.last + 1]
            opening = np.minimum(starts[:-1], channel.at.size - 1)
            first = np.minimum(first, np.where(starts[:-1] < starts[1:], channel.at[opening], NEVER))
    patient = np.arange(first.size)
    known = np.zeros(first.size)
    begins, ends = block.place(patient, first), block.bases + block.length * SECOND + 1
    return Steps.held(begins, known, known, ends, outside=(0, 1))


def _raised(seen: tuple[np.ndarray, ...], uncharted: tuple[np.ndarray, ...]) -> tuple[np.ndarray, np.ndarray]:
    return seen[0], np.where(uncharted[1] > 0, np.inf, seen[0])
