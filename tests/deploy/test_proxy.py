"""The Dagster UI behind nginx as it is shipped: who may look, who may act, what stays closed."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.sync.client import connect

from ioc_pipelines.home import PROJECT
from tests.e2e.province import Province

pytestmark = pytest.mark.e2e

NGINX = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
CONFIGURATION = PROJECT / "docs" / "deploy" / "nginx"
IOC = Path(sys.executable).with_name("ioc")
ENGINEER, READER = ("ky-su", "mat-khau-1"), ("lanh-dao", "mat-khau-2")
LAUNCH = """
mutation($params: ExecutionParams!) { launchRun(executionParams: $params) { __typename } }
"""
PUBLISH = {
    "selector": {
        "repositoryName": "__repository__",
        "repositoryLocationName": "ioc",
        "jobName": "publish",
    },
    "runConfigData": {},
}
MAIN = """
daemon off;
pid {prefix}/nginx.pid;
error_log stderr warn;
{user}
events {{}}
http {{
    include /etc/nginx/mime.types;
    access_log off;
    client_body_temp_path {prefix}/body;
    proxy_temp_path {prefix}/proxy;
    fastcgi_temp_path {prefix}/fastcgi;
    uwsgi_temp_path {prefix}/uwsgi;
    scgi_temp_path {prefix}/scgi;
    include {prefix}/ioc.conf;
}}
"""


@dataclass(frozen=True)
class Site:
    """The web server's address, and how it proves itself."""

    port: int
    plain: int
    trust: ssl.SSLContext

    def get(self, path: str, who: tuple[str, str] | None, **headers: str) -> httpx.Response:
        url = f"https://localhost:{self.port}{path}"
        return httpx.get(url, auth=who, headers=headers, verify=self.trust, timeout=60)

    def launch(self, who: tuple[str, str] | None, **headers: str) -> httpx.Response:
        url = f"https://localhost:{self.port}/graphql"
        body = {"query": LAUNCH, "variables": {"params": PUBLISH}}
        return httpx.post(url, auth=who, json=body, headers=headers, verify=self.trust, timeout=120)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    if NGINX is None:
        pytest.skip("nginx is not installed (package nginx-light)")
    prefix = tmp_path_factory.mktemp("proxy")
    province = Province(prefix / "data", "hung_yen")
    for name in ("acceptance", "feedback"):
        folder = province.home / "reports" / name
        folder.mkdir(parents=True)
        (folder / "trang.html").write_text("<p>Nghiệm thu</p>", encoding="utf-8")
    ports = free_ports(4)
    certificate(prefix)
    configure(prefix, province.base, ports)
    with ExitStack() as running:
        for port, options in ((ports[0], []), (ports[1], ["--read-only"])):
            command = [IOC, "webserver", "--port", str(port), *options]
            running.enter_context(started(command, province.environment(), port))
        for name, port in (("reports.conf", None), ("nginx.conf", ports[2])):
            running.enter_context(started([NGINX, "-c", prefix / name], {}, port))
        trust = ssl.create_default_context(cafile=prefix / "cert.pem")
        yield Site(ports[2], ports[3], trust)


def configure(prefix: Path, data: Path, ports: list[int]) -> None:
    """The shipped files with other paths and ports."""
    changes = {
        "127.0.0.1:3000": f"127.0.0.1:{ports[0]}",
        "127.0.0.1:3001": f"127.0.0.1:{ports[1]}",
        "listen 443 ssl": f"listen 127.0.0.1:{ports[2]} ssl",
        "listen 80": f"listen 127.0.0.1:{ports[3]}",
        "ioc.example.vn": "localhost",
        "/etc/nginx/ioc": str(prefix),
        "/run/ioc-reports": str(prefix / "run"),
        "/var/lib/ioc": str(data),
    }
    user = "user root;" if os.getuid() == 0 else ""
    (prefix / "run").mkdir()
    for name in ("ioc.conf", "reports.conf"):
        text = (CONFIGURATION / name).read_text(encoding="utf-8")
        for old, new in changes.items():
            text = text.replace(old, new)
        (prefix / name).write_text(f"{user}\n{text}" if name == "reports.conf" else text)
    (prefix / "nginx.conf").write_text(MAIN.format(prefix=prefix, user=user))
    lines = [f"{name}:{hashed(password)}" for name, password in (ENGINEER, READER)]
    (prefix / "users").write_text("\n".join([*lines, ""]))
    (prefix / "engineers.map").write_text(f"{ENGINEER[0]} engineers;\n")


