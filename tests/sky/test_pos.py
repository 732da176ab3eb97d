from __future__ import annotations

import math

import pytest

from sciplat.errors import UsageError
from sciplat.sky.pos import Range, circle, polygon, pos, words
from sciplat.sky.position import Position
from sciplat.sky.region import Circle, Polygon


def test_regions_are_read_and_written() -> None:
    texts = ("CIRCLE 12.5 -34.0 0.25", "POLYGON 1.0 1.0 2.0 1.0 2.0 2.0", "RANGE 350.0 10.0 -5.0 90.0")

    for text in texts:
        assert words(pos(text)) == text
    assert pos("circle 12.5 -34 .25") == circle(" 12.5  -34 .25 ") == Circle(Position(12.5, -34), 0.25)
    assert polygon("1 1 2 1 2 2 1 1") == Polygon((Position(1, 1), Position(2, 1), Position(2, 2)))


def test_a_range_may_be_open_and_may_run_over_zero() -> None:
    assert pos("RANGE -Inf +Inf 89 +Inf") == Range((0.0, 360.0), (89.0, 90.0))
    assert pos("RANGE 0 360 -2 2").contains(Position(123.0, 2.0))
    over = pos("RANGE 359 1 -1 1")
    assert [over.contains(Position(ra, 0)) for ra in (358.9, 359, 0, 1, 1.1, 180)] == [
        *(False, True, True, True, False, False)
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "begins with CIRCLE, POLYGON or RANGE"),
        ("BOX 1 2 3 4", "begins with CIRCLE, POLYGON or RANGE.*not with 'BOX'"),
        ("CIRCLE 1 2", "CIRCLE needs three numbers.*not 2"),
        ("CIRCLE 1 2 -0.1", "radius of CIRCLE must be more than 0 and at most 180 degrees, not -0.1"),
        ("CIRCLE 1 2 181", "not 181"),
        ("CIRCLE 1 2 nan", "not 'nan'"),
        ("CIRCLE 1 inf 1", "not 'inf'"),
        ("CIRCLE 1_0 2 1", "not '1_0'"),
        ("CIRCLE 1,2,3", "not '1,2,3'"),
        ("CIRCLE 361 2 1", "RA in CIRCLE must be 0 to 360 degrees, not 361"),
        ("CIRCLE 1 -91 1", "Dec in CIRCLE must be -90 to 90"),
        ("POLYGON 1 2 3 4 5", "not 5 numbers"),
        ("POLYGON 1 2 3 4", "not 4 numbers"),
        ("POLYGON 0 0 2 2 2 0 0 2", "cross"),
        ("RANGE 1 2 3", "RANGE needs four numbers"),
        ("RANGE 1 2 3 2", "the smaller first, not 3 and 2"),
        ("RANGE 400 410 3 4", "RA in RANGE"),
        ("RANGE -10 10 3 4", "RA in RANGE must be 0 to 360 degrees, not -10 and 10"),
        ("RANGE 0 400 3 4", "RA in RANGE must be 0 to 360 degrees, not 0 and 400"),
        ("RANGE 0 1 -95 4", "Dec in RANGE must be -90 to 90"),
        ("POLYGON 1 1 1 1 1 1", "3 to 500 different corners, not 1"),
    ],
)
def test_what_is_no_region_is_refused_in_words(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        pos(text)


def test_all_digits_are_kept() -> None:
    third = Circle(Position(1 / 3, -2 / 3), math.pi)

    assert pos(words(third)) == third
