"""What the terminal is told once the instance answers."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from sciplat.instance import Instance


def welcome(home: Path) -> dict[str, object]:
    done = subprocess.run(
        [sys.executable, "-m", "sciplat.processes.welcome", "--home", str(home)],
        check=True,
        capture_output=True,
        text=True,
    )
    first, second = map(json.loads, done.stdout.splitlines())
    assert list(first) == ["sign_in"]
    return {**first, **second}


def test_a_new_instance_has_a_link_to_sign_in_and_no_demo(home: Path) -> None:
    facts = welcome(home)

    assert Instance.open(home).identity.redeem(str(facts["sign_in"])).name == "admin"
    assert facts["demo"] is False


def test_an_administrator_with_a_password_needs_no_link(home: Path) -> None:
    Instance.open(home).identity.set_password("admin", "a long and good password")

    assert welcome(home)["sign_in"] is None
