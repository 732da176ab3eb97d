"""Schemas of tables as Felis YAML: read as the user's word, written as our guess.

Felis is the schema language of Rubin's catalogs; its models check what is read.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from sciplat.errors import IngestError
from sciplat.tables.guess import DEC_MAIN, RA_MAIN
from sciplat.vo.schema import Column, Datatype, Key, Table

__all__ = ["DATATYPES", "from_felis", "to_felis"]

DATATYPES = {
    "boolean": Datatype.BOOLEAN,
    "byte": Datatype.UNSIGNED_BYTE,
    "short": Datatype.SHORT,
    "int": Datatype.INT,
    "long": Datatype.LONG,
    "float": Datatype.FLOAT,
    "double": Datatype.DOUBLE,
    "char": Datatype.CHAR,
    "string": Datatype.CHAR,
    "text": Datatype.CHAR,
    "unicode": Datatype.UNICODE_CHAR,
    "binary": Datatype.UNSIGNED_BYTE,
    "timestamp": Datatype.CHAR,
}
"""The types of VOTable by those of Felis."""

_TO_FELIS = {
    Datatype.BOOLEAN: "boolean",
    Datatype.UNSIGNED_BYTE: "byte",
    Datatype.SHORT: "short",
    Datatype.INT: "int",
    Datatype.LONG: "long",
    Datatype.FLOAT: "float",
    Datatype.DOUBLE: "double",
    Datatype.CHAR: "text",
    Datatype.UNICODE_CHAR: "text",
}


def from_felis(path: Path, release: str, table: str) -> Table:
    """Read what a Felis file says of one table.

    The file's table of that name is taken (in any case), or its only one. The position is the pair
    of columns with UCDs ``pos.eq.ra;meta.main`` and ``pos.eq.dec;meta.main``. Keys point at tables
    of ``release``.

    Raises
    ------
    IngestError
        Names the file, and what is wrong in it first.
    """
    schema = _load(path)
    named = {t.name.lower(): t for t in schema.tables}
    found = named.get(table.lower()) or (schema.tables[0] if len(schema.tables) == 1 else None)
    if found is None:
        names = ", ".join(t.name for t in schema.tables)
        raise IngestError(f"{path.name}: there is no table {table!r} in it; its tables are {names}")
    columns = tuple(_column(column) for column in found.columns)
    position = [
        next((c.name for c in columns if (c.ucd or "").lower() == ucd), None) for ucd in (RA_MAIN, DEC_MAIN)
    ]
    return Table(
        release,
        table,
        columns,
        description=found.description,
        utype=found.votable_utype,
        keys=_keys(schema, found, release),
        primary_key=_primary_key(found),
        position=(position[0], position[1]) if position[0] and position[1] else None,
    )


def to_felis(table: Table) -> str:
    """Return the Felis YAML that says of one table what we know, to be edited and read again.

    Felis takes fewer units and UCDs than there are in old catalogs; those it refuses are left out.
    Keys to other tables are too, since Felis wants those tables in the same file.
    """
    columns = [
        _entry(table, index, column)
        for index, column in enumerate((c for c in table.columns if not c.hidden), start=1)
    ]
    entry: dict[str, Any] = {"name": table.name, "@id": f"#{table.name}"}
    if table.description:
        entry["description"] = table.description
    if table.primary_key:
        entry["primaryKey"] = [f"#{table.name}.{name}" for name in table.primary_key]
    entry["columns"] = columns
    document = {"name": table.schema, "@id": f"#{table.schema}", "tables": [entry]}
    head = (
        "# What sciplat took the columns of this table for. Edit it, and ingest the table again with\n"
        f"# sciplat ingest catalog FILE... --table {table.qualified_name} --schema THIS-FILE\n"
    )
    return head + str(yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=100))


def _load(path: Path) -> Any:
    import felis  # noqa: PLC0415 - it takes a second, and only a schema file needs it

    try:
        return felis.Schema.from_uri(str(path), context={"id_generation": True})
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise IngestError(f"{path.name}: not a valid Felis schema: {place}: {first['msg']}") from error
    except (OSError, ValueError, TypeError, yaml.YAMLError) as error:
        reason = " ".join(str(error).split())
        raise IngestError(f"{path.name}: not a valid Felis schema: {reason}") from error


def _column(column: Any) -> Column:
    datatype = DATATYPES[str(column.datatype)]
    if column.votable_datatype == Datatype.UNICODE_CHAR:
        datatype = Datatype.UNICODE_CHAR
    size = None if column.votable_arraysize is None else str(column.votable_arraysize)
    return Column(
        column.name,
        datatype,
        "*" if datatype in (Datatype.CHAR, Datatype.UNICODE_CHAR) else size,
        xtype=column.votable_xtype,
        unit=column.ivoa_unit or column.fits_tunit,
        ucd=column.ivoa_ucd,
        utype=column.votable_utype,
        description=column.description,
        principal=bool(column.tap_principal),
        std=bool(column.tap_std),
    )


def _primary_key(table: Any) -> tuple[str, ...]:
    said = table.primary_key
    ids = [said] if isinstance(said, str) else (said or [])
    names = {column.id: column.name for column in table.columns}
    return tuple(names[i] for i in ids if i in names)


def _keys(schema: Any, table: Any, release: str) -> tuple[Key, ...]:
    places = {column.id: (other.name, column.name) for other in schema.tables for column in other.columns}
    keys = []
    for constraint in table.constraints:
        if constraint.type != "ForeignKey":
            continue
        here = [places[i][1] for i in constraint.columns]
        there = [places[i] for i in constraint.referenced_columns]
        keys.append(
            Key(
                f"{release}.{there[0][0]}",
                tuple((a, b) for a, (_, b) in zip(here, there, strict=True)),
                description=constraint.description,
                utype=constraint.votable_utype,
            )
        )
    return tuple(keys)


def _entry(table: Table, index: int, column: Column) -> dict[str, Any]:
    assert column.datatype is not None
    entry: dict[str, Any] = {"name": column.name, "@id": f"#{table.name}.{column.name}"}
    if column.xtype == "timestamp":
        entry["datatype"] = "timestamp"
    else:
        entry["datatype"] = _TO_FELIS[column.datatype]
        if column.datatype is Datatype.UNICODE_CHAR:
            entry["votable:datatype"] = str(column.datatype)
        if column.datatype not in (Datatype.CHAR, Datatype.UNICODE_CHAR) and column.arraysize:
            entry["votable:arraysize"] = column.arraysize
        if column.xtype:
            entry["votable:xtype"] = column.xtype
    if column.description:
        entry["description"] = column.description
    if column.unit and _is_unit(column.unit):
        entry["ivoa:unit"] = column.unit
    if column.ucd and _is_ucd(column.ucd):
        entry["ivoa:ucd"] = column.ucd
    if column.utype:
        entry["votable:utype"] = column.utype
    if column.principal:
        entry["tap:principal"] = 1
    if column.std:
        entry["tap:std"] = 1
    entry["tap:column_index"] = index
    return entry


def _is_unit(text: str) -> bool:
    from astropy import units  # noqa: PLC0415 - needed at the end of an ingest only

    try:
        units.Unit(text)
    except ValueError:
        return False
    return True


def _is_ucd(text: str) -> bool:
    from astropy.io.votable.ucd import parse_ucd  # noqa: PLC0415 - needed at the end of an ingest only

    try:
        parse_ucd(text, check_controlled_vocabulary=True, has_colon=";" in text)
    except ValueError:
        return False
    return True
