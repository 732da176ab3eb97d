"""A process that does little and then much of each kind of work on images, and prints how its memory rose.

``python tests/support/memory_child.py FOLDER`` prints JSON: by the kind of work, megabytes at the peak above
those before, for the little and for the much.
"""

from __future__ import annotations

import gc
import json
import re
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import anyio
import numpy as np
from astropy.io import fits
from astropy.time import Time
from astropy.wcs import WCS
from services.bulk.test_work import Parts, work

from sciplat.images import wcs as world
from sciplat.images.exposure import Exposure
from sciplat.instance import Instance
from sciplat.processes.images import create_app
from sciplat.repository.instruments import SurveyInstrument
from sciplat.repository.records import Footprint, Observation, put_observations, put_tracts
from sciplat.services.access import Visitor
from sciplat.services.bulk.plan import Targets
from sciplat.services.cutout.request import CutoutRequests
from sciplat.services.picture import Look
from sciplat.services.tile import place_of
from sciplat.sky.position import Position
from sciplat.sky.tessellation import Field

NOBODY = Visitor.anonymous()
CENTRE = Position(25.6, 0.3)
PATCH, SIDE, LARGE = 700, 3, 5000
SIZES = ("little", "much")


class MemoryCam(SurveyInstrument):
    """A camera with one detector."""

    name = "MemoryCam"
    filters = {"r_memory": "r"}  # noqa: RUF012
    detectors = {0: "M0"}  # noqa: RUF012


def exposure(wcs: WCS, shape: tuple[int, int]) -> Exposure:
    """An image that takes little room on the disk, and all of it in memory."""
    y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    return Exposure(
        np.round(x / 50) + np.round(y / 70),
        wcs,
        np.zeros(shape, np.int32),
        {"SAT": 1},
        np.ones(shape, np.float32),
        header=fits.Header([("BUNIT", "nJy")]),
    )


def filled(instance: Instance, release: str, side: int, pixels: int) -> str:
    """Make a release with coadds on a square of patches, and a visit image; return the latter's UUID."""
    half = side * PATCH / 3600
    field = Field(release, 1 / 3600, PATCH, 0, CENTRE, half - 0.01, half - 0.01)
    repository = instance.images.repositories.create(release)
    MemoryCam().register(repository.butler.registry)
    tract = field.tract(0)
    put_tracts(repository.butler, field, [tract])
    for patch in tract.patches():
        x0, y0, x1, y1 = patch.outer
        made = exposure(world.shifted(tract.wcs, x0, y0), (y1 - y0, x1 - x0))
        repository.put(
            made, "deep_coadd", run="runs/a", skymap=release, tract=0, patch=patch.id, band="r"
        )  # fmt: skip
    shot = exposure(tract.wcs, (pixels, pixels))
    corners = tuple(Position(float(a), float(d)) for a, d in shot.wcs.calc_footprint(axes=(pixels, pixels)))
    begin, end = (Time(mjd, format="mjd", scale="utc").tai for mjd in (61000.0, 61000.001))
    seen = Observation("MemoryCam", 7, "7", "r_memory", begin, end, 86.4, footprints=(Footprint(0, corners),))
    put_observations(repository.butler, [seen])
    ref = repository.put(shot, "visit_image", run="runs/a", instrument="MemoryCam", visit=7, detector=0)
    repository.chain(release, ["runs/a"])
    repository.close()
    with instance.catalogs.edit() as edit:
        edit.put_release(release, public=True, images=True)
    return str(ref.id)


def rise(do: Callable[[], object]) -> int:
    """Return by how many megabytes the memory of this process was higher at its peak than before."""
    gc.collect()
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    before = told("VmRSS")
    do()
    return (told("VmHWM") - before) // 1024


def told(name: str) -> int:
    """Return what the system says of this process, in kB."""
    found = re.search(rf"{name}:\s+(\d+)", Path("/proc/self/status").read_text())
    assert found is not None
    return int(found[1])


def fetched(app: object, path: str) -> int:
    """Ask for a file as a client does, and return how many bytes came."""
    count = 0

    async def receive() -> None:
        await anyio.sleep_forever()

    async def send(message: dict[str, object]) -> None:
        nonlocal count
        assert message.get("status", 200) == 200, message
        count += len(message.get("body", b""))  # type: ignore[arg-type]

    async def ask() -> None:
        async with app.router.lifespan_context(app):  # type: ignore[attr-defined]
            await app(  # type: ignore[operator]
                {
                    "type": "http",
                    "asgi": {"spec_version": "2.4"},
                    "http_version": "1.1",
                    "method": "GET",
                    "scheme": "http",
                    "path": path,
                    "raw_path": path.encode(),
                    "root_path": "",
                    "query_string": b"",
                    "headers": [(b"host", b"127.0.0.1")],
                    "client": ("127.0.0.1", 1),
                    "server": ("127.0.0.1", 80),
                },
                receive,
                send,
            )

    anyio.run(ask)
    return count


def main(folder: Path) -> dict[str, list[int]]:
    """Return the rises of each kind of work."""
    instance = Instance.open(folder / "home")
    ids = {
        size: filled(instance, size, *how)
        for size, how in zip(SIZES, ((1, PATCH), (SIDE, LARGE)), strict=True)
    }
    rises: dict[str, list[int]] = {}

    def measure(name: str, do: Callable[[str], object]) -> None:
        do_first = do("little")  # what is imported and kept for the first time is none of the work's
        del do_first
        rises[name] = [rise(lambda size=size: do(size)) for size in SIZES]  # type: ignore[misc]

    def bulk(size: str) -> None:
        rows = {"little": 40, "much": 800}[size]
        place = instance.images.locate.dataset("much", ids["much"], visitor=NOBODY).path
        parts = Parts(
            place.parent, Targets(np.full(rows, 25.6), np.full(rows, 0.3), [""] * rows, [place.stem] * rows)
        )
        work(parts, folder / f"{size}-{datetime.now(UTC).timestamp()}", seconds=600).wait()

    def hips(size: str) -> None:
        instance.images.make_hips.make(size)

    def mosaic(size: str) -> None:
        radius = {"little": 0.02, "much": 0.2}[size]
        asked = [("ID", f"ivo://sciplat.local/{size}?deep_coadd/r"), ("CIRCLE", f"25.6 0.3 {radius}")]
        (request,) = CutoutRequests.of(asked)
        for _ in instance.images.cutout.cutout(request, visitor=NOBODY):
            pass

    def picture(size: str) -> None:
        located = instance.images.locate.dataset(size, ids[size], visitor=NOBODY)
        instance.images.pictures.picture(place_of(located), Look(size=500))

    def butler(size: str) -> None:
        app = create_app(instance)
        fetched(app, f"/api/butler/repo/{size}/v1/get_file/{ids[size]}")
        assert fetched(app, f"/api/images/{size}/{ids[size]}/file") > 5_000

    for name, do in (
        ("bulk", bulk),
        ("hips", hips),
        ("mosaic", mosaic),
        ("picture", picture),
        ("butler", butler),
    ):
        measure(name, do)
    return rises


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]))))
