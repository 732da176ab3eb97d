"""What the platform tells of its tables, beside TAP_SCHEMA."""

from __future__ import annotations

import pytest
import pyvo
import requests
from support.running import Platform

pytestmark = pytest.mark.journey


@pytest.mark.requirement("DMS-API-REQ-0030")
def test_a_table_of_the_demo_tells_its_columns_and_how_they_belong_together(platform: Platform) -> None:
    told = requests.get(f"{platform.url}/api/metadata/simwide.ForcedSource", timeout=30).json()

    assert told["rows"] > 1_000_000
    assert all(column["description"] for column in told["columns"])
    relations = {(each["kind"], *each["columns"]): each for each in told["relations"]}
    assert ("error", "psfFlux", "psfFluxErr") in relations
    assert relations["key", "objectId"]["table"] == "simwide.Object"
    back = requests.get(f"{platform.url}/api/metadata/simwide.object", timeout=30).json()["relations"]
    assert ("reference", "simwide.ForcedSource") in [(each["kind"], each["table"]) for each in back]
    assert any(each["kind"] == "bands" and each["quantity"] == "psfFlux" for each in back)


def test_every_key_of_the_metadata_is_in_tap_schema_too(platform: Platform) -> None:
    keys = pyvo.dal.TAPService(platform.tap).search("SELECT from_table, target_table FROM TAP_SCHEMA.keys")
    listed = {(row["from_table"], row["target_table"]) for row in keys}
    for name in ("Source", "ForcedSource", "DiaSource", "CcdVisit"):
        told = requests.get(f"{platform.url}/api/metadata/simwide.{name}", timeout=30).json()
        own = {(f"simwide.{name}", each["table"]) for each in told["relations"] if each["kind"] == "key"}
        assert own
        assert own <= listed


def test_metadata_of_a_private_table_is_for_those_who_may(platform: Platform) -> None:
    url = f"{platform.url}/api/metadata/secret.mine"
    assert requests.get(url, timeout=30).status_code == 401
    token = platform.token(user="ada")
    assert requests.get(url, headers={"Authorization": f"Bearer {token}"}, timeout=30).status_code == 200
    assert requests.get(f"{platform.url}/api/metadata/secret.none", timeout=30).status_code == 401
