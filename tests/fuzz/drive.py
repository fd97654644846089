"""Mutate real input and look for a traceback, a hang or a row that vanished: `python -m tests.fuzz.drive csv 600`.

Formats: csv, clif, fhir, hl7v2, auto. The second argument is the seconds to go on. Needs `atheris`, which no list of
this project names: it is run by hand. What it finds becomes a file in `corpus/`, which the suite reads.
"""

from __future__ import annotations

import importlib
import sys
import tempfile
from pathlib import Path

SEEDS = Path(__file__).parent / "corpus"
DICTIONARY = ('"patient_id"', '"time"', '"concept"', '"2026-03-05T08:00Z"', '"MSH|"', '"OBX|"', '"resourceType"')
LONGEST = 4096
atheris = importlib.import_module("atheris")  # by name: it is in no list of requirements

with atheris.instrument_imports(include=["monitoring.ingest", "monitoring.clock"]):
    from tests.fuzz.hostile import read_without_harm


def main() -> None:
    """Run the fuzzer; it prints and keeps what it finds, and exits with 77 then."""
    fmt, seconds = sys.argv[1], sys.argv[2]
    with tempfile.TemporaryDirectory() as folder:
        words = Path(folder) / "words.txt"
        words.write_text("\n".join(DICTIONARY) + "\n")
        (Path(folder) / "new").mkdir()
        options = [
            f"-max_total_time={seconds}",
            f"-max_len={LONGEST}",
            f"-dict={words}",
            "-timeout=10",
            "-rss_limit_mb=2048",
        ]
        atheris.Setup([sys.argv[0], *options, f"{folder}/new", str(SEEDS)], lambda data: read_without_harm(data, fmt))
        atheris.Fuzz()


if __name__ == "__main__":
    main()
