from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from sciplat.errors import UsageError
from sciplat.images import preview
from sciplat.images.exposure import Exposure


def pixels(content: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(content)))


def ramp() -> np.ndarray:
    return np.linspace(0, 100, 64, dtype=np.float32)[:, np.newaxis].repeat(32, axis=1)


@pytest.mark.parametrize("stretch", preview.STRETCHES)
def test_a_stretch_keeps_order_and_ends(stretch: preview.Stretch) -> None:
    picture = pixels(preview.grey(ramp(), stretch=stretch, cuts=(0, 100)))

    assert picture.shape == (64, 32)
    column = picture[::-1, 0].astype(int)
    assert (column[0], column[-1]) == (0, 255)
    assert (np.diff(column) >= 0).all()
    assert column[32] == pytest.approx(129, abs=2) if stretch == "linear" else column[32] > 150


def test_pixels_without_a_value_are_transparent_or_black() -> None:
    image = ramp()
    image[60, 5] = np.nan
    image[3, 3] = np.inf
    png = pixels(preview.grey(image, cuts=(0, 100)))
    jpeg = preview.grey(image, cuts=(0, 100), form="jpeg")

    assert png.shape == (64, 32, 2)
    assert png[3, 5].tolist() == [0, 0]
    assert png[60, 3].tolist() == [0, 0]
    assert (png[..., 1] == 0).sum() == 2
    assert jpeg[:3] == b"\xff\xd8\xff"
    assert pixels(jpeg).shape == (64, 32)


def test_an_image_without_any_value_is_a_picture_all_the_same() -> None:
    assert (pixels(preview.grey(np.full((9, 9), np.nan, np.float32)))[..., 1] == 0).all()
    assert pixels(preview.grey(np.full((9, 9), 3.0, np.float32), cuts="99")).shape == (9, 9)


def test_cuts_are_those_of_their_name(exposure: Exposure) -> None:
    good = exposure.image[np.isfinite(exposure.image)]

    assert preview.cut_levels(exposure.image, "minmax") == (good.min(), good.max())
    low, high = preview.cut_levels(exposure.image, "99")
    assert np.mean((good >= low) & (good <= high)) == pytest.approx(0.99, abs=0.002)
    low, high = preview.cut_levels(exposure.image)
    assert good.min() <= low < 100 < high <= good.max()
    for wrong in ("95", (5.0, 5.0), (0.0, float("nan"))):
        with pytest.raises(UsageError, match="cuts"):
            preview.cut_levels(exposure.image, wrong)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="no stretch 'cube'; there are linear, sqrt, log, asinh"):
        preview.grey(exposure.image, stretch="cube")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="no format 'gif'"):
        preview.grey(exposure.image, form="gif")  # type: ignore[arg-type]


def test_three_colours_keep_the_colour_where_it_is_bright() -> None:
    faint, bright = np.full((8, 8), 1.0, np.float32), np.full((8, 8), 1.0, np.float32)
    faint[2, 2], bright[2, 2] = 5.0, 5000.0
    red, dark = bright.copy(), np.zeros_like(faint)
    red[7, 7] = faint[7, 7] = dark[7, 7] = np.nan
    picture = pixels(preview.three_colours(red, red / 2, dark))

    assert picture.shape == (8, 8, 4)
    r, g, b, alpha = picture[5, 2].tolist()
    assert (r, b, alpha) == (255, 0, 255)
    assert g == pytest.approx(127, abs=2)
    assert picture[0, 7].tolist() == [0, 0, 0, 0]
    with pytest.raises(UsageError, match="one shape"):
        preview.three_colours(red, red, dark[:4])
