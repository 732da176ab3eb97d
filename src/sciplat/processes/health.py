"""How the instance is: the state of each process, as the supervisor sees it and ``/api/health`` says it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sciplat.processes.rundir import write_whole

__all__ = ["STATUS_FILE", "ComponentState", "Health", "Status", "overall", "read_status", "write_status"]

ComponentState = Literal["up", "starting", "down", "off", "absent", "making", "ready"]
"""Of a process: up, starting, down, off. Of the demo: absent, making, ready."""

Status = Literal["starting", "ready", "degraded"]

STATUS_FILE = "status.json"

_NEEDED = frozenset({"caddy", "web"})
"""Without these nobody can use anything: until they are back the instance is starting."""


@dataclass(frozen=True, slots=True)
class Health:
    """The answer of ``GET /api/health``."""

    status: Status
    components: Mapping[str, ComponentState]


def overall(components: Mapping[str, ComponentState], *, was_ready: bool) -> Status:
    """Return what the states mean together; the demo does not count, nor does the hub until it fails.

    An instance that ``was_ready`` is degraded, not starting, while one of the
    processes that it can do without is away.
    """
    fine = {"demo": {"absent", "making", "ready"}, "hub": {"up", "off", "starting"}}
    missing = {name for name, state in components.items() if state not in fine.get(name, {"up", "off"})}
    if not missing:
        return "ready"
    if missing & _NEEDED or (not was_ready and missing != {"hub"}):
        return "starting"
    return "degraded"


def write_status(run_directory: Path, health: Health) -> None:
    """Put the states where the front door and the web process read them."""
    state = {"status": health.status, "components": dict(health.components)}
    write_whole(run_directory / STATUS_FILE, json.dumps(state))


def read_status(run_directory: Path) -> Health:
    """Return the states that the supervisor wrote last."""
    values = json.loads((run_directory / STATUS_FILE).read_text("utf-8"))
    return Health(status=values["status"], components=values["components"])
