from __future__ import annotations

import numpy as np
import pytest

from sciplat.errors import UsageError
from sciplat.images.calibration import fit_scale


def test_the_scale_is_unbiased_and_its_error_honest() -> None:
    rng = np.random.default_rng(3)
    z = []
    for _ in range(300):
        reference = 10 ** rng.uniform(3.5, 5.5, 12)
        errors = np.hypot(0.01 * reference, 80.0)
        counts = (reference + errors * rng.standard_normal(12)) / 3.0
        fit = fit_scale(
            counts, errors / 3.0, reference * (1 + 0.005 * rng.standard_normal(12)), 0.005 * reference
        )
        z.append((fit.scale - 3.0) / fit.error)
    assert abs(np.mean(z)) < 0.25
    assert 0.7 < np.mean(np.square(z)) < 1.6


def test_a_variable_star_is_left_out() -> None:
    reference = np.geomspace(1e4, 1e5, 12)
    counts = reference / 2
    counts[3] *= 1.6
    fit = fit_scale(counts, 0.01 * counts, reference, 0.005 * reference)
    assert fit.scale == pytest.approx(2.0, rel=1e-3)
    assert fit.stars == 11


def test_without_stars_there_is_no_scale() -> None:
    with pytest.raises(UsageError, match="no flux scale"):
        fit_scale(np.array([-3.0]), np.array([1.0]), np.array([10.0]), np.array([1.0]))
