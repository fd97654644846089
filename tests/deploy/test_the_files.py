"""The files a site installs: right in their own syntax, and what docs/deploy.md says of them is so."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from programs import CADDYFILES, DEPLOY, caddy_file, nginx_file, proxy, ran

ROOT = DEPLOY.parent
PAGE = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")


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
    """But for its first line, the names of the processes and the site's own log, which a container has nowhere."""
    one, containers = ((DEPLOY / name).read_text(encoding="utf-8").split("\n", 1)[1] for name in CADDYFILES)
    own_log = "\tlog {\n\t\toutput file /var/log/caddy/ward.log\n\t\timport without_query\n\t}\n"
    assert own_log in one
    assert one.replace(own_log, "").replace("127.0.0.1:8501 127.0.0.1:8502", "ward1:8501 ward2:8501") == containers


@pytest.mark.parametrize("name", CADDYFILES)
def test_caddy_understands_its_file(name: str, tmp_path: Path) -> None:
    whole = caddy_file(name, tmp_path)
    done = ran(proxy("caddy", name), "validate", "--adapter", "caddyfile", "--config", str(whole))
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
    done = ran(nginx, "-t", "-c", str(nginx_file(tmp_path)), "-e", str(tmp_path / "error.log"))
    assert done.returncode == 0, done.stderr


def test_no_server_of_nginx_keeps_a_log_with_query_strings() -> None:
    """One that says nothing writes the whole request, a one-time link included, where all of nginx logs."""
    servers = re.split(r"^server {", (DEPLOY / "nginx.conf").read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    assert len(servers) == 2
    for kept in ("access_log /var/log/nginx/ward.log ward;", "error_log  /dev/null emerg;"):
        assert [server for server in servers if kept not in server] == []


@pytest.mark.parametrize("name", [*CADDYFILES, "nginx.conf"])
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
