"""What headers tell, whatever convention they follow."""

from __future__ import annotations

import pytest
from astropy.io import fits
from astropy.time import Time
from hypothesis import given
from hypothesis import strategies as st

from sciplat.images.told import band_of, told


def of(stem="image", keywords=None, **cards):
    header = fits.Header()
    for name, value in cards.items():
        header[name.replace("_", "-")] = value
    return {name: found.value for name, found in told(header, stem, keywords).items()}


@pytest.mark.parametrize(
    ("name", "band"),
    [
        *((f"{letter} DECam SDSS c0001 4720.0 1520.0", letter) for letter in "ugriz"),
        ("Y DECam c0005 10095.0 1130.0", "y"),
        *((f"HSC-{letter.upper()}", letter) for letter in "griz"),
        ("SDSS-G", "g"), ("sdss_r", "r"), ("g'", "g"), ("gp", "g"), ("zprime", "z"), ("i_sim", "i"),
        ("G", "g"), ("PS1 z", "z"), ("HSC-R2", "r"), ("g.MP9401", "g"),
        ("R", "R"), ("I", "I"), ("B", "B"), ("V", "V"), ("J", "J"), ("Ks", "Ks"), ("F200W", "F200W"),
        ("Halpha", "Halpha"), ("luminance", "luminance"), ("W1", "W1"), ("unknown", "unknown"),
    ],
)  # fmt: skip
def test_filters_have_the_band_that_people_call_them_by(name, band):
    assert band_of(name) == band


NOON = Time("2018-08-09T12:00:00", scale="utc").tai


@pytest.mark.parametrize(
    "cards",
    [
        {"DATE_OBS": "2018-08-09T12:00:00"},
        {"DATE_OBS": "2018-08-09T12:00:00Z"},
        {"DATE_OBS": "2018-08-09 12:00:00"},
        {"DATE_OBS": "2018-08-09", "TIME_OBS": "12:00:00"},
        {"DATE_OBS": "2018/08/09", "UT": "12:00:00.0"},
        {"MJD_OBS": 58339.5},
        {"MJD_OBS": "58339.5"},
        {"JD": 2458340.0},
        {"DATE_BEG": "2018-08-09T12:00:00"},
        {"DATE_OBS": NOON.isot, "TIMESYS": "TAI"},
        {"DATE_OBS": NOON.tt.isot, "TIMESYS": "TT"},
        {"MJD_OBS": NOON.tdb.mjd, "TIMESYS": "TDB"},
        {"TAI": NOON.mjd * 86400, "TIMESYS": "TAI", "DATE_OBS": "2018-08-09"},
        {"DATE_AVG": "2018-08-09T12:00:50", "EXPTIME": 100.0},
        {"MIDOBS": "2018-08-09T12:00:50", "EXPTIME": "100"},
        {"DATEOBS1": "2018-08-09T12:00:00", "DATEOBS2": "2019-08-09T12:00:00"},
    ],
)
def test_the_time_is_found_in_any_convention_and_is_tai(cards):
    found = of(**cards)

    assert found["begin"].scale == "tai"
    assert abs((found["begin"] - NOON).sec) < 1e-3
    assert found["end"] >= found["begin"]


def test_before_1998_days_came_first():
    assert of(DATE_OBS="09/08/97", UT="01:00:00")["begin"].utc.iso[:13] == "1997-08-09 01"


def test_the_end_is_that_of_the_exposure():
    found = of(DATE_OBS="2018-08-09T12:00:00", EXPTIME=90.0)
    assert (found["end"] - found["begin"]).sec == pytest.approx(90)
    found = of(MJD_OBS=58339.5, MJD_END=58339.6)
    assert (found["end"] - found["begin"]).jd == pytest.approx(0.1)


@pytest.mark.parametrize(
    "value", ["", "unknown", "0000-00-00", "2018-13-40T00:00:00", 0.0, -5, True, "nan", 1e9]
)
def test_what_is_no_time_is_none(value):
    assert "begin" not in of(DATE_OBS=value) or isinstance(value, str) is False
    assert "begin" not in of(MJD_OBS=value)


@pytest.mark.parametrize(
    ("cards", "name"),
    [
        ({"INSTRUME": "DECam"}, "DECam"),
        ({"FILTER": "i DECam SDSS c0003"}, "DECam"),
        ({"ORIGIN": "SDSS", "TELESCOP": "2.5m"}, "SDSS"),
        ({"TELESCOP": "0.4m / CDK 17"}, "0_4m_CDK_17"),
        ({"DATASET": "2MASS"}, "2MASS"),
        ({"INSTRUME": "../../x y"}, "x_y"),
        ({"INSTRUME": "x" * 60}, "x" * 32),
        ({}, "unknown"),
    ],
)
def test_an_instrument_has_a_name_that_data_ids_can_have(cards, name):
    assert of(**cards)["instrument"] == name


def test_a_file_may_tell_its_band_by_its_name_alone():
    assert of("gc_2mass_j")["band"] == "J"
    assert of("field-g-0001")["band"] == "g"
    assert of("field1")["band"] == "unknown"
    assert of("x", TELESCOP="WISE", BAND=3)["band"] == "W3"
    assert of("x", FILTER1="Clear", FILTER2="SDSS-R")["band"] == "r"


def test_a_profile_names_other_cards():
    found = of(
        keywords={"filter": "GLASS", "begin": "STARTJD", "detector": "NR"},
        GLASS="g'",
        STARTJD=2458340.0,
        NR=4,
    )

    assert (found["band"], found["detector"]) == ("g", 4)
    assert abs((found["begin"] - NOON).sec) < 1e-3


cards = st.dictionaries(
    st.sampled_from(
        [
            "INSTRUME",
            "FILTER",
            "BAND",
            "CCDNUM",
            "EXPNUM",
            "EXPTIME",
            "DATE-OBS",
            "MJD-OBS",
            "TIME-OBS",
            "TIMESYS",
            "TAI",
            "JD",
            "OBJECT",
            "OBSID",
            "UT",
        ]
    ),
    st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=60)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.integers(-(2**70), 2**70)
    | st.booleans(),
)


@given(cards)
def test_no_header_is_too_odd(given_cards):
    header = fits.Header()
    for name, value in given_cards.items():
        header[name] = value
    found = told(header, "x")

    assert {"instrument", "physical_filter", "band"} <= set(found)
    assert 0 < len(found["instrument"].value) <= 32
    assert 0 < len(found["physical_filter"].value) <= 32
