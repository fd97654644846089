"""Every call that changes something says who asked for it, so that nothing is done by nobody."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

HOUSE = Path(__file__).resolve().parents[2]
OF_ROUNDS = {"record", "ingest", "correct", "replay", "dismiss", "map_code"}
OF_ADMISSION = {"add", "disable", "set_password", "invite", "make_token", "revoke_token"}
NAMES_SOMEBODY = re.compile(r"\b(by|who|origin|origin_of_\w+|APPLICATION)\b")


def calls() -> Iterator[tuple[str, str]]:
    """(where, the call) for each call of such a method on the rounds or the admission, above the store."""
    files = [*(HOUSE / "pages").glob("*.py")]
    for folder in ("ui", "api", "commands", "intake"):
        files += (HOUSE / "monitoring" / folder).rglob("*.py")
    for file in files:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            asked = ast.unparse(node.func.value)
            of_rounds = node.func.attr in OF_ROUNDS and re.search(r"rounds(\(\))?$|^Rounds\(", asked)
            of_admission = node.func.attr in OF_ADMISSION and re.search(r"admission(\(\))?$", asked)
            if of_rounds or of_admission:
                yield f"{file.relative_to(HOUSE)}:{node.lineno}", ast.unparse(node)


def test_the_walk_finds_the_calls_that_are_known() -> None:
    found = {where.partition(":")[0] for where, _ in calls()}
    assert {
        "pages/home.py",
        "monitoring/ui/charting.py",
        "monitoring/commands/ingest.py",
        "monitoring/commands/user.py",
        "monitoring/commands/demo.py",
        "monitoring/api/start.py",
    } <= found


def test_every_call_says_who_asked_for_it() -> None:
    assert [f"{where}: {call}" for where, call in calls() if not NAMES_SOMEBODY.search(call)] == []
