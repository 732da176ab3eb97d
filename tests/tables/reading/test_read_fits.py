from __future__ import annotations

import numpy as np
import pytest
from astropy.io import fits

from sciplat.errors import IngestError
from sciplat.tables.read import open_sources
from sciplat.tables.read_fits import open_fits
from sciplat.vo.schema import Datatype


def test_every_type_is_read(fits_table, read):
    path = fits_table(
        [
            fits.Column("bool", "L", array=[True, False]),
            fits.Column("byte", "B", array=[0, 255]),
            fits.Column("signed", "B", bzero=-128, array=np.array([-128, 127], "i1")),
            fits.Column("short", "I", array=[-5, 5]),
            fits.Column("ushort", "I", bzero=32768, array=np.array([0, 65535], "u2")),
            fits.Column("uint", "J", bzero=2**31, array=np.array([0, 2**32 - 1], "u4")),
            fits.Column("long", "K", array=[-(2**62), 2**62]),
            fits.Column("float", "E", array=[1.5, np.nan]),
            fits.Column("double", "D", array=[1e300, -1.0]),
            fits.Column("text", "6A", array=["ab", ""]),
            fits.Column("pair", "2E", array=[[1, 2], [3, 4]]),
            fits.Column("grid", "4I", dim="(2,2)", array=[[[1, 2], [3, 4]], [[5, 6], [7, 8]]]),
            fits.Column("bits", "3X", array=[[True, False, True], [False, False, True]]),
        ]
    )

    assert read(path).to_pydict() == {
        "bool": [True, False],
        "byte": [0, 255],
        "signed": [-128, 127],
        "short": [-5, 5],
        "ushort": [0, 65535],
        "uint": [0, 2**32 - 1],
        "long": [-(2**62), 2**62],
        "float": [1.5, None],
        "double": [1e300, -1.0],
        "text": ["ab", None],
        "pair": [[1, 2], [3, 4]],
        "grid": [[1, 2, 3, 4], [5, 6, 7, 8]],
        "bits": [[True, False, True], [False, False, True]],
    }


def test_scaled_integers_are_numbers(fits_table, read):
    path = fits_table([fits.Column("x", "I", array=[0, 3])])
    with fits.open(path, mode="update") as file:
        file[1].header["TSCAL1"] = 0.5
        file[1].header["TZERO1"] = 10.0

    assert read(path)["x"].to_pylist() == [10.0, 11.5]


def test_tnull_becomes_null(fits_table, read):
    path = fits_table([fits.Column("n", "J", null=-99, array=[1, -99])])

    assert read(path)["n"].to_pylist() == [1, None]


def test_arrays_of_variable_length_are_lists(fits_table, read):
    path = fits_table(
        [fits.Column("v", "PE()", array=np.array([np.ones(2, "f4"), np.ones(0, "f4")], dtype=object))]
    )

    assert read(path)["v"].to_pylist() == [[1, 1], []]


def test_units_ucds_and_descriptions_are_kept(fits_table):
    path = fits_table([fits.Column("flux", "D", unit="nJy", array=[1.0])])
    with fits.open(path, mode="update") as file:
        file[1].header["TUCD1"] = "phot.flux"
        file[1].header["TCOMM1"] = "Flux of the model"

    (column,) = open_fits(path, None).columns

    assert (column.unit, column.ucd, column.description) == ("nJy", "phot.flux", "Flux of the model")


def test_text_is_char(fits_table):
    (column,) = open_fits(fits_table([fits.Column("band", "1A", array=["r"])]), None).columns

    assert (column.datatype, column.arraysize) == (Datatype.CHAR, "*")


def test_an_hdu_is_chosen_by_number_or_name(fits_table):
    path = fits_table([fits.Column("a", "J", array=[1])], [fits.Column("b", "J", array=[2])])
    with fits.open(path, mode="update") as file:
        file[2].name = "SECOND"

    names = [open_sources([path.with_name(name)])[0].schema.names for name in ("stars.fits", "stars.fits[2]")]

    assert names == [["a"], ["b"]]
    assert open_sources([path.with_name("stars.fits[SECOND]")])[0].schema.names == ["b"]


def test_an_hdu_that_is_not_there_is_named(fits_table):
    path = fits_table([fits.Column("a", "J", array=[1])])

    with pytest.raises(IngestError, match=r"stars\.fits\[7\]: the file has no HDU 7"):
        open_sources([path.with_name("stars.fits[7]")])


def test_names_that_are_there_twice_are_named(fits_table):
    path = fits_table([fits.Column("a", "J", array=[1]), fits.Column("b", "J", array=[2])])
    path.write_bytes(path.read_bytes().replace(b"TTYPE2  = 'b       '", b"TTYPE2  = 'a       '"))

    with pytest.raises(IngestError, match=r"stars\.fits: column 'a' is there twice"):
        open_fits(path, None)


def test_a_cut_file_is_refused(fits_table):
    path = fits_table([fits.Column("a", "J", array=np.arange(10_000))])
    path.write_bytes(path.read_bytes()[:20_000])

    with pytest.raises(IngestError, match=r"stars\.fits: the file is cut"):
        open_fits(path, None)


def test_an_image_alone_is_refused(tmp_path):
    fits.PrimaryHDU(np.zeros((2, 2))).writeto(tmp_path / "image.fits")

    with pytest.raises(IngestError, match=r"image\.fits: the file holds no binary table"):
        open_fits(tmp_path / "image.fits", None)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("TFIELDS", 10**9, "its header speaks of 1000000000 columns; a FITS table has 999 at most"),
        ("NAXIS2", 10**15, "the file is cut|not a complete FITS file"),
        ("PCOUNT", 10**17, "the file is cut|not a complete FITS file"),
    ],
)
def test_a_header_that_lies_is_refused_at_once(fits_table, key, value, message):
    path = fits_table([fits.Column("a", "J", array=np.arange(10))])
    card = f"{key:<8}= ".encode()
    content = path.read_bytes()
    at = content.index(card, 2880)
    path.write_bytes(content[:at] + card + f"{value:>20}".encode() + content[at + 30 :])

    with pytest.raises(IngestError, match=message):
        open_fits(path, None)


def test_complex_numbers_are_named(fits_table):
    path = fits_table([fits.Column("c", "C", array=[1j])])

    with pytest.raises(IngestError, match=r"stars\.fits: column 'c' has FITS format C"):
        open_fits(path, None)


def test_texts_beyond_ascii_are_no_char(fits_table, read):
    other = np.array([b"a", "é 🌌".encode()])
    path = fits_table([fits.Column("plain", "1A", array=["a", "b"]), fits.Column("other", "9A", array=other)])

    source = open_fits(path, None)

    assert [column.datatype for column in source.columns] == [Datatype.CHAR, Datatype.UNICODE_CHAR]
    assert read(path).column("other").to_pylist() == ["a", "é 🌌"]
