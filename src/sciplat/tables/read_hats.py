"""Rows of a HATS folder: Parquet partitions by HEALPix pixel, with ``hats.properties`` beside."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from sciplat.errors import IngestError
from sciplat.tables.guess import DEC_MAIN, RA_MAIN
from sciplat.tables.read_parquet import open_parquet
from sciplat.tables.source import RowSource
from sciplat.vo.schema import HEALPIX_COLUMN, Column

__all__ = ["is_hats", "open_hats"]

_PARTITION_COLUMNS = ("Norder", "Dir", "Npix")


def is_hats(folder: Path) -> bool:
    """Return whether ``folder`` is a HATS catalog or a HATS collection."""
    return any(
        (folder / name).is_file() for name in ("hats.properties", "properties", "collection.properties")
    )


def open_hats(folder: Path) -> tuple[RowSource, ...]:
    """Open the partitions of a HATS catalog, in the order of their names.

    The partitions' HEALPix column and the ``Norder``, ``Dir`` and ``Npix`` columns are left out:
    they follow from the positions, which are the columns that ``hats.properties`` names.

    Raises
    ------
    IngestError
        Names the folder that lacks its data or its position columns.
    """
    if (folder / "collection.properties").is_file():
        primary = _properties(folder / "collection.properties").get("hats_primary_table_url")
        if not primary or not is_hats(folder / primary):
            raise IngestError(f"{folder.name}: collection.properties names no primary table in this folder")
        return open_hats(folder / primary)
    file = next(folder / name for name in ("hats.properties", "properties") if (folder / name).is_file())
    properties = _properties(file)
    index = properties.get("hats_col_healpix", HEALPIX_COLUMN)
    positions = (properties.get("hats_col_ra"), properties.get("hats_col_dec"))
    parts = [
        path
        for path in sorted((folder / "dataset").rglob("*"))
        if path.suffix.startswith(".parq") and path.is_file() and not path.name.startswith(("_", "."))
    ]
    if not parts:
        raise IngestError(f"{folder.name}: there are no Parquet files under dataset/")
    sources = []
    for path in parts:
        label = f"{folder.name}/{path.relative_to(folder)}"
        source = open_parquet(path, leave_out=(index, HEALPIX_COLUMN, *_PARTITION_COLUMNS), label=label)
        for name in positions:
            if name is not None and name not in source.schema.names:
                raise IngestError(f"{label}: column {name!r}, a position in hats.properties, is missing")
        sources.append(replace(source, columns=_with_main_position(source.columns, positions)))
    return tuple(sources)


def _with_main_position(
    columns: tuple[Column, ...], positions: tuple[str | None, str | None]
) -> tuple[Column, ...]:
    ra, dec = positions
    if ra is None or dec is None:
        return columns
    ucds = {ra: RA_MAIN, dec: DEC_MAIN}
    return tuple(replace(c, ucd=ucds[c.name], unit=c.unit or "deg") if c.name in ucds else c for c in columns)


def _properties(file: Path) -> dict[str, str]:
    pairs = (
        line.split("=", 1)
        for line in file.read_text(encoding="utf-8").splitlines()
        if "=" in line and not line.lstrip().startswith(("#", "!"))
    )
    return {key.strip(): value.strip() for key, value in pairs}
