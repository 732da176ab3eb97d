"""Provenance: which datasets and which task made each dataset, as tables (Provenance Data Model 1.0)."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import yaml

from sciplat.services.tap_schema import ROW_SCHEMA
from sciplat.tables.arrow import arrow_type
from sciplat.vo.schema import Column, Key, Table

__all__ = ["activity_arrow", "activity_table", "provenance_arrow", "provenance_rows", "provenance_table"]

SCHEMA = "ivoa"
_OBSCORE = "ivoa.ObsCore"


@cache
def _columns() -> Mapping[str, tuple[Column, ...]]:
    text = files("sciplat.services").joinpath("profiles/provenance.yaml").read_text(encoding="utf-8")
    said: Mapping[str, list[dict[str, Any]]] = yaml.safe_load(text)
    return {
        name: tuple(Column.from_json({**each, "arraysize": "*", "principal": True}) for each in columns)
        for name, columns in said.items()
    }


@cache
def provenance_table() -> Table:
    """Return ``ivoa.provenance`` without rows: one for each dataset and each that it was made of."""
    return Table(
        SCHEMA,
        "provenance",
        (*_columns()["provenance"], ROW_SCHEMA),
        description="What each dataset was made of, and by what (Provenance Data Model 1.0, WasDerivedFrom)",
        keys=(
            Key(_OBSCORE, (("obs_publisher_did", "obs_publisher_did"),), "What was made, if an image"),
            Key(_OBSCORE, (("used_did", "obs_publisher_did"),), "What was used, if an image"),
            Key("ivoa.activity", (("activity_id", "activity_id"),), "What made it"),
        ),
    )


@cache
def activity_table() -> Table:
    """Return ``ivoa.activity`` without rows: one for each quantum."""
    return Table(
        SCHEMA,
        "activity",
        (*_columns()["activity"], ROW_SCHEMA),
        description="What made datasets: a task of a pipeline on one data ID (Provenance Data Model 1.0)",
    )


@cache
def provenance_arrow() -> pa.Schema:
    """Return the Arrow schema of the rows of ``ivoa.provenance``."""
    return _arrow(provenance_table())


@cache
def activity_arrow() -> pa.Schema:
    """Return the Arrow schema of the rows of ``ivoa.activity``."""
    return _arrow(activity_table())


def _arrow(table: Table) -> pa.Schema:
    return pa.schema([pa.field(column.name, arrow_type(column)) for column in table.columns])


def provenance_rows(
    release: str, authority: str, images: pa.Table, quanta: pa.Table, others: Collection[str]
) -> tuple[pa.Table, pa.Table]:
    """Return the rows of both tables for one release.

    What pipelines have recorded counts; what the files of images say is taken where nothing was recorded.

    Parameters
    ----------
    images
        The rows of ObsCore as they are kept (`sciplat.services.obscore.kept_arrow`).
    quanta
        What pipelines have recorded (`sciplat.repository.provenance.QUANTA`).
    others
        The identifiers of datasets beside images that are there.
    """
    quanta = _plain(quanta)
    there = pa.array(sorted({*images["_id"].to_pylist(), *others}), pa.string())
    outputs = _of_role(quanta, "output", "made", "made_type")
    outputs = outputs.filter(pc.is_in(outputs["made"], there))
    # Of a run that was taken up two quanta may name an output; the last has made it.
    outputs = outputs.group_by("made", use_threads=False).aggregate(
        [("quantum", "last"), ("made_type", "last")]
    )
    outputs = outputs.rename_columns(["made", "quantum", "made_type"])
    inputs = _of_role(quanta, "input", "used", "used_type")
    recorded = outputs.join(inputs, "quantum", join_type="left outer")
    said = _said(images.filter(pc.invert(pc.is_in(images["_id"], outputs["made"].combine_chunks()))))
    edges = pa.concat_tables([recorded.select(said.column_names), said])
    edges = edges.sort_by([("made", "ascending"), ("used", "ascending")])
    prefix = f"ivo://{authority}/{release}"
    made = {
        "obs_collection": _constant(release, edges),
        "obs_publisher_did": _joined(f"{prefix}?", edges["made"]),
        "dataset_type": edges["made_type"],
        "activity_id": _joined(f"{prefix}?quantum=", edges["quantum"]),
        "used_did": _joined(f"{prefix}?", edges["used"]),
        "used_type": edges["used_type"],
        ROW_SCHEMA.name: _constant(release, edges),
    }
    known = pc.unique(edges["quantum"].drop_null())
    return (
        pa.table([made[name] for name in provenance_arrow().names], schema=provenance_arrow()),
        _activities(release, prefix, known, quanta),
    )


def _activities(release: str, prefix: str, known: pa.Array, quanta: pa.Table) -> pa.Table:
    names = ["task", "task_class", "data_id", "run", "started", "config", "versions"]
    first = quanta.group_by("quantum", use_threads=False).aggregate([(name, "first") for name in names])
    first = first.rename_columns(["quantum", *names])
    rows = pa.table({"quantum": known.cast(pa.string())}).join(first, "quantum", join_type="left outer")
    rows = rows.sort_by("quantum")
    said = {
        **{name: rows[name] for name in names},
        "name": rows["task"],
        "started": pc.strftime(rows["started"], "%Y-%m-%dT%H:%M:%S"),
        "activity_id": _joined(f"{prefix}?quantum=", rows["quantum"]),
        "obs_collection": _constant(release, rows),
        ROW_SCHEMA.name: _constant(release, rows),
    }
    schema = activity_arrow()
    return pa.table([said[field.name].cast(field.type) for field in schema], schema=schema)


def _plain(quanta: pa.Table) -> pa.Table:
    """Return quanta with text that is not in dictionaries, which joins cannot have."""
    plain = [
        pa.field(field.name, pa.string() if pa.types.is_dictionary(field.type) else field.type)
        for field in quanta.schema
    ]
    return quanta.cast(pa.schema(plain))


def _of_role(quanta: pa.Table, role: str, name: str, kind: str) -> pa.Table:
    found = quanta.filter(pc.equal(quanta["role"], role)).select(["quantum", "dataset", "dataset_type"])
    return found.rename_columns(["quantum", name, kind])


def _said(images: pa.Table) -> pa.Table:
    """Return what the files of images say of their inputs; those that say nothing at all have no row."""
    inputs = pc.fill_null(pc.list_value_length(images["_inputs"]), 0)
    has_inputs = pc.greater(inputs, 0)
    alone = images.filter(
        pc.and_(pc.not_equal(pc.fill_null(images["_quantum"], ""), ""), pc.invert(has_inputs))
    )
    made = images.filter(has_inputs).combine_chunks()
    used = pc.list_flatten(made["_inputs"]).combine_chunks()
    of = made.take(pc.list_parent_indices(made["_inputs"]))
    names = ("made", "quantum", "made_type", "used", "used_type")
    schema = pa.schema([(name, pa.string()) for name in names])
    nothing = pa.nulls(alone.num_rows, pa.string())
    parts = (
        (of, pc.struct_field(used, "id"), pc.struct_field(used, "type")),
        (alone, nothing, nothing),
    )
    return pa.concat_tables(
        pa.table([of["_id"], of["_quantum"], of["dataproduct_subtype"], used, kind], schema=schema)
        for of, used, kind in parts
    )


def _constant(value: str, rows: pa.Table) -> pa.Array:
    return pa.repeat(pa.scalar(value), rows.num_rows)


def _joined(prefix: str, values: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.binary_join_element_wise(prefix, values, "")
