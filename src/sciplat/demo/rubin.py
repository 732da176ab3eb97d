"""Tables and columns of Rubin Data Preview 1, as ``lsst-sdm-schemas`` describes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from sciplat.demo.simwide_ucds import given_ucd
from sciplat.errors import MissingExtraError
from sciplat.tables.felis import DATATYPES
from sciplat.vo.schema import Column, Datatype, Key, Table

__all__ = ["PRIMARY_KEYS", "keys_in", "rubin_column", "rubin_table", "rubin_tables", "sentence"]

PRIMARY_KEYS = {
    "Object": ("objectId",),
    "Source": ("sourceId",),
    "ForcedSource": ("objectId", "visit"),
    "Visit": ("visit",),
    "CcdVisit": ("visitId", "detector"),
    "DiaObject": ("diaObjectId",),
    "DiaSource": ("diaSourceId",),
    "CoaddPatches": ("lsst_tract", "lsst_patch"),
}
"""What tells the rows of a table apart."""

_POSITIONS = {
    "Visit": ("ra", "dec"),
    "CcdVisit": ("ra", "dec"),
    "DiaObject": ("ra", "dec"),
    "CoaddPatches": ("s_ra", "s_dec"),
}


@cache
def rubin_tables() -> dict[str, Any]:
    """Return the tables of DP1 as felis reads them (about a second).

    Raises
    ------
    MissingExtraError
        The package's extra ``demo`` isn't installed.
    """
    try:
        from felis import Schema  # noqa: PLC0415 (takes a second)
        from lsst.sdm import schemas  # noqa: F401, PLC0415 (an extra)
    except ModuleNotFoundError:
        raise MissingExtraError("The demo data need the extra 'demo': pip install 'sciplat[demo]'") from None
    schema = Schema.from_uri("resource://lsst.sdm.schemas/dp1.yaml", context={"id_generation": True})
    return {table.name: table for table in schema.tables}


def sentence(text: str | None) -> str:
    """Return a description on one line."""
    return " ".join((text or "").split())


def rubin_column(rubin: Any) -> Column:
    """Return a column of DP1 as ours, with a UCD where Rubin's schema gives none."""
    ucd = rubin.ivoa_ucd or given_ucd(rubin.name)
    if ucd is None and rubin.datatype.value == "boolean":
        ucd = "meta.code"
    unit = rubin.fits_tunit or rubin.ivoa_unit
    is_text = rubin.datatype.value in ("char", "string", "timestamp")
    return Column(
        rubin.name,
        DATATYPES[rubin.datatype.value],
        arraysize="*" if is_text else None,
        xtype="timestamp" if rubin.datatype.value == "timestamp" else None,
        unit=unit,
        ucd=ucd,
        description=sentence(rubin.description),
        principal=bool(rubin.tap_principal),
    )


def keys_in(schema: str) -> dict[str, tuple[Key, ...]]:
    """Return the foreign keys between the tables of a release."""
    visit = (("visit", "visit"),)
    ccd_visit = Key(
        f"{schema}.CcdVisit", (("visit", "visitId"), ("detector", "detector")), "The detector's image"
    )
    return {
        "Source": (Key(f"{schema}.Visit", visit, "The visit in which it was seen"), ccd_visit),
        "ForcedSource": (
            Key(f"{schema}.Object", (("objectId", "objectId"),), "The object that was measured"),
            Key(f"{schema}.Visit", visit, "The visit in which it was measured"),
            ccd_visit,
        ),
        "CcdVisit": (Key(f"{schema}.Visit", (("visitId", "visit"),), "The visit of all detectors"),),
        "DiaSource": (
            Key(f"{schema}.DiaObject", (("diaObjectId", "diaObjectId"),), "All detections at this place"),
            Key(f"{schema}.Visit", visit, "The visit in which it was seen"),
            ccd_visit,
        ),
    }


def rubin_table(
    schema: str,
    name: str,
    columns: tuple[str, ...],
    *,
    before: str,
    after: str,
    keys: tuple[Key, ...],
    own: Mapping[str, Column] | None = None,
) -> Table:
    """Return a table of a release, with columns of the DP1 table of the same name.

    Parameters
    ----------
    columns
        Names, in their order.
    before, after
        What the description says before and after that of DP1.
    keys
        Foreign keys.
    own
        Columns that DP1 doesn't have, or that mean something else here.
    """
    rubin = rubin_tables()[name]
    known = {column.name: rubin_column(column) for column in rubin.columns if column.name in columns}
    known.update(own or {})
    in_keys = {*PRIMARY_KEYS[name], *(here for key in keys for here, _ in key.columns)}
    position = _POSITIONS.get(name, ("coord_ra", "coord_dec"))
    made = []
    for each in columns:
        column = known[each]
        if (name, column.name) == ("Source", "detector"):
            # DP1 has it narrower here than where its key leads; both ends of a key are of one type.
            column = replace(column, datatype=Datatype.LONG)
        if column.name in position and "meta.main" not in (column.ucd or ""):
            axis = "ra" if column.name == position[0] else "dec"
            column = replace(column, ucd=f"pos.eq.{axis};meta.main")
        is_key = column.name in in_keys or column.name in position
        made.append(replace(column, indexed=is_key, principal=column.principal or is_key))
    return Table(
        schema,
        name,
        tuple(made),
        description=f"{before} In DP1: {sentence(rubin.description)} {after}",
        keys=keys,
        primary_key=PRIMARY_KEYS[name],
        position=position,
    )
