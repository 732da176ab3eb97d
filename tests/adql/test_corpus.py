"""Queries that others wrote and labelled: the IVOA's validator set, Rubin's notebooks, clients, servers."""

import json
import os
from pathlib import Path

import pytest

from sciplat.adql import check

CORPUS = Path(os.environ.get("SCIPLAT_SHARED", "../shared")) / "adql" / "corpus.jsonl"
GRADED = ("lyonetia", "rubin-notebook")


@pytest.fixture(scope="module")
def corpus():
    if not CORPUS.exists():
        pytest.skip(f"{CORPUS} is not there")
    rows = [json.loads(line) for line in CORPUS.read_text().splitlines()]
    return [
        row
        for row in rows
        if not row["kind"].endswith("-template") and "{" not in row["q"] and row["valid"] is not None
    ]


@pytest.fixture(scope="module")
def graded(corpus):
    return [row for row in corpus if row["kind"].startswith(GRADED)]


@pytest.mark.requirement("DMS-API-REQ-0009")
def test_valid_queries_are_accepted(graded):
    valid = [row["q"] for row in graded if row["valid"]]

    accepted = sum(check(query).valid for query in valid)

    assert len(valid) > 250
    assert accepted / len(valid) >= 0.995


def test_invalid_queries_are_rejected(graded):
    invalid = [row["q"] for row in graded if not row["valid"]]

    rejected = sum(not check(query).valid for query in invalid)

    assert len(invalid) > 40
    assert rejected / len(invalid) >= 0.94
