"""What grading a cohort costs, beside a peer-style grader and a plain Python loop, in one interleaved run.

CPU time of one thread. The input is larger than the last-level cache. The plain loop gives the same steps, which is
checked; the peer style gives a point grade at each charted moment, so it does less than what it is compared with.
Both are handed Python lists that are made before the clock starts.
Run with `python -m tests.benchmarks.cohort`; `--full` adds 100,000 patients.
"""

from __future__ import annotations

import argparse
import math
import statistics
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from time import process_time

import numpy as np

from monitoring.cohort import Channel, Cohort, Spans, grade_cohort
from monitoring.concepts import dictionary
from monitoring.course import Course
from monitoring.grading import systems
from monitoring.grading.engine import GradingSystem, grade
from monitoring.records import Infusion, Observation
from tests.benchmarks.people import DAYS, HOUR, OXYGEN, examined, input_bytes, observations, synthetic
from tests.benchmarks.plain import PlainCourse, peer, plain, plain_courses

SYSTEM = "crs-astct-2019"
UNTIL = DAYS * 24 * HOUR
PATIENTS, PEER_PATIENTS, PLAIN_PATIENTS, ROUNDS = 10_000, 30, 60, 5
BYTES_AN_OBSERVATION = 8


def graded(cohort: Cohort) -> object:
    """Ours."""
    return grade_cohort(systems()[SYSTEM], cohort, dictionary(), until=UNTIL)


def checked(cohort: Cohort, courses: list[PlainCourse]) -> None:
    """The plain loop answers the same question: its steps are ours, record for record."""
    steps = grade_cohort(systems()[SYSTEM], cohort, dictionary(), until=UNTIL)
    for patient, told in enumerate(plain(courses, UNTIL)):
        mine = steps.patient == patient
        ours = zip(steps.at[mine].tolist(), steps.at_least[mine].tolist(), steps.at_most[mine].tolist(), strict=True)
        assert told == list(ours), f"patient {patient}"


def shuffled(cohort: Cohort) -> dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """(patient, time, value) of each channel in a random order, as rows come from an export."""
    draw = np.random.default_rng(5)
    rows = {}
    for name, channel in (*cohort.numbers.items(), ("oxygen", cohort.labels["oxygen"][0])):
        order = draw.permutation(channel.at.size)
        patient = np.repeat(np.arange(cohort.patients, dtype=np.int32), np.diff(channel.starts))
        rows[name] = (patient[order], channel.at[order], channel.value[order])
    return rows


def from_rows(cohort: Cohort, rows: dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]]) -> object:
    """Ours, from rows in any order."""
    made = {name: Channel.from_rows(cohort.patients, *columns) for name, columns in rows.items()}
    oxygen = made.pop("oxygen")
    return graded(replace(cohort, numbers=made, labels={"oxygen": (oxygen, OXYGEN)}))


def cpu(job: Callable[[], object]) -> float:
    """CPU seconds of a job."""
    begin = process_time()
    job()
    return process_time() - begin


def copy_seconds_a_byte() -> float:
    """CPU seconds to copy one byte of an array larger than the cache (read and write counted as one byte each)."""
    source = np.ones(40_000_000)
    target = np.empty_like(source)
    np.copyto(target, source)
    return min(cpu(lambda: np.copyto(target, source)) for _ in range(5)) / (2 * source.nbytes)


def tiled(cohort: Cohort, times: int) -> Cohort:
    """The same patients again and again."""

    def channel(one: Channel) -> Channel:
        size = one.at.size
        starts = np.concatenate([one.starts[:-1] + turn * size for turn in range(times)])
        return Channel(np.tile(one.at, times), np.tile(one.value, times), np.append(starts, times * size))

    def spans(one: Spans) -> Spans:
        size = one.start.size
        starts = np.concatenate([one.starts[:-1] + turn * size for turn in range(times)])
        return Spans(np.tile(one.start, times), np.tile(one.end, times), np.append(starts, times * size))

    return Cohort(
        patients=cohort.patients * times,
        numbers={name: channel(one) for name, one in cohort.numbers.items()},
        labels={name: (channel(one), words) for name, (one, words) in cohort.labels.items()},
        drugs={name: spans(one) for name, one in cohort.drugs.items()},
        drug_chart=np.ones(cohort.patients * times, bool),
    )


def added_share(cohort: Cohort) -> float:
    """Peak of what is allocated while grading, answer included, as a share of the input."""
    tracemalloc.start()
    graded(cohort)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak / input_bytes(cohort)


