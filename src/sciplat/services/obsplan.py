"""ObsLocTAP: the table of what was and will be observed, made of the exposures of releases (ObsLocTAP 1.0).

The table is one of a schema ``ivoa`` like others. Each row has the hidden column of `ROW_SCHEMA`, so that a
query is shown only what its asker may see.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import yaml

from sciplat.services.tap_schema import ROW_SCHEMA
from sciplat.tables.arrow import arrow_type
from sciplat.vo.schema import Column, Datatype, Schema, Table

__all__ = ["NAME", "Exposures", "exposures_of", "obsplan_arrow", "obsplan_batches", "obsplan_table"]

NAME = "ivoa"

_DAY_SECONDS = 86_400.0


@cache
def _known() -> Mapping[str, Any]:
    text = files("sciplat.services").joinpath("profiles/obsplan.yaml").read_text(encoding="utf-8")
    known: Mapping[str, Any] = yaml.safe_load(text)
    return known


def _column(said: Mapping[str, str]) -> Column:
    text = said["datatype"] == Datatype.CHAR
    return replace(Column.from_json(said), arraysize="*" if text else None, principal=True, std=True)


@cache
def obsplan_table() -> Table:
    """Return the table without rows."""
    return Table(
        NAME,
        "obsplan",
        (*map(_column, _known()["columns"]), ROW_SCHEMA),
        utype="ivo://ivoa.net/std/obsloctap#table-1.0",
        description="What was and will be observed, of every data release with exposures (ObsLocTAP 1.0)",
    )


@cache
def obsplan_arrow() -> pa.Schema:
    """Return the Arrow schema of its rows."""
    return pa.schema([pa.field(column.name, arrow_type(column)) for column in obsplan_table().columns])


@dataclass(frozen=True, slots=True)
class Exposures:
    """A table of exposures, and how its rows become observations."""

    table: Table
    mapping: Mapping[str, Any]

    @property
    def columns(self) -> list[str]:
        """The columns that are read."""
        named = [source for source in self.mapping["columns"].values() if isinstance(source, str)]
        return list(dict.fromkeys([*named, self.mapping["band"]]))


def exposures_of(schema: Schema) -> Exposures | None:
    """Return the exposures of a release; None where no mapping stands for it."""
    for mapping in _known()["exposures"]:
        for table in schema.tables:
            found = Exposures(table, mapping)
            if table.name == mapping["table"] and set(found.columns) <= {c.name for c in table.columns}:
                return found
    return None


def obsplan_batches(exposures: Exposures, rows: pa.RecordBatchReader) -> Iterator[pa.RecordBatch]:
    """Yield the observations of one release.

    Parameters
    ----------
    rows
        The exposures: `Exposures.columns` of their table.
    """
    mapping, schema = exposures.mapping, obsplan_arrow()
    for batch in rows:
        count = batch.num_rows
        made: dict[str, pa.Array] = {}
        for name, source in mapping["columns"].items():
            kind = schema.field(name).type
            made[name] = (
                batch.column(source).cast(kind)
                if isinstance(source, str)
                else pa.repeat(pa.scalar(source["constant"], kind), count)
            )
        made.setdefault("t_max", pc.add(made["t_min"], pc.divide(made["t_exptime"], _DAY_SECONDS)))
        made.setdefault("t_planning", made["t_min"])
        made["s_fov"] = pa.repeat(float(mapping["fov"]), count)
        bands = batch.column(mapping["band"]).cast(pa.string()).to_pylist()
        for edge, name in enumerate(("em_min", "em_max")):
            limits = [mapping["bands"].get(band, (None, None))[edge] for band in bands]
            made[name] = pa.array(limits, pa.float64())
        for name in ("obs_collection", ROW_SCHEMA.name):
            made[name] = pa.repeat(exposures.table.schema, count)
        columns = [made.get(field.name, pa.nulls(count, field.type)) for field in schema]
        yield pa.RecordBatch.from_arrays(columns, schema=schema)
