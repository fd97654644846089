"""The real programs of a proxy: where they are, how they are run, and what their files become on a test's own ports."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
CADDYFILES = ("Caddyfile", "Caddyfile.compose")


def proxy(name: str, about: str) -> str:
    """The program: installed, or as .ci/system-packages unpacked it beside the Python that runs this."""
    places = [os.environ.get("PATH", os.defpath), "/usr/sbin", str(Path(sys.prefix) / "bin")]
    found = shutil.which(name, path=os.pathsep.join(places))
    if found is None:
        pytest.skip(f"no {name}: {about} was NOT verified")
    return found


def ran(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)


def nginx_file(folder: Path, ports: dict[str, int] | None = None, around: str = "") -> Path:
    """`deploy/nginx.conf` inside the file of an nginx that keeps everything in `folder`.

    `ports`: what the file listens on and asks ("80", "443", "8501", "8502") by what it does here.
    """
    key, certificate = folder / "ward.key", folder / "ward.pem"
    subject = ("-subj", "/CN=ward.example.org", "-keyout", str(key), "-out", str(certificate))
    assert ran("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", *subject).returncode == 0
    text = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
    text = text.replace("/etc/ssl/ward.pem", str(certificate)).replace("/etc/ssl/private/ward.key", str(key))
    text = text.replace("/var/log/nginx/", f"{folder}/")
    for ours, theirs in (ports or {}).items():
        text = re.sub(rf"listen {ours}\b", f"listen 127.0.0.1:{theirs}", text)
        text = text.replace(f"127.0.0.1:{ours} ", f"127.0.0.1:{theirs} ")
    whole = folder / "nginx.conf"
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    own = "\n".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds)  # not the folders of an installed one
    whole.write_text(f"pid {folder}/pid;\n{around}\nevents {{}}\nhttp {{\n{own}\n{text}\n}}\n", encoding="utf-8")
    return whole


def caddy_file(name: str, folder: Path, ports: dict[str, int] | None = None) -> Path:
    """One of the Caddyfiles, logging into `folder`; with `ports` ("443", "8501", "8502") without TLS and on these."""
    text = (DEPLOY / name).read_text(encoding="utf-8").replace("/var/log/caddy/", f"{folder}/")
    if ports:
        text = text.replace("\nward.example.org {", f"\nhttp://ward.example.org:{ports['443']} {{")
        for ours in ("127.0.0.1:8501 127.0.0.1:8502", "ward1:8501 ward2:8501"):
            text = text.replace(ours, f"127.0.0.1:{ports['8501']} 127.0.0.1:{ports['8502']}")
    whole = folder / "Caddyfile"
    whole.write_text(text, encoding="utf-8")
    return whole
