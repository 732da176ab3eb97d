"""A coding is chosen by what the client ranks, whether the format gains, and how far away the client is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sciplat.api.encoding import choose, is_here


@pytest.mark.parametrize(
    ("accepted", "here", "away"),
    [
        (None, None, None),
        ("", None, None),
        ("identity", None, None),
        ("br, deflate", None, None),
        # What requests, pyvo and browsers send unasked.
        ("gzip, deflate", None, "gzip"),
        ("gzip, deflate, br, zstd", None, "zstd"),
        ("*", None, "zstd"),
        # Who names nothing else wants it.
        ("gzip", "gzip", "gzip"),
        ("x-gzip", "gzip", "gzip"),
        ("GZIP;Q=0.5", "gzip", "gzip"),
        ("zstd, gzip;q=0.5", "zstd", "zstd"),
        ("zstd;q=0.5, gzip;q=0.9", "gzip", "gzip"),
        # Who ranks identity has the last word.
        ("gzip;q=1.0, identity;q=0.5, deflate", "gzip", "gzip"),
        ("zstd, *;q=0", "zstd", "zstd"),
        ("gzip;q=0.5, identity", None, None),
        ("gzip, identity", None, None),
        ("gzip;q=0, zstd;q=0", None, None),
        ("gzip;q=0, *", None, "zstd"),
        # What cannot be understood is not there.
        ("gzip;q=high", None, None),
        ("gzip;q=2", None, None),
        (";;;, ,=", None, None),
    ],
)
def test_the_coding(accepted: str | None, here: str | None, away: str | None) -> None:
    assert choose(accepted, packable=True, here=True) == here
    assert choose(accepted, packable=True, here=False) == away


def test_what_is_compressed_already_is_so_again_only_for_who_refuses_it_plain() -> None:
    assert choose("gzip", packable=False, here=False) is None
    assert choose("gzip, identity;q=0", packable=False, here=True) == "gzip"


@given(st.text(), st.booleans(), st.booleans())
def test_any_header_is_taken(accepted: str, packable: bool, here: bool) -> None:
    assert choose(accepted, packable=packable, here=here) in (None, "gzip", "zstd")


@pytest.mark.parametrize(
    ("address", "here"),
    [("127.0.0.1", True), ("::1", True), (None, True), ("192.0.2.7", False), ("testclient", False)],
)
def test_this_machine_is_here(address: str | None, here: bool) -> None:
    assert is_here(address) is here
