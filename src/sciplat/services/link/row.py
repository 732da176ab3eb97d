"""The links of a row of a catalog: images of its place, rows of other tables that belong to it, cutouts."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self
from urllib.parse import quote, urlencode

from sciplat.services.link.cutouts import Way, cutout_links
from sciplat.services.link.image import Image, address_of
from sciplat.services.link.models import Link
from sciplat.services.offer import LINKS_TYPE
from sciplat.services.offer_cutouts import IDENTIFIER, circle_input, many_cutouts, soda
from sciplat.services.relations import Relation, RelationKind, relations_of
from sciplat.tables.document import Service
from sciplat.vo.names import delimited, table_name
from sciplat.vo.schema import Column, Datatype, Schema, Table

__all__ = ["MOST_IMAGES", "RowAsked", "images_query", "row_links", "row_query"]

MOST_IMAGES = 200
"""That are linked one by one; a search for all of them is linked too."""

_RADII = (5.0, 15.0, 60.0)
"""Arcseconds around a row that are proposed for a cutout."""

_PROPOSED = 20
"""Images whose identifiers are proposed for a cutout."""

_WHOLE = (Datatype.SHORT, Datatype.INT, Datatype.LONG, Datatype.UNSIGNED_BYTE)
_VOTABLE = "application/x-votable+xml"


@dataclass(frozen=True, slots=True)
class RowAsked:
    """A row of a table, by the only column of its primary key."""

    identifier: str
    table: Table
    key: Column
    value: str
    """As ADQL writes it."""

    @classmethod
    def of(cls, identifier: str, table: Table, text: str) -> Self | None:
        """Return the row with a key; None where no row of the table can have it."""
        if len(table.primary_key) != 1 or table.schema.lower() in ("tap_schema", "ivoa"):
            return None
        key = table.column(table.primary_key[0])
        if key.datatype in (Datatype.CHAR, Datatype.UNICODE_CHAR):
            return cls(identifier, table, key, _literal(text))
        if key.datatype not in _WHOLE:
            return None
        try:
            number = int(text.strip()) if len(text) < 30 else None
        except ValueError:
            number = None
        # A number beyond 64 bits is in no column.
        return None if number is None or abs(number) >= 1 << 63 else cls(identifier, table, key, str(number))

    @property
    def name(self) -> str:
        """What a person calls the row."""
        return f"{self.table.qualified_name} {self.key.name}={self.value}"

    @property
    def condition(self) -> str:
        """By which the row is found."""
        return f"{delimited(self.key.name)} = {self.value}"


def row_query(asked: RowAsked) -> str:
    """Return the query for the columns of a row that point somewhere."""
    table = asked.table
    names = dict.fromkeys(
        [
            asked.key.name,
            *(table.position or ()),
            *(here for key in table.keys for here, _ in key.columns),
        ]
    )
    columns = ", ".join(map(delimited, names))
    return f"SELECT TOP 1 {columns} FROM {table_name(table.schema, table.name)} WHERE {asked.condition}"


def images_query(asked: RowAsked, row: Mapping[str, Any]) -> str | None:
    """Return the part of a query after its columns that finds the images of a row's place, or None."""
    place = _place(asked.table, row)
    if place is None:
        return None
    return (
        f"FROM ivoa.ObsCore WHERE obs_collection = {_literal(asked.table.schema)} "
        f'AND "_south" <= {place[1]!r} AND "_north" >= {place[1]!r} '
        f"AND 1 = CONTAINS(POINT({place[0]!r}, {place[1]!r}), s_region) "
        "ORDER BY calib_level DESC, dataproduct_subtype, t_min, obs_publisher_did"
    )


def row_links(
    asked: RowAsked,
    row: Mapping[str, Any],
    images: Sequence[Image],
    schemas: Sequence[Schema],
    authority: str,
    origin: str,
) -> tuple[list[Link], list[Service]]:
    """Return the links of a row, and the services that they name."""
    identifier, place = asked.identifier, _place(asked.table, row)
    made = [
        Link(
            identifier,
            "#this",
            f"The row itself: {asked.name}",
            address=_tap(origin, asked.table, asked.condition),
            content_type=_VOTABLE,
        )
    ]
    for relation in relations_of(asked.table, schemas):
        made += _relation(identifier, asked, relation, row, schemas, authority, origin)
    ways: Mapping[Way, tuple[Service, str]] = {}
    if place is not None and images:
        ways = _cutouts(asked, place, images, origin)
        made += cutout_links(identifier, ways)
        pos = urlencode({"POS": f"CIRCLE {place[0]!r} {place[1]!r} 1e-6", "COLLECTION": asked.table.schema})
        made.append(
            Link(
                identifier,
                "#auxiliary",
                f"All images of the release {asked.table.schema} of this place",
                address=f"{origin}/api/sia/query?{pos}",
                content_type=_VOTABLE,
                local_semantics="images",
            )
        )
    for image in images:
        made.append(
            Link(
                identifier,
                "#auxiliary",
                f"An image of this place: {image.said}",
                address=address_of(image.did, origin),
                content_type=LINKS_TYPE,
                content_qualifier="#image",
                local_semantics=image.kind,
            )
        )
    return made, [service for service, _ in ways.values()]


