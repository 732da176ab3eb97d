"""Maps of the sky, from the application that serves them, seen in Aladin Lite."""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import numpy as np
import pytest
from astropy.io import fits
from mocpy import MOC
from PIL import Image
from playwright.sync_api import Browser
from support.client import Client
from support.serving import serving
from support.sky_map import CENTRE, instance_with_coadds

pytest.importorskip("lsst.daf.butler", reason="needs the [images] extra")

from sciplat.identity.models import Scope
from sciplat.instance import Instance
from sciplat.processes.images import create_app

pytestmark = pytest.mark.journey

ALADIN = (
    Path(__file__).resolve().parents[2] / "frontend" / "node_modules" / "aladin-lite" / "dist" / "aladin.js"
)
CHROMIUM = next(filter(Path.exists, map(Path, ("/usr/lib/chromium/chromium", "/usr/bin/chromium"))), None)

PAGE = """<!doctype html>
<div id="aladin" style="width: 600px; height: 400px"></div>
<script type="module">
import A from "./aladin.js";
await A.init;
const asked = new URLSearchParams(location.search);
const survey = A.HiPS(asked.get("hips"), { name: "map", imgFormat: "png" });
window.aladin = A.aladin("#aladin", {
  survey, target: asked.get("target"), fov: 0.1, cooFrame: "ICRS", log: false, samp: false,
});
</script>
"""


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Instance:
    """Public release ``deep`` and private ``hidden``, each with maps."""
    made = instance_with_coadds(tmp_path_factory.mktemp("instance") / "home")
    made.make_hips.make("deep")
    made.catalogs.set_public("deep", True)
    instance_with_coadds(made.home, "hidden")
    made.make_hips.make("hidden", bands=["g"])
    made.identity.create_user("ada")
    return made


@pytest.fixture(scope="module")
def client(instance: Instance) -> Iterator[Client]:
    with serving(create_app(instance)) as url:
        yield Client(url)


class Quiet(SimpleHTTPRequestHandler):
    """Files of a folder, without a word about each."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a page with Aladin Lite at another origin."""
    if not ALADIN.exists():
        pytest.skip("aladin-lite is not installed (in frontend: npm ci)")
    folder = tmp_path_factory.mktemp("elsewhere")
    shutil.copy2(ALADIN, folder)
    (folder / "index.html").write_text(PAGE)
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()


def test_the_files_are_where_the_standard_has_them(client: Client) -> None:
    said = client.get("/api/hips/deep/g/properties")
    moc = client.get("/api/hips/deep/g/Moc.fits")
    tile = client.get("/api/hips/deep/g/Norder3/Dir0/Npix278.fits")
    picture = client.get("/api/hips/deep/colour/Norder3/Allsky.png")

    assert said.headers["Content-Type"].startswith("text/plain")
    lines = dict(line.split(" = ") for line in said.text.splitlines() if " = " in line)
    told = {name.strip(): value.strip() for name, value in lines.items()}
    assert told["hips_tile_format"] == "png fits"
    assert told["hips_status"] == "public master clonableOnce"
    assert {
        "creator_did",
        "obs_title",
        "hips_version",
        "hips_order",
        "hips_frame",
        "hips_release_date",
    } <= set(told)
    assert tile.headers["Content-Type"] == moc.headers["Content-Type"] == "application/fits"
    assert fits.getdata(io.BytesIO(tile.content)).shape == (512, 512)
    assert MOC.from_fits(io.BytesIO(moc.content)).max_order == 13
    with Image.open(io.BytesIO(picture.content)) as shown:
        assert shown.size == (1728, 1856)
    again = client.get("/api/hips/deep/g/Moc.fits", headers={"If-None-Match": moc.headers["ETag"]})
    assert again.status_code == 304


@pytest.mark.parametrize(
    "path",
    [
        "deep/u/properties",
        "deep/g/Norder3/Dir0/Npix1.fits",
        "deep/g/Norder3/Dir0/Npix278.jpg",
        "deep/g/made-of",
        "deep/g/../../../state/identity.sqlite",
        "deep/g/%2e%2e/r/properties",
        "deep/.making-g/properties",
        "deep/g/Norder99/Dir0/Npix99999999999999999999999.fits",
        "deep/g/",
        "deep/%00/properties",
    ],
)
def test_what_is_not_there_is_not_found(client: Client, path: str) -> None:
    answer = client.get(f"/api/hips/{path}")

    assert answer.status_code == 404
    assert answer.json()["error"]["message"]


def test_maps_of_a_private_release_are_for_who_may_see_its_images(client: Client, instance: Instance) -> None:
    issued = instance.identity.create_token("ada", scopes={Scope.READ_IMAGE})
    ada = {"Authorization": f"Bearer {issued.text}"}

    for path in ("properties", "Moc.fits", "Norder3/Dir0/Npix278.fits"):
        assert client.get(f"/api/hips/hidden/g/{path}").status_code == 401
        seen = client.get(f"/api/hips/hidden/g/{path}", headers=ada)
        assert seen.status_code == 200
        assert seen.headers["Cache-Control"].startswith("private")
    assert client.get("/api/images/hidden/moc").status_code == 401
    assert "hidden" not in client.get("/api/hips/list").text
    listed = client.get("/api/hips/list", headers=ada).text
    assert f"{client.url}/api/hips/hidden/g" in listed
    assert "private master" in listed
    assert listed.count("creator_did") == 5


def test_the_coverage_of_a_release_is_answered_in_three_forms(client: Client) -> None:
    fine = client.get("/api/images/deep/moc?order=13&format=ascii&dataset_type=deep_coadd")
    moc = MOC.from_string(fine.text)

    assert fine.headers["Content-Type"].startswith("text/plain")
    assert MOC.from_string(client.get("/api/images/deep/moc?order=13&format=json").text, "json") == moc
    assert MOC.from_fits(io.BytesIO(client.get("/api/images/deep/moc?order=13").content)) == moc
    for wrong, status in (("order=99", 400), ("format=csv", 400), ("order=x", 400), ("dataset_type=no", 404)):
        assert client.get(f"/api/images/deep/moc?{wrong}").status_code == status


@pytest.fixture
def drawing(browser: Browser) -> Iterator[Browser]:
    """A browser that can draw in three dimensions, in software."""
    options = ["--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
    started = browser.browser_type.launch(
        executable_path=str(CHROMIUM), args=[*options, "--ignore-gpu-blocklist"]
    )
    yield started
    started.close()


def test_aladin_lite_shows_the_map(drawing: Browser, client: Client, elsewhere: str) -> None:
    page = drawing.new_page()
    asked: list[str] = []
    page.on("response", lambda answer: asked.append(f"{answer.status} {answer.url}"))
    target = f"{CENTRE[0]} {CENTRE[1]}"
    page.goto(f"{elsewhere}?hips={client.url}/api/hips/deep/colour&target={target}")
    page.wait_for_function("window.aladin", timeout=90_000)

    def share() -> float:
        """Which part of the middle of the page is brighter than the empty sky."""
        with Image.open(io.BytesIO(page.screenshot())) as shown:
            middle = np.asarray(shown.convert("L"))[150:250, 200:400]
        return float((middle > 60).mean())

    for _ in range(300):
        if share() > 0.9:
            break
        page.wait_for_timeout(200)
    assert share() > 0.9
    assert any("/Norder9/" in each and each.startswith("200") for each in asked)
    known = (client.url, elsewhere, "blob:")
    assert [each for each in asked if not any(origin in each for origin in known)] == []
    page.close()
