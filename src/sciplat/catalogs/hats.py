"""Tables as HATS catalogs: Parquet files by HEALPix pixel, small where the sky is crowded.

Written after the IVOA note "HATS: Hierarchical Adaptive Tiling Scheme", version 1.0. LSDB and
Spark read these; the same rows as in the DuckDB file, in interchangeable form.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from sciplat.sky.healpix import ORDER
from sciplat.system import sync
from sciplat.tables.widths import rows_within
from sciplat.vo.schema import HEALPIX_COLUMN, Table

__all__ = ["Pixel", "choose_pixels", "write_hats", "write_parquet"]

_ROW_GROUP_ROWS, _ROW_GROUP_BYTES = 65_536, 64 << 20


@dataclass(frozen=True, slots=True, order=True)
class Pixel:
    """A HEALPix pixel, NESTED, and how many rows lie in it."""

    order: int
    number: int
    rows: int

    @property
    def span(self) -> tuple[int, int]:
        """The first cell of order 29 in it, and the one after its last."""
        shift = 2 * (ORDER - self.order)
        return self.number << shift, (self.number + 1) << shift

    @property
    def path(self) -> str:
        """Where its file lies under ``dataset/``."""
        folder = self.number // 10_000 * 10_000
        return f"Norder={self.order}/Dir={folder}/Npix={self.number}.parquet"


def choose_pixels(
    count: Callable[[int, tuple[int, int] | None], Mapping[int, int]], *, max_rows: int
) -> list[Pixel]:
    """Return the largest pixels that cover all rows and have at most ``max_rows`` each.

    A cell of order 29 is never divided, however many rows share one position.

    Parameters
    ----------
    count
        From (order, span of cells of order 29 or None for the sky) to rows by pixel of that order.
    """
    chosen: list[Pixel] = []

    def divide(order: int, span: tuple[int, int] | None) -> None:
        fine = min(order + 8, ORDER)
        levels = {fine: dict(count(fine, span))}
        for level in range(fine - 1, order - 1, -1):
            coarse: dict[int, int] = {}
            for number, rows in levels[level + 1].items():
                coarse[number >> 2] = coarse.get(number >> 2, 0) + rows
            levels[level] = coarse
        todo = [Pixel(order, number, rows) for number, rows in levels[order].items()]
        while todo:
            pixel = todo.pop()
            if pixel.rows <= max_rows or pixel.order == ORDER:
                chosen.append(pixel)
            elif pixel.order == fine:
                divide(fine, pixel.span)
            else:
                children = levels[pixel.order + 1]
                numbers = range(4 * pixel.number, 4 * pixel.number + 4)
                todo += [Pixel(pixel.order + 1, n, children[n]) for n in numbers if n in children]

    divide(0, None)
    # Breadth first, as HATS readers list them: by place on the sky.
    return sorted(chosen, key=lambda pixel: pixel.span)


def write_hats(
    folder: Path,
    table: Table,
    schema: pa.Schema,
    pixels: Iterable[Pixel],
    read: Callable[[tuple[int, int]], Iterable[pa.RecordBatch]],
    *,
    is_source: bool,
    threads: int,
    progress: Callable[[float], None],
) -> None:
    """Write the rows of ``table`` that have positions as a HATS catalog in ``folder``.

    Parameters
    ----------
    schema
        Of the batches; its fields carry the columns' descriptions.
    read
        From a span of cells of order 29 to the rows there, sorted by ``_healpix_29``. Called from
        ``threads`` threads at once.
    is_source
        Rows are detections, of which an object has many, not objects.
    """
    assert table.position is not None
    chosen = list(pixels)
    total = sum(pixel.rows for pixel in chosen)
    written = 0

    def write(pixel: Pixel) -> pq.FileMetaData:
        path = folder / "dataset" / pixel.path
        path.parent.mkdir(parents=True, exist_ok=True)
        return write_parquet(path, schema, read(pixel.span))

    footers = []
    with ThreadPoolExecutor(threads, thread_name_prefix="hats") as pool:
        # Breadth first is the order in which HATS wants the footers.
        for pixel, footer in zip(chosen, pool.map(write, chosen), strict=True):
            footer.set_file_path(pixel.path)
            footers.append(footer)
            written += pixel.rows
            progress(written / total)
    pq.write_metadata(schema, folder / "dataset" / "_common_metadata")
    pq.write_metadata(schema, folder / "dataset" / "_metadata", metadata_collector=footers)
    lines = ["Norder,Npix", *(f"{pixel.order},{pixel.number}" for pixel in chosen)]
    (folder / "partition_info.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    _write_properties(folder, table, chosen, is_source=is_source)


def write_parquet(path: Path, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> pq.FileMetaData:
    """Write rows to one Parquet file, in row groups of at most 65,536, and return its footer."""
    held: list[pa.RecordBatch] = []
    rows, full = 0, rows_within(schema, _ROW_GROUP_BYTES, most=_ROW_GROUP_ROWS)
    with pq.ParquetWriter(path, schema, compression="zstd", write_page_index=True) as writer:

        def put() -> None:
            group = pa.Table.from_batches(held).cast(schema)
            writer.write_table(group, row_group_size=full)

        for batch in batches:
            part = batch
            while rows + part.num_rows >= full:
                room = full - rows
                held.append(part.slice(0, room))
                put()
                held, rows, part = [], 0, part.slice(room)
            if part.num_rows:
                held.append(part)
                rows += part.num_rows
        if held:
            put()
    sync(path)
    return pq.read_metadata(path)


def _write_properties(folder: Path, table: Table, pixels: list[Pixel], *, is_source: bool) -> None:
    assert table.position is not None
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    now = datetime.now(tz=UTC)
    facts: dict[str, Any] = {
        "obs_collection": table.name,
        "obs_title": table.qualified_name,
        "obs_description": " ".join((table.description or "").split()),
        "dataproduct_type": "source" if is_source else "object",
        "hats_nrows": sum(pixel.rows for pixel in pixels),
        "hats_col_ra": table.position[0],
        "hats_col_dec": table.position[1],
        "hats_col_healpix": HEALPIX_COLUMN,
        "hats_col_healpix_order": ORDER,
        "hats_npix_suffix": ".parquet",
        "hats_max_rows": max(pixel.rows for pixel in pixels),
        "hats_order": max(pixel.order for pixel in pixels),
        "moc_sky_fraction": f"{sum(0.25**pixel.order for pixel in pixels) / 12:.10f}",
        "hats_builder": "sciplat",
        "hats_creation_date": f"{now:%Y-%m-%dT%H:%M}UTC",
        "hats_release_date": "2025-08-22",
        "hats_estsize": size // 1024,
        "hats_version": "v1.0",
    }
    lines = [f"{key}={value}" for key, value in facts.items() if value != ""]
    (folder / "hats.properties").write_text("\n".join(["#HATS catalog", *lines]) + "\n", encoding="utf-8")
