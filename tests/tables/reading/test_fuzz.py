"""Changed files by the hundred: each is read, or refused in words."""

import datetime as dt
import random

import pyarrow as pa
import pytest
from support.mutation import changed

from sciplat.errors import SciplatError
from sciplat.services.load import load
from sciplat.tables.document import Document
from sciplat.tables.formats import negotiate
from sciplat.tables.stream import TableStream
from sciplat.vo.schema import Column, Datatype

FORMATS = ["votable", "votable/td", "votable/b2", "csv", "tsv", "fits", "parquet", "arrow", "ecsv"]
COLUMNS = (
    Column("id", Datatype.LONG),
    Column("ra", Datatype.DOUBLE, unit="deg", ucd="pos.eq.ra"),
    Column("dec", Datatype.DOUBLE, unit="deg", ucd="pos.eq.dec"),
    Column("name", Datatype.CHAR, "*"),
    Column("ok", Datatype.BOOLEAN),
    Column("s", Datatype.SHORT),
    Column("v", Datatype.FLOAT, "3"),
    Column("u", Datatype.UNICODE_CHAR, "*"),
    Column("t", Datatype.CHAR, "*", xtype="timestamp"),
)
ROWS = pa.record_batch(
    {
        "id": pa.array([1, 2, None], pa.int64()),
        "ra": pa.array([1.0, float("nan"), 350.0]),
        "dec": pa.array([1.0, None, -80.0]),
        "name": pa.array(["a", "", None]),
        "ok": pa.array([True, None, False]),
        "s": pa.array([1, 2, None], pa.int16()),
        "v": pa.array([[1, 2, 3], None, [4, 5, 6]], pa.list_(pa.float32(), 3)),
        "u": pa.array(["\u00e9", "\U0001f600", None]),
        "t": pa.array([dt.date(2025, 1, 1), None, dt.date(2026, 1, 1)]).cast(pa.timestamp("us")),
    }
)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("form", FORMATS)
def test_a_changed_file_is_read_or_refused_in_words(form, tmp_path, fuzz):
    stream = TableStream(COLUMNS, ROWS.schema, iter([ROWS]))
    content = b"".join(negotiate(form).write(stream, Document()))
    for number in range(max(1, fuzz // 20)):
        folder = tmp_path / str(number)
        folder.mkdir()
        file = folder / "mine"
        file.write_bytes(changed(content, random.Random(number)))
        try:
            load(file, folder / "out.duckdb", largest=10**7, memory_bytes=1 << 28)
        except SciplatError as error:
            message = str(error)
        except BaseException as error:
            error.add_note(f"The file of seed {number}: {file.read_bytes()[:2000]!r}")
            raise
        else:
            continue
        assert 0 < len(message) < 1000, number
