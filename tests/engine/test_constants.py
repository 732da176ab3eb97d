"""Numbers that are lifted out of a statement come back as they were."""

from __future__ import annotations

import re
from collections.abc import Iterator

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.examples import examples

from sciplat.engine.constants import Lifted, lift
from sciplat.engine.gate import Gate, RefusedError


def test_two_cones_have_one_text() -> None:
    cones = [
        f"SELECT id FROM g.main.data AS a WHERE (a.c BETWEEN {low} AND {low + 4096} OR a.c = {low}) "
        f"AND POW(SIN(8.7e-3 * (a.dec - (-{dec}e0))), 2) <= {limit!r} LIMIT 1001"
        for low, dec, limit in [(2446370336229294080, 12.5, 1.9e-07), (3458764513820536831, 45.0, 4e-05)]
    ]

    first, other = map(lift, cones)

    assert first.text == other.text
    assert first.text.endswith("LIMIT $6")
    assert first.numbers == (2446370336229294080, 2446370336229298176, 8.7e-3, 12.5, 1.9e-07, 1001)
    assert first.limit == 1001
    assert first.within(10) == [*first.numbers[:-1], 10]
    assert first.within(2000) == list(first.numbers)


def test_what_stands_in_quotes_stays() -> None:
    sql = """SELECT 'it''s 12345678901' AS "a ""12345678901"" 1e0", x12345678901, t.e1e0 FROM "1.5e0" """

    assert lift(sql) == Lifted(sql, ())


@pytest.mark.parametrize(
    "sql",
    ["SELECT (SELECT 1 LIMIT 5)", "SELECT 1 LIMIT 5 OFFSET 2", 'SELECT 1 AS " LIMIT 5"', "SELECT ' LIMIT 5'"],
)
def test_only_the_limit_of_the_whole_is_lifted(sql: str) -> None:
    assert lift(sql) == Lifted(sql, ())


@pytest.mark.parametrize(
    "number", ["1", "2147483647", "9223372036854775808", "1.5", "1234567890123456789012"]
)
def test_numbers_of_another_type_in_the_text_than_as_a_parameter_stay(number: str) -> None:
    assert lift(f"SELECT {number} AS x") == Lifted(f"SELECT {number} AS x", ())


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        yield connection


NUMBERS = st.one_of(
    st.integers(0, 10**22).map(str),
    st.floats(0, allow_nan=False, allow_infinity=False).map(lambda x: f"{x!r}e0"),
)


@settings(max_examples=examples(200), deadline=None)
@given(st.lists(NUMBERS.map(lambda text: re.sub(r"(e[+-]?\d+)e0$", r"\1", text)), min_size=1, max_size=6))
def test_values_and_types_are_those_of_the_text(
    connection: duckdb.DuckDBPyConnection, texts: list[str]
) -> None:
    sql = "SELECT " + ", ".join(f"{text} AS c{place}, -{text} + 1" for place, text in enumerate(texts))
    expected = connection.sql(sql)
    lifted = lift(sql)
    found = connection.sql(lifted.text, params=list(lifted.numbers))

    assert found.types == expected.types
    assert found.fetchall() == expected.fetchall()


def test_a_known_text_is_refused_with_files_that_are_not_its_own() -> None:
    gate = Gate()
    sql = "SELECT id FROM g.main.data"
    with duckdb.connect() as connection:
        first = gate.admit(connection, sql, ["g"])

        assert gate.admit(connection, sql, ["g"]) is first
        with pytest.raises(RefusedError):
            gate.admit(connection, sql, ["h"])


def test_a_gate_forgets_what_it_has_not_seen_for_long() -> None:
    gate = Gate()
    texts = [f"SELECT '{'x' * 300_000}{place}'" for place in range(5)]
    with duckdb.connect() as connection:
        first, *_ = [gate.admit(connection, text, ()) for text in texts]

        assert gate.admit(connection, texts[0], ()) is not first
