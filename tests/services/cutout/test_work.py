"""Jobs of SODA: one result for each image and region."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sciplat.errors import (
    CancelledError,
    ImageFileError,
    LimitError,
    NoOverlapError,
    NotFoundError,
    QueryTimeoutError,
)
from sciplat.jobs.models import CUTOUT, Job, Phase
from sciplat.services.access import Visitor
from sciplat.services.cutout.request import CutoutRequest
from sciplat.services.cutout.work import cutout_verb
from sciplat.services.shelves import Folders
from sciplat.services.work import Work
from sciplat.sky.region import Circle

NOW = datetime(2026, 3, 1, tzinfo=UTC)
NOBODY = Visitor.anonymous()


class Sendable:
    """Bytes that name what was asked for."""

    media_type = "application/fits"

    def __init__(self, request: CutoutRequest, closed: list[str]) -> None:
        assert isinstance(request.region, Circle)
        self.name = f"{request.id[-1]}-{request.region.radius:g}.fits"
        self.closed = closed

    def __iter__(self) -> Any:
        yield self.name.encode()
        if self.name.startswith("n-"):
            raise ImageFileError("The file is damaged")
        yield b"x" * 1000

    def close(self) -> None:
        self.closed.append(self.name)


class Cutting:
    """Stands for the verb that cuts."""

    def __init__(self) -> None:
        self.closed: list[str] = []

    def cutout(self, request: CutoutRequest, *, visitor: Visitor) -> Sendable:
        assert visitor is NOBODY
        if request.id.endswith("nothing"):
            raise NoOverlapError("CIRCLE has no pixel of the image")
        if request.id.endswith("gone"):
            raise NotFoundError("There is no such image")
        return Sendable(request, self.closed)


def begin(
    folder: Path, *ids: str, most: int = 10, seconds: int = 60, room: int = 1 << 20
) -> tuple[Work, Cutting]:
    parameters = [("ID", f"ivo://x/y?{each}") for each in ids]
    parameters += [("CIRCLE", "10 20 0.1"), ("CIRCLE", "10 20 0.2")]
    job = Job(
        "abc", None, Phase.EXECUTING, tuple(parameters), NOW, NOW + timedelta(days=1), seconds, kind=CUTOUT
    )
    cutting = Cutting()
    verb = cutout_verb(lambda: cutting, Folders(folder), most=most)  # type: ignore[arg-type, return-value]
    assert verb.expect(job, NOBODY).rows == 2 * len(ids)
    return verb.begin(job, NOBODY, room), cutting


def test_each_image_and_region_is_a_result_with_a_name_and_a_type(tmp_path: Path) -> None:
    work, cutting = begin(tmp_path, "a", "b")

    done = work.wait()

    assert [(each.name, each.file_name, each.mime) for each in done.results] == [
        ("result", "a-0.1.fits", "application/fits"),
        ("result-2", "a-0.2.fits", "application/fits"),
        ("result-3", "b-0.1.fits", "application/fits"),
        ("result-4", "b-0.2.fits", "application/fits"),
    ]
    for each in done.results:
        content = Folders(tmp_path).file("abc", each.name).read_bytes()
        assert content == (each.file_name or "").encode() + b"x" * 1000
        assert each.bytes == len(content)
    assert cutting.closed == [each.file_name for each in done.results]
    assert (work.progress.rows, work.progress.of, work.progress.done) == (4, 4, 1.0)


def test_what_cannot_be_cut_is_a_text_with_the_reason_and_keeps_no_other_from_it(tmp_path: Path) -> None:
    work, _ = begin(tmp_path, "nothing", "gone", "broken", "b")
    done = work.wait()
    assert [each.mime for each in done.results] == ["text/plain"] * 6 + ["application/fits"] * 2
    assert (work.progress.rows, work.progress.of, work.progress.done) == (8, 8, 1.0)
    told = [Folders(tmp_path).file("abc", f"result{n}").read_text().splitlines() for n in ("", "-3", "-6")]
    assert told == [
        [
            "UsageError: CIRCLE has no pixel of the image",
            "ID=ivo://x/y?nothing",
            "POS=CIRCLE 10.0 20.0 0.1",
        ],
        ["UsageError: There is no such image", "ID=ivo://x/y?gone", "POS=CIRCLE 10.0 20.0 0.1"],
        ["Error: The file is damaged", "ID=ivo://x/y?broken", "POS=CIRCLE 10.0 20.0 0.2"],
    ]
    assert [each.bytes for each in done.results[:6]] == [
        Folders(tmp_path).file("abc", each.name).stat().st_size for each in done.results[:6]
    ]


def test_where_nothing_can_be_cut_the_job_ends_with_the_first_reason(tmp_path: Path) -> None:
    with pytest.raises(NoOverlapError):
        begin(tmp_path, "nothing", "gone")[0].wait()
    with pytest.raises(NotFoundError):
        begin(tmp_path, "gone", "nothing")[0].wait()


def test_what_concerns_all_cutouts_ends_the_job_in_words(tmp_path: Path) -> None:
    with pytest.raises(LimitError, match="/api/cutouts/async"):
        begin(tmp_path, "a", "b", most=3)
    with pytest.raises(LimitError, match="room"):
        begin(tmp_path, "a", room=1500)[0].wait()
    with pytest.raises(QueryTimeoutError, match="EXECUTIONDURATION"):
        begin(tmp_path, "a", seconds=-1)[0].wait()
    work, _ = begin(tmp_path, "a")
    work.cancel()
    with pytest.raises(CancelledError):
        work.wait()
