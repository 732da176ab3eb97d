"""The front door: routes, headers, its log, and what it answers while a process is away."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import stat
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import httpx
import psutil
import pytest

from sciplat.processes.caddy import find_caddy


@pytest.fixture(scope="module")
def without_web(small: Any) -> Any:
    """The small instance while its web process is away; to be used after all that needs it."""
    (small.home / "fail-web").touch()
    os.kill(small.pid("web"), signal.SIGKILL)
    while small.get("/").status_code == 200:
        pass
    return small


def test_the_program_comes_with_its_package() -> None:
    assert os.access(find_caddy(), os.X_OK)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/", "web"),
        ("/portal/query", "web"),
        ("/api/tap/sync", "web"),
        ("/api/viewsort", "web"),
        ("/api/views", "views"),
        ("/api/views/1/rows", "views"),
        ("/api/rows/count", "views"),
    ],
)
def test_a_path_leads_to_its_process(small: Any, path: str, name: str) -> None:
    assert small.get(path).json()["name"] == name


def test_both_loopback_addresses_are_the_portal(small: Any) -> None:
    assert httpx.get(f"http://[::1]:{small.port}/", trust_env=False).status_code == 200
    assert httpx.get(f"http://localhost:{small.port}/", trust_env=False).status_code == 200


def test_the_host_of_the_request_reaches_the_process(small: Any) -> None:
    headers = small.get("/", headers={"Host": "nb.localhost:1"}).json()["headers"]

    assert headers["host"] == "nb.localhost:1"
    assert headers["x-forwarded-host"] == "nb.localhost:1"


def test_what_a_client_says_about_who_it_is_goes_no_further(small: Any) -> None:
    told = {
        "X-Forwarded-For": "6.6.6.6",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Prefix": "/evil",
        "Forwarded": "for=6.6.6.6",
        "X-Real-IP": "6.6.6.6",
    }
    answer = small.get("/", headers=told).json()

    assert answer["client"][0] == "127.0.0.1"
    assert answer["scheme"] == "http"
    assert not [value for value in answer["headers"].values() if "6.6.6.6" in value or "evil" in value]


def test_answers_say_nothing_of_the_server_and_keep_every_challenge(small: Any) -> None:
    headers = small.get("/").headers

    assert headers["server"] == "sciplat"
    assert "via" not in headers
    assert headers.get_list("www-authenticate") == ['Basic realm="x"', "Bearer"]


def test_pages_are_compressed_and_tables_are_not(small: Any) -> None:
    accept = {"Accept-Encoding": "gzip, zstd"}

    assert small.get("/page", headers=accept).headers["content-encoding"] in {"gzip", "zstd"}
    assert "content-encoding" not in small.get("/votable", headers=accept).headers
    assert "content-encoding" not in small.get("/page", headers={"Accept-Encoding": "identity"}).headers


def test_too_many_header_bytes_are_refused(small: Any) -> None:
    with socket.create_connection(("127.0.0.1", small.port), timeout=10) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nX-Long: " + b"x" * (65_536 + 4096))
        assert connection.recv(12) == b"HTTP/1.1 431"


def test_the_admin_socket_is_the_owners_alone_and_no_port_leads_to_it(small: Any) -> None:
    path = Path(small.record["directory"]) / "caddy-admin.sock"

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    listening = psutil.Process(small.pid("caddy")).net_connections(kind="tcp")
    ports = {connection.laddr.port for connection in listening if connection.status == psutil.CONN_LISTEN}
    assert ports == {small.port}


def test_the_admin_socket_answers(small: Any) -> None:
    connection = http.client.HTTPConnection("localhost")
    connection.sock = socket.socket(socket.AF_UNIX)
    connection.sock.connect(str(Path(small.record["directory"]) / "caddy-admin.sock"))
    connection.request("GET", "/config/apps/http/servers/front/listen")

    listeners = json.load(connection.getresponse())

    assert listeners[0] == f"tcp4/127.0.0.1:{small.port}"
    connection.close()


def test_a_request_is_logged_without_query_headers_and_tokens(small: Any, wait_for: Any) -> None:
    headers = {"Authorization": "Bearer sp-key.secret", "Cookie": "session=sp-key.secret"}
    small.get("/api/sp-key.secret/logged?QUERY=SELECT&token=sp-key.secret", headers=headers)
    path = small.home / "logs" / "caddy.log"
    wait_for(lambda: "/logged" in path.read_text() or "/api/" in path.read_text().splitlines()[-1])

    line = json.loads(path.read_text().splitlines()[-1])
    assert line["request"]["uri"].startswith("/api/")
    assert line["request"]["method"] == "GET"
    assert line["status"] == 200
    assert {"time", "level", "logger", "message", "duration", "size"} <= set(line)
    assert not [word for word in ("secret", "SELECT", "Cookie", "Authorization") if word in path.read_text()]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_caddy_keeps_everything_in_the_home(small: Any) -> None:
    assert (small.home / "caddy").is_dir()
    environment = psutil.Process(small.pid("caddy")).environ()
    assert environment["XDG_DATA_HOME"] == environment["XDG_CONFIG_HOME"] == str(small.home / "caddy")


def test_without_web_health_is_503_with_the_states(without_web: Any) -> None:
    answer = without_web.get("/api/health")

    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "1"
    assert answer.headers["content-type"] == "application/json"
    assert "etag" not in answer.headers
    assert answer.json()["status"] == "starting"
    assert answer.json()["components"]["views"] == "up"
    assert answer.json()["components"]["web"] in {"down", "starting"}


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/api/tap/sync"), ("POST", "/api/tap/sync"), ("GET", "/api/scs/gaia.gaia_source")],
)
def test_without_web_services_of_the_ivoa_answer_an_error_document(
    without_web: Any, method: str, path: str
) -> None:
    answer = httpx.request(method, without_web.url + path, params={"QUERY": "SELECT 1"}, trust_env=False)

    assert answer.status_code == 503
    assert answer.headers["content-type"] == "application/x-votable+xml"
    info = ET.fromstring(answer.content).find(".//{*}INFO")
    assert info is not None
    assert (info.get("name"), info.get("value")) == ("QUERY_STATUS", "ERROR")


def test_without_images_soda_answers_in_its_own_words(without_web: Any) -> None:
    answer = without_web.get("/api/soda/sync")

    assert answer.status_code == 503
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.text.startswith("ServiceUnavailable: ")


def test_without_web_other_doors_of_the_api_answer_json(without_web: Any) -> None:
    answer = without_web.get("/api/identity")

    assert answer.status_code == 503
    assert answer.json()["error"]["code"] == "unavailable"


def test_without_web_a_page_says_so_and_comes_back_by_itself(without_web: Any) -> None:
    answer = without_web.get("/portal")

    assert answer.status_code == 503
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert '<meta http-equiv="refresh" content="1">' in answer.text
    assert "{ display: grid;" in answer.text  # what stands in braces is the page's, not Caddy's
    assert answer.headers["retry-after"] == "1"
    assert answer.headers["server"] == "sciplat"


def test_without_web_views_go_on(without_web: Any) -> None:
    assert without_web.get("/api/views/1").status_code == 200
