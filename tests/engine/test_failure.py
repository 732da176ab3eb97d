"""What people are told when the engine fails."""

from __future__ import annotations

import errno

import duckdb
import pytest

from sciplat.engine.failure import explain
from sciplat.engine.gate import RefusedError
from sciplat.engine.limits import Limits

LIMITS = Limits(memory_bytes=10**9, threads=2, temp_bytes=10**10, temp_directory="/somewhere/private")

ANSWERS = {
    "Conversion Error: Could not convert string 'INT32' to INT32 when casting\n\nLINE 1: SELECT": (
        "usage",
        "The text 'INT32' cannot be converted to INTEGER.",
    ),
    "Conversion Error: Type DOUBLE with value 1e+30 can't be cast because the value is out of range for the "
    "destination type INT64\n\nLINE 1: select": (
        "usage",
        "The value 1e+30 is out of range for BIGINT.",
    ),
    'Conversion Error: timestamp field value out of range: "2020-13-01"\nLINE 1: x': (
        "usage",
        'Timestamp field value out of range: "2020-13-01".',
    ),
    "Out of Range Error: Overflow in multiplication of INT64 (2 * 9223372036854775807)!": (
        "usage",
        "Overflow in multiplication of BIGINT (2 * 9223372036854775807).",
    ),
    "Invalid Input Error: Division by zero in expression (1 // 0). Use TRY(...) to return NULL": (
        "usage",
        "Division by zero. Leave those rows out with WHERE, or divide by NULLIF(…, 0).",
    ),
    "Invalid Input Error: More than one row returned by a subquery used as an expression": (
        "usage",
        "A subquery that stands for one value returned more than one row.",
    ),
}


@pytest.mark.parametrize(("raw", "answer"), ANSWERS.items())
@pytest.mark.parametrize("kind", [duckdb.Error, OSError])
def test_errors_about_values_are_told_in_words_of_adql(
    kind: type[Exception], raw: str, answer: tuple[str, str]
) -> None:
    failure = explain(kind(raw), LIMITS)

    assert (failure.kind, failure.message) == answer
    assert not failure.fatal


@pytest.mark.parametrize(
    ("error", "kind", "words"),
    [
        (duckdb.OutOfMemoryException("Out of Memory Error: failed"), "limit", "1 GB of memory, and 10 GB"),
        (MemoryError(), "limit", "1 GB of memory"),
        (OSError(errno.ENOSPC, "No space left on device"), "unavailable", "disk for results is full"),
        (duckdb.IOException("IO Error: Cannot open file '/secret/x.duckdb'"), "engine", "could not be read"),
        (duckdb.BinderException('Binder Error: column "x" not found'), "engine", "defect of sciplat"),
        (RefusedError("TABLE_FUNCTION in FROM"), "engine", "defect of sciplat"),
        (duckdb.InterruptException("INTERRUPT Error: Interrupted!"), "cancelled", "stopped"),
        (OSError("INTERRUPT Error: Interrupted!"), "cancelled", "stopped"),
        (
            duckdb.InternalException("INTERNAL Error: assertion in /build/x.cpp"),
            "engine",
            "failed on this query",
        ),
        (ZeroDivisionError("in our own code"), "engine", "failed on this query"),
    ],
)
def test_other_errors_say_whose_fault_they_are_and_no_path(error: Exception, kind: str, words: str) -> None:
    failure = explain(error, LIMITS)

    assert failure.kind == kind
    assert words in failure.message
    assert "/" not in failure.message


def test_an_engine_that_is_broken_ends_its_worker() -> None:
    assert explain(duckdb.InternalException("INTERNAL Error: x"), LIMITS).fatal
    assert explain(duckdb.OutOfMemoryException("Out of Memory Error: x"), LIMITS).fatal
    assert not explain(duckdb.InterruptException("INTERRUPT Error: x"), LIMITS).fatal
