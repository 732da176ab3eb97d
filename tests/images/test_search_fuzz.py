"""Damaged files are refused in words, whatever is damaged."""

from __future__ import annotations

import io

import pytest
from astropy.io import fits
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.examples import examples
from support.sky_files import SHAPE, pixels, sky_header

from sciplat.errors import SciplatError
from sciplat.images.layout import outline, pixels_of
from sciplat.images.search import layouts_in
from sciplat.images.told import told


def files() -> dict[str, bytes]:
    """One plain file of two planes, and one that is compressed."""
    header = sky_header(DATE_OBS="2026-01-01T00:00:00", FILTER="g", EXPTIME=3.0)
    mask = (pixels() > 100).astype("i2")
    plain = fits.HDUList([fits.PrimaryHDU(pixels(), header), fits.ImageHDU(mask, name="MASK")])
    packed = fits.HDUList(
        [fits.PrimaryHDU(), fits.CompImageHDU(pixels(), header, name="SCI", tile_shape=(16, 16))]
    )
    made = {}
    for name, hdus in (("plain", plain), ("packed", packed)):
        buffer = io.BytesIO()
        hdus.writeto(buffer)
        made[name] = buffer.getvalue()
    return made


FILES = files()
VALUES = [
    "0",
    "-1",
    "1e999",
    "NaN",
    "'x'",
    "T",
    "999999999999999999999",
    "'",
    "",
    "1 2",
    "-32",
    "'RA---ZZZ'",
    "1e-300",
]


def taken(path) -> str:
    """What becomes of a file: it is refused, or its pixels are read."""
    refused: dict = {}
    for layout in layouts_in([path], refused.__setitem__):
        try:
            with pixels_of(layout) as exposure:
                told(exposure.header, path.stem)
                outline(exposure.wcs, exposure.box.shape)
                exposure.read()
        except SciplatError as error:
            refused[path] = str(error)
    return "refused" if refused else "taken"


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return tmp_path_factory.mktemp("fuzz") / "a.fits"


@settings(max_examples=examples(100), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(sorted(FILES)), st.data())
def test_cards_may_say_anything(path, name, data):
    raw = bytearray(FILES[name])
    cards = [n for n in range(0, len(raw), 80) if raw[n + 8 : n + 10] == b"= "]
    for place in data.draw(st.lists(st.sampled_from(cards), min_size=1, max_size=4)):
        value = data.draw(st.sampled_from(VALUES))
        raw[place + 10 : place + 80] = f"{value:>20}".ljust(70).encode()[:70]
    path.write_bytes(raw)

    assert taken(path) in ("refused", "taken")


@settings(max_examples=examples(100))
@given(st.sampled_from(sorted(FILES)), st.data())
def test_bytes_may_be_anything(path, name, data):
    raw = bytearray(FILES[name])
    for _ in range(data.draw(st.integers(1, 20))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    end = data.draw(st.integers(0, len(raw)) | st.just(len(raw)))
    path.write_bytes(raw[:end])

    assert taken(path) in ("refused", "taken")


def test_whole_files_are_taken(path):
    for raw in FILES.values():
        path.write_bytes(raw)
        assert taken(path) == "taken"
    assert SHAPE == (40, 50)
