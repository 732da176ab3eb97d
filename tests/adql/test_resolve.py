"""Names: what they mean, and what happens when they mean nothing or two things."""

import cProfile

import duckdb
import pytest

from sciplat.adql import translate
from sciplat.errors import ADQLError
from sciplat.vo.schema import Datatype


def names(catalog, query):
    return [column.name for column in translate(query, catalog).columns]


def error(catalog, query):
    with pytest.raises(ADQLError) as caught:
        translate(query, catalog)
    return caught.value


def test_a_star_leaves_hidden_columns_out(catalog):
    assert names(catalog, "SELECT * FROM dp1.Object") == [
        "objectId", "coord_ra", "coord_dec", "r_psfFlux", "r_psfFluxErr", "n", "band", "flag",
    ]  # fmt: skip
    assert "_healpix_29" not in names(catalog, "SELECT o.* FROM dp1.Object AS o")


def test_a_hidden_column_can_be_named(run, sky):
    found = run('SELECT "_healpix_29" FROM dp1.Object WHERE objectId = 1000')

    assert found == [(int(sky["_healpix_29"][0]),)]


def test_plain_names_have_no_case_and_results_keep_the_declared_one(catalog):
    assert names(catalog, "SELECT OBJECTID, Coord_RA FROM DP1.OBJECT") == ["objectId", "coord_ra"]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("SELECT n FROM Object ORDER BY -1", "by its number"),
        ("SELECT n FROM Object ORDER BY (1)", "by its number"),
        ("SELECT n FROM Object ORDER BY 'n'", "order by a column"),
        ("SELECT COUNT(*) FROM Object GROUP BY -1", "group by a column"),
        ("SELECT COUNT(*) FROM Object GROUP BY COUNT(*)", "COUNT cannot be grouped by"),
        ("SELECT COUNT(*) FROM Object GROUP BY n + COUNT(*)", "COUNT cannot be grouped by"),
        ("SELECT SUM(AVG(n)) FROM Object", "SUM takes no other"),
        ("SELECT a.n FROM Object a JOIN Object b ON a.n = b.n AND COUNT(*) > 1", "COUNT cannot stand in ON"),
        ("SELECT CAST(n AS VARCHAR(999999999999)) FROM Object", "fewer than 1,000,000,000 characters"),
    ],
)
def test_what_the_engine_would_refuse_is_refused_in_words(catalog, query, message):
    assert message in error(catalog, query).message


@pytest.mark.parametrize("places", ["99999999999999999999", "-99999999999999999999"])
def test_any_number_of_places_can_be_rounded_to(run, places):
    assert run(f"SELECT TOP 1 ROUND(1.5, {places}) FROM Object") == [(0.0 if places[0] == "-" else 1.5,)]


def test_names_in_double_quotes_have_case(catalog):
    assert names(catalog, 'SELECT "objectId" FROM "dp1"."Object"') == ["objectId"]

    wrong = error(catalog, 'SELECT "objectid" FROM dp1.Object')

    assert '"objectId"' in wrong.message


def test_a_table_needs_no_schema_where_only_one_has_its_name(catalog):
    assert translate("SELECT visit FROM ForcedSource", catalog).sources[0].table.name == "ForcedSource"


def test_two_columns_of_one_name_get_different_names(catalog):
    query = "SELECT o.objectId, f.objectId, f.* FROM Object o JOIN ForcedSource f ON o.objectId = f.objectId"

    assert names(catalog, query) == ["objectId", "objectId_2", "objectId_3", "visit", "psfFlux"]


def test_aliases_keep_their_case_and_may_be_anything_in_quotes(catalog):
    assert names(catalog, 'SELECT n AS Nn, band "a ""b"" c", n + 1 FROM Object') == ["Nn", 'a "b" c', "col_3"]


def test_values_without_a_name_are_called_after_their_function(catalog):
    assert names(catalog, "SELECT COUNT(*), MAX(n), ABS(2) FROM Object") == ["count", "max", "abs"]


