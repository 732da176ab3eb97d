"""What is ADQL 2.1 and what is not; and that errors say where and what mends them."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.examples import examples

from sciplat.adql import check, parse
from sciplat.errors import ADQLError

VALID = [
    "SELECT ra FROM t",
    "select TOP 0 ra from t",
    "SELECT DISTINCT TOP 5 ra FROM t",
    "SELECT ALL ra FROM t",
    "SELECT a, b, * FROM t",
    "SELECT t.*, s.u.* FROM t, s.u",
    "SELECT a.b.c.d FROM a.b.c",
    "SELECT TAP_UPLOAD . t . c FROM TAP_UPLOAD . t",
    'SELECT "odd ""name""" AS "x y" FROM "Odd Schema"."Odd Table"',
    "SELECT 'it''s' 'one text' FROM t",
    "SELECT -a, +a, -1, 2*-1 FROM t",
    "SELECT 1, 1., .5, 1.5e-3, 1E5 FROM t",
    "SELECT a || 'x' || b FROM t",
    "SELECT (a + b) * c / d - 1 FROM t",
    "SELECT COUNT(*), COUNT(DISTINCT a), SUM(ALL b) FROM t",
    "SELECT TRUE FROM t WHERE a = FALSE",
    "SELECT NULL FROM t",
    "SELECT CAST(a AS VARCHAR(3)), CAST(a AS DOUBLE PRECISION), CAST('1 2' AS POINT) FROM t",
    "SELECT CASE WHEN a > 1 THEN 'x' ELSE 'y' END, CASE a WHEN 1 THEN 2 END FROM t",
    "SELECT COALESCE(a, b, 0), UPPER(a), LOWER('X') FROM t",
    "SELECT RAND(), RAND(5), PI(), ROUND(a), ROUND(a, -2), TRUNCATE(a, 2) FROM t",
    "SELECT IN_UNIT(a, 'km') FROM t",
    "SELECT any_function(a, 'x', POINT(1, 2)), other() FROM t",
    "SELECT DISTANCE(p, q) AS distance FROM t",
    "SELECT a FROM t WHERE a BETWEEN b+1 AND 4 AND c NOT BETWEEN 1 AND 2",
    "SELECT a FROM t WHERE a IN (1, 2, b) AND c NOT IN (SELECT x FROM u)",
    "SELECT a FROM t WHERE a LIKE 'x%' OR a NOT ILIKE b || '%'",
    "SELECT a FROM t WHERE a IS NULL AND t.b IS NOT NULL",
    "SELECT a FROM t WHERE NOT (a = 1 OR b <> 2) AND NOT c != 3",
    "SELECT a FROM t WHERE (a) = (b) AND ((a + 1) > (2))",
    "SELECT a FROM t WHERE EXISTS (SELECT * FROM u WHERE u.x = t.x)",
    "SELECT a FROM t GROUP BY a, b + 1 HAVING COUNT(*) > 1 ORDER BY a DESC, 2, b + 1 ASC OFFSET 5",
    "SELECT a FROM t NATURAL JOIN u",
    "SELECT a FROM t JOIN u",
    "SELECT a FROM t INNER JOIN u ON t.a = u.a LEFT JOIN v USING (a, b) RIGHT OUTER JOIN w ON a = b",
    "SELECT a FROM t FULL JOIN u ON (a = b), v",
    "SELECT a FROM (t JOIN u ON x = y) JOIN (v JOIN w) ON z = q",
    "SELECT a FROM ((t JOIN u) JOIN v)",
    "SELECT a FROM (SELECT a FROM t) AS q, (SELECT b FROM u ORDER BY b OFFSET 1) r",
    "SELECT a FROM ((SELECT a FROM t) UNION (SELECT b FROM u)) AS q",
    "SELECT a FROM t UNION SELECT a FROM u INTERSECT SELECT a FROM v EXCEPT ALL SELECT a FROM w",
    "(SELECT a FROM t) UNION ALL (SELECT TOP 1 a FROM u ORDER BY a) ORDER BY 1 OFFSET 2",
    "WITH q AS (SELECT a FROM t), r (x, y) AS (SELECT b, c FROM u) SELECT * FROM q, r",
    "SELECT a FROM t WHERE 1 = CONTAINS(POINT('ICRS', ra, dec), CIRCLE('ICRS', 1, 2, 3))",
    "SELECT a FROM t WHERE CONTAINS(POINT(ra, dec), POLYGON(1, 2, 3, 4, 5, 6)) = 1",
    "SELECT a FROM t WHERE 0 = INTERSECTS(BOX(1, 2, 3, 4), BOX(p, 3, 4))",
    "SELECT CIRCLE(p, 3), CIRCLE('fk5', p, 3), CIRCLE(POINT(1, 2), 3), POLYGON(p, q, r) FROM t",
    "SELECT DISTANCE(1, 2, 3, 4), DISTANCE(p, q), COORD1(p), AREA(c), CENTROID(c), COORDSYS(c) FROM t",
    "SELECT POINT(NULL, 2, 3), POINT('ICRS', a, 'b'), '30' * 1323, REGION('CIRCLE 1 2 3') FROM t",
    "SELECT a --comment\nFROM t -- last",
    "SELECT a FROM t;",
    "select all(a+b)X from most,(anything join else3 ON(a BETWEEN(b+and7)AND 4))",
    "SELECT a FROM t ORDER BY 2desc",
    "SELECT dec, type, name, long FROM t",
]  # fmt: skip

