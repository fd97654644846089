#!/usr/bin/env python3
"""Holds a grader of CRS and ICANS to the battery: `python tests/battery/run.py [options] [-- COMMAND...]`.

COMMAND is started once a scale. It reads a JSON array of bedside pictures on standard input and prints one JSON object
a picture, one a line or all in one array. `{system}` in COMMAND becomes the scale. Without COMMAND this project's own
grader is held to it. Needs Python 3.11 and nothing else; README.md beside this file says how to read what it prints.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
OWN_ROOT = HERE.parents[1]
OWN = (sys.executable, "-m", "monitoring", "picture", "-", "--json", "--system", "{system}")
PASSED, INSIDE, FAILED, UNANSWERED = "passed", "inside", "failed", "unanswered"
VERDICTS = (PASSED, INSIDE, FAILED, UNANSWERED)
LARGEST_OUTPUT = 50_000_000  # bytes; a grader needs about 300 a case
LAST_WORDS = 2_000  # bytes of its errors that are looked at for the last line
WORST = 5
Case = dict[str, Any]


class CallUnusableError(Exception):
    """The call as a whole cannot be carried out; the message says why and what to do."""


@dataclass(frozen=True)
class Grade:
    """`at_least`..`at_most`; both None where the scale cannot be applied. `scalar`: the tool knows one number only."""

    at_least: int | None
    at_most: int | None
    scalar: bool = False

    def left_open(self) -> tuple[int | None, ...]:
        """What a tool of one number may say without contradicting an interval: a grade inside it, or none."""
        if self.at_least is None or self.at_most is None or self.at_least == self.at_most:
            return ()
        return (None, *range(self.at_least, self.at_most + 1))

    def __str__(self) -> str:
        if self.at_least is None:
            return "no grade" if self.scalar else "not gradable"
        return str(self.at_least) if self.at_least == self.at_most else f"{self.at_least}..{self.at_most}"


@dataclass(frozen=True)
class Result:
    """What became of one case, and in words why."""

    case: Case
    verdict: str
    got: str
    why: str = ""
    repeats: str = ""


def cases(systems: Sequence[str], published_only: bool) -> dict[str, list[Case]]:
    """The cases of each scale asked for, all scales without a name."""
    files = {path.stem: path for path in sorted((HERE / "cases").glob("*.jsonl"))}
    if unknown := [system for system in systems if system not in files]:
        raise CallUnusableError(f"--system {unknown[0]}: the battery has no such scale; it has {', '.join(files)}")
    read = {
        system: [json.loads(line) for line in files[system].read_text(encoding="utf-8").splitlines()]
        for system in systems or files
    }
    return {
        system: [case for case in found if case["basis"] == "published" or not published_only]
        for system, found in read.items()
    }


def fingerprint(chosen: Iterable[Case]) -> str:
    """Twelve hexadecimal digits that stand for exactly these cases."""
    text = json.dumps(list(chosen), sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def run(command: Sequence[str], pictures: list[Any], seconds: float, folder: Path | None) -> tuple[str, str]:
    """What `command` printed for `pictures`, and what went wrong or "". It is stopped after `seconds`."""
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        given.write(json.dumps(pictures).encode())
        given.seek(0)
        try:
            process = subprocess.Popen(
                [*command], stdin=given, stdout=out, stderr=err, cwd=folder, start_new_session=True
            )
        except OSError as unstartable:
            apart = "; write its words apart: -- " + command[0] if " " in command[0] else ""
            raise CallUnusableError(f"{command[0]}: cannot be started ({unstartable.strerror}){apart}") from unstartable
        try:
            trouble = _wait(process, (out.fileno(), err.fileno()), seconds)
        finally:
            _stop(process)
        out.seek(0)
        err.seek(max(0, os.fstat(err.fileno()).st_size - LAST_WORDS))
        last_words = err.read().decode(errors="replace").strip().splitlines()[-1:]
        if not trouble and process.returncode:
            trouble = ": ".join([f"it ended with exit code {process.returncode}", *last_words])
        return out.read(LARGEST_OUTPUT).decode(errors="replace"), trouble


def _wait(process: subprocess.Popen[bytes], outputs: tuple[int, ...], seconds: float) -> str:
    """Why the command has to be stopped, "" when it ended by itself."""
    give_up = time.monotonic() + seconds
    while process.poll() is None:
        if time.monotonic() > give_up:
            return f"it did not end within {seconds:g} seconds and was stopped"
        if sum(os.fstat(output).st_size for output in outputs) > LARGEST_OUTPUT:
            return f"it printed more than {LARGEST_OUTPUT} bytes and was stopped"
        time.sleep(0.02)
    return ""


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End the command and what it started, when it still runs: a shell around a hanging tool is not the tool."""
    if process.poll() is None:
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
        process.wait()


