"""What must be true of the machine before an instance starts, each with a message that names the way out."""

from __future__ import annotations

import errno
import shutil
import socket
from pathlib import Path

import psutil

from sciplat.errors import ConflictError, LimitError, UsageError

__all__ = ["LEAST_FREE_BYTES", "addresses", "check_disk", "check_port"]

LEAST_FREE_BYTES = 1_000_000_000


def check_disk(home: Path, *, least: int = LEAST_FREE_BYTES) -> None:
    """See that the disk of ``home`` has ``least`` bytes free.

    Raises
    ------
    LimitError
        It has not.
    """
    free = shutil.disk_usage(home).free
    if free < least:
        raise LimitError(
            f"The disk of {home} is full: {free / 1e6:.0f} MB are free and {least / 1e6:.0f} MB are needed. "
            "Make room, or choose a --home on another disk"
        )


def addresses(host: str) -> tuple[str, ...]:
    """Return the addresses to listen on for ``host``; for IPv4's loopback IPv6's too, where there is one."""
    if host not in {"127.0.0.1", "localhost"}:
        return (host,)
    with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as probe:
        try:
            probe.bind(("::1", 0))
        except OSError:
            return ("127.0.0.1",)
    return ("127.0.0.1", "::1")


def check_port(host: str, port: int) -> None:
    """See that nobody listens on ``port`` and that we may.

    Raises
    ------
    ConflictError
        It is taken; the message says by whom, where the machine tells.
    UsageError
        We may not listen there, or the host is not ours.
    """
    for address in addresses(host):
        family, _, _, _, where = socket.getaddrinfo(address, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            # As a server does: a port whose last connections are still closing is free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            try:
                probe.bind(where)
                probe.listen(1)
            except OSError as error:
                if error.errno == errno.EADDRINUSE:
                    raise ConflictError(
                        f"Port {port} is taken{_holder(port)}: choose another with --port"
                    ) from None
                if error.errno in {errno.EACCES, errno.EPERM}:
                    raise UsageError(
                        f"Port {port} needs rights that you do not have: choose one above 1023 with --port"
                    ) from None
                raise UsageError(f"Cannot listen on {address}, port {port}: {error.strerror}") from error


def _holder(port: int) -> str:
    try:
        for connection in psutil.net_connections(kind="tcp"):
            if connection.status != psutil.CONN_LISTEN or not connection.laddr or not connection.pid:
                continue
            if connection.laddr.port == port:
                return f" by {psutil.Process(connection.pid).name()} (process {connection.pid})"
    except (psutil.Error, OSError):  # other users' processes are not ours to see
        pass
    return ""
