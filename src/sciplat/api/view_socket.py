"""``/api/views/{id}/socket``: operations on a view as they are done, over a WebSocket (RFC 6455).

The messages are those of `sciplat.wire.view_messages`; ``docs/reference/views.md`` tells them as a story.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import ExitStack, suppress
from functools import partial
from typing import Any

from anyio import to_thread
from fastapi import APIRouter, WebSocket
from pydantic import ValidationError
from starlette.websockets import WebSocketDisconnect

from sciplat.api.dependencies import Reach
from sciplat.api.outbox import Outbox
from sciplat.api.policy import SignedSocket, socket_visitor
from sciplat.api.views import PREFIX
from sciplat.errors import AuthenticationError, LimitError, SciplatError, TooManyAttemptsError, UsageError
from sciplat.identity.models import Scope
from sciplat.instance import Instance
from sciplat.services.access import Visitor
from sciplat.services.pace import Pace
from sciplat.services.view import OPERATIONS_A_SECOND, Ended, Following, NewRole, Shown
from sciplat.views.log import Entry
from sciplat.wire.view_messages import CLIENT_MESSAGE, Do, Hello, Show

__all__ = ["MOST_MESSAGE_BYTES", "SHOWN_A_SECOND", "TOO_SLOW", "router"]

router = APIRouter(prefix=PREFIX, tags=["views"])

MOST_MESSAGE_BYTES = 256 << 10
"""Of a client."""

_MOST_WAITING = 8 << 20
"""Characters that a client has not taken yet, beside its first message."""

SHOWN_A_SECOND = 60.0
_SHOWN_AT_ONCE = 120

TOO_SLOW = 1013
"""The close code for a client that does not take what it is told (IANA: try again later)."""

_HELLO_SECONDS = 10.0
_LOOK_AGAIN_SECONDS = 2.0
"""So long a session or token that has ended is still believed."""


@router.websocket("/{view_id}/socket")
async def follow(view_id: str, socket: WebSocket, visitor: SignedSocket, instance: Reach) -> None:
    """Let somebody follow a view and do operations."""
    await socket.accept()
    with suppress(WebSocketDisconnect):
        await _Conversation(socket, instance, view_id, visitor).go_on()


class _Conversation:
    """One client that follows one view."""

    def __init__(self, socket: WebSocket, instance: Instance, view_id: str, visitor: Visitor) -> None:
        self._socket, self._views = socket, instance.view
        self._instance, self._id, self._visitor = instance, view_id, visitor
        self._loop = asyncio.get_running_loop()
        self._outbox = Outbox(_MOST_WAITING)
        self._ended: asyncio.Future[None] = self._loop.create_future()

    async def go_on(self) -> None:
        """Talk until one of both has enough."""
        hello = await self._hello()
        with ExitStack() as stack:
            follow = self._views.following(
                self._id, self._hear, visitor=self._visitor, revision=hello.revision
            )
            following = await to_thread.run_sync(stack.enter_context, follow)
            # What has been heard meanwhile waits: it comes after this.
            await self._socket.send_text(await to_thread.run_sync(_beginning, following))
            tasks: list[asyncio.Future[Any]] = [
                asyncio.create_task(self._listen(following)),
                asyncio.create_task(self._tell()),
                asyncio.create_task(self._look_again()),
                asyncio.create_task(self._outbox.overflown.wait()),
                self._ended,
            ]
            try:
                over, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                for task in over:
                    task.result()
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
        await self._socket.close(TOO_SLOW, "You are too far behind: come again.")

    async def _hello(self) -> Hello:
        try:
            async with asyncio.timeout(_HELLO_SECONDS):
                message = await self._heard()
        except TimeoutError:
            message = None
        if not isinstance(message, Hello):
            raise UsageError('The first message is {"type": "hello"}, and comes soon.')
        return message

    async def _listen(self, following: Following) -> None:
        pace = Pace(SHOWN_A_SECOND, _SHOWN_AT_ONCE)
        while True:
            match await self._heard():
                case Do() as message:
                    await self._do(message)
                case Show() as message:
                    # Who shows more than anybody can see waits, and hears no word of it.
                    if seconds := pace.wait():
                        await asyncio.sleep(seconds)
                        pace.wait()
                    try:
                        following.show(message.what)
                    except SciplatError as error:
                        self._say({"type": "refused", "id": None, "error": error.facts()})
                case Hello():
                    raise UsageError("A client says hello once.")
                case None:
                    pass

    async def _do(self, message: Do) -> None:
        perform = partial(self._views.perform, self._id, message.id, message.operation, visitor=self._visitor)
        while True:
            try:
                entry = await to_thread.run_sync(perform)
            except TooManyAttemptsError:
                # The next message is read after this one: who is too quick is held back.
                await asyncio.sleep(1 / OPERATIONS_A_SECOND)
            except SciplatError as error:
                return self._say({"type": "refused", "id": message.id, "error": error.facts()})
            else:
                return self._say({"type": "done", "id": message.id, "revision": entry.revision})

    async def _heard(self) -> Hello | Do | Show | None:
        """Return the next message; None for an operation that is none, which is refused by this.

        Raises
        ------
        UsageError, LimitError
            It is no message, or too long.
        """
        event = await self._socket.receive()
        if event["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(event.get("code", 1005))
        text = event.get("text")
        if text is None:
            raise UsageError("A message is text.")
        if len(text.encode()) > MOST_MESSAGE_BYTES:
            raise LimitError(f"A message has at most {MOST_MESSAGE_BYTES >> 10} kB.")
        try:
            message: Hello | Do | Show = CLIENT_MESSAGE.validate_json(text)
        except ValidationError as error:
            wrong = UsageError(f"The message is not understood: {_problems(error)}.")
            name = _id_of(text, error)
            if name is None:
                raise wrong from None
            self._say({"type": "refused", "id": name, "error": wrong.facts()})
            return None
        return message

    async def _look_again(self) -> None:
        """Look from time to time whether the session or token still opens what it did."""
        while True:
            await asyncio.sleep(_LOOK_AGAIN_SECONDS)
            visitor = await socket_visitor(self._socket, self._instance)
            visitor.require(Scope.EXEC_PORTAL)
            if visitor.name != self._visitor.name:
                raise AuthenticationError("Somebody else has signed in.")

    async def _tell(self) -> None:
        while True:
            await self._socket.send_text(await self._outbox.take())

    def _hear(self, news: Entry | Shown | NewRole | Ended) -> None:
        """Take what happens in the view; called by any thread, which must not wait."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._take, news)

    def _take(self, news: Entry | Shown | NewRole | Ended) -> None:
        match news:
            case Entry():
                self._outbox.over(news.actor)
                self._outbox.put('{"type":"operation","entry":%s}' % news.text)  # noqa: UP031  made once
            case Shown():
                what = news.what.model_dump(mode="json", exclude_unset=True)
                text = _text({"type": "shown", "actor": news.actor, "what": what})
                self._outbox.pass_by((news.actor, what["kind"], what["target"]), text)
            case NewRole():
                self._say({"type": "role", "role": news.role.value})
            case Ended():
                if not self._ended.done():
                    self._ended.set_exception(news.why)

    def _say(self, message: dict[str, Any]) -> None:
        self._outbox.put(_text(message))


def _beginning(following: Following) -> str:
    """Return what a client lacks of the view."""
    seen = following.seen
    facts: dict[str, Any] = {
        "revision": seen.revision,
        "role": seen.role.value,
        "owner": seen.view.owner,
        "you": following.user,
    }
    if following.tail is None:
        return _text({"type": "state", **facts, "state": seen.state})
    entries = ",".join(entry.text for entry in following.tail)
    return f'{_text({"type": "tail", **facts})[:-1]},"entries":[{entries}]}}'


def _text(message: dict[str, Any]) -> str:
    return json.dumps(message, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def _problems(error: ValidationError) -> str:
    return "; ".join(
        ": ".join((".".join(map(str, problem["loc"])), problem["msg"])) for problem in error.errors()[:5]
    )


def _id_of(text: str, error: ValidationError) -> str | None:
    """Return the id of a message in which only the operation is wrong."""
    if all(problem["loc"][:2] == ("do", "operation") for problem in error.errors()):
        return str(json.loads(text)["id"])
    return None
