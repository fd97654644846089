"""`python -m monitoring VERB`: the command line. The contract of its verbs, JSON and exit codes is kept stable."""

from __future__ import annotations

import argparse
import os
import sys
import textwrap
import tomllib
from collections.abc import Sequence

from pydantic import ValidationError

from monitoring.clock import TimeRefused
from monitoring.commands import (
    backup,
    check,
    demo,
    explain,
    export,
    grade,
    ingest,
    mllp,
    picture,
    restore,
    terminal,
    user,
    watch,
)
from monitoring.concepts import DictionaryRefused, dictionary
from monitoring.grading.picture import PictureRefused
from monitoring.ingest import FileRefused
from monitoring.settings import SettingRefused
from monitoring.store import StoreUnavailable

_VERBS = {
    "ingest": ingest,
    "grade": grade,
    "picture": picture,
    "explain": explain,
    "demo": demo,
    "check": check,
    "user": user,
    "mllp": mllp,
    "watch": watch,
    "backup": backup,
    "restore": restore,
    "export": export,
}
_INTERRUPTED = 130
_HELP_WIDTH = 78


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one verb and return its exit code; every expected failure is one sentence on standard error and exit 2."""
    asked = _parser().parse_args(arguments)
    try:
        dictionary()
    except (DictionaryRefused, tomllib.TOMLDecodeError, ValidationError, OSError) as refused:
        return _refuse(f"the reference data in data/reference cannot be used: {' '.join(str(refused).split())}")
    try:
        code: int = asked.run(asked)
        sys.stdout.flush()
    except (
        FileRefused,
        TimeRefused,
        PictureRefused,
        StoreUnavailable,
        SettingRefused,
        terminal.CallRefused,
    ) as refused:
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


def _refuse(sentence: str) -> int:
    terminal.note(f"monitoring: {sentence}")
    return terminal.UNUSABLE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m monitoring",
        description="Post-infusion toxicity monitor. Decision support for clinician review; not a medical device.",
        epilog="Exit codes: 0 done; 1 check found something; 2 the call or the input is unusable; "
        "3 done, and something was quarantined.",
    )
    verbs = parser.add_subparsers(required=True, metavar="VERB")
    for name, verb in _VERBS.items():
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
