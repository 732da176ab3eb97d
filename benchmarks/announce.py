"""What it costs to describe the images of a repository, all 50 000 and then one more; and when that is seen.

The repository is synthetic: 500 visits of 100 detectors, all of them in one small file, which is opened for
each. It is announced without a server, as the process `web` does: CPU seconds. Then one dataset more is put
there and announced, a few times; and then one is taken away. After that the instance runs, and more datasets
are put there one by one, as a pipeline does: seconds by the clock from the end of the registration until a
TAP query through the front door finds the dataset. ``python benchmarks/announce.py [IMAGES]``.
"""

from __future__ import annotations

import json
import math
import statistics
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
from astropy.io import fits
from astropy.time import Time
from astropy.wcs import WCS
from lsst.daf.butler import Butler, DatasetIdGenEnum, DatasetRef, FileDataset, Timespan
from lsst.sphgeom import ConvexPolygon, LonLat, UnitVector3d

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from support.running import Platform, running

from sciplat.images.exposure import Exposure
from sciplat.images.fits import write
from sciplat.images.psf import PSF
from sciplat.instance import Instance
from sciplat.repository.instruments import SurveyInstrument
from sciplat.repository.store import Repository

RELEASE = "big"
DETECTORS = 100
_INSTRUMENT = "BigCam"
_AT_ONCE = 10_000


class BigCam(SurveyInstrument):
    """A camera of a hundred detectors."""

    name = _INSTRUMENT
    filters = {"g_big": "g", "r_big": "r"}  # noqa: RUF012  as a class of a survey says it
    detectors = {number: f"D{number:02d}" for number in range(DETECTORS)}  # noqa: RUF012


def image(path: Path) -> Path:
    """Write a small image with mask, variance and PSF."""
    wcs = WCS(naxis=2)
    wcs.wcs.ctype, wcs.wcs.crval = ["RA---TAN", "DEC--TAN"], [10.0, 20.0]
    wcs.wcs.cdelt, wcs.wcs.crpix = [-1 / 3600, 1 / 3600], [16.5, 16.5]
    kernel = np.zeros((1, 1, 25, 25), np.float32)
    kernel[..., 12, 12] = 1
    ones = np.ones((32, 32), np.float32)
    made = Exposure(
        ones,
        wcs,
        mask=ones.astype(np.int32),
        planes={"SAT": 0},
        variance=ones,
        psf=PSF(kernel),
        header=fits.Header({"BUNIT": "nJy", "PSFFWHM": 3.2}),
    )
    write(made, path)
    return path


