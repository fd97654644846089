"""Calls of the runner, as the tests make them."""

import re
import sys
from pathlib import Path

import pytest

from tests.battery import run

IF_CHAIN = [sys.executable, str(run.HERE / "if_chain.py")]
CRS = ["--system", "crs-astct-2019"]


def held(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    """The exit code and what was printed, of a call of the runner."""
    code = run.main([*words])
    return code, capsys.readouterr().out


def grader(tmp_path: Path, text: str) -> list[str]:
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
