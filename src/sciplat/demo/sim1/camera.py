"""The camera of ``sim1``, as the repository knows it."""

from __future__ import annotations

from typing import ClassVar

import astropy.units as u
from astropy.table import Table
from astropy.time import Time

from sciplat.demo.sim1.plan import BANDS_OF_SIM1, DETECTOR, EXPOSURE_SECONDS, SIDE, TELESCOPE, PlannedVisit
from sciplat.demo.sim1.render import bad_pixels
from sciplat.repository.instruments import SurveyInstrument
from sciplat.repository.records import Footprint, Observation
from sciplat.sky.position import Position

__all__ = ["Sim1Camera", "defects", "observation"]


class Sim1Camera(SurveyInstrument):
    """One detector behind five filters."""

    name: ClassVar[str] = TELESCOPE
    filters: ClassVar[dict[str, str]] = {f"{band}_sim": band for band in BANDS_OF_SIM1}
    detectors: ClassVar[dict[int, str]] = {DETECTOR: "S00"}


def observation(visit: PlannedVisit) -> Observation:
    """Return what the repository is told of a visit, with the corners where the telescope states them."""
    middle = Time(visit.mjd, format="mjd", scale="tai")
    half = EXPOSURE_SECONDS / 2 * u.s
    corners = visit.stated_wcs().calc_footprint(axes=(SIDE, SIDE), center=False)
    return Observation(
        TELESCOPE,
        visit.number,
        visit.name,
        f"{visit.band}_sim",
        middle - half,
        middle + half,
        EXPOSURE_SECONDS,
        target="sim1 field",
        program="sim1",
        footprints=(Footprint(DETECTOR, tuple(Position(float(a), float(d)) for a, d in corners)),),
    )


def defects() -> Table:
    """Return the pixels that never work, as boxes."""
    bad = bad_pixels()
    rows: list[tuple[int, int, int, int]] = []
    for x in range(SIDE):
        if bad[:, x].sum() > SIDE // 3:
            y = int(bad[:, x].argmax()) if not bad[0, x] else 0
            while not bad[y:, x].all():
                y += 1
            rows.append((x, y, 1, SIDE - y))
            bad[y:, x] = False
        rows.extend((x, int(y), 1, 1) for y in bad[:, x].nonzero()[0])
    return Table(rows=rows, names=("x0", "y0", "width", "height"))
