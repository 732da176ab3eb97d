"""A column's links go wherever the format has room for them, and come back."""

from __future__ import annotations

import io
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from astropy.table import Table
from support.votlint import votlint

from sciplat.tables.arrow import columns_of
from sciplat.tables.document import Document
from sciplat.tables.formats import negotiate
from sciplat.tables.read_votable import open_votable
from sciplat.tables.stream import TableStream
from sciplat.vo.schema import Column, Datatype, Link

LINK = Link("http://example.org/star?id=${id}&b=1", "The star's page", "text/html", "doc")
ID = Column("id", Datatype.LONG, ucd="meta.id", links=(LINK, Link("http://example.org/")))
FACTS = [
    {
        "href": "http://example.org/star?id=${id}&b=1",
        "title": "The star's page",
        "content_type": "text/html",
        "content_role": "doc",
    },
    {"href": "http://example.org/"},
]


@pytest.fixture
def written(make_stream: Callable[..., TableStream]) -> Callable[[str], bytes]:
    def write(name: str) -> bytes:
        batch = pa.RecordBatch.from_pydict({"id": pa.array([7])})
        return b"".join(negotiate(name).write(make_stream(batch, columns=[ID]), Document()))

    return write


@pytest.mark.parametrize("name", ["votable", "votable/b", "votable/td"])
def test_a_votable_brings_them_back(name: str, written: Callable[[str], bytes], tmp_path: Path) -> None:
    path = tmp_path / "t.vot"
    path.write_bytes(written(name))

    assert open_votable(path).columns[0].links == ID.links


@pytest.mark.slow
@pytest.mark.parametrize("name", ["votable", "votable/b", "votable/td"])
def test_votlint_finds_nothing_in_a_votable_with_links(name: str, written: Callable[[str], bytes]) -> None:
    assert votlint(written(name)) == ""


def test_arrow_and_parquet_bring_them_back(written: Callable[[str], bytes]) -> None:
    assert columns_of(pa.ipc.open_stream(written("arrow")).schema) == (ID,)
    assert columns_of(pq.read_schema(io.BytesIO(written("parquet")))) == (ID,)


def test_json_ecsv_and_sqlite_list_them(written: Callable[[str], bytes]) -> None:
    with closing(sqlite3.connect(":memory:")) as database:
        database.deserialize(written("sqlite"))
        ((text,),) = database.execute("SELECT links FROM columns").fetchall()

    assert json.loads(written("json"))["metadata"][0]["links"] == FACTS
    assert Table.read(io.BytesIO(written("ecsv")), format="ascii.ecsv")["id"].meta["links"] == FACTS
    assert json.loads(text) == FACTS


def test_a_column_is_the_same_after_json() -> None:
    assert Column.from_json(json.loads(json.dumps(ID.to_json()))) == ID


@pytest.mark.parametrize("href", ["javascript:alert(1)", "file:///etc/passwd", "data:text/html,x", ""])
def test_a_link_that_leads_elsewhere_than_to_the_web_is_not_taken(href: str, tmp_path: Path) -> None:
    path = tmp_path / "t.vot"
    path.write_text(
        '<VOTABLE version="1.4"><RESOURCE><TABLE><FIELD name="x" datatype="int">'
        f'<LINK href="{href}"/></FIELD><DATA><TABLEDATA/></DATA></TABLE></RESOURCE></VOTABLE>'
    )

    assert open_votable(path).columns[0].links == ()
