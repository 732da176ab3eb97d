"""A search for ids goes through the lookup where that is the same truth, and nowhere else."""

from dataclasses import replace

import duckdb
import pytest

from sciplat.adql import Catalog, TableSource, translate
from sciplat.vo.schema import Column, Datatype, Table

ROWS = 1000
TABLE = Table(
    "s",
    "t",
    (Column("id", Datatype.LONG), Column("name", Datatype.CHAR, "*"), Column("v", Datatype.DOUBLE)),
    rows=ROWS,
    lookup="id",
)


@pytest.fixture(scope="module")
def engine():
    connection = duckdb.connect()
    connection.execute("CREATE SCHEMA g")
    connection.execute(
        "CREATE TABLE g.data AS SELECT "
        "CASE WHEN i % 50 = 7 THEN NULL ELSE (i * 7919) % 1009 - 500 END::BIGINT AS id, "
        f"'n' || i AS name, i * 1.5e0 AS v FROM range({ROWS}) r(i)"
    )
    for column in ("id", "name"):
        connection.execute(
            f"CREATE TABLE g.lookup_{column} AS "
            f"SELECT {column} AS value, rowid AS place FROM g.data ORDER BY value"
        )
    return connection


def sql(query, lookup="id"):
    source = TableSource(replace(TABLE, lookup=lookup), ("memory", "g", "data"))
    return translate(query, Catalog([source])).sql.replace('"lookup"', f'"lookup_{lookup}"')


@pytest.mark.parametrize(
    "condition",
    [
        "id = 12",
        "12 = id OR id = 5",
        "id = -12",
        "id IN (1, -2, 3, 99999)",
        "id = 12 AND v > 0",
        "(id = 12) AND NOT id = 5",
        "NOT id = 12",
        "id = 12.0",
        "id = 12.5",
        "id IN (SELECT id FROM s.t WHERE id = 4)",
        "id = 3 AND EXISTS (SELECT 1 FROM s.t AS u WHERE u.id = 4)",
    ],
)
def test_rows_are_the_same_as_without_a_lookup(engine, condition):
    query = f"SELECT id, name FROM s.t WHERE {condition} ORDER BY id, name"

    assert engine.sql(sql(query)).fetchall() == engine.sql(sql(query, None)).fetchall()


@pytest.mark.parametrize("condition", ["id = 12", "v < 9 AND (id IN (1, 2))", "t.id = -3"])
def test_a_search_for_ids_reads_the_lookup_instead_of_the_ids(condition):
    text = sql(f"SELECT v FROM s.t WHERE {condition}")

    assert '"t"."rowid" IN (SELECT "place" FROM "memory"."g"."lookup_id" WHERE "value"' in text
    assert '"t"."id"' not in text


def test_texts_can_be_ids(engine):
    text = sql("SELECT v FROM s.t WHERE name IN ('n3', 'n''5')", "name")

    assert "lookup_name" in text
    assert engine.sql(text).fetchall() == [(4.5,)]


@pytest.mark.parametrize(
    "query",
    [
        "SELECT v FROM s.t WHERE id = 1 OR v = 2",
        "SELECT v FROM s.t WHERE id = 1.5",
        "SELECT v FROM s.t WHERE id = v",
        "SELECT v FROM s.t WHERE id NOT IN (1, 2)",
        "SELECT a.v FROM s.t AS a JOIN s.t AS b ON a.v = b.id WHERE b.id = 1",
        "SELECT x.v FROM (SELECT id, v FROM s.t) AS x WHERE x.id = 1",
        "SELECT v FROM s.t WHERE id IN (" + ", ".join(map(str, range(1001))) + ")",
    ],
)
def test_other_conditions_stay_as_they_are(query):
    assert "lookup" not in sql(query)
