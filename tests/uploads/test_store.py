"""Uploads stay as long as somebody needs them, and no longer."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from pathlib import Path

import pytest

from sciplat.uploads.models import Upload
from sciplat.uploads.store import UploadStore
from sciplat.vo.schema import Column, Datatype, Table

CONTENT = "ab" * 32
TABLE = Table("TAP_UPLOAD", "mine", (Column("ra", Datatype.DOUBLE, unit="deg"),), position=None, rows=3)


@pytest.fixture
def store(tmp_path: Path) -> UploadStore:
    return UploadStore(tmp_path / "uploads")


def put(store: UploadStore, tmp_path: Path, content: str = CONTENT) -> Upload:
    made = tmp_path / f"made-{content[:4]}"
    made.mkdir()
    (made / "source").write_bytes(b"ra\n")
    (made / "data.duckdb").write_bytes(b"12345")
    return store.put(made, content, TABLE)


def unused(tmp_path: Path, content: str = CONTENT, at: int = 0) -> None:
    os.utime(tmp_path / "uploads" / content, (at, at))


def all_of_them(holders: Mapping[str, float]) -> Collection[str]:
    return holders.keys()


def none_of_them(_: Mapping[str, float]) -> Collection[str]:
    return ()


def test_what_was_put_is_found_again_under_any_name(store: UploadStore, tmp_path: Path) -> None:
    made = put(store, tmp_path)
    again = store.find("other", CONTENT)

    assert again is not None
    assert again.table.qualified_name == "TAP_UPLOAD.other"
    assert again.table.columns == TABLE.columns
    assert again.file == made.file
    assert again.file.read_bytes() == b"12345"
    assert store.source(CONTENT).read_bytes() == b"ra\n"
    assert store.bytes() == 8


def test_the_same_content_twice_is_kept_once(store: UploadStore, tmp_path: Path) -> None:
    put(store, tmp_path)
    (tmp_path / "made-abab").mkdir(exist_ok=True)
    assert put_again(store, tmp_path).file.exists()
    assert store.bytes() == 8


def put_again(store: UploadStore, tmp_path: Path) -> Upload:
    made = tmp_path / "again"
    made.mkdir()
    (made / "source").write_bytes(b"ra\n")
    (made / "data.duckdb").write_bytes(b"12345")
    return store.put(made, CONTENT, TABLE)


def test_what_nobody_holds_goes_after_its_time(store: UploadStore, tmp_path: Path) -> None:
    put(store, tmp_path)
    store.clean(all_of_them, keep_seconds=60, later_bytes=100)
    assert store.find("mine", CONTENT) is not None
    unused(tmp_path)
    store.clean(all_of_them, keep_seconds=60, later_bytes=100)
    assert store.find("mine", CONTENT) is None
    assert store.bytes() == 0


def test_what_a_living_job_holds_stays(store: UploadStore, tmp_path: Path) -> None:
    put(store, tmp_path)
    assert store.hold(CONTENT, "job-abc")
    unused(tmp_path)
    store.clean(all_of_them, keep_seconds=60, later_bytes=100)
    assert store.find("mine", CONTENT) is not None
    unused(tmp_path)
    store.clean(none_of_them, keep_seconds=60, later_bytes=100)
    assert store.find("mine", CONTENT) is None


def test_what_is_gone_cannot_be_held(store: UploadStore) -> None:
    assert not store.hold(CONTENT, "job-abc")


def test_a_released_upload_makes_room(store: UploadStore, tmp_path: Path) -> None:
    put(store, tmp_path)
    store.hold(CONTENT, "job-abc")
    unused(tmp_path)
    assert not store.make_room(1, limit=8, keep_seconds=60)
    store.release("job-abc")
    assert store.make_room(1, limit=8, keep_seconds=60)


def test_what_may_be_needed_again_gives_way_the_longest_unused_first(
    store: UploadStore, tmp_path: Path
) -> None:
    old, new, needed = "aa" * 32, "bb" * 32, "cc" * 32
    for content, at in ((new, 2), (old, 1), (needed, 0)):
        put(store, tmp_path, content)
        store.hold(content, "query-abc")
        unused(tmp_path, content, at)
    store.hold(needed, "job-abc")

    store.clean(all_of_them, keep_seconds=60, later_bytes=16)
    assert store.bytes() == 24
    assert store.make_room(8, limit=24, keep_seconds=60)
    assert not store.source(old).exists()
    store.clean(all_of_them, keep_seconds=60, later_bytes=0)
    assert not store.source(new).exists()
    assert store.source(needed).exists()


@pytest.mark.parametrize("content", ["", "..", "../../etc/passwd", "ab" * 31, "AB" * 32])
def test_only_a_hash_finds_anything(store: UploadStore, tmp_path: Path, content: str) -> None:
    put(store, tmp_path)
    assert store.find("mine", content) is None
