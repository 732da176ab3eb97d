"""A dataset is found by its id, for those who may see it, and as a file that stands alone."""

from __future__ import annotations

import errno
import os
from datetime import UTC, datetime

import numpy as np
import pytest
from astropy.io import fits
from support.sky_files import pixels, simple, sky_header

pytest.importorskip("lsst.daf.butler", reason="needs the [images] extra")

from sciplat.errors import (
    AuthenticationError,
    NotFoundError,
    PermissionDeniedError,
    UnavailableError,
    UsageError,
)
from sciplat.identity.models import Scope, User
from sciplat.images.cutout import cut
from sciplat.images.fits import read
from sciplat.instance import Instance
from sciplat.repository.find import find
from sciplat.services.access import Visitor
from sciplat.sky import Circle, Position
from sciplat.tiles.store import TileStore, fingerprint

NOBODY = Visitor.anonymous()
CARDS = {"FILTER": "g", "INSTRUME": "CDK17", "EXPTIME": 60.0, "DATE_OBS": "2026-03-01T20:00:00"}


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return tmp_path_factory.mktemp("files")


@pytest.fixture(scope="module")
def instance(tmp_path_factory, files):
    """Images that are copied (``open``), and private ones (``closed``)."""
    copied = simple(files / "open" / "im1.fits", 1, **CARDS)
    closed = simple(files / "closed" / "im1.fits", 2, **CARDS)
    made = Instance.open(tmp_path_factory.mktemp("instance") / "home")
    made.images.ingest.ingest("open", [copied], public=True)
    made.images.ingest.ingest("closed", [closed])
    return made


@pytest.fixture(scope="module")
def lying(instance, files):
    """The same with images that are left in files of others (``lying``)."""
    alone = simple(files / "lying" / "im1.fits", 3, **CARDS | {"DATE_OBS": "2026-03-02T20:00:00"})
    simple(files / "lying" / "two_ooi_g.fits", 4, **CARDS | {"DATE_OBS": "2026-03-03T20:00:00"})
    fits.writeto(files / "lying" / "two_ood_g.fits", np.ones(pixels().shape, np.int16))
    simple(files / "lying" / "gone.fits", 5, ra=11.0, **CARDS | {"DATE_OBS": "2026-03-04T20:00:00"})
    many = [fits.PrimaryHDU()] + [
        fits.ImageHDU(pixels(number), sky_header(12.0 + number, **CARDS), name=f"CCD{number}")
        for number in (6, 7)
    ]
    many[0].header["DATE-OBS"] = "2026-03-05T20:00:00"
    fits.HDUList(many).writeto(files / "lying" / "many.fits")
    report = instance.images.ingest.ingest("lying", [files / "lying"], public=True, in_place=True)
    assert report.registered == 5, report
    assert alone.is_file()
    return instance


def visitor(*scopes: Scope) -> Visitor:
    return Visitor(User("ada", frozenset(scopes), datetime.now(UTC), False), frozenset(scopes))


def ids(instance, release, ra=None):
    region = None if ra is None else Circle(Position(ra, 20.0), 0.001)
    repository = instance.images.repositories.open(release)
    return [ref.id for ref in find(repository.butler, "visit_image", collections=release, region=region)]


def test_an_image_is_found_and_can_be_cut(instance):
    (number,) = ids(instance, "open")

    found = instance.images.locate.identified(
        f"ivo://{instance.settings.authority}/open?{number}", visitor=NOBODY
    )

    assert (found.release, found.id, found.dataset_type) == ("open", number, "visit_image")
    assert found.public
    assert found.is_image
    np.testing.assert_array_equal(read(found.path).image, pixels(1))
    assert found.name.startswith("open-visit_image-CDK17-")
    assert found.name.endswith(".fits")
    assert cut(found.path, Circle(Position(10.0, 20.0), 0.001)).size > 0


def test_private_images_are_there_for_who_may_read_images_alone(instance):
    (number,) = ids(instance, "closed")

    assert instance.images.locate.dataset("closed", number, visitor=visitor(Scope.READ_IMAGE)).id == number
    for release in ("closed", "nothing"):
        with pytest.raises(AuthenticationError, match="Sign in"):
            instance.images.locate.dataset(release, number, visitor=NOBODY)
    with pytest.raises(PermissionDeniedError, match="read:image"):
        instance.images.locate.dataset("closed", number, visitor=visitor(Scope.READ_TAP))
    with pytest.raises(NotFoundError, match="no images of release 'nothing'"):
        instance.images.locate.dataset("nothing", number, visitor=visitor(Scope.READ_IMAGE))


