"""Send a table: small ones at once, large ones as they come."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from starlette.responses import Response, StreamingResponse

__all__ = ["respond"]

_AT_ONCE_BYTES = 1 << 20


def respond(chunks: Iterator[bytes], *, media_type: str, file_name: str | None = None) -> Response:
    """Return a response with the bytes of ``chunks``.

    The first megabyte is made before anything is sent: a query that fails early has an honest
    HTTP status, and a small answer needs no stream.
    """
    head: list[bytes] = []
    size = 0
    headers = {"X-Content-Type-Options": "nosniff"}
    if file_name is not None:
        headers["Content-Disposition"] = f'attachment; filename="{file_name}"'
    for chunk in chunks:
        head.append(chunk)
        size += len(chunk)
        if size >= _AT_ONCE_BYTES:
            return StreamingResponse(itertools.chain(head, chunks), media_type=media_type, headers=headers)
    return Response(b"".join(head), media_type=media_type, headers=headers)
