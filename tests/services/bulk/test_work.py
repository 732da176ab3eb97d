"""Many cutouts at once: the archive, its index, and what an interruption leaves of them."""

from __future__ import annotations

import errno
import io
import shutil
import tarfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from astropy.io import fits
from astropy.table import Table
from astropy.wcs import WCS
from support.sky_files import simple

from sciplat.errors import CancelledError, LimitError, NotFoundError, QueryTimeoutError
from sciplat.jobs.models import BULK_CUTOUT, Job, Phase
from sciplat.services.access import Visitor
from sciplat.services.bulk import archive as archive_module
from sciplat.services.bulk.archive import Archiver
from sciplat.services.bulk.plan import Targets, plan_work
from sciplat.services.bulk.request import BulkRequest
from sciplat.services.bulk.work import BulkWork

WHEN = datetime(2026, 3, 1, 12, tzinfo=UTC)
NAMES = ["M 31", "../../etc/passwd", "", "Ωμέγα ☄", "/absolute", "\x00\n", "a" * 500, "..", "M31"]


class Parts:
    """What the work needs of others: images are files in one folder, by their names."""

    def __init__(self, folder: Path, targets: Targets) -> None:
        self.folder, self.targets = folder, targets
        self.opened: list[str] = []
        self.tables = 0

    def table(self, *_: Any) -> None:
        self.tables += 1

    def plan(self, request: BulkRequest, *_: Any) -> Iterator[pa.RecordBatch]:
        return plan_work(self.targets, request, None, most=1000)

    def locate(self, dataset: str, _: Visitor) -> Any:
        self.opened.append(dataset)
        path = self.folder / f"{dataset}.fits"
        if not path.exists():
            raise NotFoundError(f"There is no {dataset}")
        return SimpleNamespace(path=path, name=f"field-image-{dataset}.fits")


@pytest.fixture
def parts(tmp_path: Path) -> Parts:
    for number, name in enumerate(("b", "a")):
        simple(tmp_path / "images" / f"{name}.fits", number, ra=10.0, dec=20.0)
    (tmp_path / "images" / "broken.fits").write_bytes(b"SIMPLE  =" + bytes(5000))
    ra = np.array([10.0, 10.001, 10.002, 10.0, 11.0, np.nan, 10.0, 400.0, 10.003])
    dec = np.array([20.0, 20.001, 20.0, 20.002, 20.0, 20.0, 20.0, 20.0, 20.001])
    datasets = ["a", "b", "a", "b", "a", "a", "broken", "b", "nowhere"]
    return Parts(tmp_path / "images", Targets(ra, dec, NAMES, datasets))


def work(parts: Parts, folder: Path, *, most: int = 1 << 30, seconds: int = 60, **more: str) -> BulkWork:
    parameters = [("QUERY", "SELECT 1"), ("PIXELS", "7"), *((name, value) for name, value in more.items())]
    folder.mkdir(parents=True, exist_ok=True)
    job = Job(
        "abcdefgh1234", "vera", Phase.EXECUTING, tuple(parameters), WHEN, WHEN, seconds, kind=BULK_CUTOUT
    )
    return BulkWork(parts, job, BulkRequest.of(parameters), Visitor.anonymous(), folder, most)


def in_tar(path: Path) -> dict[str, bytes]:
    with tarfile.open(path) as archive:
        members = archive.getmembers()
        assert len({member.name for member in members}) == len(members)
        return {member.name: archive.extractfile(member).read() for member in members}  # type: ignore[union-attr]