def objects(text: str) -> Iterator[dict[str, Any]]:
    """The JSON objects of an array, or of the lines that are JSON; whatever else was printed is passed over."""
    try:
        whole = json.loads(text)
    except (ValueError, RecursionError):
        whole = [found for line in text.splitlines() if (found := _object(line)) is not None]
    yield from (found for found in (whole if isinstance(whole, list) else [whole]) if isinstance(found, dict))


def _object(line: str) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def grade_of(answer: dict[str, Any], system: str, scalar_field: str | None) -> Grade:
    """The grade in one answer. ValueError, in words, when it holds none that can be read."""
    if scalar_field:
        number: Any = answer
        for name in scalar_field.split("."):
            if not isinstance(number, dict) or name not in number:
                raise ValueError(f"no field {scalar_field!r}")
            number = number[name]
        level = None if number is None else _level(number)
        return Grade(level, level, scalar=True)
    held = answer.get("assessments", {system: answer})
    found = held.get(system) if isinstance(held, dict) else None
    if not isinstance(found, dict) or not {"at_least", "at_most"} <= found.keys():
        raise ValueError(f"no at_least and at_most for {system}")
    if found["at_least"] is None and found["at_most"] is None and not found.get("gradable"):
        return Grade(None, None)
    low, high = _level(found["at_least"]), _level(found["at_most"])
    if low > high or found.get("gradable") is False:
        raise ValueError(f"at_least {low}, at_most {high}, gradable {found.get('gradable')} contradict each other")
    return Grade(low, high)


