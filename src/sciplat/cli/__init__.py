"""The ``sciplat`` command.

A command is imported when it runs, so that ``sciplat --help`` answers at once
and works in an installation that has no server.
"""

from __future__ import annotations

from sciplat.cli.lazy import LazyCommand, lazy_group

__all__ = ["COMMANDS", "main"]

COMMANDS: dict[str, LazyCommand] = {
    "up": LazyCommand("sciplat.cli.up:up", "Run an instance here, until Ctrl-C."),
    "status": LazyCommand("sciplat.cli.status:status", "Say whether the instance runs, and how it is."),
    "ingest": LazyCommand("sciplat.cli.ingest:ingest", "Bring catalogs into a data release."),
    "release": LazyCommand("sciplat.cli.release:release", "List, publish or withdraw data releases."),
    "user": LazyCommand("sciplat.cli.user:user", "Add users and list them."),
    "token": LazyCommand("sciplat.cli.token:token", "Create, list and revoke tokens."),
    "adql": LazyCommand("sciplat.cli.adql:adql", "Check ADQL queries without an instance."),
    "demo": LazyCommand("sciplat.cli.demo:demo", "Make the demo surveys."),
}
"""Every command, where it is, and what it does in one line."""

main = lazy_group(
    "sciplat",
    COMMANDS,
    help=(
        "A science platform for sky-survey data: catalogs, queries and a Portal with one command.\n\n"
        "`sciplat up --demo` starts an instance with data to try."
    ),
)
