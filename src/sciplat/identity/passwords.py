"""Keeps passwords as scrypt hashes (RFC 7914), with the cost beside each so that it can be raised."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import threading
import unicodedata
from dataclasses import dataclass

from sciplat.errors import UsageError

__all__ = ["LONGEST", "Cost", "Passwords"]

SHORTEST, LONGEST = 10, 1024

_SALT_BYTES = 16
_HASH_BYTES = 32
_AT_ONCE = 2


@dataclass(frozen=True, slots=True)
class Cost:
    """How hard guessing is made: ``128 * n * r`` bytes of memory, and ``n * r * p`` of time."""

    n: int = 2**15
    r: int = 8
    p: int = 3


class Passwords:
    """Hashes and checks passwords, a few at once: each takes 32 MB and a tenth of a second or more."""

    def __init__(self, cost: Cost) -> None:
        self._cost = cost
        self._turns = threading.BoundedSemaphore(_AT_ONCE)
        self._nobody = _encoded(cost, b"\0" * _SALT_BYTES, b"\0" * _HASH_BYTES)

    def hash(self, password: str) -> str:
        """Return what is kept of a password.

        Raises
        ------
        UsageError
            It is too short or too long.
        """
        if not SHORTEST <= len(password) <= LONGEST:
            raise UsageError(
                f"A password has {SHORTEST} to {LONGEST} characters; this one has {len(password)}"
            )
        salt = secrets.token_bytes(_SALT_BYTES)
        return _encoded(self._cost, salt, self._derive(password, salt, self._cost))

    def check(self, password: str, kept: str | None) -> bool:
        """Return whether it is the password of ``kept``.

        With None (no such user, or no password yet) it takes as long and is never right.
        """
        name, n, r, p, salt, expected = (kept or self._nobody).split("$")
        assert name == "scrypt"
        found = self._derive(password, _bytes(salt), Cost(int(n), int(r), int(p)))
        return hmac.compare_digest(found, _bytes(expected)) and kept is not None

    def _derive(self, password: str, salt: bytes, cost: Cost) -> bytes:
        # One person's keyboards write the same letter in more than one way.
        told = unicodedata.normalize("NFKC", password[:LONGEST]).encode("utf-8", "surrogatepass")
        memory = 128 * cost.r * (cost.n + cost.p + 2) + 1024
        with self._turns:
            return hashlib.scrypt(
                told, salt=salt, n=cost.n, r=cost.r, p=cost.p, maxmem=memory, dklen=_HASH_BYTES
            )


def _encoded(cost: Cost, salt: bytes, derived: bytes) -> str:
    parts = ("scrypt", cost.n, cost.r, cost.p, _text(salt), _text(derived))
    return "$".join(map(str, parts))


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text)
