"""ObsCore: the table of all images that there are, of all data releases (ObsCore 1.1).

The table is one of the schema ``ivoa`` like others. Each row has the hidden column of `ROW_SCHEMA`, so that a
query is shown only what its asker may see. A release's rows lie beside its images, written by whoever
changed these, so that nobody needs a Butler to read them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import quote

import pyarrow as pa
import yaml

from sciplat.services.offer import LINKS, LINKS_TYPE
from sciplat.services.tap_schema import ROW_SCHEMA
from sciplat.tables.arrow import arrow_type
from sciplat.vo.schema import REGION, Column, Datatype, Table, outline_column

__all__ = ["kept_arrow", "obscore_arrow", "obscore_profile", "obscore_rows", "obscore_table"]

SCHEMA = "ivoa"


_BOUNDS = tuple(
    Column(name, Datatype.DOUBLE, unit="deg", description=f"A declination {where} of the image", hidden=True)
    for name, where in (("_south", "south"), ("_north", "north"))
)
"""The engine leaves out what lies elsewhere by them, without looking at outlines."""

_ROUNDED = 1e-5
"""Degrees, more than the corners of an outline are rounded by."""

_BYTES = Column(
    "_bytes", Datatype.LONG, unit="byte", description="How large the image's file is", hidden=True
)


@cache
def obscore_profile() -> Mapping[str, Any]:
    """Return what is said of the columns, of the types of images, and of bands."""
    text = files("sciplat.services").joinpath("profiles/obscore.yaml").read_text(encoding="utf-8")
    profile: Mapping[str, Any] = yaml.safe_load(text)
    return profile


@cache
def obscore_table() -> Table:
    """Return the table without rows."""
    columns = [_column(said) for said in obscore_profile()["columns"]]
    outlines = [outline_column(column) for column in columns if column.xtype == REGION]
    return Table(
        SCHEMA,
        "ObsCore",
        (*columns, *outlines, *_BOUNDS, _BYTES, ROW_SCHEMA),
        utype="ivo://ivoa.net/std/obscore#table-1.1",
        description="All images of all data releases (ObsCore 1.1)",
    )


def _column(said: Mapping[str, str]) -> Column:
    text = said["datatype"] == Datatype.CHAR
    is_standard = "utype" in said
    return replace(
        Column.from_json(said), arraysize="*" if text else None, principal=is_standard, std=is_standard
    )


@cache
def obscore_arrow() -> pa.Schema:
    """Return the Arrow schema of its rows."""
    return pa.schema([pa.field(column.name, arrow_type(column)) for column in obscore_table().columns])


def kept_arrow() -> pa.Schema:
    """Return the Arrow schema of the file that is kept of a release: its rows, and what they were made of."""
    return pa.schema([*obscore_arrow(), *_KEPT])


_INPUTS = pa.list_(pa.struct([("id", pa.string()), ("type", pa.string())]))
_KEPT = (
    pa.field("_id", pa.string()),
    pa.field("_came", pa.int64()),  # when the repository took it, microseconds
    pa.field("_quantum", pa.string()),  # what made it, as its file says
    pa.field("_inputs", _INPUTS),
)


def obscore_rows(release: str, observations: Iterable[Mapping[str, Any]]) -> pa.Table:
    """Return the rows of one release, as they are kept (`kept_arrow`).

    Parameters
    ----------
    observations
        What is known of each image, by the names of the columns, hidden ones too; what is not is left out.
    """
    return pa.Table.from_pylist([_row(release, each) for each in observations], schema=kept_arrow())


def _row(release: str, observation: Mapping[str, Any]) -> dict[str, Any]:
    row = {
        **observation,
        ROW_SCHEMA.name: release,
        "access_url": f"{LINKS}?ID={quote(observation['obs_publisher_did'], safe='')}",
        "access_format": LINKS_TYPE,
    }
    if (dec := row.get("s_dec")) is not None and (diameter := row.get("s_fov")) is not None:
        reach = diameter / 2 + _ROUNDED
        row |= {"_south": dec - reach, "_north": dec + reach}
    said = row.pop("_headers", None)
    if said is not None:
        width, height = said.shape or (None, None)
        row |= {
            "_bytes": said.bytes,
            "access_estsize": None if said.bytes is None else math.ceil(said.bytes / 1000),
            "s_xel1": width,
            "s_xel2": height,
            "s_resolution": said.resolution,
            "_quantum": said.quantum,
            "_inputs": [{"id": id, "type": kind} for id, kind in said.inputs],  # noqa: A001
        }
    return row
