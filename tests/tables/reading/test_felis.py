from __future__ import annotations

import felis
import pytest
import yaml

from sciplat.errors import IngestError
from sciplat.tables.felis import from_felis, to_felis
from sciplat.vo.schema import Column, Datatype, Key, Table

TABLE = Table(
    "dr1",
    "Star",
    (
        Column("_healpix_29", Datatype.LONG, hidden=True),
        Column("starId", Datatype.LONG, ucd="meta.id;meta.main", principal=True),
        Column(
            "ra", Datatype.DOUBLE, unit="deg", ucd="pos.eq.ra;meta.main", description="Right ascension: ICRS"
        ),
        Column("dec", Datatype.DOUBLE, unit="deg", ucd="pos.eq.dec;meta.main"),
        Column("fluxes", Datatype.FLOAT, "5", unit="nJy"),
        Column("bits", Datatype.BOOLEAN, "2"),
        Column("blob", Datatype.UNSIGNED_BYTE, "*"),
        Column("band", Datatype.CHAR, "*"),
        Column("remark", Datatype.UNICODE_CHAR, "*"),
        Column("seen", Datatype.CHAR, "*", xtype="timestamp"),
        Column("small", Datatype.SHORT, utype="a:b.c"),
    ),
    description="Stars",
    primary_key=("starId",),
    position=("ra", "dec"),
)


def test_what_is_written_is_read_the_same(tmp_path):
    path = tmp_path / "felis.yaml"
    path.write_text(to_felis(TABLE), encoding="utf-8")

    found = from_felis(path, "dr1", "Star")

    assert found.columns == TABLE.columns[1:]
    assert (found.position, found.primary_key, found.description) == (("ra", "dec"), ("starId",), "Stars")


def test_what_is_written_is_valid_to_felis_itself():
    schema = felis.Schema.model_validate(yaml.safe_load(to_felis(TABLE)))

    assert [column.name for column in schema.tables[0].columns][:2] == ["starId", "ra"]


def test_units_and_ucds_that_felis_refuses_are_left_out():
    table = Table("r", "t", (Column("x", Datatype.DOUBLE, unit="furlongs?", ucd="nonsense.word"),))

    (column,) = felis.Schema.model_validate(yaml.safe_load(to_felis(table))).tables[0].columns

    assert (column.ivoa_unit, column.ivoa_ucd) == (None, None)


SCHEMA = """
name: any
tables:
- name: Object
  columns:
  - {name: objectId, datatype: long}
- name: Source
  primaryKey: "#Source.sourceId"
  columns:
  - {name: sourceId, datatype: long}
  - {name: objectId, datatype: long, "fits:tunit": ""}
  - {name: band, datatype: string, length: 1}
  constraints:
  - {name: fk, "@type": ForeignKey, columns: ["#Source.objectId"], referencedColumns: ["#Object.objectId"],
     description: The object}
"""


@pytest.fixture
def schema(tmp_path):
    path = tmp_path / "any.yaml"
    path.write_text(SCHEMA)
    return path


def test_keys_point_at_tables_of_the_release(schema):
    found = from_felis(schema, "dr1", "source")

    assert found.name == "source"
    assert found.primary_key == ("sourceId",)
    assert found.keys == (Key("dr1.Object", (("objectId", "objectId"),), description="The object"),)
    assert found.column("band").arraysize == "*"


def test_a_table_that_is_not_in_the_schema_is_named(schema):
    with pytest.raises(
        IngestError, match=r"any\.yaml: there is no table 'Visit' in it; its tables are Object, Source"
    ):
        from_felis(schema, "dr1", "Visit")


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "name: a",
        "just text",
        SCHEMA.replace("datatype: long}", "datatype: huge}"),
        SCHEMA.replace("#Object.", "#No."),
    ],
)
def test_a_wrong_schema_ends_with_one_line(tmp_path, text):
    path = tmp_path / "wrong.yaml"
    path.write_text(text)

    with pytest.raises(IngestError, match=r"wrong\.yaml: not a valid Felis schema") as caught:
        from_felis(path, "dr1", "Source")
    assert "\n" not in str(caught.value)
