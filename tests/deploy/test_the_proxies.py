"""The proxies of deploy/ as programs that run: what they keep of a request, and what they do when a process is gone."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import httpx
import pytest
from programs import CADDYFILES, caddy_file, nginx_file, proxy

from tests.ports import free_port

LINK = "only-once-and-for-one"
ASKED = f"/auth/set-password?link={LINK}&next=%2Fpatient%3Fp%3D{LINK}"
PATIENCE = 20.0
"""Seconds, far more than any of these waits: a wait for ever is what is looked for."""
NOTHING: Mapping[str, str] = {}
SOON = {
    "nginx": {"read_timeout 10s": "read_timeout 1s", "read_timeout 60s": "read_timeout 1s"},
    "caddy": {"header_timeout 15s": "header_timeout 1s", "lb_try_duration 5s": "lb_try_duration 300ms"},
}
"""The waits that are part of what is tested, made short: each still in the place the file gives it."""
VISITORS = 20
"""So many that some of them belong to each process, whatever the ports hash to."""


class Process(BaseHTTPRequestHandler):
    """What stands for a process of the ward: a body is answered late, a download comes in drops."""

    protocol_version = "HTTP/1.1"
    bodies: list[bytes] = []  # noqa: RUF012 - one for all of them, emptied by the test that looks

    def do_GET(self) -> None:
        self._head(chunked=True)
        for _ in range(4 if self.path == "/media/long" else 1):
            time.sleep(0.5 if self.path == "/media/long" else 0)
            self.wfile.write(b"4\r\ndrop\r\n")
            self.wfile.flush()
        self.wfile.write(b"0\r\n\r\n")

    def do_POST(self) -> None:
        self.bodies.append(self._body())
        if self.path == "/api/fhir":
            time.sleep(1.5)
        self._head(chunked=False)

    def _body(self) -> bytes:
        if "content-length" in self.headers:
            return self.rfile.read(int(self.headers["content-length"]))
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _head(self, *, chunked: bool) -> None:
        self.send_response(200)
        self.send_header("Location", f"/auth/sign-in?next={LINK}")
        self.send_header(*(("Transfer-Encoding", "chunked") if chunked else ("Content-Length", "0")))
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing: the test reads what the proxy writes."""


