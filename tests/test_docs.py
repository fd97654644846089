"""The documents are true: their commands run, their numbers exist, their links lead somewhere."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
import time
from functools import cache
from pathlib import Path

import httpx
import pytest

import monitoring
from monitoring.__main__ import main
from monitoring.grading import systems
from tests.ports import free_port

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
DECISIONS = (ROOT / "docs" / "decisions.md").read_text(encoding="utf-8")
DOCUMENTS = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / "data").rglob("*.md")]
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"^\$ (.+)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)


def blocks(text: str, kind: str) -> list[str]:
    return [body for language, body in FENCE.findall(text) if language == kind]


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*words], cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)


def shown_commands() -> list[tuple[str, str]]:
    """Every `$ command` of the documents' console blocks, with the output shown under it."""
    texts = [path.read_text(encoding="utf-8") for path in DOCUMENTS]
    return [match for text in texts for block in blocks(text, "console") for match in COMMAND.findall(block)]


@pytest.mark.parametrize(("command", "shown"), shown_commands(), ids=[row[0] for row in shown_commands()])
def test_a_shown_command_prints_what_is_shown(command: str, shown: str) -> None:
    words = [sys.executable if word == "python" else word for word in shlex.split(command)]
    done = run(*words)
    printed = [line.rstrip() for line in done.stdout.splitlines()]
    assert (done.returncode, printed) == (0, shown.splitlines()), done.stderr


def test_the_readme_shows_commands_with_their_output() -> None:
    assert [command for command, shown in shown_commands() if not shown.strip()] == []
    assert blocks(README, "console"), "the README runs nothing"


def test_the_csv_in_the_readme_is_the_file_it_names() -> None:
    assert blocks(README, "csv") == [(ROOT / "docs" / "example" / "vitals.csv").read_text(encoding="utf-8")]


@cache
def verbs() -> list[str]:
    listed = re.findall(r"^    ([a-z]+)  ", run(sys.executable, "-m", "monitoring", "--help").stdout, re.MULTILINE)
    assert listed, "--help lists no verbs"
    return listed


def test_every_verb_is_in_the_readme_and_shows_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    unnamed = [verb for verb in verbs() if f"| `{verb}` |" not in README]
    assert unnamed == []
    for verb in verbs():
        with pytest.raises(SystemExit) as left:
            main([verb, "--help"])
        assert left.value.code == 0
        _, example = capsys.readouterr().out.split("\nexample:\n")
        assert f"python -m monitoring {verb}" in example


def test_every_verb_of_the_readme_exists() -> None:
    commands = README.split("## Commands", 1)[1].split("\n## ", 1)[0]
    assert re.findall(r"^\| `([a-z-]+)` \|", commands, re.MULTILINE) == verbs()


def test_every_grading_system_is_in_the_readme() -> None:
    assert [system for system in systems() if f"`{system}`" not in README] == []


def test_every_page_is_in_the_readme() -> None:
    pages = [page.stem for page in (ROOT / "pages").glob("*.py")]
    assert pages, "no pages"
    assert [page for page in pages if f"| {page.capitalize()} |" not in README] == []


def cited_decisions() -> dict[int, str]:
    """Each decision number cited outside the list itself, and one place that cites it."""
    cited = {}
    kinds = {".py", ".toml", ".txt", ".md"}
    places = [ROOT / "monitoring", ROOT / "pages", ROOT / "data", ROOT / "tests" / "tables"]
    for path in [path for place in places for path in sorted(place.rglob("*")) if path.suffix in kinds]:
        for first, last in re.findall(r"\bD(\d+)\b(?:(?: to |-)D(\d+)\b)?", path.read_text(encoding="utf-8")):
            for number in range(int(first), int(last or first) + 1):
                cited.setdefault(number, str(path.relative_to(ROOT)))
    return cited


def listed_decisions() -> list[int]:
    return [int(number) for number in re.findall(r"^## D(\d+)\. ", DECISIONS, re.MULTILINE)]


def test_every_decision_cited_in_the_code_is_listed() -> None:
    listed = set(listed_decisions())
    assert {number: place for number, place in cited_decisions().items() if number not in listed} == {}


def test_every_decision_listed_is_cited_where_it_acts() -> None:
    assert sorted(set(listed_decisions()) - set(cited_decisions())) == []


def test_decisions_are_numbered_in_order_and_complete() -> None:
    numbers = listed_decisions()
    assert numbers == list(range(1, len(numbers) + 1))
    parts = ("- Left open: ", "- Choice: ", "- Why: ", "- Source: ", "- Decided ", "To be signed by: ")
    entries = re.split(r"^## ", DECISIONS, flags=re.MULTILINE)[1:]
    assert [entry.splitlines()[0] for entry in entries if any(part not in entry for part in parts)] == []


def test_every_link_leads_to_a_file() -> None:
    broken = []
    for document in DOCUMENTS:
        for target in re.findall(r"\]\(([^)#]+)[^)]*\)", document.read_text(encoding="utf-8")):
            if not target.startswith("http") and not (document.parent / target).exists():
                broken.append(f"{document.relative_to(ROOT)}: {target}")
    assert broken == []


def test_the_changelog_is_of_this_version_and_by_reader() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    newest = re.split(r"^## ", text, flags=re.MULTILINE)[1]
    assert newest.startswith(monitoring.__version__)
    order = ["Grading", "Intake", "Screens", "Store", "Code"]
    sections = re.findall(r"^### (.+)$", newest, re.MULTILINE)
    assert sections == [section for section in order if section in sections]


def test_the_plain_commands_of_the_readme_are_those_of_make_demo() -> None:
    planned = run("make", "--dry-run", "demo", f"VENV={sys.prefix}").stdout
    plain = next(block for block in blocks(README, "sh") if "streamlit run" in block)
    for words in ("-m monitoring demo --db sqlite:///", "MONITORING_DEMONSTRATION=1", "streamlit run dashboard.py"):
        assert words in plain
        assert words in planned


def test_make_alone_lists_the_verbs() -> None:
    done = run("make")
    assert done.returncode == 0
    assert [
        verb for verb in ("demo", "test", "check", "run", "setup", "bench") if f"  {verb} " not in done.stdout
    ] == []


def answer(url: str, seconds: float) -> int:
    """The status of the first answer from `url`. Fails after `seconds` of silence."""
    give_up = time.monotonic() + seconds
    while time.monotonic() < give_up:
        try:
            return httpx.get(url, follow_redirects=True, timeout=5).status_code
        except httpx.TransportError:
            time.sleep(0.2)
    pytest.fail(f"{url} did not answer")


def test_make_demo_prints_an_address_that_answers(tmp_path: Path) -> None:
    port = free_port()
    words = ["make", "demo", f"PORT={port}", f"DEMO={tmp_path / 'demo.db'}", f"VENV={sys.prefix}"]
    log = tmp_path / "log"
    with log.open("w") as out:
        server = subprocess.Popen(words, cwd=ROOT, stdout=out, stderr=subprocess.STDOUT, start_new_session=True)
        try:
            address = f"http://127.0.0.1:{port}"
            give_up = time.monotonic() + 120
            while address not in log.read_text() and server.poll() is None and time.monotonic() < give_up:
                time.sleep(0.2)
            assert address in log.read_text(), log.read_text()
            assert answer(address, 60) == 200
        finally:
            os.killpg(server.pid, signal.SIGTERM)
            server.wait(timeout=30)
