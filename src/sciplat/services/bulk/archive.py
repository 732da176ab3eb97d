"""The archive of many cutouts: written piece by piece, and gone on with after an interruption.

Beside the archive lies a journal with a line for each piece, in the order of the work; it is written only
after the pieces themselves are on the disk. Whoever goes on cuts both off after the last piece that is
safe in both, so no piece is there twice.
"""

from __future__ import annotations

import json
import os
import tarfile
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import Any, BinaryIO, Self

from astropy.io import fits

from sciplat.errors import LimitError
from sciplat.images.cutout import Cutout
from sciplat.services.bulk.request import Archive

__all__ = ["MEDIA_TYPES", "Archiver", "Piece"]

MEDIA_TYPES: dict[Archive, str] = {"tar": "application/x-tar", "fits": "application/fits"}

_SAFE_SECONDS = 1.0
"""How much work an interruption may cost."""

_SAFE_BYTES = 64 << 20
_TAR_BLOCK = 512
_FITS_BLOCK = 2880


@dataclass(frozen=True, slots=True)
class Piece:
    """What came of one row and one image."""

    status: str
    """``ok``, or what kept it from being cut."""

    reason: str | None = None
    file: str | None = None
    """Its name in the tar archive."""

    extver: int | None = None
    """Its EXTVER in the FITS file."""

    x: int | None = None
    """The first column that was cut, counted from 0 in the image."""

    y: int | None = None
    width: int | None = None
    height: int | None = None


class Archiver:
    """Writes the archive at ``path`` and its journal; a piece that fails leaves nothing.

    Parameters
    ----------
    kind
        A tar archive, or one FITS file.
    path, journal
        Of the unfinished archive and of its journal; if they are there, they are gone on with.
    moment
        What the files in the archive say of their time, the same whenever it is made.
    most_bytes
        How large the archive may become.
    go_on
        Called while pieces are written; raises where that shall end.
    """

    def __init__(
        self,
        kind: Archive,
        path: Path,
        journal: Path,
        *,
        moment: datetime,
        most_bytes: int,
        go_on: Callable[[], None] = lambda: None,
    ) -> None:
        self._kind: Archive = kind
        self._moment = moment.replace(microsecond=0)
        self._most_bytes = most_bytes
        self._go_on = go_on
        done, end, noted = _read(journal)
        if not path.exists() or path.stat().st_size < end:
            done, end, noted = [], 0, 0  # the power went before the file was on the disk
        self.done = done
        """What came of the pieces so far, in the order of the work."""
        self._lines: list[str] = []
        self._journal: BinaryIO = journal.open("r+b" if journal.exists() else "w+b")
        self._journal.truncate(noted)
        self._journal.seek(noted)
        self._file: BinaryIO = path.open("r+b" if path.exists() else "w+b")
        self._file.truncate(end)
        self._file.seek(end)
        self._safe_at, self._safe_size = monotonic(), 0
        if not end:
            self._begin()

    @property
    def size(self) -> int:
        """How large the archive is."""
        return self._file.tell()

    def add(self, cutout: Cutout, name: str, *, row: int, dataset: str) -> Piece:
        """Add a cutout, under a name that only this one has; raises what reading it raises."""
        start = self._file.tell()
        box = next(iter(cutout.boxes.values()))
        number = len(self.done) + 1
        try:
            if self._kind == "tar":
                self._file.write(self._tar_header(name, cutout.size))
                written = self._write(cutout)
                self._file.write(bytes(-written % _TAR_BLOCK))
            else:
                self._write(cutout.extensions(number, {"ROW": row, "DATASET": dataset}))
        except BaseException:
            self._file.seek(start)
            self._file.truncate()
            raise
        piece = Piece(
            "ok",
            file=name if self._kind == "tar" else None,
            extver=number if self._kind == "fits" else None,
            x=box.x0,
            y=box.y0,
            width=box.width,
            height=box.height,
        )
        self.note(piece)
        return piece

    def note(self, piece: Piece) -> None:
        """Note what came of the next piece."""
        self.done.append(piece)
        self._lines.append(_line(piece, self._file.tell()))
        grown = self._file.tell() - self._safe_size
        if monotonic() - self._safe_at > _SAFE_SECONDS or grown > _SAFE_BYTES:
            self.save()

    def save(self) -> None:
        """Let an interruption from now on cost nothing of what was done."""
        self._file.flush()
        os.fdatasync(self._file.fileno())
        self._journal.write("".join(self._lines).encode())
        self._journal.flush()
        os.fdatasync(self._journal.fileno())
        self._lines = []
        self._safe_at, self._safe_size = monotonic(), self._file.tell()

    def finish(self, index: bytes) -> int:
        """Write the index, Parquet into a tar archive, else a FITS file with one table; return the size."""
        self.save()
        if self._kind == "tar":
            self._file.write(self._tar_header("index.parquet", len(index)))
            self._file.write(index + bytes(-len(index) % _TAR_BLOCK))
            self._file.write(bytes(2 * _TAR_BLOCK))
        else:
            self._file.write(_without_primary(index))
        self._file.flush()
        os.fdatasync(self._file.fileno())
        return self._file.tell()

    def close(self) -> None:
        """Let go of the files."""
        try:
            self._file.close()
        finally:  # also where the disk is too full for the last bytes
            self._journal.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _begin(self) -> None:
        if self._kind == "fits":
            header = fits.Header([("SIMPLE", True), ("BITPIX", 8), ("NAXIS", 0), ("EXTEND", True)])
            header["DATE"] = self._moment.strftime("%Y-%m-%dT%H:%M:%S")
            header["ORIGIN"] = "sciplat"
            header.add_comment("The cutouts of a job: EXTVER numbers them; the table INDEX, the last")
            header.add_comment("extension, tells row, image, EXTVER and status of each.")
            self._file.write(header.tostring().encode("ascii"))

    def _write(self, chunks: Iterable[bytes]) -> int:
        size = 0
        for chunk in chunks:
            self._go_on()
            size += len(chunk)
            if self._file.tell() + len(chunk) > self._most_bytes:
                raise LimitError(
                    f"The archive would be larger than the {self._most_bytes / 1e6:,.0f} MB that it may have "
                    "now. Ask for fewer or smaller cutouts, or delete jobs that you no longer need."
                )
            self._file.write(chunk)
        return size

    def _tar_header(self, name: str, size: int) -> bytes:
        info = tarfile.TarInfo(name)
        info.size, info.mode, info.mtime = size, 0o644, int(self._moment.timestamp())
        return info.tobuf(tarfile.GNU_FORMAT)


def _read(journal: Path) -> tuple[list[Piece], int, int]:
    """Return the pieces that are safe, where in the archive they end, and where in the journal."""
    try:
        text = journal.read_bytes()
    except FileNotFoundError:
        return [], 0, 0
    done: list[Piece] = []
    end = noted = 0
    for line in text.split(b"\n")[:-1]:  # what follows the last end of a line was not written whole
        try:
            facts: dict[str, Any] = json.loads(line)
        except ValueError:
            break
        end = facts.pop("end")
        done.append(Piece(**facts))
        noted += len(line) + 1
    return done, end, noted


def _line(piece: Piece, end: int) -> str:
    facts = {name: value for name, value in asdict(piece).items() if value is not None}
    return json.dumps({**facts, "end": end}) + "\n"


def _without_primary(document: bytes) -> bytes:
    """Return a FITS file without its primary HDU, which has no data."""
    end = 0
    while not any(document[at : at + 8] == b"END     " for at in range(end, end + _FITS_BLOCK, 80)):
        end += _FITS_BLOCK
    return document[end + _FITS_BLOCK :]
