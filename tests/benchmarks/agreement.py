"""How many courses were graded alike, course by course and as a cohort: the full count behind `tests/test_cohort.py`.

Ten thousand generated courses, and every stay of a folder of CLIF tables when one is named:
`python -m tests.benchmarks.agreement [CLIF_FOLDER]`. Stops at the first difference.
"""

from __future__ import annotations

import random
import sys
from pathlib import Path
from time import process_time

from tests.course.clif import clif_courses
from tests.course.generated import cohort_of, random_course
from tests.test_cohort import by_cohort, by_course

GENERATED, AT_ONCE = 10_000, 1_000


def generated() -> int:
    """Steps compared on the generated courses."""
    draw, steps = random.Random(2019), 0
    for _ in range(0, GENERATED, AT_ONCE):
        courses = [random_course(draw, 24) for _ in range(AT_ONCE)]
        told = [by_course(chart) for chart in courses]
        assert by_cohort(cohort_of(courses)) == told
        steps += sum(map(len, told))
    return steps


def stays(folder: Path) -> tuple[int, int]:
    """(stays, steps) compared on the CLIF tables of a folder."""
    courses = clif_courses(folder)
    longest = max((chart.evidence.number("temperature").at[-1] - (chart.start or 0)) // 1_000_000 for chart in courses)
    until = int(longest) + 86_400
    told = [by_course(chart, until) for chart in courses]
    assert by_cohort(cohort_of(courses), until) == told
    return len(courses), sum(map(len, told))


def main() -> None:
    """Print the counts."""
    begin = process_time()
    print(f"{GENERATED:,} generated courses, {generated():,} steps: alike ({process_time() - begin:.0f} s CPU)")
    for folder in sys.argv[1:]:
        count, steps = stays(Path(folder))
        print(f"{count} stays of {folder}, {steps:,} steps: alike")


if __name__ == "__main__":
    main()
