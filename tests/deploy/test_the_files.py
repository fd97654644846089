"""The files a site installs: right in their own syntax, and what docs/deploy.md says of them is so."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
PAGE = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")


def proxy(name: str, about: str) -> str:
    """The program: installed, or as .ci/system-packages unpacked it beside the Python that runs this."""
    places = [os.environ.get("PATH", os.defpath), "/usr/sbin", str(Path(sys.prefix) / "bin")]
    found = shutil.which(name, path=os.pathsep.join(places))
    if found is None:
        pytest.skip(f"no {name}: {about} was NOT verified")
    return found


def ran(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize("name", sorted(path.name for path in DEPLOY.iterdir()))
def test_every_file_is_named_on_the_page_or_by_one_that_is(name: str) -> None:
    others = [path.read_text(encoding="utf-8") for path in DEPLOY.iterdir() if path.name != name]
    assert f"deploy/{name}" in PAGE or any(name in text for text in others)


def test_every_file_the_page_names_is_there() -> None:
    named = set(re.findall(r"`deploy/([^`]*[a-zA-Z])`", PAGE))
    assert named
    assert [name for name in named if not (DEPLOY / name).is_file()] == []


@pytest.mark.parametrize("name", ["monitoring.service", "monitoring@.service"])
def test_systemd_understands_the_units(name: str, tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip(f"no systemd-analyze: {name} was NOT verified")
    text = (DEPLOY / name).read_text(encoding="utf-8")
    # where it is tested neither the account nor the checkout of the site exists
    text = text.replace("/srv/monitoring/.venv/bin/streamlit", "/bin/true").replace("/srv/monitoring", str(ROOT))
    text = re.sub(r"^(User|Group)=.*$", "", text, flags=re.MULTILINE).replace("EnvironmentFile=", "EnvironmentFile=-")
    unit = tmp_path / name.replace("@", "@8501")
    unit.write_text(text, encoding="utf-8")
    done = ran("systemd-analyze", "verify", "--man=no", str(unit))
    about_it = [line for line in (done.stdout + done.stderr).splitlines() if unit.name in line]
    assert about_it == []


def test_systemd_is_heard_to_complain(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("no systemd-analyze: nothing was verified")
    unit = tmp_path / "monitoring.service"
    unit.write_text("[Service]\nExecStart=/bin/true\nRestart=sometimes\n", encoding="utf-8")
    done = ran("systemd-analyze", "verify", "--man=no", str(unit))
    assert "sometimes" in done.stdout + done.stderr


def test_the_composition_holds_together() -> None:
    yaml = pytest.importorskip("yaml", reason="no YAML reader: compose.yaml was NOT read")
    said = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    services, volumes = said["services"], set(said["volumes"])
    assert set(services) == {"database", "ward1", "ward2", "caddy"}
    for name, service in services.items():
        allowed = {"image", "build", "restart", "depends_on", "environment", "healthcheck", "read_only", "tmpfs"}
        allowed |= {"cap_drop", "security_opt", "stop_grace_period", "volumes", "ports"}
        assert set(service) <= allowed, name
        assert ("image" in service) != ("build" in service), name
        assert set(service.get("depends_on", ())) <= set(services), name
        for volume in service.get("volumes", ()):
            source = volume.split(":")[0]
            assert source in volumes or (DEPLOY / source).is_file(), volume
    ward = services["ward1"]
    assert ward == services["ward2"], "a process is like the other"
    assert (ROOT / ward["build"]["dockerfile"]).is_file()
    assert "ports" not in ward, "the processes are behind the proxy"
    assert "ports" not in services["database"]
    settings = (ROOT / "monitoring" / "settings.py").read_text(encoding="utf-8")
    assert [name for name in ward["environment"] if name.removeprefix("MONITORING_") not in settings] == []
    upstream = (DEPLOY / "Caddyfile.compose").read_text(encoding="utf-8")
    assert "reverse_proxy ward1:8501 ward2:8501" in upstream


def test_the_containers_are_one_with_the_proxy_of_one_machine() -> None:
    def proxied(name: str) -> list[str]:
        text = (DEPLOY / name).read_text(encoding="utf-8")
        return re.findall(r"^\t\t(\w.*)$", text.split("reverse_proxy", 1)[1].split("\n\t}", 1)[0], flags=re.MULTILINE)

    assert proxied("Caddyfile") == proxied("Caddyfile.compose") != []


@pytest.mark.parametrize("name", ["Caddyfile", "Caddyfile.compose"])
def test_caddy_understands_its_file(name: str, tmp_path: Path) -> None:
    caddy = proxy("caddy", name)
    whole = tmp_path / "Caddyfile"
    text = (DEPLOY / name).read_text(encoding="utf-8").replace("/var/log/caddy/ward.log", str(tmp_path / "ward.log"))
    whole.write_text(text, encoding="utf-8")
    done = ran(caddy, "validate", "--adapter", "caddyfile", "--config", str(whole))
    assert done.returncode == 0, done.stderr


def test_caddy_is_heard_to_complain(tmp_path: Path) -> None:
    whole = tmp_path / "Caddyfile"
    whole.write_text(
        "ward.example.org {\n\treverse_proxy 127.0.0.1:8501 {\n\t\tstick_to_me\n\t}\n}\n", encoding="utf-8"
    )
    done = ran(proxy("caddy", "nothing"), "validate", "--adapter", "caddyfile", "--config", str(whole))
    assert done.returncode != 0
    assert "stick_to_me" in done.stderr


def test_nginx_understands_its_file(tmp_path: Path) -> None:
    nginx = proxy("nginx", "nginx.conf")
    key, certificate = tmp_path / "ward.key", tmp_path / "ward.pem"
    subject = ("-subj", "/CN=ward.example.org", "-keyout", str(key), "-out", str(certificate))
    assert ran("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", *subject).returncode == 0
    text = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
    text = text.replace("/etc/ssl/ward.pem", str(certificate)).replace("/etc/ssl/private/ward.key", str(key))
    text = text.replace("/var/log/nginx/ward.log", str(tmp_path / "ward.log"))
    whole = tmp_path / "nginx.conf"
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    own = "\n".join(f"{kind}_temp_path {tmp_path}/{kind};" for kind in kinds)  # not the folders of an installed one
    whole.write_text(f"pid {tmp_path}/pid;\nevents {{}}\nhttp {{\n{own}\n{text}\n}}\n", encoding="utf-8")
    done = ran(nginx, "-t", "-c", str(whole), "-e", str(tmp_path / "error.log"))
    assert done.returncode == 0, done.stderr


def test_every_server_of_nginx_keeps_the_log_without_query_strings() -> None:
    """One that says nothing writes the whole request, a one-time link included, where all of nginx logs."""
    servers = re.split(r"^server {", (DEPLOY / "nginx.conf").read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    assert len(servers) == 2
    assert [server for server in servers if "access_log /var/log/nginx/ward.log ward;" not in server] == []


@pytest.mark.parametrize("name", ["Caddyfile", "Caddyfile.compose", "nginx.conf"])
def test_a_proxy_keeps_a_browser_with_one_process_and_sets_who_asks(name: str) -> None:
    text = (DEPLOY / name).read_text(encoding="utf-8")
    assert "lb_policy cookie" in text or "hash $ward_sticky" in text
    assert "X-Forwarded-For" in text
    assert "$proxy_add_x_forwarded_for" not in text, "a visitor's own header would be believed"
    assert text.count("{") == text.count("}")


def test_the_image_holds_what_the_application_opens_and_no_data() -> None:
    copied = re.findall(r"^COPY (?:--\S+ )?(.+) \S+$", (ROOT / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE)
    sources = {source for line in copied for source in line.split()}
    program = {"dashboard.py", ".streamlit", "monitoring", "pages", "data/reference"}
    assert sources == program | {"requirements.txt", "requirements-lock.txt"}
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines() if line[:1] == "!"}
    assert let_in == sources
