"""``sciplat hips``: maps of the sky, made of the images of a release."""

from __future__ import annotations

from pathlib import Path

import click

from sciplat.cli.options import home_option

__all__ = ["hips"]


@click.group()
def hips() -> None:
    """Make maps of the sky (HiPS) of the images of a release."""


@hips.command()
@click.argument("release", metavar="RELEASE")
@click.option(
    "--band", "bands", multiple=True, metavar="BAND", help="Of this band; may be given again. [all]"
)
@click.option(
    "--colour",
    nargs=3,
    metavar="RED GREEN BLUE",
    help="The three bands of the map in colour. [i r g, where these are there]",
)
@click.option(
    "--dataset-type", default="deep_coadd", show_default=True, metavar="TYPE", help="Of which images."
)
@home_option
def make(
    release: str, bands: tuple[str, ...], colour: tuple[str, str, str] | None, dataset_type: str, home: Path
) -> None:
    """Make a map for each band, and one in colour.

    What was interrupted is gone on with; what is there already, of the same images, stays as it is.
    """
    from sciplat.cli.progress import progress_bar
    from sciplat.instance import Instance

    instance = Instance.open(home)
    with progress_bar(f"HiPS of {release}") as progress:
        made = instance.images.make_hips.make(
            release, dataset_type=dataset_type, bands=bands, colours=colour or (), progress=progress
        )
    for each in made:
        state = "made" if each.new else "is there already"
        click.echo(
            f"{each.name}: {state}, order {each.order}, {each.tiles:,} tiles; /api/hips/{release}/{each.name}"
        )
