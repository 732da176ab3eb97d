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

POLICIES = {policy.anyone, policy._visiting, policy._signed_in, pages.everybody}


@pytest.mark.parametrize("process", [web, views], ids=["web", "views"])
def test_every_route_names_its_policy(process, tmp_path: Path) -> None:
    app = process.create_app(Instance(tmp_path, Settings()))

    assert [r.path for r in routes(app) if not POLICIES & set(calls(r.dependant))] == []
