"""Notebooks: a lab for whom it is, with the user's token, that goes on while the hub is away."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest
import requests
from playwright.sync_api import Browser, BrowserContext, Page
from support.asking import session_of
from support.running import Platform, running, sciplat
from support.sky_files import pixels, simple

from sciplat.errors import AuthenticationError
from sciplat.identity import IdentityStore, TokenKind
from sciplat.processes.hubbing import can_run_notebooks

pytestmark = [
    pytest.mark.journey,
    pytest.mark.skipif(not can_run_notebooks(), reason="needs the [notebook] extra"),
]

CELL = """
import os, requests
header = {"Authorization": "Bearer " + os.environ["SCIPLAT_TOKEN"]}
me = requests.get(os.environ["SCIPLAT_URL"] + "/api/identity/me", headers=header).json()["user"]
query = {"LANG": "ADQL", "RESPONSEFORMAT": "csv",
         "QUERY": "SELECT TOP 1 40 + 2 AS answer FROM tap_schema.tables"}
rows = requests.post(os.environ["SCIPLAT_URL"] + "/api/tap/sync", query, headers=header).text.split()
print(me["name"], sorted(me["scopes"]), rows)
open("environment.json", "w").write(__import__("json").dumps(dict(os.environ)))
"""
BUTLER = """
from sciplat.client import connect
butler = connect().butler("field")
found = butler.query_datasets("visit_image", where="band = 'g'")
image = butler.get(found[0])
print("found", len(found), "of", found[0].run, image.image.shape, round(float(image.image.mean())))
"""
NOTEBOOK = {
    "cells": [
        {
            "cell_type": "code",
            "id": name,
            "execution_count": None,
            "metadata": {},
            "outputs": [],
            "source": source,
        }
        for name, source in (("a", CELL), ("b", BUTLER))
    ],
    "metadata": {
        "kernelspec": {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"},
        "language_info": {"name": "python"},
    },
    "nbformat": 4,
    "nbformat_minor": 5,
}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """An instance with a hub, two users and an image."""
    home = tmp_path_factory.mktemp("notebooks") / "home"
    sciplat(home, "user", "add", "ada")
    facts = {"FILTER": "g", "INSTRUME": "CDK17", "EXPTIME": 60.0, "DATE_OBS": "2026-03-01T20:00:00"}
    image = simple(home.parent / "images" / "one.fits", **facts)
    sciplat(home, "ingest", "images", str(image), "--release", "field")
    (home / "workspace" / "admin" / "ask.ipynb").write_text(json.dumps(NOTEBOOK))
    with running(home, notebooks=True) as started:
        wait_for_hub(started)
        yield started


def wait_for_hub(place: Platform) -> None:
    place.wait_for(lambda: place.health()["components"].get("hub") == "up", seconds=120, what="the hub")


def nb(place: Platform) -> str:
    return f"http://nb.localhost:{place.port}"


def of_hub(place: Platform, path: str, **options: object) -> requests.Response:
    """Ask on the notebooks' own host, which Python may not know by name."""
    headers = {"Host": f"nb.localhost:{place.port}", **options.pop("headers", {})}  # type: ignore[dict-item]
    return requests.get(place.url + path, headers=headers, timeout=30, allow_redirects=False, **options)


def signed_in(browser: Browser, place: Platform, user: str) -> BrowserContext:
    context = browser.new_context()
    cookie = {"name": "sciplat_session", "value": session_of(place, user), "url": place.url}
    context.add_cookies([cookie])
    context.set_default_timeout(90_000)
    return context


@pytest.fixture(scope="module")
def lab(browser: Browser, place: Platform) -> Iterator[Page]:
    """The administrator's lab with a notebook whose cells have run."""
    context = signed_in(browser, place, "admin")
    page = context.new_page()
    page.asked = []  # type: ignore[attr-defined]
    page.on("request", lambda request: page.asked.append(request.url))  # type: ignore[attr-defined]
    page.goto(f"{nb(place)}/hub/user-redirect/lab/tree/ask.ipynb")
    # Sooner, JupyterLab would ask which kernel it shall start.
    page.get_by_text("Python 3 (ipykernel) | Idle").wait_for()
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_text("Run All Cells", exact=True).click()
    page.locator(".jp-OutputArea-output").first.wait_for()
    yield page
    context.close()


