"""HL7 v2 messages read beside the bare parse of `python-hl7`, interleaved in one run.

`python -m tests.benchmarks.hl7v2 [--messages N]`. Ours: bytes to facts with every rule applied (delimiters, codes,
units, times, statuses, ranges, pairs of pressures). Theirs: bytes to text to a tree of fields, and nothing after it.
"""

from __future__ import annotations

import argparse
import io
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from operator import truediv

import hl7

from monitoring.concepts import dictionary
from monitoring.ingest.hl7v2 import read_hl7v2, read_message
from monitoring.ingest.rows import Reading

ROUNDS = 5
START = datetime(2026, 3, 1, tzinfo=UTC)
FACTS = 6


def messages(count: int) -> list[bytes]:
    """One set of vital signs a message, as a bedside monitor sends them: six OBX, about 600 bytes."""
    return [message(number) for number in range(count)]


def message(number: int) -> bytes:
    """One ORU^R01 of one of 30 patients; every one has its own control id and its own minute."""
    at = f"{START + timedelta(minutes=number):%Y%m%d%H%M%S}+0000"
    step = number % 20
    values = (
        ("8310-5^Body temperature^LN", f"{36.4 + step / 10:.1f}", "Cel"),
        ("8867-4^Heart rate^LN", f"{72 + step}", "/min"),
        ("9279-1^Respiratory rate^LN", f"{14 + step % 6}", "/min"),
        ("8480-6^Systolic blood pressure^LN", f"{118 - step}", "mm[Hg]"),
        ("8462-4^Diastolic blood pressure^LN", f"{74 - step // 2}", "mm[Hg]"),
        ("59408-5^Oxygen saturation^LN", f"{94 + step % 6}", "%"),
    )
    segments = [
        f"MSH|^~\\&|MON|ICU|WARD|HOSP|{at}||ORU^R01^ORU_R01|M{number}|P|2.5",
        f"PID|1||P{number % 30}^^^HOSP^MR||Night^Test||19700101|F",
        "PV1|1|I|7N^^12",
        f"OBR|1|||VITALS^Vital signs^L|||{at}",
        *(
            f"OBX|{place}|NM|{code}||{value}|{unit}|||||F|||{at}"
            for place, (code, value, unit) in enumerate(values, start=1)
        ),
    ]
    return "\r".join([*segments, ""]).encode()


def reading() -> Reading:
    """What the reader is told beside the bytes: nothing but the moment they came."""
    return Reading("bench", START + timedelta(days=60), None, dictionary())


def ours(each: list[bytes]) -> int:
    """Facts read, message by message, as the listener reads them."""
    told = reading()
    return sum(len(read_message(one, told).facts) for one in each)


def ours_as_a_file(each: list[bytes]) -> int:
    """Facts read from all messages in one file."""
    return sum(len(row.facts) for row in read_hl7v2(io.BytesIO(b"".join(each)), reading()))


def theirs(each: list[bytes]) -> int:
    """OBX segments found in the parsed tree."""
    return sum(len(hl7.parse(one.decode()).segments("OBX")) for one in each)


def seconds(work: Callable[[list[bytes]], int], each: list[bytes]) -> float:
    """Processor time of one call."""
    start = time.process_time()
    work(each)
    return time.process_time() - start


def main() -> None:
    """Print messages a second and the ratio to the bare parse, median of interleaved rounds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=3000)
    count = parser.parse_args().messages
    each = messages(count)
    assert ours(each) == ours_as_a_file(each) == theirs(each) == FACTS * count
    ways = {"python-hl7, bare parse": theirs, "ours, one by one": ours, "ours, one file": ours_as_a_file}
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, work in ways.items():
            times[name].append(seconds(work, each))
    print(f"{count} messages of {len(each[0])} bytes with {FACTS} values, {ROUNDS} interleaved rounds")
    for name, taken in times.items():
        ratio = statistics.median(map(truediv, times["python-hl7, bare parse"], taken))
        median, best = (count / spent for spent in (statistics.median(taken), min(taken)))
        print(f"{name:23} {median:8.0f} messages/s median {best:8.0f} best {ratio:6.1f}x the bare parse")


if __name__ == "__main__":
    main()
