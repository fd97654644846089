"""The runner of the battery: how it judges an answer, and what it makes of commands that misbehave."""

import re
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.battery import run
from tests.battery.asking import CRS, IF_CHAIN, grader, held, total

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
    code, printed = held(capsys, *CRS, "--", *grader(tmp_path, "raise SystemExit('no licence')"))
    passed, inside, wrong, unanswered, every = total(printed)
    assert (code, passed, inside, wrong) == (1, 0, 0, 0)
    assert unanswered == every > 0
    assert "it ended with exit code 1: no licence" in printed


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("pass", "it printed nothing; expected one JSON object a picture, with its id"),
        ("print('usage: grader FILE')", "its output begins 'usage: grader FILE'; expected one JSON object a picture"),
        (
            "print(json.dumps({'id': 17, 'at_least': 1, 'at_most': 1}))",
            "bear no id of the battery; the first bears '17'",
        ),
    ],
)
def test_a_command_that_answers_nothing_is_told_what_is_wrong_once(
    script: str, said: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    code, printed = held(capsys, *CRS, "--", *grader(tmp_path, script))
    assert code == 1
    assert said in printed
    assert printed.count("got no answer") == 1


def test_a_scale_that_no_answer_speaks_of_is_told_once(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    other = grader(tmp_path, "print(json.dumps([{'id': p['id'], 'score': 1} for p in pictures]))")
    _, printed = held(capsys, *CRS, "--", *other)
    assert printed.count("no at_least and at_most for crs-astct-2019") == 1


def test_away_from_the_project_a_command_must_be_named(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(run, "OWN_ROOT", tmp_path)
    assert run.main(CRS) == 2
    assert "no COMMAND: this project's own grader is not here" in capsys.readouterr().err


def test_what_was_answered_before_a_crash_counts(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    first = grader(tmp_path, "print(json.dumps({'id': pictures[0]['id'], 'grade': 1}), flush=True)\nos._exit(7)")
    code, printed = held(capsys, *CRS, "--map", "grade", "--", *first)
    passed, _, _, unanswered, every = total(printed)
    assert (code, passed, unanswered) == (1, 1, every - 1)  # the first case is fever alone
    assert "exit code 7" in printed


def test_garbage_is_no_answer(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    garbage = grader(tmp_path, "os.write(1, b'Loading...\\n\\xff\\xfe\\n[1, 2\\n\"id\"\\n42\\n' + b'[' * 100_000)")
    code, printed = held(capsys, *CRS, "--", *garbage)
    assert code == 1
    assert total(printed)[3] == total(printed)[4]


def test_answers_between_garbage_are_read(capsys: pytest.CaptureFixture[str]) -> None:
    chatty = "import sys; print('Loading...'); exec(open(sys.argv[1]).read())"
    code, printed = held(capsys, *CRS, "--map", "grade", "--", sys.executable, "-c", chatty, IF_CHAIN[1])
    assert (code, total(printed)[3]) == (1, 0)
    assert total(printed)[0] > 0


def test_an_array_is_read_as_well_as_lines(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    array = grader(tmp_path, "print(json.dumps([{'id': p['id'], 'grade': 1} for p in pictures], indent=1))")
    _, printed = held(capsys, *CRS, "--map", "grade", "--", *array)
    assert total(printed)[3] == 0


def test_a_case_answered_twice_is_not_answered(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    twice = grader(tmp_path, "for p in pictures * 2: print(json.dumps({'id': p['id'], 'grade': 1}))")
    code, printed = held(capsys, *CRS, "--map", "grade", "--", *twice)
    assert (code, total(printed)[3]) == (1, total(printed)[4])
    assert "got 2 answers" in printed


def test_a_command_that_hangs_is_stopped_with_what_it_started(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    child = tmp_path / "child"
    hanging = grader(tmp_path, f"os.system('echo $$ > {child}.new; mv {child}.new {child}; sleep 600')")
    patience = SimpleNamespace(monotonic=lambda: 1e6 if child.exists() else 0.0, sleep=time.sleep)
    monkeypatch.setattr(run, "time", patience)  # time is up once there is something to stop, however slow the machine
    code, printed = held(capsys, *CRS, "--timeout", "2", "--", *hanging)
    assert code == 1
    assert "it did not end within 2 seconds and was stopped" in printed
    wait_for_the_end_of(int(child.read_text()))


def wait_for_the_end_of(process: int) -> None:
    """Returns when a process is gone, or only waits to be collected. Fails when it goes on."""
    state = Path(f"/proc/{process}/stat")
    for _ in range(600):
        try:
            if state.read_text().rpartition(")")[2].split()[0] == "Z":
                return
        except (FileNotFoundError, ProcessLookupError):
            return
        time.sleep(0.05)
    pytest.fail(f"{process} goes on")


def test_a_command_that_prints_without_end_is_stopped(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(run, "LARGEST_OUTPUT", 100_000)
    code, printed = held(capsys, *CRS, "--", *grader(tmp_path, "while True: print('no' * 1000)"))
    assert code == 1
    assert "it printed more than 100000 bytes and was stopped" in printed


def test_the_name_of_the_scale_stands_in_the_command(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    told = grader(tmp_path, "sys.exit(sys.argv[1])")
    _, printed = held(capsys, *CRS, "--system", "crs-mskcc", "--", *told, "--scale={system}")
    assert "exit code 1: --scale=crs-astct-2019" in printed
    assert "exit code 1: --scale=crs-mskcc" in printed


def test_one_by_one_a_crash_costs_one_case(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    every = run.cases(["crs-astct-2019"], published_only=False)["crs-astct-2019"][:3]
    monkeypatch.setattr(run, "cases", lambda *_: {"crs-astct-2019": every})
    crash = f"assert pictures[0]['id'] != {every[1]['id']!r}, 'cannot'\n"
    fragile = grader(tmp_path, crash + "print(json.dumps({'id': pictures[0]['id'], 'grade': 1}))")
    _, printed = held(capsys, *CRS, "--one-by-one", "--map", "grade", "--", *fragile)
    assert (total(printed)[3], total(printed)[4]) == (1, 3)
    assert f"{every[1]['id']}: it ended with exit code 1: AssertionError: cannot" in printed


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--system", "crs-astct-2018"], "--system crs-astct-2018: the battery has no such scale; it has "),
        (["--map", "grade", "--", "cat"], "--map: one number is one scale; name it with --system"),
        ([*CRS, "--", "no-such-grader"], "no-such-grader: cannot be started"),
        ([*CRS, "--", "no-such-grader --json"], "write its words apart: -- no-such-grader --json"),
    ],
)
def test_a_call_that_cannot_be_carried_out_says_why(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run.main(words) == 2
    assert said in capsys.readouterr().err
