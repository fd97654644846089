"""The published battery: current, passed by our own grader, failed by wrong ones exactly where it should be."""

import json
import re
import shlex
import subprocess
import sys
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from tests.battery import publish, run
from tests.test_tables import ROWS

ROOT = Path(__file__).resolve().parent.parent
BATTERY = ROOT / "tests" / "battery"
CASES = [json.loads(line) for path in (BATTERY / "cases").glob("*.jsonl") for line in path.read_text().splitlines()]
IF_CHAIN = [sys.executable, str(BATTERY / "if_chain.py")]
CRS = ["--system", "crs-astct-2019"]


def held(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    """The exit code and what was printed, of a call of the runner."""
    code = run.main([*words])
    return code, capsys.readouterr().out


def python(tmp_path: Path, text: str) -> list[str]:
    """A grader of a few lines."""
    script = tmp_path / "grader.py"
    script.write_text(f"import json, os, sys, time\npictures = json.load(sys.stdin)\n{text}\n")
    return [sys.executable, str(script)]


def failed(printed: str) -> set[str]:
    """The sentences listed as failed or unanswered."""
    listed = printed.partition("\nfailed:")[2] or printed.partition("\nunanswered:")[2]
    return set(re.findall(r"^[a-z]+-\S+  (.+)$", listed, re.MULTILINE))


def total(printed: str, system: str = "crs-astct-2019") -> list[int]:
    """passed, inside, failed, unanswered and all, of one scale."""
    line = next(line for line in printed.splitlines() if line.startswith(f"{system} ") and " all of it " in line)
    return [int(number) for number in line.split("all of it")[1].split()]


# --- the case files


def test_the_case_files_are_those_of_the_tables() -> None:
    there = {path.name: path.read_text(encoding="utf-8") for path in publish.CASES.glob("*.jsonl")}
    differing = sorted(name for name, text in publish.published().items() if there.pop(name, None) != text)
    assert (differing, sorted(there)) == ([], []), "run: python -m tests.battery.publish"


def test_every_row_of_every_table_is_a_case() -> None:
    assert len(CASES) == sum(len(row.expected) for row in ROWS)


def test_no_two_cases_of_a_scale_share_an_id() -> None:
    assert len({(case["system"], case["id"]) for case in CASES}) == len(CASES)


def test_every_line_of_the_basis_speaks_of_a_case() -> None:
    standing = [(*publish.standing(row)[:2], row.picture["id"]) for row in ROWS]
    silent = [
        (where, pattern)
        for where, pattern, _ in publish.lines_of("basis.txt")
        if not any(
            fnmatchcase(table, where) and (fnmatchcase(sentence, pattern) or fnmatchcase(f"# {heading}", pattern))
            for table, heading, sentence in standing
        )
    ]
    assert silent == []


def test_every_decision_named_is_a_decision() -> None:
    listed = set(re.findall(r"^## (D\d+)\.", (ROOT / "docs" / "decisions.md").read_text(), re.MULTILINE))
    named = {number for case in CASES for number in re.findall(r"\bD\d+\b", case["source"])}
    assert named - listed == set()


def test_every_mistake_on_record_belongs_to_one_case_and_is_wrong_there() -> None:
    of_a_case = {(case["id"], m["name"]) for case in CASES for m in case["mistakes"]}
    recorded = [(f"{table}/{publish.slug(case)}", name) for table, case, _, name, _ in publish.lines_of("mistakes.txt")]
    assert sorted(of_a_case) == sorted(recorded)
    right = [
        mistake["name"]
        for case in CASES
        for mistake in case["mistakes"]
        if case["expected"]["at_least"] == case["expected"]["at_most"] == mistake["answered"]
    ]
    assert right == []


# --- our own grader, and wrong ones


def test_our_own_grader_passes_every_case(capsys: pytest.CaptureFixture[str]) -> None:
    code, printed = held(capsys)
    assert code == 0, printed
    assert total(printed)[0] == total(printed)[-1] > 0
    assert failed(printed) == set()


IF_CHAIN_REPEATS = {
    "fever gone after tocilizumab, ventilated: public tools say no CRS",
    "fever gone after tocilizumab, one vasopressor: public tools say no CRS",
    "cannula at exactly 6 litres taken for high flow",
    "CPAP graded 3",
    "BiPAP graded 3",
    "the first match wins: one vasopressor answered before the ventilator is looked at",
    "vasopressin counted as a second vasopressor",
    "a default temperature of 39.0: grade 1 from nothing",
    "fever alone, pressure and oxygen never taken: 1, silently",
}
IF_CHAIN_FAILS_IN_THE_TABLE = {
    "one vasopressor with vasopressin",  # every drug counted: 4, not 3
    "two bags of one drug are one vasopressor",
    "one drug under two names is one vasopressor",
    "milrinone is not counted",
    "dobutamine is not counted",
    "one vasopressor and dobutamine",
    "vasopressin and milrinone",
    "cannula at exactly 6 litres is low flow",  # >= 6
    "CPAP",  # whatever is no cannula and no ventilator: 3
    "BiPAP",
    "a flow without a device is some oxygen",  # no device: room air
    "a high flow without a device is some oxygen",
}


def test_an_if_chain_repeats_exactly_the_mistakes_it_was_written_with(capsys: pytest.CaptureFixture[str]) -> None:
    code, printed = held(capsys, *CRS, "--map", "grade", "--", *IF_CHAIN)
    assert code == 1
    assert set(re.findall(r"the known mistake: (.+)", printed)) == IF_CHAIN_REPEATS
    of_the_table = {c["sentence"] for c in CASES if c["group"] == "every cell of the table"}
    assert failed(printed) & of_the_table == IF_CHAIN_FAILS_IN_THE_TABLE


def test_missing_taken_for_normal_fails_exactly_the_open_cases(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    grader = python(
        tmp_path,
        "from monitoring.bedside import grade_pictures\n"
        "for answer in grade_pictures(pictures, ['crs-astct-2019']):\n"
        "    found = answer['assessments']['crs-astct-2019']\n"
        "    print(json.dumps({'id': answer['id'], **found, 'at_most': found['at_least']}))",
    )
    grader[1:1] = ["-c", f"import runpy, sys; sys.path.insert(0, {str(ROOT)!r}); runpy.run_path(sys.argv[1])"]
    code, printed = held(capsys, *CRS, "--", *grader)
    crs = [case for case in CASES if case["system"] == "crs-astct-2019"]
    assert code == 1
    assert failed(printed) == {
        case["sentence"] for case in crs if case["expected"]["at_least"] != case["expected"]["at_most"]
    }


# --- how an answer is judged


def case(at_least: int | None, at_most: int | None, **mistake: Any) -> dict[str, Any]:
    named = [{"name": "known", "answered": mistake["known"]}] if mistake else []
    return {"expected": {"at_least": at_least, "at_most": at_most}, "mistakes": named}


@pytest.mark.parametrize(
    ("wanted", "got", "verdict", "why"),
    [
        ((2, 2), (2, 2), "passed", ""),
        ((1, 4), (1, 4), "passed", ""),
        ((None, None), (None, None), "passed", ""),
        ((2, 2), (1, 1), "failed", "too low"),
        ((2, 2), (3, 3), "failed", "too high"),
        ((1, 4), (1, 1), "failed", "claims what was not recorded"),
        ((1, 4), (2, 3), "failed", "claims what was not recorded"),
        ((1, 2), (0, 4), "failed", "says less than what is recorded"),
        ((2, 4), (1, 3), "failed", "leaves out a grade that is possible"),
        ((None, None), (0, 0), "failed", "a grade where the scale cannot be applied"),
        ((0, 0), (None, None), "failed", "no grade where what is recorded gives one"),
        ((0, 4), (None, None), "failed", "no grade where what is recorded gives one"),
    ],
)
def test_an_interval_passes_only_when_it_is_the_one_expected(
    wanted: tuple[int | None, int | None], got: tuple[int | None, int | None], verdict: str, why: str
) -> None:
    result = run.judge(case(*wanted), run.Grade(*got))
    assert (result.verdict, result.why) == (verdict, why)


@pytest.mark.parametrize(
    ("wanted", "number", "verdict"),
    [
        ((2, 2), 2, "passed"),
        ((2, 2), 3, "failed"),
        ((1, 4), 1, "inside"),
        ((1, 4), 4, "inside"),
        ((1, 4), 0, "failed"),
        ((1, 4), None, "inside"),
        ((2, 2), None, "failed"),
        ((None, None), None, "passed"),
        ((None, None), 0, "failed"),
    ],
)
def test_one_number_inside_an_interval_is_neither_passed_nor_failed(
    wanted: tuple[int | None, int | None], number: int | None, verdict: str
) -> None:
    assert run.judge(case(*wanted), run.Grade(number, number, scalar=True)).verdict == verdict


@pytest.mark.parametrize(("number", "verdict", "repeats"), [(1, "failed", "known"), (2, "inside", "")])
def test_a_known_mistake_is_failed_even_inside_the_interval(number: int, verdict: str, repeats: str) -> None:
    result = run.judge(case(1, 4, known=1), run.Grade(number, number, scalar=True))
    assert (result.verdict, result.repeats) == (verdict, repeats)


@pytest.mark.parametrize(
    ("answer", "field", "grade"),
    [
        ({"assessments": {"s": {"at_least": 1, "at_most": 4, "gradable": True}}}, None, (1, 4)),
        ({"at_least": 1, "at_most": 4}, None, (1, 4)),
        ({"at_least": None, "at_most": None, "gradable": False}, None, (None, None)),
        ({"grade": 3}, "grade", (3, 3)),
        ({"result": {"crs": 3.0}}, "result.crs", (3, 3)),
        ({"grade": None}, "grade", (None, None)),
    ],
)
def test_an_answer_is_read_in_each_form(answer: dict[str, Any], field: str | None, grade: tuple[Any, Any]) -> None:
    found = run.grade_of(answer, "s", field)
    assert (found.at_least, found.at_most) == grade


@pytest.mark.parametrize(
    ("answer", "field", "said"),
    [
        ({}, None, "no at_least and at_most for s"),
        ({"assessments": []}, None, "no at_least and at_most for s"),
        ({"assessments": {"other": {"at_least": 1, "at_most": 1}}}, None, "no at_least and at_most for s"),
        ({"at_least": 3, "at_most": 1}, None, "contradict each other"),
        ({"at_least": 1, "at_most": 1, "gradable": False}, None, "contradict each other"),
        ({"at_least": 1, "at_most": None, "gradable": True}, None, "None is no grade"),
        ({"at_least": 1, "at_most": 6}, None, "6 is no grade"),
        ({"at_least": True, "at_most": True}, None, "True is no grade"),
        ({"grade": "3"}, "grade", "'3' is no grade"),
        ({"grade": 2.5}, "grade", "2.5 is no grade"),
        ({"grade": 3}, "result.grade", "no field 'result.grade'"),
        ({"result": 3}, "result.grade", "no field 'result.grade'"),
    ],
)
def test_an_answer_without_a_grade_says_what_is_wrong(answer: dict[str, Any], field: str | None, said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        run.grade_of(answer, "s", field)


# --- commands that misbehave


def test_a_command_that_crashes_leaves_its_cases_unanswered(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, printed = held(capsys, *CRS, "--", *python(tmp_path, "raise SystemExit('no licence')"))
    passed, inside, wrong, unanswered, every = total(printed)
    assert (code, passed, inside, wrong) == (1, 0, 0, 0)
    assert unanswered == every > 0
    assert "it ended with exit code 1: no licence" in printed


def test_what_was_answered_before_a_crash_counts(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    first = python(tmp_path, "print(json.dumps({'id': pictures[0]['id'], 'grade': 1}), flush=True)\nos._exit(7)")
    code, printed = held(capsys, *CRS, "--map", "grade", "--", *first)
    passed, _, _, unanswered, every = total(printed)
    assert (code, passed, unanswered) == (1, 1, every - 1)  # the first case is fever alone
    assert "exit code 7" in printed


def test_garbage_is_no_answer(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    garbage = python(tmp_path, "os.write(1, b'Loading...\\n\\xff\\xfe\\n[1, 2\\n\"id\"\\n42\\n' + b'[' * 100_000)")
    code, printed = held(capsys, *CRS, "--", *garbage)
    assert code == 1
    assert total(printed)[3] == total(printed)[4]


def test_answers_between_garbage_are_read(capsys: pytest.CaptureFixture[str]) -> None:
    chatty = "import sys; print('Loading...'); exec(open(sys.argv[1]).read())"
    code, printed = held(capsys, *CRS, "--map", "grade", "--", sys.executable, "-c", chatty, IF_CHAIN[1])
    assert (code, total(printed)[3]) == (1, 0)
    assert total(printed)[0] > 0


def test_an_array_is_read_as_well_as_lines(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    array = python(tmp_path, "print(json.dumps([{'id': p['id'], 'grade': 1} for p in pictures], indent=1))")
    _, printed = held(capsys, *CRS, "--map", "grade", "--", *array)
    assert total(printed)[3] == 0


def test_a_case_answered_twice_is_not_answered(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    twice = python(tmp_path, "for p in pictures * 2: print(json.dumps({'id': p['id'], 'grade': 1}))")
    code, printed = held(capsys, *CRS, "--map", "grade", "--", *twice)
    assert (code, total(printed)[3]) == (1, total(printed)[4])
    assert "got 2 answers" in printed


def test_a_command_that_hangs_is_stopped_with_what_it_started(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    child = tmp_path / "child"
    hanging = python(tmp_path, f"os.system('echo $$ > {child}; sleep 600')")
    code, printed = held(capsys, *CRS, "--timeout", "2", "--", *hanging)
    assert code == 1
    assert "it did not end within 2 seconds and was stopped" in printed
    assert ended(int(child.read_text()))


def ended(process: int) -> bool:
    """A process that is gone, or only waits to be collected."""
    state = Path(f"/proc/{process}/stat")
    return not state.exists() or state.read_text().rpartition(")")[2].split()[0] == "Z"


def test_a_command_that_prints_without_end_is_stopped(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(run, "LARGEST_OUTPUT", 100_000)
    code, printed = held(capsys, *CRS, "--", *python(tmp_path, "while True: print('no' * 1000)"))
    assert code == 1
    assert "it printed more than 100000 bytes and was stopped" in printed


def test_one_by_one_a_crash_costs_one_case(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    every = run.cases(["crs-astct-2019"], published_only=False)["crs-astct-2019"][:3]
    monkeypatch.setattr(run, "cases", lambda *_: {"crs-astct-2019": every})
    crash = f"assert pictures[0]['id'] != {every[1]['id']!r}, 'cannot'\n"
    fragile = python(tmp_path, crash + "print(json.dumps({'id': pictures[0]['id'], 'grade': 1}))")
    _, printed = held(capsys, *CRS, "--one-by-one", "--map", "grade", "--", *fragile)
    assert (total(printed)[3], total(printed)[4]) == (1, 3)
    assert f"{every[1]['id']}: it ended with exit code 1: AssertionError: cannot" in printed


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--system", "crs-astct-2018"], "--system crs-astct-2018: the battery has no such scale; it has "),
        (["--map", "grade", "--", "cat"], "--map: one number is one scale; name it with --system"),
        ([*CRS, "--", "no-such-grader"], "no-such-grader: cannot be started"),
    ],
)
def test_a_call_that_cannot_be_carried_out_says_why(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run.main(words) == 2
    assert said in capsys.readouterr().err


def test_published_leaves_out_what_no_paper_decides(capsys: pytest.CaptureFixture[str]) -> None:
    _, printed = held(capsys, *CRS, "--published", "--map", "grade", "--", *IF_CHAIN)
    counted = sum(case["system"] == "crs-astct-2019" and case["basis"] == "published" for case in CASES)
    assert total(printed)[4] == counted
    assert "judgement:" not in printed


# --- what its README says


def test_the_battery_needs_nothing_but_its_own_folder(tmp_path: Path) -> None:
    alone = tmp_path / "battery"
    (alone / "cases").mkdir(parents=True)
    for path in (BATTERY / "run.py", BATTERY / "if_chain.py", BATTERY / "cases" / "crs-astct-2019.jsonl"):
        (alone / path.relative_to(BATTERY)).write_text(path.read_text())
    words = [sys.executable, "-I", "run.py", "--map", "grade", "--", sys.executable, "if_chain.py"]
    done = subprocess.run(words, cwd=alone, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (1, "")
    assert total(done.stdout)[0] > 0


def test_the_readme_of_the_battery_shows_what_is_printed() -> None:
    text = (BATTERY / "README.md").read_text()
    [(command, shown)] = re.findall(r"^```console\n\$ (.+)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    words = [sys.executable if word == "python" else word for word in shlex.split(command)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    wanted = [re.sub(r"\s+", " ", line) for line in shown.splitlines() if line != "..."]
    printed = [re.sub(r"\s+", " ", line) for line in done.stdout.splitlines()]
    assert [line for line in wanted if line not in printed] == []
    assert done.returncode == 1


def test_every_field_of_a_picture_is_explained() -> None:
    text = (BATTERY / "README.md").read_text()
    used = {field for case in CASES for part in ("patient", "inputs") for field in case["picture"][part]}
    assert {field for field in used if f"`{field}`" not in text} == set()


def test_every_short_name_of_a_source_is_explained() -> None:
    text = (BATTERY / "README.md").read_text()
    short = r"\b(LEE19|T[1-3]|NCCN26|ASCO21|CMP2?|CTCAE5)\b|\b([a-m]\.\d)\b"
    used = {first or second for case in CASES for first, second in re.findall(short, case["source"])}
    assert used
    assert {name for name in used if f"| {name} |" not in text} == set()
