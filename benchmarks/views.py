"""How soon others on a view see a brush, and an operation, through the front door."""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import requests
from websockets.asyncio.client import ClientConnection, connect

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from support.running import running  # noqa: E402

TIMES = 300
OTHERS = 2
BRUSH = {"kind": "ranges", "ranges": [["psfFlux / psfFluxErr", 5.0, 50.0], ["ra", 25.1, 25.9]]}


async def told(socket: ClientConnection, kind: str) -> float:
    """Return when the next message of a kind was heard."""
    while True:
        message = json.loads(await socket.recv())
        if message["type"] == kind:
            return time.perf_counter()


async def times(url: str, token: str, view: str) -> dict[str, list[float]]:
    """Return the milliseconds until the last of the others has heard, for each kind of message."""
    address = f"{url.replace('http', 'ws', 1)}/api/views/{view}/socket"
    header = {"Authorization": f"Bearer {token}"}
    sockets = [
        await connect(address, additional_headers=header, proxy=None, compression=None)
        for _ in range(1 + OTHERS)
    ]
    for socket in sockets:
        await socket.send('{"type": "hello"}')
        await told(socket, "state")
    first, *others = sockets
    opened = {"op": "table.open", "target": "T1", "source": {"kind": "job", "job": "abc"}}
    await first.send(json.dumps({"type": "do", "id": "open", "operation": opened}))
    await asyncio.gather(told(first, "done"), *(told(other, "operation") for other in others))
    found: dict[str, list[float]] = {"show": [], "do": []}
    for number in range(TIMES):
        what = {"kind": "brush", "target": "T1", "selection": BRUSH}
        operation = {"op": "select", "target": "T1", "selection": BRUSH}
        for kind, message, heard in (
            ("show", {"type": "show", "what": what}, "shown"),
            ("do", {"type": "do", "id": f"n{number}", "operation": operation}, "operation"),
        ):
            began = time.perf_counter()
            await first.send(json.dumps(message))
            ends = await asyncio.gather(*(told(other, heard) for other in others))
            found[kind].append(1000 * (max(ends) - began))
        await asyncio.sleep(0.05)  # as often as somebody may do something
    for socket in sockets:
        await socket.close()
    return found


def main() -> dict[str, Any]:
    """Measure on an instance of its own."""
    with (
        tempfile.TemporaryDirectory(prefix="sciplat-bench-") as name,
        running(Path(name) / "home") as platform,
    ):
        token = platform.token("exec:portal")
        header = {"Authorization": f"Bearer {token}"}
        view = requests.post(f"{platform.url}/api/views", headers=header, timeout=30).json()["id"]
        found = asyncio.run(times(platform.url, token, view))
    return {
        kind: {
            "median_ms": round(statistics.median(values), 2),
            "p95_ms": round(statistics.quantiles(values, n=20)[-1], 2),
            "most_ms": round(max(values), 2),
        }
        for kind, values in found.items()
    }


def table(result: dict[str, Any]) -> str:
    """Return the figures for people."""
    lines = [f"{'':6} {'median':>9} {'p95':>9} {'most':>9}   to the last of {OTHERS} others"]
    for kind, figures in result.items():
        lines.append(
            f"{kind:6} {figures['median_ms']:6} ms {figures['p95_ms']:6} ms {figures['most_ms']:6} ms"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    print(table(main()))
