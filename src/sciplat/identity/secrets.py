"""Texts that open something, and the hashes of them that are kept.

A token is ``sp-KEY.SECRET``: 128 random bits each, in URL-safe base64. The prefix
makes a leaked one easy to search for; the key finds its row, so that the secret
need only be compared, in a time that says nothing about it.
"""

from __future__ import annotations

import hashlib
import re
import secrets

__all__ = ["digest", "new_code", "new_token", "split_token"]

_TOKEN = re.compile(r"sp-([A-Za-z0-9_-]{22})\.([A-Za-z0-9_-]{22})")
_BYTES = 16


def new_token() -> tuple[str, str, str]:
    """Return a new token: its text, its key and its secret."""
    key, secret = secrets.token_urlsafe(_BYTES), secrets.token_urlsafe(_BYTES)
    while not key[0].isalnum():  # a shell would take a leading '-' for an option
        key = secrets.token_urlsafe(_BYTES)
    return f"sp-{key}.{secret}", key, secret


def split_token(text: str) -> tuple[str, str] | None:
    """Return the key and the secret of a token, or None for any other text."""
    found = _TOKEN.fullmatch(text)
    return None if found is None else (found[1], found[2])


def new_code() -> str:
    """Return the code of a new sign-in link, 128 random bits."""
    return secrets.token_urlsafe(_BYTES)


def digest(secret: str) -> bytes:
    """Return what is kept of a secret: with 128 random bits, nobody finds it back from its SHA-256."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()
