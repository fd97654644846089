"""How fast tables are read, how exactly, and how fast they are durable.

Beside our reader, in the same run and on the same file, per-row pydantic: `csv.DictReader` and one model a row that
holds the same rules for these columns (aware times, known concepts and units, believable values) and gives the same
facts. Some rows of each file are bad in a known way; both must refuse exactly those. Run with
`python -m tests.benchmarks.intake`; `--rows 1000000` for the large file, `--durable` to store it as well, and then to
read every patient back and grade the whole course by the default scales. `--only long` leaves the wide file out.
"""

from __future__ import annotations

import argparse
import csv
import random
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime, BaseModel, Field, ValidationError, field_validator, model_validator

from monitoring.clock import checked
from monitoring.concepts import dictionary
from monitoring.course import Course
from monitoring.episodes import grade_report
from monitoring.grading import DEFAULT_SYSTEMS
from monitoring.ingest import read_paths
from monitoring.records import Fact, Observation, OxygenSupport, latest_effective
from monitoring.rounds import Rounds
from monitoring.settings import Settings
from monitoring.store import Store, open_store

RECEIVED = datetime(2027, 1, 1, tzinfo=UTC)
START = datetime(2026, 3, 1, 10, tzinfo=UTC)
PATIENTS, BAD_EVERY, ROUNDS = 200, 101, 3
VITALS = {
    "temp_c": ("temperature", "Cel", 37.2, 0.7, 1),
    "hr": ("heart_rate", "/min", 85, 9, 0),
    "rr": ("respiratory_rate", "/min", 16, 2, 0),
    "sbp": ("sbp", "mm[Hg]", 120, 9, 0),
    "dbp": ("dbp", "mm[Hg]", 75, 4, 0),
    "map": ("map", "mm[Hg]", 90, 5, 0),
    "spo2": ("spo2", "%", 95, 1, 0),
}
BAD_LONG = (
    "{p},{t},temperature,98.6,Cel",
    "{p},{t},temperature,38.4 C,Cel",
    "{p},{t},temperatur,38.4,Cel",
    "{p},{t},temperature,38.4,K",
    "{p},2026-03-05,temperature,38.4,Cel",
    "{p},2026-03-05T08:00,temperature,38.4,Cel",
    ",{t},temperature,38.4,Cel",
    "{p},{t},temperature,38.4",
    "{p},{t},temperature,38.4,Cel,x",
    "{p},2028-01-01T00:00Z,temperature,38.4,Cel",
)
BAD_WIDE = (
    "{p},{t},98.6,85,16,120,75,90,95,room_air,",
    "{p},{t},37.1,85,16,120,x,90,95,room_air,",
    "{p},{t},37.1,85,16,70,75,90,95,room_air,",
    "{p},{t},37.1,85,16,120,75,90,95,room_air,2",
    "{p},2026-03-05T08:00,37.1,85,16,120,75,90,95,room_air,",
    ",{t},37.1,85,16,120,75,90,95,room_air,",
    "{p},{t},37.1,85",
)


def write_long(path: Path, rows: int) -> set[int]:
    """A long file; the lines that are bad."""
    names = list(VITALS.values())
    return _write(
        path, rows, "patient_id,time,concept,value,unit", BAD_LONG, lambda p, t, n: _value(p, t, names[n % 7])
    )


def write_wide(path: Path, rows: int) -> set[int]:
    """A file of wide vital signs; the lines that are bad."""
    header = f"patient_id,time,{','.join(VITALS)},o2_device,o2_flow_l_min"
    return _write(path, rows, header, BAD_WIDE, lambda p, t, _: f"{p},{t},{_cells()},room_air,")


_DRAW = random.Random(11)


def _drawn(vital: tuple[str, str, float, float, int]) -> str:
    return f"{_DRAW.gauss(vital[2], vital[3]):.{vital[4]}f}"


def _value(patient: str, at: str, vital: tuple[str, str, float, float, int]) -> str:
    return f"{patient},{at},{vital[0]},{_drawn(vital)},{vital[1]}"


def _cells() -> str:
    return ",".join(_drawn(vital) for vital in VITALS.values())