UNKNOWN = [
    ("SELECT ra FROM dp1.Object", 8, "There is no column ra in Object"),
    ("SELECT objectID2 FROM Object", 8, "Did you mean objectId"),
    ("SELECT zzz FROM ForcedSource", 8, "zzz in ForcedSource. There are objectId, psfFlux, visit"),
    ("SELECT zzz FROM (SELECT n AS number FROM Object) AS q", 8, "There are number"),
    ("SELECT zzz FROM Object, ForcedSource", 8, "zzz. For a list: SELECT column_name FROM TAP_SCHEMA"),
    ("SELECT objectId FROM Objects", 22, "Did you mean dp1.Object"),
    ("SELECT objectId FROM dp1.Objct", 22, "Did you mean dp1.Object"),
    ("SELECT objectId FROM dp2.Object", 22, "Did you mean dp1.Object"),
    ("SELECT x.objectId FROM Object AS o", 8, "No table is called x here"),
    ("SELECT Object.objectId FROM Object AS o", 8, "No table is called Object here"),
    ("SELECT x.* FROM Object AS o", 8, "No table is called x here"),
    ("SELECT nosuch(objectId) FROM Object", 8, "There is no function nosuch"),
    ("SELECT scisql_nanojanskyToABMags(r_psfFlux) FROM Object", 8, "scisql_nanojanskyToAbMag"),
    ('SELECT * FROM "/etc/passwd"', 15, "There is no table /etc/passwd"),
    ('SELECT * FROM "read_csv(\'/etc/passwd\')"', 15, "There is no table"),
    ("SELECT * FROM duckdb_tables", 15, "There is no table"),
    ("SELECT * FROM information_schema.tables", 15, "There is no table"),
    ("SELECT * FROM memory.main.object_g1", 15, "There is no table"),
    ("SELECT * FROM object_g1", 15, "There is no table"),
    ("SELECT objectId FROM Object JOIN ForcedSource USING (objectId, nothing)", 65, "no column nothing"),
]  # fmt: skip


@pytest.mark.parametrize(("query", "column", "words"), UNKNOWN)
def test_an_unknown_name_is_an_error_that_names_the_nearest(catalog, query, column, words):
    wrong = error(catalog, query)

    of_a_table = "no column" not in wrong.message and ("no table" in wrong.message or "dp1." in wrong.message)
    assert wrong.unknown_table is of_a_table
    assert words in wrong.message
    assert (wrong.line, wrong.column) == (1, column if "USING" not in query else query.index("nothing") + 1)


