"""What the states of the processes mean together."""

from __future__ import annotations

from pathlib import Path

import pytest

from sciplat.processes.health import Health, overall, read_status, write_status


@pytest.mark.parametrize(
    ("changes", "was_ready", "status"),
    [
        ({}, False, "ready"),
        ({"runner": "off"}, False, "ready"),
        ({"demo": "making"}, False, "ready"),
        ({"views": "starting"}, False, "starting"),
        ({"views": "down"}, True, "degraded"),
        ({"runner": "starting"}, True, "degraded"),
        ({"web": "down"}, True, "starting"),
        ({"caddy": "starting"}, True, "starting"),
    ],
)
def test_states_mean(changes: dict, was_ready: bool, status: str) -> None:  # type: ignore[type-arg]
    components = dict.fromkeys(("caddy", "web", "views", "runner"), "up") | {"demo": "absent"} | changes

    assert overall(components, was_ready=was_ready) == status  # type: ignore[arg-type]


def test_the_states_come_back_as_they_were_written(tmp_path: Path) -> None:
    health = Health("degraded", {"web": "up", "views": "down", "demo": "ready"})

    write_status(tmp_path, health)

    assert read_status(tmp_path) == health
    assert [path.name for path in tmp_path.iterdir()] == ["status.json"]
