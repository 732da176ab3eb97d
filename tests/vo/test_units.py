"""Units put together, compared with astropy's."""

from fractions import Fraction

import pytest
from astropy import units
from hypothesis import given
from hypothesis import strategies as st

from sciplat.vo.units import UnknownUnitError, conversion, power, product, same

# astropy works out the scale of a unit, and that of nJy**10 is too small for a number.
NAMES = st.sampled_from(["adu", "deg", "mas", "yr", "km", "s", "mag", "pc", "d", "pix"])
FACTORS = st.builds(lambda name, exponent: name if exponent == 1 else f"{name}**{exponent}",
                    NAMES, st.sampled_from([1, 1, 2, -1, -2, 3]))  # fmt: skip
PRODUCTS = st.lists(FACTORS, min_size=1, max_size=3).map(".".join)
UNITS = st.one_of(
    PRODUCTS, st.builds("{}/{}".format, PRODUCTS, NAMES), st.builds("{}/({})".format, PRODUCTS, PRODUCTS)
)


def astropy(text):
    return units.Unit(text, format="vounit") if text else units.dimensionless_unscaled


@given(UNITS, UNITS, st.sampled_from([1, -1]))
def test_products_and_quotients_are_those_of_astropy(one, other, sign):
    found = product(one, other, sign)

    expected = astropy(one) * astropy(other) if sign == 1 else astropy(one) / astropy(other)
    # The same names to the same powers: nothing is converted on the way.
    assert found is not None
    assert dict(zip(astropy(found).bases, astropy(found).powers, strict=True)) == dict(
        zip(expected.bases, expected.powers, strict=True)
    )


@given(UNITS, st.sampled_from([2, 3, -1]))
def test_powers_and_roots_go_there_and_back(unit, exponent):
    back = power(power(unit, Fraction(exponent)), Fraction(1, exponent))

    assert product(back, "Jy") == product(unit, "Jy")


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("mas/yr", "mas.yr**-1", True), ("deg2", "deg^2", True), ("deg**2", "deg deg", True),
        ("km s-1", "km/s", True), ("1/d", "d-1", True), ("nJy", "Jy", False), (None, None, False),
        ("10**-3Jy", "10**-3Jy", True), ("a/b.c", "a/(b.c)", False),
    ],
)  # fmt: skip
def test_a_unit_is_the_same_however_it_is_written(one, other, expected):
    assert same(one, other) is expected


@pytest.mark.parametrize("unit", ["10**-3Jy", "log(nJy)", "a/b/c", "m(s", "", "°"])
def test_what_is_not_understood_is_not_known(unit):
    assert product(unit, "km") in (None, "km")
    assert product(None, "km") is None


def test_a_factor_is_a_whole_number_where_it_can_be():
    assert conversion("deg", "arcsec") == (3600.0, False)
    assert conversion("arcsec", "deg") == (3600.0, True)
    assert conversion("mas", "deg") == (3_600_000.0, True)
    assert conversion("nJy", "nJy") == (1.0, False)
    assert conversion("nJy", "mag") is None
    assert conversion("Angstrom", "nm") == (10.0, True)
    with pytest.raises(UnknownUnitError, match="parsnips"):
        conversion("m", "parsnips")
