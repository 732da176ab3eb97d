"""Second moments of sources, under a weight that grows with them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from sciplat.images.stamps import gather

__all__ = ["adaptive_moments"]

Doubles = npt.NDArray[np.float64]


def adaptive_moments(
    image: npt.NDArray[np.float32], x: Doubles, y: Doubles, *, sigma: float, half: int
) -> tuple[Doubles, Doubles, Doubles]:
    """Return second moments xx, yy, xy of sources, pixel²; NaN where they do not settle.

    The weight is the elliptical Gaussian that has the moments itself (Bernstein & Jarvis 2002, AJ 123, 583,
    section 3): what is found for a Gaussian is its own covariance. All sources are iterated at once.

    Parameters
    ----------
    image
        ``[y, x]``, free of background.
    x, y
        Centres, pixels of the array.
    sigma
        Width to start with, pixels.
    half
        Pixels looked at to each side.
    """
    rows, columns, inside = gather((image.shape[0], image.shape[1]), x, y, half)
    data = np.where(inside, image[rows, columns], 0).astype(np.float64)
    data = np.where(np.isfinite(data), data, 0.0)
    dx, dy = columns - x[:, None, None], rows - y[:, None, None]
    xx, yy, xy = (np.full(len(x), value) for value in (sigma**2, sigma**2, 0.0))
    settled = np.zeros(len(x), np.bool_)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        for _ in range(30):
            below = xx * yy - xy * xy
            exponent = (
                yy[:, None, None] * dx**2 - 2 * xy[:, None, None] * dx * dy + xx[:, None, None] * dy**2
            ) / below[:, None, None]
            weight = np.exp(-0.5 * exponent) * data
            total = weight.sum(axis=(1, 2))
            # A Gaussian under its own weight looks half as wide in the square.
            new = [2 * (weight * q).sum(axis=(1, 2)) / total for q in (dx * dx, dy * dy, dx * dy)]
            change = np.abs(new[0] - xx) + np.abs(new[1] - yy)
            settled = change < 1e-3 * (xx + yy)
            ok = (new[0] > 0.05) & (new[1] > 0.05) & (new[0] * new[1] > new[2] ** 2) & (total > 0)
            ok &= (new[0] < half**2) & (new[1] < half**2)
            xx, yy, xy = (np.where(ok, value, old) for value, old in zip(new, (xx, yy, xy), strict=True))
            if (settled | ~ok).all():
                break
    good = settled & ok
    return tuple(np.where(good, value, np.nan) for value in (xx, yy, xy))  # type: ignore[return-value]