# The query, the line and column of its error, and words of the message.
INVALID = [
    ("", 1, 1, "SELECT"),
    ("SELECT", 1, 7, "a value"),
    ("SELECT FROM t", 1, 8, "found FROM"),
    ("SELECT a, FROM t", 1, 11, "comma before it one too many"),
    ("SELECT a,, b FROM t", 1, 10, "a value"),
    ("SELECT a\nFORM t", 2, 6, "Did you mean FROM"),
    ("SELECT a FROM t WEHRE b = 1", 1, 23, "Did you mean WHERE"),
    ("SELECT a FROM t WHERE b BETWEN 1 AND 2", 1, 25, "Did you mean BETWEEN"),
    ("SELECT TOP 5 DISTINCT a FROM t", 1, 14, "DISTINCT stands before TOP"),
    ("SELECT TOP -1 a FROM t", 1, 12, "unsigned integer"),
    ("SELECT TOP a FROM t", 1, 12, "unsigned integer"),
    ("SELECT a FROM t LIMIT 5", 1, 17, "SELECT TOP n"),
    ("SELECT a FROM t WHERE b > 1 LIMIT 5", 1, 29, "SELECT TOP n"),
    ("SELECT a TOP 5 FROM t", 1, 10, "TOP stands after SELECT"),
    ("SELECT a FROM t CROSS JOIN u", 1, 17, "CROSS JOIN"),
    ("SELECT size FROM t", 1, 8, 'double quotes: "size"'),
    ("SELECT a AS Date FROM t", 1, 13, 'double quotes: "Date"'),
    ("SELECT distance FROM t", 1, 8, '"distance"'),
    ("SELECT a FROM t ORDER BY distance", 1, 26, '"distance"'),
    ("SELECT a FROM t WHERE (b > 1 AND c < 2", 1, 39, "line 1, column 23 is still open"),
    ("SELECT a FROM t WHERE b > 1)", 1, 28, "closes none"),
    ("SELECT ABS(a FROM t", 1, 14, "line 1, column 11 is still open"),
    ("SELECT a FROM t WHERE CONTAINS(p, q)", 1, 23, "1 = CONTAINS(...)"),
    ("SELECT a FROM t WHERE INTERSECTS(p, q) AND b = 1", 1, 23, "1 = INTERSECTS(...)"),
    ("SELECT a FROM t WHERE b", 1, 24, "a comparison"),
    ("SELECT a FROM t WHERE TRUE", 1, 27, "a comparison"),
    ("SELECT a FROM t WHERE b == 1", 1, 26, "one `=`"),
    ("SELECT a FROM t WHERE a = b = c", 1, 29, "found `=`"),
    ("SELECT a FROM t WHERE NOT NOT a = 1", 1, 27, "NOT"),
    ("SELECT a FROM t WHERE a + 1 IS NULL", 1, 29, "found IS"),
    ("SELECT a FROM t WHERE a = 'x", 1, 27, "closing quote"),
    ('SELECT "a FROM t', 1, 8, "closing double quote"),
    ("SELECT a FROM t; DROP TABLE t", 1, 16, "one query"),
    ("DROP TABLE t", 1, 1, "Only queries"),
    ("SELECT a % 2 FROM t", 1, 10, "MOD(x, y)"),
    ("SELECT a::int FROM t", 1, 9, "CAST(x AS type)"),
    ("SELECT a /* no */ FROM t", 1, 10, "--"),
    ("SELECT 0x1F FROM t", 1, 8, "decimal"),
    ("SELECT 1.2.3 FROM t", 1, 8, "1.2.3 is no number"),
    ("SELECT _a FROM t", 1, 8, "double quotes"),
    ("SELECT gr\u00e9 FROM t", 1, 10, "names in double quotes"),
    ("SELECT a.b.c.d.e FROM t", 1, 8, "at most 4 parts"),
    ("SELECT a FROM b.c.d.e", 1, 15, "at most 3 parts"),
    ("SELECT a FROM (SELECT b FROM t)", 1, 32, "a name for this subquery"),
    ("SELECT a FROM (t)", 1, 15, "no parentheses"),
    ("SELECT a FROM read_csv('/etc/passwd')", 1, 23, "functions that give tables"),
    ("SELECT (SELECT 1 FROM t) FROM u", 1, 9, "subquery"),
    ("SELECT a FROM t WHERE b > (SELECT c FROM u)", 1, 28, "subquery"),
    ("SELECT a FROM t UNION (WITH q AS (SELECT b FROM u) SELECT * FROM q)", 1, 24, "WITH stands before"),
    ("SELECT a FROM t OFFSET 1 ORDER BY a", 1, 26, "ORDER BY stands before OFFSET"),
    ("SELECT a FROM t OFFSET 10.5", 1, 24, "unsigned integer"),
    ("SELECT a FROM t WHERE b LIKE 'x' ESCAPE '!'", 1, 34, "ESCAPE"),
    ("SELECT CAST(1 AS TEXT) FROM t", 1, 18, "VARCHAR"),
    ("SELECT CAST(1 AS DOUBLE) FROM t", 1, 24, "PRECISION"),
    ("SELECT ABS() FROM t", 1, 8, "ABS(number)"),
    ("SELECT POWER(1) FROM t", 1, 8, "POWER(number, number)"),
    ("SELECT ROUND(a, b) FROM t", 1, 8, "n an integer as written"),
    ("SELECT CIRCLE('fk5', 2, 3) FROM t", 1, 8, "CIRCLE(longitude, latitude, radius)"),
    ("SELECT POLYGON(1, 2, 3, 4) FROM t", 1, 8, "three corners"),
    ("SELECT REGION(a) FROM t", 1, 8, "REGION('text')"),
    ("SELECT POINT(1, 2) || 'a' FROM t", 1, 8, "region"),
    ("SELECT -1 || 'a' FROM t", 1, 8, "parentheses"),
    ("SELECT ('a' || 'b') * 2 FROM t", 1, 8, "a text"),
    ("SELECT -NULL FROM t", 1, 9, "NULL"),
    ("SELECT COALESCE() FROM t", 1, 8, "COALESCE(value, ...)"),
    ("SELECT SUM(*) FROM t", 1, 12, "a value"),
    ("SELECT COUNT() FROM t", 1, 14, "a value"),
    ("SELECT SUBSTRING(a, 1, 2) FROM t", 1, 8, "SUBSTRING"),
    ("SELECT a FROM t JOIN u USING (t.a)", 1, 32, "`)`"),
    ("SELECT a FROM t JOIN u ON b", 1, 28, "a comparison"),
    ("SELECT a b c FROM t", 1, 12, "FROM"),
]  # fmt: skip


