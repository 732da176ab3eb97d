"""Random queries answered by our engine as by SQLite and PostgreSQL; wilder ones, which must not break it."""

import math
import random
import sqlite3
from decimal import Decimal

import duckdb
import pytest
from support.postgresql import server

from sciplat.adql import Catalog, TableSource, translate
from sciplat.errors import ADQLError
from sciplat.vo.schema import Column, Datatype, Table

from .generator import TABLES, Generator, rows

_DATATYPES = {"int": (Datatype.INT, None), "real": (Datatype.DOUBLE, None), "text": (Datatype.CHAR, "*")}
_SQL = {"int": "INTEGER", "real": "DOUBLE", "text": "VARCHAR"}


@pytest.fixture(scope="module")
def catalog():
    return Catalog(
        TableSource(
            Table(
                "r", name, tuple(Column(c, _DATATYPES[kind][0], _DATATYPES[kind][1]) for c, kind in columns)
            ),
            ("memory", "main", name),
        )
        for name, columns in TABLES.items()
    )


@pytest.fixture(scope="module")
def engines():
    ours, sqlite = duckdb.connect(), sqlite3.connect(":memory:")
    sqlite.execute("PRAGMA case_sensitive_like = ON")
    sqlite.create_function("FLOOR", 1, lambda x: None if x is None else float(math.floor(x)))
    sqlite.create_function("CEILING", 1, lambda x: None if x is None else float(math.ceil(x)))
    sqlite.create_function("UPPER", 1, lambda x: None if x is None else str(x).upper())
    sqlite.create_function("LOWER", 1, lambda x: None if x is None else str(x).lower())
    chance = random.Random(7)
    for name, columns in TABLES.items():
        made = ", ".join(f"{column} {{}}" for column, _ in columns)
        marks = ", ".join("?" for _ in columns)
        content = rows(name, 12, chance)
        ours.execute(f"CREATE TABLE {name} ({made.format(*(_SQL[kind] for _, kind in columns))})")
        sqlite.execute(f"CREATE TABLE {name} ({made.format(*(kind.upper() for _, kind in columns))})")
        ours.executemany(f"INSERT INTO {name} VALUES ({marks})", content)
        sqlite.executemany(f"INSERT INTO {name} VALUES ({marks})", content)
    yield ours, sqlite
    ours.close()
    sqlite.close()


_POSTGRESQL = {"int": "BIGINT", "real": "DOUBLE PRECISION", "text": "TEXT"}


@pytest.fixture(scope="module")
def postgresql(engines):
    """The same rows in PostgreSQL."""
    with server() as address:
        import psycopg

        with psycopg.connect(address, autocommit=True) as connection:
            for name, columns in TABLES.items():
                made = ", ".join(f"{column} {_POSTGRESQL[kind]}" for column, kind in columns)
                connection.execute(f"CREATE TABLE {name} ({made})")
                marks = ", ".join("%s" for _ in columns)
                found = engines[0].execute(f"SELECT * FROM {name}").fetchall()
                connection.cursor().executemany(f"INSERT INTO {name} VALUES ({marks})", found)
            connection.execute("SET statement_timeout = '10s'")
            connection.execute("SET jit = off")  # it compiles for longer than tables of twelve rows are read
            yield connection


def _comparable(found, ordered):
    """Return rows that can be compared: numbers to nine places, and in some order unless it is theirs."""
    shown = [
        tuple(round(float(v), 9) + 0.0 if isinstance(v, (int, float, Decimal)) else v for v in row)
        for row in found
    ]
    return shown if ordered else sorted(shown, key=repr)


def _compare(seed, catalog, engines):
    ours, sqlite = engines
    adql, sql = Generator(seed).statement()
    translated = translate(adql, catalog).sql
    found = ours.execute(translated).fetchall()
    expected = sqlite.execute(sql).fetchall()
    ordered = "ORDER BY" in adql.rpartition(")")[2]
    assert _comparable(found, ordered) == _comparable(expected, ordered), (
        f"seed {seed}\nADQL: {adql}\nours: {translated}\nSQLite: {sql}"
    )
    return len(found)


FIRST = pytest.mark.parametrize(
    "start", [0, *(pytest.param(start, marks=pytest.mark.slow) for start in range(50, 300, 50))]
)


@FIRST
def test_random_queries_have_the_answer_that_sqlite_gives(catalog, engines, start):
    counts = [_compare(seed, catalog, engines) for seed in range(start, start + 50)]

    assert sum(count > 0 for count in counts) > 25


@pytest.mark.slow
def test_many_random_queries_have_the_answer_that_sqlite_gives(catalog, engines, fuzz):
    for seed in range(1000, 1000 + fuzz):
        _compare(seed, catalog, engines)


