from __future__ import annotations

import io
import warnings
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from astropy.io.votable import parse
from astropy.table import Table
from hypothesis import given, settings
from hypothesis import strategies as st
from support.examples import examples

from sciplat.errors import EngineError
from sciplat.tables import parquet
from sciplat.tables.arrow import columns_of
from sciplat.tables.document import Document
from sciplat.tables.stream import TableStream
from sciplat.vo.schema import Column, Datatype

MakeStream = Callable[..., TableStream]


def written(stream: TableStream, document: Document | None = None) -> bytes:
    return b"".join(parquet.write(stream, document or Document()))


@given(data=st.data())
@settings(deadline=None, max_examples=examples(150))
def test_values_and_descriptions_come_back(
    data: st.DataObject, make_stream: MakeStream, any_table: st.SearchStrategy[Any]
) -> None:
    columns, batch = data.draw(any_table)

    table = pq.read_table(io.BytesIO(written(make_stream(batch, batch, columns=columns))))

    assert columns_of(table.schema) == columns
    twice = pa.Table.from_batches([batch, batch])
    assert str(table.to_pylist()) == str(twice.rename_columns([c.name for c in columns]).to_pylist())


@given(data=st.data())
@settings(deadline=None, max_examples=examples(50))
def test_the_votable_inside_describes_the_columns(
    data: st.DataObject, make_stream: MakeStream, any_table: st.SearchStrategy[Any]
) -> None:
    columns, batch = data.draw(any_table)

    facts = pq.read_metadata(io.BytesIO(written(make_stream(batch, columns=columns)))).metadata

    assert facts[b"IVOA.VOTable-Parquet.version"] == b"1.0"
    table = parse(io.BytesIO(facts[b"IVOA.VOTable-Parquet.content"]), verify="exception").get_first_table()
    assert [(f.name, f.datatype, f.xtype) for f in table.fields] == [
        (c.name, c.datatype, c.xtype) for c in columns
    ]


def test_astropy_reads_it_with_units_and_descriptions(make_stream: MakeStream) -> None:
    columns = [
        Column("id", Datatype.LONG, ucd="meta.id"),
        Column("ra", Datatype.DOUBLE, unit="deg", ucd="pos.eq.ra", description="Right ascension"),
        Column("name", Datatype.UNICODE_CHAR, "*"),
        Column("place", Datatype.DOUBLE, "2", xtype="point"),
        Column("poly", Datatype.DOUBLE, "*", xtype="polygon"),
    ]
    batch = pa.RecordBatch.from_arrays(
        [
            pa.array([2**63 - 1, 5]),
            pa.array([1.5, None]),
            pa.array(["Å🔭", None]),
            pa.array([[1.0, 2.0], [3.0, 4.0]], pa.list_(pa.float64(), 2)),
            pa.array([[1.0, 2.0], []], pa.list_(pa.float64())),
        ],
        names=[column.name for column in columns],
    )

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        table = Table.read(io.BytesIO(written(make_stream(batch, columns=columns))), format="parquet.votable")

    assert table["id"].tolist() == [2**63 - 1, 5]
    assert (str(table["ra"].unit), table["ra"].description) == ("deg", "Right ascension")
    assert table["name"][0] == "Å🔭"


def test_a_cut_result_says_so_in_the_votable(make_stream: MakeStream) -> None:
    content = written(
        make_stream(pa.RecordBatch.from_pydict({"x": [1]}), overflow=True), Document(query="SELECT x")
    )

    text = pq.read_metadata(io.BytesIO(content)).metadata[b"IVOA.VOTable-Parquet.content"]
    infos = [(i.name, i.value) for i in parse(io.BytesIO(text)).resources[0].infos]
    assert infos == [("QUERY_STATUS", "OK"), ("QUERY", "SELECT x"), ("QUERY_STATUS", "OVERFLOW")]


def test_no_rows_is_a_table_too(make_stream: MakeStream) -> None:
    table = pq.read_table(
        io.BytesIO(written(make_stream(pa.RecordBatch.from_pydict({"x": pa.array([], pa.int8())}))))
    )

    assert (table.num_rows, table.column_names) == (0, ["x"])


def test_small_batches_share_a_row_group(make_stream: MakeStream) -> None:
    batch = pa.RecordBatch.from_pydict({"x": pa.array(range(1000))})

    facts = pq.read_metadata(io.BytesIO(written(make_stream(*[batch] * 300))))

    assert (facts.num_rows, facts.num_row_groups) == (300_000, 3)


def test_an_error_midway_leaves_no_file(make_stream: MakeStream) -> None:
    stream = make_stream(pa.RecordBatch.from_pydict({"x": [1]}), error=EngineError("gone"))

    with pytest.raises(EngineError, match="gone"):
        next(parquet.write(stream, Document()))
