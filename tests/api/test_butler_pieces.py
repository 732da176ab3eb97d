"""A Butler client elsewhere fetches of a file only what it asks for."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from astropy.io import fits
from support.serving import serving
from support.sky_files import simple, sky_header

pytest.importorskip("lsst.daf.butler", reason="needs the [images] extra")

from lsst.daf.butler import Butler

import sciplat.client
from sciplat.images.exposure import Exposure
from sciplat.images.psf import PSF
from sciplat.images.wcs import read as read_wcs
from sciplat.instance import Instance
from sciplat.processes import images

pytestmark = [
    pytest.mark.slow,
    # The Butler leaves the sockets by which it fetched files to the garbage collector.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.usefixtures("sockets_left_behind"),
]

SIDE = 1024
TYPE = "difference_image"


class Counted:
    """An application, and what it has sent of files."""

    def __init__(self, app) -> None:
        self.app = app
        self.bytes = self.requests = 0

    async def __call__(self, scope, receive, send) -> None:
        if not scope.get("path", "").startswith("/api/butler/file"):
            await self.app(scope, receive, send)
            return
        self.requests += 1

        async def counting(message) -> None:
            self.bytes += len(message.get("body", b""))
            await send(message)

        await self.app(scope, receive, counting)


def exposure() -> Exposure:
    random = np.random.default_rng(1)
    kernel = np.zeros((1, 1, 25, 25), np.float32)
    kernel[..., 12, 12] = 1
    shape = (SIDE, SIDE)
    return Exposure(
        random.normal(100, 3, shape).astype(np.float32),
        read_wcs(sky_header(), None),
        mask=random.integers(0, 4, shape, np.int32),
        planes={"BAD": 0, "SAT": 1},
        variance=random.normal(9, 0.1, shape).astype(np.float32),
        psf=PSF(kernel),
        header=fits.Header({"BUNIT": "adu"}),
    )


@pytest.fixture(scope="module")
def large(tmp_path_factory) -> Iterator[tuple[Instance, Counted, Butler]]:
    file = simple(tmp_path_factory.mktemp("files") / "im.fits", 1, FILTER="g", INSTRUME="CDK17")
    made = Instance.open(tmp_path_factory.mktemp("instance") / "home")
    made.images.ingest.ingest("open", [file], public=True)
    repository = made.images.repositories.create("open")
    (ref,) = repository.datasets("visit_image")
    data_id = {name: ref.dataId[name] for name in ("instrument", "visit", "detector")}
    repository.put(exposure(), TYPE, run="large", **data_id)
    repository.chain("open", ["large"])
    repository.close()
    app = Counted(images.create_app(made))
    with serving(app) as url:
        yield made, app, sciplat.client.connect(url).butler("open")


@pytest.mark.parametrize(
    ("component", "box", "most", "requests"),
    [
        (None, (300, 300, 364, 364), 0.15, 12),
        (None, (0, 0, 1, 1), 0.15, 12),
        ("image", (300, 300, 364, 364), 0.07, 4),
        ("mask", (1000, 1000, 1024, 1024), 0.03, 5),
        ("mask", None, 0.2, 6),
        ("wcs", None, 0.02, 3),
        ("wcs", (5, 6, 700, 800), 0.02, 3),
        ("psf", None, 0.03, 7),
        ("header", None, 0.02, 3),
        ("bbox", None, 0.02, 3),
        ("planes", None, 0.02, 5),
    ],
)
def test_only_what_is_asked_for_is_sent(large, component, box, most, requests) -> None:
    instance, app, butler = large
    (ref,) = butler.query_datasets(TYPE)
    if component is not None:
        ref = ref.makeComponentRef(component)
    parameters = None if box is None else {"bbox": box}
    here = instance.images.repositories.open("open").butler
    size = here.getURI(here.query_datasets(TYPE, "open")[0]).size()
    app.bytes = app.requests = 0

    got = butler.get(ref, parameters=parameters)

    assert app.bytes < most * size
    assert app.requests <= requests
    expected = here.get(ref, parameters=parameters)
    if component is None:
        for plane in ("image", "mask", "variance"):
            np.testing.assert_array_equal(getattr(got, plane), getattr(expected, plane))
        np.testing.assert_array_equal(got.psf.kernels, expected.psf.kernels)
        assert got.origin == expected.origin
    elif component == "psf":
        np.testing.assert_array_equal(got.kernels, expected.kernels)
    elif component == "wcs":
        assert got.to_header() == expected.to_header()
    else:
        np.testing.assert_equal(got, expected)


def test_a_whole_image_is_one_request_for_its_file(large) -> None:
    _, app, butler = large
    (ref,) = butler.query_datasets(TYPE)
    app.bytes = app.requests = 0

    assert butler.get(ref).box.shape == (SIDE, SIDE)

    assert app.requests <= 2


def test_a_box_that_is_not_inside_is_refused_in_words(large) -> None:
    _, _, butler = large
    (ref,) = butler.query_datasets(TYPE)

    with pytest.raises(ValueError, match="the box asks for"):
        butler.get(ref, parameters={"bbox": (1000, 1000, 1100, 1100)})
