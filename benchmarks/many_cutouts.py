"""How many cutouts a second a job makes, beside cutting one by one; run alone, without a server.

Images of 2048 by 2048 pixels with mask and variance, as `cutouts` makes them; positions in no order; 100
pixels around each. One by one is what a script would do: open the image of a position, `Cutout2D` of each
plane, write a file. Seconds of processor time of one thread.
``python benchmarks/many_cutouts.py [POSITIONS]``.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
from astropy.coordinates import SkyCoord
from astropy.io import fits as standard_fits
from astropy.nddata import Cutout2D
from astropy.wcs import WCS
from cutouts import PIXEL, exposure

from sciplat.images import fits
from sciplat.jobs.models import BULK_CUTOUT, Job, Phase
from sciplat.services.access import Visitor
from sciplat.services.bulk.plan import Targets, plan_work
from sciplat.services.bulk.request import BulkRequest
from sciplat.services.bulk.work import BulkWork

SIDE, PIXELS, IMAGES = 100, 2048, 4


class Parts:
    """What a job needs of others."""

    def __init__(self, folder: Path, targets: Targets) -> None:
        self.folder, self.targets = folder, targets

    def table(self, *_: Any) -> None:
        """Say that the positions are there."""

    def plan(self, request: BulkRequest, *_: Any) -> Iterator[pa.RecordBatch]:
        """Return what is to be done."""
        return plan_work(self.targets, request, None, most=10**6)

    def locate(self, dataset: str, _: Visitor) -> Any:
        """Return the file of an image."""
        return SimpleNamespace(path=self.folder / f"{dataset}.fits", name=f"sim1-image-{dataset}.fits")


def main(positions: int = 300) -> dict[str, float]:
    """Return cutouts a second of a processor, both ways, and the ratio."""
    random = np.random.default_rng(2)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for number in range(IMAGES):
            fits.write(exposure(PIXELS), folder / f"{number}.fits", quantize=16)
        reach = 0.45 * PIXELS * PIXEL
        ra, dec = (
            25.6 + random.uniform(-reach, reach, positions),
            0.3 + random.uniform(-reach, reach, positions),
        )
        datasets = [str(each) for each in random.integers(0, IMAGES, positions)]
        targets = Targets(ra, dec, [""] * positions, datasets)

        def together() -> None:
            parameters = (("QUERY", "SELECT 1"), ("PIXELS", str(SIDE)))
            now = datetime.now(UTC)
            job = Job("benchmark", None, Phase.EXECUTING, parameters, now, now, 3600, kind=BULK_CUTOUT)
            with tempfile.TemporaryDirectory(dir=folder) as work:
                done = BulkWork(
                    Parts(folder, targets),
                    job,
                    BulkRequest.of(parameters),
                    Visitor.anonymous(),
                    Path(work),
                    1 << 40,
                ).wait()
            assert done.results[0].rows == positions

        def one_by_one() -> None:
            for number, dataset in enumerate(datasets):
                with standard_fits.open(folder / f"{dataset}.fits") as hdus:
                    made = [standard_fits.PrimaryHDU(header=hdus[0].header)]
                    wcs, centre = WCS(hdus["IMAGE"].header), SkyCoord(ra[number], dec[number], unit="deg")
                    for plane in ("IMAGE", "MASK", "VARIANCE"):
                        cut = Cutout2D(hdus[plane].section, centre, (SIDE, SIDE), wcs=wcs, mode="trim")
                        made.append(standard_fits.ImageHDU(cut.data, cut.wcs.to_header(), name=plane))
                    standard_fits.HDUList(made).writeto(folder / "one.fits", overwrite=True)

        seconds = {}
        for way, do in (("together", together), ("one by one", one_by_one)):
            began = time.process_time()
            do()
            seconds[way] = time.process_time() - began
    return {
        "cutouts a second, together": positions / seconds["together"],
        "cutouts a second, one by one": positions / seconds["one by one"],
        "ratio": seconds["one by one"] / seconds["together"],
    }


def table(result: dict[str, float]) -> str:
    """Return the figures as text."""
    return "\n".join(f"{name:28} {value:8.1f}" for name, value in result.items())


if __name__ == "__main__":
    print(table(main(*(int(each) for each in sys.argv[1:]))))
