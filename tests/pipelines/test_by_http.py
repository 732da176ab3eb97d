"""With HTTP alone a release is read, a task is run on it, and its outputs are kept as one's own."""

from __future__ import annotations

import json
import shutil
import uuid
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from support.serving import serving

pytest.importorskip("lsst.daf.butler", reason="needs the [images] extra")

import sciplat.client
from sciplat.cli import main
from sciplat.errors import ConflictError, NotFoundError, UsageError
from sciplat.images.fits import read
from sciplat.instance import Instance
from sciplat.pipelines.run import run_pipeline
from sciplat.processes import images
from sciplat.repository.provenance import read_quanta
from sciplat.services.access import Visitor

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.usefixtures("sockets_left_behind"),
]

PIPELINE = """\
description: Light curves of one's own
tasks:
  forced:
    class: sciplat.pipelines.forced_photometry.ForcedPhotometryTask
    config:
      doDifference: false
      badPlanes: [BAD, SAT, NO_DATA, CR]
      connections.outputName: my_forced_source
"""


@pytest.fixture(scope="module")
def instance(survey, tmp_path_factory):
    """The small survey as the public release ``small``."""
    made = Instance.open(tmp_path_factory.mktemp("instance") / "home")
    folder = made.home / "repositories" / "small"
    shutil.copytree(survey.repository.folder, folder)
    repository = made.images.repositories.open("small", writeable=True)
    repository.chain("small", ["out", "raw", "calib"])
    repository.close()
    with made.catalogs.edit() as edit:
        edit.put_release("small", public=True, images=True)
    return made


@pytest.fixture(scope="module")
def client(instance):
    with serving(images.create_app(instance)) as url:
        yield sciplat.client.connect(url)


@pytest.fixture(scope="module")
def mine(client, tmp_path_factory):
    made = client.own_repository("small", tmp_path_factory.mktemp("mine") / "small")
    yield made
    made.close()


def stored(instance, dataset_type, **data_id):
    """The repository, a dataset in it, and its file."""
    repository = instance.images.repositories.open("small")
    ref = repository.butler.find_dataset(dataset_type, data_id, collections="small")
    return ref, repository.path_of(ref.id)


def test_a_butler_of_nobody_reads_what_is_public(client, survey) -> None:
    butler = client.butler("small")

    ref = butler.find_dataset("visit_image", instrument="PipeCam", visit=1, detector=0)

    got = butler.get(ref, parameters={"bbox": (10, 20, 42, 52)})
    whole = survey.repository.butler.get("visit_image", dict(ref.dataId.required), collections="all")
    np.testing.assert_array_equal(got.image, whole.image[20:52, 10:42])
    assert butler.get("object", skymap="small", tract=0, patch=0)["g_psfFlux"].unit == "nJy"
    with pytest.raises(UsageError, match="no public images of release 'none'"):
        client.butler("none")


@pytest.mark.requirement("DMS-API-REQ-0034")
def test_a_task_runs_on_fetched_images_and_its_outputs_say_of_what_they_were_made(
    mine, survey, tmp_path: Path
) -> None:
    pipeline = tmp_path / "mine.yaml"
    pipeline.write_text(PIPELINE)
    where = "instrument = 'PipeCam' AND visit IN (1, 5) AND skymap = 'small'"
    visits = mine.fetch("visit_image", where="instrument = 'PipeCam' AND visit IN (1, 5)")
    (objects,) = mine.fetch("object", where="skymap = 'small'")
    assert mine.fetch("object", where="skymap = 'small'") == [objects]

    quanta = run_pipeline(
        mine.folder, "", inputs=["small"], run="ada/forced/1", where=where, pipeline=pipeline
    )

    assert quanta == 2
    mine.butler.registry.refresh()
    of = {"instrument": "PipeCam", "detector": 0}
    for visit in (1, 5):
        got = mine.get("my_forced_source", visit=visit, **of)
        known = survey.get("forced_source", visit=visit, **of)
        row = {number: k for k, number in enumerate(known["objectId"])}
        same = known[[row[number] for number in got["objectId"]]]
        use = ~(got["psfFlux_flag"] | same["psfFlux_flag"]) & ~got["pixelFlags_cr"]
        # Where there was a cosmic ray the task of one's own leaves it out.
        assert np.isclose(got["psfFlux"][use], same["psfFlux"][use], rtol=1e-5).mean() > 0.8
    rows = read_quanta(mine.folder).to_pylist()
    inputs = {row["dataset"] for row in rows if row["role"] == "input"}
    assert inputs == {str(ref.id) for ref in (*visits, objects)}
    assert "config.badPlanes=['BAD', 'SAT', 'NO_DATA', 'CR']" in rows[0]["config"]
    assert "sciplat" in json.loads(rows[0]["versions"])
    # What was not fetched is read from the release.
    assert mine.get("visit_image.bbox", visit=2, **of).width == 320


