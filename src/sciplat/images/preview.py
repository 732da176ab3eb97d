"""Pictures of images: PNG and JPEG, stretched, in grey or in three colours."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt
from astropy.visualization import (
    AsinhStretch,
    LinearStretch,
    LogStretch,
    SqrtStretch,
    ZScaleInterval,
    make_lupton_rgb,
)
from PIL import Image

from sciplat.errors import UsageError
from sciplat.images.exposure import Floats

__all__ = [
    "CUTS",
    "FORMATS",
    "STRETCHES",
    "Cuts",
    "Format",
    "Stretch",
    "cut_levels",
    "grey",
    "three_colours",
]

Format = Literal["png", "jpeg"]
Stretch = Literal["linear", "sqrt", "log", "asinh"]
Cuts = Literal["zscale", "minmax", "99", "99.5", "99.9"] | tuple[float, float]

FORMATS: dict[str, str] = {"png": "image/png", "jpeg": "image/jpeg"}
STRETCHES = {
    "linear": LinearStretch(),
    "sqrt": SqrtStretch(),
    "log": LogStretch(),
    "asinh": AsinhStretch(0.1),
}
CUTS = ("zscale", "minmax", "99", "99.5", "99.9")

_SAMPLE = 1_000_000


def cut_levels(image: Floats, cuts: Cuts = "zscale") -> tuple[float, float]:
    """Return which values become black and white.

    Parameters
    ----------
    image
        Pixels; those without a value count for nothing.
    cuts
        ``zscale`` (the algorithm of IRAF), ``minmax``, a percentage of the pixels in the middle, or two
        values.

    Raises
    ------
    UsageError
        The cuts are unknown, or the first is not below the second.
    """
    if isinstance(cuts, tuple):
        low, high = cuts
        if not (np.isfinite(low) and np.isfinite(high) and low < high):
            raise UsageError(f"The first of two cuts must be less than the second, not {low:g} and {high:g}")
        return float(low), float(high)
    if cuts not in CUTS:
        raise UsageError(f"There are no cuts {cuts!r}; there are {', '.join(CUTS)} and two numbers")
    # Every nth pixel is enough for levels, and all of them would be slow.
    step = max(1, int((image.size / _SAMPLE) ** 0.5))
    good = image[::step, ::step]
    good = good[np.isfinite(good)]
    if not good.size:
        return 0.0, 1.0
    if cuts == "zscale":
        low, high = ZScaleInterval().get_limits(good)
    elif cuts == "minmax":
        finite = image[np.isfinite(image)]
        low, high = finite.min(), finite.max()
    else:
        rest = (100 - float(cuts)) / 2
        low, high = np.percentile(good, [rest, 100 - rest])
    return float(low), float(high) if high > low else float(low) + 1.0


def grey(
    image: Floats,
    *,
    stretch: Stretch = "asinh",
    cuts: Cuts = "zscale",
    form: Format = "png",
    marks: Sequence[npt.NDArray[np.bool_]] = (),
) -> bytes:
    """Return a picture in shades of grey, the sky as the image has it with y upwards.

    Pixels without a value are transparent in PNG and black in JPEG.

    Parameters
    ----------
    image
        The pixels.
    stretch, cuts
        How values become shades; see `cut_levels`.
    form
        The format.
    marks
        Up to three maps of pixels to be tinted: red, green, blue.

    Raises
    ------
    UsageError
        The stretch, the cuts or the format are unknown.
    """
    if stretch not in STRETCHES:
        raise UsageError(f"There is no stretch {stretch!r}; there are {', '.join(STRETCHES)}")
    low, high = cut_levels(image, cuts)
    good = np.isfinite(image)
    scaled = (np.where(good, image, low).astype(np.float64) - low) / (high - low)
    shade = np.rint(255 * np.asarray(STRETCHES[stretch](np.clip(scaled, 0, 1)))).astype(np.uint8)
    if not marks:
        return _picture(shade, good, form)
    if len(marks) > 3:
        raise UsageError(f"A picture has three colours for marks, not {len(marks)}")
    tinted = np.repeat(shade[..., np.newaxis] // 2, 3, axis=2)
    for colour, mark in enumerate(marks):
        tinted[mark, colour] += 127
    any_mark = np.logical_or.reduce(marks)
    return _picture(
        np.where(any_mark[..., np.newaxis], tinted, shade[..., np.newaxis]), good | any_mark, form
    )


def three_colours(
    red: Floats,
    green: Floats,
    blue: Floats,
    *,
    minimum: float | tuple[float, float, float] = 0.0,
    stretch: float = 5.0,
    softening: float = 8.0,
    form: Format = "png",
) -> bytes:
    """Return a picture in colour (Lupton et al. 2004, PASP 116, 133), colours kept where it is bright.

    Parameters
    ----------
    red, green, blue
        Images of one shape; a pixel without a value in one of them has none there.
    minimum
        The value that is black, one or one for each.
    stretch
        How much above ``minimum`` the stretch is still linear.
    softening
        Q of the paper.
    form
        The format.

    Raises
    ------
    UsageError
        The images differ in shape, or a number is not positive.
    """
    if not red.shape == green.shape == blue.shape:
        raise UsageError(
            f"Three colours need images of one shape, not {red.shape}, {green.shape} and {blue.shape}"
        )
    if not (stretch > 0 and softening > 0):
        raise UsageError("Stretch and softening must be more than 0")
    good = np.isfinite(red) | np.isfinite(green) | np.isfinite(blue)
    lowest = (minimum,) * 3 if isinstance(minimum, int | float) else minimum
    bands = [np.where(np.isfinite(b), b, low) for b, low in zip((red, green, blue), lowest, strict=True)]
    with np.errstate(invalid="ignore", divide="ignore"):  # where all three are black
        picture = make_lupton_rgb(*bands, minimum=list(lowest), stretch=stretch, Q=softening)
    return _picture(np.asarray(picture, np.uint8), good, form)


def _picture(pixels: npt.NDArray[np.uint8], good: npt.NDArray[np.bool_], form: Format) -> bytes:
    if form not in FORMATS:
        raise UsageError(f"There is no format {form!r} of pictures; there are {', '.join(FORMATS)}")
    pixels = pixels[..., np.newaxis] if pixels.ndim == 2 else pixels
    pixels = np.where(good[..., np.newaxis], pixels, np.uint8(0))
    if form == "png" and not good.all():
        pixels = np.concatenate([pixels, np.where(good, np.uint8(255), np.uint8(0))[..., np.newaxis]], axis=2)
    target = io.BytesIO()
    flipped = np.ascontiguousarray(pixels[::-1].squeeze(-1) if pixels.shape[2] == 1 else pixels[::-1])
    options = {"quality": 90} if form == "jpeg" else {"compress_level": 4}
    Image.fromarray(flipped).save(target, form.upper(), **options)
    return target.getvalue()
