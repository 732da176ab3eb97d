"""What the header of an ECSV file says of its columns (APE 6)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import pyarrow as pa
import yaml

from sciplat.errors import IngestError
from sciplat.vo.schema import Column

__all__ = ["Declared", "described", "is_ecsv"]

_FIRST = "# %ECSV "

_KINDS: dict[str, pa.DataType] = {
    "bool": pa.bool_(),
    "uint8": pa.uint8(),
    "int8": pa.int16(),
    "int16": pa.int16(),
    "uint16": pa.int32(),
    "int32": pa.int32(),
    "uint32": pa.int64(),
    "int64": pa.int64(),
    "float16": pa.float32(),
    "float32": pa.float32(),
    "float64": pa.float64(),
    "float128": pa.float64(),
    "string": pa.string(),
}
"""The type in which values of each `datatype` fit; of others the texts decide."""

_ARRAY = re.compile(r"(\w+)\[((?:\d+|null)(?:,(?:\d+|null))*)\]")


@dataclass(frozen=True, slots=True)
class Declared:
    """What a header says of a column."""

    column: Column
    kind: pa.DataType | None
    """None where the texts of the column decide."""


def is_ecsv(lines: Sequence[str]) -> bool:
    """Tell whether the lines before the columns' names are a header of ECSV."""
    return bool(lines) and lines[0].startswith(_FIRST)


def described(lines: Sequence[str], label: str) -> tuple[str, dict[str, Declared]]:
    """Return the delimiter, and what the header says of each column that it names.

    Raises
    ------
    IngestError
        The header is no YAML, or no list of columns.
    """
    text = "\n".join(line.lstrip("#").removeprefix(" ") for line in lines[2:])
    facts: Any
    try:
        if any(isinstance(token, yaml.AliasToken) for token in yaml.scan(text, Loader=yaml.SafeLoader)):
            raise IngestError(f"{label}: an ECSV header with YAML aliases is not read")
        # Tags are astropy's classes (`!!omap`, `!numpy.ndarray`): of no meaning for columns.
        facts = yaml.load(text, Loader=_Plain)  # noqa: S506 - a safe loader of ours
    except yaml.YAMLError as error:
        reason = " ".join(str(error).split())[:200]
        raise IngestError(f"{label}: its ECSV header is not understood ({reason})") from None
    rows = facts.get("datatype") if isinstance(facts, dict) else None
    if not isinstance(rows, list) or not all(isinstance(row, dict) and "name" in row for row in rows):
        raise IngestError(f"{label}: its ECSV header lists no columns")
    delimiter = str(facts.get("delimiter", " "))
    if delimiter not in (" ", ","):
        raise IngestError(f"{label}: an ECSV file is delimited by blanks or commas, not {delimiter!r}")
    columns = {}
    for row in rows:
        name = str(row["name"])
        meta = row.get("meta") if isinstance(row.get("meta"), dict) else {}
        column = Column(
            name,
            unit=_text(row.get("unit")),
            ucd=_text((meta or {}).get("ucd")),
            utype=_text((meta or {}).get("utype")),
            xtype=_text((meta or {}).get("xtype")),
            description=_text(row.get("description")),
        )
        columns[name] = Declared(column, _kind(str(row.get("datatype")), str(row.get("subtype", ""))))
    return delimiter, columns


def _kind(datatype: str, subtype: str) -> pa.DataType | None:
    found = _ARRAY.fullmatch(subtype)
    if found is None or found[1] not in _KINDS or found[1] == "string":
        return _KINDS.get(datatype)
    sizes = found[2].split(",")
    element = _KINDS[found[1]]
    return pa.list_(element) if "null" in sizes else pa.list_(element, prod(map(int, sizes)))


def _text(value: object) -> str | None:
    return str(value).strip() or None if value is not None else None


class _Plain(yaml.SafeLoader):
    """Takes a value with an unknown tag for what it is without, and a whole number for text.

    YAML 1.1 has numbers of base 60 (``1:2:3``), and a long one takes minutes.
    """


def _untagged(loader: yaml.SafeLoader, _: str, node: yaml.Node) -> Any:
    match node:
        case yaml.MappingNode():
            return loader.construct_mapping(node, deep=True)
        case yaml.SequenceNode():
            return loader.construct_sequence(node, deep=True)
        case _:
            return loader.construct_scalar(node)  # type: ignore[arg-type]


def _as_written(loader: yaml.SafeLoader, node: yaml.Node) -> Any:
    return _untagged(loader, "", node)


_Plain.add_multi_constructor("", _untagged)
for _tag in ("omap", "int"):
    _Plain.add_constructor(f"tag:yaml.org,2002:{_tag}", _as_written)