def test_the_archive_has_the_pixels_and_its_index_tells_of_every_row(parts: Parts, tmp_path: Path) -> None:
    folder = tmp_path / "job.files"
    begun = work(parts, folder)

    done = begun.wait()

    files = in_tar(folder / "result")
    index = pq.read_table(io.BytesIO(files.pop("index.parquet"))).to_pylist()
    assert [row["row"] for row in index] == [1, 2, 3, 4, 5, 6, 7, 8, 9]
    assert [row["status"] for row in index] == [
        *("ok", "ok", "ok", "ok", "no_overlap", "bad_position", "damaged", "bad_position", "not_found")
    ]
    assert [row["name"] for row in index] == [name or None for name in NAMES]
    assert all(row["reason"] for row in index if row["status"] != "ok")
    assert str(tmp_path) not in "".join(row["reason"] or "" for row in index)
    assert {row["file"] for row in index if row["status"] == "ok"} == files.keys()
    assert sorted(parts.opened) == ["a", "b", "broken", "nowhere"]
    for row in index[:4]:
        image = parts.folder / f"{row['obs_publisher_did']}.fits"
        with fits.open(io.BytesIO(files[row["file"]])) as cutout, fits.open(image) as whole:
            x, y = row["x"], row["y"]
            assert (row["width"], row["height"]) == (7, 7)
            np.testing.assert_array_equal(cutout[0].data, whole[0].data[y : y + 7, x : x + 7])
            at = WCS(cutout[0].header).all_world2pix(row["ra"], row["dec"], 0)
            np.testing.assert_allclose(at, (3, 3), atol=0.5)
            assert cutout[0].header["DATASET"] == row["obs_publisher_did"]
    result, table = done.results
    assert (result.name, result.rows, result.mime) == ("result", 9, "application/x-tar")
    assert result.bytes == (folder / "result").stat().st_size
    assert len(Table.read(folder / table.name, format="votable")) == 9
    assert sorted(path.name for path in folder.iterdir()) == ["index", "result"]
    assert (begun.progress.rows, begun.progress.of, begun.progress.done) == (9, 9, 1.0)


def test_names_of_rows_lead_nowhere(parts: Parts, tmp_path: Path) -> None:
    parts.targets = Targets(np.full(9, 10.0), np.full(9, 20.0), NAMES, ["a"] * 9)
    work(parts, tmp_path / "job.files").wait()

    names = sorted(in_tar(tmp_path / "job.files" / "result"))

    assert names[:4] == [
        "cutouts/000001-M_31-field-image-a.fits",
        "cutouts/000002-etc_passwd-field-image-a.fits",
        "cutouts/000003-field-image-a.fits",
        "cutouts/000004-field-image-a.fits",
    ]
    for name in names[:-1]:
        assert Path(name).parent == Path("cutouts")
        assert len(name) < 120