def _relation(
    identifier: str,
    asked: RowAsked,
    relation: Relation,
    row: Mapping[str, Any],
    schemas: Sequence[Schema],
    authority: str,
    origin: str,
) -> Iterator[Link]:
    """Yield the rows of another table that belong to this one, and what belongs to them."""
    if relation.kind not in (RelationKind.KEY, RelationKind.REFERENCE) or relation.table is None:
        return
    other = next((t for s in schemas for t in s.tables if t.qualified_name == relation.table), None)
    values = [row.get(name) for name in relation.columns]
    if other is None or any(value is None for value in values):
        return
    tests = [
        f"{delimited(target)} = {_written(value)}"
        for target, value in zip(relation.targets, values, strict=True)
    ]
    is_series = relation.kind is RelationKind.REFERENCE and _is_series(other)
    what = "Light curve" if is_series else "Rows"
    about = (
        ""
        if relation.description is None
        else f": {relation.description[0].lower()}{relation.description[1:]}"
    )
    yield Link(
        identifier,
        "#derivation" if is_series else "#auxiliary",
        f"{what} in {other.qualified_name}{about}",
        address=_tap(origin, other, " AND ".join(tests)),
        content_type=_VOTABLE,
        content_qualifier="#timeseries" if is_series else None,
        local_semantics=other.name,
    )
    if relation.kind is RelationKind.KEY and relation.targets == other.primary_key:
        did = f"ivo://{authority}/{other.schema}/{quote(other.name)}?{quote(str(values[0]))}"
        yield Link(
            identifier,
            "#auxiliary",
            f"What belongs to the row of {other.qualified_name}",
            address=address_of(did, origin),
            content_type=LINKS_TYPE,
            local_semantics=f"{other.name} links",
        )


def _is_series(table: Table) -> bool:
    """Tell whether rows are measurements one after the other: each of a visit, or with a time."""
    return any(
        column.name.lower() in ("visit", "visitid") or (column.ucd or "").startswith("time.epoch")
        for column in table.columns
    )


def _cutouts(
    asked: RowAsked, place: tuple[float, float], images: Sequence[Image], origin: str
) -> Mapping[Way, tuple[Service, str]]:
    """Return the services that cut around a row, and what is said of each."""
    coadds = [image for image in images if image.kind == "deep_coadd"]
    proposed = (coadds or images)[:_PROPOSED]
    ra, dec = place
    inputs = (
        replace(
            IDENTIFIER,
            description="Of which image: " + "; ".join(f"{each.id[:8]} is {each.said}" for each in proposed),
            options=tuple(image.did for image in proposed),
        ),
        circle_input(options=tuple(f"{ra!r} {dec!r} {radius / 3600!r}" for radius in _RADII)),
    )
    id_ = f"{asked.table.qualified_name}-{asked.value}"
    at_once, jobs = soda(origin, inputs, f"Cutouts around {asked.name}", id=f"soda-{id_}")
    assert asked.table.position is not None
    columns = ", ".join(map(delimited, asked.table.position))
    many = many_cutouts(
        origin,
        {
            "QUERY": f"SELECT {columns} FROM {table_name(asked.table.schema, asked.table.name)} "
            f"WHERE {asked.condition}",
            "RA": asked.table.position[0],
            "DEC": asked.table.position[1],
            "RELEASE": asked.table.schema,
        },
        f"Cutouts around {asked.name} of all images of its place",
        id=f"cutouts-{id_}",
        dataset_types=tuple(dict.fromkeys(image.kind for image in images)),
    )
    return {
        "cutout": (at_once, f"Pixels around {asked.name}"),
        "cutout jobs": (jobs, f"Pixels around {asked.name} of several images, as results of a job"),
        "many cutouts": (many, f"Pixels around {asked.name} of all images of its place, as one archive"),
    }


def _place(table: Table, row: Mapping[str, Any]) -> tuple[float, float] | None:
    if table.position is None:
        return None
    ra, dec = (row[name] for name in table.position)
    if ra is None or dec is None or not math.isfinite(ra) or not math.isfinite(dec):
        return None
    return float(ra), float(dec)


def _tap(origin: str, table: Table, condition: str) -> str:
    query = f"SELECT * FROM {table_name(table.schema, table.name)} WHERE {condition}"
    return f"{origin}/api/tap/sync?{urlencode({'LANG': 'ADQL', 'QUERY': query})}"


def _written(value: Any) -> str:
    return _literal(value) if isinstance(value, str) else str(value)


def _literal(text: str) -> str:
    doubled = text.replace("'", "''")
    return f"'{doubled}'"
