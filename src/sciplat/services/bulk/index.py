"""The index of many cutouts: what came of each row and image, in the order of the rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa

from sciplat.services.bulk.archive import Piece
from sciplat.services.bulk.request import Archive
from sciplat.tables.arrow import arrow_type, columns_of, with_columns
from sciplat.tables.document import Document
from sciplat.tables.formats import negotiate
from sciplat.tables.stream import TableStream
from sciplat.vo.schema import Column, Datatype

__all__ = ["INDEX", "STATUSES", "index_of", "written"]

STATUSES = {
    "ok": "it was cut",
    "no_overlap": "the region has no pixel of the image",
    "no_image": "no image that was asked for covers the position",
    "bad_position": "the row has no position, or one that is not on the sky",
    "not_found": "there is no such image for who asks",
    "damaged": "the image's file cannot be read",
}
"""What came of a piece."""


def _text(name: str, description: str, ucd: str | None = None) -> Column:
    return Column(name, Datatype.UNICODE_CHAR, "*", ucd=ucd, description=description)


def _number(name: str, description: str, datatype: Datatype = Datatype.INT, **more: Any) -> Column:
    return Column(name, datatype, description=description, **more)


INDEX: tuple[Column, ...] = (
    _number(
        "row", "The row of the table with the positions, counted from 1", Datatype.LONG, ucd="meta.record"
    ),
    _text("name", "What the row is called there", "meta.id"),
    _number("ra", "Right ascension, ICRS", Datatype.DOUBLE, unit="deg", ucd="pos.eq.ra;meta.main"),
    _number("dec", "Declination, ICRS", Datatype.DOUBLE, unit="deg", ucd="pos.eq.dec;meta.main"),
    _text("obs_publisher_did", "The image", "meta.ref.ivoid"),
    _text(
        "patch",
        "Where the position lies in the patch of a coadd: inner, it belongs to it; border, to another one",
    ),
    _text("file", "The cutout in the archive", "meta.file"),
    _number("extver", "EXTVER of the cutout in the FITS file"),
    _text("status", "What came of it: " + "; ".join(f"{name}, {words}" for name, words in STATUSES.items())),
    _text("reason", "Why there is no cutout"),
    _number("x", "The first column of the cutout, counted from 0 in the image", unit="pix"),
    _number("y", "The first row of the cutout, counted from 0 in the image", unit="pix"),
    _number("width", "Columns of the cutout", unit="pix"),
    _number("height", "Rows of the cutout", unit="pix"),
)
"""The columns; a tar archive has no ``extver``, a FITS file no ``file``."""


def index_of(work: pa.Table, pieces: Sequence[Piece], archive: Archive) -> pa.Table:
    """Return the index.

    Parameters
    ----------
    work
        What was to be done (`sciplat.services.bulk.plan.WORK`).
    pieces
        What came of each, in the same order.
    """
    values: dict[str, Any] = {
        "row": work["row"],
        "name": work["name"],
        "ra": work["ra"],
        "dec": work["dec"],
        "obs_publisher_did": work["dataset"],
        "patch": work["patch"],
    }
    columns = [column for column in INDEX if column.name != ("extver" if archive == "tar" else "file")]
    arrays = [
        values[column.name]
        if column.name in values
        else pa.array([getattr(piece, column.name) for piece in pieces], arrow_type(column))
        for column in columns
    ]
    schema = pa.schema([pa.field(column.name, arrow_type(column)) for column in columns])
    made = pa.Table.from_arrays(
        [pa.chunked_array(each) if isinstance(each, list) else each for each in arrays], schema=schema
    )
    made = made.sort_by([("row", "ascending"), ("obs_publisher_did", "ascending")])
    return made.cast(with_columns(made.schema, columns))


def written(index: pa.Table, form: str) -> Iterator[bytes]:
    """Yield the index in a format of `sciplat.tables.formats`."""

    def batches() -> Iterator[pa.RecordBatch]:
        return iter(index.to_batches(max_chunksize=10_000))

    stream = TableStream(columns_of(index.schema), index.schema, batches(), again=batches)
    return negotiate(form).write(stream, Document(description="What came of each cutout"))
