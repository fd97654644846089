"""Keys, tokens and passwords in the files named, else in every tracked file, looked for by detect-secrets.

Exit 1 where there is one, naming file, line and kind, never the secret. What was looked at and is none stands by its
hash in .ci/secrets.baseline (`--baseline` writes it anew), or its line says so: `pragma: allowlist secret`, or for a
password in a test ruff's `noqa: S105` or `S106`.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

from detect_secrets.core.potential_secret import PotentialSecret
from detect_secrets.core.secrets_collection import SecretsCollection
from detect_secrets.settings import default_settings

_ROOT = Path(__file__).resolve().parent.parent
_KNOWN = Path(".ci") / "secrets.baseline"
_SAID = re.compile(r"# noqa: S10[56]\b")
_KEYWORD = "Secret Keyword"


def tracked() -> list[str]:
    """Every tracked file that is there."""
    listed = subprocess.run(["git", "ls-files", "-z"], capture_output=True, text=True, check=True, cwd=_ROOT)  # noqa: S607
    return [name for name in listed.stdout.split("\0") if name and Path(name).is_file()]


def suspected(names: list[str]) -> list[PotentialSecret]:
    """What looks like a secret, and does not say that it is none."""
    found = SecretsCollection()
    with default_settings():
        found.scan_files(*(name for name in names if Path(name) != _KNOWN))
    return sorted((one for _, one in found if not _said(one)), key=lambda one: (one.filename, one.line_number))


def _said(one: PotentialSecret) -> bool:
    if one.type != _KEYWORD:
        return False
    lines = Path(one.filename).read_text(encoding="utf-8", errors="replace").splitlines()
    return bool(_SAID.search(lines[one.line_number - 1]))


def main(words: list[str]) -> int:
    """Scan; or write the baseline."""
    names = [word for word in words if word != "--baseline"] or tracked()
    found = suspected(names)
    if "--baseline" in words:
        kept: dict[str, list[dict[str, str]]] = {}
        for one in found:
            kept.setdefault(one.filename, []).append({"type": one.type, "hashed_secret": one.secret_hash})
        _KNOWN.write_text(json.dumps(kept, indent=1, sort_keys=True) + "\n", encoding="utf-8")
        return 0
    known = {
        (name, one["type"], one["hashed_secret"])
        for name, all_of_file in json.loads(_KNOWN.read_text(encoding="utf-8")).items()
        for one in all_of_file
    }
    new = [one for one in found if (one.filename, one.type, one.secret_hash) not in known]
    for one in new:
        sys.stdout.write(f"{one.filename}:{one.line_number}: {one.type}\n")
    if new:
        sys.stdout.write(
            "Take it out, and make a new one where it was already pushed. If it is none, end its line with "
            "`# pragma: allowlist secret`.\n"
        )
    return 1 if new else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