@pytest.mark.parametrize(
    ("identifier", "error"),
    [
        ("", UsageError),
        ("open", UsageError),
        ("ivo://{authority}/open", UsageError),
        ("ivo://{authority}/open?", UsageError),
        ("ivo://elsewhere/open?{number}", NotFoundError),
        ("ivo://{authority}/open?../../identity.db", NotFoundError),
        ("ivo://{authority}/open?00000000-0000-0000-0000-000000000000", NotFoundError),
        ("ivo://{authority}/..?{number}", AuthenticationError),
        ("ivo://{authority}/closed?{number}", AuthenticationError),
    ],
)
def test_what_identifies_nothing_is_not_found(instance, identifier, error):
    words = {"authority": instance.settings.authority, "number": ids(instance, "open")[0]}

    with pytest.raises(error):
        instance.images.locate.identified(identifier.format(**words), visitor=NOBODY)


@pytest.mark.slow
def test_files_of_others_are_given_as_they_lie_where_one_file_has_all(lying, files):
    numbers = set(ids(lying, "lying", 10.0))
    found = {
        located.layout.image.file.name: located
        for located in (lying.images.locate.dataset("lying", number, visitor=NOBODY) for number in numbers)
    }

    assert found["im1.fits"].path == files / "lying" / "im1.fits"
    together = found["two_ooi_g.fits"].path
    assert together.is_relative_to(lying.work / "images")
    np.testing.assert_array_equal(read(together).image, pixels(4))
    np.testing.assert_array_equal(read(together).mask, 1)
    assert list(together.parent.glob("*.unfinished")) == []


@pytest.mark.slow
def test_of_a_file_with_many_images_only_the_one_that_is_meant_is_given(lying):
    (number,) = ids(lying, "lying", 19.0)

    path = lying.images.locate.dataset("lying", number, visitor=NOBODY).path

    np.testing.assert_array_equal(read(path).image, pixels(7))


@pytest.mark.slow
def test_a_file_that_is_gone_or_has_changed_is_noticed(lying, files):
    (number,) = ids(lying, "lying", 11.0)
    before = lying.images.locate.dataset("lying", number, visitor=NOBODY)
    assert lying.images.locate.dataset("lying", number, visitor=NOBODY) is before

    (files / "lying" / "gone.fits").unlink()

    with pytest.raises(NotFoundError, match="not where they were") as raised:
        lying.images.locate.dataset("lying", number, visitor=NOBODY)
    assert str(files) not in str(raised.value)


@pytest.mark.slow
def test_what_is_put_together_has_a_cap_and_its_fingerprint_stays_while_it_does(lying, monkeypatch):
    locate = lying.images.locate
    (number,) = ids(lying, "lying", 13.0 + 6.0)
    first = locate.dataset("lying", number, visitor=NOBODY)
    before = fingerprint([first.path])
    os.utime(first.path, ns=(0, first.path.stat().st_mtime_ns))
    store = TileStore(lying.work / "images", 0, grace_seconds=600)
    monkeypatch.setattr(locate, "_converted", store)

    assert locate.dataset("lying", number, visitor=NOBODY) is first
    store.has_room(0)
    assert fingerprint([first.path]) == before  # it was asked for just now

    with first.path.open("rb") as reading:
        TileStore(lying.work / "images", 0).has_room(0)
        assert not first.path.exists()
        assert fits.getdata(reading, "IMAGE").shape == pixels().shape  # who has it open reads on
    again = locate.dataset("lying", number, visitor=NOBODY)
    np.testing.assert_array_equal(read(again.path).image, pixels(7))


@pytest.mark.slow
def test_a_full_disk_is_said(lying, monkeypatch):
    (number,) = ids(lying, "lying", 12.0 + 6.0)
    monkeypatch.setattr(
        TileStore, "make", lambda *_: (_ for _ in ()).throw(OSError(errno.ENOSPC, "No space left on device"))
    )
    monkeypatch.setattr(TileStore, "file", lambda *_: None)
    lying.images.locate._known.clear()

    with pytest.raises(UnavailableError, match="make room on the disk"):
        lying.images.locate.dataset("lying", number, visitor=NOBODY)


def test_the_instance_itself_sees_what_is_private(instance):
    (number,) = ids(instance, "closed")

    assert instance.images.locate.for_the_instance("closed", number).id == number
