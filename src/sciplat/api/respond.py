"""Send a table: small ones at once, large ones as they come."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from dataclasses import replace
from secrets import token_hex

from anyio import CancelScope, CapacityLimiter, to_thread
from fastapi import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from sciplat.api.encoding import choose, encoded, is_here
from sciplat.api.policy import origin
from sciplat.errors import SciplatError
from sciplat.services.offer import offered
from sciplat.services.query import Answer, KeptAnswer
from sciplat.tables.addresses import with_origin
from sciplat.tables.document import Document, Info
from sciplat.tables.formats import Format
from sciplat.tables.stream import TableStream

__all__ = ["respond", "respond_with"]

_AT_ONCE_BYTES = 4 << 20
_ENCODED_LEAST_BYTES = 1 << 10


def respond(
    stream: TableStream,
    form: Format,
    document: Document,
    *,
    request: Request,
    file_name: str | None = None,
) -> Response:
    """Return a response with the rows of ``stream``.

    The first megabytes are made before anything is sent: a query that fails early has an honest HTTP status,
    and a small answer needs no stream. A format that cannot say that rows were cut waits until that is
    known, and the header ``Query-Status`` says it.

    Parameters
    ----------
    file_name
        The name under which a browser shall keep it, without extension. If none is given, it shows the
        answer, or keeps it under a name of its own: astroquery reads a file again when its rows are
        asked for, and must not find those of a later query there.
    """
    headers = {
        "X-Content-Type-Options": "nosniff",
        "Content-Disposition": f"{'attachment' if file_name else 'inline'}; "
        f'filename="{file_name or f"result-{token_hex(4)}"}{form.extension}"',
        "Vary": "Accept-Encoding",
    }
    home = origin(request)
    stream = with_origin(stream, home)
    document = replace(document, services=(*document.services, *offered(stream.columns, home)))
    here = is_here(request.client.host if request.client else None)
    coding = choose(request.headers.get("accept-encoding"), packable=form.packable, here=here)
    chunks = form.write(stream, document)
    head: list[bytes] = []
    size = 0
    for chunk in chunks:
        head.append(chunk)
        size += len(chunk)
        if size >= _AT_ONCE_BYTES:
            break
    if form.mute:
        if stream.ended is not None:
            stream.ended()
        headers["Query-Status"] = "OVERFLOW" if stream.overflow else "OK"
    if coding is not None and size >= _ENCODED_LEAST_BYTES:
        headers["Content-Encoding"] = coding
        chunks, head = encoded(itertools.chain(head, chunks), coding), []
    if size >= _AT_ONCE_BYTES:
        return StreamingResponse(itertools.chain(head, chunks), media_type=form.mime, headers=headers)
    return Response(b"".join([*head, *chunks]), media_type=form.mime, headers=headers)


async def respond_with(
    ask: Callable[[], Answer | KeptAnswer],
    form: Format,
    document: Document,
    *,
    request: Request,
    turns: CapacityLimiter,
    seen_as: Callable[[TableStream], TableStream] = lambda stream: stream,
) -> Response:
    """Return a response with the rows of an answer, which ends with the response or when the asker has gone.

    Parameters
    ----------
    ask
        Returns the answer.
    turns
        It waits in a thread of these, so that many slow queries keep nobody else from being answered.
    seen_as
        Describes the columns anew, where a service says more of them than the query.
    """
    asked = _Asked()

    def ask_and_respond() -> tuple[Response, Answer | KeptAnswer]:
        answer = asked.begin(ask)
        infos = document.infos if answer.id is None else (*document.infos, Info("QUERY_ID", answer.id))
        stream = seen_as(answer.stream())
        response = respond(stream, form, replace(document, infos=infos), request=request)
        if not isinstance(response, StreamingResponse):
            answer.close()
        return response, answer

    gone = asyncio.create_task(asked.stop_when_gone(request.receive))
    try:
        response, answer = await to_thread.run_sync(ask_and_respond, limiter=turns)
    except BaseException:
        await asked.close()
        raise
    finally:
        gone.cancel()
    if isinstance(response, StreamingResponse):
        response = _Rows(response, answer)
    if answer.id is not None:
        response.headers["X-Sciplat-Query"] = answer.id
    response.headers["X-Sciplat-Cache"] = "miss" if answer.age is None else "hit"
    if answer.age is not None:
        response.headers["Age"] = str(int(answer.age))
    return response


class _Asked:
    """A question whose asker may go before there is an answer."""

    def __init__(self) -> None:
        self._answer: Answer | KeptAnswer | None = None
        self._is_gone = False

    def begin(self, ask: Callable[[], Answer | KeptAnswer]) -> Answer | KeptAnswer:
        """Ask; of the two that set something here, each looks afterwards at what the other has set."""
        answer = self._answer = ask()
        if self._is_gone:
            answer.stop()
        return answer

    async def stop_when_gone(self, receive: Receive) -> None:
        """Wait until the asker has gone, then stop the answer: nobody waits for it any more."""
        while (await receive())["type"] != "http.disconnect":
            pass
        self._is_gone = True
        if self._answer is not None:
            self._answer.stop()

    async def close(self) -> None:
        """Close the answer, if there is one."""
        if self._answer is not None:
            await _close(self._answer)


class _Rows(Response):
    """A stream of rows that takes its query with it."""

    def __init__(self, stream: StreamingResponse, answer: Answer | KeptAnswer) -> None:
        self._stream, self._answer = stream, answer
        self.background = None
        self.raw_headers = stream.raw_headers
        self.status_code = stream.status_code

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        gone = False

        async def watched() -> dict[str, object]:
            nonlocal gone
            message = await receive()
            if message["type"] == "http.disconnect":
                gone = True
                # A thread may be waiting for the next rows: they come to an end now.
                self._answer.stop()
            return dict(message)

        try:
            await self._stream(scope, watched, send)
        except SciplatError:
            if not gone:
                raise
        finally:
            await _close(self._answer)


async def _close(answer: Answer | KeptAnswer) -> None:
    with CancelScope(shield=True):
        await to_thread.run_sync(answer.close)
