"""From the rows of a drug chart to the intervals in which each drug ran.

A stop and a start of the same drug in the same minute are a change of bag and leave no gap, whichever row the file
has first. A rate of zero is a stop. An order that never says stop is still running (D35); a bolus is drawn only
(D34).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from monitoring.records import Administration
from monitoring.timeline import END_OF_TIME, micros
from monitoring.vocabulary import AdministrationAction, DrugClass

NOTHING_GIVEN = "none"
"""Drug name of a row that says: the drug chart was looked at and nothing was given."""

_RUN_WITHOUT_END = frozenset(
    {
        DrugClass.VASOPRESSOR,
        DrugClass.VASOPRESSIN,
        DrugClass.INOTROPE,
        DrugClass.SEDATIVE,
        DrugClass.NEUROMUSCULAR_BLOCKER,
    }
)


@dataclass(frozen=True)
class Run:
    """A drug running on [start, end), or a single dose where start == end. `end` END_OF_TIME = no stop charted."""

    drug: str
    drug_class: DrugClass
    start: int
    end: int
    facts: tuple[Administration, ...]

    @property
    def single_dose(self) -> bool:
        """Whether this is one dose at one moment."""
        return self.start == self.end


def _is_rate(unit: str | None) -> bool:
    return unit is not None and "/" in unit.rsplit("kg", maxsplit=1)[-1]


def runs(facts: Iterable[Administration], drug_class: DrugClass, drug: str) -> tuple[Run, ...]:
    """The runs and single doses of one drug, sorted, runs merged where they touch or overlap."""
    pieces: list[tuple[int, int, Administration]] = []
    events: dict[str, list[Administration]] = defaultdict(list)
    for fact in facts:
        start = micros(fact.effective_at)
        if fact.action is AdministrationAction.GIVEN:
            pieces.append((start, start, fact))
        elif fact.action is AdministrationAction.INTERVAL:
            pieces.append((start, _interval_end(fact, drug_class, start), fact))
        else:
            events[fact.order_id or ""].append(fact)
    for order in events.values():
        pieces.extend(_order_runs(order))
    return _merged(pieces, drug_class, drug)


def _interval_end(fact: Administration, drug_class: DrugClass, start: int) -> int:
    if fact.end is not None:
        return micros(fact.end)
    bolus = fact.dose is not None and fact.unit is not None and not _is_rate(fact.unit)
    return END_OF_TIME if _is_rate(fact.unit) or (drug_class in _RUN_WITHOUT_END and not bolus) else start


def _order_runs(order: list[Administration]) -> list[tuple[int, int, Administration]]:
    """Runs of one order. Of several rows in one minute, a running order keeps running if any of them runs it."""
    by_time: dict[int, list[Administration]] = defaultdict(list)
    for fact in order:
        by_time[micros(fact.effective_at)].append(fact)
    found: list[tuple[int, int, Administration]] = []
    began: tuple[int, Administration] | None = None
    for at in sorted(by_time):
        running = [fact for fact in by_time[at] if fact.action is not AdministrationAction.STOP and fact.dose != 0]
        stops = len(running) < len(by_time[at])
        if began is not None and (stops or running):
            found.append((began[0], at, began[1]))
        if running and (began is not None or not stops):
            began = (at, min(running, key=lambda fact: fact.fact_id))
        else:
            began = None
    if began is not None:
        found.append((began[0], END_OF_TIME, began[1]))
    return found


def _merged(pieces: list[tuple[int, int, Administration]], drug_class: DrugClass, drug: str) -> tuple[Run, ...]:
    doses = [Run(drug, drug_class, start, end, (fact,)) for start, end, fact in pieces if start == end]
    spans = sorted(((s, e, f) for s, e, f in pieces if e > s), key=lambda piece: (piece[0], piece[1], piece[2].fact_id))
    merged: list[Run] = []
    for start, end, fact in spans:
        if merged and start <= merged[-1].end:
            last = merged.pop()
            merged.append(Run(drug, drug_class, last.start, max(last.end, end), (*last.facts, fact)))
        else:
            merged.append(Run(drug, drug_class, start, end, (fact,)))
    return tuple(sorted([*doses, *merged], key=lambda run: (run.start, run.end)))


def doses(run: Run) -> list[tuple[int, int, Administration]]:
    """(start, end, row) of each dose of a run: a row's dose holds until the next row of the run, or its end."""
    rows = sorted(run.facts, key=lambda fact: (fact.effective_at, fact.fact_id))
    starts = [micros(fact.effective_at) for fact in rows]
    ends = [*starts[1:], run.end]
    return [(start, end, fact) for start, end, fact in zip(starts, ends, rows, strict=True) if end > start]
