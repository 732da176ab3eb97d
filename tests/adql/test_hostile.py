"""Statements that want more than a query: each meets a clear error, and long ones are answered at once."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.examples import examples

from sciplat.adql import translate
from sciplat.errors import ADQLError

HOSTILE = [
    "SELECT * FROM '/etc/passwd'",
    'SELECT * FROM "/etc/passwd"',
    'SELECT * FROM "/data/catalog.parquet"',
    "SELECT * FROM read_csv('/etc/passwd')",
    'SELECT * FROM read_text("/etc/passwd")',
    "SELECT * FROM \"read_text('/etc/passwd')\"",
    "SELECT * FROM glob('*')",
    "SELECT content FROM read_blob('/proc/self/environ') AS t",
    "SELECT getenv('HOME') FROM Object",
    "SELECT current_setting('secret_directory') FROM Object",
    "SELECT read_text('/etc/passwd') FROM Object",
    "SELECT query_table('object_g1') FROM Object",
    "SELECT objectId FROM Object; DROP TABLE object_g1",
    "SELECT objectId FROM Object; SELECT 1 FROM Object",
    "SELECT objectId FROM Object -- \n; ATTACH 'x'",
    "SELECT objectId FROM Object /* hidden */ WHERE n = 1",
    "COPY Object TO '/tmp/x'",
    "ATTACH '/tmp/x.db'",
    "INSTALL httpfs",
    "SET memory_limit = '1TB'",
    "PRAGMA database_list",
    "EXPLAIN SELECT objectId FROM Object",
    "CREATE TABLE x AS SELECT objectId FROM Object",
    "DELETE FROM Object",
    "WITH RECURSIVE q AS (SELECT 1 FROM Object UNION ALL SELECT 1 FROM q) SELECT * FROM q",
    "WITH q AS (SELECT * FROM q) SELECT * FROM q",
    "SELECT * FROM duckdb_settings()",
    "SELECT * FROM sqlite_master",
    "SELECT * FROM information_schema.columns",
    "SELECT * FROM memory.main.object_g1",
    "SELECT * FROM pg_catalog.pg_class",
    "SELECT * FROM range(1000000000)",
    "SELECT o.* EXCLUDE (n) FROM Object o",
    "SELECT COLUMNS('.*') FROM Object",
    "SELECT objectId FROM Object WHERE n = (SELECT MAX(n) FROM Object)",
    "SELECT objectId FROM Object WHERE n = ANY (SELECT n FROM Object)",
    "SELECT [1, 2] FROM Object",
    "SELECT {'a': 1} FROM Object",
    "SELECT $1 FROM Object",
    "SELECT ? FROM Object",
    "SELECT objectId::VARCHAR FROM Object",
    "SELECT CAST(objectId AS BLOB) FROM Object",
    "VALUES (1)",
    "TABLE Object",
    "FROM Object",
    "\x00",
    "SELECT " + "(" * 1_000_000,
]


@pytest.mark.parametrize("query", HOSTILE, ids=lambda query: query[:40].encode("unicode_escape").decode())
def test_a_hostile_statement_meets_a_clear_error(catalog, query):
    start = time.process_time()

    with pytest.raises(ADQLError) as caught:
        translate(query, catalog)

    assert time.process_time() - start < 1
    assert caught.value.line >= 1
    assert 0 < len(caught.value.message) < 400


@pytest.mark.parametrize(
    "text",
    [
        "it's",
        "back\\slash",
        "new\nline",
        "tab\there",
        'a"b',
        "-- no comment",
        "''; DROP",
        "\u00e9\u4e2d",
        "%_",
    ],
)
def test_texts_reach_the_engine_as_they_are(run, text):
    quoted = text.replace("'", "''")

    assert run(f"SELECT TOP 1 '{quoted}' FROM Object") == [(text,)]


@pytest.mark.parametrize("name", ['a"b', 'a" FROM x; --', "new\nline", "\u00e9", "select", " ", "a.b", "'"])
def test_names_reach_the_engine_as_they_are(run, catalog, name):
    quoted = name.replace('"', '""')
    query = f'SELECT q."{quoted}" FROM (SELECT TOP 1 objectId - objectId AS "{quoted}" FROM Object) AS q'

    assert run(query) == [(0,)]
    assert translate(query, catalog).columns[0].name == name


LONG = {
    "values": "SELECT COUNT(*) FROM Object WHERE objectId IN (" + ", ".join(map(str, range(5000))) + ")",
    "ands": "SELECT COUNT(*) FROM Object WHERE " + " AND ".join(f"n <> {i}" for i in range(10, 2010)),
    "ors": "SELECT COUNT(*) FROM Object WHERE " + " OR ".join(f"(n = {i} AND n < 5)" for i in range(1000)),
    "sum": "SELECT COUNT(*) FROM Object WHERE n" + " + 1 - 1" * 74 + " = 1",
    "texts": "SELECT COUNT(*) FROM Object WHERE band" + " || 'x'" * 149 + " = 'x'",
    "union": "SELECT n FROM Object" + " UNION SELECT n FROM Object" * 100,
    "parentheses": "SELECT COUNT(*) FROM Object WHERE " + "(" * 38 + "n" + "+1-1)" * 38 + " = 1",
    "functions": "SELECT " + "ABS(" * 38 + "n" + ")" * 38 + " FROM Object",
    "nested": "SELECT COUNT(*) FROM "
    + "(SELECT * FROM " * 38
    + "Object"
    + "".join(f") AS q{i}" for i in range(38)),
    "columns": "SELECT " + ", ".join(f"n AS c{i}" for i in range(1000)) + " FROM Object",
}


@pytest.mark.parametrize(
    "query",
    [
        pytest.param(query, id=name, marks=pytest.mark.slow if name in {"ands", "ors"} else ())
        for name, query in LONG.items()
    ],
)
def test_long_queries_run_even_below_a_deep_stack(run, query):
    def below(depth):
        return run(query) if depth == 0 else below(depth - 1)

    assert below(150)


_PIECES = """
SELECT FROM WHERE AND OR NOT ( ) , . * = < + - / || 1 2.5 'x' n objectId Object o "n" coord_ra coord_dec
POINT( CIRCLE( CONTAINS( DISTANCE( COUNT( SUM( COALESCE( GROUP ORDER BY HAVING JOIN ON USING AS IN LIKE
BETWEEN IS NULL UNION DISTINCT TOP 5 CASE WHEN THEN END EXISTS ForcedSource band CAST( INTEGER ) ABS(
"""
STARTS = [
    "SELECT objectId , n FROM Object WHERE n = 1 AND band = 'g' ORDER BY n",
    "SELECT band , COUNT( * ) AS c FROM Object GROUP BY band HAVING COUNT( * ) > 2",
    "SELECT * FROM Object AS o JOIN ForcedSource AS f ON o . objectId = f . objectId WHERE f . visit < 3",
    "SELECT n FROM Object WHERE 1 = CONTAINS( POINT( coord_ra , coord_dec ) , CIRCLE( 1 , 2 , 3 ) )",
    "SELECT a . n FROM Object a , Object b WHERE DISTANCE( a . coord_ra , 1 , b . coord_ra , 1 ) < 0.1",
    "SELECT n FROM Object WHERE n IN ( SELECT visit FROM ForcedSource ) UNION SELECT visit FROM ForcedSource",
]


@settings(max_examples=examples(300), deadline=None)
@given(st.data())
def test_what_is_translated_the_engine_can_plan(connection, catalog, data):
    words = data.draw(st.sampled_from(STARTS)).split(" ")
    pieces = _PIECES.split()
    for _ in range(data.draw(st.integers(0, 3))):
        place = data.draw(st.integers(0, len(words)))
        piece = data.draw(st.sampled_from(pieces))
        words[place : place + data.draw(st.integers(0, 1))] = [piece]
    try:
        sql = translate(" ".join(words), catalog, maxrec=10).sql
    except ADQLError:
        return
    connection.execute(f"EXPLAIN {sql}").fetchall()


_LITERALS = """
1 2.5 'x' '3' NULL TRUE '2025-01-01' n objectId r_psfFlux band flag "when" place disc shape
"""
literals = st.sampled_from(_LITERALS.split())


def larger(values):
    def joined(template):
        return st.tuples(values, values, values).map(lambda three: template.format(*three))

    templates = [
        "{0} + {1}", "{0} - {1}", "{0} * {1}", "{0} / {1}", "{0} || {1}", "({0})", "-({0})", "ABS({0})",
        "SQRT({0})", "LOG({0})", "ROUND({0})", "UPPER({0})", "ASIN({0})", "COORD1({0})", "AREA({0})",
        "POWER({0}, {1})", "MOD({0}, {1})", "COALESCE({0}, {1})", "DISTANCE({0}, {1})", "POINT({0}, {1})",
        "CONTAINS({0}, {1})", "INTERSECTS({0}, {1})", "CAST({0} AS INTEGER)", "CAST({0} AS VARCHAR(3))",
        "CAST({0} AS TIMESTAMP)", "CAST({0} AS POINT)", "CASE WHEN {0} = {1} THEN {1} ELSE {2} END",
        "CASE WHEN {0} BETWEEN {1} AND {2} THEN {1} END", "CASE WHEN {0} IN ({1}, {2}) THEN 1 END",
        "CASE WHEN {0} LIKE {1} THEN {2} END", "CASE {0} WHEN {1} THEN {2} END",
    ]  # fmt: skip
    return st.sampled_from(templates).flatmap(joined)


@settings(max_examples=examples(120), deadline=None)
@given(st.recursive(literals, larger, max_leaves=6), st.recursive(literals, larger, max_leaves=3))
def test_values_of_any_kind_run_or_are_refused_before(run, value, other):
    tables = 'FROM (SELECT TOP 20 * FROM Object) AS o, odd."Odd Names"'
    for query in (
        f"SELECT {value} AS x {tables}",
        f"SELECT {value} AS x {tables} UNION SELECT {other} {tables}",
    ):
        try:
            run(query)
        except ADQLError:
            continue
