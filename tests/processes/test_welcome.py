"""What the terminal is told once the instance answers."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from sciplat.instance import Instance
from sciplat.processes.welcome import main


@pytest.fixture
def welcome(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[[], dict[str, object]]:
    def run() -> dict[str, object]:
        monkeypatch.setattr(sys, "argv", ["welcome", "--home", str(home)])
        main()
        return facts(capsys.readouterr().out)

    return run


def facts(lines: str) -> dict[str, object]:
    first, second = map(json.loads, lines.splitlines())
    assert list(first) == ["sign_in"]
    return {**first, **second}


@pytest.mark.slow
def test_it_is_a_program(home: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "sciplat.processes.welcome", "--home", str(home)],
        check=True,
        capture_output=True,
        text=True,
    )

    assert facts(done.stdout)["demo"] is False


def test_a_new_instance_has_a_link_to_sign_in_and_no_demo(
    home: Path, welcome: Callable[[], dict[str, object]]
) -> None:
    told = welcome()

    assert Instance.open(home).identity.redeem(str(told["sign_in"])).name == "admin"
    assert told["demo"] is False


def test_an_administrator_with_a_password_needs_no_link(
    home: Path, welcome: Callable[[], dict[str, object]]
) -> None:
    Instance.open(home).identity.set_password("admin", "a long and good password")

    assert welcome()["sign_in"] is None