@pytest.fixture(scope="module")
def environment(place: Platform, lab: Page) -> dict[str, str]:
    """What the kernel was started with."""
    found = place.home / "workspace" / "admin" / "environment.json"
    place.wait_for(found.exists, what="the end of the cell")
    return dict(json.loads(found.read_text()))


def lab_pid(place: Platform) -> int:
    return int(json.loads((place.home / "hub" / "labs" / "admin.json").read_text())["pid"])


def hub_pid(place: Platform) -> int:
    return int(json.loads((place.home / "run.json").read_text())["children"]["hub"]["pid"])


def cookies(lab: Page) -> dict[str, str]:
    found = lab.context.cookies(lab.url)
    return {"Cookie": "; ".join(f"{one['name']}={one['value']}" for one in found)}


def lab_answers(place: Platform, lab: Page) -> bool:
    answer = of_hub(place, "/user/admin/api/status", headers=cookies(lab))
    return answer.status_code == 200 and "kernels" in answer.json()


def test_a_kernel_asks_the_instance_with_its_own_token(lab: Page) -> None:
    said = lab.locator(".jp-OutputArea-output").first.inner_text()

    assert said.startswith("admin ['exec:notebook', 'exec:portal', 'read:image', 'read:tap',")
    assert "admin:instance" not in said
    assert "['answer', '42']" in said


@pytest.mark.requirement("DMS-NB-REQ-0009")
def test_a_kernel_finds_and_reads_images_with_the_butler(lab: Page) -> None:
    said = lab.locator(".jp-OutputArea-output").filter(has_text="found")
    said.wait_for()

    image = pixels()
    assert said.inner_text().split() == [
        *("found", "1", "of", "images"),
        *str(image.shape).split(),
        str(round(float(image.mean()))),
    ]


def test_nothing_is_asked_of_other_hosts(place: Platform, lab: Page) -> None:
    hosts = {urlsplit(url).netloc for url in lab.asked if not url.startswith(("data:", "blob:"))}  # type: ignore[attr-defined]

    assert hosts <= {f"{host}:{place.port}" for host in ("nb.localhost", "localhost", "127.0.0.1")}
    assert lab.get_by_text("Jupyter news").count() == 0
    for path in ("news", "update"):
        answer = of_hub(place, f"/user/admin/lab/api/{path}", headers=cookies(lab))
        assert (answer.status_code, answer.text) in {(200, '{"notification": null}'), (200, '{"news": []}')}


def test_the_token_is_in_no_notebook_log_address_or_command_line(
    place: Platform, lab: Page, environment: dict[str, str]
) -> None:
    secret = environment["SCIPLAT_TOKEN"].split(".")[1]
    written = "".join(path.read_text() for path in (place.home / "logs").iterdir())
    written += "".join(path.read_text() for path in (place.home / "workspace" / "admin").glob("*.ipynb"))
    written += " ".join(lab.asked)  # type: ignore[attr-defined]
    written += " ".join(" ".join(each.cmdline()) for each in psutil.process_iter() if each.pid != os.getpid())

    assert len(secret) == 22
    assert secret not in written
    # In a process of its own: SQLite's locks of this one would end when it closes files of a database.
    kept = ["grep", "--recursive", "--text", "--fixed-strings", "--quiet", secret]
    assert subprocess.run([*kept, place.home / "hub", place.home / "state"], check=False).returncode == 1


