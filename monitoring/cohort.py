"""A cohort graded by the same table and the same sweep as one patient, from arrays kept channel by channel.

Every patient has a stretch of one long axis of time. Before anything is swept, values that the table cannot tell
apart and whose freshness overlaps become one run: a month of hourly sets is a few dozen boundaries. A situation that
others have been in before is answered once a block of patients, and added memory stays in proportion to the input.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from monitoring.channels import NEVER, Channel, Cohort, Seconds, Spans, portions
from monitoring.concepts import Dictionary
from monitoring.evidence import Evidence, VasopressorState
from monitoring.grading.engine import Bands, Graded, Grades, GradingSystem, grade_situations
from monitoring.grading.masking import EPISODE_GAP
from monitoring.timeline import (
    BEGINNING_OF_TIME,
    Labels,
    Situations,
    Steps,
    Times,
    Told,
    Values,
    combine,
    numbered,
    ordered,
)

__all__ = ["NEVER", "Block", "Channel", "Cohort", "CohortSteps", "Spans", "grade_cohort", "graded_blocks"]

SECOND = 1_000_000
PATIENTS_A_BLOCK = 64, 2048
BLOCKS_AT_LEAST = 5
"""A block is a fifth of the patients, within bounds: what is added stays in proportion to what was given."""
MOST_COMBINATIONS = 2**62
_OUTSIDE = {"at_home": (0.0, 0.0), "sedated": (0.0, 0.0), "hospitalised": (-np.inf, np.inf)}
"""What is so of a truth where nobody says it: certainly not, or, for a stay, what the placement says; else unknown."""
_DRUGS = frozenset({"vasopressors", "vasopressin", "inotrope"})
_CONCEPT = {"oxygen": "oxygen_support", "haemorrhage": "intracranial_haemorrhage"}


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
    """Patients `first`..`last` (exclusive) on one axis: patient p begins at `bases[p]`, which is second `earliest`."""

    first: int
    last: int
    earliest: int
    length: int

    @property
    def patients(self) -> int:
        """How many there are."""
        return self.last - self.first

    @property
    def stretch(self) -> int:
        """Microseconds from one patient's beginning to the next; nothing of one reaches into the next."""
        return self.length * SECOND + 2 * EPISODE_GAP

    @property
    def bases(self) -> Times:
        """Where each patient's stretch begins."""
        return np.arange(self.patients, dtype=np.int64) * self.stretch

    def place(self, patient: Times, at: Seconds | Times) -> Times:
        """Moments of patients (counted from `first`) on the axis, none past the end of what is graded."""
        moments: Times = patient * self.stretch + np.minimum(at.astype(np.int64) - self.earliest, self.length) * SECOND
        return moments


@dataclass(frozen=True)
class Column:
    """One input of a block in codes: at `at` its code changes by `change`; `lo` and `hi` are the bounds of each code.

    Code 0 is what holds before the first change.
    """

    at: Times
    change: Times
    lo: Values
    hi: Values


def grade_cohort(
    system: GradingSystem, cohort: Cohort, dictionary: Dictionary, *, until: int, since: int = 0
) -> CohortSteps:
    """The steps of every patient from `since` to `until`, seconds since each infusion.

    Raises ValueError for a channel whose times do not increase within a patient, and for a scale that counts days in
    the ward's calendar, which a cohort does not know.
    """
    parts = [_steps(*graded, since) for graded in graded_blocks(system, cohort, dictionary, until, since)]
    columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
    return CohortSteps(columns[0], columns[1], columns[2], columns[3])


