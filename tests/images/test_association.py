from __future__ import annotations

import numpy as np

from sciplat.images.association import associate


def test_detections_at_one_place_are_one_object_also_across_ra_zero() -> None:
    rng = np.random.default_rng(1)
    true_ra, true_dec = np.array([359.99999, 0.0005, 0.01]), np.array([-0.00001, 0.0, 60.0])
    visits = np.repeat(np.arange(12), 3)
    which = np.tile(np.arange(3), 12)
    step = 0.1 / 3600
    ra = (true_ra[which] + step * rng.standard_normal(36) / np.cos(np.radians(true_dec[which]))) % 360
    dec = true_dec[which] + step * rng.standard_normal(36)

    found = associate(ra, dec, np.full(36, step), visits)

    assert len(found) == 3
    assert np.array_equal(found.owner, which)
    assert np.allclose(found.dec, true_dec, atol=0.1 / 3600)
    assert np.allclose((found.ra - true_ra + 180) % 360, 180, atol=0.2 / 3600)


def test_two_of_one_visit_are_never_one_object() -> None:
    ra = np.array([10.0, 10.0, 10.0 + 0.3 / 3600])
    found = associate(ra, np.zeros(3), np.full(3, 1e-5), np.array([0, 1, 1]))
    assert found.owner.tolist() == [0, 0, 1]


def test_what_moves_is_a_new_object_each_time_and_nothing_is_nothing() -> None:
    ra = 20 + np.arange(5) * 5 / 3600
    assert len(associate(ra, np.zeros(5), np.full(5, 1e-5), np.arange(5))) == 5
    assert len(associate(np.zeros(0), np.zeros(0), np.zeros(0), np.zeros(0, np.int64))) == 0
