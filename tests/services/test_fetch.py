"""Tables are fetched from the open network, and from nowhere else."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from threading import Event, Thread

import pytest

from sciplat.errors import IngestError
from sciplat.services.fetch import fetch, is_open

HOSTS = {"127.0.0.1"}


class Site(BaseHTTPRequestHandler):
    seen: list[dict[str, str]]
    silence: Event

    def do_GET(self) -> None:
        self.seen.append(dict(self.headers))
        match self.path:
            case "/table":
                self._answer(200, b"ra,dec\n1,2\n")
            case "/cut":
                self._answer(200, b"ra,dec\n", length=100)
            case "/loop":
                self._answer(302, b"", location="/loop")
            case "/slow-loop":
                self.silence.wait(0.2)
                self._answer(302, b"", location="/slow-loop")
            case "/moved":
                self._answer(302, b"", location="/table")
            case "/inwards":
                self._answer(302, b"", location="http://169.254.169.254/latest/meta-data/")
            case "/file":
                self._answer(302, b"", location="file:///etc/passwd")
            case "/silent":
                self.silence.wait(30)
            case "/endless":
                self.send_response(200)
                self.end_headers()
                with suppress(OSError):
                    while not self.silence.wait(0.01):
                        self.wfile.write(b"1\n")
            case _:
                self._answer(404, b"not here")

    def _answer(self, status: int, body: bytes, *, location: str = "", length: int | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        if location:
            self.send_header("Location", location)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def site() -> Iterator[tuple[str, list[dict[str, str]]]]:
    seen: list[dict[str, str]] = []
    silence = Event()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Site", (Site,), {"seen": seen, "silence": silence}))
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", seen
    finally:
        silence.set()
        server.shutdown()
        thread.join()
        server.server_close()


def get(url: str, *, seconds: float = 30, hosts: set[str] = HOSTS) -> bytes:
    return b"".join(fetch(url, "t", seconds=seconds, hosts=hosts))


def test_a_table_comes_without_any_credential() -> None:
    with site() as (url, seen):
        assert get(f"{url}/table") == b"ra,dec\n1,2\n"
        assert get(f"{url}/moved") == b"ra,dec\n1,2\n"
    assert not {"Authorization", "Cookie"} & {name for headers in seen for name in headers}


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/nothing", "127.0.0.1 answered 404"),
        ("/cut", "t: "),
        ("/loop", "redirects more than 5 times"),
        ("/inwards", "169.254.169.254 is not on the open Internet"),
        ("/file", "begins with http"),
    ],
)
def test_what_is_no_table_says_why(path: str, message: str) -> None:
    with site() as (url, _), pytest.raises(IngestError, match=message):
        get(url + path)


@pytest.mark.parametrize("path", ["/silent", "/endless"])
def test_a_host_that_never_ends_is_left(path: str) -> None:
    with site() as (url, _), pytest.raises(IngestError, match="took too long"):
        get(url + path, seconds=0.3)


def test_redirects_have_no_time_of_their_own() -> None:
    with site() as (url, seen), pytest.raises(IngestError, match="took too long"):
        get(f"{url}/slow-loop", seconds=0.5)
    assert len(seen) < 4


def test_a_host_that_is_found_too_late_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    found = socket.getaddrinfo
    late = Event()

    def look_up(*where: object, **how: object) -> list[object]:
        assert not late.wait(0.3)  # the alarm comes in the meantime
        return found(*where, **how)  # type: ignore[return-value]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    with site() as (url, seen), pytest.raises(IngestError, match="took too long"):
        get(f"{url}/endless", seconds=0.1)
    assert seen == []


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://localhost/",
        "http://127.1/",
        "http://2130706433/",
        "http://0x7f000001/",
        "http://0/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[::ffff:10.0.0.1]/",
        "http://[64:ff9b::7f00:1]/",
        "http://[2002:7f00:1::]/",
        "http://[fe80::1%25eth0]/",
        "http://[fd00::1]/",
        "http://10.0.0.1/",
        "http://172.16.0.1/",
        "http://192.168.1.1/",
        "http://169.254.169.254/latest/meta-data/",
        "http://100.64.0.1/",
        "http://224.0.0.1/",
        "http://255.255.255.255/",
        "https://127.0.0.1:8443/",
    ],
)
def test_no_private_address_is_connected_to(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "create_connection", lambda *_, **__: pytest.fail("it was connected to"))
    with pytest.raises(IngestError):
        get(url, hosts=set())


def test_a_name_is_looked_up_once_and_the_judged_address_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name server that gives another address the second time gains nothing."""
    answers = iter(["93.184.216.34", "127.0.0.1"])
    connected = []

    def look_up(host: str, port: int, **_: object) -> list[object]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), port))]

    def connect(address: tuple[str, int], **_: object) -> socket.socket:
        connected.append(address)
        raise ConnectionRefusedError(111, "Connection refused")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    monkeypatch.setattr(socket, "create_connection", connect)
    with pytest.raises(IngestError, match="Connection refused"):
        get("http://rebinding.example/", hosts=set())
    assert connected == [("93.184.216.34", 80)]


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("ftp://example.org/x", "begins with http"),
        ("file:///etc/passwd", "begins with http"),
        ("http:///x", "begins with http"),
        ("http://user:word@example.org/", "a user's name"),
        ("http://example.org:99999/", "is no address"),
        ("http://example.org/a b", "percent-encoded"),
        ("http://example.org/\r\nX: y", "percent-encoded|no address|begins"),
    ],
)
def test_an_address_that_is_none_is_refused(url: str, message: str) -> None:
    with pytest.raises(IngestError, match=message):
        get(url)


@pytest.mark.parametrize(
    ("address", "open_"),
    [
        ("8.8.8.8", True),
        ("2606:4700::1", True),
        ("64:ff9b::808:808", True),
        ("::", False),
        ("::7f00:1", False),  # IPv4-compatible, of old
        ("fec0::1", False),  # of a site, of old
        ("64:ff9b::7f00:1", False),
        ("64:ff9b:1::7f00:1", False),
        ("2002:7f00:1::", False),
        ("ff0e::1", False),
        ("100.64.0.1", False),
        ("192.0.0.192", False),
        ("240.0.0.1", False),
    ],
)
def test_open_addresses_are_told_from_others(address: str, open_: bool) -> None:
    assert is_open(ip_address(address)) is open_
