from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sciplat.errors import NotFoundError, UsageError
from sciplat.images.box import Box
from sciplat.images.exposure import Exposure
from sciplat.images.psf import PSF


def boxes_in(box: Box) -> st.SearchStrategy[Box]:
    edges_x = st.lists(st.integers(box.x0, box.x1), min_size=2, max_size=2, unique=True).map(sorted)
    edges_y = st.lists(st.integers(box.y0, box.y1), min_size=2, max_size=2, unique=True).map(sorted)
    return st.builds(lambda x, y: Box(x[0], y[0], x[1], y[1]), edges_x, edges_y)


@given(data=st.data())
def test_a_cut_of_a_cut_is_the_cut_of_the_whole(
    data: st.DataObject, make_exposure: Callable[..., Exposure]
) -> None:
    whole = make_exposure(359.9999, 0.001, (60, 50), origin=(-7, 1000))
    outer = data.draw(boxes_in(whole.box))
    inner = data.draw(boxes_in(outer))

    twice, once = whole.cut(outer).cut(inner), whole.cut(inner)
    assert twice.box == once.box == inner
    assert np.array_equal(twice.image, once.image, equal_nan=True)
    assert np.array_equal(twice.image, whole.image[inner.slices(whole.origin)], equal_nan=True)
    assert np.array_equal(twice.mask, once.mask)
    assert np.array_equal(twice.variance, once.variance)
    corners = np.array([[0.0, 0.0], [inner.width - 1, inner.height - 1]])
    of_whole = corners + inner.origin - whole.origin
    for cut in (twice, once):
        assert np.abs(cut.wcs.all_pix2world(corners, 0) - whole.wcs.all_pix2world(of_whole, 0)).max() < 1e-12


def test_a_cut_beyond_the_image_says_what_there_is(exposure: Exposure) -> None:
    with pytest.raises(
        UsageError, match="The image has pixels 0 to 279 in x and 0 to 299 in y; the box asks"
    ):
        exposure.cut(Box(-1, 0, 20, 20))


def test_mask_planes_are_found_by_name(exposure: Exposure) -> None:
    assert np.array_equal(exposure.plane("DETECTED_NEGATIVE"), (exposure.mask & 64) > 0)
    assert np.array_equal(exposure.flagged("BAD", "SAT", "CR"), (exposure.mask & 3) > 0)
    assert not exposure.flagged("CR").any()
    with pytest.raises(NotFoundError, match="no mask plane CR; its planes: BAD, DETECTED_NEGATIVE, SAT"):
        exposure.plane("CR")


def test_planes_of_different_shapes_are_refused(exposure: Exposure) -> None:
    with pytest.raises(UsageError, match=r"variance has shape \(3, 3\), the image \(300, 280\)"):
        Exposure(exposure.image, exposure.wcs, variance=np.ones((3, 3), np.float32))
    with pytest.raises(UsageError, match="mask plane X must be one of 0 to 30, not 31"):
        Exposure(exposure.image, exposure.wcs, planes={"X": 31})


def test_a_psf_is_normalised_and_interpolated_between_its_nodes() -> None:
    kernels = np.zeros((2, 3, 5, 5))
    kernels[..., 2, 2] = 3.0
    kernels[1, 2, 2, 3] = 3.0
    psf = PSF(kernels, first=(10.0, 20.0), step=(100.0, 50.0))

    assert np.allclose(psf.kernels.sum(axis=(2, 3)), 1)
    assert psf.at(210, 70)[2, 3] == pytest.approx(0.5)
    assert psf.at(160, 45)[2, 3] == pytest.approx(0.125)
    assert np.array_equal(psf.at(1e6, 1e6), psf.at(210, 70))
    assert np.array_equal(psf.at(-50, 0), psf.at(10, 20))
    assert PSF.constant(np.ones((3, 3))).at(5, 5) == pytest.approx(np.full((3, 3), 1 / 9))
    with pytest.raises(UsageError, match="odd numbers"):
        PSF.constant(np.ones((4, 4)))
