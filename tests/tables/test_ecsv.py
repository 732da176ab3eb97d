from __future__ import annotations

import datetime as dt
import io
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from astropy.table import Table
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.examples import examples

from sciplat.errors import EngineError
from sciplat.tables import ecsv
from sciplat.tables.document import Document, Info
from sciplat.tables.stream import TableStream
from sciplat.vo.schema import Column, Datatype

MakeStream = Callable[..., TableStream]


def written(stream: TableStream, document: Document | None = None) -> str:
    return b"".join(ecsv.write(stream, document or Document())).decode()


def read(text: str) -> Table:
    return Table.read(io.BytesIO(text.encode()), format="ascii.ecsv")


def expected(value: Any) -> Any:
    if isinstance(value, dt.datetime):
        return value.isoformat(timespec="microseconds")
    return list(value) if isinstance(value, bytes) else value


def same(got: Any, wanted: Any) -> bool:
    if wanted is None:
        return got is None or bool(np.all(np.ma.getmaskarray(got)) or np.isnan(got))
    if isinstance(wanted, list):
        return len(got) == len(wanted) and all(same(a, b) for a, b in zip(got, wanted, strict=True))
    if isinstance(wanted, str):
        # ECSV has no empty text beside the missing one; astropy takes blanks around a text away.
        wanted = " ".join(f"{wanted}.".splitlines())[:-1].strip()
        return not wanted if got is np.ma.masked else got.strip() == wanted
    if isinstance(wanted, float) and math.isnan(wanted):
        return bool(np.isnan(got))
    return bool(got == wanted or math.isclose(got, wanted, rel_tol=1e-7, abs_tol=1e-45))


@given(data=st.data())
@settings(deadline=None, max_examples=examples(150), suppress_health_check=[HealthCheck.too_slow])
def test_astropy_reads_back_every_kind_of_column(
    data: st.DataObject, make_stream: MakeStream, any_table: st.SearchStrategy[Any]
) -> None:
    columns, batch = data.draw(any_table)

    table = read(written(make_stream(batch, columns=columns)))

    assert (len(table), table.colnames) == (batch.num_rows, [column.name for column in columns])
    for column, values in zip(columns, batch.columns, strict=True):
        for got, value in zip(table[column.name], values.to_pylist(), strict=True):
            assert same(got, expected(value)), (column, got, value)


def test_what_is_known_of_columns_and_query_stands_in_the_header(make_stream: MakeStream) -> None:
    column = Column("ra", Datatype.DOUBLE, None, None, "deg", "pos.eq.ra", "u:type", "Ångström: #1\n- {x}")
    batch = pa.RecordBatch.from_pydict({"ra": pa.array([1.5])})
    document = Document("SELECT\n ra", (Info("server", "sciplat"),), "Stars")

    table = read(written(make_stream(batch, columns=[column], overflow=True), document))

    assert (str(table["ra"].unit), table["ra"].description) == ("deg", "Ångström: #1\n- {x}")
    assert table["ra"].meta == {"ucd": "pos.eq.ra", "utype": "u:type"}
    assert table.meta == {
        "QUERY_STATUS": "OVERFLOW",
        "QUERY": "SELECT\n ra",
        "description": "Stars",
        "server": "sciplat",
    }


def test_a_text_that_looks_like_a_comment_is_no_comment(make_stream: MakeStream) -> None:
    batch = pa.RecordBatch.from_pydict({"a": pa.array(["#1", "# 2"]), "b": pa.array([1, 2])})

    assert read(written(make_stream(batch)))["a"].tolist() == ["#1", "# 2"]


def test_a_line_end_in_a_text_ends_no_row(make_stream: MakeStream) -> None:
    batch = pa.RecordBatch.from_pydict({"a": pa.array(["x\n#y", "\u2028z"]), "b": pa.array([1, 2])})

    assert read(written(make_stream(batch)))["a"].tolist() == ["x #y", "z"]


def test_no_rows_is_a_table_too(make_stream: MakeStream) -> None:
    table = read(written(make_stream(pa.RecordBatch.from_pydict({"x": pa.array([], pa.int8())}))))

    assert (len(table), table.colnames) == (0, ["x"])


def test_an_error_midway_is_raised_before_the_first_byte(make_stream: MakeStream) -> None:
    stream = make_stream(pa.RecordBatch.from_pydict({"x": [1]}), error=EngineError("gone"))

    with pytest.raises(EngineError, match="gone"):
        next(ecsv.write(stream, Document()))


@pytest.mark.slow
def test_stilts_reads_values_and_descriptions(
    make_stream: MakeStream, stilts: Callable[..., str], tmp_path: Path
) -> None:
    columns = [
        Column("id", Datatype.LONG, ucd="meta.id"),
        Column("ra", Datatype.DOUBLE, unit="deg", utype="a:b", description="Where"),
        Column("place", Datatype.DOUBLE, "2", xtype="point"),
    ]
    batch = pa.RecordBatch.from_arrays(
        [
            pa.array([2**63 - 1, None]),
            pa.array([math.inf, math.nan]),
            pa.array([[1.5, 2.5], None], pa.list_(pa.float64(), 2)),
        ],
        names=["id", "ra", "place"],
    )
    path = tmp_path / "t.ecsv"
    path.write_text(written(make_stream(batch, columns=columns)), newline="")

    rows = stilts("tpipe", f"in={path}", "ifmt=ecsv", "ofmt=csv").splitlines()
    facts = stilts(
        "tpipe", f"in={path}", "ifmt=ecsv", "cmd=meta name units ucd utype description", "ofmt=csv"
    )

    assert rows[1:] == ['9223372036854775807,Infinity,"(1.5, 2.5)"', ",,"]
    assert facts.splitlines()[1:3] == ["id,,meta.id,,", "ra,deg,,a:b,Where"]