_IN = "SELECT n FROM Object WHERE 1 = CONTAINS(POINT(coord_ra, coord_dec), "
_EXISTS = "SELECT n FROM Object o WHERE EXISTS "
WRONG = [
    ("SELECT objectId FROM Object o, ForcedSource f", "o.objectId"),
    ("SELECT n FROM Object, Object", "give one an alias"),
    ("SELECT n FROM Object UNION SELECT n, band FROM Object", "as many columns"),
    ("SELECT n FROM Object ORDER BY 2", "no 2"),
    ("SELECT n FROM Object UNION SELECT n FROM Object ORDER BY band", "columns of the result"),
    ("SELECT n, band FROM Object GROUP BY n", "band is neither in GROUP BY"),
    ("SELECT n FROM Object WHERE COUNT(*) > 1", "HAVING"),
    ("SELECT COUNT(*) AS c FROM Object GROUP BY c", "grouped by"),
    ("SELECT n FROM Object WHERE n IN (SELECT n, band FROM Object)", "one column"),
    ("SELECT REGION('CIRCLE 1 2 3') FROM Object", "leaves to each service"),
    ("SELECT POINT('GALACTIC', 1, 2) FROM Object", "GALACTIC"),
    ("SELECT n FROM Object WHERE 1 = CONTAINS(CIRCLE(1, 2, 3), POINT(1, 2))", "swap the two"),
    ("SELECT n FROM Object WHERE 1 = CONTAINS(n, CIRCLE(1, 2, 3))", "point or region is needed"),
    (_IN + "CIRCLE(1, 2, -3))", "radius"),
    (_IN + "CIRCLE(1, 200, 3))", "declination"),
    (_IN + "POLYGON(0,0, 1,1, 1,0, 0,1))", "cross"),
    (_IN + "POLYGON(0,0, 1,0, 2,0))", "one line"),
    (_IN + "POLYGON(0,0,120,0,240,0,1,1))", "hemisphere"),
    ("SELECT 'toto' * 3 FROM Object", "'toto' is none"),
    ("SELECT n FROM Object WHERE n = 'x'", "'x' is none"),
    (_IN + "POLYGON(" + ",".join(f"{i % 40}, {i // 40}" for i in range(600)) + "))", "3 to 500"),
    ("SELECT DISTINCT n FROM Object ORDER BY band", "With DISTINCT"),
    ("SELECT ivo_healpix_index(30, coord_ra, coord_dec) FROM Object", "0 to 29"),
    ("WITH q AS (SELECT n FROM Object), Q AS (SELECT n FROM Object) SELECT * FROM q", "two queries called Q"),
    ("WITH q (a, b) AS (SELECT n FROM Object) SELECT * FROM q", "2 names"),
    ("SELECT * FROM (Object a JOIN Object b ON a.n = b.n) NATURAL JOIN ForcedSource",
     "Two columns before NATURAL JOIN are called objectId"),
    ("SELECT * FROM ForcedSource NATURAL JOIN (Object a JOIN Object b ON a.n = b.n)",
     "Two columns after NATURAL JOIN are called objectId"),
    ("SELECT n FROM Object o WHERE n IN (SELECT MAX(o.n) FROM ForcedSource)", "columns of its own query"),
    ("SELECT n FROM Object o WHERE EXISTS (SELECT 1 FROM ForcedSource f HAVING SUM(o.n) > 1)",
     "columns of its own query"),
    ("SELECT COUNT(*) FROM Object o HAVING EXISTS (SELECT 1 FROM ForcedSource f WHERE f.visit = o.n)",
     "n is neither in GROUP BY"),
    ('SELECT n FROM odd."Odd Names", Object WHERE place IN (SELECT n FROM Object)', "can be compared with"),
    (_EXISTS + "(SELECT SUM(CASE WHEN visit IN (SELECT 1 FROM Object) THEN o.n END) FROM ForcedSource)",
     "put the subquery into FROM"),
    ("SELECT IN_UNIT(n, 'km') FROM Object", "unit of this value is not known"),
    ("SELECT IN_UNIT(r_psfFlux, 'deg') FROM Object", "What is in nJy cannot be given in deg"),
    ("SELECT IN_UNIT(r_psfFlux, 'mag') FROM Object", "What is in nJy cannot be given in mag"),
    ("SELECT IN_UNIT(r_psfFlux, 'parsnips') FROM Object", "'parsnips' is no unit"),
    ("SELECT IN_UNIT(3, 'km') FROM Object", "a number without dimension cannot be given in km"),
]  # fmt: skip


@pytest.mark.parametrize(("query", "words"), WRONG)
def test_what_cannot_run_is_refused_with_the_reason(catalog, query, words):
    wrong = error(catalog, query)

    assert words in wrong.message
    assert wrong.column > 1


def test_a_query_of_with_hides_a_table_of_its_name(run):
    assert run(
        "WITH Object AS (SELECT 1 AS x FROM dp1.Object WHERE objectId = 1000) SELECT * FROM object"
    ) == [(1,)]


def test_columns_of_with_can_be_renamed(catalog, run):
    query = (
        "WITH q (a, B) AS (SELECT objectId, n FROM Object WHERE objectId < 1003) "
        "SELECT b, A FROM q ORDER BY a"
    )

    assert names(catalog, query) == ["B", "a"]
    assert run(query) == [(-3, 1000), (-2, 1001), (-1, 1002)]


