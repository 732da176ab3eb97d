"""``sciplat up``: an instance in the foreground."""

from __future__ import annotations

from pathlib import Path

import click

from sciplat.cli.options import home_option

__all__ = ["up"]


@click.command()
@home_option
@click.option(
    "--port",
    type=click.IntRange(1, 65_535),
    metavar="N",
    help="The port of the front door, instead of the one in the settings.  [default: 8080]",
)
@click.option("--demo", is_flag=True, help="Make the demo surveys too, unless they are there.")
@click.option("--without-notebooks", is_flag=True, help="Don't start JupyterHub.")
def up(home: Path, port: int | None, *, demo: bool, without_notebooks: bool) -> None:
    """Run an instance here, until Ctrl-C.

    Prints the address of the Portal and, until the administrator has a
    password, a link to sign in with. Ctrl-C stops everything in order; a
    second one hurries.
    """
    from sciplat.cli.progress import progress_bar
    from sciplat.config import Settings
    from sciplat.processes.up import Terminal
    from sciplat.processes.up import up as run

    settings = Settings.load(home)
    run(
        home,
        host=settings.host,
        port=settings.port if port is None else port,
        demo=demo,
        notebooks=not without_notebooks,
        terminal=Terminal(
            say=click.echo, warn=lambda line: click.echo(line, err=True), progress=progress_bar
        ),
        log_level=settings.log.level,
    )
