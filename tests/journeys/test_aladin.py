"""A page with Aladin Lite, somewhere else on the Web, draws rows and maps of an instance."""

from __future__ import annotations

import io
import shutil
import time
import urllib.parse
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import numpy as np
import pytest
import requests
from PIL import Image
from playwright.sync_api import Browser, Page
from scipy.stats import spearmanr
from support.running import Platform
from support.serving import serving

pytestmark = pytest.mark.journey

ALADIN = (
    Path(__file__).resolve().parents[2] / "frontend" / "node_modules" / "aladin-lite" / "dist" / "aladin.js"
)

PAGE = """<!doctype html>
<div id="aladin" style="width: 400px; height: 300px"></div>
<script type="module">
import A from "./aladin.js";
await A.init;
const shape = { maxOrder: 3, tileSize: 512, cooFrame: "ICRS", imgFormat: "png" };
const survey = A.HiPS(location.origin + "/none", shape);
const aladin = A.aladin("#aladin", { survey, target: "56.75 24.12", fov: 2, log: false, samp: false });
const asked = new URLSearchParams(location.search).get("asked");
const told = (catalog) => {
  aladin.addCatalog(catalog);
  window.found = catalog.getSources().map(({ data }) => data);
};
A.catalogFromURL(asked, { name: "Gaia" }, told, (error) => { window.failed = String(error); }, false);
</script>
"""


MAP = """<!doctype html>
<style>body { margin: 0 }</style>
<div id="aladin" style="width: 400px; height: 300px"></div>
<script type="module">
import A from "./aladin.js";
await A.init;
const asked = new URLSearchParams(location.search);
const cuts = asked.get("form") === "fits" ? { minCut: 2000, maxCut: 5000 } : {};
const survey = A.HiPS(asked.get("hips"), { name: "map", imgFormat: asked.get("form"), ...cuts });
const parts = ["Reticle", "Frame", "Projection", "Fullscreen", "LayersControl", "ZoomControl", "Fov"];
parts.push("CooLocation", "Status", "ColorPicker", "Settings");
const hidden = Object.fromEntries(parts.map((name) => [`show${name}`, false]));
window.aladin = A.aladin("#aladin", {
  survey, target: asked.get("target"), fov: 0.08, cooFrame: "ICRS", log: false, samp: false, ...hidden,
});
</script>
"""
"""Shows a map and nothing over it."""


class Quiet(SimpleHTTPRequestHandler):
    """Files of a folder, without a word about each."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a page with Aladin Lite at another origin than the instance's."""
    if not ALADIN.exists():
        pytest.skip("aladin-lite is not installed (in frontend: npm ci)")
    folder = tmp_path_factory.mktemp("elsewhere")
    shutil.copy2(ALADIN, folder)
    (folder / "index.html").write_text(PAGE)
    (folder / "map.html").write_text(MAP)
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()


CIRCLE = "1 = CONTAINS(POINT(ra, dec), CIRCLE(56.75, 24.12, 0.5))"


@pytest.mark.parametrize(
    "asked",
    [
        "/api/scs/gaia.gaia_source?RA=56.75&DEC=24.12&SR=0.5",
        "/api/tap/sync?LANG=ADQL&RESPONSEFORMAT=votable/td&QUERY="
        + urllib.parse.quote(f"SELECT source_id, ra, dec FROM gaia.gaia_source WHERE {CIRCLE}"),
    ],
    ids=["cone", "query"],
)
def test_aladin_lite_reads_the_stars(
    browser: Browser, platform: Platform, elsewhere: str, asked: str
) -> None:
    page = browser.new_page()
    page.goto(f"{elsewhere}?{urllib.parse.urlencode({'asked': platform.url + asked})}")
    # After the stars Aladin Lite 3.8 calls each RESOURCE without a table an error, such as a service's
    # descriptor, even an empty one: it is asked for the stars alone.
    page.wait_for_function("window.found", timeout=60_000)

    found = page.evaluate("window.found")
    form = {"QUERY": f"SELECT source_id FROM gaia.gaia_source WHERE {CIRCLE}", "RESPONSEFORMAT": "csv"}
    wanted = requests.post(f"{platform.tap}/sync", form, timeout=60).text.split()[1:]
    assert {each["source_id"] for each in found} == set(wanted)
    assert len(found) > 10
    page.close()


@pytest.fixture(scope="module")
def maps(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the process of images, with a map of a sky of which every pixel is known."""
    pytest.importorskip("lsst.daf.butler", reason="needs the [images] extra")
    from support.sky_map import instance_with_coadds  # the Butler takes seconds

    from sciplat.processes.images import create_app

    instance = instance_with_coadds(tmp_path_factory.mktemp("maps") / "home")
    instance.images.make_hips.make("deep", bands=["r"])
    instance.catalogs.set_public("deep", True)
    with serving(create_app(instance)) as url:
        yield url


def likeness(page: Page) -> float:
    """How well what is shown is ordered as the sky is bright: 1 is the same order, 0 is none, or a blank."""
    with Image.open(io.BytesIO(page.screenshot(clip={"x": 0, "y": 0, "width": 400, "height": 300}))) as shown:
        grey = np.asarray(shown.convert("L"), float)
    x, y = (each.ravel() for each in np.meshgrid(range(20, 390, 10), range(20, 290, 10)))
    places = page.evaluate(
        "([x, y]) => x.map((_, n) => window.aladin.pix2world(x[n], y[n]))", [x.tolist(), y.tolist()]
    )
    from support.sky_map import surface

    sky = surface(*np.array(places).T)
    seen = grey[y, x]
    return 0.0 if np.ptp(seen) < 10 else float(spearmanr(seen, sky).statistic)


@pytest.mark.parametrize("form", ["png", "fits"])
def test_aladin_lite_shows_the_pixels_of_a_map(
    drawing: Browser, maps: str, elsewhere: str, form: str
) -> None:
    page = drawing.new_page(viewport={"width": 400, "height": 300})
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    more = {"hips": f"{maps}/api/hips/deep/r", "form": form, "target": "25.6 0.3"}
    page.goto(f"{elsewhere}map.html?{urllib.parse.urlencode(more)}")
    page.wait_for_function("window.aladin", timeout=90_000)

    ends = time.monotonic() + 90
    while (found := likeness(page)) < 0.98 and time.monotonic() < ends:
        page.wait_for_timeout(100)  # a frame is drawn when it is drawn; nothing tells that the last has come

    assert found >= 0.98
    assert any("/Norder9/" in each and each.endswith(form) for each in asked)
    assert [each for each in asked if not each.startswith((maps, elsewhere, "blob:", "data:"))] == []
    page.close()
