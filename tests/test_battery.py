"""The published battery: current, passed by our own grader, failed by wrong ones exactly where it should be."""

import json
import re
import shlex
import subprocess
import sys
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from tests.battery import publish
from tests.battery.asking import CRS, IF_CHAIN, failed, grader, held, total
from tests.test_tables import ROWS

ROOT = Path(__file__).resolve().parent.parent
BATTERY = ROOT / "tests" / "battery"
CASES = [json.loads(line) for path in (BATTERY / "cases").glob("*.jsonl") for line in path.read_text().splitlines()]


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


def test_publish_writes_what_differs_and_check_only_names_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(publish, "CASES", tmp_path)
    monkeypatch.setattr(sys, "argv", ["publish"])
    (tmp_path / "crs-of-yesterday.jsonl").write_text("")
    assert publish.main() == 0
    written = {path.name: path.read_text(encoding="utf-8") for path in tmp_path.iterdir()}
    assert written == publish.published()
    monkeypatch.setattr(sys, "argv", ["publish", "--check"])
    capsys.readouterr()
    assert (publish.main(), capsys.readouterr().out) == (0, "")
    (tmp_path / "crs-mskcc.jsonl").write_text("{}\n")
    said = "tests/battery/cases/crs-mskcc.jsonl differs from tests/tables\n"
    assert (publish.main(), capsys.readouterr().out) == (1, said)
    assert (tmp_path / "crs-mskcc.jsonl").read_text() == "{}\n"


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
    optimist = grader(
        tmp_path,
        "from monitoring.bedside import grade_pictures\n"
        "for answer in grade_pictures(pictures, ['crs-astct-2019']):\n"
        "    found = answer['assessments']['crs-astct-2019']\n"
        "    print(json.dumps({'id': answer['id'], **found, 'at_most': found['at_least']}))",
    )
    optimist[1:1] = ["-c", f"import runpy, sys; sys.path.insert(0, {str(ROOT)!r}); runpy.run_path(sys.argv[1])"]
    code, printed = held(capsys, *CRS, "--", *optimist)
    crs = [case for case in CASES if case["system"] == "crs-astct-2019"]
    assert code == 1
    assert failed(printed) == {
        case["sentence"] for case in crs if case["expected"]["at_least"] != case["expected"]["at_most"]
    }


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
    [(command, shown)] = re.findall(r"^```console\n\$ ([^\n]+)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    words = [sys.executable if word == "python" else word for word in shlex.split(command)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    wanted = [re.sub(r"\s+", " ", line) for line in shown.splitlines() if line != "..."]
    printed = [re.sub(r"\s+", " ", line) for line in done.stdout.splitlines()]
    assert wanted
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
