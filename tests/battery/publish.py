"""Writes the battery's case files from the truth tables: `python -m tests.battery.publish`; `--check` only compares.

The tables in `tests/tables` are the one place where an expected grade is typed. Two files beside this one add what a
reader outside needs: `basis.txt`, which cases no paper decides, and `mistakes.txt`, what public tools answered.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from monitoring.grading import systems
from tests.test_tables import ROWS, TABLES, Row, interval, literal

HERE = Path(__file__).resolve().parent
CASES = HERE / "cases"
OWN_WORD = re.compile(r"\b(decision|judgement)\b", re.IGNORECASE)


def lines_of(name: str) -> list[list[str]]:
    """The rows of a file beside this one, cells parted by `|`; `#` opens a remark, the first row is the header."""
    text = (HERE / name).read_text(encoding="utf-8")
    rows = [[cell.strip() for cell in line.split("|")] for line in text.splitlines() if line and line[0] != "#"]
    return rows[1:]


def slug(sentence: str) -> str:
    """A sentence as part of a case's id: stays the same as long as the sentence does."""
    return re.sub(r"[^a-z0-9.]+", "-", sentence.lower()).strip("-.")


def standing(row: Row) -> tuple[str, str, str]:
    """The table a row stands in, the heading above it and the remark behind it."""
    table, _, number = row.place.partition(" ")[0].partition(".txt:")
    lines = (TABLES / f"{table}.txt").read_text(encoding="utf-8").splitlines()[: int(number)]
    headings = (line.removeprefix("# --- ") for line in reversed(lines) if line.startswith("# --- "))
    return table, next(headings, "rows of the table"), lines[-1].partition(" #")[2].strip()


def basis_of(table: str, heading: str, remark: str, row: Row) -> tuple[str, str]:
    """What a case rests on: `published`, `recalled` or `judgement`, with the numbers of our decisions."""
    listed = [
        entry
        for where, pattern, entry in lines_of("basis.txt")
        if fnmatchcase(table, where)
        and (fnmatchcase(row.picture["id"], pattern) or fnmatchcase(f"# {heading}", pattern))
    ]
    numbers = re.findall(r"\bD\d+\b", ", ".join([*listed, remark]))
    if numbers or OWN_WORD.search(remark):
        return "judgement", ", ".join(dict.fromkeys(numbers))
    unread = "recalled" in listed or "recalled" in f"{heading} {remark}"
    return ("recalled" if unread else "published"), ""


def mistakes(table: str, sentence: str) -> list[dict[str, Any]]:
    """What public tools are known to have answered to this case."""
    return [
        {"name": name, "answered": literal(answered), "source": source}
        for where, case, answered, name, source in lines_of("mistakes.txt")
        if (where, case) == (table, sentence)
    ]


def group(table: str, system: str, heading: str) -> str:
    """A short name of the heading, led by `child` where a scale has a table apart for children."""
    apart = table.removeprefix(system.replace("-", "_")).strip("_") if "documented" not in system else ""
    return ": ".join(filter(None, [apart, re.split(r"[:;(]", heading)[0].strip()]))


def case_of(row: Row, system: str, expected: str) -> dict[str, Any]:
    """One case of the battery: a row of a table, for one of the scales it names."""
    table, heading, remark = standing(row)
    sentence = row.picture["id"]
    name = f"{table}/{slug(sentence)}"
    at_least, at_most, gradable = interval(expected)
    basis, decisions = basis_of(table, heading, remark, row)
    parts = (decisions, systems()[system].reference, heading, remark)
    return {
        "id": name,
        "system": system,
        "group": group(table, system, heading),
        "sentence": sentence,
        "basis": basis,
        "source": "; ".join(filter(None, parts)).replace("clinical.md ", ""),
        "picture": {**row.picture, "id": name},
        "expected": {"at_least": at_least, "at_most": at_most, "gradable": gradable},
        "mistakes": mistakes(table, sentence),
    }


def published() -> dict[str, str]:
    """The text of each case file by its name."""
    every = [case_of(row, system, expected) for row in ROWS for system, expected in row.expected.items()]
    named = sorted({case["system"] for case in every})
    return {f"{system}.jsonl": "".join(_lines(every, system)) for system in named}


def _lines(every: list[dict[str, Any]], system: str) -> Iterator[str]:
    for case in every:
        if case["system"] == system:
            yield json.dumps(case, ensure_ascii=False) + "\n"


def main() -> int:
    """Write what differs, or with `--check` name it. 1 when something differed under `--check`."""
    wanted = published()
    there = {path.name: path.read_text(encoding="utf-8") for path in CASES.glob("*.jsonl")}
    differing = sorted(name for name in wanted.keys() | there.keys() if wanted.get(name) != there.get(name))
    for name in differing:
        sys.stdout.write(f"tests/battery/cases/{name} differs from tests/tables\n")
        if "--check" not in sys.argv:
            (CASES / name).write_text(wanted[name], encoding="utf-8") if name in wanted else (CASES / name).unlink()
    return 1 if differing and "--check" in sys.argv else 0


if __name__ == "__main__":
    sys.exit(main())
