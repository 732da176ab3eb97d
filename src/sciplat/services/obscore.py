"""ObsCore: the table of all images that there are, of all data releases (ObsCore 1.1).

The table is one of the schema ``ivoa`` like others. Each row has the hidden column of `ROW_SCHEMA`, so that a
query is shown only what its asker may see. A release's rows lie beside its images, written by whoever
changed these, so that nobody needs a Butler to read them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache
from importlib.resources import files
from typing import Any

import pyarrow as pa
import yaml

from sciplat.services.tap_schema import ROW_SCHEMA
from sciplat.tables.arrow import arrow_type
from sciplat.vo.schema import REGION, Column, Datatype, Table, outline_column

__all__ = ["obscore_arrow", "obscore_profile", "obscore_rows", "obscore_table"]

SCHEMA = "ivoa"


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
        (*columns, *outlines, ROW_SCHEMA),
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


def obscore_rows(release: str, observations: Iterable[Mapping[str, Any]]) -> pa.Table:
    """Return the rows of one release.

    Parameters
    ----------
    observations
        What is known of each image, by the names of the columns, hidden ones too; what is not is left out.
    """
    rows = [{**each, ROW_SCHEMA.name: release} for each in observations]
    return pa.Table.from_pylist(rows, schema=obscore_arrow())
