"""A specification comes back as it went out, and nothing else is taken for one."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.examples import examples

from sciplat.errors import UsageError
from sciplat.wire.queries import QuerySpecification, TableFacts, UploadFacts
from sciplat.wire.specification import read_specification, specification_as_yaml

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=80)
SPECIFICATIONS = st.builds(
    QuerySpecification,
    query=TEXT
    | st.lists(st.sampled_from(["SELECT 1", " ", "\n", "\r", "\t", "-- ü", "#", ": ", "'"])).map("".join),
    language=TEXT,
    maxrec=st.none() | st.integers(0, 10**17),
    format=st.none() | TEXT,
    uploads=st.lists(st.builds(UploadFacts, name=TEXT, sha256=TEXT, rows=st.integers(0, 10**12)), max_size=2),
    tables=st.lists(st.builds(TableFacts, release=TEXT, table=TEXT, generation=TEXT), max_size=2),
    created=st.none() | st.just(datetime(2026, 11, 21, 12, 0, 0, 123456, tzinfo=UTC)),
    version=st.none() | TEXT,
    id=st.none() | TEXT,
)


@settings(max_examples=examples(400), deadline=None)
@given(SPECIFICATIONS)
def test_a_specification_comes_back_to_the_letter(specification: QuerySpecification) -> None:
    as_yaml = specification_as_yaml(specification).encode()
    as_json = specification.model_dump_json().encode()

    assert read_specification(as_yaml, is_yaml=True) == specification
    assert read_specification(as_json, is_yaml=False) == specification


def test_a_query_of_several_lines_is_easy_to_read_as_yaml() -> None:
    text = specification_as_yaml(QuerySpecification(query="SELECT *\n  FROM t"))

    assert "query: |-\n  SELECT *\n    FROM t\n" in text


@pytest.mark.parametrize("is_yaml", [False, True])
@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"7",
        b"null",
        b"\xff\xfe",
        b'{"query": 7}',
        b'{"query": "SELECT 1", "maxrec": -1}',
        b'{"query": "SELECT 1", "maxrec": 1e400}',
        b'{"query": "SELECT 1", "sciplat_query": 2}',
        b'{"query": "SELECT 1", "uploads": [[]]}',
        b'{"query": "SELECT 1", "password": "x"}',
        b'{"query": "\\ud800"}',
        b"[" * 100_000,
        b'{"a":' * 100_000,
    ],
)
def test_anything_else_is_refused_with_its_place(content: bytes, *, is_yaml: bool) -> None:
    with pytest.raises(UsageError, match="specification"):
        read_specification(content, is_yaml=is_yaml)


@pytest.mark.parametrize(
    "content",
    [
        b"a: &a [1,1]\nb: &b [*a,*a]\nquery: *b",
        b"query: !!python/object/apply:os.system ['true']",
        b"query: !!python/name:os.system",
        b"query: &q [*q]",
        b"%" * 10,
        b"query: |\n" + b"x" * 1_000_001,
        b"? {a: 1}\n: 2",
        b"created: 0000-99-99\nquery: SELECT 1",
        b"? [1]\n: 2",
        b"a: 1\n" * 190_000,
        b"query: SELECT 1\nmaxrec: 1" + b":1" * 100_000,  # of base 60, whose time grows with the square
        b"query: SELECT 1\nmaxrec: !!int 1" + b":1" * 100_000,
        b"query: SELECT 1\nmaxrec: 0b" + b"1" * 900_000,
    ],
)
def test_yaml_can_do_no_harm(content: bytes) -> None:
    with pytest.raises(UsageError, match="specification"):
        read_specification(content, is_yaml=True)
