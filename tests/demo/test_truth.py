from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from sciplat.demo import galaxies, measure, stars, transients, variables
from sciplat.demo.field import CENTRE, HALF_WIDTH, on_detectors, to_plane, tract_and_patch
from sciplat.demo.population import Population
from sciplat.demo.simwide import TABLES, simwide_source
from sciplat.demo.streams import stream
from sciplat.demo.truth import BLOCK, OBJECTS, Truth, truth
from sciplat.demo.visits import visits

GOLDEN = Path(__file__).with_name("first_rows.json")

MAKERS = {
    "stars": stars.stars,
    "white-dwarfs": stars.white_dwarfs,
    "rr-lyrae": variables.rr_lyrae,
    "eclipsing-binaries": variables.eclipsing_binaries,
    "long-period-variables": variables.long_period_variables,
    "quasars": variables.quasars,
    "galaxies": galaxies.galaxies,
}


def same(a: Population, b: Population, count: int) -> bool:
    fields = ("ra", "dec", "magnitudes", "radius", "e1", "e2", "bulge", "redshift")
    return all(
        np.array_equal(getattr(a, name)[:count], getattr(b, name)[:count], equal_nan=True) for name in fields
    )


def test_a_stream_begins_the_same_whatever_its_length() -> None:
    assert np.array_equal(stream("x", 1).random(5), stream("x", 1).random(50)[:5])
    assert np.array_equal(stream("x", 1).standard_normal((5, 2)), stream("x", 1).standard_normal((50, 2))[:5])
    assert not np.array_equal(stream("x", 1).random(5), stream("x", 2).random(5))


@pytest.mark.parametrize("name", MAKERS)
def test_more_objects_of_a_kind_do_not_move_those_that_were_there(name: str) -> None:
    few, many = (MAKERS[name](name, 1, count) for count in (300, 900))

    assert same(few, many, 300)
    if few.variation is not None:
        rows = slice(0, 300)
        assert np.array_equal(few.variation(rows, 2, 60_600.5), many.variation(rows, 2, 60_600.5))


def test_the_truth_is_what_its_makers_make_alone() -> None:
    whole = truth().population("galaxies")

    assert same(whole, galaxies.galaxies("galaxies", 7, 500), 500)


def test_more_supernovae_and_asteroids_leave_the_others_alone() -> None:
    hosts = truth().population("galaxies")
    few, many = (transients.supernovae("supernovae", 8, count, hosts) for count in (20, 40))
    assert np.array_equal(few.peak, many.peak[:20])
    assert np.array_equal(few.host, many.host[:20])

    slow, fast = (transients.movers("movers", 9, count) for count in (10, 40))
    assert np.array_equal(slow.position(60_600.0), np.asarray(fast.position(60_600.0))[:, :10])


def test_a_population_more_changes_no_measurement() -> None:
    more = stars.stars("faint-stars", 20, 50)
    larger = Truth((*truth().populations, more), truth().supernovae, truth().movers)
    block = next(b for b in truth().blocks() if b.population.name == "quasars")
    again = next(b for b in larger.blocks() if b.population.name == "quasars")

    assert np.array_equal(measure.measure(block, truth()).flux, measure.measure(again, larger).flux)


def test_a_visit_more_changes_no_measurement_in_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    block = next(b for b in truth().blocks() if b.population.name == "rr-lyrae")
    whole = measure.measure(block, truth())
    first = tuple(visits())[:13]
    monkeypatch.setattr(measure, "visits", lambda: first)

    with np.errstate(all="ignore"):
        part = measure.measure(block, truth())

    assert np.array_equal(part.flux, whole.flux[:, :13])
    assert np.array_equal(part.difference, whole.difference[:, :13])
    assert np.array_equal(part.object_id, whole.object_id)


@pytest.mark.parametrize("name", TABLES)
def test_the_first_rows_never_change(name: str) -> None:
    expected = json.loads(GOLDEN.read_text())[name]
    rows = next(simwide_source(name).batches()).slice(0, len(expected)).to_pylist()

    for row, kept in zip(rows, expected, strict=True):
        for column, value in kept.items():
            if isinstance(value, float):
                # The last digits depend on the processor's way to take logarithms.
                assert row[column] == pytest.approx(value, rel=1e-5, abs=1e-9), column
            else:
                assert row[column] == value, column


def test_there_are_two_hundred_thousand_objects_in_blocks_of_known_size() -> None:
    blocks = list(truth().blocks())

    assert sum(map(len, blocks)) == OBJECTS
    assert max(map(len, blocks)) == BLOCK
    assert len({population.code for population in truth().populations}) == len(truth().populations)


def test_one_object_in_a_hundred_varies() -> None:
    varying = sum(len(p) for p in truth().populations if p.variation is not None)

    assert varying / OBJECTS == pytest.approx(0.01, rel=0.1)


def test_everything_lies_in_the_field() -> None:
    for population in truth().populations:
        assert np.abs(population.ra - CENTRE[0]).max() <= HALF_WIDTH
        assert np.abs(population.dec - CENTRE[1]).max() <= HALF_WIDTH


def test_the_target_is_in_the_middle() -> None:
    target = truth().population("target")

    assert (target.ra[0], target.dec[0]) == CENTRE


def test_projections_agree_with_astropy() -> None:
    from astropy.wcs import WCS

    wcs = WCS(naxis=2)
    wcs.wcs.ctype = ["RA---TAN", "DEC--TAN"]
    wcs.wcs.crval, wcs.wcs.crpix, wcs.wcs.cdelt = CENTRE, [1.0, 1.0], [-1.0, 1.0]
    ra, dec = np.array([24.7, 25.6, 26.3]), np.array([1.2, 0.3, -0.6])
    expected = wcs.wcs_world2pix(np.stack([ra, dec], axis=-1), 0)

    xi, eta = to_plane(ra, dec, *CENTRE)

    assert np.allclose(np.stack([-xi, eta], axis=-1), expected, atol=1e-10)


def test_the_camera_covers_the_field_in_every_visit() -> None:
    side = np.linspace(-HALF_WIDTH, HALF_WIDTH, 101)
    ra, dec = (part.ravel() for part in np.meshgrid(CENTRE[0] + side, CENTRE[1] + side))

    for visit in visits():
        detector, x, y = on_detectors(ra, dec, (visit.ra, visit.dec), visit.rotation)
        assert detector.min() >= 0
        assert -0.5 <= min(x.min(), y.min()) <= max(x.max(), y.max()) <= 4223.5


def test_tracts_cover_the_sky_without_overlap_of_numbers() -> None:
    ra = stream("sky", "ra").random(20_000) * 360
    dec = np.degrees(np.arcsin(2 * stream("sky", "dec").random(20_000) - 1))
    dec = np.clip(dec, -88, 88)

    tract, patch, x, y = tract_and_patch(ra, dec)

    assert 0 <= patch.min() <= patch.max() < 49
    assert np.ptp(ra[tract == tract[0]] % 360) < 360
    assert (min(x.min(), y.min()), max(x.max(), y.max())) > (-800, 28_800)
    for number in np.unique(tract)[:50]:
        here = tract == number
        assert np.ptp(dec[here]) < 1.5
