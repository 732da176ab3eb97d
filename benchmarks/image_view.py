"""A person opens an image of 4096 by 4096 pixels in the Portal: milliseconds to its first and last pixels.

Through the front door of an instance, in Chromium with WebGL 2 in software (SwiftShader), on 1280 by 800
pixels. ``cold`` is the first time, when the instance makes the tiles; ``again`` is with these kept, and a
browser that has nothing of them. Milliseconds are those since the address was opened, the page's own
scripts included. A frame is another stretch, drawn and read back.
``python benchmarks/image_view.py [PIXELS]``.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from pathlib import Path
from urllib.parse import quote

from playwright.sync_api import Browser, sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from cutouts import exposure
from support.looked_at import make_looked_at
from support.running import running

from sciplat.instance import Instance

_CHROMIUM = "/usr/lib/chromium/chromium"
_SOFTWARE = ["--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]

_TIMES = """
window.times = {};
const note = (name) => (window.times[name] ??= performance.now());
addEventListener("sp-image-facts", () => note("facts"));
addEventListener("sp-image-seen", () => requestAnimationFrame(() => note("first")));
"""

_FRAMES = """
const page = document.querySelector("sp-portal").shadowRoot.querySelector("sp-image-page");
const view = page.shadowRoot.querySelector("sp-image-view");
const gl = view.shadowRoot.querySelector("canvas").getContext("webgl2");
const frame = () => new Promise((done) => requestAnimationFrame(done));
const took = [];
for (const stretch of ["linear", "sqrt", "asinh", "log", "linear", "sqrt", "asinh", "log"]) {
  const began = performance.now();
  view.stretch = stretch;
  await view.updateComplete;
  await frame();
  gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(4));
  took.push(performance.now() - began);
}
return took;
"""


def look(browser: Browser, url: str) -> dict[str, float]:
    """Open the image in a browser that has nothing, and return when what was there."""
    page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
    page.add_init_script(_TIMES)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(url)
    page.locator('sp-image-view[state="done"]').wait_for()
    found = dict(page.evaluate("window.times"))
    found["all"] = page.evaluate("performance.now()")
    before = len(asked)
    found["frame"] = statistics.median(page.evaluate(f"(async () => {{{_FRAMES}}})()"))
    found["asked"], found["asked for frames"] = float(before), float(len(asked) - before)
    page.context.close()
    return found


def main(pixels: int = 4096, rounds: int = 5) -> dict[str, float]:
    """Return milliseconds by what was waited for."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        instance = Instance.open(home)
        instance.ingest.prepare()
        made = make_looked_at(instance, exposure(pixels))
        result: dict[str, float] = {}
        with running(home) as platform, sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=_CHROMIUM, args=["--no-sandbox", "--ignore-gpu-blocklist", *_SOFTWARE]
            )
            address = f"{platform.url}/portal/image?id={quote(made.did, safe='')}"
            result |= {f"cold: {name}": value for name, value in look(browser, address).items()}
            again = [look(browser, address) for _ in range(rounds)]
            result |= {f"again: {name}": statistics.median(each[name] for each in again) for name in again[0]}
            browser.close()
    return result


def table(result: dict[str, float]) -> str:
    """Return the result as lines of text."""
    return "\n".join(f"{name:30} {value:9.1f}" for name, value in result.items())


if __name__ == "__main__":
    print(table(main(*map(int, sys.argv[1:]))))
