"""Fetch a table from an address that somebody names: from the open network only, and without credentials."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Collection, Iterator
from contextlib import suppress
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from threading import Timer
from time import monotonic
from urllib.parse import SplitResult, urljoin, urlsplit

from requests.utils import DEFAULT_CA_BUNDLE_PATH

from sciplat.errors import IngestError

__all__ = ["fetch", "is_open"]

_CHUNK = 1 << 20
_REDIRECTS = 5
_SILENCE_SECONDS = 10.0
_PROTOCOLS = IPv4Network("192.0.0.0/24")
"""Of IPv4, what protocols use among themselves (RFC 6890, section 2.2.2); a cloud's metadata are there."""
_NAT64 = IPv6Network("64:ff9b::/96")
_UNICAST = IPv6Network("2000::/3")
"""Of IPv6, what is given out to the Internet (RFC 4291, section 2.4)."""


def fetch(url: str, label: str, *, seconds: float, hosts: Collection[str] = ()) -> Iterator[bytes]:
    """Yield the bytes at an address.

    Each host on the way, redirects included, is looked up once, and only an address that everybody
    on the Internet can reach is connected to: neither this machine nor its neighbours.

    Parameters
    ----------
    label
        What it is fetched for, for messages.
    seconds
        How long it may take altogether.
    hosts
        Names that may also stand for an address of a private network.

    Raises
    ------
    IngestError
        It cannot be fetched; the message says why.
    """
    deadline = monotonic() + seconds
    for _ in range(_REDIRECTS + 1):
        parts = _parts(url, label)
        connection = _connection(parts, label, hosts)
        alarm = Timer(deadline - monotonic(), _hang_up, (connection,))
        alarm.start()
        try:
            answer = _ask(connection, parts)
            if 300 <= answer.status < 400 and (there := answer.getheader("Location")):
                url = urljoin(url, there)
                continue
            if answer.status != 200:
                raise IngestError(f"{label}: {parts.hostname} answered {answer.status} {answer.reason[:80]}")
            size = 0
            while chunk := answer.read(_CHUNK):
                size += len(chunk)
                yield chunk
            if connection.overdue:
                raise TimeoutError
            if answer.length:  # the header promised more
                raise IngestError(f"{label}: {parts.hostname} sent only {size} bytes of the table")
        except (OSError, HTTPException, ValueError) as error:
            why = "took too long" if connection.overdue else _reason(error)
            raise IngestError(f"{label}: fetching it from {parts.hostname} failed ({why})") from error
        else:
            return
        finally:
            alarm.cancel()
            connection.close()
    raise IngestError(f"{label}: the address redirects more than {_REDIRECTS} times")


def is_open(address: IPv4Address | IPv6Address) -> bool:
    """Return whether an address belongs to the open Internet."""
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo and address.teredo[1])
        if inner is not None and not is_open(inner):
            return False
        if address in _NAT64:
            return is_open(IPv4Address(int(address) & 0xFFFFFFFF))
        if address not in _UNICAST:
            return False
    elif address in _PROTOCOLS:
        return False
    return address.is_global and not address.is_multicast


def _parts(url: str, label: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        raise IngestError(f"{label}: {url[:200]!r} is no address") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise IngestError(f"{label}: {url[:200]!r} is no address that begins with http: or https:")
    if parts.username is not None or parts.password is not None:
        raise IngestError(f"{label}: an address with a user's name is not fetched: nobody signs in there")
    if any(ord(letter) <= 32 or ord(letter) >= 127 for letter in url):
        raise IngestError(f"{label}: the address holds letters that must be percent-encoded")
    return parts


def _connection(parts: SplitResult, label: str, hosts: Collection[str]) -> _Plain | _Secure:
    assert parts.hostname is not None
    anywhere = parts.hostname in {host.lower() for host in hosts}
    if parts.scheme == "http":
        return _Plain(parts.hostname, parts.port or 80, label, anywhere=anywhere)
    return _Secure(parts.hostname, parts.port or 443, label, anywhere=anywhere)


def _ask(connection: HTTPConnection, parts: SplitResult) -> HTTPResponse:
    path = parts.path or "/"
    if parts.query:
        path += f"?{parts.query}"
    connection.request("GET", path, headers={"Accept": "*/*", "Accept-Encoding": "identity"})
    return connection.getresponse()


def _hang_up(connection: _Plain | _Secure) -> None:
    connection.overdue = True
    with suppress(OSError):
        if connection.line is not None:
            connection.line.shutdown(socket.SHUT_RDWR)


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return f"nothing came for {_SILENCE_SECONDS:.0f} s"
    if isinstance(error, socket.gaierror):
        return "there is no such host"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return " ".join(str(error).split())[:120] or type(error).__name__


def _connected(host: str, port: int, label: str, *, anywhere: bool) -> socket.socket:
    """Connect to the first of a host's addresses that answers: the one that was judged."""
    found = [
        entry[4]
        for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        if anywhere or is_open(ip_address(str(entry[4][0]).partition("%")[0]))
    ]
    if not found:
        raise IngestError(
            f"{label}: {host} is not on the open Internet; the operator can allow it with query.upload_hosts"
        )
    failure: OSError | None = None
    for address in found[:4]:
        try:
            return socket.create_connection((str(address[0]), port), timeout=_SILENCE_SECONDS)
        except OSError as error:
            failure = error
    assert failure is not None
    raise failure


class _Plain(HTTPConnection):
    """HTTP, to judged addresses."""

    overdue = False
    line: socket.socket | None = None
    """Kept here because an answer that ends with its connection takes it over."""

    def __init__(self, host: str, port: int, label: str, *, anywhere: bool) -> None:
        super().__init__(host, port)
        self._label, self._anywhere = label, anywhere

    def connect(self) -> None:
        self.sock = self.line = _connected(self.host, self.port, self._label, anywhere=self._anywhere)
        if self.overdue:  # the alarm came before there was a line to cut
            raise TimeoutError


class _Secure(HTTPSConnection):
    """HTTPS, to judged addresses; the certificate must be the host's."""

    overdue = False
    line: socket.socket | None = None

    def __init__(self, host: str, port: int, label: str, *, anywhere: bool) -> None:
        self._trust = ssl.create_default_context(cafile=DEFAULT_CA_BUNDLE_PATH)
        super().__init__(host, port, context=self._trust)
        self._label, self._anywhere = label, anywhere

    def connect(self) -> None:
        self.line = _connected(self.host, self.port, self._label, anywhere=self._anywhere)
        if self.overdue:
            raise TimeoutError
        self.sock = self.line = self._trust.wrap_socket(self.line, server_hostname=self.host)
