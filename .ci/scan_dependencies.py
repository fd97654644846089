"""Known vulnerabilities of everything pinned in requirements-lock.txt, asked by pip-audit.

Exit 0: none known, or nobody could be asked, which is said loudly. Exit 1: some are known, and they are listed.
A package the advisory service has never heard of counts as not asked about, never as safe. Words after the file go
to pip-audit (`-s osv`).
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

_LOCK = Path(__file__).resolve().parent.parent / "requirements-lock.txt"
_NOT_SCANNED = """
  ######################################################################
  NOT SCANNED for known vulnerabilities: {why}
  Run `make check` once where the advisory service can be reached.
  ######################################################################
"""


def asked(pins: list[str], words: list[str]) -> list[dict[str, object]] | None:
    """What is known of each package; None where nobody answers."""
    with tempfile.NamedTemporaryFile("w", suffix=".txt") as listed:
        listed.write("\n".join(pins) + "\n")
        listed.flush()
        fixed = ["--no-deps", "--disable-pip", "--progress-spinner", "off", "--timeout", "10", "-f", "json"]
        command = [sys.executable, "-m", "pip_audit", *fixed, "-r", listed.name, *words]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own words
    try:
        found: list[dict[str, object]] = json.loads(done.stdout)["dependencies"]
    except ValueError:
        return None
    return found


def main(lock: Path, words: list[str]) -> int:
    """Scan a lock file and say what was found. One package is asked about first, so that no answer is known soon."""
    lines = lock.read_text(encoding="utf-8").splitlines()
    pins = [line.split("#")[0].strip() for line in lines if line.strip() and not line.startswith(("#", "-"))]
    first = asked(pins[:1], words)
    if first is None or "skip_reason" in first[0]:
        sys.stderr.write(_NOT_SCANNED.format(why="the advisory service does not answer, or knows no package"))
        return 0
    found = asked(pins, words)
    if found is None:
        sys.stderr.write(_NOT_SCANNED.format(why="the advisory service stopped answering"))
        return 0
    unknown = [str(one["name"]) for one in found if "skip_reason" in one]
    if unknown:
        sys.stderr.write(_NOT_SCANNED.format(why=f"{len(unknown)} of {len(pins)} packages: {', '.join(unknown)}"))
    vulnerable = 0
    for one in found:
        for known in one.get("vulns", []):  # type: ignore[attr-defined]
            vulnerable += 1
            fixed_in = ", ".join(known["fix_versions"]) or "no version yet"
            sys.stdout.write(f"{one['name']} {one['version']}: {known['id']}, mended in {fixed_in}\n")
    sys.stdout.write(f"{len(pins) - len(unknown)} packages scanned, {vulnerable} known vulnerabilities\n")
    return 1 if vulnerable else 0


if __name__ == "__main__":
    given = sys.argv[1:]
    chosen = Path(given.pop(0)) if given and not given[0].startswith("-") else _LOCK
    sys.exit(main(chosen, given))
