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
    "ingest": LazyCommand("sciplat.cli.ingest:ingest", "Take files into a data release."),
    "release": LazyCommand("sciplat.cli.release:release", "See data releases, and say who may read them."),
    "hips": LazyCommand("sciplat.cli.hips:hips", "Make maps of the sky (HiPS) of the images of a release."),
    "images": LazyCommand(
        "sciplat.cli.images:images", "Drop files of images that can be made again, and make them again."
    ),
    "user": LazyCommand(
        "sciplat.cli.user:user", "Add users, list them, and give them links to sign in with."
    ),
    "token": LazyCommand(
        "sciplat.cli.token:token", "Make tokens for scripts and other clients, list and revoke them."
    ),
    "adql": LazyCommand("sciplat.cli.adql:adql", "Look over ADQL queries; needs no instance."),
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
