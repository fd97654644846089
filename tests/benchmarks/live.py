"""One more or one late value: how long until the steps it changes are known, and how many a second are durable.

Run with `python -m tests.benchmarks.live`. A patient with hourly sets and an illness (100, 1,000 and 4,000 values of
history) or with sets every minute (78,000); 500 more values are added in order, an hour late, or anywhere in the
history. The full sweep and the peer style answer the same question from the whole history. Wall time of one thread;
values are records with their identity computed, which is the work of whoever stores them. Last, what is durable
(`durable`).
"""

from __future__ import annotations

import random
import statistics
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from time import perf_counter_ns, process_time_ns

from monitoring.concepts import dictionary
from monitoring.course import Course
from monitoring.grading import DEFAULT_SYSTEMS, graded, systems
from monitoring.hindsight import revisions
from monitoring.ingest.sources import TextRow
from monitoring.live import LiveCourse
from monitoring.records import Administration, Fact, Infusion, Observation, OxygenSupport, Patient, Placement
from monitoring.situations import Answers
from monitoring.timeline import BEGINNING_OF_TIME, hours, micros
from monitoring.vocabulary import OxygenDevice
from tests.benchmarks import durable
from tests.benchmarks.peer import CrsCalculator, grade_row

CRS = "crs-astct-2019"
INFUSED = datetime(2026, 3, 1, 10, tzinfo=UTC)
ADDED = 500
HISTORIES = ((100, 60), (1000, 60), (4000, 60), (78_000, 1))
"""Values of history, and minutes from one set to the next."""
DURABLE = 3000


def standing_facts() -> list[Fact]:
    """An adult with a drug chart and one dose of paracetamol in the illness."""
    said = {"patient_id": "P1", "effective_at": INFUSED, "received_at": INFUSED, "source": "bench"}
    dose = said | {"effective_at": INFUSED + timedelta(hours=40)}
    return [
        Patient(**said, birth_date=date(1972, 1, 1)),
        Infusion(**said),
        Placement(**said, ward="7 North"),
        Administration(**said, drug="none"),
        Administration(**dose, drug="paracetamol"),
    ]


def values(count: int, minutes: int, draw: random.Random, *, ill_from: float = 0.3) -> list[Fact]:
    """`count` values in order: temperature, systolic, mean and oxygen a set, a tenth of the stay ill."""
    found: list[Fact] = []
    sets = (count + 3) // 4
    for number in range(sets):
        at = INFUSED + timedelta(minutes=number * minutes, seconds=draw.randrange(60))
        found += one_set(at, draw, ill=ill_from * sets <= number < (ill_from + 0.1) * sets)
    return found[:count]


def one_set(at: datetime, draw: random.Random, *, ill: bool) -> list[Fact]:
    """One set of four values."""
    said = {"patient_id": "P1", "effective_at": at, "received_at": at, "source": "bench"}
    measured = {
        "temperature": round(draw.gauss(38.7 if ill else 36.9, 0.3), 1),
        "sbp": round(draw.gauss(98 if ill else 122, 8)),
        "map": round(draw.gauss(70 if ill else 88, 6)),
    }
    device = OxygenDevice.NASAL_CANNULA if ill and draw.random() < 0.5 else OxygenDevice.ROOM_AIR
    flow = 2.0 if device is OxygenDevice.NASAL_CANNULA else None
    return [
        *(Observation(**said, concept=name, value=value) for name, value in measured.items()),
        OxygenSupport(**said, device=device, flow_l_min=flow),
    ]


