"""The hub's way to the front door: it writes the routes to labs over Caddy's socket of administration."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
from jupyterhub.proxy import Proxy
from traitlets import Unicode

__all__ = ["LABS", "CaddyProxy", "route_to"]

LABS = "labs"
"""What Caddy's configuration calls the list of these routes."""

_NOTE = "hub_route"
_SECONDS = 10.0


class CaddyProxy(Proxy):  # type: ignore[misc]  # it has no types
    """Routes of Caddy, each with a note by which the hub knows it again."""

    socket = Unicode(config=True, help="Caddy's socket of administration.")
    kept = Unicode(config=True, help="The configuration with which Caddy is started again if it ends.")
    should_start = False

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self._turn = asyncio.Lock()

    async def add_route(self, routespec: str, target: str, data: dict[str, Any]) -> None:
        """Lead what begins with ``routespec`` (``[host]/path/``) to ``target``."""
        note = {"routespec": self.validate_routespec(routespec), "target": target, "data": data}
        await self._change(add=note, drop=note["routespec"])

    async def delete_route(self, routespec: str) -> None:
        """Lead it nowhere; one that is not there is no error."""
        await self._change(add=None, drop=self.validate_routespec(routespec))

    async def get_all_routes(self) -> dict[str, dict[str, Any]]:
        """Return the notes of all routes."""
        return {note["routespec"]: note for note in await self._notes()}

    async def _notes(self) -> list[dict[str, Any]]:
        answer = await self._ask("GET")
        return [json.loads(route["handle"][0][_NOTE]) for route in answer.json() or []]

    async def _change(self, *, add: dict[str, Any] | None, drop: str) -> None:
        async with self._turn:
            before = await self._notes()
            notes = [note for note in before if note["routespec"] != drop] + ([add] if add else [])
            if notes == before:
                return
            # The first that matches leads the way, so the longest comes first.
            notes.sort(key=lambda note: (-len(note["routespec"]), note["routespec"]))
            routes = [route_to(note) for note in notes]
            await self._ask("PATCH", routes)
            await asyncio.to_thread(_keep, Path(self.kept), routes)

    async def _ask(self, method: str, body: object = None) -> httpx.Response:
        transport = httpx.AsyncHTTPTransport(uds=self.socket)
        async with httpx.AsyncClient(transport=transport, base_url="http://caddy", timeout=_SECONDS) as caddy:
            answer = await caddy.request(method, f"/id/{LABS}/routes", json=body)
        answer.raise_for_status()
        return answer


def route_to(note: dict[str, Any]) -> dict[str, Any]:
    """Return Caddy's route for a note."""
    host, _, path = note["routespec"].partition("/")
    prefix = f"/{path}".rstrip("/")
    match: dict[str, Any] = {"path": [prefix or "/", f"{prefix}/*"]}
    if host:
        match["host"] = [host]
    return {
        "match": [match],
        "handle": [
            {"handler": "vars", _NOTE: json.dumps(note)},
            {
                "handler": "reverse_proxy",
                "upstreams": [{"dial": urlsplit(note["target"]).netloc}],
                "transport": {"protocol": "http", "compression": False},
                "flush_interval": -1,
                # A kernel's socket outlives it that another lab starts.
                "stream_close_delay": "24h",
            },
        ],
        "terminal": True,
    }


def _keep(path: Path, routes: list[dict[str, Any]]) -> None:
    """Put the routes into the file with which Caddy is started."""
    configuration = json.loads(path.read_text("utf-8"))
    _labs(configuration)["routes"] = routes
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(configuration, indent=1), "utf-8")
    fresh.replace(path)


def _labs(part: Any) -> dict[str, Any]:
    found = _find(part)
    assert found is not None
    return found


def _find(part: Any) -> dict[str, Any] | None:
    if isinstance(part, dict) and part.get("@id") == LABS:
        return part
    inner = part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()
    return next((found for each in inner if (found := _find(each)) is not None), None)
