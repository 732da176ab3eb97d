"""The page of the commands is click's own help."""

from __future__ import annotations

from pathlib import Path

from sciplat.cli import COMMANDS
from sciplat.cli.reference import reference_page

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "commands.md"


def test_the_page_is_what_the_commands_say_of_themselves() -> None:
    assert PAGE.read_text() == reference_page(), (
        "run `python -m sciplat.cli.reference > docs/reference/commands.md`"
    )


def test_every_command_has_a_section() -> None:
    assert all(f"\n## `sciplat {name}`\n" in reference_page() for name in COMMANDS)
