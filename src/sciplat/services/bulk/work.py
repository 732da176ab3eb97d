"""One job that cuts many regions out of many images, at work."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pyarrow as pa

from sciplat.engine.running import Running
from sciplat.errors import (
    AuthenticationError,
    ImageFileError,
    NoOverlapError,
    NotFoundError,
    PermissionDeniedError,
    UsageError,
)
from sciplat.images.cutout import CutFile, opened
from sciplat.images.footprint import Square
from sciplat.jobs.models import Job, JobProgress, JobResult
from sciplat.services.access import Visitor
from sciplat.services.bulk.archive import MEDIA_TYPES, Archiver, Piece
from sciplat.services.bulk.index import index_of, written
from sciplat.services.bulk.plan import WORK, as_planned, slug
from sciplat.services.bulk.request import BulkRequest
from sciplat.services.disk import in_words, room_in
from sciplat.services.stint import Stint
from sciplat.services.work import Done
from sciplat.sky.pos import Shape
from sciplat.sky.position import Position
from sciplat.sky.region import Circle
from sciplat.system import sync
from sciplat.tables.votable import MEDIA_TYPE

if TYPE_CHECKING:
    from sciplat.services.locate import Located

__all__ = ["BulkWork"]

_TABLE, _PLAN, _ARCHIVE, _JOURNAL = ".table", ".plan", ".archive", ".journal"
"""The files of a job that is not done: its positions, what is to be done, and what is done of it."""

_Row = Mapping[str, Any]


class _Parts(Protocol):
    """What the work needs of others."""

    def table(self, job: Job, request: BulkRequest, owner: Visitor, spool: Path) -> Running | None:
        """Begin to write the rows with the positions; None where they are there already."""

    def plan(self, request: BulkRequest, owner: Visitor, spool: Path) -> Iterator[pa.RecordBatch]:
        """Yield what is to be done for them."""

    def locate(self, dataset: str, owner: Visitor) -> Located:
        """Return where an image is."""


class BulkWork:
    """One job, in the thread that waits for it.

    It goes on with the files that an interruption left in ``folder``, and the archive is the same to the byte
    as without one.
    """

    def __init__(
        self, parts: _Parts, job: Job, request: BulkRequest, owner: Visitor, folder: Path, most_bytes: int
    ) -> None:
        self._parts, self._job, self._request, self._owner = parts, job, request, owner
        self._folder = folder
        self._most_bytes = most_bytes
        self._stint = Stint(job.execution_duration)
        self._asking: Running | None = None
        self._total = 0
        self._far = JobProgress(0, 0)

    @property
    def progress(self) -> JobProgress:
        """How many pieces are done, of how many."""
        return self._far

    def cancel(self) -> None:
        """Stop before the next piece."""
        self._stint.cancel()
        if self._asking is not None:
            self._asking.cancel()

    def wait(self) -> Done:
        """Do the work."""
        with in_words():
            return self._archived(self._planned())

    def _planned(self) -> pa.Table:
        """Return what is to be done: as it was planned before an interruption, if there was one."""
        plan, spool = self._folder / _PLAN, self._folder / _TABLE
        if not plan.exists():
            if not spool.exists():
                self._asking = self._parts.table(self._job, self._request, self._owner, spool)
                self._stint.go_on()
                if self._asking is not None:
                    self._asking.wait()
                    self._asking = None
            part = plan.with_suffix(".part")
            with pa.OSFile(str(part), "wb") as sink, pa.ipc.new_file(sink, WORK) as writer:
                for batch in self._parts.plan(self._request, self._owner, spool):
                    self._stint.go_on()
                    writer.write_batch(batch)
            sync(part)
            part.rename(plan)
            sync(self._folder)
        with pa.OSFile(str(plan)) as source:
            return as_planned(pa.ipc.open_file(source).read_all())

    def _archived(self, work: pa.Table) -> Done:
        folder, kind = self._folder, self._request.archive
        unfinished, result, table = folder / _ARCHIVE, folder / "result", folder / "index"
        there = unfinished.stat().st_size if unfinished.exists() else 0
        most = min(self._most_bytes, room_in(folder)) + there
        with Archiver(
            kind,
            unfinished,
            folder / _JOURNAL,
            moment=self._job.created,
            most_bytes=most,
            go_on=self._stint.go_on,
        ) as archiver:
            left = work.slice(len(archiver.done)).to_batches(max_chunksize=10_000)
            rows = (row for batch in left for row in batch.to_pylist())
            self._total = work.num_rows
            for dataset, of_one in groupby(rows, key=lambda row: row["dataset"]):
                self._cut_from(dataset, list(of_one), archiver)
            archiver.save()
            index = index_of(work, archiver.done, kind)
            failed = sum(piece.status != "ok" for piece in archiver.done)
            size = archiver.finish(b"".join(written(index, "parquet" if kind == "tar" else "fits")))
        with table.open("wb") as file:
            file.writelines(written(index, "votable"))
        sync(table)
        unfinished.rename(result)
        sync(folder)
        for name in (_JOURNAL, _PLAN, _TABLE):
            (folder / name).unlink(missing_ok=True)
        stem = f"cutouts-{self._job.id[:8]}"
        return Done(
            (
                JobResult("result", work.num_rows, size, MEDIA_TYPES[kind], f"{stem}.{kind}", failed),
                JobResult("index", None, table.stat().st_size, MEDIA_TYPE, f"{stem}.vot"),
            )
        )

    def _cut_from(self, dataset: str | None, rows: Sequence[_Row], archiver: Archiver) -> None:
        """Do what is to be done with one image, which is opened once."""
        self._stint.go_on()
        todo = [row for row in rows if row["status"] is None]
        first = len(archiver.done)
        try:
            if dataset is None or not todo:
                self._each(rows, None, None, archiver)
            else:
                located = self._parts.locate(dataset, self._owner)
                with opened(located.path) as file:
                    self._each(rows, file, located, archiver)
        except ImageFileError as error:
            self._give_up(rows[len(archiver.done) - first :], "damaged", error.message, archiver)
        except (NotFoundError, UsageError, AuthenticationError, PermissionDeniedError) as error:
            self._give_up(rows[len(archiver.done) - first :], "not_found", error.message, archiver)
        self._tell(archiver)

    def _each(
        self,
        rows: Sequence[_Row],
        file: CutFile | None,
        located: Located | None,
        archiver: Archiver,
    ) -> None:
        for row in rows:
            self._stint.go_on()
            if row["status"] is not None or file is None or located is None:
                archiver.note(Piece(row["status"], row["reason"]))
            else:
                self._cut(row, file, located, archiver)
            self._tell(archiver)

    def _cut(self, row: _Row, file: CutFile, located: Located, archiver: Archiver) -> None:
        dataset = row["dataset"]
        try:
            cutout = file.cut(
                self._region(row), content=self._request.content, provenance={"DATASET": dataset}
            )
            name = "-".join(
                part for part in (f"{row['row']:06d}", slug(row["name"] or "", 40), _stem(located)) if part
            )
            archiver.add(cutout, f"cutouts/{name}.fits", row=row["row"], dataset=dataset)
        except NoOverlapError as error:
            archiver.note(Piece("no_overlap", error.message))
        except ImageFileError as error:
            archiver.note(Piece("damaged", error.message))

    def _region(self, row: _Row) -> Shape | Square:
        centre = Position(row["ra"] % 360, row["dec"])
        if self._request.pixels is not None:
            return Square(centre, self._request.pixels)
        return Circle(centre, self._request.side / 7200)

    @staticmethod
    def _give_up(rows: Sequence[_Row], status: str, reason: str, archiver: Archiver) -> None:
        for row in rows:
            archiver.note(Piece(row["status"] or status, row["reason"] or reason))

    def _tell(self, archiver: Archiver) -> None:
        done = len(archiver.done)
        self._far = JobProgress(done, archiver.size, done / self._total, of=self._total)


def _stem(located: Located) -> str:
    return slug(located.name.removesuffix(".gz").rpartition(".")[0], 100)
