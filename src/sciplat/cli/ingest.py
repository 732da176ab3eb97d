"""``sciplat ingest``: files become tables of a data release."""

from __future__ import annotations

from pathlib import Path

import click

from sciplat.cli.options import home_option

__all__ = ["ingest"]


@click.group()
def ingest() -> None:
    """Take files into a data release."""


@ingest.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=click.Path(path_type=Path))
@click.option("--table", required=True, metavar="RELEASE.TABLE", help="The table to make or to replace.")
@click.option(
    "--schema",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FELIS.yaml",
    help="What the columns mean; without it that is guessed, and the guess is written out.",
)
@click.option("--public", is_flag=True, help="Let everyone read the release without signing in.")
@click.option("--description", help="What the table holds.")
@click.option(
    "--cluster-by",
    multiple=True,
    metavar="COLUMN",
    help="Sort by this column instead of by position (may be given again).",
)
@home_option
def catalog(
    files: tuple[Path, ...],
    table: str,
    schema: Path | None,
    public: bool,
    description: str | None,
    cluster_by: tuple[str, ...],
    home: Path,
) -> None:
    """Make a table of Parquet, FITS, VOTable or CSV files, or of a HATS folder.

    Several files become one table. A FITS file's first table is taken; FILE.fits[2] names
    another HDU. A table of that name is replaced in one moment.
    """
    release, dot, name = table.partition(".")
    if not dot or not release or not name or "." in name:
        raise click.BadParameter("must be RELEASE.TABLE, as in gaia.gaia_source", param_hint="--table")

    from sciplat.cli.progress import progress_bar
    from sciplat.instance import Instance

    instance = Instance.open(home)
    with progress_bar(f"Ingesting {table}") as progress:
        report = instance.ingest.ingest(
            release,
            name,
            files,
            schema=schema,
            public=True if public else None,
            description=description,
            cluster_by=cluster_by,
            progress=progress,
        )
    for warning in report.warnings:
        click.echo(f"Warning: {warning}", err=True)
    click.echo(f"{table}: {report.rows:,} rows in {report.seconds:.1f} s")
    if report.null_positions:
        click.echo(f"{report.null_positions:,} rows have no position: no search by position finds them")
    click.echo(f"What the columns mean: {report.felis}")


@ingest.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH...", type=click.Path(path_type=Path))
@click.option("--release", required=True, metavar="RELEASE", help="The data release to which they are added.")
@click.option(
    "--profile",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="What the files hold; without it that is guessed, and the guess is written out.",
)
@click.option("--public", is_flag=True, help="Let everyone see the release without signing in.")
@click.option(
    "--in-place", is_flag=True, help="Leave the pixels where they are: the files must then stay there."
)
@home_option
def images(
    paths: tuple[Path, ...], release: str, profile: Path | None, public: bool, in_place: bool, home: Path
) -> None:
    """Take FITS images into a release: files, or folders at any depth.

    Masks and weights are found beside images, in the same file or in others. What is there
    already stays as it is. A file that cannot be taken is named on standard error, with the
    reason, and the others go on.
    """
    from sciplat.cli.progress import progress_bar
    from sciplat.instance import Instance

    instance = Instance.open(home)
    with progress_bar(f"Ingesting images of {release}") as progress:
        report = instance.images.ingest.ingest(
            release,
            paths,
            profile=profile,
            public=True if public else None,
            in_place=in_place,
            progress=progress,
        )
    for refused in report.refused:
        click.echo(f"Skipped {refused}", err=True)
    taken = report.registered + report.replaced + report.unchanged
    if not taken:
        raise click.ClickException(f"No image was found that can be taken into {release}")
    click.echo(
        f"{release}: {report.registered} new images, {report.replaced} changed, {report.unchanged} as "
        f"before, {len(report.refused)} files skipped, in {report.seconds:.1f} s"
    )
    click.echo(f"What was taken for what: {report.profile}")
