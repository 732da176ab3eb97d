"""What values come out: numbers, texts, times, and NULL where a value makes no sense."""

import math
from datetime import datetime

import pytest

from sciplat.adql import translate

ONE_ROW = "FROM Object WHERE objectId = 1000"  # n is -3, band 'g', flag true

VALUES = [
    ("5 / 2", 2),
    ("-5 / 2", -2),
    ("n / 2", -1),
    ("5 / 2.0", 2.5),
    ("5. / 2", 2.5),
    ("1 / 0", None),
    ("1.5 / (n - n)", None),
    ("7 - 5 / 2 * 2", 3),
    ("1.5 + .5", 2.0),
    ("1e3", 1000.0),
    ("99999999999999999999", 1e20),
    ("'30' * 2", 60),
    ("'1.5' * 2", 3.0),
    ("-'3'", -3),
    ("band * 2", None),
    ("MOD(7, 3)", 1),
    ("MOD(-7, 3)", -1),
    ("MOD(7, 0)", None),
    ("ABS(n)", 3),
    ("CEILING(1.2)", 2.0),
    ("FLOOR(-1.2)", -2.0),
    ("ROUND(2.567, 2)", 2.57),
    ("ROUND(-2.5)", -3.0),
    ("ROUND(1234, -2)", 1200),
    ("TRUNCATE(2.567, 1)", 2.5),
    ("TRUNCATE(-2.5)", -2.0),
    ("POWER(2, 10)", 1024.0),
    ("SQRT(16)", 4.0),
    ("SQRT(-1)", None),
    ("EXP(0)", 1.0),
    ("LOG(EXP(1))", 1.0),
    ("LOG10(1000)", 3.0),
    ("LOG(0)", None),
    ("LOG10(-1)", None),
    ("PI()", math.pi),
    ("DEGREES(PI())", 180.0),
    ("RADIANS(180)", math.pi),
    ("SIN(RADIANS(30))", 0.5),
    ("COS(0)", 1.0),
    ("TAN(0)", 0.0),
    ("COT(1)", 1 / math.tan(1)),
    ("ASIN(1)", math.pi / 2),
    ("ASIN(2)", None),
    ("ACOS(-1.5)", None),
    ("ATAN(1)", math.pi / 4),
    ("ATAN2(1, -1)", 3 * math.pi / 4),
    ("UPPER('a' || LOWER('B'))", "AB"),
    ("'a' 'b'", "ab"),
    ("'it''s'", "it's"),
    ("'a' || n", "a-3"),
    ("COALESCE(NULL, n)", -3),
    ("CAST(3.6 AS INTEGER)", 4),
    ("CAST('x' AS INTEGER)", None),
    ("CAST(n AS VARCHAR)", "-3"),
    ("CAST('abcdef' AS CHAR(3))", "abc"),
    ("CAST('2025-06-30T04:05:06' AS TIMESTAMP)", datetime.fromisoformat("2025-06-30T04:05:06")),
    ("CAST('1 2.5' AS POINT)", (1.0, 2.5)),
    ("CAST('1 2 3 4 5 6' AS POLYGON)", [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]),
    ("CASE WHEN n < 0 THEN 'low' ELSE 'high' END", "low"),
    ("CASE n WHEN 1 THEN 2 END", None),
    ("POINT(1, 2)", (1.0, 2.0)),
    ("CIRCLE(1, 2, 0.5)", (1.0, 2.0, 0.5)),
    ("POLYGON(1, 2, 3, 4, 5, 0)", [1.0, 2.0, 3.0, 4.0, 5.0, 0.0]),
    ("COORD1(POINT(1, 2))", 1),
    ("COORD2(CENTROID(CIRCLE(1, 2, 3)))", 2),
    ("COORDSYS(POINT(1, 2))", "ICRS"),
    ("AREA(CIRCLE(0, 0, 180))", 4 * math.pi * (180 / math.pi) ** 2),
    ("AREA(POLYGON(0, 0, 90, 0, 0, 90))", math.pi / 2 * (180 / math.pi) ** 2),
    ("DISTANCE(POINT(359.5, 0), POINT(0.5, 0))", 1.0),
    ("DISTANCE(0, 90, 180, -90)", 180.0),
    ("CONTAINS(POINT(0, 0), CIRCLE(0, 0.5, 0.6))", 1),
    ("CONTAINS(POINT(0, 0), CIRCLE(0, 0.5, 0.4))", 0),
    ("CONTAINS(CIRCLE(0, 0, 1), CIRCLE(0, 0.5, 2))", 1),
    ("CONTAINS(CIRCLE(0, 0, 1), BOX(0, 0, 3, 3))", 1),
    ("CONTAINS(CIRCLE(0, 0, 1), BOX(0, 0, 1, 3))", 0),
    ("CONTAINS(BOX(0, 0, 1, 1), BOX(0, 0, 3, 3))", 1),
    ("CONTAINS(BOX(0, 0, 1, 1), CIRCLE(0, 0, 0.5))", 0),
    ("INTERSECTS(CIRCLE(0, 0, 1), CIRCLE(0, 3, 1))", 0),
    ("INTERSECTS(CIRCLE(0, 0, 1), CIRCLE(0, 1.9, 1))", 1),
    ("INTERSECTS(CIRCLE(0, 1.6, 1.2), BOX(0, 0, 1, 1))", 1),
    ("INTERSECTS(BOX(0, 0, 1, 1), CIRCLE(0, 1.6, 1.0))", 0),
    ("INTERSECTS(BOX(0, 0, 4, 1), BOX(0, 0, 1, 4))", 1),
    ("INTERSECTS(BOX(0, 0, 1, 1), BOX(180, 0, 1, 1))", 0),
    ("scisql_nanojanskyToAbMag(3631)", 31.4 - 2.5 * math.log10(3631)),
    ("scisql_nanojanskyToAbMag(0)", None),
    ("scisql_nanojanskyToAbMagSigma(100, 10)", 2.5 / math.log(10) / 10),
]


