"""How fast a cutout comes through the front door, beside astropy reading the full planes of the same file.

The image of `cutouts.py`: 4096 by 4096 pixels, three planes, RICE. Seconds by the clock, in turns,
so that both meet the same noise; each cutout is of another place.
"""

from __future__ import annotations

import http.client
import statistics
import sys
import tempfile
import time
import urllib.parse
from pathlib import Path

import numpy as np
from astropy.io import fits as standard_fits

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))
sys.path.insert(0, str(ROOT / "benchmarks"))

from cutouts import PIXEL, exposure  # noqa: E402
from support.running import running, sciplat  # noqa: E402

from sciplat.images import fits  # noqa: E402

ROUNDS = 20


def image_of(home: Path, folder: Path, pixels: int) -> tuple[Path, str]:
    """Ingest an image and write it as RICE; return its file and its ID."""
    made = exposure(pixels)
    made.header.update(
        {"FILTER": "r", "INSTRUME": "BENCH", "DATE-OBS": "2026-03-01T20:00:00", "EXPTIME": 30.0}
    )
    fits.write(made, folder / "image.fits", compress=False)
    sciplat(home, "ingest", "images", str(folder), "--release", "bench", "--public")
    (path,) = (home / "repositories" / "bench").rglob("*.fits")
    with standard_fits.open(path) as hdus:
        kept = hdus[0].header
    fits.write(made, path, quantize=16)
    return path, f"ivo://sciplat.local/bench?{kept['LSST BUTLER ID']}"


def main(pixels: int = 4096, rounds: int = ROUNDS) -> dict[str, object]:
    """Return the median and least seconds of each, and the ratio of the medians."""
    random = np.random.default_rng(3)
    full: list[float] = []
    cut: list[float] = []
    with tempfile.TemporaryDirectory(prefix="sciplat-bench-") as name:
        folder = Path(name)
        (folder / "in").mkdir()
        path, identifier = image_of(folder / "home", folder / "in", pixels)
        with running(folder / "home") as platform:
            platform.wait_for(lambda: platform.health()["components"]["images"] == "up", what="images")
            door = http.client.HTTPConnection("127.0.0.1", platform.port)
            for turn in range(rounds + 3):
                away = random.uniform(-0.4, 0.4, 2) * pixels * PIXEL
                query = {"ID": identifier, "CIRCLE": f"{25.6 + away[0]} {0.3 + away[1]} {100 * PIXEL}"}
                began = time.perf_counter()
                door.request("GET", f"/api/soda/sync?{urllib.parse.urlencode(query)}")
                answer = door.getresponse()
                content = answer.read()
                here = time.perf_counter() - began
                assert answer.status == 200, content
                assert len(content) > 400_000
                began = time.perf_counter()
                with standard_fits.open(path) as hdus:
                    for plane in ("IMAGE", "MASK", "VARIANCE"):
                        assert hdus[plane].data is not None
                if turn >= 3:  # the server is warm now
                    cut.append(here)
                    full.append(time.perf_counter() - began)
    return {
        "cutout of 200 pixels, median": round(statistics.median(cut), 4),
        "cutout of 200 pixels, least": round(min(cut), 4),
        "full planes with astropy, median": round(statistics.median(full), 4),
        "full planes with astropy, least": round(min(full), 4),
        "ratio of medians": round(statistics.median(full) / statistics.median(cut), 1),
    }


def table(result: dict[str, object]) -> str:
    """Return the figures as lines."""
    return "\n".join(f"{name:34} {value}" for name, value in result.items())


if __name__ == "__main__":
    print(table(main(*(int(each) for each in sys.argv[1:]))))
