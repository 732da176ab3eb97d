"""Grids that people describe by the cards of a header, well and badly."""

from __future__ import annotations

import re

import numpy as np
import pytest

from sciplat.errors import UsageError
from sciplat.images import wcs as world
from sciplat.images.onto import grid_of

CARDS = {
    "NAXIS1": "10", "NAXIS2": "20", "CTYPE1": "'RA---TAN'", "CTYPE2": "'DEC--TAN'", "CRVAL1": "25.6",
    "CRVAL2": "0.3", "CRPIX1": "5", "CRPIX2": "10", "CDELT1": "-0.0003", "CDELT2": "0.0003",
}  # fmt: skip


def header(sign: str = "{:8}= {}", **changed: str) -> str:
    return "\n".join(sign.format(*card) for card in {**CARDS, **changed}.items())


@pytest.mark.parametrize("sign", ["{:8}= {}", "{}={}", "{} =  {} / what it is", "  {}= {}"])
def test_cards_one_a_line_may_be_written_as_people_write_them(sign: str) -> None:
    grid = grid_of(header(sign, CRVAL1="30.5") + "\nCOMMENT as it is\nEND\n")

    assert grid.shape == (20, 10)
    assert float(np.ravel(world.sky(grid.wcs, 4, 9)[0])[0]) == pytest.approx(30.5)


@pytest.mark.parametrize(
    ("cards", "told"),
    [
        (header(CRVAL1="NaN"), "CRVAL1 of the grid's header is 'NaN', which is no number"),
        (header(CRVAL1="'x'"), "CRVAL1 of the grid's header is 'x', which is no number"),
        (header(CTYPE1="5"), "CTYPE1 of the grid's header is 5, which is no text"),
        (header(RADESYS="'FK9'"), "The system of the world coordinates is not known: FK9"),
        (header(CRVAL2="95"), "No valid solution for latp for these values of phip, phi0, and theta0"),
        (header(CDELT1="0"), "matrix is singular"),
        (header(CD1_1="1", CD1_2="1", CD2_1="1", CD2_2="1"), "singular"),
        (header(CTYPE1="'RA---XYZ'"), "Unrecognized projection code (XYZ in CTYPE1)"),
        (header(CTYPE2="'FREQ'"), "Unmatched celestial axes"),
        (header(CUNIT1="'parsec'"), "In CUNIT1 : Invalid symbol in INITIAL context in 'parsec'"),
        (header() + "\ngarbage of mine", "Line 11 of the grid's header is no card: 'garbage of mine'"),
        ("garbage", "needs NAXIS1 and NAXIS2"),
        (header(NAXIS1="-1"), "not -1 and 20"),
        (header(NAXIS1="10.5"), "not 10.5 and 20"),
    ],
)
def test_what_is_wrong_with_a_header_is_told_without_the_code_that_found_it(cards: str, told: str) -> None:
    with pytest.raises(UsageError, match=re.escape(told)) as error:
        grid_of(cards)

    for inside in ("cextern", "ERROR", "attribute", "Traceback", "Keyword '"):
        assert inside not in str(error.value)
