"""Several people and programs on one view, through the front door."""

from __future__ import annotations

import random
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import requests
from playwright.sync_api import Page
from support.asking import send, session_of
from support.running import Platform, sciplat
from support.viewing import SECONDS, viewing
from views.doing import operation
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from sciplat.views.state import EMPTY, applied, fingerprint, patch_from_json
from sciplat.wire.operations import to_json

pytestmark = pytest.mark.journey


@pytest.fixture(scope="module")
def tokens(platform: Platform) -> dict[str, str]:
    sciplat(platform.home, "user", "add", "vera")
    return {user: platform.token("exec:portal", user=user) for user in ("admin", "vera")}


@pytest.fixture
def view(platform: Platform, tokens: dict[str, str]) -> Iterator[str]:
    """A view of admin's, which vera may change."""
    header = {"Authorization": f"Bearer {tokens['admin']}"}
    made = send(platform, "POST", "/api/views", json={"title": "Light curves"}, headers=header).json()
    answer = send(
        platform,
        "PUT",
        f"/api/views/{made['id']}/members/vera",
        json={"role": "editor"},
        headers=header,
    )
    assert answer.status_code == 204
    yield made["id"]
    send(platform, "DELETE", f"/api/views/{made['id']}", headers=header)


BUILD = """
import { build } from "vite";
const lib = { entry: "src/session/view-link.ts", formats: ["iife"], name: "link" };
const options = { write: false, minify: false, lib };
const made = await build({ configFile: false, logLevel: "silent", build: options });
console.log([made].flat()[0].output[0].code);
"""


def kill_views(platform: Platform) -> None:
    children = psutil.Process(platform.process.pid).children()
    next(child for child in children if "views" in child.cmdline()).kill()


def test_kill_9_loses_no_acknowledged_operation_and_clients_go_on(
    platform: Platform, tokens: dict[str, str], view: str
) -> None:
    acknowledged: dict[str, int] = {}
    ends: dict[str, tuple[int | None, str]] = {}
    broken: list[int] = []
    both = threading.Barrier(2)
    killed = threading.Event()

    def work(user: str) -> None:
        rng = random.Random(user)
        state, revision, number, said = None, None, 0, None
        while number < 40:
            try:
                with viewing(platform.url, view, token=tokens[user]) as viewer:
                    viewer.hello(revision, state)
                    try:
                        while number < 40:
                            if number == 20 and not broken:
                                halfway.set()
                                killed.wait(SECONDS)
                            # What was not answered is sent again as it was, under the same id.
                            said = said or to_json(operation(rng, viewer.state))
                            answer = viewer.do(f"{user}-{number}", **said)
                            if answer["type"] == "done":
                                acknowledged[f"{user}-{number}"] = answer["revision"]
                            number, said = number + 1, None
                    finally:
                        revision, state = viewer.revision, viewer.state or None
            except ConnectionClosed:
                broken.append(number)
            except (InvalidHandshake, OSError, TimeoutError):
                pass  # it is being started again
        both.wait(SECONDS)
        with viewing(platform.url, view, token=tokens[user]) as viewer:
            viewer.hello(revision, state)
            ends[user] = (viewer.revision, viewer.hash)

    halfway = threading.Event()
    threads = [threading.Thread(target=work, args=(user,)) for user in tokens]
    for thread in threads:
        thread.start()
    assert halfway.wait(SECONDS)
    kill_views(platform)
    killed.set()
    for thread in threads:
        thread.join(60)
    platform.wait_until_ready()

    assert len(broken) >= 1
    header = {"Authorization": f"Bearer {tokens['admin']}"}
    log = send(platform, "GET", f"/api/views/{view}/operations?limit=1000", headers=header)
    entries = log.json()["operations"]
    kept = {entry["id"]: entry["revision"] for entry in entries}
    assert len(kept) == len(entries)
    assert acknowledged.items() <= kept.items()
    state = dict(EMPTY, title="Light curves")
    for entry in entries:
        state = dict(applied(state, patch_from_json(entry["patch"])))
    assert set(ends.values()) == {(entries[-1]["revision"], fingerprint(state))}


