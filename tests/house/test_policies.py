"""Every route names who may use it."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.routes import calls, routes

from sciplat.api import policy
from sciplat.config import Settings
from sciplat.instance import Instance
from sciplat.portal import pages
from sciplat.processes import views, web

try:
    from sciplat.processes import images
except ModuleNotFoundError:  # without the [images] extra
    images = None

POLICIES = {policy.anyone, policy._visiting, policy._signed_in, policy.socket_visitor, pages.everybody}


@pytest.mark.parametrize("process", [web, views, images], ids=["web", "views", "images"])
def test_every_route_names_its_policy(process, tmp_path: Path) -> None:
    if process is None:
        pytest.skip("needs the [images] extra")
    app = process.create_app(Instance(tmp_path, Settings()))

    assert [r.path for r in routes(app) if not POLICIES & set(calls(r.dependant))] == []
