"""A pattern gives what a translation gives, for every circle, or there is none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sciplat.adql import Catalog, TableSource, translate
from sciplat.adql.pattern import Pattern, pattern_of, split
from sciplat.errors import ADQLError
from sciplat.vo.schema import HEALPIX_COLUMN, Column, Datatype, Table

SKY = Table(
    "s",
    "stars",
    (
        Column("id", Datatype.LONG),
        Column("ra", Datatype.DOUBLE, unit="deg", ucd="pos.eq.ra;meta.main"),
        Column("dec", Datatype.DOUBLE, unit="deg", ucd="pos.eq.dec;meta.main"),
        Column("mag", Datatype.FLOAT),
        Column(HEALPIX_COLUMN, Datatype.LONG, hidden=True),
    ),
    position=("ra", "dec"),
    rows=1000,
)
TABLES = Catalog([TableSource(SKY, ("s.stars.g0001", "main", "data"))])

INSIDE = "1 = CONTAINS(POINT('ICRS', ra, dec), {})"
QUERIES = [
    f"SELECT id FROM s.stars WHERE {INSIDE}",
    f"SELECT TOP 5 id, DISTANCE(ra, dec, 3, 4) AS d FROM s.stars WHERE {INSIDE} AND mag < 20 ORDER BY d",
    f"SELECT count(*) FROM s.stars AS t WHERE mag > 3.5 AND (id = 7 OR id = 8) AND {INSIDE}",
    f"SELECT id FROM s.stars WHERE NOT {INSIDE}",
    f"SELECT id FROM s.stars WHERE {INSIDE} OR mag < 3",
    "SELECT id FROM s.stars WHERE 0 = CONTAINS(POINT(ra, dec), {}) -- CIRCLE around",
    "SELECT mag, COUNT(*) AS n FROM s.stars WHERE 1 = INTERSECTS(POINT(ra, dec), {}) GROUP BY mag",
]
NOT_ALONE = [
    "SELECT id, '{}' AS text FROM s.stars",
    "SELECT id FROM s.stars -- {}",
    'SELECT id AS "{}" FROM s.stars',
    "SELECT AREA({}) FROM s.stars",
    "SELECT id FROM s.stars WHERE 1 = CONTAINS(CIRCLE(ra, dec, mag), {})",
    f"SELECT id FROM s.stars WHERE {INSIDE} AND 1 = CONTAINS(POINT(ra, dec), POLYGON(1, 1, 2, 2, 3, 1))",
    f"SELECT a.id FROM s.stars AS a JOIN s.stars AS b ON a.id = b.id WHERE {INSIDE.replace('ra', 'a.ra')}",
    f"SELECT id FROM s.stars WHERE id IN (SELECT id FROM s.stars WHERE {INSIDE})",
    f"SELECT nothing FROM s.stars WHERE {INSIDE}",
    f"SELECT id FROM s.stars WHERE {INSIDE} AND",
]


def pattern(query: str) -> Pattern | None:
    before, after = query.split("{}")
    return pattern_of((before, after), TABLES, maxrec=100)


PATTERNS = {query: pattern(query) for query in QUERIES}

numbers = st.one_of(
    st.integers(0, 360).map(str),
    st.floats(0, 360).map(repr),
    st.decimals(0, 90, places=5).map(str),
    st.sampled_from(
        ["1.", ".5", "1e1", "1.5E-3", "007", "0", "1e-300", "90", "90.0", "360", "59.99999999999"]
    ),
)
signs = st.sampled_from(["", "", "-", "+"])
signed = st.builds(str.__add__, signs, numbers)
names = st.sampled_from(["CIRCLE('ICRS', {}, {}, {})", "circle({},{},{})", "CIRCLE ( 'ICRS' ,\n{}, {} ,{} )"])


@given(query=st.sampled_from(QUERIES), form=names, ra=signed, dec=signed, radius=signed)
def test_a_pattern_gives_what_a_translation_gives(
    query: str, form: str, ra: str, dec: str, radius: str
) -> None:
    text = query.replace("{}", form.format(ra, dec, radius))
    found = split(text)
    if found is None:
        return
    (before, after), circle = found
    assert before + after == query.replace("{}", "")
    filled = PATTERNS[query]
    assert filled is not None

    assert filled.translation(circle) == translate(text, TABLES, maxrec=100)


def test_the_usual_circles_are_found() -> None:
    for form in ("CIRCLE('ICRS', 60.5, -30.25, 0.05)", "circle(60.5,-30.25,5e-2)"):
        found = split(QUERIES[0].replace("{}", form))
        assert found is not None
        assert (found[1].centre.ra, found[1].centre.dec, found[1].radius) == (60.5, -30.25, 0.05)


@pytest.mark.parametrize("query", NOT_ALONE)
def test_what_holds_more_than_one_circle_test_of_one_table_has_no_pattern(query: str) -> None:
    assert pattern(query) is None


@pytest.mark.parametrize(
    "circle",
    [
        "CIRCLE('ICRS', 60, 91, 1)",
        "CIRCLE('ICRS', 60, 30, -1)",
        "CIRCLE('ICRS', 60, 30, 1e999)",
        "CIRCLE('ICRS', 60, 30)",
        "CIRCLE('ICRS', 60, 30, 1, 1)",
        "CIRCLE('GALACTIC', 60, 30, 1)",
        "CIRCLE('ICRS', 60, --30, 1)",
    ],
)
def test_what_is_wrong_stays_wrong(circle: str) -> None:
    text = QUERIES[0].replace("{}", circle)

    assert split(text) is None
    with pytest.raises(ADQLError):
        translate(text, TABLES, maxrec=100)


def test_two_circles_are_no_pattern() -> None:
    assert split("SELECT 1 FROM t WHERE CIRCLE(1, 2, 3) = CIRCLE(4, 5, 6)") is None
