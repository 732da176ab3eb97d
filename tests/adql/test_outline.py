"""What is known of a query's reading before it runs."""

from __future__ import annotations

from math import inf, pi

import pytest

from sciplat.adql import translate
from sciplat.adql.outline import Block, Scan, Union
from sciplat.sky.healpix import area_of

CONE = "1 = CONTAINS(POINT({a}coord_ra, {a}coord_dec), CIRCLE(60, -30, 0.1))"


def scan_of(catalog, query: str) -> Scan:
    (scan,) = translate(query, catalog).scans
    return scan


def block_of(catalog, query: str) -> Block:
    outline = translate(query, catalog).outline
    assert isinstance(outline, Block)
    return outline


@pytest.mark.parametrize(
    "where",
    [
        CONE.format(a=""),
        "CONTAINS(POINT(coord_ra, coord_dec), CIRCLE(60, -30, 0.1)) = 1 AND n > 1",
        "DISTANCE(POINT(coord_ra, coord_dec), POINT(60, -30)) < 0.1",
    ],
)
def test_a_cone_limits_a_scan_to_cells_of_which_it_fills_a_part(catalog, where: str) -> None:
    scan = scan_of(catalog, f"SELECT objectId FROM dp1.Object WHERE {where}")

    assert scan.cells is not None
    area = area_of([(low, high - 1) for low, high in scan.cells])
    assert scan.fill == pytest.approx(pi * 0.1**2 / area, rel=1e-3)
    assert 0.2 < scan.fill < 1
    assert scan.tests == 0


def test_cones_that_are_ored_have_the_cells_of_both(catalog) -> None:
    one = scan_of(catalog, f"SELECT objectId FROM dp1.Object WHERE {CONE.format(a='')}")
    both = scan_of(
        catalog,
        f"SELECT objectId FROM dp1.Object WHERE {CONE.format(a='')} "
        "OR 1 = CONTAINS(POINT(coord_ra, coord_dec), CIRCLE(200, 40, 0.1))",
    )

    assert set(one.cells or ()) < set(both.cells or ())


def test_a_cone_or_something_else_limits_nothing(catalog) -> None:
    scan = scan_of(catalog, f"SELECT objectId FROM dp1.Object WHERE {CONE.format(a='')} OR n = 1")

    assert (scan.cells, scan.fill, scan.tests) == (None, 1.0, 1)


def test_conditions_on_one_column_are_intervals_and_texts(catalog) -> None:
    scan = scan_of(
        catalog,
        "SELECT objectId FROM dp1.Object WHERE objectId IN (9007199254740993, 5) AND n >= -2 AND 3 > n "
        "AND r_psfFlux BETWEEN 1.5 AND 2 AND (band = 'g' OR band IN ('r', 'i')) AND r_psfFlux / n > 4",
    )

    assert {name: values.intervals for name, values in scan.limits.items() if values.intervals} == {
        "objectId": ((5, 5), (9007199254740993, 9007199254740993)),
        "n": ((-2, 3),),
        "r_psfFlux": ((1.5, 2.0),),
    }
    assert set(scan.limits["band"].texts) == {"g", "r", "i"}
    assert scan.tests == 1
    assert set(scan.columns) == {"objectId", "n", "r_psfFlux", "band"}


def test_conditions_that_exclude_each_other_leave_no_values(catalog) -> None:
    scan = scan_of(catalog, "SELECT n FROM dp1.Object WHERE n > 3 AND n < 2")

    assert scan.limits["n"].intervals == ()


def test_joins_are_links_by_value_or_by_position(catalog) -> None:
    equal = block_of(
        catalog, "SELECT visit FROM dp1.Object o JOIN dp1.ForcedSource f ON o.objectId = f.objectId"
    )
    near = block_of(
        catalog,
        "SELECT u.name FROM dp1.Object o JOIN TAP_UPLOAD.targets u "
        f"ON DISTANCE(o.coord_ra, o.coord_dec, u.ra, u.dec) < 0.01 WHERE {CONE.format(a='o.')}",
    )
    every = block_of(catalog, "SELECT u.name FROM dp1.Object o, TAP_UPLOAD.targets u WHERE o.n + u.ra > 4")

    assert [(link.one, link.other, link.radius) for link in equal.links] == [
        (("o", "objectId"), ("f", "objectId"), None)
    ]
    assert [link.radius for link in near.links] == [0.01]
    assert near.tests == 0
    assert [scan.alias for scan in near.inputs] == ["o", "u"]
    assert isinstance(near.inputs[0], Scan)
    assert near.inputs[0].cells is not None
    assert (every.links, every.tests) == ((), 1)


def test_subqueries_are_read_too_and_those_for_each_row_are_marked(catalog) -> None:
    outline = block_of(
        catalog,
        "SELECT n FROM dp1.Object o WHERE EXISTS (SELECT 1 FROM dp1.ForcedSource f "
        "WHERE f.objectId = o.objectId) "
        "AND objectId IN (SELECT objectId FROM dp1.ForcedSource WHERE visit = 3)",
    )

    inner = [block.inputs[0] for block in outline.inner if isinstance(block, Block)]
    assert [scan.repeated for scan in inner if isinstance(scan, Scan)] == [True, False]
    assert len(translate("SELECT n FROM dp1.Object", catalog).scans) == 1


def test_groups_orders_and_limits_are_told(catalog) -> None:
    grouped = block_of(catalog, "SELECT n, COUNT(*) FROM dp1.Object GROUP BY n ORDER BY n")
    counted = block_of(catalog, "SELECT COUNT(*) FROM dp1.Object")
    cut = block_of(catalog, "SELECT DISTINCT TOP 3 n FROM dp1.Object")

    assert (grouped.groups, grouped.sorted, grouped.aggregated) == ((("Object", "n"),), True, True)
    assert (counted.groups, counted.aggregated) == ((), True)
    assert (cut.distinct, cut.limit) == (True, 3)


def test_named_queries_unions_and_joins_in_parentheses_are_seen_through(catalog) -> None:
    named = translate(
        "WITH x AS (SELECT * FROM dp1.Object WHERE n = 1) SELECT a.n FROM x a JOIN x b USING (objectId)",
        catalog,
    )
    union = translate("SELECT n FROM dp1.Object UNION SELECT visit FROM dp1.ForcedSource", catalog)
    inside = block_of(
        catalog,
        "SELECT u.name FROM TAP_UPLOAD.targets u, "
        "(dp1.Object o JOIN dp1.ForcedSource f ON o.objectId = f.objectId)",
    )

    assert [scan.limits["n"].intervals for scan in named.scans] == [((1, 1),), ((1, 1),)]
    assert isinstance(union.outline, Union)
    assert [scan.source.table.name for scan in union.scans] == ["Object", "ForcedSource"]
    assert [scan.alias for scan in inside.inputs] == ["u", "o", "f"]
    assert len(inside.links) == 1


def test_rows_about_others_are_limited_by_the_rule_that_hides_them(catalog) -> None:
    scan = scan_of(catalog, "SELECT table_name FROM TAP_SCHEMA.tables WHERE schema_name = 'dp1'")

    assert set(scan.limits["_schema"].texts) == {"dp1", "TAP_SCHEMA"}
    assert scan.limits["schema_name"].texts == ("dp1",)


def test_an_open_interval_has_no_end(catalog) -> None:
    scan = scan_of(catalog, "SELECT n FROM dp1.Object WHERE r_psfFlux > 1e3")

    assert scan.limits["r_psfFlux"].intervals == ((1000.0, inf),)
