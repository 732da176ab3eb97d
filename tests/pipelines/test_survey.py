from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("lsst.daf.butler", reason="needs the [images] extra")

from sciplat.pipelines.run import run_pipeline
from sciplat.repository.provenance import read_quanta

pytestmark = pytest.mark.slow

VISIT = {"instrument": "PipeCam", "detector": 0}
PATCH = {"skymap": "small", "tract": 0, "patch": 0}
VARIABLE, BURST_VISIT = 0, 6


def nearest(table, ra, dec):
    """Of each position the nearest row, and how far it is, arcseconds."""
    east = (np.asarray(table["coord_ra"])[:, None] - ra) * np.cos(np.radians(dec))
    distance = np.hypot(east, np.asarray(table["coord_dec"])[:, None] - dec) * 3600
    return distance.argmin(axis=0), distance.min(axis=0)


def central(survey):
    return (np.abs(survey.stars.x - 160) < 130) & (np.abs(survey.stars.y - 160) < 130)


def test_every_task_ran_once_for_each_of_its_data_ids(survey) -> None:
    # Eight visits calibrated, subtracted and followed; two coadds, one table of objects, one of changes.
    assert survey.quanta["all"] == 8 * 3 + 2 + 1 + 1


def test_objects_are_complete_and_their_fluxes_those_of_the_truth(survey) -> None:
    objects = survey.get("object", **PATCH)
    use = central(survey)
    row, distance = nearest(objects, survey.stars.ra[use], survey.stars.dec[use])

    assert (distance < 0.15).all()
    assert len(objects) <= len(survey.stars.ra) + 3
    for band, visit in (("g", 1), ("r", 5)):
        truth = survey.flux(visit)[use]
        constant = np.arange(len(survey.stars.ra))[use] != VARIABLE
        flux, error = (np.asarray(objects[f"{band}_{name}"])[row] for name in ("psfFlux", "psfFluxErr"))
        z = ((flux - truth) / np.hypot(error, 0.004 * truth))[constant]
        assert abs(np.median(z)) < 0.6
        assert 0.3 < np.median(z**2) / 0.455 < 2.5
        assert objects[f"{band}_inputCount"].max() == 4


def test_light_curves_have_errors_that_their_scatter_supports_and_show_the_burst(survey) -> None:
    objects = survey.get("object", **PATCH)
    row, _ = nearest(objects, survey.stars.ra, survey.stars.dec)
    use = central(survey)
    z = []
    for visit in range(1, 9):
        forced = survey.get("forced_source", visit=visit, **VISIT)
        assert forced["psfFlux"].unit == "nJy"
        index = {number: k for k, number in enumerate(forced["objectId"])}
        for star in np.flatnonzero(use):
            k = index[objects["objectId"][row[star]]]
            truth = survey.flux(visit)[star]
            if not forced["psfFlux_flag"][k] and not forced["pixelFlags_cr"][k]:
                error = np.hypot(forced["psfFluxErr"][k], 0.006 * truth)
                z.append((forced["psfFlux"][k] - truth) / error)
            if star == VARIABLE and visit == BURST_VISIT:
                assert forced["psfDiffFlux"][k] > 10 * forced["psfDiffFluxErr"][k]
    z = np.array(z)
    assert abs(np.median(z)) < 0.35
    assert 0.5 < np.median(z**2) / 0.455 < 1.8


def test_the_burst_is_a_change_and_hardly_anything_else_is(survey) -> None:
    sources = survey.get("dia_source", skymap="small", tract=0)
    objects = survey.get("dia_object", skymap="small", tract=0)
    ra, dec = survey.stars.ra[VARIABLE], survey.stars.dec[VARIABLE]
    near = np.hypot(sources["ra"] - ra, sources["dec"] - dec) * 3600 < 0.5

    burst = sources[near & (sources["visit"] == BURST_VISIT)]
    assert len(burst) == 1
    # A quarter of the burst is in the template.
    expected = 0.5 * survey.stars.flux[VARIABLE] * 0.75
    assert burst["psfFlux"][0] == pytest.approx(expected, rel=0.15)
    assert burst["diaObjectId"][0] in set(objects["diaObjectId"])
    assert (~near).sum() <= 6


