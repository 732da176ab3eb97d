"""What the parameters of SODA ask for."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.examples import examples

from sciplat.errors import LimitError, MultipleValuesError, UsageError
from sciplat.images import preview
from sciplat.services.cutout import request as cutout_request
from sciplat.services.cutout.request import CutoutRequest, CutoutRequests, PictureRequest
from sciplat.sky.position import Position
from sciplat.sky.region import Circle

ID = ("ID", "ivo://example/dr1?1")


def single(*pairs: tuple[str, str]) -> CutoutRequest:
    return CutoutRequests.of([ID, *pairs]).single()


def test_names_are_in_any_case_and_empty_values_are_none() -> None:
    request = CutoutRequests.of(
        [("id", "x"), ("Circle", "12 34 0.5"), ("POLYGON", " "), ("FOO", "1")]
    ).single()

    assert request == CutoutRequest("x", Circle(Position(12, 34), 0.5))


def test_everything_can_be_asked_for() -> None:
    request = single(
        ("POS", "CIRCLE 12 34 0.5"),
        ("BAND", "4e-7 +Inf"),
        ("TIME", "60000"),
        ("RESPONSEFORMAT", "image/png"),
        ("PLANES", "ALL"),
        ("STRETCH", "log"),
        ("CUTS", "-1 5e2"),
        ("SOFTENING", "3"),
        ("SIZE", "200"),
    )

    assert request.band == (4e-7, float("inf"))
    assert request.time == (60000, 60000)
    assert (request.form, request.content) == ("png", "all")
    assert request.picture == PictureRequest("log", (-1.0, 500.0), 3.0, 200)


def test_each_combination_is_one_cutout() -> None:
    requests = CutoutRequests.of(
        [
            ("ID", "a"),
            ("ID", "b"),
            ("ID", "a"),
            ("CIRCLE", "1 2 3"),
            ("POS", "RANGE 0 1 0 1"),
            ("BAND", "1"),
            ("BAND", "2"),
        ]
    )

    assert requests.count == len(list(requests)) == len(set(requests)) == 8
    assert [each.id for each in requests] == ["a"] * 4 + ["b"] * 4


@pytest.mark.parametrize(
    "pairs",
    [
        [("ID", "b")],
        [("CIRCLE", "1 2 3"), ("CIRCLE", "1 2 4")],
        [("CIRCLE", "1 2 3"), ("POS", "CIRCLE 1 2 4")],
        [("BAND", "1"), ("BAND", "2")],
        [("TIME", "1"), ("TIME", "2")],
        [("PLANES", "all"), ("PLANES", "image")],
        [("RESPONSEFORMAT", "png"), ("RESPONSEFORMAT", "fits")],
    ],
)
def test_one_request_is_for_one_cutout(pairs: list[tuple[str, str]]) -> None:
    with pytest.raises(MultipleValuesError, match=pairs[-1][0]):
        single(*pairs)


def test_the_same_value_twice_is_one() -> None:
    assert (
        single(ID, ("CIRCLE", "1 2 3"), ("POS", "CIRCLE 1 2 3"), ("SIZE", "3"), ("SIZE", "3")).picture.side
        == 3
    )


@pytest.mark.parametrize(
    ("pair", "reason"),
    [
        (("CIRCLE", "1 2 -3"), "radius"),
        (("CIRCLE", "1 2 NaN"), "NaN"),
        (("CIRCLE", "1 95 1"), "Dec"),
        (("CIRCLE", "1 2"), "three numbers"),
        (("POLYGON", "0 0 1 1 1 0 0 1"), "cross"),
        (("POLYGON", "0 0 1 1"), "corners"),
        (("POLYGON", " ".join(f"{n / 100} {n % 7}" for n in range(10_000))), "corners"),
        (("POS", "BOX 1 2 3 4"), "POS begins"),
        (("BAND", "r"), "interval"),
        (("BAND", "2 1"), "smaller number first"),
        (("TIME", "NaN"), "interval"),
        (("POL", "I"), "polarisation"),
        (("PLANES", "mask"), "image, planes, all"),
        (("RESPONSEFORMAT", "image/tiff"), "image/png"),
        (("STRETCH", "cubic"), "asinh"),
        (("CUTS", "5 1"), "smaller first"),
        (("CUTS", "inf 1"), "zscale"),
        (("SIZE", "0"), "2,048"),
        (("SIZE", "1e3"), "2,048"),
        (("SIZE", "-1"), "2,048"),
        (("SIZE", "³"), "2,048"),
        (("SOFTENING", "0"), "SOFTENING"),
        (("GRID", "1 2 3"), "five or six"),
        (("GRID", "1 95 10 10 0.2"), "Dec"),
        (("GRID", "1 2 10 10 0"), "arcseconds"),
        (("GRID", "1 2 10 1e9 0.2"), "pixels"),
        (("GRID", "1 NaN 10 10 0.2"), "numbers"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told(pair: tuple[str, str], reason: str) -> None:
    with pytest.raises(UsageError, match=reason):
        single(pair)


def test_an_id_is_needed() -> None:
    with pytest.raises(UsageError, match="obs_publisher_did"):
        CutoutRequests.of([("CIRCLE", "1 2 3"), ("ID", "")])


def test_a_grid_is_a_header_and_takes_no_region() -> None:
    cards = single(("GRID", "25.6 0.3 200 100 0.2 30")).wcs

    assert cards is not None
    assert {"NAXIS1  = 200", "CRVAL1  = 25.6"} < set(cards.splitlines())
    for more in (("CIRCLE", "1 2 3"), ("WCS", cards)):
        with pytest.raises(UsageError, match="GRID"):
            single(("GRID", "25.6 0.3 200 100 0.2"), more)


def test_one_request_has_a_limit() -> None:
    many = [(name, f"{n} 1 1") for n in range(300) for name in ("CIRCLE",)] + [
        ("ID", str(n)) for n in range(400)
    ]
    with pytest.raises(LimitError, match="120,000"):
        CutoutRequests.of([*many, *many[:3]])


def test_pictures_know_what_can_be_asked_for() -> None:
    assert tuple(preview.STRETCHES) == cutout_request.STRETCHES
    assert preview.CUTS == cutout_request.CUTS
    assert set(preview.FORMATS) < set(cutout_request.FORMS.values())


names = st.sampled_from(cutout_request.PARAMETERS)
values = st.one_of(
    st.text(max_size=30),
    st.lists(st.floats().map(str) | st.sampled_from(["CIRCLE", "RANGE", "-Inf", "1_0"])).map(" ".join),
)  # fmt: skip


@given(st.lists(st.tuples(names, values), max_size=6))
@settings(max_examples=examples(300))
def test_any_request_is_read_or_refused(pairs: list[tuple[str, str]]) -> None:
    with contextlib.suppress(UsageError, LimitError):
        requests = CutoutRequests.of([ID, *pairs])
        assert requests.count == len(list(requests))
