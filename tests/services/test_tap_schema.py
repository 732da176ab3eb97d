from __future__ import annotations

import duckdb
import pytest

from sciplat.catalogs.store import CatalogStore
from sciplat.services.tap_schema import tap_schema, tap_schema_rows
from sciplat.vo.schema import Column, Datatype, Key, Schema, Table

RELEASE = Schema(
    "dr1",
    (
        Table(
            "dr1",
            "Object",
            (Column("objectId", Datatype.LONG), Column("_healpix_29", Datatype.LONG, hidden=True)),
        ),
        Table(
            "dr1",
            "Source",
            (
                Column("objectId", Datatype.LONG),
                Column("order", Datatype.FLOAT, "5", unit="mag", indexed=True),
            ),
            keys=(
                Key("dr1.Object", (("objectId", "objectId"),), description="seen as"),
                Key("dr1.Gone", (("x", "y"),)),
            ),
        ),
    ),
    description="First",
)


@pytest.fixture
def made():
    return {table.name: rows.to_pylist() for table, rows in tap_schema_rows([RELEASE])}


def test_every_schema_and_table_is_listed_once(made):
    assert [row["schema_name"] for row in made["schemas"]] == ["dr1", "TAP_SCHEMA"]
    names = [row["table_name"] for row in made["tables"]]
    assert names[:3] == ["dr1.Object", "dr1.Source", "TAP_SCHEMA.schemas"]
    assert len(names) == len(set(names)) == 7


def test_every_row_says_of_which_schema_it_speaks(made):
    for rows in made.values():
        assert {row["_schema"] for row in rows} == {"dr1", "TAP_SCHEMA"}
    assert all(row["_schema"] == row["schema_name"] for row in made["tables"])


def test_hidden_columns_are_not_listed(made):
    names = {row["column_name"] for row in made["columns"]}

    assert not names & {"_healpix_29", "_schema"}


def test_names_are_written_as_in_queries(made):
    names = [row["column_name"] for row in made["columns"]]

    assert '"order"' in names
    assert '"size"' in names


def test_size_is_the_length_of_fixed_arrays(made):
    (row,) = [row for row in made["columns"] if row["column_name"] == '"order"']

    assert (row["arraysize"], row["size"], row["unit"], row["indexed"], row["column_index"]) == (
        "5",
        5,
        "mag",
        1,
        2,
    )


def test_keys_point_only_at_tables_that_are_there(made):
    keys = [row for row in made["keys"] if row["_schema"] == "dr1"]

    assert [(row["from_table"], row["target_table"]) for row in keys] == [("dr1.Source", "dr1.Object")]
    assert [row["key_id"] for row in made["key_columns"] if row["_schema"] == "dr1"] == [keys[0]["key_id"]]
    ids = [row["key_id"] for row in made["keys"]]
    assert len(ids) == len(set(ids))


def test_it_describes_itself_completely(made):
    described = [
        (row["table_name"], row["column_name"].strip('"'), row["datatype"]) for row in made["columns"]
    ]

    for table in tap_schema().tables:
        for column in table.columns:
            listed = (table.qualified_name, column.name, str(column.datatype)) in described
            assert listed is not column.hidden


def test_it_is_made_when_an_instance_starts_and_only_then(service, store):
    service.prepare()
    first = store.snapshot()
    service.prepare()

    assert store.snapshot() is first
    assert first.schema("tap_schema").public
    with duckdb.connect(str(first.file("TAP_SCHEMA", "columns")), read_only=True) as connection:
        names = [row[0] for row in connection.sql("SELECT name FROM pragma_table_info('data')").fetchall()]
    assert names == [column.name for column in first.schema("TAP_SCHEMA").tables[2].columns]


def test_a_new_description_of_a_release_is_there_at_once(service, store):
    service.describe_release("dr1", "The first release")

    with duckdb.connect(
        str(CatalogStore(store.folder).snapshot().file("TAP_SCHEMA", "schemas"))
    ) as connection:
        found = connection.sql("SELECT description FROM data WHERE schema_name = 'dr1'").fetchall()
    assert found == [("The first release",)]
