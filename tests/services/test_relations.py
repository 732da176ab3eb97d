"""Which columns belong together."""

from __future__ import annotations

import pytest

from sciplat.demo.simwide import TABLES
from sciplat.demo.simwide_schema import simwide_table
from sciplat.services.relations import Relation, RelationKind, relations_of, with_keys
from sciplat.vo.schema import Column, Datatype, Key, Schema, Table


def table(name: str, *names: str, units: dict[str, str] | None = None, **more: object) -> Table:
    columns = tuple(Column(each, Datatype.DOUBLE, unit=(units or {}).get(each)) for each in names)
    return Table("dr1", name, columns, **more)  # type: ignore[arg-type]


def found(of: Table, kind: RelationKind, *others: Table) -> list[tuple[str, ...]]:
    schema = with_keys(Schema("dr1", (of, *others)))
    return [each.columns for each in relations_of(schema.tables[0], [schema]) if each.kind is kind]


@pytest.mark.requirement("DMS-LSP-REQ-0009")
@pytest.mark.parametrize(
    "names",
    [("psfFlux", "psfFluxErr"), ("ra", "ra_error"), ("Bmag", "e_Bmag"), ("g_ap03Flux", "g_ap03FluxErr")],
)
def test_a_value_is_known_with_its_error(names: tuple[str, str]) -> None:
    assert found(table("t", *names), RelationKind.ERROR) == [names]


def test_what_has_another_unit_is_no_error() -> None:
    units = {"mag": "mag", "magErr": "nJy"}
    assert found(table("t", "mag", "magErr", units=units), RelationKind.ERROR) == []


def test_a_covariance_knows_both_its_values() -> None:
    names = ("ra", "dec", "ra_dec_Cov", "coord_ra", "coord_dec", "coord_ra_coord_dec_Cov", "x_Cov")
    assert found(table("t", *names), RelationKind.COVARIANCE) == [
        ("ra", "dec", "ra_dec_Cov"),
        ("coord_ra", "coord_dec", "coord_ra_coord_dec_Cov"),
    ]


def test_a_value_is_known_with_its_flags() -> None:
    names = ("psfFlux", "psfFlux_flag", "psfFlux_flag_edge", "other_flag")
    assert found(table("t", *names), RelationKind.FLAG) == [
        ("psfFlux", "psfFlux_flag"),
        ("psfFlux", "psfFlux_flag_edge"),
    ]


def test_one_quantity_in_several_bands_is_one_group() -> None:
    of = table("t", "g_psfFlux", "r_psfFlux", "g_only", "radius")
    (group,) = [each for each in relations_of(of, []) if each.kind is RelationKind.BANDS]
    assert group == Relation(RelationKind.BANDS, ("g_psfFlux", "r_psfFlux"), quantity="psfFlux")


@pytest.mark.requirement("DMS-LSP-REQ-0008")
def test_a_key_that_rubins_schema_leaves_out_is_known_from_both_sides() -> None:
    source = table("Source", "visit", "detector")
    image = table("CcdVisit", "visitId", "detector")
    schema = with_keys(Schema("dr1", (source, image)))

    (key,) = [each for each in relations_of(schema.tables[0], [schema]) if each.kind is RelationKind.KEY]
    (back,) = [
        each for each in relations_of(schema.tables[1], [schema]) if each.kind is RelationKind.REFERENCE
    ]

    assert (key.columns, key.table, key.targets) == (
        ("visit", "detector"),
        "dr1.CcdVisit",
        ("visitId", "detector"),
    )
    assert (back.columns, back.table, back.targets) == (key.targets, "dr1.Source", key.columns)


def test_a_key_of_the_schemas_own_is_not_doubled() -> None:
    own = Key("dr1.Object", (("object", "objectId"),))
    source = table("ForcedSource", "object", "objectId", keys=(own,))
    assert found(source, RelationKind.KEY, table("Object", "objectId")) == [("object",)]


def test_what_the_asker_cannot_see_is_no_target() -> None:
    source = with_keys(Schema("dr1", (table("Source", "visit"), table("Visit", "visit")))).tables[0]
    alone = Schema("dr1", (source,))
    assert [each for each in relations_of(source, [alone]) if each.kind is RelationKind.KEY] == []


def test_every_column_that_a_relation_of_the_demo_names_is_there() -> None:
    tables = tuple(map(simwide_table, TABLES))
    schema = with_keys(Schema("simwide", tables))
    columns = {each.qualified_name: {c.name for c in each.columns} for each in schema.tables}
    seen = set()
    for each in schema.tables:
        for relation in relations_of(each, [schema]):
            seen.add(relation.kind)
            assert set(relation.columns) <= columns[each.qualified_name]
            if relation.table is not None:
                assert set(relation.targets) <= columns[relation.table]
    assert seen >= set(RelationKind) - {RelationKind.COVARIANCE}