def _wild(seed, catalog, engine):
    adql = Generator(seed, wild=True).statement().adql
    try:
        sql = translate(adql, catalog).sql
    except ADQLError:
        return False
    try:
        engine.execute(f"EXPLAIN {sql}").fetchall()
    except duckdb.Error as error:
        raise AssertionError(f"seed {seed}\nADQL: {adql}\nours: {sql}\n{error}") from error
    return True


@FIRST
def test_wild_queries_are_refused_in_words_or_can_be_planned(catalog, engines, start):
    planned = [_wild(seed, catalog, engines[0]) for seed in range(start, start + 50)]

    assert 2 < sum(planned) < 50


@pytest.mark.slow
def test_many_wild_queries_are_refused_in_words_or_can_be_planned(catalog, engines, fuzz):
    for seed in range(1000, 1000 + fuzz):
        _wild(seed, catalog, engines[0])


def _as_postgresql(sql):
    return sql.replace(" LIMIT -1", "")


def _compare_with_postgresql(seed, catalog, engines, postgresql):
    """Return whether PostgreSQL could answer: an error in one row is an error of its whole query."""
    import psycopg

    adql, sql = Generator(seed).statement()
    try:
        expected = postgresql.execute(_as_postgresql(sql)).fetchall()
    except psycopg.Error:
        return False
    found = engines[0].execute(translate(adql, catalog).sql).fetchall()
    ordered = "ORDER BY" in adql.rpartition(")")[2]
    assert _comparable(found, ordered) == _comparable(expected, ordered), (
        f"seed {seed}\nADQL: {adql}\nSQL: {sql}"
    )
    return True


@pytest.mark.slow
def test_random_queries_have_the_answer_that_postgresql_gives(catalog, engines, postgresql):
    answered = [
        _compare_with_postgresql(seed, catalog, engines, postgresql) for seed in range(10_000, 10_800)
    ]

    assert sum(answered) > 150


# What SQLite has not, or otherwise: ADQL's own in the first text, PostgreSQL's in the second.
_VALUES = [
    ("bit_and({i}, {j})", "({i} & {j})"),
    ("bit_or({i}, {j})", "({i} | {j})"),
    ("bit_xor({i}, {j})", "({i} # {j})"),
    ("bit_not({i})", "(~{i})"),
    ("MOD({i}, 3)", "({i} % 3)"),
    ("ROUND({x}, 1)", "ROUND(({x})::numeric, 1)"),
    ("TRUNCATE({x})", "TRUNC({x})"),
    ("TRUNCATE({x}, 1)", "TRUNC(({x})::numeric, 1)"),
    ("POWER({x}, 2)", "POWER({x}, 2)"),
    ("EXP({x})", "EXP({x})"),
    ("ATAN2({x}, {i})", "ATAN2({x}, {i})"),
    ("SIN({x})", "SIN({x})"),
    ("COT({x} + 0.1)", "COT({x} + 0.1)"),
    ("DEGREES({x})", "DEGREES({x})"),
    ("COALESCE({i}, {j}, 0)", "COALESCE({i}, {j}, 0)"),
    ("UPPER({s})", "UPPER({s})"),
    ("LOWER({s} || 'É')", "LOWER({s} || 'É')"),
    ("CASE WHEN {s} ILIKE 'A%' THEN 1 ELSE 0 END", "CASE WHEN {s} ILIKE 'A%' THEN 1 ELSE 0 END"),
    ("CAST({i} AS VARCHAR(10)) || {s}", "({i})::text || {s}"),
    ("CAST({x} AS INTEGER)", "({x})::int"),
]
_COLUMNS = {"i": ["l.a", "l.b", "r.c"], "j": ["l.b", "r.c"], "x": ["l.x", "r.y"], "s": ["l.s", "r.w"]}


@pytest.mark.slow
@pytest.mark.parametrize(("ours", "theirs"), _VALUES)
def test_functions_have_the_values_that_postgresql_gives(catalog, engines, postgresql, ours, theirs):
    chance = random.Random(ours)
    for join in (
        "JOIN t2 AS r ON l.a = r.c",
        "LEFT JOIN t2 AS r ON l.a = r.c",
        "FULL JOIN t2 AS r ON l.a = r.c",
    ):
        for _ in range(4):
            names = {letter: chance.choice(columns) for letter, columns in _COLUMNS.items()}
            select, rest = "SELECT l.id, r.id AS other, {} AS v FROM t1 AS l ", f"{join}"
            found = engines[0].execute(translate(select.format(ours.format(**names)) + rest, catalog).sql)
            expected = postgresql.execute(select.format(theirs.format(**names)) + rest)

            assert _comparable(found.fetchall(), ordered=False) == _comparable(
                expected.fetchall(), ordered=False
            )
