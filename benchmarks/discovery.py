"""Searches for images (SIA 2.0) among 50 000, beside a program that has all rows in memory.

The rows are synthetic: a file as an announcement writes it, of 500 visits of 100 detectors, which is made
into ``ivoa.ObsCore`` by the same code. Each search is a cone of 0.1 degrees at another place; no answer is
found in a cache. The other program has read the rows before, looks at all of them with numpy (at the circle
around each), and at what is left exactly.
``python benchmarks/discovery.py [IMAGES]``.
"""

from __future__ import annotations

import math
import statistics
import sys
import tempfile
import time
import urllib.parse
import urllib.request
import uuid
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from support.running import running

from sciplat.instance import Instance
from sciplat.services.obscore import obscore_rows

_DETECTORS = 100


def rows(images: int) -> list[dict[str, object]]:
    """Return what is known of images all over the sky, a square of 0.2 degrees each."""
    random = np.random.default_rng(1)
    found: list[dict[str, object]] = []
    for visit in range(images // _DETECTORS):
        ra, dec = random.uniform(0, 360), math.degrees(math.asin(random.uniform(-0.95, 0.95)))
        width = 1 / math.cos(math.radians(dec))
        for detector in range(_DETECTORS):
            x, y = ra + (detector % 10 - 4.5) * 0.2 * width, dec + (detector // 10 - 4.5) * 0.2
            sides = ((-1, -1), (-1, 1), (1, 1), (1, -1))
            corners = [c for a, b in sides for c in ((x + a * 0.1 * width) % 360, y + b * 0.1)]
            found.append(
                {
                    "dataproduct_type": "image",
                    "dataproduct_subtype": "visit_image",
                    "calib_level": 2,
                    "obs_collection": "big",
                    "obs_id": f"v{visit}",
                    "obs_publisher_did": f"ivo://sciplat.local/big?{uuid.UUID(int=visit * 100 + detector)}",
                    "s_ra": x % 360,
                    "s_dec": y,
                    "s_fov": 0.2 * math.sqrt(2),
                    "s_region": "POLYGON ICRS " + " ".join(f"{value:.6f}" for value in corners),
                    "_s_region": corners,
                    "t_min": 60000.0 + visit * 0.01,
                    "t_max": 60000.0 + visit * 0.01 + 30 / 86400,
                    "t_exptime": 30.0,
                    "em_min": 3.9e-7,
                    "em_max": 5.6e-7,
                    "instrument_name": "Cam",
                    "lsst_visit": visit,
                    "lsst_detector": detector,
                }
            )
    return found


def publish(home: Path, known: list[dict[str, object]]) -> None:
    """Make a home with these images in ``ivoa.ObsCore``."""
    instance = Instance.open(home)
    file = instance.catalogs.folder / "big" / "observations-bench.parquet"
    file.parent.mkdir(parents=True)
    pq.write_table(obscore_rows("big", known), file)
    with instance.catalogs.edit() as edit:
        edit.put_release("big", public=True, images=True, observations=file.name)
        instance.ingest.describing.describe(edit)


def simply(known: list[dict[str, object]]) -> Callable[[float, float, float], int]:
    """Return a search by a program with all rows in memory, which gives the number of images."""
    places = np.radians([[row["s_ra"], row["s_dec"]] for row in known])
    vectors = np.stack(
        [
            np.cos(places[:, 1]) * np.cos(places[:, 0]),
            np.cos(places[:, 1]) * np.sin(places[:, 0]),
            np.sin(places[:, 1]),
        ],
        axis=1,
    )
    reach = np.radians([float(str(row["s_fov"])) / 2 for row in known])
    outlines = [row["_s_region"] for row in known]

    def search(ra: float, dec: float, radius: float) -> int:
        a, d = math.radians(ra), math.radians(dec)
        centre = np.array([math.cos(d) * math.cos(a), math.cos(d) * math.sin(a), math.sin(d)])
        near = np.flatnonzero(vectors @ centre >= np.cos(reach + math.radians(radius)))
        return sum(_meets(np.array(outlines[number]).reshape(-1, 2), centre, radius) for number in near)

    return search


def _meets(corners: np.ndarray, centre: np.ndarray, radius: float) -> bool:
    """Tell whether a convex outline, counter-clockwise or not, has a place within a radius of a centre."""
    a, d = np.radians(corners).T
    vectors = np.stack([np.cos(d) * np.cos(a), np.cos(d) * np.sin(a), np.sin(d)], axis=1)
    following = np.roll(vectors, -1, axis=0)
    poles = np.cross(vectors, following)
    sides = poles @ centre
    if (sides >= 0).all() or (sides <= 0).all():
        return True
    nearest = centre - (sides / (poles**2).sum(axis=1))[:, None] * poles
    between = (np.einsum("ij,ij->i", np.cross(vectors, nearest), poles) >= 0) & (
        np.einsum("ij,ij->i", np.cross(nearest, following), poles) >= 0
    )
    to_edge = np.abs(np.arcsin(np.clip(sides / np.linalg.norm(poles, axis=1), -1, 1)))[between]
    to_corner = np.arccos(np.clip(vectors @ centre, -1, 1))
    return min(*to_edge, *to_corner) <= math.radians(radius)


def main(images: int = 50_000, searches: int = 40) -> dict[str, float]:
    """Return seconds by what was done: the median and the least of all searches."""
    known = rows(images)
    random = np.random.default_rng(2)
    times: dict[str, list[float]] = {"sciplat": [], "in memory": []}
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        publish(home, known)
        search = simply(known)
        with running(home) as platform:
            for number in range(searches + 3):
                row = known[int(random.integers(len(known)))]
                ra, dec = float(str(row["s_ra"])), float(str(row["s_dec"])) + float(random.uniform(-0.1, 0.1))
                query = urllib.parse.urlencode(
                    {"POS": f"CIRCLE {ra:.6f} {dec:.6f} 0.1", "RESPONSEFORMAT": "csv"}
                )
                began = time.perf_counter()
                with urllib.request.urlopen(f"{platform.url}/api/sia/query?{query}", timeout=60) as answer:
                    found = len(answer.read().splitlines()) - 1
                middle = time.perf_counter()
                expected = search(round(ra, 6), round(dec, 6), 0.1)
                ended = time.perf_counter()
                assert found == expected, (found, expected)
                if number >= 3:
                    times["sciplat"].append(middle - began)
                    times["in memory"].append(ended - middle)
    return {
        f"{who}, {what}": how(each)
        for who, each in times.items()
        for what, how in (("median", statistics.median), ("least", min))
    }


def table(result: dict[str, float]) -> str:
    """Return the figures as text."""
    return "\n".join(f"{name:24} {seconds * 1000:8.1f} ms" for name, seconds in result.items())


if __name__ == "__main__":
    print(table(main(*map(int, sys.argv[1:]))))
