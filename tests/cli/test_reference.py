"""The page of the commands is click's own help."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from sciplat.cli import COMMANDS

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "commands.md"


def test_the_page_is_what_the_commands_say_of_themselves() -> None:
    # In a process of its own: a command remembers with which names of the help option it was first called.
    command = [sys.executable, "-m", "sciplat.cli.reference"]
    made = subprocess.run(command, check=True, capture_output=True, text=True).stdout

    assert PAGE.read_text() == made, "run `python -m sciplat.cli.reference > docs/reference/commands.md`"


def test_every_command_has_a_section() -> None:
    assert all(f"\n## `sciplat {name}`\n" in PAGE.read_text() for name in COMMANDS)
