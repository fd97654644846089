"""`python -m monitoring VERB`: the command line. The contract of its verbs, JSON and exit codes is kept stable."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
import textwrap
import tomllib
from collections.abc import Sequence
from typing import NoReturn

from pydantic import ValidationError

from monitoring.clock import TimeRefused
from monitoring.commands import terminal
from monitoring.concepts import DictionaryRefused, dictionary
from monitoring.ingest import FileRefused
from monitoring.settings import SettingRefused

_VERBS = (
    "ingest",
    "grade",
    "picture",
    "explain",
    "demo",
    "check",
    "user",
    "mllp",
    "watch",
    "backup",
    "restore",
    "export",
)
_INTERRUPTED = 130
_HELP_WIDTH = 78


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb and return its exit code; every expected failure is one sentence on standard error and exit 2."""
    words = sys.argv[1:] if arguments is None else list(arguments)
    asked = _parser(words).parse_args(words)
    try:
        dictionary()
    except (DictionaryRefused, tomllib.TOMLDecodeError, ValidationError, OSError) as refused:
        return _refuse(f"the reference data in data/reference cannot be used: {' '.join(str(refused).split())}")
    try:
        code: int = asked.run(asked)
        sys.stdout.flush()
    except _expected() as refused:
        return _refuse(str(refused))
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return terminal.DONE
    except OSError as failed:
        return _refuse(f"{failed.filename or 'input or output'}: {failed.strerror or failed}")
    except KeyboardInterrupt:
        terminal.note("interrupted; every chunk stored so far is kept, run the same command again to go on")
        return _INTERRUPTED
    return code


def _expected() -> tuple[type[Exception], ...]:
    """Every failure that is one sentence. Those of the store and of pictures are fetched once something failed."""
    from monitoring.grading.picture import PictureRefused  # noqa: PLC0415
    from monitoring.store import StoreUnavailable  # noqa: PLC0415

    return FileRefused, TimeRefused, SettingRefused, terminal.CallRefused, PictureRefused, StoreUnavailable


def _refuse(sentence: str) -> int:
    terminal.note(f"monitoring: {sentence}")
    return terminal.UNUSABLE


class _Parser(argparse.ArgumentParser):
    """A parser whose refusals are one sentence, as every other refusal is."""

    def error(self, message: str) -> NoReturn:
        self.exit(terminal.UNUSABLE, f"{self.prog}: {message}; see `{self.prog} --help`\n")


def _parser(words: Sequence[str]) -> argparse.ArgumentParser:
    """The verb asked for, or all of them where none is named: a call does not wait for what the other verbs import."""
    parser = _Parser(
        prog="python -m monitoring",
        description=textwrap.fill(
            "Post-infusion toxicity monitor. Decision support for clinician review; not a medical device.", _HELP_WIDTH
        ),
        epilog="Exit codes: 0 done; 1 check found something; 2 the call or the input is unusable;\n"
        "3 done, and something was quarantined.\n\nexample:\n  python -m monitoring demo\n"
        "  python -m monitoring ingest --help",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    for name in words[:1] if words and words[0] in _VERBS else _VERBS:
        verb = importlib.import_module(f"monitoring.commands.{name}")
        about = textwrap.fill(f"{verb.HELP}. {getattr(verb, 'ABOUT', '')}".strip(), _HELP_WIDTH)
        # kept as written: an example broken over two lines cannot be copied
        shape = argparse.RawDescriptionHelpFormatter
        example = f"example:\n  {verb.EXAMPLE}"
        one = verbs.add_parser(name, help=verb.HELP, description=about, epilog=example, formatter_class=shape)
        verb.describe(one)
        one.set_defaults(run=verb.run)
    return parser


if __name__ == "__main__":
    sys.exit(main())