def _write(path: Path, rows: int, header: str, bad: tuple[str, ...], line: Callable[[str, str, int], str]) -> set[int]:
    wrong = set()
    with path.open("w", encoding="utf-8") as file:
        file.write(header + "\n")
        for n in range(rows):
            patient, at = f"P{n % PATIENTS:03}", (START + timedelta(seconds=20 * (n // 7))).isoformat()
            if n % BAD_EVERY == BAD_EVERY - 1:
                wrong.add(n + 2)
                file.write(bad[n // BAD_EVERY % len(bad)].format(p=patient, t=at) + "\n")
            else:
                file.write(line(patient, at, n) + "\n")
    return wrong


class Anybody(BaseModel):
    """What each row of the baseline begins with."""

    model_config = {"extra": "forbid", "str_strip_whitespace": True}

    patient_id: str = Field(min_length=1)
    time: AwareDatetime

    @field_validator("time")
    @classmethod
    def _checked(cls, at: datetime) -> datetime:
        return checked(at.astimezone(UTC), RECEIVED)

    def said(self, line: int) -> dict[str, object]:
        """What each fact of the row begins with."""
        return {
            "patient_id": self.patient_id,
            "effective_at": self.time,
            "received_at": RECEIVED,
            "source": f"file.csv:{line}",
        }


class LongRow(Anybody):
    """A row of the long file, one model a row."""

    concept: str
    value: float
    unit: str

    @model_validator(mode="after")
    def _believable(self) -> LongRow:
        concept = dictionary().concept(self.concept)
        if concept is None:
            raise ValueError("concept not known")
        self.value = concept.canonical(self.value, self.unit)
        if not concept.believable(self.value):
            raise ValueError("not believable")
        return self

    def facts(self, line: int) -> list[Fact]:
        """The one fact of the row."""
        return [Observation(**self.said(line), concept=self.concept, value=self.value, unit=self.unit)]  # type: ignore[arg-type]


class WideRow(Anybody):
    """A row of the wide file, one model a row."""

    temp_c: float | None
    hr: float | None
    rr: float | None
    sbp: float | None
    dbp: float | None
    map: float | None
    spo2: float | None
    o2_device: str | None
    o2_flow_l_min: float | None

    @field_validator("*", mode="before")
    @classmethod
    def _empty(cls, text: str) -> str | None:
        return text or None

    @model_validator(mode="after")
    def _believable(self) -> WideRow:
        for column, vital in VITALS.items():
            value = getattr(self, column)
            if value is not None and not dictionary().concepts[vital[0]].believable(value):
                raise ValueError("not believable")
        if self.sbp is not None and self.dbp is not None and self.dbp >= self.sbp:
            raise ValueError("diastolic not below systolic")
        if self.o2_device == "room_air" and self.o2_flow_l_min:
            raise ValueError("oxygen on room air")
        return self

    def facts(self, line: int) -> list[Fact]:
        """The facts of the row."""
        said = self.said(line)
        found: list[Fact] = [
            Observation(**said, concept=vital[0], value=value, unit=vital[1])  # type: ignore[arg-type]
            for column, vital in VITALS.items()
            if (value := getattr(self, column)) is not None
        ]
        device = dictionary().device(self.o2_device or "")
        return [*found, OxygenSupport(**said, device=device, flow_l_min=self.o2_flow_l_min)]  # type: ignore[arg-type]


def with_pydantic(path: Path, model: type[LongRow | WideRow]) -> Iterator[tuple[int, list[Fact] | None]]:
    """Line and facts of each row, None where it is refused whole."""
    with path.open(encoding="utf-8", newline="") as file:
        for line, row in enumerate(csv.DictReader(file, restkey="more"), start=2):
            if None in row.values():
                yield line, None
                continue
            try:
                yield line, model.model_validate(row).facts(line)
            except (ValidationError, ValueError):
                yield line, None


def with_ours(path: Path) -> Iterator[tuple[int, bool]]:
    """Line of each row, and whether anything in it was refused."""
    for row in read_paths([path], received_at=RECEIVED, dictionary=dictionary()):
        yield int(row.place), bool(row.refusals)


def compared(path: Path, model: type[LongRow | WideRow], wrong: set[int]) -> None:
    """Both readers in turn on one file, CPU time."""
    ours, theirs = [], []
    for _ in range(ROUNDS):
        begin = process_time()
        refused = {line for line, bad in with_ours(path) if bad}
        ours.append(process_time() - begin)
        begin = process_time()
        refused_by_pydantic = {line for line, facts in with_pydantic(path, model) if facts is None}
        theirs.append(process_time() - begin)
    with path.open("rb") as file:
        rows = sum(1 for _ in file) - 1
    ratio = median(b / a for a, b in zip(ours, theirs, strict=True))
    exact = "exact" if refused == wrong else f"{len(refused ^ wrong)} WRONG"
    also = "exact" if refused_by_pydantic == wrong else f"{len(refused_by_pydantic ^ wrong)} wrong"
    print(
        f"{path.stem:<6}{rows:>10,}{rows / median(ours):>14,.0f}{rows / median(theirs):>16,.0f}{ratio:>8.1f}"
        f"   ours {exact}, pydantic {also} ({len(wrong)} bad)"
    )


def peak_mb(path: Path) -> float:
    """Peak memory of a process that only reads the file."""
    code = f"from tests.benchmarks.intake import read_only; read_only({str(path)!r})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return float(done.stdout)


def read_only(name: str) -> None:
    """Read a file, and print the peak memory of this process in MB."""
    for _ in with_ours(Path(name)):
        pass
    print(_peak_mb())


def durable(path: Path, folder: Path) -> None:
    """A file read, stored and committed through Rounds, then every patient graded: wall time and CPU time."""
    store = open_store(f"sqlite:///{folder / (path.stem + '.db')}")
    rounds = Rounds(store, Settings("", ZoneInfo("UTC"), None, demonstration=False), dictionary())
    begin, busy = perf_counter(), process_time()
    tally = rounds.ingest([path], received_at=RECEIVED)
    spent, busy = perf_counter() - begin, process_time() - busy
    print(
        f"{path.stem:<6}{tally.read:>10,} rows durable in {spent:.1f} s, {tally.read / spent:,.0f} rows/s "
        f"({tally.read / busy:,.0f} a second of CPU time), equation {'holds' if tally.holds else 'BROKEN'}, "
        f"{tally.quarantined:,} quarantined, peak memory {_peak_mb():.0f} MB"
    )
    begin, busy = perf_counter(), process_time()
    facts, steps = graded(store)
    graded_in, graded_busy = perf_counter() - begin, process_time() - busy
    store.close()
    print(
        f"      {facts:,} facts of {PATIENTS} patients graded in {graded_in:.1f} s ({graded_busy:.1f} s of CPU time), "
        f"{steps:,} steps by {len(DEFAULT_SYSTEMS)} scales; durable and graded "
        f"{tally.read / (spent + graded_in):,.0f} rows/s, {facts / (spent + graded_in):,.0f} facts/s, "
        f"peak memory {_peak_mb():.0f} MB"
    )


def graded(store: Store) -> tuple[int, int]:
    """Every patient read back and graded over the whole course by the default scales: facts, and steps found."""
    found = steps = 0
    for patient_id in store.patients():
        facts = store.facts(patient_id)
        moment = latest_effective(facts)
        if moment is None:
            continue
        course = Course.from_facts(patient_id, facts, dictionary(), ZoneInfo("UTC"))
        found += len(facts)
        steps += sum(len(told["steps"]) for told in grade_report(course, DEFAULT_SYSTEMS, moment, ZoneInfo("UTC")))
    return found, steps


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def report(rows: int, *, store: bool, only: str | None) -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files: list[tuple[Path, type[LongRow | WideRow], Callable[[Path, int], set[int]]]] = [
            (folder / "long.csv", LongRow, write_long),
            (folder / "wide.csv", WideRow, write_wide),
        ]
        files = [file for file in files if only in {None, file[0].stem}]
        print(f"{'file':<6}{'rows':>10}{'ours rows/s':>14}{'pydantic rows/s':>16}{'ratio':>8}   quarantined set")
        for path, model, write in files:
            compared(path, model, write(path, rows))
        for path, _, write in files:
            tenth = folder / f"tenth_{path.name}"
            write(tenth, rows // 10)
            print(
                f"{path.stem:<6}peak memory {peak_mb(path):.0f} MB; of a file a tenth as long {peak_mb(tenth):.0f} MB"
            )
        for path, _, _ in files if store else ():
            durable(path, folder)


if __name__ == "__main__":
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--rows", type=int, default=100_000)
    asked.add_argument("--durable", action="store_true")
    asked.add_argument("--only", choices=("long", "wide"))
    found = asked.parse_args()
    report(found.rows, store=found.durable, only=found.only)
