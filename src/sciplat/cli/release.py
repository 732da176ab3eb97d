"""``sciplat release``: data releases, and who may read them."""

from __future__ import annotations

from pathlib import Path

import click

from sciplat.cli.options import home_option

__all__ = ["release"]


@click.group()
def release() -> None:
    """See data releases, and say who may read them."""


@release.command("list")
@home_option
def list_releases(home: Path) -> None:
    """List the releases and their tables."""
    from sciplat.instance import Instance

    for found in Instance.open(home).catalogs.manifest().releases:
        images = "  with images" if found.images else ""
        click.echo(f"{found.name}  {'public' if found.public else 'private'}{images}")
        for published in found.tables:
            click.echo(f"  {published.table.qualified_name}  {published.table.rows or 0:,} rows")


@release.command()
@click.argument("name", metavar="RELEASE")
@home_option
def publish(name: str, home: Path) -> None:
    """Let everyone read a release without signing in."""
    from sciplat.instance import Instance

    Instance.open(home).catalogs.set_public(name, True)


@release.command()
@click.argument("name", metavar="RELEASE")
@home_option
def unpublish(name: str, home: Path) -> None:
    """Let only those read a release who sign in."""
    from sciplat.instance import Instance

    Instance.open(home).catalogs.set_public(name, False)


@release.command()
@click.argument("table", metavar="RELEASE.TABLE")
@home_option
def drop(table: str, home: Path) -> None:
    """Take a table out of its release."""
    from sciplat.instance import Instance

    name, dot, of_table = table.partition(".")
    if not dot or not name or not of_table:
        raise click.BadParameter("must be RELEASE.TABLE, as in gaia.gaia_source", param_hint="RELEASE.TABLE")
    Instance.open(home).ingest.drop(name, of_table)
