"""From files as a telescope's archive gives them to light curves whose errors their scatter supports."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from astropy.table import Table, vstack
from click.testing import CliRunner
from scipy.stats import chi2

pytest.importorskip("lsst.daf.butler", reason="needs the [images] extra")

from sciplat.cli import main
from sciplat.images.association import associate
from sciplat.pipelines.run import run_pipeline
from sciplat.repository.store import Repositories, Repository

pytestmark = pytest.mark.slow

PIPELINE = Path(str(files("sciplat.pipelines") / "light_curves.yaml"))
HERE = "instrument = 'DECam'"


FOLDERS = ("images_decam_256px", "images_decam_multiepoch/testcase3")
"""Four exposures of stars in two nights two years apart; eight in three bands around a small galaxy."""


@dataclass
class Field:
    repository: Repository
    curves: dict[str, Table]
    calibrations: list[Table]


def measured(repository: Repository, targets: Table, run: str, subset: str, bands: str) -> Table:
    repository.put(targets, "target", run=f"{run}/targets", instrument="DECam")
    run_pipeline(
        repository.folder,
        subset,
        inputs=[f"{run}/targets", "survey", "images/1", "field"],
        run=run,
        where=f"{HERE} AND band IN ({', '.join(map(repr, bands))})",
        pipeline=PIPELINE,
    )
    butler = repository.butler
    butler.registry.refresh()
    return vstack([butler.get(ref) for ref in butler.query_datasets("light_curve", collections=run)])


def stars_of(repository: Repository) -> Table:
    """What every image shows, and most show as a star; the brightest first."""
    butler = repository.butler
    butler.registry.refresh()
    tables = [
        butler.get(ref)
        for ref in butler.query_datasets("instrumental_source", collections="images/1", where="band = 'i'")
    ]
    found = vstack(tables)
    image = np.repeat(np.arange(len(tables)), [len(each) for each in tables])
    ra, dec = np.asarray(found["coord_ra"]), np.asarray(found["coord_dec"])
    owner = associate(ra, dec, np.full(len(ra), 1e-5), image, radius=1.0)
    bright = np.asarray(found["psfFlux"] > 20 * found["psfFluxErr"])
    rows = []
    for number in range(len(owner)):
        here = (owner.owner == number) & bright
        if here.sum() == len(tables) and found["isStar"][here].mean() > 0.5:
            rows.append((owner.ra[number], owner.dec[number], float(np.median(found["psfFlux"][here]))))
    rows.sort(key=lambda row: -row[2])
    ra, dec, _ = np.array(rows).T
    return Table({"name": [f"star {k}" for k in range(len(ra))], "coord_ra": ra, "coord_dec": dec})


@pytest.fixture(scope="module")
def field(shared, tmp_path_factory):
    home = tmp_path_factory.mktemp("field") / "home"
    paths = [str(shared / "data" / folder) for folder in FOLDERS]
    told = CliRunner().invoke(main, ["ingest", "images", *paths, "--release", "field", "--home", str(home)])
    assert told.exit_code == 0, told.output
    repository = Repositories(home / "repositories").open("field", writeable=True)
    repository.run("survey")
    run_pipeline(repository.folder, "images", inputs=["field"], run="images/1", where=HERE, pipeline=PIPELINE)
    stars = stars_of(repository)
    curves, calibrations = {}, []
    # A star is compared with others, never with itself: each half of the stars with the other half.
    for half, run in enumerate(("curves/1", "curves/2")):
        mine = stars[half::2]
        rows = measured(repository, mine, run, "curves", "i")
        curves |= {name: rows[rows["name"] == name] for name in mine["name"]}
        calibrations.append(
            repository.butler.get("relative_calibration", collections=run, instrument="DECam", band="i")
        )
    yield Field(repository, curves, calibrations)
    repository.close()


def chi2_of(curve: Table, flux: str = "psfFlux") -> tuple[float, int]:
    """Chi² around the weighted mean, and its degrees of freedom."""
    use = ~np.asarray(curve[f"{flux}_flag"])
    value, error = (np.asarray(curve[name], np.float64)[use] for name in (flux, f"{flux}Err"))
    mean = np.average(value, weights=error**-2)
    return float((((value - mean) / error) ** 2).sum()), int(use.sum()) - 1


def test_errors_of_constant_stars_are_what_they_scatter(field) -> None:
    assert len(field.curves) >= 5
    total, freedom = 0.0, 0
    for name, curve in field.curves.items():
        found, of = chi2_of(curve)
        assert of == 3, name
        # One of a thousand stars that are constant would be outside.
        assert chi2.ppf(5e-4, of) < found < chi2.ppf(1 - 5e-4, of), (name, found)
        total, freedom = total + found, freedom + of
    assert chi2.ppf(0.005, freedom) < total < chi2.ppf(0.995, freedom)


def test_the_images_differ_by_more_than_the_light_curves_do(field) -> None:
    for rows in field.calibrations:
        assert np.ptp(rows["scale"]) > 0.04
        assert (rows["scaleErr"] / rows["scale"] < 0.02).all()
        # The frames of the two nights are two tenths of an arcsecond apart: most of a pixel.
        assert 0.1 < np.ptp(rows["shift_dec"]) < 0.3
        assert len(set(rows["group"])) == 1
    raw = []
    for curve in field.curves.values():
        flux = np.asarray(curve["psfFlux"], np.float64)
        assert curve["psfFlux"].unit == "adu"
        assert (np.asarray(curve["psfFluxErr"]) > flux * np.asarray(curve["scaleRelErr"])).all()
        raw.append(flux)
    assert len(raw) >= 5


def test_eight_epochs_are_measured_on_zero_points_of_their_survey(field, shared) -> None:
    repository = field.repository
    survey = Table.read(shared / "data/images_decam_multiepoch/testcase3/survey-ccds-1.fits.gz")
    detectors = {
        ref.dataId["visit"]: ref.dataId["detector"]
        for ref in repository.butler.query_datasets("visit_image", "field", where="band != 'i'")
    }
    for band in "grz":
        mine = survey[[str(name).strip() == band for name in survey["filter"]]]
        zero = mine["ccdzpt"] + 2.5 * np.log10(mine["exptime"])
        # nJy for one count of the whole exposure.
        scale = 10 ** (-0.4 * (np.asarray(zero, np.float64) - 31.4))
        scales = Table(
            {
                "visit": np.asarray(mine["expnum"], np.int64),
                "detector": [detectors[int(number)] for number in mine["expnum"]],
                "scale": scale,
                "scaleErr": scale * np.asarray(mine["ccdphrms"] / np.sqrt(mine["ccdnphotom"])) / 1.0857,
                "scatter": np.full(len(mine), 0.02),
            }
        )
        scales["scale"].unit = "nJy"
        repository.put(scales, "relative_calibration", run="survey", instrument="DECam", band=band)
    target = Table({"name": ["galaxy"], "coord_ra": [244.77974], "coord_dec": [12.07234]})
    rows = measured(repository, target, "curves/3", "measure", "grz")

    assert sorted(rows["band"]) == ["g"] * 3 + ["r"] * 2 + ["z"] * 3
    assert rows["ap12Flux"].unit == "nJy"
    colours = {
        band: 31.4 - 2.5 * np.log10(np.median(rows["ap12Flux"][rows["band"] == band])) for band in "grz"
    }
    assert (colours["g"], colours["r"], colours["z"]) == pytest.approx((19.6, 18.35, 17.5), abs=0.1)
    for band in "grz":
        here = np.asarray(rows["ap12Flux"])[rows["band"] == band]
        assert np.ptp(here) < 0.13 * here.mean()
