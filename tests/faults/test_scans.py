"""`make check` sees a planted key, a vulnerable dependency, and says loudly when nobody could be asked."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import string
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CAPITALS = string.ascii_uppercase + string.digits


def letters(count: int, of: str = string.ascii_letters + string.digits) -> str:
    return "".join(secrets.choice(of) for _ in range(count))


def planted() -> list[tuple[str, str]]:
    """Made at the time of the test: as literals they would be findings themselves."""
    return [
        ("a cloud key", f'key = "AKIA{letters(16, CAPITALS)}"'),
        ("a private key", f"-----BEGIN {'RSA '}PRIVATE KEY-----"),
        ("a repository token", f'token = "ghp_{letters(36)}"'),
        ("a password beside its name", f'password = "{letters(12)}"'),
        ("a password in an address", f"postgresql://ward:{letters(12)}@db/ward"),
    ]


def run(*words: str | Path, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    who = dict.fromkeys(("GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL"), "test")
    env = {**os.environ, **who, "PYTHON": sys.executable}
    return subprocess.run([*map(str, words)], cwd=cwd, capture_output=True, text=True, check=False, env=env)


@pytest.mark.parametrize("at", range(len(planted())), ids=[case for case, _ in planted()])
def test_a_planted_secret_is_found_and_not_repeated(at: int, tmp_path: Path) -> None:
    _, line = planted()[at]
    file = tmp_path / "settings.py"
    file.write_text(f"site = 7\n{line}\n", encoding="utf-8")
    done = run(sys.executable, ".ci/scan_secrets.py", file)
    assert done.returncode == 1
    assert f"{file}:2: " in done.stdout
    assert line not in done.stdout
    file.write_text("site = 7\n", encoding="utf-8")
    assert run(sys.executable, ".ci/scan_secrets.py", file).returncode == 0


def test_a_commit_with_a_secret_is_refused(tmp_path: Path) -> None:
    shutil.copytree(ROOT / ".ci", tmp_path / ".ci", ignore=shutil.ignore_patterns("__pycache__"))
    for words in (["init", "-q"], ["config", "core.hooksPath", ".ci/hooks"], ["config", "commit.gpgsign", "false"]):
        assert run("git", *words, cwd=tmp_path).returncode == 0
    (tmp_path / "site.py").write_text("site = 7\n", encoding="utf-8")
    run("git", "add", "site.py", cwd=tmp_path)
    clean = run("git", "commit", "-m", "site", cwd=tmp_path)
    assert clean.returncode == 0, clean.stdout + clean.stderr
    (tmp_path / "site.py").write_text(f"site = 7\n{planted()[0][1]}\n", encoding="utf-8")
    run("git", "add", "site.py", cwd=tmp_path)
    refused = run("git", "commit", "-m", "key", cwd=tmp_path)
    assert refused.returncode != 0
    assert "site.py:2: AWS Access Key" in refused.stdout + refused.stderr
    assert run("git", "log", "--format=%s", cwd=tmp_path).stdout == "site\n"


class Advisories(BaseHTTPRequestHandler):
    """Says of every package named `old-thing` that it is vulnerable."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        known = {
            "id": "PYSEC-2026-1",
            "modified": "2026-01-01T00:00:00Z",
            "summary": "a hole",
            "affected": [
                {
                    "package": {"name": "old-thing", "ecosystem": "PyPI"},
                    "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2.0"}]}],
                    "versions": ["1.0"],
                }
            ],
        }
        said = json.dumps({"vulns": [known]} if asked["package"]["name"] == "old-thing" else {}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(said)))
        self.end_headers()
        self.wfile.write(said)

    def log_message(self, *_words: object) -> None:
        """Nothing on the test's output."""


@contextmanager
def advisories() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Advisories) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/v1/query"
        server.shutdown()
        thread.join()


def scanned(lock: str, service: str, tmp_path: Path) -> subprocess.CompletedProcess[str]:
    file = tmp_path / "lock.txt"
    file.write_text(f"# versions\n{lock}", encoding="utf-8")
    return run(sys.executable, ".ci/scan_dependencies.py", file, "-s", "osv", "--osv-url", service)


def test_a_vulnerable_dependency_fails_the_check_and_is_named_with_its_remedy(tmp_path: Path) -> None:
    with advisories() as service:
        done = scanned("good-thing==3.1\nold-thing==1.0\n", service, tmp_path)
        fine = scanned("good-thing==3.1\nother-thing==2.0\n", service, tmp_path)
    assert (done.returncode, fine.returncode) == (1, 0), done.stderr + fine.stderr
    assert "old-thing 1.0: PYSEC-2026-1, mended in 2.0" in done.stdout
    assert fine.stdout == "2 packages scanned, 0 known vulnerabilities\n"
    assert fine.stderr == ""


def test_without_an_answer_it_says_loudly_that_nothing_was_scanned(tmp_path: Path) -> None:
    done = scanned("good-thing==3.1\n", "http://127.0.0.1:9/v1/query", tmp_path)
    assert done.returncode == 0
    assert "NOT SCANNED for known vulnerabilities" in done.stderr
    assert "packages scanned" not in done.stdout


def test_make_check_runs_both_scans() -> None:
    planned = run("make", "--dry-run", "check", f"VENV={sys.prefix}").stdout
    assert ".ci/scan_secrets.py" in planned
    assert ".ci/scan_dependencies.py" in planned
