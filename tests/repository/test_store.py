"""Repositories are made whole, and give back what is put into them."""

from __future__ import annotations

import multiprocessing
import uuid

import numpy as np
import pytest
from lsst.daf.butler import Butler, DatasetProvenance
from lsst.pipe.base import Instrument

from repository.conftest import SKYMAP, SimCam, around, exposure
from sciplat.errors import ConflictError, NotFoundError, UsageError
from sciplat.images.box import Box
from sciplat.images.fits import write
from sciplat.repository.records import Footprint, Observation, put_observations, put_skymap
from sciplat.repository.store import Repositories
from sciplat.sky import Position
from sciplat.sky.tessellation import Field

FIRST = {"instrument": "SimCam", "visit": 1, "detector": 0}


def get(repository, name, collections="dr1", **parameters):
    return repository.butler.get(name, FIRST, collections=collections, parameters=parameters or None)


def test_there_is_no_repository_before_one_is_made(repositories):
    assert repositories.releases() == ()
    with pytest.raises(NotFoundError, match="no images of release 'dr1'"):
        repositories.open("dr1")

    repositories.create("dr1").close()
    assert repositories.releases() == ("dr1",)
    assert repositories.open("dr1").release == "dr1"


@pytest.mark.parametrize("name", ["", "../x", "a b", ".dr1", "1dr", "a-b"])
def test_a_name_is_one_that_a_schema_can_have(repositories, name):
    with pytest.raises(UsageError):
        repositories.create(name)
    with pytest.raises(NotFoundError):
        repositories.open(name)


def make_and_run(folder, number, together):
    together.wait()
    made = Repositories(folder).create("dr1")
    with made.alone():
        made.run(f"runs/{number}")
    made.close()


@pytest.mark.slow
def test_several_that_make_it_at_once_all_have_the_one(repositories, tmp_path):
    # Forked: a new process would import the Butler for seconds.
    context = multiprocessing.get_context("fork")
    together = context.Barrier(3)
    makers = [
        context.Process(target=make_and_run, args=(tmp_path / "repositories", number, together))
        for number in range(3)
    ]
    for maker in makers:
        maker.start()
    for maker in makers:
        maker.join()

    assert [maker.exitcode for maker in makers] == [0, 0, 0]
    assert [p.name for p in (tmp_path / "repositories").iterdir()] == ["dr1"]
    assert set(repositories.open("dr1").collections()) == {"runs/0", "runs/1", "runs/2"}


def test_an_exposure_comes_back_bit_for_bit(filled):
    given, found = exposure(0.0, 0.0, seed=10), get(filled, "visit_image")

    for plane in ("image", "mask", "variance"):
        np.testing.assert_array_equal(getattr(found, plane), getattr(given, plane))
    assert dict(found.planes) == {"BAD": 0, "SAT": 1}
    assert found.header["OBJECT"] == "field"
    pixels = [[0, 0], [399, 299]]
    np.testing.assert_allclose(
        found.wcs.all_pix2world(pixels, 0), given.wcs.all_pix2world(pixels, 0), atol=1e-11
    )
    np.testing.assert_array_equal(found.psf.kernels, given.psf.kernels)


def test_components_are_read_alone(filled):
    whole = get(filled, "visit_image")

    for name in ("image", "mask", "variance"):
        np.testing.assert_array_equal(get(filled, f"visit_image.{name}"), getattr(whole, name))
    assert get(filled, "visit_image.bbox") == Box(0, 0, 400, 300)
    assert get(filled, "visit_image.planes") == {"BAD": 0, "SAT": 1}
    assert get(filled, "visit_image.header")["BUNIT"] == "adu"
    assert get(filled, "visit_image.wcs").wcs.crval[0] == 0.0
    assert get(filled, "visit_image.psf").kernels.shape == whole.psf.kernels.shape


@pytest.mark.parametrize("bbox", [Box(10, 20, 60, 90), (10, 20, 60, 90)])
def test_a_box_is_read_of_the_whole_and_of_each_component(filled, bbox):
    whole, part = get(filled, "visit_image"), get(filled, "visit_image", bbox=bbox)

    assert part.origin == (10, 20)
    np.testing.assert_array_equal(part.image, whole.image[20:90, 10:60])
    np.testing.assert_array_equal(get(filled, "visit_image.mask", bbox=bbox), whole.mask[20:90, 10:60])
    here = get(filled, "visit_image.wcs", bbox=bbox).all_pix2world([[0, 0]], 0)
    np.testing.assert_allclose(here, whole.wcs.all_pix2world([[10, 20]], 0), atol=1e-12)


@pytest.mark.parametrize("bbox", [(0, 0, 4000, 10), (-1, 0, 5, 5), (5, 5, 5, 9), "all", (1, 2)])
def test_a_box_that_is_not_inside_is_refused_in_words(filled, bbox):
    with pytest.raises((UsageError, ValueError)) as caught:
        get(filled, "visit_image", bbox=bbox)

    errors = [caught.value, caught.value.__cause__, *getattr(caught.value, "exceptions", ())]
    assert any(isinstance(error, UsageError) for error in errors)


