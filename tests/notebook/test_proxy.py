"""The hub's routes in a real front door: they lead, they end nothing, and they outlive it."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from support.running import free_port
from support.serving import serving

pytest.importorskip("jupyterhub", reason="needs the [notebook] extra")

from sciplat.notebook.proxy import CaddyProxy
from sciplat.processes.caddy import LABS, caddy_process, find_caddy
from sciplat.processes.rundir import make_run_directory

HOST = "nb.localhost"


async def lab(scope: dict, receive: object, send: object) -> None:  # type: ignore[type-arg]
    """A lab that says where it was asked; for ``/slow`` it goes on until the next line is wanted."""
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})  # type: ignore[operator]
    if scope["path"].endswith("/slow"):
        for _ in range(60):
            await send({"type": "http.response.body", "body": b"line\n", "more_body": True})  # type: ignore[operator]
            await asyncio.sleep(0.1)
    await send({"type": "http.response.body", "body": scope["path"].encode()})  # type: ignore[operator]


@dataclass
class Door:
    directory: Path
    port: int
    process: subprocess.Popen[bytes]

    def proxy(self) -> CaddyProxy:
        return CaddyProxy(
            socket=str(self.directory / "caddy-admin.sock"), kept=str(self.directory / "caddy.json")
        )

    def get(self, path: str, host: str = HOST) -> httpx.Response:
        return httpx.get(
            f"http://127.0.0.1:{self.port}{path}", headers={"Host": f"{host}:{self.port}"}, trust_env=False
        )

    def start(self) -> None:
        command = [str(find_caddy()), "run", "--config", str(self.directory / "caddy.json")]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            try:
                self.get("/")
            except httpx.TransportError:
                continue
            return
        raise AssertionError("Caddy did not start")


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Door]:
    directory, port = make_run_directory(), free_port()
    (tmp_path / "logs").mkdir()
    caddy_process(tmp_path, directory, host="127.0.0.1", port=port, notebooks=HOST)
    made = Door(directory, port, None)  # type: ignore[arg-type]
    made.start()
    yield made
    made.process.terminate()
    made.process.wait(10)


@pytest.fixture
def target() -> Iterator[str]:
    with serving(lab) as url:
        yield url


def test_a_route_leads_to_its_lab_and_the_longest_leads_first(door: Door, target: str) -> None:
    proxy = door.proxy()
    assert door.get("/user/ada/lab").status_code == 503

    async def change() -> dict[str, object]:
        await proxy.add_route("/", "http://127.0.0.1:9", {"hub": True})
        await proxy.add_route("/user/ada/", target, {"user": "ada", "server_name": ""})
        return await proxy.get_all_routes()

    routes = asyncio.run(change())

    assert routes["/user/ada/"] == {
        "routespec": "/user/ada/", "target": target, "data": {"user": "ada", "server_name": ""},
    }  # fmt: skip
    assert door.get("/user/ada/lab").text == "/user/ada/lab"
    assert door.get("/user/ada").text == "/user/ada"
    assert door.get("/user/adam/lab").status_code == 503  # the hub's, which is not there
    assert door.get("/user/ada/lab", host="localhost").status_code == 503  # the Portal's, which is not there
    asyncio.run(proxy.delete_route("/user/ada/"))
    assert door.get("/user/ada/lab").status_code == 503
    asyncio.run(proxy.delete_route("/user/ada/"))


def test_changes_at_once_lose_no_route(door: Door, target: str) -> None:
    proxy = door.proxy()

    async def change() -> dict[str, object]:
        await asyncio.gather(*(proxy.add_route(f"/user/u{n}/", target, {"user": f"u{n}"}) for n in range(8)))
        return await proxy.get_all_routes()

    assert set(asyncio.run(change())) == {f"/user/u{n}/" for n in range(8)}


def test_a_front_door_that_is_killed_comes_back_with_the_routes(door: Door, target: str) -> None:
    asyncio.run(door.proxy().add_route("/user/ada/", target, {"user": "ada"}))

    door.process.send_signal(signal.SIGKILL)
    door.process.wait(10)
    door.start()

    assert door.get("/user/ada/x").text == "/user/ada/x"
    assert list(asyncio.run(door.proxy().get_all_routes())) == ["/user/ada/"]
    kept = json.loads((door.directory / "caddy.json").read_text())
    assert f'"@id": "{LABS}"' in json.dumps(kept)


@pytest.mark.slow
def test_a_request_goes_on_while_routes_change(door: Door, target: str) -> None:
    proxy, lines, began = door.proxy(), [], threading.Event()
    asyncio.run(proxy.add_route("/user/ada/", target, {"user": "ada"}))

    def read() -> None:
        address = f"http://127.0.0.1:{door.port}/user/ada/slow"
        with httpx.stream("GET", address, headers={"Host": HOST}, timeout=30, trust_env=False) as answer:
            for line in answer.iter_lines():
                lines.append(line)
                began.set()

    reader = threading.Thread(target=read)
    reader.start()
    assert began.wait(10)
    asyncio.run(proxy.add_route("/user/theo/", target, {"user": "theo"}))
    reader.join(30)

    assert lines == ["line"] * 60 + ["/user/ada/slow"]
