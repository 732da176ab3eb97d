"""The scale of fluxes, from stars whose brightness is known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sciplat.errors import UsageError

__all__ = ["FluxScale", "fit_scale"]

Doubles = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class FluxScale:
    """What turns counts into fluxes."""

    scale: float
    """nJy for one count."""

    error: float
    """One standard deviation of the scale, from the scatter of the stars."""

    scatter: float
    """Relative scatter of single stars beyond their errors."""

    stars: int


def fit_scale(counts: Doubles, errors: Doubles, reference: Doubles, reference_errors: Doubles) -> FluxScale:
    """Return the factor between counts and known fluxes.

    The ratio of each star, weighted by the errors of both and by a scatter that makes chi² per star one;
    stars beyond three standard deviations (variables, blends) are left out.

    Raises
    ------
    UsageError
        No star has positive counts.
    """
    usable = np.isfinite(counts) & (counts > 3 * errors) & (reference > 0)
    if not usable.any():
        raise UsageError("No star of the reference catalog was measured, so the image has no flux scale")
    counts, errors = counts[usable], errors[usable]
    reference, reference_errors = reference[usable], reference_errors[usable]
    # The logarithm is symmetric in counts and flux; the errors are a few per cent.
    ratio = np.log(reference / counts)
    variance = (errors / counts) ** 2 + (reference_errors / reference) ** 2
    keep = np.ones(len(ratio), np.bool_)
    middle = float(np.median(ratio))
    # A first guess of the extra scatter that one bad star cannot move.
    extra = max(0.0, (1.4826 * float(np.median(np.abs(ratio - middle)))) ** 2 - float(np.median(variance)))
    for _ in range(5):
        far = np.abs(ratio - middle) > 3 * np.sqrt(variance + extra)
        if len(ratio) > 3 and (~far).sum() >= 3:
            keep = ~far
        weight = keep / (variance + extra)
        middle = float((weight * ratio).sum() / weight.sum())
        freedom = int(keep.sum()) - 1
        if freedom > 1:
            extra = max(0.0, float(((ratio - middle) ** 2 - variance)[keep].sum()) / freedom)
    weight = keep / (variance + extra)
    scale = float(np.exp(middle))
    return FluxScale(scale, scale * float(weight.sum() ** -0.5), float(np.sqrt(extra)), int(keep.sum()))
