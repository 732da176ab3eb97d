"""Rotations between frames, against astropy and the examples of the IVOA's catalogue of functions."""

import pytest
from astropy.coordinates import SkyCoord
from hypothesis import given, settings
from hypothesis import strategies as st
from support.examples import examples

from sciplat.sky import Position, separation
from sciplat.sky.frames import FRAMES, rotated, rotation

positions = st.builds(Position, st.floats(0, 360), st.floats(-90, 90))
ARCSECOND = 1 / 3600


@given(positions, st.sampled_from(sorted(FRAMES)), st.sampled_from(sorted(FRAMES)))
def test_there_and_back_is_the_same_place(position, source, target):
    there = rotated(position, rotation(source, target))

    assert separation(rotated(there, rotation(target, source)), position) < 1e-7 * ARCSECOND * 1000


@settings(max_examples=examples(20), deadline=None)
@given(positions)
@pytest.mark.parametrize(
    ("frame", "name", "limit"),
    [
        ("GALACTIC", "galactic", 1e-6),
        ("SUPER_GALACTIC", "supergalactic", 0.1),
        ("ECLIPTIC", "barycentricmeanecliptic", 0.1),
        # Simple rotations leave out the frame bias, and what FK4 has of aberration.
        ("FK5", "fk5", 0.04),
        ("FK4", "fk4", 1.0),
    ],
)
def test_frames_are_those_of_astropy(frame, name, limit, position):
    expected = SkyCoord(position.ra, position.dec, unit="deg").transform_to(name).spherical

    place = rotated(position, rotation("ICRS", frame))

    there = Position(float(expected.lon.deg) % 360, float(expected.lat.deg))
    assert separation(place, there) < limit * ARCSECOND


def test_the_catalogue_s_examples_hold():
    def moved(source, target, ra, dec):
        place = rotated(Position(ra, dec), rotation(source, target))
        return place.ra, place.dec

    assert moved("ICRS", "GALACTIC", 120, -23) == pytest.approx((241.121831182, 3.62785788087), abs=1e-8)
    assert moved("FK4", "GALACTIC", 189.70303055, 22.96240006) == pytest.approx(
        (275.00025405, 84.99996154), abs=1e-7
    )
    assert moved("GALACTIC", "FK5", 5, 3) == pytest.approx((266.44721, -23.107310), abs=1e-5)