@pytest.mark.parametrize("query", VALID)
def test_this_is_adql(query):
    assert check(query).message is None


@pytest.mark.parametrize(("query", "line", "column", "words"), INVALID)
def test_this_is_not_adql_and_the_error_says_why(query, line, column, words):
    answer = check(query)

    assert not answer.valid
    assert words in answer.message
    assert (answer.line, answer.column) == (line, column)


def test_an_error_knows_its_length():
    with pytest.raises(ADQLError) as caught:
        parse("SELECT a\n  FROM t WHERE size = 1")

    assert (caught.value.line, caught.value.column, caught.value.length) == (2, 16, 4)
    assert str(caught.value).endswith("(line 2, column 16)")


def test_names_know_their_place():
    tree = parse("SELECT\n  ra FROM t")

    assert tree.expressions[0].meta["span"] == (9, 11)


@pytest.mark.parametrize(
    "query",
    [
        "SELECT " + "(" * 1_000_000,
        "SELECT " + "(" * 45_000 + "1" + ")" * 45_000 + " FROM t",
        "SELECT a FROM t WHERE " + "NOT (" * 15_000 + "a = 1" + ")" * 15_000,
        "SELECT " + "ABS(" * 20_000 + "a" + ")" * 20_000 + " FROM t",
        "SELECT a FROM " + "(SELECT a FROM " * 6_000,
        "SELECT a" + "+1" * 40_000 + " FROM t",
        "SELECT a" + "||b" * 30_000 + " FROM t",
        "SELECT a FROM t" + " UNION SELECT a FROM t" * 4_000,
        "SELECT " + "a" * 90_000 + " FROM t",
    ],
    ids=lambda query: query[:20],
)
def test_what_is_too_long_or_too_deep_is_refused_at_once(query):
    start = time.process_time()

    answer = check(query)

    assert not answer.valid
    assert len(answer.message) < 300
    assert time.process_time() - start < 2


