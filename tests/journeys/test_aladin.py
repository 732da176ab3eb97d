"""A page with Aladin Lite, somewhere else on the Web, draws rows of an instance."""

from __future__ import annotations

import shutil
import urllib.parse
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
import requests
from playwright.sync_api import Browser
from support.running import Platform

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