def compare(cohort: Cohort) -> None:
    """The headline: nanoseconds an observation and the ratios, interleaved."""
    everyone = observations(cohort)
    share = everyone / cohort.patients
    asked, swept = plain_courses(cohort, PEER_PATIENTS), plain_courses(cohort, PLAIN_PATIENTS)
    checked(cohort, swept)
    rows = shuffled(cohort)
    limit = copy_seconds_a_byte() * BYTES_AN_OBSERVATION * 1e9
    jobs: dict[str, tuple[Callable[[], object], float]] = {
        "peer style, one call a row": (lambda: peer(asked), share * PEER_PATIENTS),
        "plain Python loop": (lambda: plain(swept, UNTIL), share * PLAIN_PATIENTS),
        "cohort, from channels": (lambda: graded(cohort), everyone),
        "cohort, from shuffled rows": (lambda: from_rows(cohort, rows), everyone),
    }
    spent: dict[str, list[float]] = {name: [] for name in jobs}
    for _ in range(ROUNDS):
        for name, (job, count) in jobs.items():
            spent[name].append(cpu(job) / count * 1e9)
    print(
        f"{cohort.patients:,} patients, {everyone:,} observations, {input_bytes(cohort) / 1e6:.0f} MB; CPU time, median"
    )
    print(f"copy limit {limit:.2f} ns an observation ({BYTES_AN_OBSERVATION} bytes)\n")
    print(f"{'':<30}{'ns/obs':>10}{'x peer':>10}{'x plain':>10}{'% of copy':>11}")
    for name, times in spent.items():
        by_peer, by_plain = (
            statistics.median(other / own for other, own in zip(spent[base], times, strict=True))
            for base in ("peer style, one call a row", "plain Python loop")
        )
        mine = statistics.median(times)
        print(f"{name:<30}{mine:>10.1f}{by_peer:>10.1f}{by_plain:>10.2f}{100 * limit / mine:>11.2f}")


def scaling(cohort: Cohort, sizes: list[int]) -> None:
    """Cost against the number of patients, and the exponent of a power law through the points."""
    points = []
    print(f"\n{'patients':>10}{'CPU s':>10}{'ns/obs':>10}{'added memory':>14}")
    for size in sizes:
        some = synthetic(size) if size <= PATIENTS else tiled(cohort, size // PATIENTS)
        seconds = min(cpu(lambda some=some: graded(some)) for _ in range(3))  # type: ignore[misc]
        points.append((math.log(size), math.log(seconds)))
        count = observations(some)
        print(f"{size:>10,}{seconds:>10.3f}{seconds / count * 1e9:>10.2f}{added_share(some):>13.1%}")
    slope = np.polyfit([x for x, _ in points], [y for _, y in points], 1)[0]
    print(f"exponent {slope:.3f}")


def read_by(system: GradingSystem, cohort: Cohort) -> int:
    """Values in the channels that a table reads, ages apart."""
    numbers, _, labels = system.reads
    channels = [cohort.numbers[name] for name in (numbers & cohort.numbers.keys()) - {"age"}]
    return sum(one.at.size for one in [*channels, *(cohort.labels[name][0] for name in labels & cohort.labels.keys())])


def counted_days(system: GradingSystem) -> tuple[float, int]:
    """(seconds, values) of a scale that counts days: 20 courses of a daily neutrophil count, one at a time."""
    given = datetime(2026, 3, 1, 12, tzinfo=UTC)
    carried = {"patient_id": "P1", "received_at": given + timedelta(days=61), "source": "bench"}
    infusion = Infusion(**carried, effective_at=given)
    courses = []
    for shift in range(20):
        counts = [
            Observation(
                **carried, effective_at=given + timedelta(days=day), concept="anc", value=50.0 + 97 * (day * shift % 13)
            )
            for day in range(60)
        ]
        courses.append(Course.from_facts("P1", [infusion, *counts], dictionary()).evidence)
    return cpu(lambda: [grade(system, evidence) for evidence in courses]), 20 * 60


def scales(vital_signs: Cohort, examinations: Cohort) -> None:
    """What every scale costs, from channels, over the values it reads; interleaved."""
    spent: dict[str, list[float]] = {name: [] for name in systems()}
    for _ in range(ROUNDS):
        for name, system in systems().items():
            if system.needs_course:
                seconds, count = counted_days(system)
            else:
                cohort = max((vital_signs, examinations), key=lambda one: read_by(system, one))
                count = read_by(system, cohort)
                if count == 0:
                    continue
                seconds = cpu(lambda: grade_cohort(system, cohort, dictionary(), until=UNTIL))  # noqa: B023
            spent[name].append(seconds / count * 1e9)
    print(f"\n{'scale':<30}{'ns/obs':>10}{'x ' + SYSTEM:>20}")
    for name, times in spent.items():
        if times:
            ratio = statistics.median(own / base for own, base in zip(times, spent[SYSTEM], strict=True))
            how = "  (course by course)" if systems()[name].needs_course else ""
            print(f"{name:<30}{statistics.median(times):>10.1f}{ratio:>20.2f}{how}")


def main() -> None:
    """Print the tables."""
    full = argparse.ArgumentParser(description=__doc__)
    full.add_argument("--full", action="store_true", help="up to 100,000 patients (3 GB, a minute more)")
    sizes = [1_000, 3_000, 10_000, 30_000] + ([100_000] if full.parse_args().full else [])
    cohort = synthetic(PATIENTS)
    compare(cohort)
    scaling(cohort, sizes)
    scales(cohort, examined(PATIENTS))
    active = synthetic(3_000)
    print(f"\n3,000 patients regraded from scratch: {min(cpu(lambda: graded(active)) for _ in range(5)):.3f} s (CPU)")


if __name__ == "__main__":
    main()
