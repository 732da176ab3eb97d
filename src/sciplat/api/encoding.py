"""Content codings of tables: gzip and zstd (RFC 9110, section 12.5.3; RFC 8878).

A coding must be worth its time, and almost every client says that it accepts gzip, also where client and
instance are one machine. So a client of this machine gets one only if it shows that it wants one: it ranks a
coding above ``identity``, or names no coding but these (libraries name ``deflate`` as well). One that is away
gets what it accepts. ISA-L's gzip takes an eighth of zlib's time, half as long as the table takes to write.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import ip_address
from typing import Literal

import pyarrow as pa
from isal import isal_zlib

from sciplat.tables.sink import Sink

__all__ = ["Coding", "choose", "encoded", "is_here"]

Coding = Literal["zstd", "gzip"]

_WEIGHT = re.compile(r"q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)", re.IGNORECASE)
_OURS = frozenset({"zstd", "gzip", "x-gzip"})
_FAST = 1
"""ISA-L's level for gzip; the next ones take twice the time for little."""


def choose(accepted: str | None, *, packable: bool, here: bool) -> Coding | None:
    """Return the coding for an answer; None for none.

    Parameters
    ----------
    accepted
        The request's ``Accept-Encoding``.
    packable
        The format is not compressed already.
    here
        The client is on this machine.
    """
    weights = _weights(accepted or "")
    others = weights.get("*", 0.0)
    zstd, gzip = weights.get("zstd", others), weights.get("gzip", weights.get("x-gzip", others))
    identity = weights.get("identity", 0.0 if weights.get("*") == 0.0 else None)
    best: Coding = "zstd" if zstd >= gzip else "gzip"
    weight = max(zstd, gzip)
    if weight == 0.0:
        return None
    if identity is not None:
        return best if weight > identity else None
    wanted = not here or all(name in _OURS for name in weights)
    return best if wanted and packable else None


def is_here(address: str | None) -> bool:
    """Return whether a client's address is this machine's own."""
    try:
        return address is None or ip_address(address).is_loopback
    except ValueError:
        return False


def encoded(chunks: Iterator[bytes], coding: Coding) -> Iterator[bytes]:
    """Yield the bytes of ``chunks`` in a content coding."""
    return _gzip(chunks) if coding == "gzip" else _zstd(chunks)


def _gzip(chunks: Iterator[bytes]) -> Iterator[bytes]:
    compressor = isal_zlib.compressobj(_FAST, wbits=16 + isal_zlib.MAX_WBITS)
    for chunk in chunks:
        if made := compressor.compress(chunk):
            yield made
    yield compressor.flush()


def _zstd(chunks: Iterator[bytes]) -> Iterator[bytes]:
    sink = Sink()
    with pa.CompressedOutputStream(pa.PythonFile(sink, "w"), "zstd") as compressor:
        for chunk in chunks:
            compressor.write(chunk)
            if made := sink.taken():
                yield made
    yield sink.taken()


def _weights(accepted: str) -> dict[str, float]:
    """Return the weight of each coding that is named; what cannot be understood is left out."""
    weights: dict[str, float] = {}
    for part in accepted.split(","):
        name, _, parameter = (text.strip() for text in part.partition(";"))
        weight = _WEIGHT.fullmatch(parameter)
        if name and (weight or not parameter):
            weights[name.lower()] = float(weight[1]) if weight else 1.0
    return weights