def test_nothing_of_ones_own_reaches_the_release(mine, client) -> None:
    assert not client.butler("small").collections.query("ada/*")
    with pytest.raises(UsageError, match="has no"):
        mine.fetch("visit_image", where="instrument = 'PipeCam' AND visit = 99")


@pytest.mark.requirement("DMS-API-REQ-0027")
def test_a_dropped_image_is_made_again_when_it_is_read(instance, client) -> None:
    of = {"instrument": "PipeCam", "visit": 3, "detector": 0}
    ref, path = stored(instance, "visit_image", **of)
    before = read(path)

    assert instance.images.regenerate.drop("small", [ref.id]) == 1
    assert not path.exists()
    got = client.butler("small").get("visit_image", of)

    for plane in ("image", "mask", "variance"):
        np.testing.assert_array_equal(getattr(got, plane), getattr(before, plane))
    assert got.header == before.header
    assert got.wcs.to_header() == before.wcs.to_header()
    assert path.exists()


def test_what_it_was_made_of_is_made_again_too(instance) -> None:
    image, image_file = stored(instance, "visit_image", instrument="PipeCam", visit=4, detector=0)
    table, table_file = stored(instance, "forced_source", instrument="PipeCam", visit=4, detector=0)
    before = table_file.read_bytes()
    instance.images.regenerate.drop("small", [image.id, table.id])
    assert not image_file.exists()

    found = instance.images.locate.dataset("small", table.id, visitor=Visitor.anonymous())

    assert found.path == table_file
    assert image_file.exists()
    assert len(table_file.read_bytes()) == pytest.approx(len(before), rel=0.01)
    repository = instance.images.repositories.open("small")
    assert len(repository.butler.get(table)) > 0


def test_an_operator_drops_what_meets_an_expression_and_makes_it_again(instance) -> None:
    home = ("--home", str(instance.home))
    of = ("small", "difference_image", "--where", "instrument = 'PipeCam' AND visit IN (1, 2)")
    _, path = stored(instance, "difference_image", instrument="PipeCam", visit=2, detector=0)
    before = read(path)

    dropped = CliRunner().invoke(main, ["images", "drop", *of, *home])
    assert (dropped.exit_code, dropped.output) == (0, "dropped 2 files\n")
    assert not path.exists()
    made = CliRunner().invoke(main, ["images", "regenerate", *of, *home])

    assert made.output.endswith("made 2 files again\n")
    np.testing.assert_array_equal(read(path).image, before.image)
    wrong = CliRunner().invoke(main, ["images", "drop", "small", "none", *home])
    assert wrong.exit_code != 0
    assert "cannot be looked for" in wrong.output


def test_only_what_can_be_made_again_is_dropped(instance) -> None:
    raw, path = stored(instance, "raw", instrument="PipeCam", exposure=3, detector=0)

    with pytest.raises(ConflictError, match="Nothing is recorded of how raw"):
        instance.images.regenerate.drop("small", [raw.id])
    with pytest.raises(NotFoundError, match="has no dataset"):
        instance.images.regenerate.drop("small", [uuid.uuid4()])
    assert path.exists()
