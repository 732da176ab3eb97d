"""Every route names who may use it, and no route breaks on bad credentials."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from sciplat.api import policy
from sciplat.config import Settings
from sciplat.instance import Instance
from sciplat.portal import pages
from sciplat.processes import runner, views, web

POLICIES = {policy.anyone, policy._visiting, policy._signed_in, pages.everybody}
FRAMEWORK = {"/api/openapi.json"}


@pytest.fixture(scope="module", params=[web, views, runner], ids=["web", "views", "runner"])
def app(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    home: Path = tmp_path_factory.mktemp("home")
    return request.param.create_app(Instance(home, Settings()))


def calls(dependant: Dependant) -> Iterator[object]:
    yield dependant.call
    for inner in dependant.dependencies:
        yield from calls(inner)


def test_every_route_names_its_policy(app: FastAPI) -> None:
    without = [
        route.path
        for route in app.routes
        if route.path not in FRAMEWORK
        and not (isinstance(route, APIRoute) and POLICIES & set(calls(route.dependant)))
    ]

    assert without == []
