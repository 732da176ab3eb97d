"""What a handler reaches: the instance, and the verbs that its process runs."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request
from starlette.requests import HTTPConnection

from sciplat.instance import Instance
from sciplat.services.query import QueryService

__all__ = ["Asking", "Reach"]


async def _instance(connection: HTTPConnection) -> Instance:
    instance = connection.app.state.instance
    assert isinstance(instance, Instance)
    return instance


async def _query(request: Request) -> QueryService:
    service = request.app.state.query
    assert isinstance(service, QueryService)
    return service


Reach = Annotated[Instance, Depends(_instance)]
Asking = Annotated[QueryService, Depends(_query)]
