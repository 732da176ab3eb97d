from __future__ import annotations

import errno
import logging
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO

import pytest

from sciplat.tiles.store import TileStore, fingerprint

IMAGE, OTHER = "ab" * 16, "cd" * 16


def kept(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def test_what_is_kept_is_found_again_also_by_another_process(tmp_path: Path) -> None:
    store = TileStore(tmp_path / "tiles", 1000)

    assert store.get(IMAGE, "3-0-0") is None
    assert store.put(IMAGE, "3-0-0", b"tile")
    assert store.get(IMAGE, "3-0-0") == b"tile"
    assert TileStore(tmp_path / "tiles", 1000).get(IMAGE, "3-0-0") == b"tile"
    assert store.get(OTHER, "3-0-0") is None


def test_the_cap_holds_and_what_was_asked_for_longest_ago_goes(tmp_path: Path) -> None:
    store = TileStore(tmp_path, 1000)
    for number in range(10):
        store.put(IMAGE, str(number), bytes(100))
        os.utime(tmp_path / IMAGE[:2] / IMAGE / str(number), (number, number))
    assert store.get(IMAGE, "0") is not None

    store.put(OTHER, "new", bytes(100))

    assert kept(tmp_path) <= 1000
    assert store.get(IMAGE, "0") is not None
    assert store.get(OTHER, "new") is not None
    assert store.get(IMAGE, "1") is None
    assert not store.put(OTHER, "huge", bytes(1001))
    assert not TileStore(tmp_path, 0).put(OTHER, "any", b"1")


def test_what_an_earlier_process_left_counts_and_what_it_did_not_finish_goes(tmp_path: Path) -> None:
    TileStore(tmp_path, 1000).put(IMAGE, "old", bytes(900))
    left = tmp_path / IMAGE[:2] / IMAGE / "x.unfinished"
    left.write_bytes(bytes(500))
    os.utime(left, (0, 0))

    TileStore(tmp_path, 1000).put(OTHER, "new", bytes(200))

    assert kept(tmp_path) == 200


def test_a_full_disk_keeps_nothing_and_harms_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    store = TileStore(tmp_path, 1000)

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch, caplog.at_level(logging.WARNING):
        patch.setattr(Path, "write_bytes", full)
        assert not store.put(IMAGE, "0", b"tile")
        assert not store.put(IMAGE, "1", b"tile")
    assert store.get(IMAGE, "0") is None
    assert len(caplog.records) == 1  # and is not said each time
    with monkeypatch.context() as patch:
        usage = shutil.disk_usage(tmp_path)
        patch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=0))
        assert not store.has_room()
        assert not store.put(IMAGE, "0", b"tile")
    assert store.put(IMAGE, "0", b"tile")


def test_many_may_keep_at_once(tmp_path: Path) -> None:
    stores = [TileStore(tmp_path, 20_000) for _ in range(2)]

    with ThreadPoolExecutor(8) as executor:
        list(executor.map(lambda n: stores[n % 2].put(f"{n % 5:032x}", str(n % 40), bytes(1000)), range(200)))

    assert not list(tmp_path.rglob("*.unfinished"))
    assert kept(tmp_path) <= 2 * 20_000
    assert TileStore(tmp_path, 20_000).put(IMAGE, "x", bytes(1000))
    assert kept(tmp_path) <= 20_000


def test_a_fingerprint_changes_with_the_file(tmp_path: Path) -> None:
    path = tmp_path / "im.fits"
    path.write_bytes(b"1")
    first = fingerprint([path])

    assert fingerprint([path]) == first
    path.write_bytes(b"22")
    assert fingerprint([path]) != first


def test_a_file_is_kept_however_large_and_goes_when_its_grace_is_over(tmp_path: Path) -> None:
    store = TileStore(tmp_path, 1000, grace_seconds=60)

    first = store.make(IMAGE, "a", lambda file: file.write(bytes(900)))
    second = store.make(OTHER, "b", lambda file: file.write(bytes(2000)))

    assert store.file(IMAGE, "a") == first  # somebody may be about to open it
    assert store.file(IMAGE, "none") is None
    before = second.stat().st_mtime_ns
    assert store.touch(second)
    assert second.stat().st_mtime_ns == before
    for path in (first, second):
        os.utime(path, (0, 0))
    third = store.make(OTHER, "c", lambda file: file.write(bytes(10)))
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [third]


def test_a_file_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    def fail(file: BinaryIO) -> None:
        file.write(b"1")
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        TileStore(tmp_path, 1000).make(IMAGE, "a", fail)

    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