def split(count: int, minutes: int, how: str, draw: random.Random) -> tuple[list[Fact], list[Fact], set[str]]:
    """A history, the values that come after it as they come, and which of those are timed (none named = all).

    `an hour late`: a quarter of an ordinary stream is held back for an hour, and only that quarter is timed.
    """
    every = values(count + ADDED, minutes, draw)
    if how == "in order":
        return every[:count], every[count:], set()
    if how == "in order, ill":
        history = every[:count]
        begin = history[-1].effective_at
        later = [begin + timedelta(minutes=(n + 1) * minutes) for n in range(ADDED // 4)]
        return history, [fact for at in later for fact in one_set(at, draw, ill=True)], set()
    if how == "an hour late":
        late = {fact.fact_id for fact in every[count:] if draw.random() < 0.25}
        hour = timedelta(hours=1, seconds=61)
        later = sorted(every[count:], key=lambda f: f.effective_at + (hour if f.fact_id in late else timedelta()))
        return every[:count], later, late
    draw.shuffle(every)
    return every[:count], every[count:], set()


def microseconds(question: Callable[[Fact], object], facts: Sequence[Fact], timed: Collection[str] = ()) -> list[float]:
    """Sorted wall times of a question asked of each fact, of the `timed` only where any are named."""
    spent = []
    for fact in facts:
        begin = perf_counter_ns()
        question(fact)
        end = perf_counter_ns()
        if not timed or fact.fact_id in timed:
            spent.append((end - begin) / 1000)
    return sorted(spent)


def told(spent: Sequence[float]) -> str:
    """Median, p95 and p99."""
    parts = (spent[len(spent) // 2], spent[len(spent) * 95 // 100], spent[len(spent) * 99 // 100])
    return " ".join(f"{part:8.1f}" for part in parts)


def peer_full(facts: Sequence[Fact]) -> object:
    """Every value of the history through the calculator, the last values carried forward."""
    calculator, row = CrsCalculator(), {"temperature_c": 37.0, "systolic": 120.0, "oxygen_device": "room_air"}
    names = {"temperature": "temperature_c", "sbp": "systolic", "map": "mean_pressure"}
    answer: object = None
    for fact in facts:
        if isinstance(fact, Observation):
            row[names[fact.concept]] = fact.value
        elif isinstance(fact, OxygenSupport):
            row["oxygen_device"], row["oxygen_flow"] = str(fact.device), fact.flow_l_min
        answer = grade_row(calculator, row)
    return answer


def table_of_one_more() -> None:
    """The first table."""
    answers = Answers(systems()[CRS])
    print("one more value, microseconds: median p95 p99")
    for count, minutes in HISTORIES:
        for how in ("in order", "in order, ill", "an hour late", "anywhere"):
            history, later, timed = split(count, minutes, how, random.Random(count))
            live = LiveCourse(answers, "P1", [*standing_facts(), *history], dictionary())
            for fact in later:
                _ = fact.fact_id
            spent = microseconds(live.add, later, timed)
            print(f"{count:7} {how:14} {told(spent)}", flush=True)
        history, *_ = split(count, minutes, "in order", random.Random(count))
        facts = [*standing_facts(), *history]
        for fact in facts:
            _ = fact.fact_id

        def full(_: Fact, facts: list[Fact] = facts) -> object:
            return graded(Course.from_facts("P1", facts, dictionary()), CRS)

        def peer(_: Fact, history: list[Fact] = history) -> object:
            return peer_full(history)

        asked = facts[: 3 if count > 10_000 else 15]
        for name, question in (("full sweep", full), ("peer, full", peer)):
            print(f"{count:7} {name:14} {statistics.median(microseconds(question, asked)):8.0f}", flush=True)


def text_rows(count: int) -> Iterator[TextRow]:
    """Rows of a feed as text, patients in turn, hourly."""
    draw = random.Random(5)
    for number in range(count):
        concept, unit, value = (
            ("temperature", "Cel", round(draw.gauss(37.2, 0.7), 1)),
            ("sbp", "mm[Hg]", round(draw.gauss(115, 12))),
            ("map", "mm[Hg]", round(draw.gauss(85, 8))),
        )[number % 3]
        at = INFUSED + timedelta(minutes=20 * (number // 60), seconds=number % 60)
        cells = (f"P{number % 20}", at.isoformat(), concept, str(value), unit)
        yield TextRow(str(number), cells, ",".join(cells))


def ward(answers: Answers) -> dict[str, LiveCourse]:
    """The patients of `text_rows`, before their first value."""
    return {
        f"P{n}": LiveCourse(
            answers, f"P{n}", [f.model_copy(update={"patient_id": f"P{n}"}) for f in standing_facts()], dictionary()
        )
        for n in range(20)
    }


RECEIVED: dict[str, Callable[[int, datetime], datetime]] = {
    "some minutes late": lambda number, at: at + timedelta(minutes=1 + number % 20),
    "every 50th set 3 h late": lambda number, at: at + timedelta(minutes=5 if number % 50 else 180),
    "all an hour late": lambda _, at: at + timedelta(hours=1),
    "any time within 100 h": lambda number, at: at + timedelta(hours=random.Random(number).random() * 100),
    "in daily batches": lambda _, at: at.replace(hour=23, minute=59, second=59),
    "in weekly batches": lambda _, at: INFUSED + timedelta(days=7 * ((at - INFUSED).days // 7 + 1)),
    "the last three weeks at once": lambda number, at: at if number < 168 else INFUSED + timedelta(days=30),
}


def table_of_hindsight() -> None:
    """What a screen had said of 28 days of hourly sets: CPU milliseconds until it is known."""
    print("what the screens had said, CPU ms: CRS, last 12 h | CRS, the course | all four scales, the course | again")
    for name, received in RECEIVED.items():
        facts = [
            fact.model_copy(update={"received_at": received(place // 4, fact.effective_at)})
            for place, fact in enumerate(values(28 * 24 * 4, 60, random.Random(1)))
        ]
        last = micros(max(fact.received_at for fact in facts))
        spent = []
        for systems_asked, start, fresh in (
            ((CRS,), last - hours(12), True),
            ((CRS,), BEGINNING_OF_TIME, True),
            (DEFAULT_SYSTEMS, BEGINNING_OF_TIME, True),
            (DEFAULT_SYSTEMS, BEGINNING_OF_TIME, False),
        ):
            if fresh:
                course = Course.from_facts("P1", [*standing_facts(), *facts], dictionary())
                for system in DEFAULT_SYSTEMS:
                    graded(course, system)
            begin = process_time_ns()
            for system in systems_asked:
                revisions(course, system, start, last)
            spent.append((process_time_ns() - begin) / 1e6)
        print(f"{name:28}", *(f"{one:8.1f}" for one in spent), flush=True)


def main() -> None:
    """All tables."""
    table_of_hindsight()
    table_of_one_more()
    answers = Answers(systems()[CRS])
    durable.table(list(text_rows(DURABLE)), lambda: ward(answers), INFUSED)


if __name__ == "__main__":
    main()
