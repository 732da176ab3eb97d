"""A coding is chosen by what the client ranks, what the format gains, and how far away the client is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sciplat.api.encoding import choose, is_here
from sciplat.tables.formats import Gain


@pytest.mark.parametrize(
    ("accepted", "gain", "here", "coding"),
    [
        (None, "much", False, None),
        ("", "much", False, None),
        ("identity", "much", False, None),
        ("br, deflate", "much", False, None),
        # What requests and pyvo send, on this machine and from afar.
        ("gzip, deflate", "much", True, None),
        ("gzip, deflate", "much", False, "gzip"),
        ("gzip, deflate", "some", False, None),
        ("gzip, deflate, br, zstd", "some", False, "zstd"),
        ("gzip, deflate, br, zstd", "none", False, None),
        ("x-gzip", "much", False, "gzip"),
        ("GZIP;Q=0.5", "much", False, "gzip"),
        ("*", "some", False, "zstd"),
        # Whoever ranks identity has the last word.
        ("gzip;q=1.0, identity;q=0.5", "some", True, "gzip"),
        ("zstd;q=0.5, gzip;q=0.9, identity;q=0.1", "some", True, "gzip"),
        ("gzip, identity;q=0", "none", True, "gzip"),
        ("zstd, *;q=0", "some", True, "zstd"),
        ("gzip;q=0.5, identity", "much", False, None),
        ("gzip, identity", "much", False, None),
        ("gzip;q=0, zstd;q=0", "much", False, None),
        ("gzip;q=0, *", "much", False, "zstd"),
        # What cannot be understood is not there.
        ("gzip;q=high", "much", False, None),
        ("gzip;q=2", "much", False, None),
        (";;;, ,=", "much", False, None),
    ],
)
def test_the_coding(accepted: str | None, gain: Gain, here: bool, coding: str | None) -> None:
    assert choose(accepted, gain, here=here) == coding


@given(st.text(), st.sampled_from(["much", "some", "none"]), st.booleans())
def test_any_header_is_taken(accepted: str, gain: Gain, here: bool) -> None:
    assert choose(accepted, gain, here=here) in (None, "gzip", "zstd")


@pytest.mark.parametrize(
    ("address", "here"),
    [("127.0.0.1", True), ("::1", True), (None, True), ("192.0.2.7", False), ("testclient", False)],
)
def test_this_machine_is_here(address: str | None, here: bool) -> None:
    assert is_here(address) is here