def test_a_browser_goes_on_with_what_it_was_about_after_kill_9(
    platform: Platform, page: Page, tokens: dict[str, str], view: str
) -> None:
    """With the front end's own link."""
    front = Path(__file__).resolve().parents[2] / "frontend"
    node = shutil.which("node")
    if node is None or not (front / "node_modules").exists():
        pytest.skip("needs node, and the front end's packages (make install)")

    def until(name: str, value: object) -> None:
        platform.wait_for(lambda: page.evaluate(f"followed.{name}.value") == value, what=f"{name} {value}")

    built = subprocess.run(
        [node, "--input-type=module", "-e", BUILD], cwd=front, check=True, capture_output=True, text=True
    )
    address = f"{platform.url.replace('http', 'ws')}/api/views/{view}/socket"
    cookie = {"name": "sciplat_session", "value": session_of(platform, "vera"), "url": platform.url}
    page.context.add_cookies([cookie])
    page.goto("/portal")
    page.evaluate(f"() => {{ {built.stdout}; window.ViewLink = link.ViewLink; }}")
    page.evaluate("address => { window.followed = new ViewLink(address); }", address)
    until("status", "open")
    name = page.evaluate("followed.newName('sky')")
    assert page.evaluate("target => followed.do({op: 'sky.open', target})", name) == 1

    kill_views(platform)
    until("status", "away")
    page.evaluate("target => { window.kept = followed.do({op: 'sky.update', target, ra: 25.6}); }", name)
    assert page.evaluate("kept") == 2
    assert page.evaluate("followed.do({op: 'redo'}).catch(error => error.code)") == "conflict"
    with viewing(platform.url, view, token=tokens["admin"]) as admin:
        admin.hello()
        admin.do("a", op="sky.update", target=name, dec=0.3)
        until("revision", 3)
        assert fingerprint(page.evaluate("followed.state.value")) == admin.hash
    platform.wait_until_ready()


def test_a_browser_of_somebody_else_and_other_pages_open_no_socket(
    platform: Platform, page: Page, tokens: dict[str, str], view: str
) -> None:
    """In a real browser, under the Portal's own policy of contents."""
    follow = """address => new Promise(resolve => {
        const socket = new WebSocket(address);
        const heard = [];
        socket.onopen = () => socket.send('{"type": "hello"}');
        socket.onmessage = event => { heard.push(JSON.parse(event.data)); socket.close(1000); };
        socket.onclose = event => resolve({code: event.code, reason: event.reason, heard});
    })"""
    address = f"{platform.url.replace('http', 'ws')}/api/views/{view}/socket"

    page.goto("/portal")
    assert page.evaluate(follow, address)["code"] == 4401
    for session, code, heard in (
        (session_of(platform, "vera"), 1000, ["state"]),
        (session_of(platform, "ada"), 4404, []),
        ("sp-aaaaaaaaaaaaaaaaaaaaaa.bbbbbbbbbbbbbbbbbbbbbb", 4401, []),
    ):
        page.context.clear_cookies()
        page.context.add_cookies([{"name": "sciplat_session", "value": session, "url": platform.url}])
        found = page.evaluate(follow, address)
        assert (found["code"], [message["type"] for message in found["heard"]]) == (code, heard)
    # The same instance by another name is another origin, whose pages have no cookie of this one.
    page.context.clear_cookies()
    page.context.add_cookies(
        [{"name": "sciplat_session", "value": session_of(platform, "vera"), "url": platform.url}]
    )
    page.goto(f"http://localhost:{platform.port}/docs-that-are-not-there")
    assert page.evaluate(follow, address)["code"] == 1006


def test_a_view_is_with_the_instance_in_every_way(
    platform: Platform, tokens: dict[str, str], view: str
) -> None:
    answer = requests.get(f"{platform.url}/api/views/operations.json", timeout=30)
    assert answer.json()["discriminator"]["propertyName"] == "op"
    with (
        viewing(platform.url, view, token=tokens["admin"]) as admin,
        viewing(platform.url, view, token=tokens["vera"]) as vera,
    ):
        admin.hello()
        vera.hello()
        brush = {"kind": "brush", "target": "T1", "selection": {"kind": "rows", "rows": [1, 2]}}
        admin.send(type="show", what=brush)
        assert vera.hear() == {"type": "shown", "actor": "admin", "what": brush}
        admin.do("a", op="sky.open", target="S1", title="<script>alert(1)</script>")
        vera.until_revision(1)
        assert vera.hash == admin.hash
        admin.socket.send("x" * 300_000)
        with pytest.raises(ConnectionClosed) as end:
            admin.hear()
        assert end.value.rcvd is not None
        assert end.value.rcvd.code == 4422
        assert vera.do("b", op="close", target="S1")["type"] == "done"
