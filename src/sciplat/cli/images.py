"""``sciplat images``: make room by dropping files that can be made again, and make them again."""

from __future__ import annotations

from pathlib import Path

import click

from sciplat.cli.options import home_option

__all__ = ["images"]


_where = click.option(
    "--where", default="", metavar="EXPRESSION", help="Only those that meet it, as the Butler writes it."
)


@click.group()
def images() -> None:
    """Drop files of images that can be made again, and make them again."""


@images.command()
@click.argument("release", metavar="RELEASE")
@click.argument("dataset_type", metavar="TYPE")
@_where
@home_option
def drop(release: str, dataset_type: str, where: str, home: Path) -> None:
    """Drop the files of datasets that a pipeline has made; who reads one has it made again.

    TYPE is a dataset type, such as visit_image.
    """
    from sciplat.instance import Instance

    regenerate = Instance.open(home).images.regenerate
    dropped = regenerate.drop(release, regenerate.chosen(release, dataset_type, where))
    click.echo(f"dropped {dropped} files")


@images.command()
@click.argument("release", metavar="RELEASE")
@click.argument("dataset_type", metavar="TYPE")
@_where
@home_option
def regenerate(release: str, dataset_type: str, where: str, home: Path) -> None:
    """Make the files of datasets again that were dropped."""
    from sciplat.instance import Instance

    service = Instance.open(home).images.regenerate
    missing = service.chosen(release, dataset_type, where, dropped=True)
    for number, dataset in enumerate(missing, start=1):
        service.again(release, dataset)
        click.echo(f"{number} of {len(missing)}")
    click.echo(f"made {len(missing)} files again")