@contextmanager
def answering() -> Iterator[int]:
    """A process that answers; its port."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Process) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()


@contextmanager
def hanging() -> Iterator[int]:
    """A process that takes every connection and never says anything; its port."""
    with socket.create_server(("127.0.0.1", 0), backlog=100) as listener:
        yield listener.getsockname()[1]


@contextmanager
def started(words: list[str], folder: Path, port: int) -> Iterator[None]:
    """The proxy while it serves `port`; what it says goes to `folder`."""
    own = {**os.environ, "HOME": str(folder), "XDG_CONFIG_HOME": str(folder), "XDG_DATA_HOME": str(folder)}
    with (folder / "said").open("ab") as said:
        process = subprocess.Popen(words, env=own, stdout=said, stderr=said)
    try:
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until and process.poll() is None:
            with socket.socket() as asked:
                if asked.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        else:
            pytest.fail((folder / "said").read_text(encoding="utf-8"))
        yield
    finally:
        process.terminate()
        process.wait(PATIENCE)


@contextmanager
def nginx(folder: Path, first: int, second: int, shorter: Mapping[str, str] = NOTHING) -> Iterator[str]:
    """Its address, in front of two processes; `shorter`: a line of the file, and the one that stands for it."""
    program = proxy("nginx", "what nginx keeps and does")
    ports = {"80": free_port(), "443": free_port(), "8501": first, "8502": second}
    whole = nginx_file(folder, ports, "daemon off;\nmaster_process off;")
    _shorten(whole, shorter)
    with started([program, "-c", str(whole), "-e", str(folder / "error.log")], folder, ports["443"]):
        httpx.get(f"http://127.0.0.1:{ports['80']}{ASKED}", headers={"Referer": f"https://ward.example.org{ASKED}"})
        yield f"https://127.0.0.1:{ports['443']}"


@contextmanager
def caddy(name: str, folder: Path, first: int, second: int, shorter: Mapping[str, str] = NOTHING) -> Iterator[str]:
    program = proxy("caddy", f"what Caddy keeps and does by {name}")
    ports = {"443": free_port(), "8501": first, "8502": second}
    whole = caddy_file(name, folder, ports)
    _shorten(whole, shorter)
    with started([program, "run", "--adapter", "caddyfile", "--config", str(whole)], folder, ports["443"]):
        yield f"http://127.0.0.1:{ports['443']}"


def _shorten(whole: Path, shorter: Mapping[str, str]) -> None:
    text = whole.read_text(encoding="utf-8")
    for line, instead in shorter.items():
        assert line in text
        text = text.replace(line, instead)
    whole.write_text(text, encoding="utf-8")


def seen_by(url: str, visitor: int = 0) -> dict[str, str]:
    """The headers of a browser that follows the link."""
    host = f"ward.example.org:{url.rsplit(':', 1)[1]}"
    return {"Host": host, "Cookie": f"ward_session={visitor}", "Referer": f"https://{host}{ASKED}"}


def ask(url: str, path: str, visitor: int = 0) -> httpx.Response:
    # verify: the certificate is the test's own
    return httpx.get(url + path, headers=seen_by(url, visitor), verify=False, timeout=PATIENCE)  # noqa: S501


def kept(folder: Path) -> str:
    """All that the proxy wrote, wherever."""
    given = {"nginx.conf", "Caddyfile", "ward.key", "ward.pem"}
    files = [path for path in folder.rglob("*") if path.is_file() and path.name not in given]
    return "\n".join(path.read_text(encoding="utf-8") for path in files)


def test_nginx_keeps_no_link_and_says_which_process_refused(tmp_path: Path) -> None:
    gone = free_port()
    with answering() as second, nginx(tmp_path, gone, second) as url:
        assert {ask(url, ASKED, visitor).status_code for visitor in range(VISITORS)} == {200}
    assert f'"127.0.0.1:{gone}, 127.0.0.1:{second}" "502, 200"' in kept(tmp_path)
    with nginx(tmp_path, free_port(), free_port()) as url:
        assert ask(url, ASKED).status_code == 502
    text = kept(tmp_path)
    assert "GET /auth/set-password 502" in text
    assert LINK not in text


@pytest.mark.parametrize("name", CADDYFILES)
def test_caddy_keeps_no_link_and_says_what_failed(name: str, tmp_path: Path) -> None:
    with answering() as second, caddy(name, tmp_path, free_port(), second) as url:
        assert ask(url, ASKED).status_code == 200
    with caddy(name, tmp_path, free_port(), free_port(), SOON["caddy"]) as url:
        assert ask(url, ASKED).status_code in {502, 503}
    text = kept(tmp_path)
    assert (tmp_path / "ward.log").exists() == (name == "Caddyfile"), "the site's own log is there"
    assert '"uri":"/auth/set-password"' in text
    assert '"http.log.error' in text
    assert "connection refused" in text
    assert LINK not in text


@pytest.mark.parametrize("path", ["/api/board", "/"])
def test_nginx_asks_the_other_process_where_one_hangs(path: str, tmp_path: Path) -> None:
    with hanging() as first, answering() as second, nginx(tmp_path, first, second, SOON["nginx"]) as url:
        assert {ask(url, path, visitor).status_code for visitor in range(VISITORS)} == {200}
    assert f'"127.0.0.1:{first}, 127.0.0.1:{second}" "504, 200"' in kept(tmp_path)


def test_caddy_gives_up_a_process_that_hangs_and_then_asks_the_other_one(tmp_path: Path) -> None:
    with (
        hanging() as first,
        answering() as second,
        caddy("Caddyfile", tmp_path, first, second, SOON["caddy"]) as url,
    ):
        until, heard = time.monotonic() + PATIENCE, [0]
        while set(heard[-VISITORS:]) != {200} and time.monotonic() < until:
            heard.append(ask(url, "/api/board").status_code)
    assert heard[-VISITORS:] == [200] * VISITORS
    assert set(heard[1:]) <= {200, 504}


@pytest.mark.parametrize("which", ["nginx", "caddy"])
def test_what_takes_long_is_neither_cut_off_nor_sent_twice(which: str, tmp_path: Path) -> None:
    """An upload that comes slowly, what machines send and is stored slowly, a download that comes slowly."""

    def slowly() -> Iterator[bytes]:
        for _ in range(4):
            time.sleep(0.5)
            yield b"drop"

    with answering() as first, answering() as second:
        ports = (tmp_path, first, second, SOON[which])
        serving = nginx(*ports) if which == "nginx" else caddy("Caddyfile", *ports)
        Process.bodies.clear()
        with serving as url:
            asked = {"headers": seen_by(url), "verify": False, "timeout": PATIENCE}
            uploaded = httpx.post(f"{url}/_stcore/upload_file/x", content=slowly(), **asked)
            stored = httpx.post(f"{url}/api/fhir", content=b"facts", **asked)
            downloaded = httpx.get(f"{url}/media/long", **asked)
    assert [answer.status_code for answer in (uploaded, stored, downloaded)] == [200, 200, 200]
    assert downloaded.text == "drop" * 4
    assert Process.bodies == [b"drop" * 4, b"facts"]
