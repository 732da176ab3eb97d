"""``/api/butler``: the Butler server of the Rubin Science Platform, behind the policies of this instance.

Its routes are daf_butler's own, so that any Butler client reads here. Who may ask them, about which release,
for how long and how many at a time, is said here. Nothing can be written through them.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Annotated, Any

from anyio import CapacityLimiter, fail_after, move_on_after
from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.routing import APIRoute
from starlette.responses import FileResponse, Response
from starlette.types import Message, Receive, Scope, Send

from sciplat.api.admission import limit_body
from sciplat.api.dependencies import Reach
from sciplat.api.files import StoredFile
from sciplat.api.policy import Anyone, Visiting, anyone, origin
from sciplat.errors import UnavailableError
from sciplat.repository import server
from sciplat.repository.server import Factory
from sciplat.services.access import Visitor
from sciplat.services.lend import PREFIX as FILES

__all__ = ["add_butler", "router"]

_AT_ONCE, _OF_ONE = 8, 6
"""Requests that ask repositories at one time, and those of one visitor among them; more wait."""

_PATIENCE_SECONDS = 30.0
"""How long they do."""

_LONGEST_SECONDS = 600.0
"""For one answer, which a slow reader may stretch."""

_LARGEST, _LARGEST_EXPRESSION = 1_000_000, 50_000
"""Bytes of a request, and of one with an expression as text: what the Butler needs for it grows faster, and
SQLite takes no more than a thousand terms anyway."""

_log = logging.getLogger(__name__)


class _Turns:
    """Lets so many requests in at a time, of each visitor a few less."""

    def __init__(self) -> None:
        self._all = CapacityLimiter(_AT_ONCE)
        self._of: dict[str, CapacityLimiter] = {}

    @asynccontextmanager
    async def turn(self, visitor: str) -> AsyncIterator[None]:
        """Wait for a turn, and have it.

        Raises
        ------
        UnavailableError
            It did not come.
        """
        mine = self._of.setdefault(visitor, CapacityLimiter(_OF_ONE))
        me = object()
        try:
            with fail_after(_PATIENCE_SECONDS):
                await mine.acquire_on_behalf_of(me)
                try:
                    await self._all.acquire_on_behalf_of(me)
                except BaseException:
                    mine.release_on_behalf_of(me)
                    raise
        except TimeoutError:
            self._forget(visitor)
            raise UnavailableError("Too many ask the Butler at this moment; ask again soon.") from None
        try:
            yield
        finally:
            self._all.release_on_behalf_of(me)
            mine.release_on_behalf_of(me)
            self._forget(visitor)

    def _forget(self, visitor: str) -> None:
        """Keep nothing of somebody who neither has a turn nor waits for one."""
        mine = self._of.get(visitor)
        if mine is not None and not mine.borrowed_tokens and not mine.statistics().tasks_waiting:
            del self._of[visitor]


def _may(repository: str, visitor: Visiting, instance: Reach) -> Visitor:
    """Let those in who may see images of the release; for others there is none."""
    instance.images.locate.release(repository, visitor=visitor)
    return visitor


May = Annotated[Visitor, Depends(_may)]


async def _turn(request: Request, visitor: May) -> AsyncIterator[None]:
    # Released when the last row has been sent.
    async with request.app.state.butler_turns.turn(visitor.name or visitor.address):
        yield


async def _factory(repository: str, request: Request, instance: Reach) -> Factory:
    """Open Butlers whose files have addresses at the host by which this request came."""
    here = origin(request)

    def address(id: uuid.UUID, name: str, seconds: int) -> str:  # noqa: A002
        return here + instance.images.lend.address(repository, id, name, seconds)

    return Factory(repository, lambda: instance.images.readers.open(repository, address))


async def _nobody() -> None:
    """Leave it to `_turn` how much one visitor may ask at a time."""


class _Log:
    """Where the server says which files were asked for."""

    def info(self, event: str, **facts: Any) -> None:
        _log.info(event, extra=facts)


async def _logger() -> _Log:
    return _Log()


class _Guarded(APIRoute):
    """A route of the server: an answer ends in time, and what a request makes fail is the request's fault."""

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        started = False
        is_expression = self.path.endswith("/query/all_datasets")
        limit_body(scope, _LARGEST_EXPRESSION if is_expression else _LARGEST)

        async def sending(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        with move_on_after(_LONGEST_SECONDS) as limit:
            try:
                await super().handle(scope, receive, sending)
            except server.REFUSALS as error:
                _log.warning("The Butler refused a request", exc_info=error)
                if not started:
                    raise server.refused(error) from error
        if limit.cancelled_caught and not started:
            raise UnavailableError("The Butler did not answer in time; ask for less at a time.")


router = APIRouter(tags=["butler"], route_class=_Guarded)

_BEHIND: tuple[tuple[Iterable[Any], list[Any]], ...] = (
    (server.OPEN, [anyone]),
    (server.ROUTES, [_may, _turn]),
)
for _routes, _policies in _BEHIND:
    for _route in _routes:
        router.add_api_route(
            f"/api/butler/repo/{{repository}}{_route.path}",
            _route.endpoint,
            methods=list(_route.methods),
            summary=_route.summary,
            response_model=_route.response_model,
            response_model_exclude_unset=_route.response_model_exclude_unset,
            dependencies=[Depends(policy) for policy in _policies],
        )


@router.get(f"{FILES}/{{release}}/{{id}}/{{name}}", response_class=FileResponse)
def file(
    release: str,
    id: str,  # noqa: A002
    name: str,
    expires: str,
    signature: str,
    instance: Reach,
    _: Anyone,
) -> Response:
    """Answer a file by a signed address, or the ranges of bytes that are asked for (RFC 9110, section 14)."""
    path = instance.images.lend.file(release, id, name, expires=expires, signature=signature)
    return StoredFile(path, filename=name, media_type="application/octet-stream")


def add_butler(app: FastAPI) -> None:
    """Let ``app`` answer what Butler clients ask."""
    app.state.butler_turns = _Turns()
    app.dependency_overrides |= {
        server.FACTORY: _factory,
        server.LOGGER: _logger,
        server.USER: _nobody,
    }
    app.include_router(router)

    @app.exception_handler(server.ButlerUserError)
    async def _told(request: Request, error: Exception) -> Response:
        return Response(server.told(error), server.ERROR_STATUS_CODE, media_type="application/json")
