"""Writes the reference page of the commands: ``python -m sciplat.cli.reference``."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import click

from sciplat.cli import main

__all__ = ["reference_page"]

_HEAD = """\
# Commands

<!-- Made by `python -m sciplat.cli.reference`: change the help in `src/sciplat/cli/`. -->

`sciplat COMMAND --help` shows the same on the terminal. All commands work while the instance runs and while
it does not. Progress and messages go to standard error; standard output belongs to results.

| exit code | meaning |
| --- | --- |
| 0 | done |
| 1 | failed; the reason is on standard error |
| 2 | wrong usage |
| 130 | stopped by Ctrl-C (`sciplat up`, for which that is the way to stop it, ends with 0) |
"""


def reference_page() -> str:
    """Return ``docs/reference/commands.md``."""
    return _HEAD + "".join(_sections(main, "sciplat", None))


def _sections(command: click.Command, name: str, parent: click.Context | None) -> Iterator[str]:
    context = click.Context(
        command,
        info_name=name,
        parent=parent,
        max_content_width=100,
        terminal_width=100,
        help_option_names=["-h", "--help"],
    )
    text = "\n".join(line.rstrip() for line in command.get_help(context).splitlines())
    yield f"\n## `{context.command_path}`\n\n```text\n{text}\n```\n"
    if isinstance(command, click.Group):
        for child in command.list_commands(context):
            found = command.get_command(context, child)
            assert found is not None
            yield from _sections(found, child, context)


if __name__ == "__main__":
    sys.stdout.write(reference_page())