def graded_blocks(
    system: GradingSystem, cohort: Cohort, dictionary: Dictionary, until: int, since: int = 0
) -> Iterator[tuple[Block, Situations, Graded]]:
    """Each block of patients: its axis, which situation is so from when on, and every situation graded."""
    if system.needs_course:
        raise ValueError(f"{system.id} cannot be asked of a cohort: {system.needs_course}")
    earliest = min([since, *(int(channel.first_at.min()) for channel in cohort.channels if channel.at.size)])
    earliest = min([earliest, *(int(spans.start.min()) for spans in cohort.drugs.values() if spans.start.size)])
    size = min(max(cohort.patients // BLOCKS_AT_LEAST, PATIENTS_A_BLOCK[0]), PATIENTS_A_BLOCK[1])
    for first in range(0, cohort.patients, size):
        block = Block(first, min(first + size, cohort.patients), earliest, until - earliest)
        situations, evidence = _evidence(system, cohort, dictionary, block, since)
        yield block, *grade_situations(system, evidence, situations)


def _steps(
    block: Block, situations: Situations, graded: Graded, since: int
) -> tuple[NDArray[np.int32], Seconds, Grades, Grades]:
    """The boundaries at which a patient's bounds change, and the one at `since`."""
    bounds = graded.at_least.astype(np.int16) << 8 | graded.at_most.astype(np.int16) & 0xFF
    told = bounds[situations.index]
    opens = np.append(True, told[1:] != told[:-1])
    opens[np.searchsorted(situations.at, block.bases + (since - block.earliest) * SECOND)] = True
    kept = np.flatnonzero(opens)
    patient, within = np.divmod(situations.at[kept] // SECOND, block.stretch // SECOND)
    inside = (patient >= 0) & (within >= since - block.earliest) & (within < block.length)
    situation = situations.index[kept[inside]]
    patient, at = patient[inside] + block.first, within[inside] + block.earliest
    return patient.astype(np.int32), at.astype(np.int32), graded.at_least[situation], graded.at_most[situation]


def _evidence(
    system: GradingSystem, cohort: Cohort, dictionary: Dictionary, block: Block, since: int
) -> tuple[Situations, Evidence]:
    """The block's evidence, told by situations; inputs that the table never reads are passed over."""
    numbers, truths, labels = system.reads
    bands = {entry.number: entry for entry in system.bands}
    found: dict[str, Column] = {}
    for name in numbers & cohort.numbers.keys():
        found[name] = _held(
            cohort.numbers[name], block, _fresh(name, dictionary), _bands(bands.get(name), cohort, block)
        )
    for name in (truths | {"at_home"}) & cohort.truths.keys():
        outside = _OUTSIDE.get(name, (0.0, 1.0))
        found[f"truth {name}"] = _held(cohort.truths[name], block, _fresh(name, dictionary), None, outside)
    if "hospitalised" in truths and "at_home" in cohort.truths:
        found["truth placed_at_home"] = _held(cohort.truths["at_home"], block, None, None, (0.0, 1.0))
    for name in labels & cohort.labels.keys():
        found[f"label {name}"] = _held(cohort.labels[name][0], block, _fresh(name, dictionary), None, (-1.0, -1.0))
    covered = np.zeros(cohort.patients, bool) if cohort.drug_chart is None else cohort.drug_chart
    if not covered.all():
        found["uncharted"] = _uncharted(block, ~covered[block.first : block.last])
    for name in numbers & _DRUGS & cohort.drugs.keys():
        found[name] = _running(cohort.drugs[name], block)
    situations, told = _situations(found, block, since)
    home = told.get("truth at_home", Steps.constant(0))
    uncharted = combine(
        lambda u, h: (u[0], np.where(h[0] >= 1, 0.0, u[1])), told.get("uncharted", Steps.constant(0)), home
    )
    charted = cohort.crs_charted
    drugs = {name: combine(_at_most_known, told.get(name, Steps.constant(0)), uncharted) for name in _DRUGS}
    return situations, Evidence(
        numbers={name: steps for name, steps in told.items() if " " not in name and name != "uncharted"} | drugs,
        truths={name.removeprefix("truth "): steps for name, steps in told.items() if name.startswith("truth ")}
        | {"masking_drug": uncharted, "crs_already_diagnosed": _unseen(cohort, block)}
        | {"hospitalised": combine(_in_hospital, *(told.get(f"truth {name}", unsaid) for name, unsaid in _STAY))},
        labels={"vasopressor_doses": _no_dose(drugs["vasopressors"], drugs["vasopressin"])}
        | {
            name.removeprefix("label "): Labels(
                steps.at, steps.low.astype(np.int64), cohort.labels[name.removeprefix("label ")][1], situations
            )
            for name, steps in told.items()
            if name.startswith("label ")
        },
        masking_doses=np.stack(_spans(cohort.drugs.get("masking"), block), axis=1),
        crs_charted=() if charted is None else block.place(*_moments(charted, block)),
        over_time=True,
    )


def _situations(found: Mapping[str, Column], block: Block, since: int) -> tuple[Situations, dict[str, Told]]:
    """Every different combination of codes numbered, and each input told by that number.

    Codes of several inputs are one integer of mixed radix, so that a change of any is an addition: one sort of all
    changes and one running sum lay out the whole block.
    """
    marks = np.concatenate([block.bases, block.bases + (since - block.earliest) * SECOND])
    at = np.concatenate([[BEGINNING_OF_TIME], marks, *(column.at for column in found.values())])
    order = np.argsort(at)
    at = at[order]
    last = np.flatnonzero(np.append(at[1:] != at[:-1], True))
    index, one = np.zeros(last.size, np.int32), np.zeros(1, np.int64)
    begin = marks.size + 1
    packed: dict[str, tuple[Times, int]] = {}
    for group in _groups(found):
        change, weights, weight = np.zeros(order.size, np.int64), {}, 1
        for name in group:
            column = found[name]
            change[begin : begin + column.at.size] = column.change * weight
            weights[name] = weight
            begin, weight = begin + column.at.size, weight * column.lo.size
        codes = np.cumsum(change[order])[last]
        packed |= {name: (codes, own) for name, own in weights.items()}
        of_group, several = numbered(codes, weight)
        if one.size == 1:
            index, one = of_group, several
        else:
            index, one = numbered(index.astype(np.int64) * several.size + of_group, one.size * several.size)
    situations = Situations(at[last], index)
    told = {}
    for name, (codes, weight) in packed.items():
        code = codes[one] // weight % found[name].lo.size
        told[name] = Told(situations, found[name].lo[code], found[name].hi[code])
    return situations, told


def _groups(found: Mapping[str, Column]) -> list[list[str]]:
    """The inputs in groups whose combinations can be counted in 62 bits."""
    groups: list[list[str]] = []
    weight = MOST_COMBINATIONS + 1
    for name, column in found.items():
        weight *= column.lo.size
        if weight > MOST_COMBINATIONS:
            groups.append([])
            weight = column.lo.size
        groups[-1].append(name)
    return groups


def _fresh(name: str, dictionary: Dictionary) -> int | None:
    """Seconds for which a value of the named input may be used; None = it never lapses."""
    entry = dictionary.concepts.get(_CONCEPT.get(name, name))
    return None if entry is None or entry.freshness_hours is None else round(entry.freshness_hours * 3600)


def _bands(bands: Bands | None, cohort: Cohort, block: Block) -> Bands | None:
    """The bands: finer where anybody in the block has a value they move with, coarser where they are settled."""
    if bands is None:
        return None
    moved = cohort.numbers.get(bands.moved_by)
    if moved is not None and moved.starts[block.first] < moved.starts[block.last]:
        return replace(bands, apart_below=bands.apart_below_moved)
    if bands.settled and _settled(cohort.numbers.get(bands.settled_by), cohort.numbers[bands.number], bands, block):
        return Bands(bands.number, bands.settled)
    return bands


def _settled(by: Channel | None, channel: Channel, bands: Bands, block: Block) -> bool:
    """Whether everybody in the block is on the settled side from before their first value of the channel on."""
    if by is None:
        return False
    starts, others = by.starts[block.first : block.last + 1], channel.starts[block.first : block.last + 1]
    there = others[:-1] < others[1:]
    if (starts[:-1] >= starts[1:])[there].any():
        return False
    first, asked = by.at[starts[:-1][there]], channel.at[others[:-1][there]]
    return bool((first <= asked).all() and (by.value[starts[0] : starts[-1]] >= bands.settled_from).all())


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
) -> Column:
    """The channel's runs: neighbours of one band, the next taken while this is fresh, up to the moment it lapses."""
    starts = channel.starts[block.first : block.last + 1]
    at, value = channel.at[starts[0] : starts[-1]], channel.value[starts[0] : starts[-1]]
    if at.size == 0:
        return Column(np.empty(0, np.int64), np.empty(0, np.int64), np.array(outside[:1]), np.array(outside[1:]))
    starts = starts - starts[0]
    opening = starts[:-1][starts[:-1] < starts[1:]]
    first = _openings(at, value, opening, fresh, bands)
    patient = np.repeat(np.arange(block.patients), np.diff(np.searchsorted(first, starts)))
    if (at[first[1:]] <= at[first[1:] - 1])[patient[1:] == patient[:-1]].any():
        raise ValueError("times of a channel must increase within a patient; Channel.from_rows sorts rows")
    last = np.append(first[1:], at.size) - 1
    lapse = np.full(first.size, block.earliest + block.length) if fresh is None else at[last].astype(np.int64) + fresh
    begin, end = block.place(patient, at[first]), block.place(patient, lapse)
    code, values = _coded(value[first], bands)
    lapses = np.append(end[:-1] < begin[1:], True)
    before = np.append(0, np.where(lapses, 0, code)[:-1])
    return Column(
        np.concatenate([begin, end[lapses]]),
        np.concatenate([code - before, -code[lapses]]),
        np.append(outside[0], values),
        np.append(outside[1], values),
    )


def _openings(at: Seconds, value: NDArray[np.float32], opening: Times, fresh: int | None, bands: Bands | None) -> Times:
    """Where a run opens: at every patient's first value, where the band changes, and after a silence.

    A time that does not increase opens one too, for the caller to find: as an unsigned number its gap is the longest.
    """
    opens = np.empty(at.size, np.bool_)
    longest = np.uint32(2**31 if fresh is None else fresh)
    for rows in portions(at.size - 1):
        now, seen = slice(rows.start + 1, rows.stop + 1), slice(rows.start, rows.stop + 1)
        told = value[seen] if bands is None else bands.of(value[seen])
        gap = np.subtract(at[now], at[rows])
        gap -= 1
        np.not_equal(told[1:], told[:-1], out=opens[now])
        opens[now] |= gap.view(np.uint32) >= longest
    opens[opening] = True
    return np.flatnonzero(opens)


def _coded(held: NDArray[np.float32], bands: Bands | None) -> tuple[Times, NDArray[np.float32]]:
    """A code from 1 on for the band of each value, and a value of each band."""
    told = held if bands is None else bands.of(held)
    if told.dtype.kind == "f":
        values = ordered(told.astype(np.float32, copy=False))
        return np.searchsorted(values, told).astype(np.int64) + 1, values
    code = told.astype(np.int64)
    values = np.zeros(int(code.max()) + 1, np.float32)
    values[code] = held
    return code + 1, values


def _uncharted(block: Block, patients: NDArray[np.bool_]) -> Column:
    """[0, inf] for patients of whose drugs nobody says anything, also before anything was charted of them."""
    code = patients.astype(np.int64)
    bounds = np.zeros(2), np.array([0.0, np.inf])
    return Column(block.bases - EPISODE_GAP, np.diff(code, prepend=0), *bounds)


def _running(spans: Spans, block: Block) -> Column:
    """How many of a drug's spans are running."""
    start, end = _spans(spans, block)
    most = int(np.diff(spans.starts[block.first : block.last + 1]).max(initial=0))
    count, one = np.arange(most + 1, dtype=float), np.ones(start.size, np.int64)
    return Column(np.concatenate([start, end]), np.concatenate([one, -one]), count, count)


def _spans(spans: Spans | None, block: Block) -> tuple[Times, Times]:
    """Starts and ends on the block's axis."""
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


def _at_most_known(seen: tuple[Values, Values], uncharted: tuple[Values, Values]) -> tuple[Values, Values]:
    return seen[0], np.where(uncharted[1] > 0, np.inf, seen[0])


def _no_dose(vasopressors: Steps, vasopressin: Steps) -> Labels:
    """No dose where certainly none is running; unknown where one may be: a cohort may say more in its own channel."""
    none = combine(lambda a, b: (np.where(a[1] + b[1] > 0, -1.0, 0.0),) * 2, vasopressors, vasopressin)
    told, index = (none.situations, none.low) if isinstance(none, Told) else (None, none.lo)
    return Labels(told.at if told else none.at, index.astype(np.int64), (VasopressorState(),), told)


def _in_hospital(said: tuple[Values, Values], home: tuple[Values, Values]) -> tuple[Values, Values]:
    """As said while the word is fresh, else by the placement, which holds until the next."""
    known = np.isfinite(said[0])
    return np.where(known, said[0], 1 - home[1]), np.where(known, said[1], 1 - home[0])


_STAY = ("hospitalised", Steps.constant(-np.inf, np.inf)), ("placed_at_home", Steps.constant(0, 1))
