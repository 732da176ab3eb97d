from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, datetime
from xml.etree import ElementTree as ET

import pytest
from pyvo.io.vosi import parse_availability, parse_tables

from sciplat.vo.schema import Column, Datatype, Key, Schema, Table
from sciplat.vo.vosi import Availability, availability_document, table_document, tables_document

OBJECT = Table(
    "simwide",
    "Object",
    (
        Column("objectId", Datatype.LONG, ucd="meta.id;meta.main", description="Unique id", indexed=True),
        Column("coord_ra", Datatype.DOUBLE, unit="deg", ucd="pos.eq.ra;meta.main", std=True),
        Column("size", Datatype.FLOAT, description="A reserved word"),
        Column("band", Datatype.CHAR, "1"),
        Column("when", Datatype.CHAR, "*", xtype="timestamp"),
        Column("_healpix_29", Datatype.LONG, hidden=True),
    ),
    description='Objects & <"more">',
    primary_key=("objectId",),
    rows=200_000,
)
SOURCE = Table(
    "simwide",
    "Source",
    (Column("objectId", Datatype.LONG),),
    keys=(Key("simwide.Object", (("objectId", "objectId"),), "The object it belongs to"),),
)
SCHEMAS = (Schema("simwide", (OBJECT, SOURCE), "Simulated"), Schema("empty"))


@pytest.mark.parametrize("detail", ["min", "max"])
def test_the_tables_are_as_promised_and_obey_the_schema(
    detail: str, assert_valid: Callable[[bytes], None], golden: Callable[[str, bytes], None]
) -> None:
    content = tables_document(SCHEMAS, detail=detail)

    golden(f"tables-{detail}.xml", content)
    assert_valid(content)


def test_pyvo_reads_the_tables() -> None:
    tables = list(parse_tables(io.BytesIO(tables_document(SCHEMAS))).iter_tables())

    assert [(table.name, table.nrows) for table in tables] == [
        ("simwide.Object", 200_000),
        ("simwide.Source", None),
    ]
    first = tables[0].columns[0]
    assert (first.name, first.ucd, str(first.datatype.content)) == ("objectId", "meta.id;meta.main", "long")
    assert first.flags == ["indexed", "primary"]
    assert [column.name for column in tables[0].columns][2:] == ['"size"', "band", '"when"']
    assert tables[1].foreignkeys[0].targettable == "simwide.Object"


def test_without_detail_no_columns_are_told() -> None:
    root = ET.fromstring(tables_document(SCHEMAS, detail="min"))

    assert root.findall(".//column") == []
    assert root.findall(".//foreignKey") == []


def test_one_table_is_a_document_of_its_own(assert_valid: Callable[[bytes], None]) -> None:
    content = table_document(SOURCE)

    assert_valid(content)
    assert [table.name for table in parse_tables(io.BytesIO(content)).iter_tables()] == ["simwide.Source"]


def test_hidden_columns_stay_hidden() -> None:
    assert b"_healpix_29" not in table_document(OBJECT)


def test_availability_is_as_promised(
    assert_valid: Callable[[bytes], None], golden: Callable[[str, bytes], None]
) -> None:
    since = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
    content = availability_document(Availability(available=True, up_since=since, notes=("all & well",)))

    golden("availability.xml", content)
    assert_valid(content)
    read = parse_availability(io.BytesIO(content))
    assert read.available
    assert str(read.upsince) == "2026-11-21T09:30:00.000Z"
    assert [str(note) for note in read.notes] == ["all & well"]