def fill(repository: Repository, images: int, file: Path) -> None:
    """Put so many images into a repository, a square of 0.2 degrees each."""
    butler = repository.butler
    BigCam().register(butler.registry)
    random = np.random.default_rng(1)
    of = {"instrument": _INSTRUMENT}
    butler.registry.syncDimensionData("day_obs", {**of, "id": 20261001})
    visits, squares = [], []
    for visit in range(1, -(-images // DETECTORS) + 1):
        ra, dec = random.uniform(0, 360), math.degrees(math.asin(random.uniform(-0.95, 0.95)))
        begin = Time(61000 + visit * 0.01, format="mjd", scale="tai")
        visits.append(
            {
                **of,
                "id": visit,
                "name": f"v{visit}",
                "physical_filter": "g_big" if visit % 2 else "r_big",
                "day_obs": 20261001,
                "exposure_time": 30.0,
                "timespan": Timespan(begin, begin + 30 / 86400),
                "region": _square(ra, dec, 1.5),
            }
        )
        for detector in range(DETECTORS):
            x, y = (detector % 10 - 4.5) * 0.2, (detector // 10 - 4.5) * 0.2
            region = _square(ra + x / math.cos(math.radians(dec)), dec + y, 0.1)
            squares.append({**of, "visit": visit, "detector": detector, "region": region})
    with butler.registry.transaction():
        butler.registry.insertDimensionData("visit", *visits)
        butler.registry.insertDimensionData("visit_detector_region", *squares)
    put(repository, [(1 + n // DETECTORS, n % DETECTORS) for n in range(images)], "visit_image", file)


def put(
    repository: Repository, wanted: Sequence[tuple[int, int]], dataset_type: str, file: Path
) -> list[DatasetRef]:
    """Register datasets of visits and detectors."""
    kind, run = repository.dataset_type(dataset_type), repository.run(f"run/{dataset_type}")
    made: list[DatasetRef] = []
    for start in range(0, len(wanted), _AT_ONCE):
        part = wanted[start : start + _AT_ONCE]
        ids = _data_ids(repository.butler, kind.dimensions, part)
        refs = [DatasetRef(kind, each, run=run, id_generation_mode=DatasetIdGenEnum.UNIQUE) for each in ids]
        repository.butler.ingest(FileDataset(file, refs), transfer="direct", record_validation_info=False)
        made += refs
    repository.chain(RELEASE, [run])
    return made


def _data_ids(butler: Butler, dimensions: object, wanted: Sequence[tuple[int, int]]) -> Iterator[object]:
    visits = {visit for visit, _ in wanted}
    with butler.query() as query:
        found = query.where(
            f"instrument = '{_INSTRUMENT}' AND visit >= {min(visits)} AND visit <= {max(visits)}"
        ).data_ids(["visit", "detector"])
        known = {(each["visit"], each["detector"]): each for each in found.with_dimension_records()}
    return (known[each] for each in wanted)


def _square(ra: float, dec: float, half: float) -> ConvexPolygon:
    wide = half / math.cos(math.radians(dec))
    corners = [(ra + a * wide, dec + b * half) for a, b in ((-1, -1), (1, -1), (1, 1), (-1, 1))]
    return ConvexPolygon.convexHull(
        [UnitVector3d(LonLat.fromDegrees(x, max(-90, min(90, y)))) for x, y in corners]
    )


def _cpu(do: Callable[[], object]) -> float:
    began = time.process_time()
    do()
    return time.process_time() - began


def until_seen(platform: Platform, repository: Repository, file: Path, visits: Sequence[int]) -> list[float]:
    """Put a dataset of each visit, and return after how many seconds each is found by TAP."""
    seconds = []
    for visit in visits:
        (ref,) = put(repository, [(visit, 8)], "difference_image", file)
        began = time.perf_counter()
        while not _is_found(platform, ref):
            if time.perf_counter() - began > 60:
                raise RuntimeError(f"{ref} is not in ivoa.ObsCore after a minute")
            time.sleep(0.02)
        seconds.append(time.perf_counter() - began)
    return seconds


def _is_found(platform: Platform, ref: DatasetRef) -> bool:
    # The text is another one each time, so that no answer is that of a cache.
    query = (
        f"SELECT COUNT(*) AS n, {time.time_ns()} AS t FROM ivoa.ObsCore "
        f"WHERE obs_publisher_did LIKE '%?{ref.id}'"
    )
    form = urllib.parse.urlencode({"LANG": "ADQL", "QUERY": query, "RESPONSEFORMAT": "json"}).encode()
    with urllib.request.urlopen(f"{platform.tap}/sync", form, timeout=60) as answer:
        return bool(json.load(answer)["data"][0][0])


def main(images: int = 50_000, times: int = 3) -> dict[str, float]:
    """Return CPU seconds by what was done, and seconds by the clock until what is new is seen."""
    result: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        file = image(Path(folder) / "im.fits")
        instance = Instance.open(Path(folder) / "home")
        repository = instance.images.repositories.create(RELEASE)
        result["making the repository"] = _cpu(lambda: fill(repository, images, file))
        announce = instance.images.announce
        with instance.catalogs.edit() as edit:
            edit.put_release(RELEASE, images=True, public=True)
        result[f"all {images}"] = _cpu(lambda: announce.announce_from(repository))
        result["nothing new"] = _cpu(lambda: announce.announce_from(repository))
        more = []
        refs: list[DatasetRef] = []
        for number in range(times):
            refs = put(repository, [(1 + number, 7)], "difference_image", file)
            more.append(_cpu(lambda: announce.announce_from(repository)))
        result["one more, the first time"], result["one more, later"] = more[0], min(more[1:])
        repository.remove(refs)
        result["one less"] = _cpu(lambda: announce.announce_from(repository))
        assert announce.announce_from(repository) == images + times - 1
        with running(instance.home) as platform:
            seen = until_seen(platform, repository, file, range(1, 2 + 3 * times))
        result["seen after, half of them"] = statistics.median(seen)
        result["seen after, all of them"] = max(seen)
        repository.close()
    return result


def table(result: dict[str, float]) -> str:
    """Return the figures as text."""
    clock = ("", " of CPU")
    return "\n".join(
        f"{name:28} {seconds:8.2f} s{clock[not name.startswith('seen')]}" for name, seconds in result.items()
    )


if __name__ == "__main__":
    print(table(main(*map(int, sys.argv[1:]))))