def _level(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value not in range(WORST + 1):
        raise ValueError(f"{value!r} is no grade; expected 0 to {WORST}")
    return int(value)


def judge(case: Case, got: Grade) -> Result:
    """One answer held against what is expected."""
    wanted = Grade(case["expected"]["at_least"], case["expected"]["at_most"])
    repeats = next((m["name"] for m in case["mistakes"] if got.at_least == got.at_most == m["answered"]), "")
    if (got.at_least, got.at_most) == (wanted.at_least, wanted.at_most):
        return Result(case, PASSED, str(got))
    if got.scalar and not repeats and got.at_least in wanted.left_open():
        return Result(case, INSIDE, str(got))
    return Result(case, FAILED, str(got), _why(got, wanted), repeats)


def _why(got: Grade, wanted: Grade) -> str:
    if wanted.at_least is None or wanted.at_most is None:
        return "a grade where the scale cannot be applied"
    if got.at_least is None or got.at_most is None:
        return "no grade where what is recorded gives one"
    reasons = (
        ("too low", got.at_most < wanted.at_least),
        ("too high", got.at_least > wanted.at_most),
        ("claims what was not recorded", got.at_least >= wanted.at_least and got.at_most <= wanted.at_most),
        ("says less than what is recorded", got.at_least <= wanted.at_least and got.at_most >= wanted.at_most),
    )
    return next((words for words, holds in reasons if holds), "leaves out a grade that is possible")


def hold(
    system: str, chosen: list[Case], command: Sequence[str], asked: argparse.Namespace
) -> tuple[list[Result], list[str]]:
    """The results of one scale, and what went wrong on the way."""
    folder = None if asked.command else OWN_ROOT
    words = [word.replace("{system}", system) for word in command]
    batches = [[case] for case in chosen] if asked.one_by_one else [chosen]
    answers: dict[str, list[dict[str, Any]]] = {}
    troubles = []
    for batch in batches:
        text, trouble = run(words, [case["picture"] for case in batch], asked.timeout, folder)
        told = [str(found.get("id")) for found in objects(text)]
        for found in objects(text):
            answers.setdefault(str(found.get("id")), []).append(found)
        if not trouble and not {case["id"] for case in batch} & set(told):
            trouble = _nothing_told(text, told)
        if trouble:
            troubles.append(f"{system}, {batch[0]['id'] if asked.one_by_one else f'{len(batch)} cases'}: {trouble}")
    return [_result(case, answers.get(case["id"], []), system, asked.map) for case in chosen], troubles


def _nothing_told(text: str, told: Sequence[str]) -> str:
    """What a command printed that ended well and answered no case."""
    if told:
        return f"its answers bear no id of the battery; the first bears {told[0]!r}, expected the id of the picture"
    first = next((line.strip() for line in text.splitlines() if line.strip()), "")
    said = f"its output begins {first[:80]!r}" if first else "it printed nothing"
    return f"{said}; expected one JSON object a picture, with its id"


def _result(case: Case, answers: list[dict[str, Any]], system: str, scalar_field: str | None) -> Result:
    if len(answers) != 1:
        return Result(case, UNANSWERED, f"{len(answers)} answers" if answers else "no answer")
    try:
        return judge(case, grade_of(answers[0], system, scalar_field))
    except ValueError as unreadable:
        return Result(case, UNANSWERED, "an answer that cannot be read", str(unreadable))


def report(results: list[Result], troubles: list[str]) -> Iterator[str]:
    """The table, the mistakes, and every case not passed, as lines."""
    groups = {(r.case["system"], r.case["group"]): r.case["group"] for r in results}
    width = max(len(group) for group in groups.values())
    row = "{:<26} {:<" + str(width) + "} {:>7} {:>7} {:>7} {:>11} {:>6}"
    yield row.format("scale", "group", *VERDICTS, "of").rstrip()
    for system in dict.fromkeys(system for system, _ in groups):
        inside = [r for r in results if r.case["system"] == system]
        for group in dict.fromkeys(r.case["group"] for r in inside):
            yield row.format(system, group, *_counted([r for r in inside if r.case["group"] == group]))
        yield row.format(system, "all of it", *_counted(inside))
        yield ""
    for basis in dict.fromkeys(r.case["basis"] for r in results):
        part = [r for r in results if r.case["basis"] == basis]
        yield f"{basis}: {sum(r.verdict == PASSED for r in part)} of {len(part)} passed"
    named = [r for r in results if r.case["mistakes"]]
    if named:
        repeated = sum(bool(r.repeats) for r in named)
        yield f"mistakes of public tools: repeated in {repeated} of the {len(named)} cases that have one"
    yield from (f"the command: {trouble}" for trouble in troubles)
    yield from _not_passed(results)


def _counted(results: list[Result]) -> tuple[int, ...]:
    found = Counter(r.verdict for r in results)
    return (*(found[verdict] for verdict in VERDICTS), len(results))


def _not_passed(results: list[Result]) -> Iterator[str]:
    for verdict in (FAILED, UNANSWERED):
        part = [r for r in results if r.verdict == verdict]
        if part:
            yield f"\n{verdict}:"
        alike = Counter((r.case["system"], r.got, r.why) for r in part if verdict == UNANSWERED)
        whole = {
            (system, *said)
            for (system, *said), count in alike.items()
            if count == sum(r.case["system"] == system for r in results)
        }
        for system, got, why in sorted(whole):
            yield f"{system}  every case: got {got}" + (f": {why}" if why else "")
        for r in part:
            if (r.case["system"], r.got, r.why) in whole:
                continue
            e = r.case["expected"]
            wanted = Grade(e["at_least"], e["at_most"])
            yield f"{r.case['system']}  {r.case['sentence']}"
            yield f"    expected {wanted}, got {r.got}" + (f": {r.why}" if r.why else "")
            if r.repeats:
                yield f"    the known mistake: {r.repeats}"
            yield f"    {r.case['id']}; {r.case['basis']}; {r.case['source']}"


def arguments(words: Sequence[str] | None) -> argparse.Namespace:
    """The call as typed."""
    parser = argparse.ArgumentParser(
        description="Holds a grader of CRS and ICANS to the battery.",
        epilog="Example: python tests/battery/run.py --system crs-astct-2019 --map grade -- ./my_grader --stdin",
    )
    parser.add_argument("--system", action="append", default=[], metavar="ID", help="a scale; repeat for more")
    parser.add_argument("--map", metavar="FIELD", help="the command knows one number only, in this field: grade, a.b")
    parser.add_argument(
        "--published", action="store_true", help="only cases read in a paper: no judgement, nothing recalled"
    )
    parser.add_argument("--one-by-one", action="store_true", help="one start a case: a crash costs one case (slow)")
    parser.add_argument("--timeout", type=float, default=120, metavar="SECONDS", help="for one start (120)")
    parser.add_argument("command", nargs="*", metavar="COMMAND", help="the grader and its words, after --")
    return parser.parse_args(words)


def main(words: Sequence[str] | None = None) -> int:
    """0 when no case failed or went unanswered, 1 when one did, 2 when the call cannot be carried out."""
    asked = arguments(words)
    command = asked.command or OWN
    try:
        if not asked.command and not (OWN_ROOT / "monitoring").is_dir():
            raise CallUnusableError("no COMMAND: this project's own grader is not here; name yours: run.py -- ./mine")
        chosen = cases(asked.system, asked.published)
        if asked.map and len(chosen) > 1 and not any("{system}" in word for word in command):
            raise CallUnusableError("--map: one number is one scale; name it with --system, or put {system} in COMMAND")
        everything = [case for found in chosen.values() for case in found]
        _say(f"Battery of {len(everything)} cases, fingerprint {fingerprint(everything)}")
        _say(f"Held to it: {' '.join(asked.command) or 'this project'}\n")
        results: list[Result] = []
        troubles: list[str] = []
        for system, found in chosen.items():
            held, trouble = hold(system, found, command, asked)
            results += held
            troubles += trouble
    except CallUnusableError as unusable:
        sys.stderr.write(f"{unusable}\n")
        return 2
    for line in report(results, troubles):
        _say(line)
    return 1 if any(r.verdict in {FAILED, UNANSWERED} for r in results) else 0


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(main())
