"""`picture`: bedside pictures to grades, the calculator for scripts."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from monitoring.bedside import grade_pictures, pictures_in
from monitoring.commands import terminal

HELP = "grades, and with laboratory values scores, of bedside pictures from a JSON array"
EXAMPLE = """echo '[{"id": "1", "inputs": {"temp_c": 38.4, "sbp": 84}}]' | python -m monitoring picture -"""


def describe(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("file", metavar="FILE", help="a JSON array of pictures; - reads standard input")
    terminal.add_systems(parser)
    terminal.add_json(parser)


def run(asked: argparse.Namespace) -> int:
    """Read, grade and print, one object a line."""
    for answer in grade_pictures(_read(asked.file), terminal.chosen_systems(asked.system)):
        terminal.say(json.dumps(answer)) if asked.json else _tell(answer)
    return terminal.DONE


def _read(name: str) -> object:
    try:
        text = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
        return pictures_in(text.decode("utf-8-sig"), name)
    except OSError as unreadable:
        raise terminal.CallRefused(f"{name}: cannot be read ({unreadable.strerror})") from unreadable
    except UnicodeDecodeError as broken:
        raise terminal.CallRefused(f"{name}: not JSON in UTF-8; expected an array of pictures") from broken


def _tell(answer: dict[str, Any]) -> None:
    for system, found in answer["assessments"].items():
        low, high = found["at_least"], found["at_most"]
        grade = "not gradable" if not found["gradable"] else str(low) if low == high else f"{low}–{high}"
        details = {"": found["met"], "not known: ": found["unassessed"], "flags: ": found["flags"]}
        said = _listed(details)
        decides = f"; {found['decides']} would decide" if found["decides"] else ""
        needs = "; needs FiO2" if "fio2" in found["unassessed"] else ""
        terminal.say(f"{answer['id']}  {system:<26} {grade:<12} {said}{needs}{decides}".rstrip())
    for score, found in answer.get("scores", {}).items():
        value = "unknown" if found["value"] is None else f"{found['value']:g} {found['unit']}"
        details = {"": [found["published_range"]], "missing: ": found["missing"], "flags: ": found["flags"]}
        terminal.say(f"{answer['id']}  {score:<26} {value}; {_listed(details)}")
    if "iec_hs" in answer:
        asked = answer["iec_hs"]
        details = {"not known: ": asked["unassessed"], "flags: ": asked["flags"]}
        terminal.say(f"{answer['id']}  {'ask about IEC-HS':<26} {asked['answer']}; {_listed(details)}")


def _listed(details: dict[str, list[str]]) -> str:
    return "; ".join(name + ", ".join(values) for name, values in details.items() if values)
