"""A disk that is full, for real: nothing is lost, all is told, and it goes on where there is room again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from support.sky_files import pixels, simple, sky_header
from support.small_disk import filled, small_disk

pytest.importorskip("lsst.daf.butler", reason="needs the [images] extra")

from astropy.io import fits
from services.bulk.test_work import Parts, in_tar, work

from sciplat.errors import IngestError, LimitError
from sciplat.instance import Instance
from sciplat.services import disk as disks
from sciplat.services.access import Visitor
from sciplat.services.bulk.plan import Targets
from sciplat.services.cutout.request import CutoutRequests
from sciplat.services.tile import Which, place_of

pytestmark = pytest.mark.slow

NOBODY = Visitor.anonymous()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk", 24) as place:
        yield place


def test_an_archive_goes_on_where_a_full_disk_stopped_it(
    disk: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number, name in enumerate("ab"):
        simple(tmp_path / "images" / f"{name}.fits", number)
    rows = 200
    targets = Targets(np.full(rows, 10.0), np.full(rows, 20.0), [""] * rows, ["a", "b"] * (rows // 2))
    parts = Parts(tmp_path / "images", targets)
    folder = disk / "job.files"
    folder.mkdir()

    with filled(disk), pytest.raises(LimitError, match="The disk is full"):
        work(parts, folder).wait()
    monkeypatch.setattr(disks, "SPACE_LEFT", -(1 << 30))  # no look ahead: the system itself says it
    with filled(disk, 600_000), pytest.raises(LimitError, match="The disk is full"):
        work(parts, folder).wait()
    work(parts, folder).wait()
    work(parts, tmp_path / "whole").wait()

    assert in_tar(folder / "result") == in_tar(tmp_path / "whole" / "result")


def test_images_are_taken_in_and_shown_around_a_full_disk(disk: Path, tmp_path: Path) -> None:
    large = pixels(1, (1200, 1200))
    first = simple(tmp_path / "files" / "a.fits", FILTER="g", DATE_OBS="2026-03-01T20:00:00")
    fits.writeto(tmp_path / "files" / "b.fits", large, sky_header(FILTER="g", DATE_OBS="2026-03-02T20:00:00"))
    instance = Instance.open(disk / "home")
    instance.images.ingest.ingest("dr", [first], public=True)

    with filled(disk, 1_500_000), pytest.raises(IngestError, match=r"is full .* is kept"):
        instance.images.ingest.ingest("dr", [tmp_path / "files"])
    report = instance.images.ingest.ingest("dr", [tmp_path / "files"])
    assert (report.registered, report.unchanged, report.refused) == (1, 1, ())

    repository = instance.images.repositories.open("dr")
    by_size = sorted(
        (
            instance.images.locate.dataset("dr", ref.id, visitor=NOBODY)
            for ref in repository.datasets("visit_image")
        ),
        key=lambda located: located.path.stat().st_size,
    )
    repository.close()
    place, identifier = place_of(by_size[-1]), f"ivo://sciplat.local/dr?{by_size[-1].id}"
    with filled(disk):
        made = instance.images.tiling.tile(place, Which(2, 0, 0))
        (request,) = CutoutRequests.of([("ID", identifier), ("CIRCLE", "10 20 0.01")])
        cut = b"".join(instance.images.cutout.cutout(request, visitor=NOBODY))
    assert instance.images.tiling.tile(place, Which(2, 0, 0)).unpacked() == made.unpacked()
    assert len(cut) > 10_000
    instance.images.tiling.close()
