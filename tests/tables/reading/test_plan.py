from __future__ import annotations

import pyarrow as pa
import pytest

from sciplat.errors import IngestError
from sciplat.tables.plan import make_plan
from sciplat.tables.source import RowSource
from sciplat.vo.schema import Column, Datatype, Table

D = Datatype.DOUBLE
L = Datatype.LONG


def source(*columns: Column) -> RowSource:
    kinds = {D: pa.float64(), L: pa.int64()}
    schema = pa.schema([(column.name, kinds[column.datatype]) for column in columns])
    return RowSource("made", columns, schema, lambda: iter(()), 0)


RA, DEC, ID, OBJECT, TIME = (
    Column("ra", D),
    Column("dec", D),
    Column("sourceId", L),
    Column("objectId", L),
    Column("mjd", D),
)


@pytest.mark.parametrize(
    ("columns", "order"),
    [
        ((ID, RA, DEC), ("_healpix_29",)),
        ((ID, OBJECT, RA, DEC, TIME), ("_healpix_29", "objectId", "mjd")),
        ((ID, OBJECT, TIME), ("objectId", "mjd")),
        ((TIME, ID), ("sourceId",)),
        ((TIME,), ()),
    ],
)
def test_rows_are_sorted_by_what_they_are_asked_for(columns, order):
    assert make_plan("Source", [source(*columns)], None).order_by == order


def test_the_user_says_how_rows_are_clustered():
    plan = make_plan("Source", [source(ID, OBJECT, RA, DEC)], None, ("objectId",))

    assert plan.order_by == ("objectId",)
    assert plan.guess.position == ("ra", "dec")


def test_a_column_to_cluster_by_must_be_there():
    with pytest.raises(IngestError, match="column 'nope', to cluster by, is missing"):
        make_plan("t", [source(ID)], None, ("nope",))


def test_the_hidden_index_comes_first():
    plan = make_plan("t", [source(ID, RA, DEC)], None)

    first = plan.table_columns(("sourceId",))[0]

    assert (first.name, first.hidden) == ("_healpix_29", True)
    assert plan.schema.names == ["_healpix_29", "sourceId", "ra", "dec"]


def test_an_index_in_the_file_is_made_anew():
    plan = make_plan("t", [source(Column("_healpix_29", L), RA, DEC)], None)

    assert plan.schema.names == ["_healpix_29", "ra", "dec"]
    assert [column.name for column in plan.columns] == ["ra", "dec"]


def test_the_schema_counts_more_than_the_guess():
    told = Table(
        "r",
        "t",
        (
            Column("Alpha", D, unit="deg", ucd="pos.eq.ra;meta.main"),
            Column("Delta", D, unit="deg", ucd="pos.eq.dec;meta.main"),
            Column("gone", D),
        ),
        position=("Alpha", "Delta"),
    )

    plan = make_plan("t", [source(RA, DEC, Column("alpha", D), Column("delta", D))], told)

    assert plan.guess.position == ("Alpha", "Delta")
    assert [column.name for column in plan.columns] == ["ra", "dec", "Alpha", "Delta"]
    assert plan.warnings == ("ra, dec: not in the schema, taken as found", "gone: in the schema only")
