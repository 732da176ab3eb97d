"""Opening files that hold tables, whatever their format: told by content, not by suffix."""

from __future__ import annotations

import gzip
import re
from collections.abc import Sequence
from pathlib import Path

from sciplat.errors import IngestError
from sciplat.tables.read_arrow import is_arrow, open_arrow
from sciplat.tables.read_csv import open_csv
from sciplat.tables.read_hats import is_hats, open_hats
from sciplat.tables.read_parquet import open_parquet
from sciplat.tables.source import RowSource

__all__ = ["open_sources"]

_HDU = re.compile(r"(?P<path>.+)\[(?P<hdu>[^\[\]]+)\]")


def open_sources(paths: Sequence[Path]) -> tuple[RowSource, ...]:
    """Open each file or HATS folder; only heads and footers are read here.

    ``file.fits[2]`` and ``file.fits[STARS]`` choose an HDU by number or name.

    Raises
    ------
    IngestError
        Names the file that is missing, empty, incomplete, or of no known format.
    """
    sources: list[RowSource] = []
    for path in paths:
        sources += _open(path)
    return tuple(sources)


def _open(path: Path) -> tuple[RowSource, ...]:
    hdu: str | None = None
    if not path.exists() and (match := _HDU.fullmatch(str(path))):
        path, hdu = Path(match["path"]), match["hdu"]
    if not path.exists():
        raise IngestError(f"{path}: there is no such file")
    if path.is_dir():
        if is_hats(path):
            return open_hats(path)
        raise IngestError(f"{path}: this folder has no hats.properties; name the files in it instead")
    return (_open_file(path, hdu),)


def _open_file(path: Path, hdu: str | None) -> RowSource:
    head = _head(path)
    if not head.strip():
        raise IngestError(f"{path.name}: the file is empty")
    if head.startswith(b"PAR1"):
        return open_parquet(path)
    # astropy's readers take half a second to import, which no other process shall wait for.
    if head.startswith(b"SIMPLE  =") or hdu is not None:
        from sciplat.tables.read_fits import open_fits  # noqa: PLC0415

        return open_fits(path, hdu)
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        from sciplat.tables.read_votable import open_votable  # noqa: PLC0415

        return open_votable(path)
    if is_arrow(head):
        return open_arrow(path)
    if b"\x00" in head:
        raise IngestError(f"{path.name}: not a table in Parquet, FITS, VOTable, Arrow, CSV or HATS format")
    return open_csv(path)


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            head = file.read(4096)
        if head.startswith(b"\x1f\x8b"):
            with gzip.open(path) as file:
                head = file.read(4096)
    except (OSError, EOFError) as error:
        raise IngestError(f"{path.name}: cannot be read ({error})") from error
    return head
