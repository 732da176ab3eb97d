from __future__ import annotations

import pyarrow as pa
import pytest

from sciplat.errors import IngestError
from sciplat.tables.arrow import with_columns
from sciplat.tables.merge import agree, rows_of
from sciplat.tables.read import open_sources
from sciplat.tables.read_parquet import open_parquet
from sciplat.vo.schema import Column, Datatype


def test_rows_come_back_as_often_as_wanted(parquet, stars):
    source = open_parquet(parquet(stars))

    first, second = (pa.Table.from_batches(source.batches()) for _ in range(2))

    assert first.equals(stars)
    assert second.equals(stars)


def test_rows_come_in_batches(parquet):
    source = open_parquet(parquet({"n": range(200_000)}, row_group_size=100_000))

    assert max(batch.num_rows for batch in source.batches()) <= 65_536


def test_descriptions_in_the_fields_are_kept(parquet):
    column = Column("flux", Datatype.DOUBLE, unit="nJy", ucd="phot.flux", description="PSF flux")
    schema = with_columns(pa.schema([("flux", pa.float64())]), [column])

    source = open_parquet(parquet(pa.table({"flux": [1.0]}, schema=schema)))

    assert source.columns == (column,)


def test_descriptions_of_a_votable_in_the_footer_are_kept(parquet):
    votable = b"""<VOTABLE version="1.4" xmlns="http://www.ivoa.net/xml/VOTable/v1.3"><RESOURCE><TABLE>
      <FIELD name="g" datatype="double" unit="mag" ucd="phot.mag"><DESCRIPTION>G band</DESCRIPTION></FIELD>
      </TABLE></RESOURCE></VOTABLE>"""
    table = pa.table({"g": [1.0]}).replace_schema_metadata({"IVOA.VOTable-Parquet.content": votable})

    (column,) = open_parquet(parquet(table)).columns

    assert (column.unit, column.ucd, column.description) == ("mag", "phot.mag", "G band")


def test_the_row_index_of_pandas_is_no_column(parquet):
    source = open_parquet(parquet({"a": [1], "__index_level_0__": [7]}))

    assert source.schema.names == ["a"]
    assert pa.Table.from_batches(source.batches()).column_names == ["a"]


def test_a_truncated_file_is_refused(parquet, stars):
    path = parquet(stars)
    path.write_bytes(path.read_bytes()[:-100])

    with pytest.raises(IngestError, match=r"stars\.parquet: not a complete Parquet file"):
        open_parquet(path)


def test_damaged_pages_are_refused(parquet):
    path = parquet(
        {"n": [i * 7919 % 100_003 for i in range(100_000)]}, compression="zstd", use_dictionary=False
    )
    content = bytearray(path.read_bytes())
    content[4:100] = bytes(96)
    path.write_bytes(content)
    sources = open_sources([path])

    with pytest.raises(IngestError, match=r"stars\.parquet: the file is damaged"):
        list(rows_of(sources, agree(sources)))


def test_a_column_of_structs_is_named(parquet):
    path = parquet({"alert": pa.array([{"a": 1}])})

    with pytest.raises(IngestError, match=r"stars\.parquet: .*'alert'.*struct"):
        open_parquet(path)
