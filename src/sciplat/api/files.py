"""Files as they lie on the disk, whole or one range of their bytes (RFC 9110, section 14)."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import FileResponse
from starlette.types import Receive, Scope, Send

from sciplat.errors import NotFoundError

__all__ = ["StoredFile"]

_RANGE = re.compile(r"\s*bytes\s*=[\s,]*(?:(\d{1,18})\s*-\s*(\d{1,18})?|-\s*(\d{1,18}))[\s,]*", re.IGNORECASE)


class StoredFile(FileResponse):
    """A file, or the range of it that is asked for.

    A ``Range`` of another unit, or one that is none, counts as not sent, as the standard has it; so do
    several ranges at once, for which it leaves the choice. One that begins behind the end is a 416.

    Raises
    ------
    NotFoundError
        The file is gone.
    """

    def __init__(self, path: Path, **more: Any) -> None:
        try:
            told = path.stat()
        except OSError as error:
            raise NotFoundError("This file is not there any more.") from error
        super().__init__(path, stat_result=told, **more)
        self._size = told.st_size

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it."""
        asked = Headers(scope=scope).get("range")
        if asked is not None:
            others = [pair for pair in scope["headers"] if pair[0].lower() != b"range"]
            span = self._span(asked) if scope["method"] == "GET" else None
            kept = [] if span is None else [(b"range", f"bytes={span[0]}-{span[1]}".encode())]
            scope = {**scope, "headers": [*others, *kept]}
        await super().__call__(scope, receive, send)

    def _span(self, asked: str) -> tuple[int, int] | None:
        """Return the first and the last byte that are asked for; None where the header says nothing."""
        found = _RANGE.fullmatch(asked) if asked.isascii() else None
        if found is None:
            return None
        first, last, suffix = (None if each is None else int(each) for each in found.groups())
        if first is not None and last is not None and first > last:
            return None
        if first is None:
            assert suffix is not None
            first, last = max(0, self._size - suffix), self._size
        if first >= self._size:
            raise HTTPException(
                416,
                f"The file has {self._size:,} bytes, counted from 0; {asked[:60]!r} has none of them.",
                {"Content-Range": f"bytes */{self._size}"},
            )
        return first, self._size - 1 if last is None else min(last, self._size - 1)