def test_what_kernels_say_is_on_no_port_and_the_hubs_folder_is_its_own(
    place: Platform, lab: Page, environment: dict[str, str]
) -> None:
    (connection,) = Path(environment["JUPYTER_RUNTIME_DIR"]).glob("kernel-*.json")

    assert json.loads(connection.read_text())["transport"] == "ipc"
    for folder in (connection.parent, place.home / "hub", place.home / "workspace" / "admin"):
        assert stat.S_IMODE(folder.stat().st_mode) & 0o777 == 0o700
    for name in ("cookie-secret", "crypt-key"):
        assert stat.S_IMODE((place.home / "hub" / name).stat().st_mode) == 0o600


def test_another_user_is_told_why_there_are_no_notebooks(browser: Browser, place: Platform) -> None:
    context = signed_in(browser, place, "ada")
    page = context.new_page()

    page.goto(f"{place.url}/portal")
    page.get_by_role("link", name="Notebooks").click()
    page.get_by_text("only admin may use them").wait_for()
    page.goto(f"{nb(place)}/")
    page.get_by_text("only admin may use them").first.wait_for()
    assert page.goto(f"{nb(place)}/user/admin/lab").status in (400, 403, 404)  # type: ignore[union-attr]
    context.close()


def test_the_portal_leads_there(lab: Page, place: Platform) -> None:
    page = lab.context.new_page()
    page.goto(f"{place.url}/portal")
    page.get_by_role("link", name="Notebooks").click()

    page.wait_for_url(f"{nb(place)}/user/admin/lab**", wait_until="commit")
    page.close()


def test_nobody_gets_in_without_signing_in(place: Platform, lab: Page) -> None:
    for path in (
        "/user/admin/api/contents",
        "/user/admin/api/kernels",
        "/hub/api/users",
        "/hub/api/users/admin",
    ):
        assert of_hub(place, path).status_code in (302, 403), path
    spoofed = {"X-Auth-Request-User": "admin", "Remote-User": "admin", "X-Forwarded-User": "admin"}
    assert of_hub(place, "/hub/api/user", headers=spoofed).status_code == 403
    token = {"Authorization": f"Bearer {place.token('exec:notebook', user='ada')}"}
    assert of_hub(place, "/user/admin/api/contents", headers=token).status_code in (302, 403)


def test_a_lab_goes_on_while_the_hub_is_dead_and_is_found_again(place: Platform, lab: Page) -> None:
    process = lab_pid(place)
    killed = hub_pid(place)

    os.kill(killed, signal.SIGKILL)

    assert lab_answers(place, lab)
    assert requests.get(f"{place.url}/api/tap/availability", timeout=30).status_code == 200
    assert requests.get(f"{place.url}/portal", timeout=30).status_code == 200
    place.wait_for(lambda: hub_pid(place) != killed, what="another hub")
    wait_for_hub(place)
    assert lab_answers(place, lab)
    assert lab_pid(place) == process
    place.wait_for(lambda: place.health()["status"] == "ready", what="ready")


def test_kill_9_leaves_labs_and_the_next_start_finds_them_and_ctrl_c_ends_them(
    place: Platform, lab: Page, environment: dict[str, str]
) -> None:
    process = psutil.Process(lab_pid(place))
    place.process.kill()
    place.process.wait()
    token = environment["SCIPLAT_TOKEN"]

    with running(place.home, notebooks=True, port=place.port) as again:
        wait_for_hub(again)
        again.wait_for(lambda: lab_answers(again, lab), what="the lab")
        assert lab_pid(again) == process.pid
        bearer = {"Authorization": f"Bearer {token}"}
        assert requests.get(f"{again.url}/api/identity/tokens", headers=bearer, timeout=30).status_code == 200
        assert again.stop() == 0

    assert not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    identity = IdentityStore.open(place.home)
    assert identity.tokens("admin", kind=TokenKind.NOTEBOOK) == ()
    with pytest.raises(AuthenticationError):
        identity.authenticate(token)
    identity.close()
    assert list((place.home / "hub" / "labs").iterdir()) == []
    assert not Path(environment["JUPYTER_RUNTIME_DIR"]).exists()
