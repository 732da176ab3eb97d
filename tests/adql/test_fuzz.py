"""Changed queries by the hundred: each soon becomes what the engine can run, or is refused in words."""

import random
import time
from threading import Timer

import duckdb
import pytest
from support.mutation import Mutator, corpus

from sciplat.adql import translate
from sciplat.engine.failure import explain
from sciplat.engine.limits import Limits
from sciplat.errors import ADQLError, EngineError

SECONDS = 2.0
"""Of the processor, for one query."""

FOUND = [
    "SELECT n * '-inf', ROUND('NaN'), POINT(3, 'inf') FROM Object",
    "SELECT n FROM Object WHERE 1 = CONTAINS(POINT(coord_ra, coord_dec), CIRCLE(1e309, 1, 1))",
    "SELECT ivo_healpix_index(1e309, 1, 1) FROM Object",
    "SELECT ivo_healpix_index('nan', 1, 1) FROM Object",
    "SELECT MOC(1e309, CIRCLE(1, 2, 3)) FROM Object",
    "SELECT MOC(1, CIRCLE(1, 2, " + "9" * 400 + " / 2)) FROM Object",
    "SELECT n + '1_000' FROM Object",
    "SELECT n + '\u0663' FROM Object",
    "SELECT schema_name FROM (TAP_SCHEMA.tables JOIN Object)",
    "SELECT schema_name FROM ((TAP_SCHEMA.tables LEFT JOIN Object ON 1 = 1)) JOIN ForcedSource ON 1 = 1",
    "SELECT n FROM Object ORDER BY flag, MOC('3/1-4 7') ASC",
    "SELECT n FROM Object ORDER BY (AREA(CIRCLE(1, 2, 3)))",
    "SELECT n FROM Object WHERE n = '" + "x" * 5000 + "'",
    'SELECT n FROM Object WHERE "when" = \'' + "x" * 5000 + "'",
    "SELECT CIRCLE('" + "x" * 5000 + "', 1, 2, 3) FROM Object",
    "SELECT IN_UNIT(r_psfFlux, '" + "x" * 5000 + "') FROM Object",
]
"""What went wrong once."""


@pytest.fixture(scope="module")
def tables(catalog):
    """Return the columns of each table, all as a query writes them."""

    def written(name):
        plain = name.isidentifier() and name[0] != "_" and name not in ("select", "when", "size")
        return name if plain else '"' + name.replace('"', '""') + '"'

    return {
        f"{source.table.schema}.{written(source.table.name)}": [
            written(column.name) for column in source.table.columns
        ]
        for source in catalog.sources
    }


@pytest.fixture
def judged(connection, catalog):
    """Translate a query and run it, and see that whatever becomes of it is honest."""
    limits = Limits(1 << 30, 1, 1 << 30, "")

    def judged(query):
        began = time.thread_time()
        try:
            sql = translate(query, catalog, maxrec=10).sql
        except ADQLError as error:
            sql, refused = None, error
        assert time.thread_time() - began < SECONDS, query
        if sql is None:
            assert refused.line >= 1, query
            assert 0 < len(refused.message) < 600, query
            return
        connection.execute(f"EXPLAIN {sql}").fetchall()
        enough = Timer(5, connection.interrupt)
        enough.start()
        try:
            connection.execute(sql).fetchall()
        except duckdb.Error as error:
            failure = explain(error, limits)
        else:
            return
        finally:
            enough.cancel()
        assert failure.kind != EngineError.code, (query, failure)
        assert len(failure.message) < 1000, query

    return judged


@pytest.mark.parametrize("query", FOUND, ids=lambda query: ascii(query[:50]))
def test_what_went_wrong_once_is_translated_or_refused(judged, query):
    judged(query)


def test_a_changed_query_runs_or_is_refused_in_words(judged, tables, fuzz):
    for number in range(fuzz):
        query = Mutator(random.Random(number), corpus(), tables).query()
        try:
            judged(query)
        except Exception as error:
            error.add_note(f"The query of seed {number}: {query!r}")
            raise
