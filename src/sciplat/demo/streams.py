"""Random numbers by name: each quantity has a stream of its own, so that adding one moves no other."""

from __future__ import annotations

import hashlib

import numpy as np

__all__ = ["SEED", "stream"]

SEED = 20_251_018


def stream(*name: str | int) -> np.random.Generator:
    """Return the random numbers of this name, always from their beginning.

    Only ``random`` and ``standard_normal`` are drawn from them, in one call: an array that is
    asked for longer begins with the same numbers, so that a population can grow at its end.
    """
    text = "/".join(map(str, (SEED, *name)))
    key = int.from_bytes(hashlib.blake2b(text.encode(), digest_size=16).digest(), "little")
    return np.random.Generator(np.random.Philox(key=key))
