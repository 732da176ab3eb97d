"""Whoever has not signed in is told from others by the address, as the front door says it."""

from __future__ import annotations

import asyncio

import pytest
from starlette.requests import Request

from sciplat.api.policy import _visiting


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", ""),
        ("::1", ""),
        ("testclient", ""),
        ("203.0.113.7", "203.0.113.7/32"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
    ],
)
def test_an_address_stands_for_one_customer(host: str, address: str) -> None:
    request = Request({"type": "http", "method": "GET", "headers": [], "client": (host, 1)})

    visitor = asyncio.run(_visiting(request, None))  # type: ignore[arg-type]

    assert (visitor.user, visitor.address) == (None, address)
