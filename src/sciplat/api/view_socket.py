"""``/api/views/{id}/socket``: operations of a view as they are done, over a WebSocket (RFC 6455).

Messages are JSON objects. The client begins with ``hello`` and the revision that it knows, if any::

    {"type": "hello", "revision": 17}

The server answers with what was done since (``tail``), or with the whole state (``state``), and then tells each
operation as it is done. What the client does is answered by ``done`` or ``refused`` under its own id::

    {"type": "do", "id": "a1", "operation": {"op": "table.filter", "target": "T1", "condition": "ra > 5"}}
    {"type": "done", "id": "a1", "revision": 18}
    {"type": "refused", "id": "a1", "error": {"code": "not_found", "message": "…"}}

What lasts a moment only, such as a brush that is still being drawn, is shown to the others and kept nowhere::

    {"type": "show", "what": {…}}        {"type": "shown", "actor": "ada", "what": {…}}
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from anyio import to_thread
from fastapi import APIRouter, WebSocket
from pydantic import ValidationError
from starlette.websockets import WebSocketDisconnect

from sciplat.api.policy import socket_visitor
from sciplat.api.views import PREFIX, entry_of, state_of
from sciplat.errors import LimitError, SciplatError, UsageError
from sciplat.instance import Instance
from sciplat.services.access import Visitor
from sciplat.services.view import Seen, Shown
from sciplat.views.log import Entry
from sciplat.wire.views import PerformRequest

__all__ = ["router"]

router = APIRouter(prefix=PREFIX, tags=["views"])

_MOST_BYTES = 256 << 10
_MOST_WAITING = 2000
"""Messages that a client has not taken yet; one that is slower comes again and gets the state."""

_REFUSED, _TOO_LARGE, _AGAIN_LATER = 4401, 1009, 1013
_LOOK_AGAIN_SECONDS = 10.0
"""So long a session or token that has ended is still believed."""


@router.websocket("/{view_id}/socket")
async def socket(view_id: str, socket: WebSocket) -> None:
    """Let somebody follow a view and do operations."""
    instance: Instance = socket.app.state.instance
    try:
        visitor = await socket_visitor(socket, instance)
    except SciplatError as error:
        await _refuse(socket, error)
        return
    await socket.accept()
    try:
        await _Conversation(socket, instance, view_id, visitor).go_on()
    except SciplatError as error:
        await _refuse(socket, error)
    except WebSocketDisconnect:
        pass


class _Conversation:
    """One client that follows one view."""

    def __init__(self, socket: WebSocket, instance: Instance, view_id: str, visitor: Visitor) -> None:
        self._socket, self._views = socket, instance.view
        self._instance, self._id, self._visitor = instance, view_id, visitor
        self._loop = asyncio.get_running_loop()
        self._waiting: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue(_MOST_WAITING)
        self._overflown = False
        self._believed_until = self._loop.time() + _LOOK_AGAIN_SECONDS

    async def go_on(self) -> None:
        """Talk until one of both has enough."""
        hello = await self._heard()
        if hello.get("type") != "hello":
            raise UsageError('The first message is {"type": "hello", "revision": …}.')
        with ExitStack() as following:
            seen = await to_thread.run_sync(
                following.enter_context,
                self._views.following(self._id, self._hear, visitor=self._visitor),
            )
            await self._tell(await to_thread.run_sync(self._beginning, seen, hello.get("revision")))
            telling = asyncio.create_task(self._tell_all())
            try:
                await self._listen()
            finally:
                telling.cancel()

    def _beginning(self, seen: Seen, revision: object) -> dict[str, Any]:
        """Return what somebody lacks who knows the view as it was at a revision."""
        if isinstance(revision, int) and not isinstance(revision, bool):
            entries = self._views.after(self._id, revision, visitor=self._visitor)
            if entries is not None:
                upto = [entry for entry in entries if entry.revision <= seen.revision]
                told = [entry_of(entry).model_dump(mode="json") for entry in upto]
                return {"type": "tail", "revision": seen.revision, "operations": told}
        facts = {"role": seen.role.value, "owner": seen.view.owner}
        return {"type": "state", "revision": seen.revision, "state": seen.state, **facts}

    async def _listen(self) -> None:
        while True:
            message = await self._heard()
            match message.get("type"):
                case "do":
                    await self._do(message)
                case "show":
                    await self._still_believed()
                    show = _call(self._views.show, self._id, message.get("what"), visitor=self._visitor)
                    await to_thread.run_sync(lambda: show(besides=self._hear))
                case other:
                    raise UsageError(f"A message is of type do or show, not {str(other)[:40]!r}.")

    async def _do(self, message: dict[str, Any]) -> None:
        asked = {name: value for name, value in message.items() if name != "type"}
        name = str(asked.get("id"))[:64]
        try:
            try:
                wanted = PerformRequest.model_validate(asked)
            except ValidationError as error:
                raise UsageError(_problems(error)) from None
            await self._still_believed()
            perform = _call(
                self._views.perform, self._id, wanted.id, wanted.operation, visitor=self._visitor
            )
            entry = await to_thread.run_sync(perform)
        except SciplatError as error:
            await self._put({"type": "refused", "id": name, "error": error.facts()})
        else:
            await self._put({"type": "done", "id": name, "revision": entry.revision})

    async def _still_believed(self) -> None:
        """Look from time to time whether the session or token still opens what it did."""
        if self._loop.time() >= self._believed_until:
            self._visitor = await socket_visitor(self._socket, self._instance)
            self._believed_until = self._loop.time() + _LOOK_AGAIN_SECONDS

    async def _heard(self) -> dict[str, Any]:
        text = await self._socket.receive_text()
        if len(text) > _MOST_BYTES:
            raise LimitError(f"A message has at most {_MOST_BYTES >> 10} kB.")
        try:
            message = json.loads(text)
        except ValueError:
            message = None
        if not isinstance(message, dict):
            raise UsageError("A message is a JSON object.")
        return message

    def _hear(self, news: Entry | Shown) -> None:
        """Take what happens in the view; called by any thread, which must not wait."""
        if isinstance(news, Shown):
            message: dict[str, Any] = {"type": "shown", "actor": news.actor, "what": news.what}
        else:
            message = {"type": "operation", **entry_of(news).model_dump(mode="json")}
        self._loop.call_soon_threadsafe(self._put_soon, message)

    def _put_soon(self, message: dict[str, Any]) -> None:
        try:
            self._waiting.put_nowait(message)
        except asyncio.QueueFull:
            self._overflown = True

    async def _put(self, message: dict[str, Any]) -> None:
        self._put_soon(message)

    async def _tell_all(self) -> None:
        while not self._overflown:
            message = await self._waiting.get()
            if message is not None:
                await self._tell(message)
        await self._socket.close(_AGAIN_LATER, "You are too far behind: come again.")

    async def _tell(self, message: dict[str, Any]) -> None:
        await self._socket.send_text(json.dumps(message, separators=(",", ":"), allow_nan=False))


def _call(function: Callable[..., Any], *given: Any, **named: Any) -> Callable[..., Any]:
    from functools import partial

    return partial(function, *given, **named)


def _problems(error: ValidationError) -> str:
    places = "; ".join(
        f"{'.'.join(str(step) for step in problem['loc'])}: {problem['msg']}" for problem in error.errors()[:5]
    )
    return f"The operation is not understood: {places}."


async def _refuse(socket: WebSocket, error: SciplatError) -> None:
    """Close a socket with the reason, which a WebSocket has 123 bytes for (RFC 6455, section 5.5)."""
    await socket.close(_REFUSED, error.message.encode()[:120].decode(errors="ignore"))
