from __future__ import annotations

import numpy as np

from sciplat.images.planes import bits
from sciplat.images.signature import Detector, remove_signature

DETECTOR = Detector(bias=100.0, gain=2.0, read_noise=5.0, saturation=60_000.0, edge=2)


def test_electrons_and_their_variance() -> None:
    raw = np.full((20, 30), 350.0, np.float32)
    image, mask, variance = remove_signature(raw, DETECTOR)
    assert np.all(image == 500.0)
    assert np.all(variance == 525.0)
    assert (mask[2:-2, 2:-2] == 0).all()
    assert (mask[:2] == bits("EDGE")).all()


def test_saturated_pixels_are_flagged_with_their_neighbours_and_bad_ones_alone() -> None:
    raw = np.full((20, 30), 150.0, np.float32)
    raw[10, 10] = 60_000
    bad = np.zeros(raw.shape, bool)
    bad[5, 20] = True
    _, mask, _ = remove_signature(raw, DETECTOR, bad)
    assert (mask[9:12, 9:12] == bits("SAT")).all()
    assert mask[10, 12] == 0
    assert mask[5, 20] == bits("BAD")
