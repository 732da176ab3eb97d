"""What an ECSV header says is taken as it is written, and does no harm."""

from __future__ import annotations

import pytest

from sciplat.errors import IngestError
from sciplat.tables.read_csv import open_csv

HEAD = "# %ECSV 1.0\n# ---\n# datatype:\n"


def test_columns_have_their_units_and_descriptions(csv):
    path = csv(HEAD + "# - {name: 'ra', unit: deg, datatype: float64, description: where}\nra\n1.5\n")

    (column,) = open_csv(path).columns

    assert (column.name, column.unit, column.description) == ("ra", "deg", "where")


@pytest.mark.parametrize(
    "meta",
    [
        "!!python/object/apply:os.system ['exit 1']",
        "!numpy.ndarray {buffer: !!binary AAAA}",
        "1" + ":1" * 100_000,  # of base 60, whose time grows with the square
        "!!int 1" + ":1" * 100_000,
        "2001-99-99x",
    ],
)
def test_what_means_nothing_for_columns_is_passed_over(csv, meta):
    source = open_csv(csv(HEAD + f"# - {{name: 1, datatype: int64, unit: 7, meta: {{x: {meta}}}}}\n1\n5\n"))

    assert [(column.name, column.unit) for column in source.columns] == [("1", "7")]


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ("# - &a {name: x, y: *a}\n", "with YAML aliases"),
        ("# - [\n", "is not understood"),
        ("# - x\n", "lists no columns"),
        ("# - {name: x}\n# delimiter: '|'\n", "blanks or commas"),
    ],
)
def test_a_header_that_cannot_be_used_says_why(csv, header, reason):
    with pytest.raises(IngestError, match=reason):
        open_csv(csv(HEAD + header + "x\n1\n"))


@pytest.mark.parametrize("datatype", ["float32", "float64"])
def test_arrays_of_floats_may_be_written_as_large_whole_numbers(csv, datatype):
    header = f"# - {{name: f, datatype: string, subtype: '{datatype}[null]'}}\n"
    source = open_csv(csv(HEAD + header + "f\n[16777218]\n[1.5,null]\n"))

    assert [value for batch in source.batches() for value in batch.column(0).to_pylist()] == [
        [16777218.0],
        [1.5, None],
    ]
