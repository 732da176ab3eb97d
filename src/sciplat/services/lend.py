"""Lend the file of one dataset: an address that works without credentials, for a while.

A Butler client that was told of a dataset fetches its file with nothing but the address, so the address
itself must be what opens it: it is signed, it expires, and it opens this file alone.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import re
import secrets
import time
import uuid
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from urllib.parse import quote

from sciplat.errors import NotFoundError, PermissionDeniedError
from sciplat.services.locate import LocateService

__all__ = ["PREFIX", "LendService"]

PREFIX = "/api/butler/file"

_SECRET_BYTES = 32
_DIGITS = re.compile(r"[0-9]{1,12}")


class LendService:
    """Makes addresses of files, and opens files by them."""

    def __init__(
        self, locate: LocateService, *, secret_file: Path, clock: Callable[[], float] = time.time
    ) -> None:
        """Sign with what is kept in ``secret_file``, which is made where it is not there."""
        self._locate = locate
        self._secret_file = secret_file
        self._clock = clock

    def address(self, release: str, id: uuid.UUID, name: str, seconds: int) -> str:  # noqa: A002
        """Return the path and query of an address that opens one file for so many seconds.

        Parameters
        ----------
        release, id
            The dataset, which whoever is told the address may see.
        name
            Of the file; a client looks at its ending.
        """
        expires = str(int(self._clock()) + seconds)
        signature = self._signature(release, str(id), name, expires)
        return f"{PREFIX}/{quote(release)}/{id}/{quote(name)}?expires={expires}&signature={signature}"

    def file(self, release: str, id: str, name: str, *, expires: str, signature: str) -> Path:  # noqa: A002
        """Return the file that a signed address opens.

        Raises
        ------
        NotFoundError
            The signature is not ours, or the dataset is gone.
        PermissionDeniedError
            The address has expired.
        """
        expected = self._signature(release, id, name, expires)
        # Bytes, since texts with other letters than ASCII cannot be compared so.
        known = hmac.compare_digest(expected.encode(), signature.encode("utf-8", "surrogatepass"))
        if not known or not _DIGITS.fullmatch(expires):
            raise NotFoundError("There is no such file: ask the Butler for its address again.")
        if self._clock() >= int(expires):
            raise PermissionDeniedError("This address has expired: ask the Butler for it again.")
        return self._locate.as_the_butler_reads(release, uuid.UUID(id))

    def _signature(self, *parts: str) -> str:
        """Return the HMAC-SHA256 (RFC 2104) of the parts, none of which can run into the next."""
        text = b"".join(
            len(raw).to_bytes(4, "big") + raw for raw in (p.encode("utf-8", "surrogatepass") for p in parts)
        )
        made = hmac.new(self._secret, text, hashlib.sha256).digest()
        return base64.urlsafe_b64encode(made).decode().rstrip("=")

    @cached_property
    def _secret(self) -> bytes:
        """What signs; of several processes that make it at once, all take the one that was first."""
        while True:
            try:
                secret = self._secret_file.read_bytes()
            except FileNotFoundError:
                unfinished = self._secret_file.with_name(f"{self._secret_file.name}.{uuid.uuid4().hex}")
                handle = os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
                with os.fdopen(handle, "wb") as file:
                    file.write(secrets.token_bytes(_SECRET_BYTES))
                    file.flush()
                    os.fsync(file.fileno())
                try:
                    os.link(unfinished, self._secret_file)
                except FileExistsError:
                    pass
                finally:
                    unfinished.unlink()
            else:
                return secret