def test_a_query_of_with_can_be_used_twice(run):
    assert run(
        "WITH q AS (SELECT TOP 3 objectId AS i FROM Object ORDER BY objectId) "
        "SELECT a.i, b.i FROM q AS a JOIN q AS b ON a.i = b.i + 1 ORDER BY 1"
    ) == [(1001, 1000), (1002, 1001)]


def test_inner_queries_see_the_columns_around_them(run):
    found = run(
        "SELECT objectId FROM Object o WHERE objectId < 1005 AND EXISTS "
        "(SELECT * FROM ForcedSource f WHERE f.objectId = o.objectId AND f.visit = 2) OR objectId IN "
        "(SELECT f.objectId + 1 FROM ForcedSource f WHERE f.objectId = o.objectId - 1 AND f.visit = 3)"
    )

    assert sorted(found) == [(1002,), (1004,)]


def test_natural_and_using_show_shared_columns_once(catalog, run):
    expected = ["objectId", "visit", "psfFlux"]
    natural = (
        "SELECT * FROM ForcedSource NATURAL JOIN (SELECT objectId FROM Object WHERE objectId < 1001) AS q"
    )
    using = natural.replace("NATURAL JOIN", "JOIN") + " USING (objectId)"

    assert names(catalog, natural) == expected
    assert names(catalog, using) == expected
    assert run(natural + " WHERE objectId = 1000 AND visit = 0") == [(1000, 0, 0.0)]


@pytest.mark.parametrize(
    ("side", "ids"), [("LEFT", [1, 2]), ("RIGHT", [2, 3]), ("FULL", [1, 2, 3]), ("INNER", [2])]
)
def test_the_shared_column_of_an_outer_join_comes_from_either_side(run, side, ids):
    found = run(
        "SELECT i FROM (SELECT objectId - 999 AS i FROM Object WHERE objectId IN (1000, 1001)) AS a "
        f"{side} JOIN (SELECT objectId - 999 AS i FROM Object WHERE objectId IN (1001, 1002)) AS b USING (i) "
        "ORDER BY i"
    )

    assert [row[0] for row in found] == ids


def test_rows_of_others_are_not_in_tap_schema(run):
    assert run("SELECT schema_name FROM TAP_SCHEMA.tables") == [("dp1",)]
    assert run("SELECT t.schema_name FROM tap_schema.tables AS t WHERE t.schema_name = 'secret'") == []
    assert run("SELECT COUNT(*) FROM TAP_SCHEMA.tables a JOIN TAP_SCHEMA.tables b ON 1 = 1") == [(1,)]
    assert run("WITH q AS (SELECT * FROM TAP_SCHEMA.tables) SELECT COUNT(*) FROM q") == [(1,)]


def test_only_what_the_query_reads_is_a_source(catalog):
    query = "WITH q AS (SELECT * FROM Object) SELECT * FROM q WHERE n IN (SELECT visit FROM ForcedSource)"

    assert sorted(source.table.name for source in translate(query, catalog).sources) == [
        "ForcedSource",
        "Object",
    ]


def test_odd_names_reach_the_engine_in_quotes(run):
    assert run('SELECT "select", "a""b", "when" FROM odd."Odd Names" WHERE "a""b" = 4')[0][:2] == (3, 4)


def test_columns_of_the_result_say_what_they_are(catalog):
    columns = translate(
        "SELECT objectId AS i, r_psfFlux, MAX(r_psfFlux) AS m, AVG(r_psfFlux) AS a, COUNT(*) AS c "
        "FROM Object GROUP BY objectId, r_psfFlux",
        catalog,
    ).columns

    assert [column.unit for column in columns] == [None, "nJy", "nJy", "nJy", None]
    assert columns[0].ucd == "meta.id"
    assert columns[0].description == "Which object"
    assert columns[1].datatype is Datatype.DOUBLE
    assert columns[3].datatype is None
    assert columns[4].ucd == "meta.number"


