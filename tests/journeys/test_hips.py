"""A map of the sky, made of the images of the running platform, and seen with Aladin Lite."""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import astropy.units as u
import numpy as np
import pytest
import requests
from mocpy import MOC
from PIL import Image
from playwright.sync_api import Browser
from support.running import Platform, sciplat

pytestmark = pytest.mark.journey

ALADIN = (
    Path(__file__).resolve().parents[2] / "frontend" / "node_modules" / "aladin-lite" / "dist" / "aladin.js"
)
PAGE = """<!doctype html>
<div id="aladin" style="width: 400px; height: 300px"></div>
<script type="module">
import A from "./aladin.js";
await A.init;
const survey = A.HiPS(new URLSearchParams(location.search).get("hips"), { name: "map", imgFormat: "png" });
window.aladin = A.aladin("#aladin", {
  survey, target: "25.6 0.3", fov: 0.03, cooFrame: "ICRS", log: false, samp: false,
});
</script>
"""


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
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()


@pytest.fixture(scope="module")
def hips(platform: Platform) -> str:
    """The address of a map of the coadds in r."""
    made = sciplat(platform.home, "hips", "make", "sim1", "--band", "r")
    assert "/api/hips/sim1/r" in made.stdout
    return f"{platform.url}/api/hips/sim1/r"


@pytest.fixture
def drawing(browser: Browser) -> Iterator[Browser]:
    """A browser that draws in three dimensions, in software."""
    options = ["--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
    started = browser.browser_type.launch(
        executable_path="/usr/lib/chromium/chromium", args=[*options, "--ignore-gpu-blocklist"]
    )
    yield started
    started.close()


def test_the_map_is_listed_and_says_where_it_has_something(platform: Platform, hips: str) -> None:
    said = requests.get(f"{hips}/properties", timeout=30)
    moc = MOC.from_fits(io.BytesIO(requests.get(f"{hips}/Moc.fits", timeout=30).content))

    assert said.headers["Content-Type"].startswith("text/plain")
    assert hips in requests.get(f"{platform.url}/api/hips/list", timeout=30).text
    there = moc.contains_lonlat(np.array([25.6, 26.6]) * u.deg, np.array([0.3, 0.3]) * u.deg)
    assert there.tolist() == [True, False]


def test_aladin_lite_shows_it_and_asks_nobody_else(
    drawing: Browser, platform: Platform, hips: str, elsewhere: str
) -> None:
    page = drawing.new_page()
    asked: list[tuple[int, str]] = []
    page.on("response", lambda answer: asked.append((answer.status, answer.url)))
    page.goto(f"{elsewhere}?hips={hips}")
    page.wait_for_function("window.aladin", timeout=90_000)

    def contrast() -> float:
        """How much the pixels in the middle of the page differ: the image there is noise."""
        with Image.open(io.BytesIO(page.screenshot())) as shown:
            return float(np.asarray(shown.convert("L"))[120:150, 150:190].std())

    for _ in range(300):
        if contrast() > 20:
            break
        page.wait_for_timeout(200)

    assert contrast() > 20
    assert any(status == 200 and f"{hips}/Norder" in url for status, url in asked)
    known = (platform.url, elsewhere, "blob:", "data:")
    assert [url for _, url in asked if not url.startswith(known)] == []
    page.close()
