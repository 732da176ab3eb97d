"""Images brought to one scale by their stars, whatever else is in them."""

from __future__ import annotations

import numpy as np
import pytest
from astropy.table import Table

pytest.importorskip("lsst.daf.butler", reason="needs the [images] extra")

from lsst.pipe.base import NoWorkFound

from sciplat.pipelines.relative_calibration import RelativeCalibrationTask


def sources(visit: int, factor: float) -> Table:
    """Ten stars on both sides of RA 0, a galaxy that seeing changes, and one star that varies."""
    rng = np.random.default_rng(visit)
    ra = (np.linspace(-0.02, 0.02, 12)) % 360
    flux = np.linspace(2e4, 9e4, 12) * factor
    flux[10] *= 1 + 0.3 * visit
    flux[11] *= 1 + 0.5 * visit
    return Table(
        {
            "visit": np.full(12, visit),
            "detector": np.zeros(12, int),
            "coord_ra": ra,
            "coord_dec": np.full(12, 10.0),
            "psfFlux": flux + rng.normal(0, 100, 12),
            "psfFluxErr": np.full(12, 100.0),
            "psfFlux_flag": np.zeros(12, bool),
            "isStar": np.arange(12) != 10,
        }
    )


def test_galaxies_and_targets_are_not_compared_also_over_ra_0() -> None:
    tables = [sources(1, 1.0), sources(2, 0.8), sources(3, 1.1)]
    target = Table({"coord_ra": tables[0]["coord_ra"][11:] + 1e-5, "coord_dec": [10.0]})
    config = RelativeCalibrationTask.ConfigClass()
    config.floor = 0.0
    task = RelativeCalibrationTask(config=config)

    rows = task.run(tables, target).relative_calibration

    expected = 1 / np.array([1.0, 0.8, 1.1])
    expected /= np.exp(np.log(expected).mean())
    assert np.asarray(rows["scale"]) == pytest.approx(expected, rel=0.003)
    assert rows["stars"].tolist() == [10, 10, 10]
    assert rows["scatter"][0] < 0.003


def test_without_any_source_there_is_nothing_to_do() -> None:
    task = RelativeCalibrationTask(config=RelativeCalibrationTask.ConfigClass())
    with pytest.raises(NoWorkFound, match="nothing was found"):
        task.run([sources(1, 1.0)[:0]])
    everywhere = sources(1, 1.0)["coord_ra", "coord_dec"]
    with pytest.raises(NoWorkFound, match="away from the targets"):
        task.run([sources(1, 1.0)], everywhere)