@pytest.mark.parametrize(("expression", "value"), VALUES)
def test_a_value_is_what_adql_says(run, expression, value):
    ((found,),) = run(f"SELECT {expression} AS x {ONE_ROW}")

    if isinstance(value, float):
        assert found == pytest.approx(value, rel=1e-12, abs=1e-12)
    else:
        assert found == value
        assert isinstance(found, bool) == isinstance(value, bool)


CONDITIONS = [
    ("n = '-3'", True),
    ("flag = 1", True),
    ("flag = TRUE", True),
    ("band LIKE 'G'", False),
    ("band ILIKE 'G'", True),
    ("n LIKE '-%'", True),
    ("band < 'h'", True),
    ("n BETWEEN -5 AND '0'", True),
    ("n IN ('1', -3)", True),
    ("band IN ('g', 'r')", True),
    ("n IS NOT NULL", True),
    ("NOT (n > 0 OR band = 'x')", True),
    ("LOG10(n) > 0", False),
    ("NOT LOG10(n) > 0", False),
]


@pytest.mark.parametrize(("condition", "holds"), CONDITIONS)
def test_a_condition_holds_as_adql_says(run, condition, holds):
    assert bool(run(f"SELECT n {ONE_ROW} AND {condition}")) is holds


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ("\"when\" > '2025-06-30T04:05:05'", True),
        ("\"when\" BETWEEN '2025-07-01' AND '2025-07-02'", False),
        ("DISTANCE(place, POINT(60, -29)) < 1.01", True),
        ("1 = CONTAINS(place, disc)", True),
        ("1 = CONTAINS(POINT(70, -30), disc)", False),
        ("COORD1(place) = 60", True),
    ],
)
def test_times_and_regions_can_be_columns(run, condition, holds):
    assert bool(run(f'SELECT ra FROM odd."Odd Names" WHERE {condition}')) is holds


def test_no_decimals_and_no_huge_integers_come_out(connection, catalog):
    sql = translate(
        "SELECT 1.5 AS a, r_psfFlux * 2.5 AS b, SUM(n) AS c, SUM(objectId) AS d, COUNT(*) AS e, "
        "SUM(flag) AS f, "
        "99999999999999999999 AS g, AVG(n) AS h, 5 / 2 AS i FROM Object GROUP BY r_psfFlux",
        catalog,
    ).sql

    kinds = [str(kind) for kind in connection.sql(sql).types]

    assert kinds == [
        "DOUBLE",
        "DOUBLE",
        "BIGINT",
        "BIGINT",
        "BIGINT",
        "BIGINT",
        "DOUBLE",
        "DOUBLE",
        "INTEGER",
    ]


def test_missing_values_come_last_either_way(run):
    for direction in ("ASC", "DESC"):
        found = run(f"SELECT dec FROM TAP_UPLOAD.targets WHERE name <> 'nan' ORDER BY dec {direction}")
        assert found[-1] == (None,)


def test_order_by_takes_names_numbers_and_values(run):
    by_name = run("SELECT TOP 5 objectId, n AS size2 FROM Object ORDER BY size2 DESC, objectId")
    by_number = run("SELECT TOP 5 objectId, n FROM Object ORDER BY 2 DESC, 1")
    by_value = run("SELECT TOP 5 objectId, n FROM Object ORDER BY -1 * n, objectId + 0")

    assert by_name == by_number == by_value
    assert [row[1] for row in by_name] == [3] * 5


def test_group_by_takes_columns_values_and_names_of_the_result(run):
    by_value = run(
        "SELECT FLOOR(r_psfFlux / 10), COUNT(*) FROM Object GROUP BY FLOOR(r_psfFlux / 10) ORDER BY 1"
    )
    by_name = run("SELECT FLOOR(r_psfFlux / 10) AS bin, COUNT(*) FROM Object GROUP BY bin ORDER BY bin")

    assert by_value == by_name
    assert len(by_value) > 5


def test_columns_that_follow_from_a_grouped_key_may_stand_alone(run):
    found = run(
        "SELECT o.objectId, o.band, o.n + 1, COUNT(f.visit) FROM Object o JOIN ForcedSource f "
        "ON o.objectId = f.objectId WHERE o.objectId < 1002 GROUP BY o.objectId ORDER BY 1"
    )

    assert found == [(1000, "g", -2, 3), (1001, "r", -1, 3)]


def test_the_cell_of_a_position_is_cut_from_its_column(run, sky):
    found = run("SELECT objectId, ivo_healpix_index(5, coord_ra, coord_dec) AS h FROM Object")
    by_point = run("SELECT objectId, ivo_healpix_index(5, POINT(coord_ra, coord_dec)) AS h FROM Object")

    cells = dict(zip(sky["objectId"].tolist(), (sky["_healpix_29"] >> 48).tolist(), strict=True))
    assert dict(found) == cells
    assert dict(by_point) == cells


def test_random_numbers_lie_between_0_and_1(run):
    assert all(0 <= row[0] < 1 for row in run("SELECT TOP 100 RAND() AS r FROM Object"))
    assert len(set(run("SELECT TOP 100 RAND(5) AS r FROM Object"))) > 50