@pytest.mark.slow
def test_the_file_says_which_dataset_it_is_and_what_it_was_made_of(repositories, filled):
    ref = filled.butler.find_dataset("visit_image", FIRST, collections="dr1")
    header = get(filled, "visit_image.header")

    assert uuid.UUID(header["LSST BUTLER ID"]) == ref.id
    assert header["LSST BUTLER RUN"] == "runs/a"
    made = repositories.create("dr2")
    SimCam().register(made.butler.registry)
    put_observations(made.butler, [Observation("SimCam", 1, "v", "g_sim")])
    raw = made.put(exposure(0, 0), "raw", run="r", instrument="SimCam", exposure=1, detector=0)
    provenance = DatasetProvenance()
    provenance.add_input(raw)
    ref = made.put(exposure(0, 0), "visit_image", run="r", provenance=provenance, **FIRST)
    told, of = DatasetProvenance.from_flat_dict(made.butler.get(ref).header, made.butler)
    assert of == ref
    assert [each.id for each in told.inputs] == [raw.id]


@pytest.mark.slow
def test_the_same_data_id_is_not_put_twice(repositories):
    made = repositories.create("dr1")
    SimCam().register(made.butler.registry)
    put_observations(made.butler, [Observation("SimCam", 1, "v", "g_sim")])
    made.put(exposure(0, 0), "visit_image", run="r", **FIRST)

    with pytest.raises(ConflictError, match="has a visit_image"):
        made.put(exposure(0, 0), "visit_image", run="r", **FIRST)
    with pytest.raises(NotFoundError, match="no dataset type 'picture'"):
        made.put(exposure(0, 0), "picture", run="r", **FIRST)


@pytest.mark.slow
def test_a_file_is_registered_where_it_lies_or_copied(repositories, tmp_path):
    made = repositories.create("dr1")
    SimCam().register(made.butler.registry)
    seen = (Footprint(0, around(0, 0)), Footprint(1, around(0, 0)))
    put_observations(made.butler, [Observation("SimCam", 1, "v", "g_sim", footprints=seen)])
    write(exposure(0, 0), tmp_path / "mine.fits")

    here = made.register_file(tmp_path / "mine.fits", "visit_image", run="r", **FIRST)
    there = made.register_file(
        tmp_path / "mine.fits", "visit_image", run="r", transfer="copy", **{**FIRST, "detector": 1}
    )
    assert made.butler.getURI(here).ospath == str(tmp_path / "mine.fits")
    assert made.butler.getURI(there).ospath.startswith(str(made.folder))
    np.testing.assert_array_equal(made.butler.get(here).image, made.butler.get(there).image)


@pytest.mark.slow
def test_collections_are_runs_chains_and_tags(filled, repositories):
    assert filled.collections() == {"runs/a": "RUN", "runs/b": "RUN", "dr1": "CHAINED"}

    made = repositories.create("dr1")
    SimCam().register(made.butler.registry)
    put_observations(made.butler, [Observation("SimCam", 1, "v", "g_sim")])
    old = made.put(exposure(0, 0), "visit_image", run="old", **FIRST)
    new = made.put(exposure(0, 0, seed=5), "visit_image", run="new", **FIRST)
    made.chain("dr1", ["old"])
    made.chain("dr1", ["new"])
    made.chain("dr1", ["old"])
    assert made.butler.find_dataset("visit_image", FIRST, collections="dr1").id == new.id
    made.tag("best", [old])
    assert made.butler.find_dataset("visit_image", FIRST, collections="best").id == old.id
    with pytest.raises(NotFoundError):
        made.chain("dr1", ["never"])


def test_a_visit_has_the_hull_of_its_detectors_whenever_they_come(repositories):
    made = repositories.create("dr1")
    SimCam().register(made.butler.registry)
    for detector in (0, 1):
        seen = (Footprint(detector, around(359.99, 0.2 * detector)),)
        put_observations(made.butler, [Observation("SimCam", 7, "v", "g_sim", footprints=seen)])

    with made.butler.query() as query:
        (visit,) = query.dimension_records("visit")
        regions = {
            record.detector: record.region for record in query.dimension_records("visit_detector_region")
        }
    assert all(visit.region.contains(region) for region in regions.values())
    assert sorted(regions) == [0, 1]
    assert (visit.day_obs, visit.timespan) == (0, None)


def test_a_skymap_of_that_name_is_the_same_skymap(filled):
    put_skymap(filled.butler, SKYMAP)

    other = Field("small", SKYMAP.scale, 500, 20, centre=Position(1.0, 0.0), width=0.3, height=0.3)
    with pytest.raises(ConflictError, match="skymap 'small'"):
        put_skymap(filled.butler, other)


def test_pipelines_find_the_class_of_an_instrument(filled, repositories):
    made = repositories.create("dr1")
    from sciplat.repository.instruments import register_instrument

    register_instrument(made.butler.registry, "2MASS", {"J": "J"}, {0: "0"})
    assert Instrument.fromName("2MASS", made.butler.registry).getName() == "2MASS"
    with filled.butler.query() as query:
        (record,) = query.dimension_records("instrument")
    assert record.class_name.endswith("conftest.SimCam")


def test_the_butler_opens_the_repository_by_its_path(filled):
    with Butler.from_config(str(filled.folder), collections="dr1") as butler:
        assert butler.get("visit_image.bbox", FIRST) == Box(0, 0, 400, 300)
