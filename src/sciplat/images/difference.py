"""What changed between an image and a template: the difference of two images with different seeing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import sep
from scipy import fft, ndimage
from scipy.spatial import KDTree

from sciplat.errors import UsageError
from sciplat.images.exposure import Exposure
from sciplat.images.photometry import flags_near, psf_fluxes
from sciplat.images.planes import PLANES, bits
from sciplat.images.psf import PSF

__all__ = ["DifferenceSources", "difference", "difference_sources"]

Doubles = npt.NDArray[np.float64]
Floats = npt.NDArray[np.float32]

_UNUSABLE = ("BAD", "SAT", "CR", "EDGE", "NO_DATA")


@dataclass(frozen=True, slots=True, eq=False)
class DifferenceSources:
    """What stands out of a difference image, brighter or fainter; arrays of one length."""

    x: Doubles
    y: Doubles
    """Pixels of the array."""

    position_error: Doubles
    """One standard deviation along each axis, pixels."""

    flux: Doubles
    error: Doubles
    """Of the difference, in the unit of the image."""

    is_dipole: npt.NDArray[np.bool_]
    """Has a counterpart of opposite sign beside it: something that shifted, not something that changed."""

    flags: npt.NDArray[np.int32]
    centre_flags: npt.NDArray[np.int32]
    """Mask bits within the PSF, and within one pixel."""

    def __len__(self) -> int:
        return len(self.x)


def difference(
    science: Exposure, template: Exposure, *, registration: float = 0.05, mismatch: float = 0.02
) -> Exposure:
    """Return an image minus a template on its pixels, with the PSF that changes have in it.

    Each is convolved with the PSF of the other, and the result made white again, so that its noise is not
    correlated and a PSF fit on it loses nothing (Zackay, Ofek & Gal-Yam 2016, ApJ 830, 27, equations 13 to
    17; scaled so that a source keeps its flux). It does not matter which image has the better seeing.

    The variance is that of both, and of what remains of constant stars: a shift of ``registration`` pixels
    between the images, and ``mismatch`` of the brightness as error of the PSFs.

    Parameters
    ----------
    science
        With variance, mask and PSF.
    template
        The same box of pixels (see :func:`sciplat.images.warp.warp`), with variance and PSF.
    registration, mismatch
        See above.

    Raises
    ------
    UsageError
        The boxes differ, a variance or PSF is missing, or nothing overlaps.
    """
    if science.box != template.box:
        raise UsageError(f"The image has {science.box}, the template {template.box}")
    if science.psf is None or template.psf is None or science.variance is None or template.variance is None:
        raise UsageError("Image and template need variance and PSF to be subtracted")
    lost = science.flagged(*_UNUSABLE) | ~np.isfinite(science.image)
    unknown = ~np.isfinite(template.image) | ~np.isfinite(template.variance)
    if (lost | unknown).all():
        raise UsageError("Image and template share no usable pixel")
    old = np.where(unknown, np.float32(0), template.image)
    # Where one of the two is unknown, both are made the same, so that nothing is left there.
    new = np.where(lost | unknown, old, science.image)
    usable = ~(lost | unknown)
    noise = _typical(science.variance[usable]), _typical(template.variance[usable])
    centre = science.box.centre
    kernels = science.psf.at(*centre), template.psf.at(*centre)
    image, kernel = _subtract(new, old, kernels, noise)
    smooth = ndimage.gaussian_filter(old, 1.0)
    slope = np.hypot(*np.gradient(smooth))
    variance = science.variance + np.where(unknown, np.float32(0), template.variance)
    variance = variance + (registration * slope) ** 2 + (mismatch * smooth) ** 2
    mask = np.zeros(image.shape, np.int32) if science.mask is None else science.mask
    mask = mask & ~np.int32(bits("DETECTED", "DETECTED_NEGATIVE"))
    mask = np.where(unknown, mask | bits("NO_DATA"), mask)
    image[unknown] = np.nan
    return replace(
        science,
        image=image,
        mask=mask.astype(np.int32),
        planes=PLANES,
        variance=np.asarray(variance, np.float32),
        psf=PSF.constant(kernel),
    )


def _typical(variance: Floats) -> float:
    return float(np.sqrt(np.median(variance)))


def _subtract(
    new: Floats, old: Floats, kernels: tuple[Floats, Floats], noise: tuple[float, float]
) -> tuple[Floats, Doubles]:
    """Return the difference, and the image of a source of flux one in it."""
    half = max(max(kernel.shape) for kernel in kernels) // 2
    shape = [fft.next_fast_len(side + 2 * half, real=True) for side in new.shape]
    p_new, p_old = (fft.rfft2(_wrapped(kernel, shape)) for kernel in kernels)
    f_new, f_old = (fft.rfft2(image, shape) for image in (new, old))
    below = np.sqrt(
        noise[0] ** 2 * np.abs(p_old) ** 2 + noise[1] ** 2 * np.abs(p_new) ** 2 + 1e-12 * max(noise) ** 2
    )
    norm = np.hypot(*noise)
    image = fft.irfft2((p_old * f_new - p_new * f_old) / below * norm, shape)
    kernel = fft.irfft2(p_old * p_new / below * norm, shape)
    middle = np.roll(kernel, (half, half), axis=(0, 1))[: 2 * half + 1, : 2 * half + 1]
    return image[: new.shape[0], : new.shape[1]].astype(np.float32), middle


def _wrapped(kernel: npt.NDArray[Any], shape: list[int]) -> Doubles:
    """Return a kernel on an array, its middle at pixel (0, 0)."""
    result = np.zeros(shape)
    result[: kernel.shape[0], : kernel.shape[1]] = kernel
    return np.roll(result, (-(kernel.shape[0] // 2), -(kernel.shape[1] // 2)), axis=(0, 1))


def difference_sources(image: Exposure, *, threshold: float = 5.5) -> DifferenceSources:
    """Return what stands out of a difference image.

    Where the signal to noise of a point source (the image correlated with its PSF) reaches the threshold, in
    either sign; the position is the centre of that peak, the flux that of a PSF fit. What lies on
    pixels that cannot be trusted is left out.
    """
    assert image.psf is not None
    assert image.variance is not None
    unusable = image.flagged(*_UNUSABLE) | ~np.isfinite(image.image)
    score = _score(image, unusable)
    found: list[tuple[Doubles, Doubles]] = []
    for sign in (1, -1):
        peaks = sep.extract(
            np.ascontiguousarray(sign * score), threshold, minarea=1, filter_kernel=None, clean=False
        )
        y, x = _peaks(sign * score, peaks["ypeak"], peaks["xpeak"])
        found.append((x, y))
    x, y = (np.concatenate([part[k] for part in found]) for k in range(2))
    fluxes = psf_fluxes(image.image, image.variance, image.psf, x, y, unusable=unusable)
    mask = image.mask if image.mask is not None else np.zeros(image.image.shape, np.int32)
    flags, centre = flags_near(mask, x, y, 4)
    with np.errstate(invalid="ignore"):
        good = (fluxes.coverage > 0.7) & (np.abs(fluxes.flux) > 5 * fluxes.error)
    good &= (centre & bits(*_UNUSABLE)) == 0
    x, y, flux, error = (each[good] for each in (x, y, fluxes.flux, fluxes.error))
    width = _width(image.psf)
    blur = np.sqrt(2) * width * error / np.abs(flux)
    return DifferenceSources(
        x, y, blur, flux, error, _dipoles(x, y, flux, 4 * width), flags[good], centre[good]
    )


def _score(image: Exposure, unusable: npt.NDArray[np.bool_]) -> Floats:
    """Return the signal to noise of a point source at each pixel."""
    assert image.psf is not None
    assert image.variance is not None
    kernel = image.psf.at(*image.box.centre).astype(np.float64)
    half = kernel.shape[0] // 2
    shape = [fft.next_fast_len(side + 2 * half, real=True) for side in image.image.shape]
    data = np.where(unusable, np.float32(0), image.image)
    variance = np.where(unusable, np.float32(0), image.variance)
    rows, columns = image.image.shape
    pairs = ((data, kernel), (variance, kernel**2))
    signal, noise = (
        fft.irfft2(fft.rfft2(array, shape) * np.conj(fft.rfft2(_wrapped(k, shape))), shape)[:rows, :columns]
        for array, k in pairs
    )
    floor = 0.2 * float(np.median(variance[~unusable])) * float((kernel**2).sum())
    score = np.where(noise > floor, signal / np.sqrt(np.maximum(noise, floor)), 0)
    score[unusable] = 0
    return score.astype(np.float32)


def _peaks(
    score: Floats, rows: npt.NDArray[np.int64], columns: npt.NDArray[np.int64]
) -> tuple[Doubles, Doubles]:
    """Return y and x of the tops of parabolas through the pixels around each peak."""
    rows = np.clip(rows, 1, score.shape[0] - 2)
    columns = np.clip(columns, 1, score.shape[1] - 2)
    middle = score[rows, columns].astype(np.float64)
    result = []
    for place, before, after in (
        (rows, score[rows - 1, columns], score[rows + 1, columns]),
        (columns, score[rows, columns - 1], score[rows, columns + 1]),
    ):
        bend = 2 * middle - before - after
        with np.errstate(invalid="ignore", divide="ignore"):
            step = np.where(bend > 0, (after.astype(np.float64) - before) / (2 * bend), 0.0)
        result.append(place + np.clip(step, -0.7, 0.7))
    return result[0], result[1]


def _width(psf: PSF) -> float:
    """Return the width of the Gaussian with the same noise-equivalent area, pixels."""
    kernel = psf.kernels[0, 0].astype(np.float64)
    return float(np.sqrt(1 / (kernel**2).sum() / (4 * np.pi)))


def _dipoles(x: Doubles, y: Doubles, flux: Doubles, reach: float) -> npt.NDArray[np.bool_]:
    """Return which have something of opposite sign and at least a third of the flux beside them."""
    result = np.zeros(len(x), np.bool_)
    if len(x) > 1:
        places = np.stack([x, y], axis=1)
        for one, other in KDTree(places).query_pairs(reach):
            size = np.abs(flux[[one, other]])
            if flux[one] * flux[other] < 0 and size.min() > size.max() / 3:
                result[[one, other]] = True
    return result
