"""The browser's world coordinates are those of astropy, wherever a tangent plane or a grid is told of."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from astropy.wcs import WCS, Sip

from sciplat.images import wcs as world
from sciplat.images.grid import TOLERANCE, for_browser

FRONTEND = Path(__file__).resolve().parents[2] / "frontend"
SHAPE = (800, 1000)

SCRIPT = """
import { readFileSync } from "node:fs";
import { createServer } from "vite";
const server = await createServer({
  appType: "custom", logLevel: "error", server: { middlewareMode: true, ws: false },
});
const { wcsOf } = await server.ssrLoadModule("/src/image/wcs.ts");
const cases = JSON.parse(readFileSync(process.argv[1], "utf8"));
const found = cases.map(({ facts, pixels }) => {
  const wcs = wcsOf(facts);
  return pixels.map(([x, y]) => {
    const sky = wcs.toSky(x, y);
    const back = sky && wcs.toPixel(sky.ra, sky.dec);
    return [sky?.ra, sky?.dec, back?.x, back?.y].map((each) => each ?? null);
  });
});
process.stdout.write(JSON.stringify(found));
await server.close();
"""


def tangent(ra: float, dec: float, *, turn: float = 0.0, flip: int = -1, **cards: object) -> WCS:
    """A plane of 0.2 arcsecond pixels."""
    header = fits.Header()
    c, s = np.cos(np.radians(turn)), np.sin(np.radians(turn))
    matrix = 0.2 / 3600 * np.array([[flip * c, s], [-flip * s, c]])
    header.update(CTYPE1="RA---TAN", CTYPE2="DEC--TAN", CRPIX1=510.25, CRPIX2=-77.5, CRVAL1=ra, CRVAL2=dec)
    header.update({f"CD{i + 1}_{j + 1}": matrix[i, j] for i in range(2) for j in range(2)})
    header.update(cards)
    return world.read(header)


def bent(ra: float, dec: float) -> WCS:
    wcs = tangent(ra, dec, turn=33)
    wcs.wcs.ctype = ["RA---TAN-SIP", "DEC--TAN-SIP"]
    a, b = np.zeros((4, 4)), np.zeros((4, 4))
    a[2, 0], a[1, 1], a[0, 3], b[0, 2], b[2, 1] = 2e-6, -3e-6, 4e-10, 1e-6, -5e-10
    wcs.sip = Sip(a, b, None, None, wcs.wcs.crpix)
    wcs.wcs.set()
    return wcs


def of_scamp(ra: float, dec: float) -> WCS:
    bends = {1: 1.001, 2: 2e-5, 3: 3e-5, 4: 1e-3, 5: -2e-3, 7: 0.2, 11: 0.3}
    terms = {f"PV1_{number}": value for number, value in bends.items()}
    other = {f"PV2_{number}": 2 - value if number == 1 else -value for number, value in bends.items()}
    return tangent(ra, dec, turn=-7, CTYPE1="RA---TPV", CTYPE2="DEC--TPV", **terms, **other)


CASES = {
    "a plane at RA 0": tangent(0.0, 12.0),
    "a turned plane": tangent(359.99, -0.001, turn=61),
    "a plane as in a mirror": tangent(25.6, 0.3, turn=100, flip=1),
    "a plane at the north pole": tangent(40.0, 90.0, turn=12),
    "a plane near the south pole": tangent(140.0, -89.97),
    "a plane with a longitude of the pole": tangent(83.0, 55.0, LONPOLE=150.0),
    "a polynomial of pixels": bent(200.0, -45.0),
    "a polynomial of the plane": of_scamp(10.0, 60.0),
    "a grid": tangent(266.4, -28.9, CTYPE1="GLON-TAN", CTYPE2="GLAT-TAN"),
    "a grid of another projection": tangent(5.0, 5.0, CTYPE1="RA---SIN", CTYPE2="DEC--SIN"),
}


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Of each case the pixels, and what the browser's code makes of them: RA, Dec, and x, y again."""
    node = shutil.which("node")
    if node is None or not (FRONTEND / "node_modules" / "vite").exists():
        pytest.skip("node or the front end's modules are not installed (in frontend: npm ci)")
    random = np.random.default_rng(5)
    pixels = np.vstack(
        [
            [[0, 0], [SHAPE[1] - 1, SHAPE[0] - 1], [-0.5, SHAPE[0] - 0.5]],
            random.uniform([0, 0], [SHAPE[1] - 1, SHAPE[0] - 1], (200, 2)),
        ]
    )
    asked = [{"facts": for_browser(wcs, SHAPE), "pixels": pixels.tolist()} for wcs in CASES.values()]
    file = tmp_path_factory.mktemp("wcs") / "cases.json"
    file.write_text(json.dumps(asked))
    done = subprocess.run(
        [node, "--input-type=module", "-e", SCRIPT, str(file)],
        cwd=FRONTEND,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answers = json.loads(done.stdout)
    return {name: (pixels, np.array(each, float)) for name, each in zip(CASES, answers, strict=True)}


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_a_browser_finds_the_sky_where_astropy_does(name: str, found) -> None:
    wcs, (pixels, seen) = CASES[name], found[name]
    ra, dec = world.sky(wcs, pixels[:, 0], pixels[:, 1])
    across = (seen[:, 0] - ra + 180) % 360 - 180

    away = np.hypot(across * np.cos(np.radians(dec)), seen[:, 1] - dec)
    most = 1.5 * TOLERANCE * 0.2 / 3600 if "grid" in name else 1e-10
    assert away.max() < most


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_a_browser_finds_its_way_back_to_the_pixel(name: str, found) -> None:
    pixels, seen = found[name]

    assert np.abs(seen[:, 2:] - pixels).max() < 1e-4
