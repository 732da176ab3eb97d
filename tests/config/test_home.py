"""The home is where it is said, and its owner's alone whichever command makes it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sciplat.config.home import prepare_home
from sciplat.errors import UsageError
from sciplat.instance import Instance


def test_a_home_is_made_for_its_owner(tmp_path: Path) -> None:
    prepare_home(tmp_path / "a" / "home")

    assert (tmp_path / "a" / "home").stat().st_mode & 0o777 == 0o700


def test_a_home_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "home").touch()

    with pytest.raises(UsageError, match="is not a folder: choose another --home"):
        prepare_home(tmp_path / "home")


def test_a_home_that_cannot_be_written_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)

    with pytest.raises(UsageError, match="cannot be written by you"):
        prepare_home(tmp_path)


def test_a_home_that_cannot_be_made_says_why() -> None:
    with pytest.raises(UsageError, match="cannot be made"):
        prepare_home(Path("/proc/sciplat-home"))


def test_every_command_that_opens_an_instance_makes_its_home_private(tmp_path: Path) -> None:
    Instance.open(tmp_path / "home")

    assert (tmp_path / "home").stat().st_mode & 0o777 == 0o700