@pytest.mark.parametrize(
    "query",
    [
        "SELECT a FROM t WHERE a IN (" + ", ".join(map(str, range(5000))) + ")",
        "SELECT a FROM t WHERE " + " AND ".join(f"a <> {i}" for i in range(2000)),
        "SELECT a FROM t WHERE " + " OR ".join(f"(a = {i} AND b = 1)" for i in range(2000)),
        "SELECT " + ", ".join(f"a AS a{i}" for i in range(2000)) + " FROM t",
    ],
    ids=lambda query: query[:30],
)
def test_long_lists_and_conditions_are_fine(query):
    assert check(query).valid


_WORDS = """
SELECT FROM WHERE GROUP BY HAVING ORDER OFFSET TOP DISTINCT ALL AS AND OR NOT IN IS NULL LIKE BETWEEN
EXISTS JOIN LEFT ON USING NATURAL UNION EXCEPT WITH CASE WHEN THEN ELSE END CAST VARCHAR COUNT SUM POINT
CIRCLE CONTAINS DISTANCE ( ) , . * + - / = <> < || ; a t b.c "x" 'text' 1 2.5 f( -- % é ' "
"""
WORDS = [*_WORDS.split(), "\n"]


@settings(max_examples=examples(300), deadline=None)
@given(st.data())
def test_mutated_queries_only_ever_meet_a_clear_error(data):
    words = data.draw(st.sampled_from(VALID)).split(" ")
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(words)))
        match data.draw(st.sampled_from(["drop", "insert", "replace", "swap"])):
            case "drop":
                del words[place : place + 1]
            case "insert":
                words.insert(place, data.draw(st.sampled_from(WORDS)))
            case "replace":
                words[place : place + 1] = [data.draw(st.sampled_from(WORDS))]
            case _:
                words[place : place + 2] = reversed(words[place : place + 2])
    query = " ".join(words)

    answer = check(query)

    assert answer.valid or 1 <= answer.line <= query.count("\n") + 1
    assert answer.valid or 1 <= answer.column <= len(query) + 1


@settings(max_examples=examples(200), deadline=None)
@given(st.text(max_size=60))
def test_any_text_meets_a_clear_error(text):
    answer = check(text)

    assert answer.valid or (answer.message and answer.line >= 1 and answer.column >= 1)
