"""What is checked before an instance starts."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from sciplat.errors import ConflictError, LimitError, UsageError
from sciplat.processes import preflight
from sciplat.processes.preflight import addresses, check_disk, check_port


def test_a_full_disk_says_how_much_is_free(tmp_path: Path) -> None:
    with pytest.raises(LimitError, match=r"is full: \d+ MB are free and 1000000000000 MB are needed"):
        check_disk(tmp_path, least=10**18)


def test_a_disk_with_room_is_fine(tmp_path: Path) -> None:
    check_disk(tmp_path, least=1)


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_a_taken_port_names_its_holder(address: str) -> None:
    if address not in addresses("127.0.0.1"):
        pytest.skip("this machine has no IPv6")
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family) as taken:
        taken.bind((address, 0))
        taken.listen()
        port = taken.getsockname()[1]

        with pytest.raises(
            ConflictError, match=rf"Port {port} is taken by .* \(process {os.getpid()}\): choose"
        ):
            check_port("127.0.0.1", port)


def test_a_free_port_is_fine(free_port: Callable[[], int]) -> None:
    check_port("127.0.0.1", free_port())


def test_a_host_that_is_not_ours_is_refused(free_port: Callable[[], int]) -> None:
    with pytest.raises(UsageError, match=r"Cannot listen on 192\.0\.2\.1"):
        check_port("192.0.2.1", free_port())


def test_a_machine_without_ipv6_listens_on_ipv4_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError

    monkeypatch.setattr(preflight.socket.socket, "bind", refuse)

    assert addresses("127.0.0.1") == ("127.0.0.1",)
