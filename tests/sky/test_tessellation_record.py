from __future__ import annotations

import pytest

from sciplat.errors import UsageError
from sciplat.sky.position import Position
from sciplat.sky.tessellation import Field, Rings
from sciplat.sky.tessellation_record import from_record, to_record


@pytest.mark.parametrize(
    "tessellation",
    [Rings("all", 1 / 3600), Field("one", 2 / 3600, centre=Position(25.6, 0.3), width=0.4, height=0.2)],
)
def test_a_record_makes_the_same_tessellation(tessellation) -> None:
    assert from_record(to_record(tessellation)) == tessellation


@pytest.mark.parametrize("record", [{}, {"kind": "Sphere"}, {"kind": "Rings", "names": "x"}])
def test_other_records_are_an_error(record) -> None:
    with pytest.raises(UsageError):
        from_record(record)
