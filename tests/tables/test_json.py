from __future__ import annotations

import datetime as dt
import json as standard_json
import math
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.examples import examples

from sciplat.errors import EngineError
from sciplat.tables import json
from sciplat.tables.document import Document, Info
from sciplat.tables.stream import TableStream
from sciplat.vo.schema import Column, Datatype

MakeStream = Callable[..., TableStream]

FACTS = ("name", "datatype", "arraysize", "xtype", "unit", "ucd", "utype", "description")


def written(stream: TableStream, document: Document | None = None) -> str:
    return b"".join(json.write(stream, document or Document())).decode()


def expected(value: Any, datatype: Datatype | None) -> Any:
    """Return a value as the documentation promises it."""
    match value:
        case list() | bytes():
            return [expected(each, datatype) for each in value]
        case dt.datetime():
            return value.isoformat(timespec="microseconds")
        case int() if datatype is Datatype.LONG:
            return str(value)
        case float() if not math.isfinite(value):
            return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
        case _:
            return value


def same(got: Any, wanted: Any) -> bool:
    if isinstance(wanted, list):
        return len(got) == len(wanted) and all(map(same, got, wanted))
    if isinstance(wanted, float) and not isinstance(got, str):
        # The fewest digits that give a float back may be another double.
        return got == wanted or math.isclose(got, wanted, rel_tol=1e-7, abs_tol=1e-45)
    return type(got) is type(wanted) and got == wanted


@given(data=st.data())
@settings(deadline=None, max_examples=examples(200))
def test_json_reads_back_as_it_was(
    data: st.DataObject, make_stream: MakeStream, any_table: st.SearchStrategy[Any]
) -> None:
    columns, batch = data.draw(any_table)

    document = standard_json.loads(written(make_stream(batch, columns=columns)))

    assert [each["name"] for each in document["metadata"]] == [column.name for column in columns]
    assert len(document["data"]) == batch.num_rows
    for row, values in zip(document["data"], zip(*batch.columns, strict=True), strict=False):
        for column, got, value in zip(columns, row, values, strict=True):
            assert same(got, expected(value.as_py(), column.datatype)), (column, got, value)


@given(text=st.text(st.characters(exclude_categories=["Cs"])))
@settings(deadline=None)
def test_any_text_is_a_json_string(text: str, make_stream: MakeStream) -> None:
    batch = pa.RecordBatch.from_pydict({"x": pa.array([text])})

    assert standard_json.loads(written(make_stream(batch)))["data"] == [[text]]


def test_what_is_known_of_the_columns_and_the_query_comes_first(make_stream: MakeStream) -> None:
    column = Column("ra", Datatype.DOUBLE, None, None, "deg", "pos.eq.ra", "u:type", 'the "right" ascension')
    document = Document(query="SELECT ra", infos=(Info("server", "sciplat"),), description="Stars")
    batch = pa.RecordBatch.from_pydict({"ra": pa.array([1.5])})

    found = standard_json.loads(written(make_stream(batch, columns=[column]), document))

    assert found == {
        "metadata": [
            {
                "name": "ra",
                "datatype": "double",
                "arraysize": None,
                "xtype": None,
                "unit": "deg",
                "ucd": "pos.eq.ra",
                "utype": "u:type",
                "description": 'the "right" ascension',
            }
        ],
        "description": "Stars",
        "query": "SELECT ra",
        "infos": [{"name": "server", "value": "sciplat"}],
        "data": [[1.5]],
        "query_status": "OK",
    }


def test_no_rows_are_an_empty_list(make_stream: MakeStream) -> None:
    found = standard_json.loads(
        written(make_stream(pa.RecordBatch.from_pydict({"x": pa.array([], pa.int8())})))
    )

    assert (found["data"], found["query_status"]) == ([], "OK")


def test_a_cut_result_says_overflow_in_its_last_member(make_stream: MakeStream) -> None:
    batch = pa.RecordBatch.from_pydict({"x": [1]})

    assert standard_json.loads(written(make_stream(batch, batch, overflow=True))) == {
        "metadata": [{**dict.fromkeys(FACTS), "name": "x", "datatype": "long"}],
        "data": [["1"], ["1"]],
        "query_status": "OVERFLOW",
    }


def test_an_error_midway_leaves_what_no_parser_takes(make_stream: MakeStream) -> None:
    parts = []
    with pytest.raises(EngineError, match="gone"):
        parts += json.write(
            make_stream(pa.RecordBatch.from_pydict({"x": [1]}), error=EngineError("gone")), Document()
        )

    with pytest.raises(standard_json.JSONDecodeError):
        standard_json.loads(b"".join(parts))


def test_javascript_reads_every_number_exactly(make_stream: MakeStream, tmp_path: Path) -> None:
    node = shutil.which("node")
    if node is None:
        pytest.skip("Node is not installed")
    batch = pa.RecordBatch.from_pydict(
        {
            "id": pa.array([2**63 - 1, None]),
            "x": pa.array([math.nan, -math.inf]),
            "s": pa.array(["\u2028", "é"]),
        }
    )
    path = tmp_path / "t.json"
    path.write_text(written(make_stream(batch)))
    program = (
        f"const t = JSON.parse(require('fs').readFileSync({standard_json.dumps(str(path))}));"
        "console.log(BigInt(t.data[0][0]) === 2n ** 63n - 1n, t.data[1][0], Number(t.data[0][1]),"
        "Number(t.data[1][1]), t.data[1][2]);"
    )

    ran = subprocess.run([node, "-e", program], capture_output=True, text=True, check=True)

    assert ran.stdout.split() == ["true", "null", "NaN", "-Infinity", "é"]
