"""Hostile SQL, given to a worker as if the translator had let it through."""

from __future__ import annotations

import pytest

from sciplat.errors import EngineError, LimitError, SciplatError

HOSTILE = [
    "SELECT * FROM read_csv('/etc/passwd')",
    "SELECT * FROM read_text('/etc/passwd')",
    "SELECT * FROM read_parquet('/etc/*')",
    "SELECT * FROM '/etc/passwd'",
    "SELECT * FROM glob('/etc/*')",
    "FROM '/etc/passwd'",
    "COPY (SELECT 1) TO 'evil.csv'",
    "COPY g_1.main.data TO 'evil.parquet'",
    "ATTACH 'evil.duckdb' AS evil",
    "ATTACH ':memory:' AS evil",
    "DETACH g_1",
    "USE g_1",
    "SET threads = 1",
    "SET enable_external_access = true",
    "RESET lock_configuration",
    "PRAGMA database_list",
    "CALL pragma_version()",
    "INSTALL httpfs",
    "LOAD json",
    "SELECT 1; SELECT 2",
    "SELECT 1; DROP TABLE g_1.main.data",
    "SELECT 1 /* */; /* */ SELECT 2 --",
    "SELECT getenv('HOME')",
    "SELECT current_setting('temp_directory')",
    "SELECT * FROM duckdb_settings()",
    "SELECT * FROM duckdb_databases()",
    "SELECT * FROM duckdb_tables",
    "SELECT (SELECT count(*) FROM duckdb_views)",
    "SELECT * FROM information_schema.tables",
    "SELECT * FROM pg_catalog.pg_class",
    "SELECT * FROM sqlite_master",
    "SELECT * FROM query('SELECT 1')",
    "SELECT * FROM query_table('data')",
    "SHOW TABLES",
    "DESCRIBE SELECT 1",
    "EXPLAIN SELECT 1",
    "EXPLAIN ANALYZE SELECT 1",
    "CREATE TABLE x AS SELECT 1",
    "CREATE TEMP TABLE x AS SELECT 1",
    "CREATE MACRO f() AS 1",
    "CREATE SECRET (TYPE s3)",
    "INSERT INTO g_1.main.data SELECT * FROM g_1.main.data",
    "DELETE FROM g_1.main.data",
    "WITH gone AS (DELETE FROM g_1.main.data RETURNING *) SELECT * FROM gone",
    "EXPORT DATABASE 'evil'",
    "IMPORT DATABASE 'evil'",
    "CHECKPOINT",
    "VACUUM",
    "PREPARE p AS SELECT 1",
    "BEGIN",
    "PIVOT g_1.main.data ON id",
    "SELECT write_log('x')",
    "SELECT * FROM which_secret('s3://x', 's3')",
    "WITH duckdb_tables AS (SELECT 1) SELECT * FROM main.duckdb_tables",
    "",
    ";",
    "SELECT",
    "not SQL at all",
]


@pytest.mark.parametrize("sql", HOSTILE, ids=[sql[:60] for sql in HOSTILE])
def test_hostile_sql_is_refused_in_words_without_paths(ask, sql: str) -> None:
    with pytest.raises(EngineError) as caught:
        ask(sql, time_limit_seconds=10).stream()

    assert "/" not in str(caught.value)
    assert "LINE" not in str(caught.value)


@pytest.mark.slow
@pytest.mark.parametrize("sql", ["(" * 1_000_000, "SELECT " + "(" * 200_000 + "1" + ")" * 200_000])
def test_a_flood_of_parentheses_is_refused_or_meets_a_limit(ask, sql: str) -> None:
    with pytest.raises((EngineError, LimitError)):
        ask(sql, time_limit_seconds=10).stream()


def test_the_engine_lives_on_after_all_that(ask) -> None:
    assert ask("SELECT count(*) AS n FROM g_1.main.data").result().slice(0, 1)["n"][0].as_py() == 300_000


@pytest.mark.parametrize(
    "sql",
    [
        "WITH n AS (SELECT * FROM g_1.main.data WHERE id < 9) SELECT id FROM n JOIN n m USING (id)",
        'SELECT id FROM "G_1"."main"."data" WHERE EXISTS (SELECT 1 FROM g_1.main.data b WHERE b.id = 1)',
        "SELECT id FROM g_1.main.data WHERE id IN (1, 2) UNION ALL SELECT 3 EXCEPT SELECT 1",
        "SELECT 'read_csv(''/etc/passwd'')' AS text, 'TABLE_FUNCTION' AS kind",
        "SELECT x FROM (VALUES (1), (2)) v(x)",
    ],
)
def test_honest_selects_pass(ask, sql: str) -> None:
    assert ask(sql).wait().rows


def test_the_files_on_disk_cannot_be_written(ask, stars: object) -> None:
    with pytest.raises(SciplatError):
        ask("CREATE TABLE g_1.main.mine AS SELECT 1").wait()