def hashed(password: str) -> str:
    done = subprocess.run(
        ["openssl", "passwd", "-6", password], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def certificate(prefix: Path) -> None:
    made = f"-x509 -newkey rsa:2048 -nodes -days 2 -keyout {prefix}/key.pem -out {prefix}/cert.pem"
    named = "-subj /CN=localhost -addext subjectAltName=DNS:localhost"
    subprocess.run(
        ["openssl", "req", *made.split(), *named.split()], check=True, capture_output=True
    )


def free_ports(count: int) -> list[int]:
    with ExitStack() as open_:
        sockets = [open_.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


@contextmanager
def started(command: list[Any], environment: dict[str, str], port: int | None) -> Iterator[None]:
    """A program that answers on its port, with all its processes, until the end."""
    process = subprocess.Popen(
        command,
        env=environment,
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    try:
        for _ in range(1200):
            if port is None or answers(port):
                break
            if process.poll() is not None:
                assert process.stderr is not None
                pytest.fail(process.stderr.read())
            time.sleep(0.1)
        else:
            pytest.fail(f"{command[:2]} does not answer")
        yield
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
        process.communicate(timeout=60)


def answers(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


def test_nobody_comes_in_without_a_password(site: Site) -> None:
    for path in ("/", "/graphql", "/reports/acceptance/trang.html", "/reports/feedback/trang.html"):
        assert site.get(path, None).status_code == (403 if "feedback" in path else 401), path
        assert site.get(path, (ENGINEER[0], "sai")).status_code == 401, path
    assert site.launch(None).status_code == 401
    plain = httpx.get(f"http://127.0.0.1:{site.plain}/", headers={"Host": "localhost"})
    assert plain.status_code == 301
    assert plain.headers["location"].startswith("https://")


def test_a_reader_looks_and_starts_nothing(site: Site) -> None:
    page = site.get("/", READER)
    assert page.status_code == 200
    assert "dagster" in page.text.lower()
    answer = site.launch(READER).json()
    assert answer["data"]["launchRun"]["__typename"] == "UnauthorizedError"


def test_an_engineer_starts_a_run(site: Site) -> None:
    answer = site.launch(ENGINEER).json()
    assert answer["data"]["launchRun"]["__typename"] == "LaunchRunSuccess"


def test_a_name_that_a_client_claims_is_worth_nothing(site: Site) -> None:
    claimed = {"X-Remote-User": ENGINEER[0], "Remote-User": ENGINEER[0]}
    answer = site.launch(READER, **claimed).json()
    assert answer["data"]["launchRun"]["__typename"] == "UnauthorizedError"


def test_another_site_cannot_use_the_browser_of_an_engineer(site: Site) -> None:
    assert site.launch(ENGINEER, Origin="https://dich.example").status_code == 403
    assert site.launch(ENGINEER, Origin="null").status_code == 403
    own = site.launch(ENGINEER, Origin=f"https://localhost:{site.port}")
    assert own.json()["data"]["launchRun"]["__typename"] == "LaunchRunSuccess"


@pytest.mark.parametrize("who", [ENGINEER, READER])
def test_subscriptions_pass(site: Site, who: tuple[str, str]) -> None:
    name, password = who
    url = f"wss://{name}:{password}@localhost:{site.port}/graphql"
    with connect(url, ssl=site.trust, subprotocols=["graphql-ws"]) as opened:  # type: ignore[list-item]
        opened.send(json.dumps({"type": "connection_init", "payload": {}}))
        assert json.loads(opened.recv(timeout=60))["type"] == "connection_ack"


def test_reports_are_read_by_those_they_are_for(site: Site) -> None:
    page = site.get("/reports/acceptance/trang.html", READER)
    assert (page.status_code, page.text) == (200, "<p>Nghiệm thu</p>")
    assert site.get("/reports/feedback/trang.html", READER).status_code == 403
    assert site.get("/reports/feedback/trang.html", ENGINEER).status_code == 200
    assert site.get("/reports//feedback/trang.html", READER).status_code == 403
    assert site.get("/reports/acceptance/%2e%2e/feedback/trang.html", READER).status_code == 403
    for path in ("/reports/", "/reports/feedback/", "/reports/../hash.key"):
        assert site.get(path, ENGINEER).status_code in {403, 404} or path.endswith("key"), path


def test_what_is_said_of_the_site_keeps_browsers_careful(site: Site) -> None:
    headers = site.get("/", READER).headers
    assert headers["strict-transport-security"] == "max-age=31536000"
    for name, said in (("x-content-type-options", "nosniff"), ("x-frame-options", "SAMEORIGIN")):
        assert headers.get_list(name) == [said]
    assert headers["server"] == "nginx"
    assert site.get("/metrics", ENGINEER).status_code == 404
