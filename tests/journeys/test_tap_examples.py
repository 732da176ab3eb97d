"""The examples of the TAP service, as clients read them."""

from __future__ import annotations

import pytest
import pyvo
import requests
from support.running import Platform

pytestmark = pytest.mark.journey


def test_every_example_runs_and_finds_rows(platform: Platform) -> None:
    found = pyvo.dal.TAPService(platform.tap).examples
    assert len(found) >= 8
    for example in found:
        assert len(example.execute()) > 0, example["QUERY"]


def test_examples_tell_nothing_of_what_is_private(platform: Platform) -> None:
    public = requests.get(f"{platform.tap}/examples", timeout=30)
    assert public.headers["Content-Type"].startswith("application/xhtml+xml")
    assert "secret" not in public.text
    own = requests.get(
        f"{platform.tap}/examples",
        headers={"Authorization": f"Bearer {platform.token(user='ada')}"},
        timeout=30,
    )
    assert "FROM secret.mine" in own.text
