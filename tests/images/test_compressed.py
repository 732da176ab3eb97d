"""No card of a compressed image makes a library in C read or write where it must not."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from astropy.io import fits
from support.sky_files import pixels, sky_header

from sciplat.errors import ImageFileError
from sciplat.images.compressed import check_codec
from sciplat.images.cutout import cut
from sciplat.images.layout import pixels_of
from sciplat.images.search import layouts_in
from sciplat.sky.position import Position
from sciplat.sky.region import Circle


def packed() -> bytes:
    """A compressed image."""
    buffer = io.BytesIO()
    cards = sky_header(DATE_OBS="2026-01-01T00:00:00", FILTER="g", EXPTIME=3.0)
    image = fits.CompImageHDU(pixels(), cards, name="SCI", tile_shape=(16, 16))
    fits.HDUList([fits.PrimaryHDU(), image]).writeto(buffer)
    return buffer.getvalue()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("value", ["0", "-1", "-9", "7", "T", "1.5", "'x'", "999999999999999999999", "1 2"])
@pytest.mark.parametrize("card", ["ZVAL1", "ZVAL2", "ZBITPIX", "ZTILE1", "ZTILE2"])
def test_a_parameter_that_no_codec_has_is_refused(tmp_path: Path, card: str, value: str) -> None:
    raw = bytearray(packed())
    place = raw.index(f"{card:8}= ".encode())
    raw[place + 10 : place + 80] = f"{value:>20}".ljust(70).encode()
    path = tmp_path / "a.fits"
    path.write_bytes(raw)
    refused: dict[Path, str] = {}

    for layout in layouts_in([path], refused.__setitem__):
        with pixels_of(layout) as exposure:
            if (card, value) in (("ZTILE1", "7"), ("ZTILE2", "7")):
                return  # so many tiles there could be, but for their rows
            with pytest.raises(ImageFileError):
                exposure.read()
    with pytest.raises(ImageFileError):
        list(cut(path, Circle(Position(10.0, 20.0), 0.001)))


def test_a_whole_image_passes(tmp_path: Path) -> None:
    path = tmp_path / "a.fits"
    path.write_bytes(packed())

    with fits.open(path) as hdus:
        check_codec(hdus[0])
        check_codec(hdus["SCI"])
    assert sum(map(len, cut(path, Circle(Position(10.0, 20.0), 0.001)))) > 2880