def test_images_say_what_they_were_made_of(survey) -> None:
    coadd = survey.get("deep_coadd", band="g", **PATCH)
    inputs = {
        str(v) for k, v in coadd.header.items() if k.startswith("LSST BUTLER INPUT") and k.endswith("ID")
    }
    made_of = {
        str(ref.id)
        for ref in survey.repository.butler.query_datasets(
            "visit_image", collections="out", where="band = 'g'"
        )
    }
    assert len(made_of) == 4
    assert made_of <= inputs
    assert coadd.header["NINPUT"] == 4
    assert coadd.header["BUNIT"] == "nJy"


def test_every_quantum_is_recorded_with_its_inputs_outputs_configuration_and_versions(survey) -> None:
    rows = [row for row in read_quanta(survey.repository.folder).to_pylist() if row["run"] == "out"]
    assert len({row["quantum"] for row in rows}) == survey.quanta["all"]

    coadd = survey.repository.butler.find_dataset("deep_coadd", collections=["out"], band="g", **PATCH)
    (maker,) = (row for row in rows if row["role"] == "output" and row["dataset"] == str(coadd.id))
    inputs = {r["dataset"] for r in rows if r["quantum"] == maker["quantum"] and r["role"] == "input"}
    images = survey.repository.butler.query_datasets("visit_image", collections="out", where="band = 'g'")
    assert {str(ref.id) for ref in images} <= inputs
    assert (maker["task"], maker["task_class"]) == ("coadd", "sciplat.pipelines.coadd.CoaddTask")
    assert json.loads(maker["data_id"]) == {"band": "g", **PATCH}
    assert "config.tolerance" in maker["config"]
    assert "sciplat" in json.loads(maker["versions"])

    made = {row["dataset"] for row in rows if row["role"] == "output"}
    for kind in ("visit_image", "source", "difference_image", "forced_source", "object", "dia_object"):
        for ref in survey.repository.butler.query_datasets(kind, collections="out"):
            assert str(ref.id) in made


def test_running_again_makes_nothing_again(survey) -> None:
    again = run_pipeline(
        survey.repository.folder, "images", inputs=["inputs"], run="out", where="instrument = 'PipeCam'"
    )
    assert again == 0


def test_a_changed_pixel_of_a_raw_changes_the_rows(survey) -> None:
    raw = survey.get("raw", exposure=2, **VISIT)
    image = survey.get("visit_image", visit=2, **VISIT)
    star = int(np.argmax(np.where(central(survey), survey.stars.flux, 0)))
    x, y = image.wcs.world_to_pixel_values(survey.stars.ra[star], survey.stars.dec[star])
    pixels = raw.image.copy()
    pixels[int(np.rint(y)), int(np.rint(x))] += 1000
    survey.repository.put(
        replace(raw, image=pixels), "raw", run="changed", exposure=2, detector=0, instrument="PipeCam"
    )

    run_pipeline(
        survey.repository.folder,
        "images",
        inputs=["changed", "inputs"],
        run="second",
        where="instrument = 'PipeCam' AND visit = 2",
    )

    survey.repository.butler.registry.refresh()
    before = survey.get("source", visit=2, **VISIT)
    after = survey.repository.butler.get("source", collections=["second"], visit=2, **VISIT)
    ra, dec = survey.stars.ra[star : star + 1], survey.stars.dec[star : star + 1]
    old, new = before[nearest(before, ra, dec)[0][0]], after[nearest(after, ra, dec)[0][0]]
    assert new["psfFlux"] > old["psfFlux"] + 3 * old["psfFluxErr"]


def test_pipetask_runs_the_same_pipeline(survey) -> None:
    pipetask = Path(sys.executable).with_name("pipetask")
    pipeline = Path(sys.modules["sciplat.pipelines.run"].__file__).with_name("survey.yaml")
    done = subprocess.run(
        [
            *(pipetask, "run", "-b", survey.repository.folder, "-i", "inputs", "--output-run", "by_pipetask"),
            *("-p", f"{pipeline}#images", "-d", "instrument = 'PipeCam' AND visit = 7"),
            *("--register-dataset-types", "--no-versions"),
        ],
        capture_output=True,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    survey.repository.butler.registry.refresh()
    one = survey.repository.butler.get("source", collections=["by_pipetask"], visit=7, **VISIT)
    other = survey.get("source", visit=7, **VISIT)
    assert np.array_equal(one["psfFlux"], other["psfFlux"])
