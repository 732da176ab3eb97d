"""``sciplat release``: data releases, and who may read them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from sciplat.instance import Instance

__all__ = ["release"]

_HOME = click.option(
    "--home",
    type=click.Path(path_type=Path),
    envvar="SCIPLAT_HOME",
    help="Where the instance keeps its state.",
)


@click.group()
def release() -> None:
    """See data releases, and say who may read them."""


@release.command("list")
@_HOME
def list_releases(home: Path | None) -> None:
    """List the releases and their tables."""
    with _opened(home) as instance:
        for found in instance.catalogs.snapshot().schemas:
            click.echo(f"{found.name}  {'public' if found.public else 'private'}")
            for table in found.tables:
                click.echo(f"  {table.qualified_name}  {table.rows or 0:,} rows")


@release.command()
@click.argument("name", metavar="RELEASE")
@_HOME
def publish(name: str, home: Path | None) -> None:
    """Let everyone read a release without signing in."""
    with _opened(home) as instance:
        instance.catalogs.set_public(name, True)


@release.command()
@click.argument("name", metavar="RELEASE")
@_HOME
def unpublish(name: str, home: Path | None) -> None:
    """Let only those read a release who sign in."""
    with _opened(home) as instance:
        instance.catalogs.set_public(name, False)


@release.command()
@click.argument("table", metavar="RELEASE.TABLE")
@_HOME
def drop(table: str, home: Path | None) -> None:
    """Take a table out of its release."""
    name, dot, of_table = table.partition(".")
    if not dot or not name or not of_table:
        raise click.BadParameter("must be RELEASE.TABLE, as in gaia.gaia_source", param_hint="RELEASE.TABLE")
    with _opened(home) as instance:
        instance.ingest.drop(name, of_table)


@contextmanager
def _opened(home: Path | None) -> Iterator[Instance]:
    from sciplat.errors import SciplatError
    from sciplat.instance import Instance

    try:
        yield Instance.open(home)
    except SciplatError as error:
        raise click.ClickException(str(error)) from error