@pytest.mark.parametrize("form", ["tar", "fits"])
def test_an_archive_that_was_interrupted_anywhere_is_the_same_to_the_byte(
    parts: Parts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    monkeypatch.setattr(archive_module, "_SAFE_SECONDS", 0.0)
    whole = tmp_path / "whole.files"
    work(parts, whole, RESPONSEFORMAT=form).wait()
    kept: list[Path] = []
    note = Archiver.note

    def noted(self: Archiver, piece: Any) -> None:
        note(self, piece)
        if len(self.done) > 7:
            raise CancelledError("stop")
        copy = tmp_path / f"killed{len(self.done)}.files"
        self._file.flush()
        shutil.copytree(tmp_path / "first.files", copy, dirs_exist_ok=True)
        kept.append(copy)

    with monkeypatch.context() as patch:
        patch.setattr(Archiver, "note", noted)
        with pytest.raises(CancelledError):
            work(parts, tmp_path / "first.files", RESPONSEFORMAT=form).wait()
    assert len(kept) == 7
    for number, folder in enumerate(kept):
        if number % 2:  # a kill leaves half a line and half a piece
            with (folder / ".journal").open("ab") as journal:
                journal.write(b'{"status": "o')
            with (folder / ".archive").open("ab") as archive:
                archive.write(b"half")
        tables = parts.tables
        work(parts, folder, RESPONSEFORMAT=form).wait()
        assert parts.tables == tables  # what was planned stays
        assert (folder / "result").read_bytes() == (whole / "result").read_bytes()
        assert (folder / "index").read_bytes() == (whole / "index").read_bytes()


def test_a_plan_of_an_older_version_is_gone_on_with(
    parts: Parts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "job.files"
    monkeypatch.setattr(archive_module, "_SAFE_SECONDS", 0.0)
    begun = work(parts, folder)
    locate = parts.locate

    def cancelling(dataset: str, visitor: Visitor) -> Any:
        if dataset == "b":
            begun.cancel()
        return locate(dataset, visitor)

    monkeypatch.setattr(parts, "locate", cancelling)
    with pytest.raises(CancelledError):
        begun.wait()
    assert (folder / ".journal").stat().st_size > 100
    monkeypatch.undo()
    with pa.OSFile(str(folder / ".plan")) as source:
        older = pa.ipc.open_file(source).read_all().drop_columns("patch")
    with pa.OSFile(str(folder / ".plan"), "wb") as sink, pa.ipc.new_file(sink, older.schema) as writer:
        writer.write_table(older)

    work(parts, folder).wait()

    index = pq.read_table(io.BytesIO(in_tar(folder / "result")["index.parquet"]))
    assert index["patch"].null_count == len(index) == 9


def test_a_file_that_was_lost_with_the_power_is_begun_anew(
    parts: Parts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive_module, "_SAFE_SECONDS", 0.0)
    whole, folder = tmp_path / "whole.files", tmp_path / "job.files"
    work(parts, whole).wait()
    begun = work(parts, folder)
    locate = parts.locate

    def cancelling(dataset: str, visitor: Visitor) -> Any:
        if dataset == "broken":
            begun.cancel()
        return locate(dataset, visitor)

    monkeypatch.setattr(parts, "locate", cancelling)
    with pytest.raises(CancelledError):
        begun.wait()
    assert (folder / ".journal").stat().st_size > 100
    (folder / ".archive").write_bytes(b"short")
    monkeypatch.setattr(parts, "locate", locate)

    work(parts, folder).wait()

    assert (folder / "result").read_bytes() == (whole / "result").read_bytes()


def test_one_fits_file_has_them_all_and_the_index(parts: Parts, tmp_path: Path) -> None:
    folder = tmp_path / "job.files"
    work(parts, folder, RESPONSEFORMAT="application/fits").wait()

    with fits.open(folder / "result") as file:
        file.verify("exception")
        index = Table.read(file[-1])
        assert len(index) == 9
        good = index[index["status"] == "ok"]
        assert len(good) == len(file) - 2 == 4
        for row in good:
            hdu = file["IMAGE", row["extver"]]
            with fits.open(parts.folder / f"{row['obs_publisher_did']}.fits") as whole:
                cut = whole[0].data[row["y"] : row["y"] + 7, row["x"] : row["x"] + 7]
            np.testing.assert_array_equal(hdu.data, cut)
            assert (hdu.header["ROW"], hdu.header["DATASET"]) == (row["row"], row["obs_publisher_did"])


def test_an_archive_that_grows_too_large_is_an_error_in_words(parts: Parts, tmp_path: Path) -> None:
    with pytest.raises(LimitError, match=r"larger than the .* MB that it may have"):
        work(parts, tmp_path / "job.files", most=5000).wait()


def test_a_full_disk_is_an_error_in_words(
    parts: Parts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Archiver, "save", full)
    with pytest.raises(LimitError, match="The disk is full"):
        work(parts, tmp_path / "job.files").wait()


def test_a_job_ends_when_its_time_is_over_or_its_owner_says_so(parts: Parts, tmp_path: Path) -> None:
    with pytest.raises(QueryTimeoutError, match="EXECUTIONDURATION"):
        work(parts, tmp_path / "late.files", seconds=-1).wait()
    begun = work(parts, tmp_path / "job.files")
    begun.cancel()
    with pytest.raises(CancelledError):
        begun.wait()


def test_no_rows_are_an_archive_with_an_index_alone(parts: Parts, tmp_path: Path) -> None:
    parts.targets = Targets(np.zeros(0), np.zeros(0), [], [])
    work(parts, tmp_path / "job.files").wait()

    assert list(in_tar(tmp_path / "job.files" / "result")) == ["index.parquet"]
