from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("lsst.daf.butler", reason="needs the [images] extra")

from sciplat.demo.field import CENTRE
from sciplat.demo.sim1.camera import defects, observation
from sciplat.demo.sim1.plan import SIDE, visits
from sciplat.demo.sim1.render import bad_pixels
from sciplat.demo.sim1.work import SKYMAP, batches
from sciplat.sky.position import Position

pytestmark = pytest.mark.slow


def test_defects_are_the_pixels_that_never_work() -> None:
    mask = np.zeros((SIDE, SIDE), bool)
    for row in defects():
        mask[row["y0"] : row["y0"] + row["height"], row["x0"] : row["x0"] + row["width"]] = True
    assert np.array_equal(mask, bad_pixels())


def test_batches_hold_every_visit_once() -> None:
    held = [visit.number for batch in batches(visits()) for visit in batch.visits]
    assert sorted(held) == [visit.number for visit in visits()]
    assert all({visit.band for visit in batch.visits} == {batch.band} for batch in batches(visits()))


def test_all_visits_lie_on_the_only_patch() -> None:
    patch = SKYMAP.tract(0).patch_at(Position(*CENTRE))
    assert patch is not None
    assert SKYMAP.tract(0).columns == SKYMAP.tract(0).rows == 1
    for visit in visits():
        corners = observation(visit).footprints[0].corners
        x, y = SKYMAP.tract(0).to_pixels(
            np.array([corner.ra for corner in corners]), np.array([corner.dec for corner in corners])
        )
        assert min(x.min(), y.min()) > 0
        assert max(x.max(), y.max()) < 4000
