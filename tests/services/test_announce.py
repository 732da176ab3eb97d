"""Images that are taken in can be asked for at once, by whoever may see them."""

from __future__ import annotations

import pytest
from support.sky_files import simple

pytest.importorskip("lsst.daf.butler", reason="needs the [images] extra")

from sciplat.engine import amend
from sciplat.instance import Instance
from sciplat.services import describe
from sciplat.services.access import Visitor
from sciplat.services.discover import discovery
from sciplat.services.plan import Query

pytestmark = pytest.mark.slow

NOBODY = Visitor.anonymous()


@pytest.fixture(scope="module")
def instance(tmp_path_factory):
    """Public images at RA 10 and 11, and private ones at RA 12."""
    folder = tmp_path_factory.mktemp("files")
    for number, ra in enumerate((10.0, 11.0, 12.0), start=1):
        simple(
            folder / f"im{number}.fits", number, ra=ra, FILTER="g", INSTRUME="CDK17", EXPTIME=60.0,
            DATE_OBS=f"2026-03-0{number}T20:00:00",
        )  # fmt: skip
    made = Instance.open(tmp_path_factory.mktemp("instance") / "home")
    made.images.ingest.ingest("open", [folder / "im1.fits", folder / "im2.fits"], public=True)
    made.images.ingest.ingest("closed", [folder / "im3.fits"])
    return made


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    folder = tmp_path_factory.mktemp("file")
    simple(folder / "im.fits", 7, ra=10.0, FILTER="g", INSTRUME="CDK17", EXPTIME=60.0)
    return folder / "im.fits"


@pytest.fixture(scope="module")
def ask(instance):
    pool = instance.pool("test", 1, queue_seconds=30)
    asking = instance.query(pool, seconds=30, sync=False)
    yield lambda query: asking.rows(query, visitor=NOBODY).to_pylist()
    pool.close()


def test_images_are_rows_of_obscore_for_whoever_may_see_their_release(ask):
    rows = ask(Query("SELECT * FROM ivoa.ObsCore ORDER BY s_ra"))

    assert [round(row["s_ra"]) for row in rows] == [10, 11]
    assert {row["obs_collection"] for row in rows} == {"open"}
    first = rows[0]
    assert (first["dataproduct_type"], first["calib_level"]) == ("image", 2)
    assert first["obs_publisher_did"].startswith("ivo://sciplat.local/open?")
    assert (first["lsst_band"], first["instrument_name"], first["t_exptime"]) == ("g", "CDK17", 60.0)
    assert first["em_min"] < 4.8e-7 < first["em_max"]


@pytest.mark.parametrize(
    ("parameters", "found"),
    [
        ({}, [10, 11]),
        ({"POS": ["CIRCLE 10 20 0.01"]}, [10]),
        ({"POS": ["CIRCLE 12 20 0.01"]}, []),
        ({"BAND": ["4.8e-7"], "TIME": ["61101 61102"]}, [11]),
        ({"COLLECTION": ["closed"]}, []),
    ],
)
def test_images_are_discovered(ask, parameters, found):
    assert sorted(round(row["s_ra"]) for row in ask(discovery(parameters))) == found


def test_taking_in_the_same_again_changes_no_table(file, tmp_path):
    instance = Instance.open(tmp_path / "home")
    instance.images.ingest.ingest("dr1", [file])
    before = instance.catalogs.snapshot()

    instance.images.ingest.ingest("dr1", [file])

    assert instance.catalogs.snapshot().file("ivoa", "ObsCore") == before.file("ivoa", "ObsCore")
    assert len(list((instance.catalogs.folder / "dr1").glob("observations-*"))) == 1


def test_few_that_come_or_go_amend_the_table_of_all(tmp_path, monkeypatch):
    """The last of them so often that it is sorted anew; the rows are those that there are each time."""
    done = []

    def counting(*arguments, **named):
        done.append(amend.amend_generation(*arguments, **named))
        return done[-1]

    monkeypatch.setattr(describe, "amend_generation", counting)
    monkeypatch.setattr(amend, "_LEAST", 1)
    instance = Instance.open(tmp_path / "home")
    for number in range(3):
        file = simple(
            tmp_path / f"im{number}.fits", number, ra=10.0 + number, FILTER="g", INSTRUME="CDK17",
            EXPTIME=60.0, DATE_OBS=f"2026-03-0{number + 1}T20:00:00",
        )  # fmt: skip
        instance.images.ingest.ingest("dr1", [file], public=True)
    repository = instance.images.repositories.create("dr1")
    repository.remove(repository.datasets("visit_image")[:1])
    instance.images.announce.announce_from(repository)
    repository.close()

    assert done == [2, None, 2]
    pool = instance.pool("test", 1, queue_seconds=30)
    try:
        rows = instance.query(pool, seconds=30, sync=False).rows(
            Query("SELECT s_ra, obs_publisher_did FROM ivoa.ObsCore"), visitor=NOBODY
        )
    finally:
        pool.close()
    assert len(set(rows["obs_publisher_did"].to_pylist())) == rows.num_rows == 2


def test_an_instance_without_images_has_the_table_without_rows(tmp_path):
    instance = Instance.open(tmp_path / "home")
    instance.ingest.prepare()
    pool = instance.pool("test", 1, queue_seconds=30)
    try:
        asking = instance.query(pool, seconds=30, sync=False)
        assert asking.rows(discovery({}), visitor=NOBODY).num_rows == 0
    finally:
        pool.close()
