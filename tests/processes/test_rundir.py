"""The run directory, and what is left of a run that was killed."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from sciplat.processes.rundir import (
    ProcessRecord,
    RunRecord,
    clean_up,
    forget,
    make_run_directory,
    read_record,
    write_record,
)


def own() -> ProcessRecord:
    record = ProcessRecord.of(os.getpid())
    assert record is not None
    return record


def test_it_is_private_and_in_the_runtime_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))

    directory = make_run_directory()

    assert directory.parent == tmp_path
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700


def test_a_runtime_directory_with_a_long_name_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = tmp_path / ("x" * 100)
    long.mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(long))

    directory = make_run_directory()

    assert directory.parent != long
    assert list(long.iterdir()) == []
    directory.rmdir()


def test_a_record_comes_back_as_it_was(tmp_path: Path) -> None:
    record = RunRecord(own(), "http://127.0.0.1:1/", tmp_path / "sciplat-x", {"web": ProcessRecord(1, 2.5)})

    write_record(tmp_path, record)

    assert read_record(tmp_path) == record


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"supervisor": 1}'])
def test_a_record_of_another_version_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "run.json").write_text(text)

    assert read_record(tmp_path) is None


def test_a_process_is_told_from_a_later_one_with_its_id() -> None:
    found = own().find()

    assert found is not None
    assert found.pid == os.getpid()
    assert ProcessRecord(os.getpid(), own().created - 60).find() is None


def test_what_a_killed_supervisor_left_is_ended_and_a_stranger_is_not(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "import signal; signal.pause()"]
    with subprocess.Popen(command) as left, subprocess.Popen(command) as stranger:
        directory = tmp_path / "sciplat-old"
        directory.mkdir()
        ours = ProcessRecord.of(left.pid)
        assert ours is not None
        children = {"caddy": ours, "web": ProcessRecord(stranger.pid, ours.created - 60)}
        write_record(tmp_path, RunRecord(own(), "http://127.0.0.1:1/", directory, children))

        ended = clean_up(tmp_path)
        stranger_lives = stranger.poll() is None
        left.kill()
        stranger.kill()
    assert ended == ("caddy",)
    assert ours.find() is None
    assert stranger_lives
    assert not directory.exists()
    assert not (tmp_path / "run.json").exists()


def test_a_copy_of_a_home_leaves_what_runs_on_the_other_alone(tmp_path: Path) -> None:
    home, copied = tmp_path / "home", tmp_path / "copy"
    home.mkdir()
    directory = tmp_path / "sciplat-running"
    directory.mkdir()
    with subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"]) as running:
        child = ProcessRecord.of(running.pid)
        assert child is not None
        write_record(home, RunRecord(own(), "http://127.0.0.1:1/", directory, {"web": child}))
        shutil.copytree(home, copied)

        assert clean_up(copied) == ()
        lives = running.poll() is None
        moved = home.rename(tmp_path / "moved")
        assert clean_up(moved) == ("web",)

    assert lives
    assert not directory.exists()


def test_a_folder_that_is_no_run_directory_is_never_removed(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.mkdir()

    forget(tmp_path, precious)

    assert precious.exists()