def test_derived_columns_keep_units_where_they_are_plain(catalog):
    columns = translate(
        "SELECT ABS(r_psfFlux), r_psfFlux - r_psfFluxErr, r_psfFlux / r_psfFluxErr, "
        "DISTANCE(coord_ra, coord_dec, 1, 2), POINT(coord_ra, coord_dec), q.f FROM "
        "(SELECT coord_ra, coord_dec, r_psfFlux, r_psfFluxErr, r_psfFlux AS f FROM Object) AS q",
        catalog,
    ).columns

    assert [column.unit for column in columns] == ["nJy", "nJy", None, "deg", "deg", "nJy"]
    assert columns[4].xtype == "point"


@pytest.mark.parametrize("maxrec", [0, 1, 7])
def test_one_row_more_than_maxrec_is_asked_for(run, maxrec):
    assert len(run("SELECT n FROM Object", maxrec=maxrec)) == maxrec + 1
    assert len(run("SELECT TOP 3 n FROM Object", maxrec=maxrec)) == min(3, maxrec + 1)
    assert (
        len(run("SELECT n FROM Object UNION ALL SELECT n FROM Object ORDER BY 1", maxrec=maxrec))
        == maxrec + 1
    )
    assert len(run("(SELECT n FROM Object) OFFSET 3990", maxrec=maxrec)) == min(10, maxrec + 1)


def test_a_top_inside_a_set_operation_cuts_its_own_query_only(run):
    found = run(
        "SELECT TOP 2 objectId FROM Object WHERE objectId < 1005 UNION "
        "(SELECT TOP 1 objectId FROM Object WHERE objectId > 2000 ORDER BY objectId DESC) ORDER BY 1"
    )

    assert len(found) == 3
    assert found[-1] == (4999,) or found[-1][0] > 4000


GROUPED_OUTSIDE = [
    "SELECT n FROM Object o WHERE EXISTS (SELECT 1 FROM ForcedSource f WHERE visit = o.n GROUP BY o.n)",
    "SELECT n FROM Object o GROUP BY n HAVING EXISTS (SELECT 1 FROM ForcedSource f WHERE f.visit = o.n)",
    "SELECT n FROM Object o GROUP BY n HAVING n IN (SELECT SUM(f.visit - o.n) FROM ForcedSource f)",
]


@pytest.mark.parametrize("query", GROUPED_OUTSIDE)
def test_a_query_inside_may_group_and_use_what_the_query_around_groups(run, query):
    assert run(query) is not None


def test_what_stands_before_in_is_compared_as_its_kind(run):
    text = "SELECT COUNT(*) FROM Object WHERE objectId = 1000 AND '3' IN (SELECT 0 - n FROM Object)"
    number = "SELECT COUNT(*) FROM Object WHERE objectId = 1000 AND 2 IN (SELECT '0' || '2' FROM Object)"

    assert run(text) == run(number) == [(1,)]
    assert run("SELECT COUNT(*) FROM Object WHERE objectId = 1000 AND 'g' NOT IN (band, CASE n WHEN 1 THEN "
               "band END)") == [(0,)]  # fmt: skip


@pytest.mark.slow
def test_the_work_for_a_query_grows_with_its_columns_and_not_with_their_square(catalog):
    def calls(count):
        names = ", ".join(f"c{i}" for i in range(count))
        inner = ", ".join(f"n AS c{i}" for i in range(count))
        with cProfile.Profile() as profile:
            translate(f"SELECT {names}, {names} FROM (SELECT {inner} FROM Object) AS q", catalog)
        return sum(entry.callcount for entry in profile.getstats())

    calls(10)
    assert calls(640) < 10 * calls(80)  # the square would be 64 times


def test_without_group_by_a_column_may_stand_beside_an_aggregate_if_it_has_one_value(
    run, connection, catalog
):
    query = "SELECT band, COUNT(*) AS c, n + 1 AS m FROM Object WHERE objectId"

    assert run(f"{query} IN (1000, 1021)") == [("g", 2, -2)]
    assert run(f"{query} < 0") == [(None, 0, None)]
    with pytest.raises(duckdb.Error, match="band has more than one value here: group by it"):
        run(f"{query} < 1010")
    assert translate(f"{query} < 0", catalog).columns[0].datatype is Datatype.CHAR
